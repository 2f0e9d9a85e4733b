/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scheduler is told, and what it says: names, defaults, what cannot work. */
#include "base/time.h"
#include "map/schedule.h"

#define HOURS_PER_YEAR 8766.0 /* of 365.25 days */

const char *schedule_refusal_name(enum schedule_refusal refusal)
{
    static const char *const names[] = {
#define X(suffix, name, meaning) name,
        SCHEDULE_REFUSALS(X)
#undef X
    };
    return names[refusal];
}

const char *schedule_refusal_meaning(enum schedule_refusal refusal)
{
    static const char *const meanings[] = {
#define X(suffix, name, meaning) meaning,
        SCHEDULE_REFUSALS(X)
#undef X
    };
    return meanings[refusal];
}

const char *schedule_class_name(enum schedule_class class)
{
    static const char *const names[] = {
#define X(suffix, name, meaning) name,
        SCHEDULE_CLASSES(X)
#undef X
    };
    return names[class];
}

void schedule_config_init(struct schedule_config *c)
{
    *c = (struct schedule_config){
        .off = true,
        .pooled_drops = 12,
        .whole_drops = 72,
        .max_tests = 16,
        .max_tests_ingress = 4,
        .control_share = 0.05,
        .min_payload_segments_per_s = 1,
        .retest_genuine_s = 24 * 3600,
        .retest_spoofed_s = 3600,
        .retest_inconclusive_s = 600,
    };
}

double schedule_alpha(uint32_t max_drops_per_hour, uint32_t least_drops, double wrong_per_year)
{
    return wrong_per_year * least_drops / (max_drops_per_hour * HOURS_PER_YEAR);
}

void schedule_candidate_of(const struct map_entry *entry, uint32_t slot,
                           struct schedule_candidate *out)
{
    const struct map_reality *reality = &entry->reality;
    const double share =
        entry->packets > 0 ? (double)entry->payload_segments / (double)entry->packets : 0;

    *out = (struct schedule_candidate){
        .slot = slot,
        .generation = entry->generation,
        .key = entry->key,
        .origin_as = entry->origin_as,
        .grade = entry->grade,
        .reality = reality->state,
        .n_inconclusive = reality->n_inconclusive,
        .is_accepted = (entry->flags & MAP_ACCEPTED) != 0,
        .tested_ns = reality->at_ns,
        .bytes_per_s = (double)entry->bytes_per_s[MAP_RATE_10_S],
        .payload_segments_per_s = share * (double)entry->packets_per_s[MAP_RATE_10_S],
    };
}

uint64_t schedule_due_ns(const struct schedule_config *c, enum map_reality_state reality,
                         uint8_t n_inconclusive, uint64_t tested_ns)
{
    uint64_t after_s = 0;

    if (tested_ns == 0)
        return 0;
    switch (reality) {
    case MAP_GENUINE:
    case MAP_MIXED:
        after_s = c->retest_genuine_s;
        break;
    case MAP_SPOOFED:
        after_s = c->retest_spoofed_s;
        break;
    case MAP_INCONCLUSIVE:
        after_s = c->retest_inconclusive_s;
        for (uint8_t i = 1; i < n_inconclusive && after_s < c->retest_genuine_s; i++)
            after_s *= 2;
        if (after_s > c->retest_genuine_s)
            after_s = c->retest_genuine_s;
        break;
    default: /* untestable: as soon as data comes */
        break;
    }
    return tested_ns + after_s * NS_PER_S;
}

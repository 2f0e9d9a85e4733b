/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attribution.h"
#include "engine/internal.h"

#include <string.h>

#include "base/time.h"

/* Flow records that look again whether they are spared, in a burst: some microseconds. */
#define MOST_SWEPT 128

static uint32_t n_prefixes(const struct engine_rules_config *config)
{
    return config->never_drop != NULL ? config->never_drop->n_prefixes : 0;
}

size_t engine_rules_memory_bytes(const struct engine_rules_config *config)
{
    return round_to_line(sizeof(struct engine_rules) +
                         config->n_slices * sizeof(struct slice_rules)) +
           round_to_line(n_prefixes(config) * sizeof(struct ip_prefix));
}

static_assert(TEST_UNITS_OF(UNIT_HANDSHAKE) == 2u << UNIT_HANDSHAKE &&
                  TEST_UNITS_OF(UNIT_QUIC) == 2u << UNIT_QUIC && TEST_UNITS_DATA == 1u,
              "the kinds stand behind data");

static uint16_t mode_of(const struct slice *s)
{
    const uint32_t mark = s->has_mark ? s->mark + 1 : 0;

    return (uint16_t)(mark << FLOW_MODE_MARK_SHIFT |
                      (s->mode == SLICE_PASSIVE ? FLOW_MODE_PASSIVE : FLOW_MODE_ACTIVE));
}

static struct slice_rules rules_of_slice(const struct slice *s, bool is_new)
{
    const struct test_parameters *t = &s->parameters;

    return (struct slice_rules){
        .key_mode = word_of_quarters(0, 0, 0, mode_of(s)),
        .mode = mode_of(s),
        .retransmission_timeout_ns = t->retransmission_timeout_ms * NS_PER_MS,
        .admission_grace_ms = t->admission_grace_ms,
        .window_bytes = t->max_jump_bytes,
        .max_reordering_256 = (uint32_t)(t->max_reordering_ratio * 256),
        .aggregate = AGGREGATE_NONE,
        .report_flows = t->report_flows,
        .granularity_ipv4 = (uint8_t)s->granularity.ipv4,
        .granularity_ipv6 = (uint8_t)s->granularity.ipv6,
        .max_drops_per_flow = (uint8_t)t->max_drops_per_flow,
        .protect_first_packets = (uint8_t)t->protect_first_packets,
        .kinds = s->mode == SLICE_ACTIVE ? (uint8_t)(test_parameters_kinds(t) >> 1) : 0,
        .is_passive = s->mode == SLICE_PASSIVE,
        .is_new = is_new,
    };
}

/* Without any slice no flow is tracked; a table has to have one nevertheless. */
#define IDLE_TIMEOUT_OF_NOBODY_MS 30000

/* One timeout for the whole table: the longest that any slice asks for. */
static uint32_t longest_idle_timeout_ms(const struct engine_rules_config *config)
{
    uint32_t longest = 0;

    for (uint32_t i = 0; i < config->n_slices; i++) {
        const struct slice *s = &config->slices[i];
        uint32_t own = s->mode == SLICE_PASSIVE ? s->parameters.passive_flow_idle_timeout_ms
                                                : s->parameters.flow_idle_timeout_ms;

        if (s->presence != SLICE_ABSENT && own > longest)
            longest = own;
    }
    return longest != 0 ? longest : IDLE_TIMEOUT_OF_NOBODY_MS;
}

/* The prefixes lie behind the slices. */
static void copy_never_drop(struct engine_rules *r, const struct engine_rules_config *config)
{
    uint8_t *behind =
        (uint8_t *)r + round_to_line(sizeof(*r) + config->n_slices * sizeof(struct slice_rules));

    if (config->never_drop == NULL)
        return;
    r->never_drop = *config->never_drop;
    r->never_drop.prefixes = (void *)behind;
    if (n_prefixes(config) > 0)
        memcpy(behind, config->never_drop->prefixes, n_prefixes(config) * sizeof(struct ip_prefix));
}

struct engine_rules *engine_rules_init(void *memory, const struct engine_rules_config *config)
{
    struct engine_rules *r = memory;

    memset(r, 0, engine_rules_memory_bytes(config));
    r->n_slices = config->n_slices;
    r->admissions_per_second = config->admissions_per_second;
    r->max_manager_lateness_ms = config->max_manager_lateness_ms;
    r->idle_timeout_ms = longest_idle_timeout_ms(config);
    r->sparing = config->sparing;
    copy_never_drop(r, config);
    for (uint32_t i = 0; i < config->n_slices; i++) {
        bool is_new = config->fates == NULL || config->fates[i] == SLICE_COMES;

        r->slices[i] = rules_of_slice(&config->slices[i], is_new);
    }
    return r;
}

void engine_rules_find_aggregates(struct engine_rules *rules, const struct aggregate_table *table)
{
    for (uint32_t i = 0; i < rules->n_slices; i++)
        rules->slices[i].aggregate = aggregate_table_find(table, i, NULL);
}

uint32_t engine_rules_sparing(const struct engine_rules *rules)
{
    return rules->sparing;
}

/* So many flows of each slice that is new, or wants another number of them, are reported when they
 * end. */
static void follow_reports(struct engine *e, const struct engine_rules *before,
                           const struct engine_rules *rules)
{
    /* Thousands of slices are not for one turn of a worker that watches none. */
    if (before != NULL && e->passive_lines == NULL)
        return;
    for (uint32_t i = 0; i < rules->n_slices; i++)
        if (before == NULL || rules->slices[i].is_new ||
            rules->slices[i].report_flows != before->slices[i].report_flows)
            e->n_flows_to_report[i] = rules->slices[i].report_flows;
}

void engine_take_rules(struct engine *e, const struct engine_rules *rules)
{
    follow_reports(e, e->generation, rules);
    if (e->generation != NULL && rules->sparing != e->generation->sparing) {
        e->n_to_sweep = e->config.n_flows;
        e->swept = 0;
    }
    e->generation = rules;
    e->rules = rules->slices;
    e->idle_timeout_ms = rules->idle_timeout_ms;
    e->age_interval_ns = rules->idle_timeout_ms * NS_PER_MS / 2;
}

void engine_follow(struct engine *e, const struct engine_rules *rules)
{
    if (likely_true(e->generation == rules))
        return;
    engine_take_rules(e, rules);
    flow_table_set_limits(e->flows, rules->idle_timeout_ms, rules->admissions_per_second);
}

/* Of a flow that is past as many segments as were to be protected, and now more are. */
static void look_at_protection(struct engine *e, struct flow *f)
{
    uint32_t aggregate = engine_live_aggregate(e, f->aggregate);

    if (aggregate != AGGREGATE_NONE &&
        f->n_segments <= e->rules[e->controls[aggregate].slice].protect_first_packets)
        f->flags &= (uint8_t)~FLOW_PAST_PROTECTION;
}

static void look_again(struct engine *e, struct flow *f)
{
    if (f->state == FLOW_FREE || flow_is_passive(f))
        return;
    look_at_protection(e, f);
    f->flags &= (uint8_t)~FLOW_SPARED;
    if (!engine_is_spared(e, &f->key))
        return;
    f->flags |= FLOW_SPARED;
    engine_leave_place(e, f);
}

void engine_sweep(struct engine *e)
{
    uint32_t n = e->n_to_sweep < MOST_SWEPT ? e->n_to_sweep : MOST_SWEPT;

    e->n_to_sweep -= n;
    for (; n > 0; n--)
        look_again(e, flow_table_at(e->flows, e->swept++));
}

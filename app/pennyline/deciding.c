/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "base/random.h"
#include "base/time.h"
#include "config/most_packets.h"
#include "deciding_internal.h"
#include "events.h"
#include "manager/manager.h"
#include "say.h"

#define MOST_CAUSES 65536
#define MOST_ALARMS 1024
/* A verdict genuine takes a drop at least. */
#define LEAST_DROPS   1
#define BITS_PER_BYTE 8.0
#define TEST_LENGTH_S 60.0

static const char *name_of(void *deciding, uint16_t place)
{
    return deciding_place_name(deciding, place);
}

static uint16_t number_of(void *deciding, const char *name)
{
    const uint16_t place = map_places_find(map_places(((struct deciding *)deciding)->map), name);

    return place == MAP_NO_INGRESS ? ALARM_NO_INGRESS : place;
}

static void tell(void *context, enum alarm_news news, const struct alarm *alarm, uint64_t now_ns)
{
    struct deciding *d = context;

    events_map(
        d->appliance, alert_event_name(alarm),
        alert_event(alarm, news, &d->names, d->appliance->report_clock.wall_offset_ns, now_ns),
        now_ns);
}

static struct schedule_config tests_of(const struct config *c)
{
    struct schedule_config out;

    schedule_config_init(&out);
    out.off = !c->map.tests;
    out.max_drops_per_hour = c->map.max_drops_per_hour;
    out.max_drops_per_hour_ingress = c->map.max_drops_per_hour_ingress;
    out.max_drops_per_hour_as = c->map.max_drops_per_hour_as;
    out.max_drops_per_hour_prefix = c->map.max_drops_per_hour_prefix;
    out.pooled_drops =
        c->defaults.max_drops_per_aggregate * test_parameters_packets_per_drop(&c->defaults);
    out.whole_drops = test_parameters_most_packets(&c->defaults);
    out.max_tests = c->map.max_tests;
    out.max_tests_ingress = c->map.max_tests_ingress;
    /* As many segments as are dropped must come by within a test, at this probability. */
    out.min_payload_segments_per_s =
        c->defaults.max_drops_per_aggregate / c->defaults.drop_probability / TEST_LENGTH_S;
    return out;
}

static double alpha_of(const struct config *c)
{
    const double alpha =
        schedule_alpha(c->map.max_drops_per_hour, LEAST_DROPS, c->map.wrong_verdicts_per_year);

    return alpha < c->defaults.alpha ? alpha : c->defaults.alpha;
}

static struct decide_config decide_of(struct deciding *d)
{
    const struct config *c = d->appliance->config;

    return (struct decide_config){.map = d->map,
                                  .schedule = d->schedule,
                                  .alarms = c->map.alarms && d->is_restored ? d->alarms : NULL,
                                  .own = c->map.own,
                                  .n_own = c->map.n_own,
                                  .is_forwarded = deciding_is_forwarded,
                                  .context = d};
}

static bool make_parts(struct deciding *d, uint64_t now_ns)
{
    struct alarms_config alarms = {.n_causes = MOST_CAUSES,
                                   .n_alarms = MOST_ALARMS,
                                   .least_bytes_per_s =
                                       d->appliance->config->map.least_bits_per_s / BITS_PER_BYTE,
                                   .tell = tell,
                                   .context = d};
    struct random_source random;
    struct decide_config decide;
    uint64_t secret[2];

    if (random_seed_from_kernel(&random) != 0)
        return false;
    alarms.secret[0] = random_u64(&random);
    alarms.secret[1] = random_u64(&random);
    secret[0] = random_u64(&random);
    secret[1] = random_u64(&random);
    d->tests = tests_of(d->appliance->config);
    d->alpha = alpha_of(d->appliance->config);
    d->schedule = schedule_create(&d->tests, secret, now_ns);
    d->alarms = alarms_create(&alarms);
    decide = decide_of(d);
    d->decide = decide_create(&decide);
    return d->schedule != NULL && d->alarms != NULL && d->decide != NULL;
}

struct deciding *deciding_create(struct appliance *a, struct map *map)
{
    struct deciding *d = calloc(1, sizeof(*d));

    if (d != NULL) {
        d->appliance = a;
        d->map = map;
        d->began_ns = appliance_now_ns(a);
        d->names = (struct alert_names){name_of, number_of, d};
        if (make_parts(d, d->began_ns))
            return d;
    }
    deciding_destroy(d);
    say_warning("no memory for tests and alarms of the map: there are none");
    return NULL;
}

void deciding_destroy(struct deciding *d)
{
    if (d == NULL)
        return;
    decide_destroy(d->decide);
    alarms_destroy(d->alarms);
    schedule_destroy(d->schedule);
    free(d);
}

void deciding_follow(struct deciding *d)
{
    struct decide_config decide;

    if (d == NULL)
        return;
    d->tests = tests_of(d->appliance->config);
    d->alpha = alpha_of(d->appliance->config);
    schedule_follow(d->schedule, &d->tests, appliance_now_ns(d->appliance));
    alarms_set_floor(d->alarms, d->appliance->config->map.least_bits_per_s / BITS_PER_BYTE);
    decide = decide_of(d);
    decide_follow(d->decide, &decide);
}

void deciding_restored(struct deciding *d)
{
    struct decide_config decide;

    d->is_restored = true;
    decide = decide_of(d);
    decide_follow(d->decide, &decide);
}

void deciding_hear(struct deciding *d, const struct map_change *change, uint64_t now_ns)
{
    if (d != NULL)
        decide_hear(d->decide, change, now_ns);
}

static enum schedule_refusal why_none(const struct deciding *d)
{
    const struct manager *m = d->appliance->manager;

    if (!d->is_restored)
        return SCHEDULE_NOT_RESTORED;
    return manager_suspended(m) != NULL || manager_kill_switch(m) || manager_is_draining(m)
               ? SCHEDULE_SUSPENDED
               : SCHEDULE_N_REFUSALS;
}

void deciding_serve(struct deciding *d, bool is_stale, uint64_t now_ns)
{
    if (d == NULL)
        return;
    decide_set_stale(d->decide, is_stale);
    decide_turn(d->decide, now_ns);
    if (now_ns - d->looked_ns < NS_PER_S)
        return;
    d->looked_ns = now_ns;
    if (!d->is_restored && now_ns - d->began_ns >= DECIDING_WAIT_S * NS_PER_S)
        deciding_restored(d);
    schedule_allow(d->schedule, why_none(d));
    deciding_tests_serve(d, now_ns);
}

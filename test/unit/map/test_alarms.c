/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of alarms: when they begin and end, what is one alarm, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "map/alarms.h"

#define MOST_TOLD 4096

struct told {
    enum alarm_news news;
    struct alarm alarm;
    uint64_t at_s;
};

struct world {
    struct alarms *a;
    struct told told[MOST_TOLD];
    uint32_t n_told;
    uint64_t now_s;
};

static void tell(void *context, enum alarm_news news, const struct alarm *alarm, uint64_t now_ns)
{
    struct world *w = context;

    assert_true(w->n_told < MOST_TOLD);
    w->told[w->n_told++] = (struct told){news, *alarm, now_ns / NS_PER_S};
}

static struct world *world(void)
{
    struct world *w = calloc(1, sizeof(*w));
    struct alarms_config config = {.n_causes = 65536,
                                   .n_alarms = 64,
                                   .least_bytes_per_s = 1000,
                                   .secret = {1, 2},
                                   .tell = tell,
                                   .context = w};

    assert_non_null(w);
    w->a = alarms_create(&config);
    assert_non_null(w->a);
    w->now_s = 1000;
    return w;
}

static void end_world(struct world *w)
{
    alarms_destroy(w->a);
    free(w);
}

static struct alarm_cause cause(enum alarm_kind kind, uint16_t at, uint32_t number)
{
    struct alarm_cause c = {.kind = kind, .at = at, .from = ALARM_NO_INGRESS};

    if (alarm_kind_parts(kind) & ALARM_OF_PREFIX) {
        const uint8_t bytes[4] = {10, (uint8_t)(number >> 8), (uint8_t)number, 0};

        c.has_prefix = true;
        c.prefix = (struct ip_prefix){ip_address_from_ipv4(bytes), 24, true};
    }
    return c;
}

static void observe(struct world *w, const struct alarm_cause *c, double bytes_per_s)
{
    const struct alarm_facts facts = {.severity = ALARM_WARNING,
                                      .packets = w->now_s,
                                      .bytes = w->now_s * 1000,
                                      .bytes_per_s = bytes_per_s};

    alarms_observe(w->a, c, &facts, w->now_s * NS_PER_S);
}

/* Second by second; while `c` is not NULL, it is so. */
static void pass(struct world *w, uint32_t seconds, const struct alarm_cause *c)
{
    for (uint32_t i = 0; i < seconds; i++) {
        w->now_s++;
        if (c != NULL)
            observe(w, c, 5000);
        alarms_tick(w->a, w->now_s * NS_PER_S);
    }
}

static uint32_t n_told(const struct world *w, enum alarm_news news)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n_told; i++)
        n += w->told[i].news == news;
    return n;
}

static void what_a_test_found_is_told_at_once_and_its_end_with_its_totals(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 7);

    (void)state;
    pass(w, 1, &c);
    assert_int_equal(w->n_told, 1);
    assert_int_equal(w->told[0].news, ALARM_BEGAN);
    assert_int_equal(w->told[0].alarm.state, ALARM_RAISED);
    pass(w, 99, &c);
    pass(w, 179, NULL);
    assert_int_equal(w->n_told, 1);
    pass(w, 1, NULL);
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_ENDED);
    assert_int_equal(w->told[1].alarm.state, ALARM_CLEARED);
    assert_int_equal(w->told[1].alarm.id, w->told[0].alarm.id);
    /* From the 1st second to the 100th. */
    assert_int_equal(w->told[1].alarm.raised_ns, 1001 * NS_PER_S);
    assert_int_equal(w->told[1].alarm.ended_ns, 1100 * NS_PER_S);
    assert_int_equal(w->told[1].alarm.packets, 99);
    assert_int_equal(w->told[1].alarm.bytes, 99000);
    end_world(w);
}

static void what_is_known_to_be_over_is_over_sooner(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 7);

    (void)state;
    pass(w, 10, &c);
    alarms_end(w->a, &c, w->now_s * NS_PER_S);
    pass(w, 179, NULL);
    assert_int_equal(w->n_told, 1);
    pass(w, 1, NULL);
    assert_int_equal(w->n_told, 2);
    end_world(w);
}

static void what_does_not_last_is_never_told(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_NOT_FOR_US, 1, 0);

    (void)state;
    for (int i = 0; i < 20; i++) {
        pass(w, 299, &c);
        alarms_end(w->a, &c, w->now_s * NS_PER_S);
        pass(w, 10, NULL);
    }
    assert_int_equal(w->n_told, 0);
    pass(w, 301, &c);
    assert_int_equal(w->n_told, 1);
    end_world(w);
}

static void traffic_above_the_floor_raises_and_below_half_of_it_clears(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 7);

    (void)state;
    for (int i = 0; i < 100; i++, pass(w, 1, NULL))
        observe(w, &c, 999);
    assert_int_equal(w->n_told, 0);
    for (int i = 0; i < 10; i++, pass(w, 1, NULL))
        observe(w, &c, 1000);
    assert_int_equal(w->n_told, 1);
    for (int i = 0; i < 1000; i++, pass(w, 1, NULL))
        observe(w, &c, 500);
    assert_int_equal(w->n_told, 1);
    for (int i = 0; i < 300; i++, pass(w, 1, NULL))
        observe(w, &c, 499);
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_ENDED);
    end_world(w);
}

static void a_link_that_fails_is_one_alarm(void **state)
{
    struct world *w = world();

    (void)state;
    for (uint32_t t = 0; t < 200; t++) {
        for (uint32_t i = 0; i < 5000; i++) {
            struct alarm_cause c = cause(ALARM_INGRESS_CHANGE, 2, i);

            c.from = 1;
            /* They are noticed one after the other, within 30 s. */
            if (t >= i % 30)
                observe(w, &c, 5000);
        }
        pass(w, 1, NULL);
    }
    assert_int_equal(w->n_told, 1);
    assert_int_equal(w->told[0].news, ALARM_BEGAN);
    assert_int_equal(w->told[0].alarm.n_members, 5000);
    assert_int_equal(w->told[0].alarm.n_examples, ALARM_EXAMPLES);
    /* Its window, and no longer. */
    assert_true(w->told[0].at_s - 1001 <= 61);
    pass(w, 300, NULL);
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_ENDED);
    end_world(w);
}

static void a_leak_is_told_at_once_and_once_more_when_it_has_grown(void **state)
{
    struct world *w = world();

    (void)state;
    for (uint32_t t = 0; t < 300; t++) {
        for (uint32_t i = 0; i < 100; i++) {
            const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 2, i);

            if (t >= i)
                observe(w, &c, 5000);
        }
        pass(w, 1, NULL);
    }
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_GREW);
    assert_int_equal(w->told[1].alarm.n_members, 100);
    assert_int_equal(w->told[1].alarm.id, w->told[0].alarm.id);
    end_world(w);
}

static void what_begins_much_later_is_an_alarm_of_its_own(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    const struct alarm_cause other = cause(ALARM_UNEXPECTED_GENUINE, 1, 2);

    (void)state;
    pass(w, 100, &c);
    observe(w, &other, 5000);
    pass(w, 10, &c);
    assert_int_equal(n_told(w, ALARM_BEGAN), 2);
    assert_true(w->told[0].alarm.id != w->told[1].alarm.id);
    end_world(w);
}

static void what_comes_and_goes_is_told_as_flapping(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    uint32_t n_began = 0, n_flapping = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        pass(w, 5, &c);
        alarms_end(w->a, &c, w->now_s * NS_PER_S);
        pass(w, 185, NULL);
    }
    for (uint32_t i = 0; i < w->n_told; i++) {
        const bool is_flapping = w->told[i].alarm.cause.kind == ALARM_FLAPPING;

        n_began += w->told[i].news == ALARM_BEGAN && !is_flapping;
        n_flapping += w->told[i].news == ALARM_BEGAN && is_flapping;
    }
    assert_int_equal(n_flapping, 1);
    /* Two changes each: the fourth time its penalty comes above 6,000. */
    assert_int_equal(n_began, 4);
    /* Silent for an hour, and it is over; what happened is forgotten later. */
    pass(w, 3600 + 300, NULL);
    assert_int_equal(w->told[w->n_told - 1].news, ALARM_ENDED);
    assert_int_equal(w->told[w->n_told - 1].alarm.cause.kind, ALARM_FLAPPING);
    assert_int_equal(n_told(w, ALARM_BEGAN), n_told(w, ALARM_ENDED));
    pass(w, 3600, NULL);
    assert_int_equal(alarms_n_causes(w->a), 0);
    end_world(w);
}

static void an_hour_after_flapping_it_is_told_again(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);

    (void)state;
    for (int i = 0; i < 20; i++) {
        pass(w, 5, &c);
        alarms_end(w->a, &c, w->now_s * NS_PER_S);
        pass(w, 185, NULL);
    }
    w->n_told = 0;
    pass(w, 3600 + 300, &c);
    assert_int_equal(n_told(w, ALARM_BEGAN), 1);
    end_world(w);
}

static void it_is_told_again_after_1_4_and_24_hours_only(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);

    (void)state;
    pass(w, 30 * 3600, &c);
    assert_int_equal(w->n_told, 4);
    for (uint32_t i = 1; i < 4; i++) {
        static const uint32_t hours[] = {0, 1, 4, 24};

        assert_int_equal(w->told[i].news, ALARM_GOES_ON);
        assert_int_equal(w->told[i].at_s, 1001 + hours[i] * 3600);
    }
    end_world(w);
}

static void a_worse_one_is_told(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    const struct alarm_facts worse = {.severity = ALARM_CRITICAL, .bytes_per_s = 5000};

    (void)state;
    pass(w, 10, &c);
    alarms_observe(w->a, &c, &worse, w->now_s * NS_PER_S);
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_BECAME_WORSE);
    /* And stays so. */
    pass(w, 10, &c);
    assert_int_equal(alarms_at(w->a, 0)->facts.severity, ALARM_CRITICAL);
    assert_int_equal(w->n_told, 2);
    end_world(w);
}

static void a_maintenance_window_silences_and_remembers(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    const struct alarm_cause short_one = cause(ALARM_UNEXPECTED_GENUINE, 1, 2);

    (void)state;
    assert_int_equal(alarms_add_window(w->a, 1, 1000 * NS_PER_S, 3000 * NS_PER_S, 1000 * NS_PER_S),
                     0);
    pass(w, 100, &short_one);
    alarms_end(w->a, &short_one, w->now_s * NS_PER_S);
    pass(w, 300, NULL);
    assert_int_equal(w->n_told, 2);
    assert_true(w->told[0].alarm.is_muted && w->told[1].alarm.is_muted);
    pass(w, 1500, &c);
    assert_int_equal(w->n_told, 3);
    assert_true(w->told[2].alarm.is_muted);
    /* Its end: what is still so is told aloud, with the same id. */
    pass(w, 200, &c);
    assert_int_equal(w->n_told, 4);
    assert_int_equal(w->told[3].news, ALARM_BEGAN);
    assert_false(w->told[3].alarm.is_muted);
    assert_int_equal(w->told[3].at_s, 3000);
    assert_int_equal(w->told[3].alarm.id, w->told[2].alarm.id);
    end_world(w);
}

static void what_is_accepted_is_not_raised_until_that_ends(void **state)
{
    struct world *w = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    struct alarm_accept_row row = {.kind = ALARM_N_KINDS, .at = 1, .has_prefix = true};

    (void)state;
    assert_int_equal(ip_prefix_parse("10.0.0.0/16", &row.prefix), 0);
    row.until_ns = 2000 * NS_PER_S;
    pass(w, 50, &c);
    assert_int_equal(w->n_told, 1);
    assert_int_equal(alarms_add_accept(w->a, &row, w->now_s * NS_PER_S), 0);
    pass(w, 1, &c);
    assert_int_equal(w->n_told, 2);
    assert_int_equal(w->told[1].news, ALARM_WAS_ACCEPTED);
    pass(w, 900, &c);
    assert_int_equal(w->n_told, 2);
    pass(w, 100, &c);
    assert_int_equal(w->n_told, 3);
    assert_int_equal(w->told[2].news, ALARM_BEGAN);
    assert_int_equal(w->told[2].at_s, 2000);
    end_world(w);
}

static void an_alarm_of_many_that_is_accepted_stays_up_silently(void **state)
{
    struct world *w = world();
    uint64_t id;

    (void)state;
    for (uint32_t t = 0; t < 100; t++, pass(w, 1, NULL))
        for (uint32_t i = 0; i < 10; i++) {
            const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, i);

            observe(w, &c, 5000);
        }
    id = alarms_at(w->a, 0)->id;
    assert_int_equal(alarms_acknowledge(w->a, id, "noc", w->now_s * NS_PER_S), 0);
    assert_int_equal(alarms_acknowledge(w->a, id, "noc", w->now_s * NS_PER_S), -EALREADY);
    assert_int_equal(alarms_accept(w->a, id, "noc", 0, w->now_s * NS_PER_S), 0);
    assert_int_equal(alarms_accept(w->a, id, "noc", 0, w->now_s * NS_PER_S), -EALREADY);
    assert_int_equal(alarms_accept(w->a, id + 1, "noc", 0, w->now_s * NS_PER_S), -ENOENT);
    assert_string_equal(alarms_find(w->a, id)->who, "noc");
    assert_int_equal(alarms_find(w->a, id)->state, ALARM_ACCEPTED);
    pass(w, 300, NULL);
    assert_int_equal(w->told[w->n_told - 1].news, ALARM_ENDED);
    assert_null(alarms_find(w->a, id));
    end_world(w);
}

static void after_a_restart_the_same_alarm_goes_on(void **state)
{
    struct world *w = world(), *after = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);
    const struct alarm_cause other = cause(ALARM_UNEXPECTED_GENUINE, 1, 2);
    struct alarm kept;

    (void)state;
    pass(w, 10, &c);
    kept = *alarms_at(w->a, 0);
    kept.raised_ns = -500 * (int64_t)NS_PER_S; /* before the clock began */
    assert_int_equal(alarms_restore(after->a, &kept, after->now_s * NS_PER_S), 0);
    assert_int_equal(alarms_restore(after->a, &kept, after->now_s * NS_PER_S), -EEXIST);
    pass(after, 100, NULL);
    pass(after, 100, &c);
    assert_int_equal(after->n_told, 0);
    assert_int_equal(alarms_at(after->a, 0)->n_members_ever, 1);
    /* Another cause is another alarm. */
    pass(after, 1, &other);
    assert_int_equal(after->n_told, 1);
    assert_true(after->told[0].alarm.id != kept.id);
    alarms_end(after->a, &other, after->now_s * NS_PER_S);
    alarms_end(after->a, &c, after->now_s * NS_PER_S);
    pass(after, 200, NULL);
    assert_int_equal(after->n_told, 2);
    pass(after, 300, NULL);
    assert_int_equal(after->n_told, 3);
    assert_int_equal(after->told[2].alarm.id, kept.id);
    assert_int_equal(after->told[2].news, ALARM_ENDED);
    end_world(w);
    end_world(after);
}

static void an_alarm_whose_cause_left_while_nobody_looked_ends(void **state)
{
    struct world *w = world(), *after = world();
    const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, 1, 1);

    (void)state;
    pass(w, 10, &c);
    assert_int_equal(alarms_restore(after->a, alarms_at(w->a, 0), after->now_s * NS_PER_S), 0);
    pass(after, ALARMS_GRACE_S - 1, NULL);
    assert_int_equal(after->n_told, 0);
    pass(after, 1, NULL);
    assert_int_equal(after->n_told, 1);
    assert_int_equal(after->told[0].news, ALARM_ENDED);
    end_world(w);
    end_world(after);
}

static void a_flood_of_one_kind_leaves_room_for_others(void **state)
{
    struct world *w = world();
    const struct alarm_cause real = cause(ALARM_UNEXPECTED_GENUINE, 9, 1);

    (void)state;
    for (uint32_t i = 0; i < 60000; i++) {
        struct alarm_cause c = cause(ALARM_INGRESS_CHANGE, 2, i);

        c.from = (uint16_t)(i % 7);
        observe(w, &c, 5000);
    }
    assert_true(alarms_counters(w->a)->n_refused_causes > 20000);
    assert_int_equal(alarms_n_causes(w->a), 32769);
    pass(w, 1, &real);
    assert_int_equal(w->n_told, 1);
    assert_int_equal(w->told[0].alarm.cause.kind, ALARM_UNEXPECTED_GENUINE);
    end_world(w);
}

static void more_alarms_than_there_is_room_for_are_refused_and_counted(void **state)
{
    struct world *w = world();

    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        const struct alarm_cause c = cause(ALARM_UNEXPECTED_GENUINE, i, 1);

        observe(w, &c, 5000);
    }
    pass(w, 1, NULL);
    assert_int_equal(w->n_told, 64);
    assert_int_equal(alarms_counters(w->a)->n_refused_alarms, 36);
    end_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_test_found_is_told_at_once_and_its_end_with_its_totals),
        cmocka_unit_test(what_is_known_to_be_over_is_over_sooner),
        cmocka_unit_test(what_does_not_last_is_never_told),
        cmocka_unit_test(traffic_above_the_floor_raises_and_below_half_of_it_clears),
        cmocka_unit_test(a_link_that_fails_is_one_alarm),
        cmocka_unit_test(a_leak_is_told_at_once_and_once_more_when_it_has_grown),
        cmocka_unit_test(what_begins_much_later_is_an_alarm_of_its_own),
        cmocka_unit_test(what_comes_and_goes_is_told_as_flapping),
        cmocka_unit_test(an_hour_after_flapping_it_is_told_again),
        cmocka_unit_test(it_is_told_again_after_1_4_and_24_hours_only),
        cmocka_unit_test(a_worse_one_is_told),
        cmocka_unit_test(a_maintenance_window_silences_and_remembers),
        cmocka_unit_test(what_is_accepted_is_not_raised_until_that_ends),
        cmocka_unit_test(an_alarm_of_many_that_is_accepted_stays_up_silently),
        cmocka_unit_test(after_a_restart_the_same_alarm_goes_on),
        cmocka_unit_test(an_alarm_whose_cause_left_while_nobody_looked_ends),
        cmocka_unit_test(a_flood_of_one_kind_leaves_room_for_others),
        cmocka_unit_test(more_alarms_than_there_is_room_for_are_refused_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

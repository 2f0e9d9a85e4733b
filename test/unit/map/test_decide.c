/* SPDX-License-Identifier: BSD-3-Clause */
/* From packets to tests and alarms: a stealthy hijack, a flood, a link that fails. */
#include "fixture.h"
#include "map/decide.h"

struct told {
    enum alarm_news news;
    struct alarm alarm;
    uint64_t at_s;
};

struct world {
    struct fixture f;
    struct schedule *schedule;
    struct alarms *alarms;
    struct decide *decide;
    enum map_reality_state answer; /* what each test finds */
    uint32_t n_tests, n_told;
    struct told told[64];
};

static void tell(void *context, enum alarm_news news, const struct alarm *alarm, uint64_t now_ns)
{
    struct world *w = context;

    assert_true(w->n_told < ARRAY_LENGTH(w->told));
    w->told[w->n_told++] = (struct told){news, *alarm, now_ns / NS_PER_S};
}

static bool is_forwarded(void *context, uint16_t place)
{
    (void)context;
    (void)place;
    return true;
}

static void open_world(struct world *w, uint32_t n_entries)
{
    const struct alarms_config alarms = {.n_causes = 4096,
                                         .n_alarms = 64,
                                         .least_bytes_per_s = 100,
                                         .secret = {5, 6},
                                         .tell = tell,
                                         .context = w};
    const uint64_t secret[2] = {7, 8};
    struct schedule_config tests;
    struct decide_config config;

    memset(w, 0, sizeof(*w));
    fixture_open(&w->f, n_entries, 1);
    for (uint16_t vlan = 1; vlan <= 3; vlan++)
        ingress_of_vlan(&w->f, vlan);
    schedule_config_init(&tests);
    tests.off = false;
    tests.control_share = 0;
    tests.max_drops_per_hour = 2000;
    w->schedule = schedule_create(&tests, secret, w->f.turn.now_ns);
    schedule_allow(w->schedule, SCHEDULE_N_REFUSALS);
    w->alarms = alarms_create(&alarms);
    config = (struct decide_config){.map = w->f.map,
                                    .schedule = w->schedule,
                                    .alarms = w->alarms,
                                    .is_forwarded = is_forwarded};
    w->decide = decide_create(&config);
    assert_true(w->schedule != NULL && w->alarms != NULL && w->decide != NULL);
}

static void close_world(struct world *w)
{
    decide_destroy(w->decide);
    alarms_destroy(w->alarms);
    schedule_destroy(w->schedule);
    fixture_close(&w->f);
}

/* Each test ends at once, with w->answer. */
static void play_tests(struct world *w)
{
    const uint64_t now_ns = w->f.turn.now_ns;
    struct schedule_pick pick;

    while (schedule_next(w->schedule, now_ns, &pick)) {
        const struct decide_outcome outcome = {.slot = pick.candidate.slot,
                                               .generation = pick.candidate.generation,
                                               .state = w->answer,
                                               .test = ++w->n_tests};

        schedule_end(w->schedule, pick.ticket, w->answer, 5, now_ns);
        assert_true(decide_take(w->decide, &outcome, now_ns));
    }
}

static void turn(struct world *w)
{
    struct map_change change;

    fixture_turn(&w->f);
    while (map_next_change(w->f.map, &change))
        decide_hear(w->decide, &change, w->f.turn.now_ns);
    decide_turn(w->decide, w->f.turn.now_ns);
    play_tests(w);
}

/* One second of packets of 20.0.x.y at the peer, and of 20.0.7.y at the customer. */
static void send_hijack(struct world *w, bool is_on)
{
    for (uint32_t i = 0; i < 40; i++) {
        const struct ip_address rest = ipv4(0x14000000 + (i % 5) * 256 + i);
        const struct ip_address moved = ipv4(0x14000700 + i);

        send_from(&w->f, 0, &rest, ingress_of_vlan(&w->f, 2), 1);
        if (is_on)
            send_from(&w->f, 0, &moved, ingress_of_vlan(&w->f, 1), 1);
    }
    for (int k = 0; k < 100; k++)
        turn(w);
}

static struct map_expectation *expect_route(struct world *w)
{
    struct expect_builder *b = begin_expectation(w->f.config);

    add_route(b, "20.0.0.0/16", 64502);
    add_route(b, "30.0.0.0/16", 64501);
    return finish_expectation(b);
}

static void open_hijack(struct world *w, struct map_expectation **e)
{
    open_world(w, 256);
    *e = expect_route(w);
    assert_int_equal(map_expect(w->f.map, *e, w->f.turn.epoch), 0);
}

static void test_what_is_expected_raises_nothing(void **state)
{
    struct map_expectation *e;
    struct world w;

    (void)state;
    open_hijack(&w, &e);
    w.answer = MAP_GENUINE;
    for (int i = 0; i < 120; i++)
        send_hijack(&w, false);
    assert_int_equal(w.n_told, 0);
    assert_non_null(entry_of(&w.f, "20.0.0.0/16", place_of(&w.f, "peer")));
    close_world(&w);
}

static void test_a_stealthy_hijack_that_is_real_is_one_alarm(void **state)
{
    struct map_expectation *e;
    struct world w;
    uint64_t began_s;

    (void)state;
    open_hijack(&w, &e);
    w.answer = MAP_GENUINE;
    for (int i = 0; i < 60; i++)
        send_hijack(&w, false);
    began_s = w.f.turn.now_ns / NS_PER_S;
    for (int i = 0; i < 300; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_told, 1);
    assert_int_equal(w.told[0].news, ALARM_BEGAN);
    assert_int_equal(w.told[0].alarm.cause.kind, ALARM_PART_OF_ROUTE_MOVED);
    assert_int_equal(w.told[0].alarm.facts.severity, ALARM_CRITICAL);
    assert_int_equal(w.told[0].alarm.cause.at, place_of(&w.f, "customer"));
    assert_int_equal(w.told[0].alarm.cause.from, place_of(&w.f, "peer"));
    assert_true(ip_prefix_equal(&w.told[0].alarm.cause.prefix,
                                &(struct ip_prefix){ipv4(0x14000700), 24, true}));
    /* Ten seconds until it is looked at, one until the alarms are, and those that it takes to be
     * admitted. */
    assert_true(w.told[0].at_s - began_s <= 20);
    /* And its end. */
    for (int i = 0; i < 900; i++)
        send_hijack(&w, false);
    assert_int_equal(w.n_told, 2);
    assert_int_equal(w.told[1].news, ALARM_ENDED);
    close_world(&w);
}

static void test_the_same_spoofed_is_told_as_that_after_two_tests(void **state)
{
    struct map_expectation *e;
    struct world w;

    (void)state;
    open_hijack(&w, &e);
    w.answer = MAP_SPOOFED;
    for (int i = 0; i < 600; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_tests, 1);
    assert_int_equal(w.n_told, 0);
    for (int i = 0; i < 3300; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_tests, 2);
    assert_int_equal(w.n_told, 1);
    assert_int_equal(w.told[0].alarm.cause.kind, ALARM_UNEXPECTED_SPOOFED);
    assert_int_equal(w.told[0].alarm.facts.severity, ALARM_WARNING);
    close_world(&w);
}

static void test_without_a_test_nothing_unexpected_is_an_alarm(void **state)
{
    struct map_expectation *e;
    struct world w;

    (void)state;
    open_hijack(&w, &e);
    schedule_allow(w.schedule, SCHEDULE_SUSPENDED);
    for (int i = 0; i < 300; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_tests, 0);
    assert_int_equal(w.n_told, 0);
    assert_true(schedule_counters(w.schedule)->n_refused[SCHEDULE_SUSPENDED] > 0);
    close_world(&w);
}

/* 200 prefixes, of which nothing is expected, come in by another VLAN from a time on. */
static void test_a_link_that_fails_is_one_alarm(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1024);
    w.answer = MAP_INCONCLUSIVE;
    for (int second = 0; second < 400; second++) {
        const uint16_t vlan = second < 180 ? 1 : 2;

        for (uint32_t i = 0; i < 200; i++) {
            const struct ip_address source = ipv4(0x28000001 + i * 256);

            send_from(&w.f, 0, &source, ingress_of_vlan(&w.f, vlan), 5);
        }
        for (int k = 0; k < 100; k++)
            turn(&w);
    }
    assert_int_equal(w.n_told, 1);
    assert_int_equal(w.told[0].news, ALARM_BEGAN);
    assert_int_equal(w.told[0].alarm.cause.kind, ALARM_INGRESS_CHANGE);
    assert_int_equal(w.told[0].alarm.cause.from, place_of(&w.f, "customer"));
    assert_int_equal(w.told[0].alarm.cause.at, place_of(&w.f, "peer"));
    assert_int_equal(w.told[0].alarm.n_members, 200);
    close_world(&w);
}

static void test_what_could_not_begin_is_tried_again_after_ten_minutes(void **state)
{
    struct map_expectation *e;
    struct world w;

    (void)state;
    open_hijack(&w, &e);
    w.answer = MAP_UNTESTED;
    for (int i = 0; i < 590; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_tests, 1);
    for (int i = 0; i < 30; i++)
        send_hijack(&w, true);
    assert_int_equal(w.n_tests, 2);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_expected_raises_nothing),
        cmocka_unit_test(test_a_stealthy_hijack_that_is_real_is_one_alarm),
        cmocka_unit_test(test_the_same_spoofed_is_told_as_that_after_two_tests),
        cmocka_unit_test(test_without_a_test_nothing_unexpected_is_an_alarm),
        cmocka_unit_test(test_a_link_that_fails_is_one_alarm),
        cmocka_unit_test(test_what_could_not_begin_is_tried_again_after_ten_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

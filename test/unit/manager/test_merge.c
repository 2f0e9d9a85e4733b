/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages added up: records of drops, aggregates on demand, many of them, and a naive twin. */
#include <errno.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/random.h"
#include "box.h"

static void a_drop_is_told_from_its_making_to_its_end(void **state)
{
    struct box *b = box_new(2);
    const struct drop_record *first, *second;
    uint64_t id0, id1;

    (void)state;
    box_open(b);
    id0 = box_drop(b, 0, 0);
    id1 = box_drop(b, 1, 0); /* the same number, of another worker */
    assert_int_equal(id0, id1);
    b->now_ns += NS_PER_MS;
    box_end(b, 1, 0, id1, DROP_RETRANSMITTED);
    first = manager_next_drop(b->manager, 0, NULL);
    assert_int_equal(first->state, DROP_PENDING);
    assert_int_equal(first->id, id0);
    second = manager_next_drop(b->manager, 0, first);
    assert_int_equal(second->state, DROP_RETRANSMITTED);
    assert_int_equal(second->id, UINT64_C(1) << 48 | id1);
    assert_int_equal(second->ended_ns - second->time_ns, NS_PER_MS);
    assert_null(manager_next_drop(b->manager, 0, second));
    assert_null(manager_next_drop(b->manager, 7, NULL));
    assert_int_equal(box_count(b, EVENT_DROP_MADE), 2);
    assert_int_equal(box_count(b, EVENT_DROP_ENDED), 1);
    box_close(b);
}

static void the_oldest_record_makes_room(void **state)
{
    struct box *b = box_new(1);
    const struct drop_record *r = NULL;
    uint64_t ids[5];

    (void)state;
    b->n_slices = 2;
    b->n_drop_records = 3;
    box_open(b);
    for (int i = 0; i < 5; i++)
        ids[i] = box_drop(b, 0, i % 2);     /* aggregates 0 1 0 1 0 */
    box_end(b, 0, 0, ids[0], DROP_EXPIRED); /* forgotten already */
    assert_int_equal(box_count(b, EVENT_DROP_ENDED), 0);
    assert_int_equal(box_report(b, 0).n_drop_records, 2);
    assert_int_equal(box_report(b, 1).n_drop_records, 1);
    r = manager_next_drop(b->manager, 0, NULL);
    assert_int_equal(r->id, ids[2]);
    r = manager_next_drop(b->manager, 0, r);
    assert_int_equal(r->id, ids[4]);
    assert_null(manager_next_drop(b->manager, 0, r));
    box_close(b);
}

static void records_stay_in_order_however_often_the_ring_turns(void **state)
{
    struct box *b = box_new(1);
    struct message ended = {.kind = MESSAGE_DROP_ENDED};
    uint32_t n_events;

    (void)state;
    b->n_slices = 2;
    b->n_drop_records = 5;
    for (uint32_t i = 0; i < 2; i++) {
        b->slices[i].parameters.rule = TEST_RULE_PENNY;
        b->slices[i].parameters.max_drops_per_aggregate = 1000;
    }
    box_open(b);
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t aggregate = round % 7 % 2, n = 0;
        uint64_t id = box_drop(b, 0, aggregate);
        const struct drop_record *r = NULL, *last = NULL;

        box_end(b, 0, aggregate, id, DROP_RETRANSMITTED);
        while ((r = manager_next_drop(b->manager, aggregate, r)) != NULL) {
            assert_true(last == NULL || last->id < r->id);
            last = r;
            n++;
        }
        assert_int_equal(last->id, id);
        assert_int_equal(last->state, DROP_RETRANSMITTED);
        assert_int_equal(n, box_report(b, aggregate).n_drop_records);
    }
    assert_int_equal(box_report(b, 0).n_drop_records + box_report(b, 1).n_drop_records, 5);
    /* Those that made room are not found any more. */
    n_events = b->n_events;
    for (ended.drop_ended.id = 1; ended.drop_ended.id <= 295; ended.drop_ended.id++)
        manager_receive(b->manager, &ended);
    assert_int_equal(b->n_events, n_events);
    box_close(b);
}

static uint32_t pending_of(const struct box *b, uint32_t aggregate)
{
    const struct drop_record *r = NULL;
    uint32_t n = 0;

    while ((r = manager_next_drop(b->manager, aggregate, r)) != NULL)
        n += r->state == DROP_PENDING;
    return n;
}

/* Of as many records as there are, in any order, and of few as of many. */
static void each_record_is_found_by_its_id(void **state)
{
    (void)state;
    for (uint32_t n_records = 1; n_records <= 40; n_records++) {
        struct box *b = box_new(1);
        uint64_t ids[60];

        b->n_drop_records = n_records;
        b->slices[0].parameters.rule = TEST_RULE_PENNY;
        b->slices[0].parameters.max_drops_per_aggregate = ARRAY_LENGTH(ids);
        box_open(b);
        for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
            ids[i] = box_drop(b, 0, 0);
        assert_int_equal(pending_of(b, 0), n_records);
        for (uint32_t i = 0; i < n_records; i++) {
            box_end(b, 0, 0, ids[ARRAY_LENGTH(ids) - 1 - i], DROP_EXPIRED);
            assert_int_equal(pending_of(b, 0), n_records - 1 - i);
            assert_int_equal(box_count(b, EVENT_DROP_ENDED), i + 1);
        }
        box_close(b);
    }
}

/* The one record goes back and forth: who loses the last one has none, and begins anew. */
static void who_lost_the_last_record_begins_a_list_anew(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 2;
    b->n_drop_records = 1;
    box_open(b);
    for (uint32_t i = 0; i < 6; i++) {
        uint64_t id = box_drop(b, 0, i % 2);
        const struct drop_record *r = manager_next_drop(b->manager, i % 2, NULL);

        assert_int_equal(r->id, id);
        assert_int_equal(r->aggregate, i % 2);
        assert_null(manager_next_drop(b->manager, i % 2, r));
        assert_null(manager_next_drop(b->manager, 1 - i % 2, NULL));
        assert_int_equal(box_report(b, i % 2).n_drop_records, 1);
        assert_int_equal(box_report(b, 1 - i % 2).n_drop_records, 0);
    }
    box_close(b);
}

/* Aggregate 1 is tested again while its records are there: when they make room, no other list and
 * not that of the new test loses one. */
static void records_of_a_test_before_make_room_without_a_trace(void **state)
{
    struct box *b = box_new(1);
    const struct drop_record *r;
    uint64_t id;

    (void)state;
    b->n_slices = 2;
    b->n_drop_records = 4;
    box_open(b);
    for (int i = 0; i < 2; i++)
        box_end(b, 0, 1, box_drop(b, 0, 1), DROP_EXPIRED);
    box_settle(b);
    assert_int_equal(manager_test_stop(b->manager, 1, REASON_STOPPED, b->now_ns), 0);
    box_settle(b);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), 0);
    assert_null(manager_next_drop(b->manager, 1, NULL));
    assert_int_equal(box_report(b, 1).n_drop_records, 0);
    box_drop(b, 0, 0);
    id = box_drop(b, 0, 1);
    for (int i = 0; i < 2; i++) /* in the places of the first test's */
        box_drop(b, 0, 0);
    assert_int_equal(box_report(b, 0).n_drop_records, 3);
    assert_int_equal(box_report(b, 1).n_drop_records, 1);
    r = manager_next_drop(b->manager, 1, NULL);
    assert_int_equal(r->id, id);
    assert_null(manager_next_drop(b->manager, 1, r));
    box_close(b);
}

static void what_is_not_of_the_running_test_is_not_taken(void **state)
{
    struct box *b = box_new(1);
    struct message made = {.kind = MESSAGE_DROP_MADE, .test_id = 77};
    struct message ended = {.kind = MESSAGE_DROP_ENDED, .aggregate = 1};
    uint64_t id;

    (void)state;
    b->n_slices = 2;
    box_open(b);
    manager_receive(b->manager, &made);
    assert_int_equal(box_report(b, 0).n_drop_records, 0);
    id = box_drop(b, 0, 0);
    ended.drop_ended.id = id;
    ended.drop_ended.state = DROP_EXPIRED;
    manager_receive(b->manager, &ended);
    assert_int_equal(manager_next_drop(b->manager, 0, NULL)->state, DROP_PENDING);
    box_close(b);
}

static struct message wanted(uint32_t slice, uint32_t number)
{
    const uint8_t bytes[4] = {10, (uint8_t)(number >> 8), (uint8_t)number, 0};
    struct ip_address address = ip_address_from_ipv4(bytes);

    return (struct message){
        .kind = MESSAGE_AGGREGATE_WANTED,
        .wanted = {.slice = slice, .prefix = ip_prefix_of_address(&address, 24), .is_armed = true}};
}

static void aggregates_are_added_on_demand_and_begin_by_themselves(void **state)
{
    struct box *b = box_new(1);
    struct message m = wanted(0, 5), beyond = wanted(9, 5);

    (void)state;
    b->slices[0].granularity.ipv4 = 24;
    b->capacity = 2;
    box_open(b);
    assert_int_equal(manager_n_aggregates(b->manager), 0);
    manager_receive(b->manager, &m);
    manager_receive(b->manager, &m);
    manager_receive(b->manager, &beyond);
    assert_int_equal(manager_n_aggregates(b->manager), 1);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_true(ip_prefix_equal(&box_report(b, 0).identity->prefix, &m.wanted.prefix));
    assert_int_equal(box_count(b, EVENT_AGGREGATE_ADDED), 1);
    m = wanted(0, 6);
    manager_receive(b->manager, &m);
    m = wanted(0, 7);
    manager_receive(b->manager, &m);
    assert_int_equal(manager_n_aggregates(b->manager), 2);
    assert_int_equal(manager_n_aggregates_refused(b->manager), 1);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_close(b);
}

/* What only passed by is shown, and not tested before it shows a flow that can be. */
static void a_test_waits_for_an_armed_flow(void **state)
{
    struct message seen = wanted(0, 5), control = {.kind = MESSAGE_COUNTERS}, data = control, armed;
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].granularity.ipv4 = 24;
    box_open(b);
    seen.wanted.is_armed = false;
    armed = wanted(0, 6);
    manager_receive(b->manager, &seen);
    control.counters.packets = control.counters.control_packets = 1;
    manager_receive(b->manager, &control);
    assert_int_equal(box_report(b, 0).state, TEST_IDLE);
    assert_false(manager_any_tested(b->manager));
    data.counters.packets = data.counters.segments = data.counters.in_order = 1;
    manager_receive(b->manager, &data);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_true(manager_any_tested(b->manager));
    /* One that was only seen is asked for again, by a flow that can be tested. */
    armed.wanted.is_armed = false;
    manager_receive(b->manager, &armed);
    assert_int_equal(box_report(b, 1).state, TEST_IDLE);
    armed.wanted.is_armed = true;
    manager_receive(b->manager, &armed);
    assert_int_equal(box_report(b, 1).state, TEST_POOLED);
    assert_int_equal(box_count(b, EVENT_AGGREGATE_ADDED), 2);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_close(b);
}

static void messages_about_unknown_aggregates_change_nothing(void **state)
{
    struct box *b = box_new(1);
    struct message m = {.kind = MESSAGE_COUNTERS, .aggregate = 3};

    (void)state;
    box_open(b);
    m.counters.dropped = 1;
    manager_receive(b->manager, &m);
    m.kind = MESSAGE_DROP_MADE;
    manager_receive(b->manager, &m);
    box_epoch(b);
    assert_int_equal(box_count(b, EVENT_DROP_MADE), 0);
    box_close(b);
}

static void ten_thousand_aggregates_each_get_their_verdict(void **state)
{
    enum { N = 10000 };
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].granularity.ipv4 = 24;
    b->slices[0].parameters.fallback_to_individual = false;
    b->capacity = N;
    box_open(b);
    for (uint32_t i = 0; i < N; i++) {
        struct message m = wanted(0, i);

        manager_receive(b->manager, &m);
    }
    for (unsigned round = 0; round < 7; round++) {
        for (uint32_t i = 0; i < N; i++) {
            uint64_t id = box_drop(b, 0, i);

            if (id != 0)
                box_end(b, 0, i, id, i % 2 == 0 ? DROP_RETRANSMITTED : DROP_EXPIRED);
        }
        box_epoch(b);
    }
    box_epochs_for(b, 3 * NS_PER_S);
    box_settle(b);
    assert_false(manager_any_running(b->manager));
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(box_report(b, i).verdict,
                         i % 2 == 0 ? VERDICT_CLOSED_LOOP : VERDICT_NOT_CLOSED_LOOP);
    box_close(b);
}

/* The twin adds every delta to sums of its own, and lists what is pending. */
struct twin {
    struct aggregate_counters total[2];
    struct {
        uint64_t id;
        uint16_t worker;
    } pending[2][64];
    unsigned n_pending[2];
};

static void twin_takes_what_workers_hold(struct twin *twin, const struct box *b)
{
    for (uint16_t w = 0; w < b->n_workers; w++)
        for (uint32_t i = 0; i < 2; i++)
            for (size_t k = 0; k < n_aggregate_counter_rows; k++)
                ((uint64_t *)&twin->total[i])[k] += ((uint64_t *)&b->workers[w].deltas[i])[k];
}

static void end_some(struct box *b, struct twin *twin, uint32_t i, struct random_source *random)
{
    enum drop_state end = DROP_RETRANSMITTED + random_u32(random) % (DROP_N_STATES - 1);

    if (twin->n_pending[i] == 0 || random_u32(random) % 3 == 0)
        return;
    twin->n_pending[i]--;
    box_end(b, twin->pending[i][twin->n_pending[i]].worker, i,
            twin->pending[i][twin->n_pending[i]].id, end);
}

static void act(struct box *b, struct twin *twin, struct random_source *random)
{
    uint16_t w = (uint16_t)(random_u32(random) % b->n_workers);
    uint32_t i = random_u32(random) % 2;
    uint64_t id;

    switch (random_u32(random) % 4) {
    case 0:
        box_forward(b, w, i, random_u32(random) % 50);
        return;
    case 1:
        box_duplicate(b, w, i, random_u32(random) % 3);
        return;
    case 2:
        end_some(b, twin, i, random);
        return;
    default:
        id = twin->n_pending[i] < 64 ? box_drop(b, w, i) : 0;
        if (id != 0) {
            twin->pending[i][twin->n_pending[i]].id = id;
            twin->pending[i][twin->n_pending[i]++].worker = w;
        }
        return;
    }
}

static void sums_equal_those_of_a_naive_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct box *b = box_new((uint16_t)(1 + seed % 3));
        struct random_source random;
        struct twin twin = {0};

        random_seed_fixed(&random, 2024, seed);
        b->n_slices = 2;
        b->slices[0].parameters.retest_interval_ms = 50;
        b->slices[0].parameters.individual_phase_timeout_ms = 100;
        b->slices[1].parameters.rule = TEST_RULE_PENNY;
        for (uint32_t i = 0; i < 2; i++) /* for which rule penny waits */
            b->slices[i].parameters.retransmission_timeout_ms = 200;
        b->slices[1].parameters.retest_interval_ms = 30;
        b->slices[1].parameters.individual_phase_timeout_ms = 150;
        box_open(b);
        for (int epoch = 0; epoch < 300; epoch++) {
            for (uint32_t n = random_u32(&random) % 20; n > 0; n--)
                act(b, &twin, &random);
            twin_takes_what_workers_hold(&twin, b);
            box_epoch(b);
            for (uint32_t i = 0; i < 2; i++) {
                struct aggregate_report r = box_report(b, i);

                assert_memory_equal(r.total, &twin.total[i], sizeof(twin.total[i]));
                assert_int_equal(aggregate_counters_pending(r.total), twin.n_pending[i]);
                if (r.state == TEST_DONE || r.state == TEST_IDLE)
                    assert_int_equal(twin.n_pending[i], 0);
                if (r.state == TEST_DONE || r.state == TEST_SETTLING)
                    assert_int_equal(box_budget(b, i), 0);
            }
            assert_identities_hold(b);
        }
        assert_true(box_report(b, 0).n_tests > 1);
        assert_true(box_report(b, 1).n_tests > 1);
        box_close(b);
    }
}

static void memory_grows_by_what_is_kept_per_aggregate(void **state)
{
    struct box *b = box_new(1);
    struct manager_config config = {
        .n_workers = 1, .n_drop_records = 1, .n_concurrent_flow_phases = 1};
    size_t bytes;

    (void)state;
    b->capacity = 100;
    box_open(b);
    config.aggregates = b->table;
    bytes = manager_memory_bytes(&config);
    assert_true(bytes > 100 * 3 * sizeof(struct aggregate_counters));
    config.n_drop_records = 1001;
    assert_true(manager_memory_bytes(&config) >= bytes + 1000 * sizeof(struct drop_record));
    box_close(b);
}

static void memory_grows_with_slices_and_for_mirrors_more(void **state)
{
    struct box *b = box_new(1);
    struct manager_config config = {
        .n_workers = 1, .n_drop_records = 1, .n_concurrent_flow_phases = 1, .slices = b->slices};
    size_t none, active, passive, with_flows;

    (void)state;
    box_open(b);
    config.aggregates = b->table;
    none = manager_memory_bytes(&config);
    config.n_slices = 2;
    active = manager_memory_bytes(&config);
    b->slices[1].mode = SLICE_PASSIVE;
    passive = manager_memory_bytes(&config);
    b->slices[1].parameters.report_flows = 10;
    with_flows = manager_memory_bytes(&config);
    b->slices[1].mode = SLICE_ACTIVE;
    assert_true(active > none);
    assert_true(active < none + 65536);
    assert_true(passive > active + b->capacity * sizeof(struct passive_counters));
    assert_true(with_flows >= passive + 10 * sizeof(struct ended_flow));
    /* Flows are told of mirrors alone. */
    assert_int_equal(manager_memory_bytes(&config), active);
    box_close(b);
}

/* A place for each label that a test by command may have, and none where nobody commands. */
static void memory_grows_with_labels(void **state)
{
    struct box *b = box_new(1);
    struct manager_config config = {.n_workers = 1,
                                    .n_drop_records = 1,
                                    .n_concurrent_flow_phases = 1,
                                    .slices = b->slices,
                                    .n_slices = 1};
    size_t without;

    (void)state;
    box_open(b);
    config.aggregates = b->table;
    without = manager_memory_bytes(&config);
    config.max_tests_by_command = 1;
    assert_true(manager_memory_bytes(&config) >=
                without + TEST_MOST_BY_COMMAND * (TEST_LABEL_MOST_BYTES + 1));
    box_close(b);
}

/* Slices with the same coin share its tables. */
static void memory_grows_with_each_other_coin(void **state)
{
    struct box *b = box_new(1);
    struct manager_config config = {.n_workers = 1,
                                    .n_drop_records = 1,
                                    .n_concurrent_flow_phases = 1,
                                    .slices = b->slices,
                                    .n_slices = 3};
    struct test_parameters *p = &b->slices[2].parameters;
    size_t one, two;

    (void)state;
    box_open(b);
    config.aggregates = b->table;
    b->slices[1] = b->slices[2] = b->slices[0];
    one = manager_memory_bytes(&config);
    p->p_miss = b->slices[0].parameters.p_miss * 2;
    two = manager_memory_bytes(&config);
    assert_true(two > one);
    p->p_miss = b->slices[0].parameters.p_miss / 2;
    assert_int_equal(manager_memory_bytes(&config), two);
    p->drop_probability = b->slices[0].parameters.drop_probability / 2;
    assert_int_equal(manager_memory_bytes(&config), two);
    p->p_miss = b->slices[0].parameters.p_miss;
    assert_int_equal(manager_memory_bytes(&config), two);
    b->slices[1].parameters = *p;
    assert_int_equal(manager_memory_bytes(&config), two);
    b->slices[1].parameters.p_miss /= 2;
    assert_int_equal(manager_memory_bytes(&config), two + (two - one));
    box_close(b);
}

static void a_manager_that_cannot_be_is_refused(void **state)
{
    struct box *b = box_new(1);
    struct manager_config good = {.slices = b->slices,
                                  .n_slices = 1,
                                  .gate = &b->gate,
                                  .n_workers = 1,
                                  .epoch_ms = 10,
                                  .n_drop_records = 1,
                                  .n_concurrent_flow_phases = 1};
    struct manager *m;

    (void)state;
    box_open(b);
    good.aggregates = b->table;
    m = manager_create(&good);
    assert_non_null(m);
    manager_destroy(m);
    for (int i = 0; i < 7; i++) {
        struct manager_config bad = good;

        bad.slices = i == 0 ? NULL : bad.slices;
        bad.gate = i == 1 ? NULL : bad.gate;
        bad.n_workers = i == 2 ? 0 : bad.n_workers;
        bad.epoch_ms = i == 3 ? 0 : bad.epoch_ms;
        bad.n_drop_records = i == 4 ? 0 : bad.n_drop_records;
        bad.n_concurrent_flow_phases = i == 5 ? 0 : bad.n_concurrent_flow_phases;
        bad.aggregates = i == 6 ? NULL : bad.aggregates;
        errno = 0;
        assert_null(manager_create(&bad));
        assert_int_equal(errno, EINVAL);
    }
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drop_is_told_from_its_making_to_its_end),
        cmocka_unit_test(the_oldest_record_makes_room),
        cmocka_unit_test(records_stay_in_order_however_often_the_ring_turns),
        cmocka_unit_test(each_record_is_found_by_its_id),
        cmocka_unit_test(who_lost_the_last_record_begins_a_list_anew),
        cmocka_unit_test(records_of_a_test_before_make_room_without_a_trace),
        cmocka_unit_test(what_is_not_of_the_running_test_is_not_taken),
        cmocka_unit_test(aggregates_are_added_on_demand_and_begin_by_themselves),
        cmocka_unit_test(a_test_waits_for_an_armed_flow),
        cmocka_unit_test(messages_about_unknown_aggregates_change_nothing),
        cmocka_unit_test(ten_thousand_aggregates_each_get_their_verdict),
        cmocka_unit_test(sums_equal_those_of_a_naive_twin),
        cmocka_unit_test(memory_grows_by_what_is_kept_per_aggregate),
        cmocka_unit_test(memory_grows_with_slices_and_for_mirrors_more),
        cmocka_unit_test(memory_grows_with_labels),
        cmocka_unit_test(memory_grows_with_each_other_coin),
        cmocka_unit_test(a_manager_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

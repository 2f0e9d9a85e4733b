/* SPDX-License-Identifier: BSD-3-Clause */
/* Drops and how they end. */
#include "lab.h"

#define ISN   UINT32_C(0xffffff00) /* the first segment already wraps */
#define FIRST (ISN + 1)

/* A lab with a pooled test under which (nearly) every coin says drop, and one flow known from its
 * SYN. */
static struct lab *open_dropping(int32_t budget)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, budget, 0);
    lab_syn(l, 1, ISN);
    return l;
}

static void one_drop_at_a_time_per_flow(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_FORWARD);
    assert_int_equal(lab_data(l, 1, FIRST + 2000, 1000), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->droppable, 1);
    assert_int_equal(lab_counters(l)->population_droppable, 1);
    assert_int_equal(lab_counters(l)->population_in_order, 3);
    assert_int_equal(lab_counters(l)->dropped, 1);
    lab_close(l);
}

static void a_clean_repeat_in_time_is_a_repair(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_wait_ms(l, 40);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    assert_int_equal(lab_counters(l)->repairs, 1);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    assert_int_equal(lab_counters(l)->flows_repaired, 1);
    assert_int_equal(lab_last(l, MESSAGE_DROP_ENDED)->drop_ended.state, DROP_RETRANSMITTED);
    assert_true(lab_last(l, MESSAGE_DROP_ENDED)->drop_ended.time_ns -
                    lab_last(l, MESSAGE_DROP_MADE)->drop_made.time_ns ==
                40 * NS_PER_MS);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.sequence, FIRST);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.n_bytes, 1000);
    /* Once more: now it is a duplicate. */
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    assert_int_equal(lab_counters(l)->test_duplicates, 1);
    lab_close(l);
}

static void a_repair_may_come_in_pieces_cut_elsewhere(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_data(l, 1, FIRST + 600, 400);
    assert_int_equal(lab_counters(l)->retransmitted, 0);
    lab_data(l, 1, FIRST, 700);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    assert_int_equal(lab_counters(l)->repairs, 2);
    lab_close(l);
}

/* 10 Gbit/s over a tenth of a second: the repair comes 125 MB later. */
static void a_fast_flow_over_a_long_path_is_not_misjudged(void **state)
{
    struct lab *l = open_dropping(1);
    uint32_t next = FIRST + 1000;

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    for (; next - FIRST < 125000000; next += 60000)
        lab_data(l, 1, next, 60000);
    lab_wait_ms(l, 100);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    lab_data(l, 1, FIRST + 1000, 60000);
    assert_int_equal(lab_counters(l)->test_duplicates, 1);
    assert_int_equal(lab_counters(l)->jumps, 0);
    lab_close(l);
}

/* A hole of one turn ago must not be taken for one of now. */
static void a_flow_of_more_than_four_gigabytes_leaves_old_holes_behind(void **state)
{
    struct lab *l = open_dropping(0);
    uint32_t hole = FIRST + 1000, next = FIRST + 2000;
    uint64_t sent;

    (void)state;
    lab_data(l, 1, FIRST, 1000);
    for (sent = 0; sent < (UINT64_C(1) << 32); sent += 65000, next += 65000)
        lab_data(l, 1, next, 65000);
    lab_data(l, 1, hole, 500);
    assert_int_equal(lab_counters(l)->out_of_order, 0);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void half_a_repair_expires(void **state)
{
    struct lab *l = open_dropping(1);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_data(l, 1, FIRST, 500);
    lab_wait_ms(l, 3020);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

static void a_repeat_over_forwarded_bytes_too_makes_the_gap_void(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_data(l, 1, FIRST, 2000);
    assert_int_equal(lab_counters(l)->void_ambiguous, 1);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    assert_int_equal(lab_counters(l)->ambiguous, 1);
    assert_int_equal(lab_counters(l)->retransmitted, 0);
    lab_close(l);
}

static void silence_expires_a_drop_after_its_timeout_exactly(void **state)
{
    struct lab *l = open_dropping(1);

    (void)state;
    lab_data(l, 1, FIRST, 1000);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_wait_ms(l, 2999);
    assert_int_equal(lab_counters(l)->expired, 0);
    lab_wait_ms(l, 1);
    /* At its time the drop is over, whether the clock came round or not: this repeat is late. */
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired, 1);
    assert_int_equal(lab_counters(l)->retransmitted, 0);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 1);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    lab_close(l);
}

static void a_tail_drop_has_twice_the_time(void **state)
{
    struct lab *l = open_dropping(1);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_wait_ms(l, 5990);
    assert_int_equal(lab_counters(l)->expired, 0);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    lab_close(l);
}

static void a_tail_drop_expires_after_twice_the_time(void **state)
{
    struct lab *l = open_dropping(1);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_wait_ms(l, 3100);
    lab_wait_ms(l, 2950);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

static void after_fin_a_repair_counts_and_silence_is_void(void **state)
{
    struct lab *repaired = open_dropping(100), *silent = open_dropping(100);

    (void)state;
    lab_data(repaired, 1, FIRST, 1000);
    lab_packet(repaired, 1, TCP_FLAG_FIN, FIRST + 1000, 0);
    lab_data(repaired, 1, FIRST, 1000);
    assert_int_equal(lab_counters(repaired)->retransmitted, 1);

    lab_data(silent, 1, FIRST, 1000);
    lab_packet(silent, 1, TCP_FLAG_FIN | TCP_FLAG_PSH, FIRST + 1000, 500);
    lab_wait_ms(silent, 3100);
    assert_int_equal(lab_counters(silent)->expired, 0);
    assert_int_equal(lab_counters(silent)->void_closed, 1);
    lab_close(repaired);
    lab_close(silent);
}

static void a_reset_is_no_evidence_either_way(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_RST, FIRST + 2000, 0), ENGINE_FORWARD);
    lab_wait_ms(l, 3100);
    assert_int_equal(lab_counters(l)->void_closed, 1);
    assert_int_equal(lab_counters(l)->expired, 0);
    /* And the flow is never dropped from again. */
    assert_int_equal(lab_data(l, 1, FIRST + 2000, 1000), ENGINE_FORWARD);
    lab_close(l);
}

static void a_reset_out_of_window_changes_nothing(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_packet(l, 1, TCP_FLAG_RST, FIRST + (1u << 30), 0);
    lab_wait_ms(l, 3100);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

static void a_new_syn_makes_a_pending_drop_void(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_packet(l, 1, TCP_FLAG_FIN, FIRST + 1000, 0);
    lab_syn(l, 1, 77);
    assert_int_equal(lab_counters(l)->void_closed, 1);
    assert_int_equal(lab_data(l, 1, 78, 1000), ENGINE_DROP);
    lab_close(l);
}

static void own_losses_make_silence_void_but_not_repairs(void **state)
{
    struct lab *l = open_dropping(2);

    (void)state;
    lab_syn(l, 2, ISN);
    lab_data(l, 1, FIRST, 1000);
    lab_data(l, 2, FIRST, 1000);
    lab_data(l, 1, FIRST + 1000, 1000);
    lab_data(l, 2, FIRST + 1000, 1000);
    lab_wait_ms(l, 1000);
    atomic_store(&l->gate.own_loss_ns, l->now_ns);
    lab_data(l, 2, FIRST, 1000);
    lab_wait_ms(l, 2100);
    assert_int_equal(lab_counters(l)->void_own_loss, 1);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    assert_int_equal(lab_counters(l)->expired, 0);
    lab_close(l);
}

static void what_must_not_be_dropped_is_forwarded(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_ACK, FIRST, 0), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_URG, FIRST, 100), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_ACK, FIRST + 100, 1), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_ACK, FIRST + 100, 1), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 2, TCP_FLAG_SYN, ISN, 100), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_FIN, FIRST + 101, 100), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->dropped, 0);
    lab_close(l);
}

static void only_in_order_segments_are_droppable(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    lab_data(l, 1, FIRST + 1000, 1000); /* in order: beyond snd_max */
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);        /* fills the hole */
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_FORWARD); /* repeat */
    assert_int_equal(lab_counters(l)->droppable, 1);
    assert_int_equal(lab_counters(l)->dropped, 0);
    lab_close(l);
}

static void the_budget_is_exact_and_coins_without_budget_forward(void **state)
{
    struct lab *l = open_dropping(5);
    unsigned int n_dropped = 0;

    (void)state;
    for (uint32_t flow = 10; flow < 30; flow++) {
        lab_syn(l, flow, ISN);
        n_dropped += lab_data(l, flow, FIRST, 1000) == ENGINE_DROP;
    }
    assert_int_equal(n_dropped, 5);
    assert_int_equal(lab_counters(l)->dropped, 5);
    assert_int_equal(lab_counters(l)->coins_refused, 15);
    /* Its repeat counts against: it was not dropped. */
    lab_data(l, 29, FIRST, 1000);
    assert_int_equal(lab_counters(l)->test_duplicates, 1);
    lab_close(l);
}

static void one_flow_gives_at_most_its_own_budget(void **state)
{
    struct lab *l = open_dropping(100);
    unsigned int n_dropped = 0;

    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        if (lab_data(l, 1, FIRST + i * 1000, 1000) == ENGINE_DROP) {
            n_dropped++;
            lab_data(l, 1, FIRST + i * 1000, 1000);
        }
    assert_int_equal(n_dropped, 6);
    /* A new test gives it a new budget. */
    lab_order(l, AGGREGATE_POOLED, 2, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, FIRST + 50000, 1000), ENGINE_DROP);
    lab_close(l);
}

static void a_full_ledger_forwards_and_takes_no_budget(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.n_pending_drops = 2});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    for (uint32_t flow = 0; flow < 5; flow++) {
        lab_syn(l, flow, ISN);
        assert_int_equal(lab_data(l, flow, FIRST, 1000), flow < 2 ? ENGINE_DROP : ENGINE_FORWARD);
    }
    assert_int_equal(engine_counters(l->engine)->ledger_full, 3);
    assert_int_equal(atomic_load(&aggregate_table_control(l->aggregates, 0)->budget), 98);
    lab_close(l);
}

static void a_drop_is_told_with_what_was_dropped(void **state)
{
    struct lab *l = open_dropping(100);
    const struct message *told;

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 777), ENGINE_DROP);
    told = lab_last(l, MESSAGE_DROP_MADE);
    assert_int_equal(told->drop_made.sequence, FIRST);
    assert_int_equal(told->drop_made.n_bytes, 777);
    assert_false(told->drop_made.individual);
    lab_close(l);
}

/* Whoever takes the last drop of the budget ends the population. If that drop could not be made
 * then, the test would wait for it for ever. */
static void a_full_ledger_leaves_the_last_drop_to_be_made(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.n_pending_drops = 1});
    struct aggregate_control *control;

    (void)state;
    control = aggregate_table_control(l->aggregates, 0);
    aggregate_control_order(control, (struct aggregate_order){.threshold = LAB_ALWAYS,
                                                              .test_id = 1,
                                                              .ends_when_spent = true,
                                                              .phase = AGGREGATE_POOLED});
    lab_set_budget(l, 2, 0);
    for (uint32_t flow = 0; flow < 2; flow++)
        lab_syn(l, flow, ISN);
    assert_int_equal(lab_data(l, 0, FIRST, 1000), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);
    assert_int_equal(aggregate_control_read(control).phase, AGGREGATE_POOLED);
    assert_int_equal(atomic_load(&control->budget), 1);
    lab_data(l, 0, FIRST, 1000); /* repaired: there is room again */
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_DROP);
    assert_int_equal(aggregate_control_read(control).phase, AGGREGATE_SETTLING);
    lab_close(l);
}

static void the_gate_stops_drops_at_once(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    atomic_store(&l->gate.kill_switch, 1);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);
    atomic_store(&l->gate.kill_switch, 0);
    atomic_store(&l->gate.suspended, 1);
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_FORWARD);
    atomic_store(&l->gate.suspended, 0);
    l->now_ns += 1001 * NS_PER_MS; /* without a sign of life of the manager */
    assert_int_equal(lab_data(l, 1, FIRST + 2000, 1000), ENGINE_FORWARD);
    assert_int_equal(engine_counters(l->engine)->gate_closed, 3);
    lab_wait_ms(l, 0);
    assert_int_equal(lab_data(l, 1, FIRST + 3000, 1000), ENGINE_DROP);
    lab_close(l);
}

static void protect_three(struct test_parameters *p)
{
    p->protect_first_packets = 3;
}

static void the_first_segments_may_be_protected(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = protect_three});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    lab_syn(l, 1, ISN);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(lab_data(l, 1, FIRST + i * 1000, 1000),
                         i < 3 ? ENGINE_FORWARD : ENGINE_DROP);
    lab_close(l);
}

static void half_reordered(struct test_parameters *p)
{
    p->max_reordering_ratio = 0.5;
}

static void a_flow_that_is_mostly_out_of_order_is_left_alone(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = half_reordered});
    uint32_t next = FIRST;

    (void)state;
    lab_syn(l, 1, ISN);
    for (int i = 0; i < 20; i++, next += 4000) {
        lab_data(l, 1, next + 3000, 1000);
        for (uint32_t k = 0; k < 3; k++)
            lab_data(l, 1, next + 1000 * k, 1000);
    }
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    assert_int_equal(lab_data(l, 1, next, 1000), ENGINE_FORWARD);
    for (int i = 0; i < 100; i++)
        lab_data(l, 1, next += 1000, 1000);
    assert_true(lab_counters(l)->dropped > 0);
    lab_close(l);
}

/* A quarter of its segments, over many times the 255 that the share is taken of. */
static void a_flow_that_is_a_little_out_of_order_is_never_left_alone(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = half_reordered});
    uint32_t next = FIRST;

    (void)state;
    lab_syn(l, 1, ISN);
    for (int i = 0; i < 1000; i++, next += 4000) {
        lab_data(l, 1, next + 1000, 1000);
        lab_data(l, 1, next, 1000);
        lab_data(l, 1, next + 2000, 1000);
        lab_data(l, 1, next + 3000, 1000);
        if (i % 50 != 49)
            continue;
        lab_order(l, AGGREGATE_POOLED, (uint8_t)(i / 50 + 1), LAB_ALWAYS);
        lab_set_budget(l, 1, 0);
        assert_int_equal(lab_data(l, 1, next + 4000, 1000), ENGINE_DROP);
        lab_data(l, 1, next + 4000, 1000);
        next += 1000;
        lab_order(l, AGGREGATE_IDLE, (uint8_t)(i / 50 + 1), 0);
    }
    lab_close(l);
}

static void an_evicted_flow_leaves_its_drop_void(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    engine_stop(l->engine);
    assert_int_equal(lab_counters(l)->void_evicted, 1);
    assert_int_equal(engine_n_pending(l->engine), 0);
    lab_close(l);
}

/* By port or by prefix, of either end; the flow beside it pays as before. */
static void a_spared_flow_is_never_dropped_from(void **state)
{
    struct ip_prefix of_flow = {0}, elsewhere = {0};
    struct never_drop spared[] = {
        {.ports = {22, 443}, .n_ports = 2},
        {.ports = {22, 1024}, .n_ports = 2},
        {.prefixes = &of_flow, .n_prefixes = 1},
        {.ports = {22}, .prefixes = &elsewhere, .n_ports = 1, .n_prefixes = 1}};

    (void)state;
    assert_int_equal(ip_prefix_parse("10.0.0.1", &of_flow), 0);
    assert_int_equal(ip_prefix_parse("192.0.2.0/24", &elsewhere), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(spared); i++)
        for (int phase = AGGREGATE_POOLED; phase <= AGGREGATE_FLOWS; phase++) {
            struct lab *l = lab_open(&(struct lab_options){.never_drop = &spared[i]});
            bool is_spared = i < 3;

            lab_order(l, (enum aggregate_phase)phase, 1, LAB_ALWAYS);
            lab_set_budget(l, 100, 5);
            lab_syn(l, 1, ISN);
            for (uint32_t k = 0; k < 20; k++)
                assert_int_equal(lab_data(l, 1, FIRST + 1000 * k, 1000),
                                 !is_spared && k == 0 ? ENGINE_DROP : ENGINE_FORWARD);
            assert_int_equal(lab_counters(l)->in_order, 20);
            assert_int_equal(lab_counters(l)->dropped, !is_spared);
            assert_int_equal(lab_counters(l)->droppable, !is_spared);
            assert_int_equal(lab_counters(l)->spared, is_spared ? 20 : 0);
            /* No place is lost on it. */
            assert_int_equal(atomic_load(&aggregate_table_control(l->aggregates, 0)->places),
                             5 - (!is_spared && phase == AGGREGATE_FLOWS));
            if (is_spared && i == 2) {
                lab_syn(l, 2, ISN);
                assert_int_equal(lab_data(l, 2, FIRST, 1000), ENGINE_DROP);
            }
            lab_close(l);
        }
}

static void no_test_no_drop(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_set_budget(l, 100, 100);
    lab_syn(l, 1, ISN);
    lab_order(l, AGGREGATE_IDLE, 1, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);
    lab_order(l, AGGREGATE_SETTLING, 1, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->droppable, 0);
    lab_close(l);
}

/* Rule penny looks at what was sent until its last drop: of that, later repeats count; of the rest,
 * nothing does. */
static void the_population_is_frozen_when_the_pooled_phase_ends(void **state)
{
    struct lab *l = open_dropping(100);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    for (uint32_t i = 0; i < 10; i++)
        lab_data(l, 1, FIRST + i * 1000, 1000);
    lab_order(l, AGGREGATE_SETTLING, 1, LAB_ALWAYS);
    for (uint32_t i = 10; i < 20; i++)
        lab_data(l, 1, FIRST + i * 1000, 1000);
    lab_data(l, 1, FIRST + 5000, 1000);  /* of the population */
    lab_data(l, 1, FIRST + 15000, 1000); /* not of it */
    assert_int_equal(lab_counters(l)->population_droppable, 10);
    assert_int_equal(lab_counters(l)->population_duplicates, 1);
    assert_int_equal(lab_counters(l)->test_duplicates, 2);
    lab_close(l);
}

/* Nor is what cannot be dropped a comparison for what was: which segments these are, a sender
 * decides. */
static void only_a_segment_whose_drop_could_be_booked_is_droppable(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.n_pending_drops = 2});
    const struct aggregate_counters *c;

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 1, 0);
    for (uint32_t flow = 1; flow <= 6; flow++)
        lab_syn(l, flow, ISN);
    lab_data(l, 1, FIRST, 1); /* a byte alone */
    lab_packet(l, 1, TCP_FLAG_ACK | TCP_FLAG_URG, FIRST + 1, 1000);
    lab_packet(l, 6, TCP_FLAG_ACK | TCP_FLAG_FIN, FIRST, 1000);
    assert_int_equal(lab_counters(l)->droppable, 0);
    assert_int_equal(lab_data(l, 1, FIRST + 1001, 1000), ENGINE_DROP);
    lab_data(l, 2, FIRST, 1000); /* no budget is left */
    assert_int_equal(lab_counters(l)->droppable, 1);
    lab_set_budget(l, 10, 0);
    lab_data(l, 1, FIRST + 2001, 1000); /* one drop of the flow is pending */
    assert_int_equal(lab_counters(l)->droppable, 1);
    atomic_store(&l->gate.kill_switch, 1);
    lab_data(l, 3, FIRST, 1000);
    assert_int_equal(lab_counters(l)->droppable, 1);
    atomic_store(&l->gate.kill_switch, 0);
    assert_int_equal(lab_data(l, 4, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 5, FIRST, 1000); /* the ledger holds no more */
    c = lab_counters(l);
    assert_int_equal(c->droppable, 2);
    assert_int_equal(c->population_droppable, 2);
    assert_int_equal(c->population_in_order, 9);
    assert_int_equal(c->dropped, 2);
    lab_close(l);
}

/* At line rate thousands of segments come before an order of the manager. */
static void the_last_drop_ends_the_population_at_once_where_the_order_says_so(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_control *control = aggregate_table_control(l->aggregates, 0);
    struct aggregate_order order = {
        .threshold = LAB_ALWAYS, .test_id = 1, .phase = AGGREGATE_POOLED, .ends_when_spent = true};

    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        order.ends_when_spent = ends == 1;
        order.test_id++;
        aggregate_control_order(control, order);
        lab_set_budget(l, 2, 0);
        for (uint32_t flow = 1; flow <= 2; flow++) {
            assert_int_equal(aggregate_control_read(control).phase, AGGREGATE_POOLED);
            lab_syn(l, 10 * order.test_id + flow, ISN);
            assert_int_equal(lab_data(l, 10 * order.test_id + flow, FIRST, 1000), ENGINE_DROP);
        }
        assert_int_equal(aggregate_control_read(control).phase,
                         ends ? AGGREGATE_SETTLING : AGGREGATE_POOLED);
        assert_int_equal(aggregate_control_read(control).test_id, order.test_id);
        assert_int_equal(aggregate_control_read(control).threshold, LAB_ALWAYS);
    }
    lab_syn(l, 3, ISN);
    lab_data(l, 3, FIRST, 1000);
    lab_data(l, 3, FIRST, 1000);                           /* of no population */
    lab_data(l, 10 * order.test_id + 2, FIRST + 1000, 10); /* nor is this */
    lab_data(l, 10 * order.test_id + 2, FIRST + 1000, 10);
    assert_int_equal(lab_counters(l)->population_in_order, 4);
    assert_int_equal(lab_counters(l)->population_droppable, 4);
    assert_int_equal(lab_counters(l)->population_duplicates, 0);
    assert_int_equal(lab_counters(l)->test_duplicates, 2);
    lab_close(l);
}

/* A worker that made the last drop of a test which the manager ended meanwhile. */
static void a_late_end_changes_no_other_order(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_control *control = aggregate_table_control(l->aggregates, 0);
    const struct aggregate_order old = {
        .threshold = 7, .test_id = 1, .phase = AGGREGATE_POOLED, .ends_when_spent = true};
    struct aggregate_order new = old;

    (void)state;
    new.test_id = 2;
    aggregate_control_order(control, new);
    aggregate_control_end_pooled(control, old);
    assert_int_equal(aggregate_control_read(control).phase, AGGREGATE_POOLED);
    aggregate_control_end_pooled(control, new);
    assert_int_equal(aggregate_control_read(control).phase, AGGREGATE_SETTLING);
    assert_true(aggregate_control_read(control).ends_when_spent);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_segment_whose_drop_could_be_booked_is_droppable),
        cmocka_unit_test(the_last_drop_ends_the_population_at_once_where_the_order_says_so),
        cmocka_unit_test(a_late_end_changes_no_other_order),
        cmocka_unit_test(one_drop_at_a_time_per_flow),
        cmocka_unit_test(a_clean_repeat_in_time_is_a_repair),
        cmocka_unit_test(a_repair_may_come_in_pieces_cut_elsewhere),
        cmocka_unit_test(a_fast_flow_over_a_long_path_is_not_misjudged),
        cmocka_unit_test(a_flow_of_more_than_four_gigabytes_leaves_old_holes_behind),
        cmocka_unit_test(half_a_repair_expires),
        cmocka_unit_test(a_repeat_over_forwarded_bytes_too_makes_the_gap_void),
        cmocka_unit_test(silence_expires_a_drop_after_its_timeout_exactly),
        cmocka_unit_test(a_tail_drop_has_twice_the_time),
        cmocka_unit_test(a_tail_drop_expires_after_twice_the_time),
        cmocka_unit_test(after_fin_a_repair_counts_and_silence_is_void),
        cmocka_unit_test(a_reset_is_no_evidence_either_way),
        cmocka_unit_test(a_reset_out_of_window_changes_nothing),
        cmocka_unit_test(a_new_syn_makes_a_pending_drop_void),
        cmocka_unit_test(own_losses_make_silence_void_but_not_repairs),
        cmocka_unit_test(what_must_not_be_dropped_is_forwarded),
        cmocka_unit_test(only_in_order_segments_are_droppable),
        cmocka_unit_test(the_budget_is_exact_and_coins_without_budget_forward),
        cmocka_unit_test(one_flow_gives_at_most_its_own_budget),
        cmocka_unit_test(a_full_ledger_forwards_and_takes_no_budget),
        cmocka_unit_test(a_drop_is_told_with_what_was_dropped),
        cmocka_unit_test(a_full_ledger_leaves_the_last_drop_to_be_made),
        cmocka_unit_test(the_gate_stops_drops_at_once),
        cmocka_unit_test(the_first_segments_may_be_protected),
        cmocka_unit_test(a_flow_that_is_mostly_out_of_order_is_left_alone),
        cmocka_unit_test(a_flow_that_is_a_little_out_of_order_is_never_left_alone),
        cmocka_unit_test(an_evicted_flow_leaves_its_drop_void),
        cmocka_unit_test(a_spared_flow_is_never_dropped_from),
        cmocka_unit_test(no_test_no_drop),
        cmocka_unit_test(the_population_is_frozen_when_the_pooled_phase_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a manager says and orders, while whatever may happen to it happens by chance. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/trace.h"
#include "base/random.h"
#include "box.h"
#include "say.h"

#define N_PLAYS   24
#define N_STEPS   600
#define MOST_OUT  64
#define N_SLICES  4
#define ANY_ORDER 64

struct out {
    uint64_t id;
    uint32_t aggregate;
    uint16_t worker;
};

struct play {
    struct random_source chance;
    struct box *b;
    struct out out[MOST_OUT]; /* drops whose end was not told */
    unsigned int n_out;
    struct passive_counters passive[ANY_ORDER]; /* so far, of each aggregate */
    uint64_t orders[ANY_ORDER];
    int32_t budgets[ANY_ORDER], screening[ANY_ORDER], places[ANY_ORDER];
    struct slice slices[2][N_SLICES]; /* of the generation in force, and of the next one */
    unsigned int generation;
    unsigned int n_follows;
};

static struct play play;

/* Once in a statement at most: compilers differ in which of two comes first. */
static uint32_t below(uint32_t n)
{
    return random_u32(&play.chance) % n;
}

static uint32_t one_of(const uint32_t *values, uint32_t n)
{
    return values[below(n)];
}
#define ONE_OF(...)                                                                                \
    one_of((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void choose_parameters(struct test_parameters *p)
{
    p->rule = below(3) == 0 ? TEST_RULE_PENNY : TEST_RULE_ANYTIME;
    p->fallback_to_individual = below(2) == 0;
    p->max_drops_per_aggregate = ONE_OF(4, 12, 12, 30);
    p->max_drops_per_flow = ONE_OF(1, 3, 6);
    p->max_individual_flows = ONE_OF(1, 2, 5, 10);
    p->min_closed_loop_flows = p->max_individual_flows == 1 ? 1 : ONE_OF(1, 2);
    p->retransmission_timeout_ms = ONE_OF(100, 300, 1000);
    p->individual_phase_timeout_ms = ONE_OF(500, 2000, 10000);
    p->retest_interval_ms = ONE_OF(0, 0, 300, 1000);
    p->max_duration_ms = ONE_OF(0, 0, 1500, 4000);
    p->flow_idle_timeout_ms = ONE_OF(1000, 5000);
    p->p_miss = below(4) == 0 ? 0.1 : 0.0;
    p->min_flows_to_finish = ONE_OF(0, 0, 20);
    p->max_flows = ONE_OF(0, 0, 40);
    p->watch_grace_ms = ONE_OF(0, 500);
    p->report_flows = ONE_OF(0, 2, 5);
    p->sampling = ONE_OF(0, 0, 0, 10);
}

static void choose_slices(struct slice *slices)
{
    for (uint32_t i = 0; i < N_SLICES; i++) {
        struct slice *s = &slices[i];

        choose_parameters(&s->parameters);
        s->start = below(4) == 0 ? SLICE_START_MANUAL : SLICE_START_AUTO;
        s->mode = i == 3 ? SLICE_PASSIVE : below(10) == 0 ? SLICE_OFF : SLICE_ACTIVE;
        s->granularity.ipv4 = i == 2 ? 24 : 0;
        s->escalation.test = SLICE_NONE;
    }
    if (below(2) == 0)
        slices[3].escalation = (struct slice_escalation){.when = (1u << PASSIVE_N_FINDINGS) * 2 - 1,
                                                         .test = 1,
                                                         .max_per_hour = ONE_OF(1, 2, 60),
                                                         .above_bps = 1000000};
}

static void say_orders(void)
{
    for (uint32_t i = 0; i < play.b->capacity && i < ANY_ORDER; i++) {
        struct aggregate_control *c = aggregate_table_control(play.b->table, i);

        if (c->word == play.orders[i] && c->budget == play.budgets[i] &&
            c->screening == play.screening[i] && c->places == play.places[i])
            continue;
        play.orders[i] = c->word;
        play.budgets[i] = c->budget;
        play.screening[i] = c->screening;
        play.places[i] = c->places;
        trace_say(
            "order %" PRIu32 " %016" PRIx64 " budget %d screening %d places %d silent %" PRIu64, i,
            play.orders[i], play.budgets[i], play.screening[i], play.places[i], c->silent_ns);
    }
}

static void say_box(void)
{
    const struct manager *m = play.b->manager;
    struct manager_drop_budget d;
    bool held[N_SLICES];

    manager_drop_budget(m, &d);
    manager_held_slots(m, held);
    trace_say("box epoch %" PRIu64 " live %" PRIu32 "/%" PRIu32 " full %" PRIu64 " refused %" PRIu64
              " gone %" PRIu64 " by command %" PRIu32 " running %d tested %d draining %d shed %d "
              "suspended %s held %d%d%d%d over %d%d",
              manager_epoch(m), manager_n_live_aggregates(m), manager_n_aggregates(m),
              manager_aggregates_full_since(m), manager_n_aggregates_refused(m),
              manager_n_drops_of_gone(m), manager_n_tests_by_command(m), manager_any_running(m),
              manager_any_tested(m), manager_is_draining(m), manager_sheds_tracking(m),
              manager_suspended(m) == NULL ? "no" : manager_suspended(m), held[0], held[1], held[2],
              held[3], manager_is_epoch_over(m, manager_epoch(m) - 2), manager_passive_is_over(m));
    trace_say(" budget %" PRIu32 " made %" PRIu64 " %" PRIu64 " %" PRIu64 " reserved %" PRIu64
              " left %" PRIu64 " awaited %d next %" PRIu64,
              d.max_per_hour, d.made[0], d.made[1], d.made[2], d.reserved, d.left, d.is_awaited,
              d.next_ns);
    for (uint32_t i = 0; i < N_SLICES; i++)
        trace_say(" slice %" PRIu32 " tested %d aggregate %" PRIu32, i,
                  manager_is_slice_tested(m, i), manager_aggregate_of_slice(m, i));
}

/* What was watched takes long to reckon. */
static void say_everything(bool all)
{
    say_box();
    for (uint32_t i = 0; i < manager_n_aggregates(play.b->manager); i++) {
        say_report(play.b->manager, i);
        if (all)
            say_passive(play.b->manager, i);
    }
}

static bool is_live(uint32_t aggregate)
{
    struct aggregate_report r;

    return manager_report(play.b->manager, aggregate, &r);
}

static bool is_watched(uint32_t aggregate)
{
    struct passive_report r;

    return manager_passive_report(play.b->manager, aggregate, &r);
}

static void drop(uint32_t aggregate)
{
    uint16_t worker = (uint16_t)below(play.b->n_workers);
    uint64_t id = play.n_out < MOST_OUT ? box_drop(play.b, worker, aggregate) : 0;

    if (id != 0)
        play.out[play.n_out++] = (struct out){id, aggregate, worker};
}

/* Each play has its own mind about what comes back. */
static enum drop_state an_end(uint32_t temper)
{
    switch (temper % 4) {
    case 0:
        return below(10) == 0 ? DROP_EXPIRED : DROP_RETRANSMITTED;
    case 1:
        return below(12) == 0 ? DROP_RETRANSMITTED : DROP_EXPIRED;
    case 2:
        return below(2) == 0 ? DROP_RETRANSMITTED : DROP_EXPIRED;
    default:
        return (enum drop_state)(1 + below(DROP_N_STATES - 1));
    }
}

static void end_some(uint32_t temper)
{
    while (play.n_out > 0 && below(3) != 0) {
        unsigned int i = below(play.n_out);
        struct out o = play.out[i];
        enum drop_state state = an_end(temper + o.aggregate);

        play.out[i] = play.out[--play.n_out];
        if (!is_live(o.aggregate))
            continue;
        box_end(play.b, o.worker, o.aggregate, o.id, state);
        if (state == DROP_EXPIRED && below(6) == 0)
            box_repair_late(play.b, o.worker, o.aggregate, 1);
    }
}

static void tell_place(uint32_t aggregate)
{
    struct flow_counts c = {.droppable = below(100)};
    uint16_t worker = (uint16_t)below(play.b->n_workers);
    uint32_t place = below(6);

    c.dropped = below(7);

    if (!box_take_place(play.b, aggregate) && below(2) == 0)
        return;
    c.population_droppable = c.droppable;
    c.population_in_order = c.droppable + below(5);
    c.retransmitted = c.dropped == 0 ? 0 : below((uint32_t)c.dropped + 1);
    c.expired =
        (c.dropped - c.retransmitted) == 0 ? 0 : below((uint32_t)(c.dropped - c.retransmitted) + 1);
    c.duplicates = below(8) == 0 ? below(4) : 0;
    c.population_duplicates = c.duplicates;
    box_place(play.b, worker, aggregate, place, c, below(4) == 0);
}

static void want_aggregate(void)
{
    const uint8_t bytes[4] = {10, 0, (uint8_t)below(12), 0};
    struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .aggregate = AGGREGATE_NONE};

    m.wanted.slice = 2;
    m.wanted.prefix =
        (struct ip_prefix){.address = ip_address_from_ipv4(bytes), .length = 24, .is_ipv4 = true};
    m.wanted.is_armed = below(3) != 0;
    if (manager_accepts(play.b->manager, 0))
        manager_receive(play.b->manager, &m);
}

static void watch(uint32_t aggregate, uint32_t temper)
{
    uint64_t n = 100 + below(2000), lost = temper % 3 == 0 ? below(60) : below(2);
    struct passive_counters d =
        box_passive_segments(lost, temper % 5 == 0 ? below(40) : below(2), n);
    struct message m = {.kind = MESSAGE_PASSIVE, .aggregate = aggregate};

    if (below(3) == 0) {
        d.reordered = d.extent_1 = below(20);
        d.holes_opened += d.reordered;
        d.holes_reordered = d.reordered;
        d.passed += d.reordered;
        d.maybe_late = d.unknown = below(4);
        d.passed += d.unknown;
    }
    if (temper % 7 == 1)
        d.missing_bytes = d.payload_bytes * (1 + below(12));
    d.ended_fin = below(4);
    d.ended_rst = temper % 4 == 1 ? below(6) : 0;
    d.resets_out_of_line = d.ended_rst > 0 ? below((uint32_t)d.ended_rst + 1) : 0;
    d.ended_syn_only = temper % 6 == 2 ? below(20) : 0;
    d.flows_finished = d.ended_fin + d.ended_rst + d.ended_syn_only;
    d.flows_two_way = temper % 2 == 0 ? d.ended_fin : 0;
    d.flows_balanced = temper % 8 == 3 ? d.ended_fin : 0;
    m.passive = d;
    manager_receive(play.b->manager, &m);
    if (below(2) == 0) {
        struct message ended = {.kind = MESSAGE_FLOW_ENDED, .aggregate = aggregate};

        ended.flow_ended.key.source_port = (uint16_t)below(1000);
        ended.flow_ended.ended_ns = play.b->now_ns;
        ended.flow_ended.n_segments = below(50);
        manager_receive(play.b->manager, &ended);
    }
}

static void command(void)
{
    static const char *const labels[] = {NULL, "a ticket", "another one"};
    const struct test_request request = {.cause = TEST_BY_COMMAND, .label = labels[below(3)]};
    struct manager *m = play.b->manager;
    uint32_t aggregate = below(play.b->capacity);
    char words[TEST_REFUSAL_BYTES];
    int error;

    switch (below(14)) {
    case 0:
    case 1:
    case 2:
        error = manager_test_start(m, aggregate, &request, play.b->now_ns);
        trace_say("start %" PRIu32 ": %d %s", aggregate, error,
                  error < 0 ? manager_test_refusal(m, error, play.b->now_ns, words) : "");
        return;
    case 3:
        trace_say("stop %" PRIu32 ": %d", aggregate,
                  manager_test_stop(m, aggregate, below(2) ? REASON_STOPPED : REASON_DURATION,
                                    play.b->now_ns));
        return;
    case 4:
        manager_set_kill_switch(m, below(3) == 0, play.b->now_ns);
        return;
    case 5:
        manager_report_own_loss(m, 1000, below(3) == 0 ? below(10) : 0, "a ring", play.b->now_ns);
        return;
    case 6:
        manager_report_overload(m, 1000, below(2) == 0 ? 20 : 0, play.b->now_ns);
        return;
    case 7:
        manager_set_max_drops_per_hour(m, ONE_OF(0, 40, 100));
        return;
    case 8:
        trace_say("room %d %d", manager_test_obstacle(m, 0), manager_test_obstacle(m, 1));
        return;
    case 9:
        manager_set_max_tests_by_command(m, 1 + below(3));
        return;
    case 10:
        if (below(8) == 0)
            manager_stop(m, REASON_STOPPED, play.b->now_ns);
        else if (below(2) == 0)
            manager_start(m, play.b->now_ns);
        return;
    default:
        return;
    }
}

/* Another generation: of each slice any fate that may befall it. */
static void reconfigure(void)
{
    struct slice *next = play.slices[1 - play.generation];
    enum slice_fate fates[N_SLICES];
    bool held[N_SLICES];
    struct manager_generation g = {.slices = next,
                                   .fates = fates,
                                   .max_own_loss_ratio = 0.001,
                                   .max_stall_ms = play.b->max_stall_ms,
                                   .max_drops_per_hour = ONE_OF(0, 60)};
    int error;

    g.may_shed = below(4) != 0;
    memcpy(next, play.slices[play.generation], sizeof(play.slices[0]));
    manager_held_slots(play.b->manager, held);
    for (uint32_t i = 0; i < N_SLICES; i++) {
        uint32_t turn = below(6);

        fates[i] = SLICE_STAYS;
        if (next[i].presence == SLICE_LEAVING && !held[i])
            next[i].presence = SLICE_ABSENT;
        if (next[i].presence != SLICE_PRESENT) {
            fates[i] = SLICE_IS_ELSEWHERE;
            if (next[i].presence == SLICE_ABSENT && !held[i] && turn < 3) {
                next[i].presence = SLICE_PRESENT;
                fates[i] = SLICE_COMES;
            }
        } else if (turn == 0) {
            next[i].presence = SLICE_LEAVING;
            fates[i] = SLICE_LEAVES;
        } else if (turn == 1) {
            next[i].parameters.max_drops_per_aggregate = ONE_OF(4, 12, 30);
            next[i].start = below(2) == 0 ? SLICE_START_MANUAL : SLICE_START_AUTO;
            fates[i] = SLICE_IS_RETUNED;
        } else if (turn == 2) {
            fates[i] = SLICE_IS_REDRAWN;
        }
    }
    error = manager_follow(play.b->manager, &g, play.b->now_ns);
    trace_say("follow %d%d%d%d: %d", fates[0], fates[1], fates[2], fates[3], error);
    if (error == 0)
        play.generation = 1 - play.generation;
}

static void happen(uint32_t temper)
{
    uint32_t aggregate = below(manager_n_aggregates(play.b->manager));
    uint16_t worker = (uint16_t)below(play.b->n_workers);

    if (!is_live(aggregate))
        return;
    if (is_watched(aggregate)) {
        watch(aggregate, temper);
        return;
    }
    switch (below(8)) {
    case 0:
        box_forward(play.b, worker, aggregate, below(50));
        return;
    case 1:
        if (temper % 3 == 1)
            box_duplicate(play.b, worker, aggregate, below(6));
        return;
    case 2:
        tell_place(aggregate);
        return;
    default:
        drop(aggregate);
    }
}

static void let_time_pass(void)
{
    switch (below(60)) {
    case 0:
        play.b->now_ns += (1 + below(5)) * NS_PER_S;
        return;
    case 1:
        play.b->now_ns += below(2) == 0 ? 70 * NS_PER_S : 0;
        return;
    case 2:
        /* A worker is late. */
        box_post(play.b, 0);
        box_tick(play.b);
        for (uint16_t w = 1; w < play.b->n_workers; w++)
            box_post(play.b, w);
        box_tick(play.b);
        return;
    default:
        box_epoch(play.b);
    }
}

static void open_play(uint64_t n)
{
    struct box *b;

    memset(&play, 0, sizeof(play));
    random_seed_fixed(&play.chance, n, 0);
    play.b = b = box_new((uint16_t)(1 + below(3)));
    b->n_slices = N_SLICES;
    b->capacity = ONE_OF(5, 8, 16);
    b->n_concurrent_flow_phases = 1 + below(2);
    b->n_drop_records = ONE_OF(8, 32, 256);
    b->max_drops_per_hour = ONE_OF(0, 0, 60, 200);
    b->max_tests_by_command = ONE_OF(0, 2);
    b->max_stall_ms = ONE_OF(0, 0, 500);
    b->on_event = say_event;
    choose_slices(b->slices);
    memcpy(play.slices[0], b->slices, sizeof(play.slices[0]));
    box_open(b);
}

static void play_box(uint64_t n)
{
    uint32_t temper = (uint32_t)n;

    open_play(n);
    for (uint32_t step = 0; step < N_STEPS; step++) {
        for (uint32_t k = below(4); k > 0; k--)
            happen(temper);
        end_some(temper);
        if (below(12) == 0)
            want_aggregate();
        if (below(10) == 0 && play.b->max_tests_by_command != 0)
            command();
        if (n % 2 == 0 && below(150) == 0)
            reconfigure();
        let_time_pass();
        say_orders();
        if (step % 50 == 49)
            say_everything(step % 200 == 199);
        if (step % 10 == 0)
            assert_identities_hold(play.b);
    }
    if (n % 3 == 0)
        manager_drain(play.b->manager, play.b->now_ns);
    manager_finish(play.b->manager);
    box_settle(play.b);
    say_everything(true);
    box_close(play.b);
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play_box, N_PLAYS);
}

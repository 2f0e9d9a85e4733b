/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a port in a worker's burst, with stages that do what a table says with each packet.
 * What is left, what leaves and what is counted is held against a twin that goes through the
 * packets one by one. */
#include "pennyline/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"
#include "eal.h"
#include "pennyline/burst.h"
#include "tcp/flags.h"
#include "worker_bench.h"

#define N_BURSTS    400
#define FIRST_PORT  1000
#define L4_OFFSET   34
#define STUMP_BYTES 100

enum fate { PASS, DROP, ANSWER, EAT, STEER_0, STEER_1, N_FATES, COPY };

/* What each stage does with which packet, by the number that the packet bears as source port. */
static struct {
    enum fate fates[N_STAGES][WORKER_BURST];
    unsigned int n_seen[N_STAGES];
} plan;

static const struct next_hop exits[BENCH_PORTS] = {{.port = 0, .vlan_id = NEXTHOP_VLAN_KEEP},
                                                   {.port = 1, .vlan_id = NEXTHOP_VLAN_KEEP}};

static unsigned int number_of(const uint8_t *frame)
{
    return (unsigned int)(load_be16(frame + L4_OFFSET) - FIRST_PORT);
}

static void answer(struct worker *w, struct burst *b, unsigned int i)
{
    struct rte_mbuf *mbuf = stages_take(w, b, i);

    rte_pktmbuf_trim(mbuf, 10);
    stages_send(w, b, b->port, mbuf);
}

static void act(struct worker *w, struct burst *b, const struct policy *policy)
{
    (void)policy;
    for (unsigned int i = 0; i < b->n; i++) {
        const unsigned int number = number_of(rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *));

        /* Side by side still. */
        if (b->views[i].reason == PACKET_TCP)
            assert_int_equal(b->views[i].source_port, FIRST_PORT + number);
        else
            assert_true((b->cut >> i & 1) != 0);
        plan.n_seen[b->stage]++;
        switch (plan.fates[b->stage][number]) {
        case DROP:
            stages_drop(w, b, i);
            break;
        case ANSWER:
            answer(w, b, i);
            break;
        case EAT:
            rte_pktmbuf_free(stages_take(w, b, i));
            break;
        case STEER_0:
        case STEER_1:
            stages_steer(b, i, &exits[plan.fates[b->stage][number] - STEER_0]);
            break;
        case COPY:
            stages_send_copy(w, b, i, 1,
                             rte_pktmbuf_copy(b->mbufs[i], b->mbufs[i]->pool, 0, UINT32_MAX));
            break;
        default:
            break;
        }
    }
}

stage_function *const stage_functions[N_STAGES] = {act, act, act, act, act, act};

/* What the twin expects of a burst. */
struct expected {
    unsigned int n_left, n_seen[N_STAGES];
    struct stage_counters stages[N_STAGES];
    unsigned int n_cut;
    uint32_t sent[BENCH_PORTS][WORKER_BURST];
    unsigned int n_sent[BENCH_PORTS];
};

/* False: nothing is left of it. */
static bool walk(struct expected *e, enum port_stage stage, unsigned int number, int *exit)
{
    e->stages[stage].packets++;
    switch (plan.fates[stage][number]) {
    case DROP:
        e->stages[stage].dropped++;
        return false;
    case ANSWER:
        e->stages[stage].generated++;
        e->sent[0][e->n_sent[0]++] = number;
        e->stages[stage].answered++;
        return false;
    case EAT:
        e->stages[stage].answered++;
        return false;
    case STEER_0:
    case STEER_1:
        *exit = (int)(plan.fates[stage][number] - STEER_0);
        return true;
    default:
        return true;
    }
}

/* A stage is through with all packets before the next one begins, so answers leave by stages. */
static void expect(struct expected *e, unsigned int n, uint64_t cut, uint32_t which)
{
    int exits_of[WORKER_BURST];
    bool is_there[WORKER_BURST];

    memset(e, 0, sizeof(*e));
    for (unsigned int i = 0; i < n; i++) {
        exits_of[i] = 1; /* the pair */
        is_there[i] = true;
    }
    for (unsigned int stage = 0; stage < N_STAGES; stage++)
        for (unsigned int i = 0; i < n; i++)
            if ((which >> stage & 1) != 0 && is_there[i])
                is_there[i] = walk(e, (enum port_stage)stage, i, &exits_of[i]);
    for (unsigned int i = 0; i < n; i++) {
        e->n_left += is_there[i];
        if (!is_there[i])
            continue;
        if ((cut >> i & 1) != 0)
            e->n_cut++;
        else
            e->sent[exits_of[i]][e->n_sent[exits_of[i]]++] = i;
    }
}

static void assert_sent(const struct bench *b, const struct expected *e)
{
    unsigned int n[BENCH_PORTS] = {0};

    for (uint32_t i = 0; i < b->n_sent; i++) {
        const struct bench_sent *s = &b->sent[i];

        assert_true(n[s->port] < e->n_sent[s->port]);
        assert_int_equal(number_of(s->bytes), e->sent[s->port][n[s->port]++]);
    }
    for (unsigned int port = 0; port < BENCH_PORTS; port++)
        assert_int_equal(n[port], e->n_sent[port]);
}

static void assert_counted(struct bench *b, const struct expected *e,
                           const struct worker_counters *before)
{
    const struct worker_counters *now = b->worker.counters;
    struct stage_counters sum = {0};

    for (unsigned int i = 0; i < N_STAGES; i++) {
        assert_memory_equal(&b->worker.stages[i], &e->stages[i], sizeof(e->stages[i]));
        sum.dropped += e->stages[i].dropped;
        sum.answered += e->stages[i].answered;
        sum.generated += e->stages[i].generated;
    }
    assert_int_equal(now->dropped_by_stage - before->dropped_by_stage, sum.dropped);
    assert_int_equal(now->answered - before->answered, sum.answered);
    assert_int_equal(now->generated - before->generated, sum.generated);
    assert_int_equal(now->lost_cut - before->lost_cut, e->n_cut);
    assert_int_equal(now->slice_packets - before->slice_packets + now->untested - before->untested,
                     e->n_left);
    assert_null(worker_counters_check(now));
    memset(b->worker.stages, 0, sizeof(b->worker.stages));
}

static void assert_port_adds_up(const struct worker_port *p)
{
    assert_int_equal(p->rx + p->generated, p->forwarded + p->dropped + p->dropped_by_stage +
                                               p->answered + p->absorbed + p->no_headroom + p->cut);
}

/* Some stages have much to do, others nothing. */
static void plan_at_random(struct random_source *random)
{
    for (unsigned int stage = 0; stage < N_STAGES; stage++) {
        const uint32_t often = random_u32(random) % 101;

        for (unsigned int i = 0; i < WORKER_BURST; i++)
            plan.fates[stage][i] =
                random_u32(random) % 100 < often ? (enum fate)(random_u32(random) % N_FATES) : PASS;
    }
}

static const struct frame_case of_tcp = {
    "TCP", PACKET_TCP, {ETHERNET, IPV4, TCP, DATA(100)}, {{0}}, 0};

/* The bits of those that came as a stump. */
static uint64_t fill(struct bench *b, struct random_source *random, struct rte_mbuf **mbufs,
                     unsigned int n)
{
    struct frame f;
    uint64_t cut = 0;

    frame_build(&of_tcp, &f);
    for (unsigned int i = 0; i < n; i++) {
        const bool is_cut = random_u32(random) % 20 == 0;

        store_be16(f.bytes + L4_OFFSET, (uint16_t)(FIRST_PORT + i));
        mbufs[i] = bench_buffer(b, f.bytes, is_cut ? STUMP_BYTES : f.n_bytes);
        cut |= (uint64_t)is_cut << i;
    }
    return cut;
}

static void stages_take_out_steer_and_make_what_they_say_and_the_rest_goes_on_in_order(void **state)
{
    struct bench *b = *state;
    struct random_source random;
    struct rte_mbuf *mbufs[WORKER_BURST];
    struct expected e;

    random_seed_fixed(&random, 1, 0);
    for (unsigned int i = 0; i < N_BURSTS; i++) {
        const struct worker_counters before = *b->worker.counters;
        const unsigned int n = 1 + random_u32(&random) % WORKER_BURST;
        const uint32_t has = random_u32(&random) % (1 << N_STAGES),
                       off = random_u32(&random) % 2 != 0 ? random_u32(&random) : 0;
        uint64_t cut;

        plan_at_random(&random);
        b->policy.ports[0].stages = has;
        atomic_store(&b->worker.stages_off, off);
        cut = fill(b, &random, mbufs, n);
        expect(&e, n, cut, has & ~off);
        bench_turn(b, mbufs, (uint16_t)n);
        assert_sent(b, &e);
        assert_counted(b, &e, &before);
        assert_port_adds_up(&b->worker.ports[0]);
    }
    assert_true(b->worker.counters->answered > 1000 && b->worker.counters->lost_cut > 50);
}

static void what_every_packet_was_taken_of_leaves_nothing_to_do(void **state)
{
    struct bench *b = *state;
    struct random_source random;
    struct rte_mbuf *mbufs[WORKER_BURST];

    random_seed_fixed(&random, 2, 0);
    b->policy.ports[0].stages = STAGE_BIT(STAGE_RESPONDER) | STAGE_BIT(STAGE_MACHINES);
    for (unsigned int i = 0; i < WORKER_BURST; i++)
        plan.fates[STAGE_RESPONDER][i] = DROP;
    fill(b, &random, mbufs, WORKER_BURST);
    plan.n_seen[STAGE_MACHINES] = 0;
    bench_turn(b, mbufs, WORKER_BURST);
    assert_int_equal(b->n_sent, 0);
    assert_int_equal(plan.n_seen[STAGE_MACHINES], 0);
    assert_int_equal(b->worker.counters->dropped_by_stage, WORKER_BURST);
    assert_int_equal(b->worker.counters->slice_packets, 0);
    assert_null(worker_counters_check(b->worker.counters));
}

/* What was asked for before a stage took some away would be of other flows afterwards. */
static void flows_are_asked_for_early_only_where_places_stay(void **state)
{
    struct bench *b = *state;
    struct random_source random;
    struct rte_mbuf *mbufs[WORKER_BURST];
    uint64_t n_flows;

    random_seed_fixed(&random, 3, 0);
    memset(&plan, 0, sizeof(plan));
    b->policy.ports[0].stages = STAGE_BIT(STAGE_RESPONDER);
    fill(b, &random, mbufs, WORKER_BURST);
    bench_turn(b, mbufs, WORKER_BURST);
    assert_true(b->worker.ask_early);
    n_flows = engine_flow_counters(b->worker.engine)->n_flows;
    plan.fates[STAGE_RESPONDER][0] = DROP;
    random_seed_fixed(&random, 3, 0);
    fill(b, &random, mbufs, WORKER_BURST);
    bench_turn(b, mbufs, WORKER_BURST);
    assert_int_equal(b->worker.counters->dropped_by_stage, 1);
    assert_int_equal(engine_flow_counters(b->worker.engine)->n_flows, n_flows);
}

/* Data behind a SYN of the same flows; every other packet is one that the plan copies. */
static void pass_all(struct bench *b, uint8_t flags, uint32_t sequence, unsigned int n)
{
    struct rte_mbuf *mbufs[WORKER_BURST];
    struct frame f;

    frame_build(&of_tcp, &f);
    store_be32(f.bytes + L4_OFFSET + 4, sequence);
    f.bytes[L4_OFFSET + 13] = flags;
    for (unsigned int i = 0; i < n; i++) {
        store_be16(f.bytes + L4_OFFSET, (uint16_t)(FIRST_PORT + i));
        mbufs[i] = bench_buffer(b, f.bytes, f.n_bytes);
    }
    bench_turn(b, mbufs, (uint16_t)n);
}

static void what_left_as_a_copy_is_not_dropped_by_a_test(void **state)
{
    const unsigned int n = 32;
    unsigned int n_by_number[WORKER_BURST] = {0};
    struct bench *b = *state;

    memset(&plan, 0, sizeof(plan));
    b->policy.ports[0].stages = STAGE_BIT(STAGE_RESPONDER) | STAGE_BIT(STAGE_MACHINES);
    pass_all(b, TCP_FLAG_SYN, 1000, n);
    bench_begin_test(b);
    /* The first one goes, so that the others change their places. */
    plan.fates[STAGE_RESPONDER][0] = DROP;
    for (unsigned int i = 2; i < n; i += 2)
        plan.fates[STAGE_RESPONDER][i] = COPY;
    pass_all(b, TCP_FLAG_ACK, 1101, n);
    for (uint32_t i = 0; i < b->n_sent; i++)
        n_by_number[number_of(b->sent[i].bytes)]++;
    for (unsigned int i = 0; i < n; i++)
        assert_true(n_by_number[i] == (i == 0 || i % 2 == 1 ? 0 : 2));
    assert_null(worker_counters_check(b->worker.counters));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            stages_take_out_steer_and_make_what_they_say_and_the_rest_goes_on_in_order, bench_make,
            bench_unmake),
        cmocka_unit_test_setup_teardown(what_every_packet_was_taken_of_leaves_nothing_to_do,
                                        bench_make, bench_unmake),
        cmocka_unit_test_setup_teardown(what_left_as_a_copy_is_not_dropped_by_a_test, bench_make,
                                        bench_unmake),
        cmocka_unit_test_setup_teardown(flows_are_asked_for_early_only_where_places_stay,
                                        bench_make, bench_unmake),
    };

    if (test_eal_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

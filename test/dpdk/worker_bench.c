/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <rte_ethdev.h>

#include "prefix/prefix.h"

#define ROOM_BYTES (RTE_PKTMBUF_HEADROOM + FRAME_MAX_BYTES)
#define ALWAYS     UINT32_MAX
/* Beyond what the buffer holds of the packet: no header that was read from there would be right. */
#define JUNK 0xa5

/* One burst, and the worker is told to quit when it is through with it. */
static uint16_t receive_waiting(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    struct bench *b = ((struct bench_output *)queue)->bench;
    uint16_t n_waiting = b->n_waiting;

    assert_true(n >= n_waiting);
    atomic_store(&b->worker.order, WORKER_QUIT);
    memcpy(mbufs, b->waiting, n_waiting * sizeof(mbufs[0]));
    b->n_waiting = 0;
    return n_waiting;
}

static uint16_t send_all(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    const struct bench_output *o = queue;

    for (uint16_t i = 0; i < n; i++) {
        struct bench_sent *s = &o->bench->sent[o->bench->n_sent++];

        assert_true(o->bench->n_sent <= BENCH_MOST_SENT);
        s->port = o->port;
        s->n_bytes = mbufs[i]->pkt_len;
        assert_true(s->n_bytes <= sizeof(s->bytes));
        assert_int_equal(rte_mbuf_check(mbufs[i], 1, &(const char *){NULL}), 0);
        for (uint32_t at = 0; at < s->n_bytes; at++)
            s->bytes[at] = *(const uint8_t *)rte_pktmbuf_read(mbufs[i], at, 1, &s->bytes[at]);
        rte_pktmbuf_free(mbufs[i]);
    }
    return n;
}

static void *queues[BENCH_PORTS], *callbacks[1];

static void connect_driver(struct bench *b)
{
    for (uint16_t i = 0; i < BENCH_PORTS; i++) {
        b->outputs[i] = (struct bench_output){b, i};
        queues[i] = &b->outputs[i];
        rte_eth_fp_ops[i].rx_pkt_burst = receive_waiting;
        rte_eth_fp_ops[i].tx_pkt_burst = send_all;
        rte_eth_fp_ops[i].rxq.data = rte_eth_fp_ops[i].txq.data = &queues[i];
        rte_eth_fp_ops[i].rxq.clbk = rte_eth_fp_ops[i].txq.clbk = (void *)callbacks;
    }
}

static void *zeroed(size_t n)
{
    size_t whole = (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *memory = aligned_alloc(CACHE_LINE_BYTES, whole);

    assert_non_null(memory);
    return memset(memory, 0, whole);
}

static int sum_up(void *context, const struct message *message)
{
    struct bench *b = context;

    if (message->kind == MESSAGE_COUNTERS)
        aggregate_counters_add(&b->sums, &message->counters);
    return 0;
}

static void make_engine(struct bench *b)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n = aggregate_table_memory_bytes(4);
    struct engine_config config = {.slices = &b->slice,
                                   .n_slices = 1,
                                   .gate = &b->gate,
                                   .n_flows = 4096,
                                   .n_pending_drops = 4096,
                                   .n_places = 4,
                                   .max_manager_lateness_ms = 60000,
                                   .post = sum_up,
                                   .post_context = b};
    struct engine_rules_config rules = {
        .slices = &b->slice, .n_slices = 1, .max_manager_lateness_ms = 60000};

    b->aggregates = aggregate_table_init(zeroed(n), n, 4, secret);
    assert_int_equal(aggregate_table_add(b->aggregates, &(struct aggregate_identity){.slice = 0}),
                     0);
    config.aggregates = b->aggregates;
    random_seed_fixed(&config.random, 1, 0);
    n = engine_memory_bytes(&config);
    b->worker.engine = engine_init(zeroed(n), n, &config);
    assert_non_null(b->worker.engine);
    b->worker.counters = engine_counters_mutable(b->worker.engine);
    b->policy.rules = engine_rules_init(zeroed(engine_rules_memory_bytes(&rules)), &rules);
    engine_rules_find_aggregates(b->policy.rules, b->aggregates);
    n = ingress_table_memory_bytes(16);
    b->worker.ingresses = ingress_table_init(zeroed(n), n, 16, 2, secret);
}

static void make_policy(struct bench *b)
{
    static unsigned int n_made;
    char name[20];

    b->anything[0] = ip_prefix_any(true);
    b->anything[1] = ip_prefix_any(false);
    b->slice.sources = b->slice.destinations = b->anything;
    b->slice.n_sources = b->slice.n_destinations = 2;
    b->slice.ingress = (struct slice_ingress){.port = SLICE_ANY_PORT, .vlan = SLICE_ANY_VLAN};
    b->slice.mode = SLICE_ACTIVE;
    test_parameters_default(&b->slice.parameters);
    b->policy.slices = &b->policy_slice;
    b->policy_slice.may_drop = true;
    b->policy.n_slices = 1;
    b->policy.n_ports = 2;
    for (unsigned int i = 0; i < 2; i++)
        b->policy.ports[i] =
            (struct policy_port){.is_plain = true, .pair = 1, .longest_whole_frame = 60};
    snprintf(name, sizeof(name), "bench_%u", n_made++);
    b->policy.prefixes = prefix_table_create(name, &b->slice, 1, SOCKET_ID_ANY);
    assert_non_null(b->policy.prefixes);
}

int bench_make(void **state)
{
    struct bench *b = zeroed(sizeof(*b));
    struct clock_look first = tsc_clock_look();

    make_policy(b);
    make_engine(b);
    tsc_clock_begin(&b->steering, &b->board, &first);
    b->worker.clock = tsc_clock_of(&b->steering, &b->board);
    b->worker.n_ports = 2;
    b->worker.n_queues = 1;
    b->worker.outputs[1].device = 1;
    atomic_store(&b->worker.policy, &b->policy);
    b->pool = rte_pktmbuf_pool_create("bench", BENCH_N_MBUFS, 0, 0, ROOM_BYTES, SOCKET_ID_ANY);
    assert_non_null(b->pool);
    connect_driver(b);
    *state = b;
    return 0;
}

int bench_unmake(void **state)
{
    struct bench *b = *state;
    bool is_whole = rte_mempool_avail_count(b->pool) == BENCH_N_MBUFS;

    rte_mempool_free(b->pool);
    prefix_table_destroy(b->policy.prefixes);
    free(b->worker.engine);
    free(b->policy.rules);
    free(b->worker.ingresses);
    free(b->aggregates);
    free(b);
    return is_whole ? 0 : -1;
}

struct rte_mbuf *bench_buffer(const struct bench *b, const uint8_t *bytes, uint32_t n)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(b->pool);

    assert_non_null(mbuf);
    memset(rte_pktmbuf_mtod(mbuf, void *), JUNK, FRAME_MAX_BYTES);
    memcpy(rte_pktmbuf_append(mbuf, (uint16_t)n), bytes, n);
    return mbuf;
}

void bench_turn(struct bench *b, struct rte_mbuf *const *mbufs, uint16_t n)
{
    memcpy(b->waiting, mbufs, n * sizeof(mbufs[0]));
    b->n_waiting = n;
    b->n_sent = 0;
    atomic_store(&b->gate.manager_seen_ns, monotonic_now_ns());
    atomic_store(&b->worker.order, WORKER_RUN);
    assert_int_equal(worker_run(&b->worker), 0);
    assert_int_equal(b->n_waiting, 0);
}

void bench_begin_test(struct bench *b)
{
    struct aggregate_control *c = aggregate_table_control(b->aggregates, 0);

    atomic_store(&c->budget, 10000);
    aggregate_control_order(
        c, (struct aggregate_order){.threshold = ALWAYS, .test_id = 1, .phase = AGGREGATE_POOLED});
}

void bench_collect(struct bench *b)
{
    atomic_fetch_add(&b->gate.epoch, 1);
    engine_begin_burst(b->worker.engine, monotonic_now_ns());
    assert_true(engine_post_epoch(b->worker.engine));
}

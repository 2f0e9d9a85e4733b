/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker on a bench: one receive queue of port 0 and two ports to leave by, whose driver is two
 * functions. What it hands over are real mbufs, and what it is given to send is written down. */
#ifndef TEST_DPDK_WORKER_BENCH_H
#define TEST_DPDK_WORKER_BENCH_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "../unit/packet/layers.h"
#include "pennyline/worker.h"

#define BENCH_PORTS     2
#define BENCH_N_MBUFS   255
#define BENCH_MOST_SENT 128

struct bench;

struct bench_output {
    struct bench *bench;
    uint16_t port;
};

struct bench_sent {
    uint16_t port;
    uint32_t n_bytes;
    uint8_t bytes[FRAME_MAX_BYTES + NEXTHOP_HEADROOM_BYTES];
};

struct bench {
    struct worker worker;
    struct engine_gate gate;
    struct slice slice;
    struct ip_prefix anything[2];
    struct policy policy;
    struct policy_slice policy_slice;
    struct aggregate_table *aggregates;
    struct aggregate_counters sums;
    struct clock_steering steering;
    struct clock_board board;
    struct rte_mempool *pool;
    struct rte_mbuf *waiting[WORKER_BURST];
    uint16_t n_waiting;
    struct bench_output outputs[BENCH_PORTS];
    struct bench_sent sent[BENCH_MOST_SENT];
    uint32_t n_sent;
};

/* Of a cmocka test: *state is the bench, whose one slice is active and of all packets. The second
 * fails when a buffer was neither sent nor freed. */
int bench_make(void **state);
int bench_unmake(void **state);

/* A buffer with these bytes, and junk behind them. */
struct rte_mbuf *bench_buffer(const struct bench *b, const uint8_t *bytes, uint32_t n);

/* One turn of the worker, with a burst of these packets. What was sent before is forgotten. */
void bench_turn(struct bench *b, struct rte_mbuf *const *mbufs, uint16_t n);

/* From now on each segment that may be dropped is. */
void bench_begin_test(struct bench *b);

/* What the engine counted for its aggregate goes to b->sums. */
void bench_collect(struct bench *b);

#endif

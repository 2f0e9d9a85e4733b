/* SPDX-License-Identifier: BSD-3-Clause */
/* One passive flow on a bench: packets are given by a few words, time by hand. */
#ifndef TEST_PASSIVE_BENCH_H
#define TEST_PASSIVE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "passive/passive.h"
#include "tcp/flags.h"

struct bench {
    struct flow hot;
    struct passive_rare rare;
    struct passive_line line;
    struct passive_counters c;
    uint64_t now_ns;
};

/* What the headers of a packet say besides; 0: no such thing (no timestamps, identification 0). */
struct bench_detail {
    uint32_t timestamp;
    uint16_t ip_id;
    uint8_t ttl;
    uint16_t window;
};

struct passive_flow bench_flow(struct bench *b);

/* A flow whose SYN was seen: its data starts at `sequence`. */
void bench_open(struct bench *b, uint32_t sequence);
void bench_open_with(struct bench *b, uint32_t sequence, struct bench_detail detail);
/* A flow seen from the middle on. */
void bench_open_middle(struct bench *b, uint32_t sequence);

void bench_wait_us(struct bench *b, uint64_t us);

enum passive_kind bench_data(struct bench *b, uint32_t sequence, uint32_t n_bytes);
enum passive_kind bench_data_with(struct bench *b, uint32_t sequence, uint32_t n_bytes,
                                  struct bench_detail detail);
/* Opens a flow whose round-trip time is known: ten segments of BENCH_BYTES, a hole of one, and its
 * opener. Where the hole begins. */
#define BENCH_BYTES 1000
uint32_t bench_open_with_hole(struct bench *b, uint32_t start, uint64_t rtt_us);
void bench_fin(struct bench *b, uint32_t sequence);
void bench_rst(struct bench *b, uint32_t sequence, struct bench_detail detail);

/* Fails when an identity is broken, open holes counted in. */
void bench_check(struct bench *b);

#endif

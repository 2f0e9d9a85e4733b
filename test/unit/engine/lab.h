/* SPDX-License-Identifier: BSD-3-Clause */
/* One engine on a bench: its messages are kept, its clock is turned by hand, packets are given by a
 * few words. */
#ifndef TEST_ENGINE_LAB_H
#define TEST_ENGINE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "config/slice.h"
#include "engine/engine.h"
#include "tcp/flags.h"

#define LAB_ALWAYS     UINT32_MAX /* a threshold below which (nearly) every coin falls */
#define LAB_N_MESSAGES 4096

struct lab {
    struct slice slice;
    struct aggregate_table *aggregates;
    struct engine_gate gate;
    struct engine *engine;
    void *aggregate_memory, *engine_memory;
    uint64_t now_ns;
    struct message messages[LAB_N_MESSAGES];
    unsigned int n_messages;
    unsigned int room;                                                /* messages that still fit */
    void (*on_message)(struct lab *l, const struct message *message); /* as it is posted; or NULL */
    struct aggregate_counters sums[4];
    struct passive_counters passive[4];
    struct unit_counters units[4][UNIT_N_KINDS];
};

struct lab_options {
    uint32_t n_flows;          /* 0: 1024 */
    uint32_t granularity_ipv4; /* 0: one aggregate, made at start */
    uint32_t n_places;         /* 0: 64 */
    uint32_t n_pending_drops;  /* 0: 256 */
    uint32_t max_stall_ms;     /* 0: bursts may lie far apart */
    uint64_t seed;
    enum slice_mode mode;                /* 0: active */
    const struct never_drop *never_drop; /* NULL: nothing is spared */
    void (*adjust)(struct test_parameters *parameters);
};

struct lab *lab_open(const struct lab_options *options);
void lab_close(struct lab *l);

/* Starts or changes the test of aggregate 0. */
void lab_order(struct lab *l, enum aggregate_phase phase, uint8_t test_id, uint32_t threshold);
void lab_set_budget(struct lab *l, int32_t budget, int32_t places);

void lab_wait_ms(struct lab *l, uint64_t ms);

/* A packet of flow number `flow` (its address and port), in a burst of its own. */
enum engine_action lab_packet(struct lab *l, uint32_t flow, uint8_t flags, uint32_t sequence,
                              uint32_t n_bytes);

/* The same of either direction. `data`: an IPv4 header of 20 bytes and a TCP header; may be NULL.
 */
enum engine_action lab_packet_way(struct lab *l, uint32_t flow, bool back, uint8_t flags,
                                  uint32_t sequence, uint32_t n_bytes, const uint8_t *data);

/* A data segment, and a SYN. */
enum engine_action lab_data(struct lab *l, uint32_t flow, uint32_t sequence, uint32_t n_bytes);
void lab_syn(struct lab *l, uint32_t flow, uint32_t sequence);

/* The first flight of QUIC of flow number `flow`, with a connection ID made of `attempt`. */
enum engine_action lab_initial(struct lab *l, uint32_t flow, uint8_t attempt);

/* Runs epochs so that all deltas are in sums[], and checks the identities. */
const struct aggregate_counters *lab_counters(struct lab *l);

/* The latest message of a kind, or NULL. */
const struct message *lab_last(const struct lab *l, enum message_kind kind);
unsigned int lab_n_messages(const struct lab *l, enum message_kind kind);

#endif

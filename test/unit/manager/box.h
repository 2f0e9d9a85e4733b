/* SPDX-License-Identifier: BSD-3-Clause */
/* A box without packets: workers that obey the orders of a manager, take its budgets, and tell what
 * became of their drops as the test says. */
#ifndef TEST_MANAGER_BOX_H
#define TEST_MANAGER_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "engine/aggregate.h"
#include "manager/manager.h"
#include "manager/passive.h"

#define BOX_MAX_WORKERS    8
#define BOX_MAX_SLICES     4
#define BOX_MAX_AGGREGATES 16384
#define BOX_MAX_EVENTS     4096
#define BOX_EPOCH_NS       (10 * NS_PER_MS)

struct box_event {
    enum manager_event_kind kind;
    uint32_t aggregate;
    enum verdict_outcome verdict; /* of the aggregate's report, just then */
    char text[64];
    int cause; /* of an escalation, with `tested` */
    uint32_t tested;
    uint16_t worker; /* of a stall, with its duration */
    uint64_t duration_ns;
};

struct box_worker {
    struct aggregate_counters *deltas; /* per aggregate */
    uint64_t n_drops;
};

struct box {
    struct slice slices[BOX_MAX_SLICES];
    struct ip_prefix any;
    uint32_t n_slices;
    uint32_t capacity;
    uint16_t n_workers;
    uint32_t n_concurrent_flow_phases, n_drop_records;
    uint32_t max_drops_per_hour, max_tests_by_command;
    uint32_t max_stall_ms; /* 0: ticks may lie far apart */
    bool may_not_escalate;

    /* Told every event too, when set. */
    void (*on_event)(void *context, const struct manager_event *event);
    void *event_context;

    void *table_memory;
    struct aggregate_table *table;
    struct engine_gate gate;
    struct manager *manager;
    uint64_t now_ns;
    struct box_worker workers[BOX_MAX_WORKERS];
    struct box_event events[BOX_MAX_EVENTS];
    uint32_t n_events;
};

/* One active slice with default parameters, `n_workers` workers; change what the test needs, then
 * box_open(), which also starts the tests. */
struct box *box_new(uint16_t n_workers);
void box_open(struct box *b);
void box_close(struct box *b); /* checks all identities */
void assert_identities_hold(const struct box *b);

/* A worker drops a segment if order and budget allow: its id, or 0. */
uint64_t box_drop(struct box *b, uint16_t worker, uint32_t aggregate);
uint64_t box_drop_of(struct box *b, uint16_t worker, uint32_t aggregate, _Atomic int32_t *budget);
/* What became of it. */
void box_end(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t id,
             enum drop_state state);
void box_forward(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n_droppable);
/* So many of those expired come back. */
void box_repair_late(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n);
void box_duplicate(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n);

/* A place as a worker would report it. */
void box_place(struct box *b, uint16_t worker, uint32_t aggregate, uint32_t place,
               struct flow_counts counts, bool ended);
/* Takes a place if order and places allow. */
bool box_take_place(struct box *b, uint32_t aggregate);

/* Posts one worker's deltas and its mark for the epoch under way. */
void box_post(struct box *b, uint16_t worker);
/* Begins the next epoch; box_epoch() also has all workers post it. */
void box_tick(struct box *b);
void box_epoch(struct box *b);
void box_epochs_for(struct box *b, uint64_t ns);
/* As many epochs as it takes to come to rest. */
void box_settle(struct box *b);

/* Spends the pooled phase on drops that never come back. */
void box_go_to_flows(struct box *b, uint32_t aggregate);

struct aggregate_report box_report(const struct box *b, uint32_t aggregate);
uint32_t box_count(const struct box *b, enum manager_event_kind kind);
struct aggregate_order box_order(const struct box *b, uint32_t aggregate);
int32_t box_budget(const struct box *b, uint32_t aggregate);

/* Mode passive: of aggregate 0; and what `n_all` segments add up to of which `n_lost` were missing
 * here and came again, and `n_repeats` came twice. */
struct passive_report box_passive_report(const struct box *b);
struct passive_counters box_passive_segments(uint64_t n_lost, uint64_t n_repeats, uint64_t n_all);

#endif

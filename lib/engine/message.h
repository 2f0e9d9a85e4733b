/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker tells the manager. Fixed size, so that a ring can hold them by value.
 *
 * Counters are never lost: a worker keeps its delta until it could post it. Events (drop made, drop
 * ended) may be, when the ring is full; then they are counted, and only the list of drops in the
 * report is poorer.
 *
 * Epochs. R of one worker must never be judged beside staler D of another (doc/verdict.md). So each
 * worker closes what it posted for an epoch with MESSAGE_EPOCH; the manager evaluates only on
 * counters that every worker closed for the same epoch, and does not read a worker's ring beyond
 * that mark until the others have reached it. A worker whose ring is full, or that has much to
 * tell, takes its time: the epoch is as long as that takes. */
#ifndef ENGINE_MESSAGE_H
#define ENGINE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"
#include "stats/counters.h"
#include "stats/passive.h"
#include "stats/units.h"
#include "unit/unit.h"

enum drop_state {
    DROP_PENDING,
    DROP_RETRANSMITTED,
    DROP_EXPIRED,
    DROP_VOID_AMBIGUOUS,
    DROP_VOID_CLOSED,
    DROP_VOID_EVICTED,
    DROP_VOID_OWN_LOSS,
    DROP_VOID_STALL,
    DROP_VOID_SILENCE,
    DROP_N_STATES
};
/* "pending", "retransmitted", "expired", "void". */
const char *drop_state_name(enum drop_state state);
/* Why it is void ("ambiguous", "closed", "evicted", "own_loss", "stall", "silence"), else NULL. */
const char *drop_state_void_reason(enum drop_state state);

enum message_kind {
    MESSAGE_COUNTERS, /* what an aggregate's counters grew by */
    MESSAGE_PASSIVE,  /* the same of mode passive */
    MESSAGE_UNITS,    /* the same of units beside data segments, where a slice has such */
    MESSAGE_PLACE,    /* the counts so far of an individually tested flow */
    MESSAGE_DROP_MADE,
    MESSAGE_DROP_ENDED,
    MESSAGE_FLOW_ENDED,       /* of mode passive, where flows are to be reported one by one */
    MESSAGE_AGGREGATE_WANTED, /* traffic of a sub-prefix without aggregate */
    MESSAGE_STALL,            /* the worker stood still */
    MESSAGE_EPOCH,            /* all of this worker up to here belongs to `epoch` */
};

/* What an individually tested flow showed since it took its place: for E_f, for E_joint and for
 * rule penny. */
struct flow_counts {
    uint64_t droppable, dropped, retransmitted, expired, voided, duplicates;
    uint64_t span_retransmitted, span_duplicates; /* of the first segments only: engine/places.h */
    uint64_t population_droppable, population_in_order,
        population_duplicates; /* frozen at its last drop, as rule penny wants it */
};

/* A flow of mode passive, as it was when it ended. */
struct ended_flow {
    struct flow_key key;
    uint64_t ended_ns;
    uint64_t duration_ns; /* modulo 9.7 hours */
    uint64_t n_bytes;     /* of sequence numbers, those that did not come here, too */
    uint32_t n_segments;
    /* They stop at 65535. */
    uint16_t n_reordered, n_lost_upstream, n_repeats, n_holes_unfilled;
    uint8_t n_holes_open; /* at the end */
    uint8_t end;          /* enum passive_end */
    bool from_syn;        /* else it was first seen in the middle */
    bool two_way;         /* the other direction came here, too */
};

struct message {
    uint8_t kind;
    uint8_t test_id; /* of the aggregate, when it happened */
    uint16_t worker;
    uint32_t aggregate;
    union {
        struct aggregate_counters counters;
        struct passive_counters passive;
        struct unit_counters units[UNIT_N_KINDS];
        struct {
            struct flow_key key;
            struct flow_counts counts;
            uint32_t place; /* with `worker`: which one */
            bool ended;     /* the flow left, or the test is over */
        } place;
        struct {
            struct flow_key key;
            uint64_t id; /* with `worker`: which drop; never reused */
            uint64_t time_ns;
            uint32_t sequence, n_bytes;
            bool individual; /* made in the flows phase */
            uint8_t kind;    /* enum unit_kind, or UNIT_N_KINDS: a data segment */
        } drop_made;
        struct {
            uint64_t id;
            uint64_t time_ns;
            uint8_t state; /* enum drop_state */
        } drop_ended;
        struct ended_flow flow_ended;
        struct {
            uint32_t slice;
            struct ip_prefix prefix;
            bool is_armed; /* a flow can be tested; else only something was seen */
        } wanted;
        struct {
            uint64_t ended_ns, duration_ns;
        } stall;
        struct {
            uint64_t epoch;
        } epoch;
    };
};

#endif

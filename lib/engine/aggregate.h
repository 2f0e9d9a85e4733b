/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers and manager share about aggregates: who they are (the directory) and what may be
 * done to them now (one control line each). All memory is given at start.
 *
 * A number is given to another aggregate when the one that had it came to nothing. Who keeps an
 * aggregate for longer than a burst, as a flow does, therefore keeps a *handle*: its number and its
 * generation, which the control word holds, too. Where the two differ, the aggregate is gone.
 *
 * Threads: the manager alone adds aggregates, retires them and writes control words; workers look
 * up, read words, and take budget and places. No lock: an aggregate is written whole before it is
 * published (release). A worker that found a retired one may still read and count it, until the
 * epoch in which it found it is posted; so the manager retires an aggregate, waits until every
 * worker has closed an epoch that began after that, and releases the number only then. */
#ifndef ENGINE_AGGREGATE_H
#define ENGINE_AGGREGATE_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "config/test_parameters.h"

#define AGGREGATE_NONE UINT32_MAX

/* A handle: number:22 | generation:10. The last generation is nobody's: such a handle is none, and
 * its lower bits are free for whoever holds it. */
#define AGGREGATE_NUMBER_BITS 22
#define AGGREGATE_MOST        (UINT32_C(1) << AGGREGATE_NUMBER_BITS)
#define AGGREGATE_GENERATIONS 1023u

/* An aggregate is retired so long after it was added, at the earliest. */
#define AGGREGATE_LEAST_LIFE_MS UINT64_C(60000)

/* A generation does not come round while a flow holds a handle of it. A life of a number takes one
 * generation, so the same one is back after 1023 lives: 17 hours. Each packet of a flow holds its
 * handle against the control word and lets go of one that is stale; so a flow that still has it was
 * silent since, and leaves the table when it was silent for the idle timeout and its record is
 * looked at, which is once in half of that (age_interval_ns): 1.5 hours at most. */
static_assert(AGGREGATE_GENERATIONS * AGGREGATE_LEAST_LIFE_MS >
                  UINT64_C(2) * TEST_MAX_FLOW_IDLE_TIMEOUT_MS,
              "a stale handle is gone before its generation comes round");

static inline uint32_t aggregate_handle(uint32_t number, uint32_t generation)
{
    return generation << AGGREGATE_NUMBER_BITS | number;
}

static inline uint32_t aggregate_number_of(uint32_t handle)
{
    return handle & (AGGREGATE_MOST - 1);
}

static inline uint32_t aggregate_generation_of(uint32_t handle)
{
    return handle >> AGGREGATE_NUMBER_BITS;
}

static inline bool aggregate_handle_is_none(uint32_t handle)
{
    return handle >= AGGREGATE_GENERATIONS << AGGREGATE_NUMBER_BITS;
}

/* The phase of the test of an aggregate, as workers see it. */
enum aggregate_phase {
    AGGREGATE_IDLE,     /* no test: observe only */
    AGGREGATE_POOLED,   /* drops from any armed flow, from one budget */
    AGGREGATE_FLOWS,    /* drops from individually tested flows only */
    AGGREGATE_SETTLING, /* no new drop; pending ones run to their end */
    AGGREGATE_UNITS,    /* as POOLED, but data segments are left alone (test_parameters.units) */
};

/* What a control word says. */
struct aggregate_order {
    uint32_t threshold;    /* the coin says drop below it: p = threshold / 2^32 */
    uint8_t test_id;       /* changes with every test */
    uint8_t phase;         /* enum aggregate_phase */
    union {                /* by the phase */
        uint8_t n_repairs; /* FLOWS: only flows of which so many drops came back, 0 to 2, and none
                              did not, may take a place */
        bool data_only;    /* POOLED: units beside data segments have no coin for now */
    };
    union {                   /* by the phase */
        bool ends_when_spent; /* POOLED: the last drop ends the phase, at once and on all workers */
        bool screening; /* FLOWS: a flow that is not known to be one of them, nor not to be one, may
                           lose a segment without a place */
    };
};
static_assert(sizeof(struct aggregate_order) == sizeof(uint64_t), "it travels in a register");

struct aggregate_control {
    /* aggregate_order, packed; the manager writes it, but for aggregate_control_end_pooled() */
    alignas(CACHE_LINE_BYTES) _Atomic uint64_t word;
    _Atomic int32_t budget;     /* drops that may still be made; manager adds, workers take */
    _Atomic int32_t screening;  /* likewise, in the flows phase of flows without a place: a first */
    _Atomic int32_t confirming; /* one, and a second one after that came back */
    _Atomic int32_t places;     /* flows that may still be taken for individual tests; likewise */
    uint32_t slice;             /* as its identity has it */
    /* When the aggregate last was in a silence that is too long to judge drops by, 0: never. The
     * manager writes it, since a worker sees its own share of the traffic only. */
    _Atomic uint64_t silent_ns;
};

/* Who an aggregate is. Written by the manager before the aggregate is published, then constant
 * until its number is released. */
struct aggregate_identity {
    struct ip_prefix prefix; /* the source sub-prefix, when `has_prefix` */
    uint32_t slice;
    bool has_prefix; /* false: the slice's one aggregate */
};

struct aggregate_table;

/* Bytes for `capacity` aggregates; memory aligned to a cache line. */
size_t aggregate_table_memory_bytes(uint32_t capacity);

/* Makes an empty table inside `memory`, owned by the caller. NULL when n_bytes is too small, or
 * `capacity` is not between 1 and AGGREGATE_MOST. `secret` is the key of the hashes. */
struct aggregate_table *aggregate_table_init(void *memory, size_t n_bytes, uint32_t capacity,
                                             const uint64_t secret[2]);

/* Manager. Adds an aggregate (or finds it): its number, or -ENOSPC. Numbers are given from 0 on;
 * when all were given once, those released longest ago. */
int64_t aggregate_table_add(struct aggregate_table *t, const struct aggregate_identity *identity);

/* Manager, AGGREGATE_LEAST_LIFE_MS after it was added at the earliest. From now on nobody finds it,
 * and every handle of it is stale. Its order is IDLE. It has no budget and no place left, and no
 * drop of it is pending. */
void aggregate_table_retire(struct aggregate_table *t, uint32_t aggregate);

/* Manager, when every worker has closed an epoch that began after the aggregate was retired: the
 * number may be given again. */
void aggregate_table_release(struct aggregate_table *t, uint32_t aggregate);

/* Any thread. The number of the aggregate of a slice (and source sub-prefix), or AGGREGATE_NONE.
 * `prefix` NULL: the slice's one aggregate. */
uint32_t aggregate_table_find(const struct aggregate_table *t, uint32_t slice,
                              const struct ip_prefix *prefix);

/* The handle of an aggregate that the calling thread just found. */
uint32_t aggregate_table_handle(const struct aggregate_table *t, uint32_t aggregate);

/* Any thread. Every number ever given is below the count; the free ones are those that
 * aggregate_table_add() could give now. */
uint32_t aggregate_table_count(const struct aggregate_table *t);
uint32_t aggregate_table_capacity(const struct aggregate_table *t);
uint32_t aggregate_table_n_free(const struct aggregate_table *t);
const struct aggregate_identity *aggregate_table_identity(const struct aggregate_table *t,
                                                          uint32_t aggregate);
/* The controls of all aggregates lie side by side: that of aggregate 0 is the first. */
struct aggregate_control *aggregate_table_control(const struct aggregate_table *t,
                                                  uint32_t aggregate);

/* Manager. Publishes an order; workers follow it from their next segment on. The generation stays
 * what it is. */
void aggregate_control_order(struct aggregate_control *c, struct aggregate_order order);

/* Worker, when it took the last drop of an order that `ends_when_spent`: the phase is SETTLING from
 * now on, for all. Nothing if the manager published another order meanwhile. */
void aggregate_control_end_pooled(struct aggregate_control *c, struct aggregate_order order);

/* The word: threshold:32 | test_id:8 | phase:8 | n_repairs:2 | screening or ends_when_spent:1 |
 * generation:10 */
#define AGGREGATE_WORD_TEST_ID_SHIFT    32
#define AGGREGATE_WORD_PHASE_SHIFT      40
#define AGGREGATE_WORD_REPAIRS_SHIFT    48
#define AGGREGATE_WORD_SCREENING_SHIFT  50
#define AGGREGATE_WORD_GENERATION_SHIFT 51

static inline uint32_t aggregate_generation_of_word(uint64_t word)
{
    return (uint32_t)(word >> AGGREGATE_WORD_GENERATION_SHIFT) & AGGREGATE_GENERATIONS;
}

static inline struct aggregate_order aggregate_order_of_word(uint64_t word)
{
    return (struct aggregate_order){
        .threshold = (uint32_t)word,
        .test_id = (uint8_t)(word >> AGGREGATE_WORD_TEST_ID_SHIFT),
        .phase = (uint8_t)(word >> AGGREGATE_WORD_PHASE_SHIFT),
        .n_repairs = (word >> AGGREGATE_WORD_REPAIRS_SHIFT) & 3,
        .screening = (word >> AGGREGATE_WORD_SCREENING_SHIFT) & 1,
    };
}

/* Any thread. */
static inline struct aggregate_order aggregate_control_read(const struct aggregate_control *c)
{
    return aggregate_order_of_word(atomic_load_explicit(&c->word, memory_order_acquire));
}

/* Workers: takes one unit, or says no and leaves it as it was. Never overshoots, however many
 * lcores take at once. */
bool aggregate_take(_Atomic int32_t *left);

#endif

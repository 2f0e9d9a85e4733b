/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger: the pending drops of one lcore, and their clock.
 *
 * A fixed pool of entries on a timing wheel; adding, ending and finding due ones cost a constant.
 * An entry lives from the drop to its end, whatever that is; one that ended by its time lives one
 * period more, if there is room. Used by its lcore only. */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flow.h"
#include "unit/unit.h"

#define LEDGER_NONE FLOW_NO_DROP

/* Turns of 8.4 ms: a deadline is noticed at most one turn late by the clock; a repair is judged by
 * its exact time. */
#define LEDGER_TURN_SHIFT 23
#define LEDGER_N_SLOTS    1024

struct ledger_entry {
    struct flow *flow; /* NULL: of a unit beside data segments, then the next three */
    struct unit *unit; /* as long as its identity is this one */
    uint64_t identity;
    uint64_t id; /* number of the drop on this lcore, from 1 */
    uint64_t made_ns;
    uint64_t deadline_ns;
    struct tcp_gap gap;
    uint32_t aggregate;
    uint32_t next, previous; /* in the slot's list, or the free list (next only) */
    uint16_t slot;
    uint8_t test_id;
    uint8_t kind;    /* enum unit_kind */
    bool individual; /* made in the flows phase, for the flow's place */
    bool of_span;    /* of a segment of the place's span */
    bool extended;   /* a tail drop: its timeout was doubled */
    bool closed;     /* FIN or RST since: void unless repaired */
    bool over;       /* ended by its time; kept, to tell a late repair from a repeat */
    bool expired;    /* it ended so */
    bool returned;   /* of a unit: it came again in time */
};

struct ledger {
    struct ledger_entry *entries;
    uint32_t n_entries, n_used, free;
    uint32_t n_over; /* of those used */
    uint64_t n_made; /* id of the latest */
    uint64_t turn;   /* slots up to this turn were looked at */
    uint32_t slots[LEDGER_N_SLOTS];
};

size_t ledger_memory_bytes(uint32_t n_entries);
void ledger_init(struct ledger *l, void *memory, uint32_t n_entries, uint64_t now_ns);

/* A new entry with id, times and slot set, or LEDGER_NONE when all are used. */
uint32_t ledger_add(struct ledger *l, uint64_t made_ns, uint64_t deadline_ns);

/* Moves an entry to a later deadline. */
void ledger_extend(struct ledger *l, uint32_t entry, uint64_t deadline_ns);

/* The drop has ended: the entry is kept until `deadline_ns` all the same. False when no more than
 * half of the ledger is left for drops that are pending; then nothing has changed. */
bool ledger_keep(struct ledger *l, uint32_t entry, uint64_t deadline_ns);

/* Gives the entry back. */
void ledger_remove(struct ledger *l, uint32_t entry);

/* An entry whose deadline is over, or LEDGER_NONE. The caller must remove or
 * extend what it gets before it asks again. */
uint32_t ledger_next_due(struct ledger *l, uint64_t now_ns);

/* Any entry, or LEDGER_NONE: to end them all. */
uint32_t ledger_any(const struct ledger *l);

#endif

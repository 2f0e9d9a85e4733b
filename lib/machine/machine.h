/* SPDX-License-Identifier: BSD-3-Clause */
/* State machines on the packet path: a key out of each packet, the key's state, the first rule that
 * holds, an action and the next state (doc/machines.md). The model is OpenState's (Bianchi et al.,
 * ACM CCR 44(2), 2014) with the registers, conditions and updates of Open Packet Processor
 * (arXiv:1605.01977).
 *
 * Three objects. A *program* is a machine compiled: immutable, shared by all threads. A *table*
 * holds keys with their states and is shared by all threads, too, since the packets of a key may
 * come in by any queue. A *lane* is one thread's counters.
 *
 * The table has no lock. A key's state and the start of its timers are one word that is changed by
 * compare-and-swap; keys are compared whole and enter a chain by one compare-and-swap of its head.
 * One thread, the sweeper, takes keys out that are back in the initial state, and gives their
 * places to others when every worker has passed an epoch since. Where a machine has registers, a
 * worker claims the key's word while it reads and writes them; another one that meets the claim
 * waits MACHINE_MOST_WAITS turns at most, then the packet is treated as `when_full` says, and
 * counted.
 *
 * Nothing here allocates while packets pass. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/machine.h"
#include "packet/packet.h"

#define MACHINE_KEY_WORDS  (MACHINE_MAX_KEY_BYTES / 8)
#define MACHINE_MOST_WAITS 4096

struct machine_program;
struct machine_table;
struct machine_lane;

/* --- program: made by any thread, read by all --- */

/* What runs of a checked machine, which is not kept. NULL with errno: ENOMEM, or E2BIG when its
 * rules have more than 8191 different timers. The caller's, who gives it to machine_program_free().
 */
struct machine_program *machine_compile(const struct machine *machine);
void machine_program_free(struct machine_program *program);

uint32_t machine_program_n_rules(const struct machine_program *p); /* with `otherwise`, the last */
const struct machine_action *machine_program_action(const struct machine_program *p, uint32_t rule);
const struct machine_target *machine_program_target(const struct machine_program *p, uint8_t i);

/* --- table: made by the control thread; workers and one sweeper share it --- */

/* Bytes for the program's `max_keys`; memory aligned to a cache line. */
size_t machine_table_memory_bytes(const struct machine_program *p);

/* Makes an empty table in `memory`. `secret` is not known to who sends packets; `start_ns` is no
 * later than any time that follows. */
struct machine_table *machine_table_init(void *memory, const struct machine_program *p,
                                         const uint64_t secret[2], uint64_t start_ns);

struct machine_occupancy {
    uint32_t n_keys;                         /* places that are taken, forgotten keys among them */
    uint32_t n_in_state[MACHINE_MAX_STATES]; /* as of the sweeper's latest whole round */
    uint64_t n_rounds;
};

/* The sweeper: looks at `n_chains` of the table's chains, forgets keys whose time is over, and
 * gives free what every worker has left behind. `epoch` is the present one; every worker has closed
 * all epochs below `n_passed`. Timers that have been due for MACHINE_SWEEP_LATENESS_MS are acted on
 * here, others by the next packet. */
#define MACHINE_SWEEP_LATENESS_MS 1000
void machine_table_sweep(struct machine_table *t, const struct machine_program *p, uint64_t now_ns,
                         uint64_t epoch, uint64_t n_passed, uint32_t n_chains);
uint32_t machine_table_n_chains(const struct machine_table *t);
void machine_table_occupancy(const struct machine_table *t, struct machine_occupancy *out);

/* The sweeper's thread. The state of a key as of now; false when nothing is known of it. */
struct machine_key_state {
    uint64_t key[MACHINE_KEY_WORDS]; /* zero behind its bytes */
    uint16_t state;
    uint32_t idle_left_ms, hard_left_ms; /* 0: no such timer */
    uint64_t registers[MACHINE_MAX_REGISTERS];
};
bool machine_table_find(const struct machine_table *t, const struct machine_program *p,
                        const uint64_t key[MACHINE_KEY_WORDS], uint64_t now_ns,
                        struct machine_key_state *out);
/* Calls for each key of which something is known, until it says false. */
void machine_table_visit(const struct machine_table *t, const struct machine_program *p,
                         uint64_t now_ns,
                         bool (*visit)(void *context, const struct machine_key_state *state),
                         void *context);
/* Puts a key into a state, without timers; the initial one forgets it. 0 or -ENOSPC. */
int machine_table_put(struct machine_table *t, const struct machine_program *p,
                      const uint64_t key[MACHINE_KEY_WORDS], uint16_t state);

/* --- lane: one worker's; the manager may read its counters --- */

/* X(name, help) */
#define MACHINE_COUNTERS(X)                                                                        \
    X(packets, "packets that the machine saw")                                                     \
    X(dropped, "packets that it dropped")                                                          \
    X(field_missing, "packets without a field of the key")                                         \
    X(full, "packets whose key had no room in the table")                                          \
    X(contended, "packets whose key other workers held too long")                                  \
    X(changes, "changes of a key's state")                                                         \
    X(timeouts, "states that ended by a timer")                                                    \
    X(tests, "packets that asked for a test")                                                      \
    X(marked, "packets that got a mark")

struct machine_counters {
#define MACHINE_COUNTER_FIELD(name, help) uint64_t name;
    MACHINE_COUNTERS(MACHINE_COUNTER_FIELD)
#undef MACHINE_COUNTER_FIELD
    uint64_t counts[MACHINE_MAX_NOTES]; /* by `count NAME` */
    uint64_t events[MACHINE_MAX_NOTES];
};

size_t machine_lane_memory_bytes(const struct machine_program *p);
struct machine_lane *machine_lane_init(void *memory, const struct machine_program *p);
const struct machine_counters *machine_lane_counters(const struct machine_lane *lane);
/* Packets for which each rule held: machine_program_n_rules() of them. */
const uint64_t *machine_lane_rules(const struct machine_lane *lane);

/* --- packets: workers --- */

struct machine_packet {
    const struct packet_view *view;
    const uint8_t *data; /* what the view was made of */
    uint32_t n_data;
    uint32_t frame_bytes; /* on the wire */
    uint16_t port;        /* that it came in by */
    /* Filled in by machine_ask(). */
    bool has_key;
    uint64_t hash;
    uint64_t key[MACHINE_KEY_WORDS];
};

struct machine_verdict {
    uint8_t where;  /* enum machine_where */
    uint8_t target; /* of MACHINE_OUTPUT and MACHINE_NEXT_HOP: machine_program_target() */
    uint8_t event;  /* MACHINE_NO_NOTE */
    bool has_mark, test;
    bool changed;      /* the state of the key of `update`, from `before` to `next` */
    uint16_t before;   /* valid when it changed */
    uint16_t out_port; /* of MACHINE_OUTPUT_STATE */
    uint16_t rule;     /* that held; the last for `otherwise`, when_full and the like */
    uint16_t state;    /* that the packet met */
    uint16_t next;     /* that its key of `update` has now; MACHINE_KEEP */
    uint32_t mark;
};

/* First for all packets of a burst: the key, and the memory that it will take. */
void machine_ask(const struct machine_program *p, const struct machine_table *t,
                 struct machine_packet *packet);
/* Between the two, for large tables: the memory behind that. */
void machine_ask_entry(const struct machine_table *t, const struct machine_packet *packet);

/* Then one after the other, in their order. `now_ns` does not go back. */
void machine_decide(const struct machine_program *p, struct machine_table *t,
                    struct machine_lane *lane, const struct machine_packet *packet, uint64_t now_ns,
                    struct machine_verdict *out);

/* The key that a scope takes from the packet; false when it lacks a field. */
bool machine_key_of(const struct machine_program *p, uint32_t scope,
                    const struct machine_packet *packet, uint64_t key[MACHINE_KEY_WORDS]);

#endif

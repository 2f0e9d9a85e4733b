/* SPDX-License-Identifier: BSD-3-Clause */
/* Units beside data segments: what a sender in a conversation sends again when it is not answered,
 * and only then. What one is, when it was first seen, and whether it came again.
 *
 * Everything that a unit is told by is in its identity; a packet bears at most one. The first
 * packet with an identity is the unit's first sight. What comes within `quiet` of that belongs to
 * the first sight, too; the next one after it is the unit's first repeat, the only one that counts.
 * UNIT_MEMORY_MS after the first sight the identity is forgotten: it may come as a new unit then.
 *
 * None of this depends on whether a unit was dropped: what is remembered, for how long, and for
 * whom there is no room, follows from the packets alone (doc/verdict.md, blind bookkeeping). No
 * unit is put out to make room for another.
 *
 * One thread calls; the memory is the caller's, and all of it is given at the start. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

#define UNIT_MEMORY_MS 10000

enum unit_kind {
    UNIT_HANDSHAKE, /* a SYN, or a SYN with ACK */
    UNIT_QUIC,      /* a client's first flight of QUIC */
    UNIT_N_KINDS
};

/* What holds for all units of a kind. */
struct unit_rule {
    const char *name;
    uint32_t quiet_ms;     /* sooner than this after its first sight, it is no repeat */
    uint32_t timeout_ms;   /* a dropped one that did not come again until then is missing */
    uint32_t most_dropped; /* packets of one unit that may be dropped */
};

/* NULL when `kind` is none. */
const struct unit_rule *unit_rule_of(enum unit_kind kind);

/* The identity, under the key of a table: equal for equal packets in the sense above, else equal
 * by chance only. False: the packet bears no unit of the kind.
 *
 * Of a TCP packet: ingress, addresses, ports, sequence number, and which of SYN and ACK are set; no
 * other flag, since a repeat of a SYN may lack ECE and CWR (RFC 3168 6.1.1.1). With FIN or RST it
 * is none. */
bool unit_identify_handshake(const struct packet_view *view, uint16_t ingress,
                             const uint64_t key[2], uint64_t *identity);

/* Of a UDP datagram at `data`, as packet_read_quic_initial() takes it: ingress, addresses, ports,
 * version and Destination Connection ID. */
bool unit_identify_quic(const struct packet_view *view, const uint8_t *data,
                        uint32_t captured_bytes, uint16_t ingress, const uint64_t key[2],
                        uint64_t *identity);

/* That of the packet's flow, of a packet with ports: what its units have in common. */
uint64_t unit_identity_of_flow(const struct packet_view *view, uint16_t ingress,
                               const uint64_t key[2]);

enum unit_sight {
    UNIT_FIRST,    /* the first sight: the unit has its coin now */
    UNIT_FLIGHT,   /* again within quiet: it shares the first one's fate, or counts for nothing */
    UNIT_REPEATED, /* the first repeat */
    UNIT_AGAIN,    /* a later repeat: counts for nothing */
    UNIT_NO_ROOM,  /* not remembered, so it has no coin */
};

/* One remembered unit. */
struct unit {
    uint64_t identity;
    uint64_t seen_ms : 36; /* first sight; it comes round after two years */
    uint64_t is_used : 1;  /* false in fresh memory alone */
    uint64_t was_repeated : 1;
    uint64_t is_awaited : 1; /* the caller's: it was dropped, and its repeat is waited for */
    uint64_t n_dropped : 5;  /* the caller's: packets of it that were dropped */
    uint64_t note : 20;      /* the caller's; 0 at first sight */
};

struct unit_table;

/* Bytes for at least `n_units`; memory aligned to a cache line. */
size_t unit_table_memory_bytes(uint32_t n_units);

/* Makes an empty table inside `memory`, which may hold anything. NULL when n_bytes is too small or
 * n_units is 0. `key` is the secret under which nobody outside can aim at one place of it. */
struct unit_table *unit_table_init(void *memory, size_t n_bytes, uint32_t n_units,
                                   const uint64_t key[2]);

const uint64_t *unit_table_key(const struct unit_table *t);

/* Asks the memory for what unit_table_see() will look at. */
void unit_table_ask(const struct unit_table *t, uint64_t identity);

/* A packet with this identity came. *unit: its record, until UNIT_MEMORY_MS after its first sight;
 * NULL with UNIT_NO_ROOM. `now_ms` does not go back; where it does, the unit is seen as at its
 * first sight. */
enum unit_sight unit_table_see(struct unit_table *t, enum unit_kind kind, uint64_t identity,
                               uint64_t now_ms, struct unit **unit);

/* Since its first sight; 0 when time went back. */
uint64_t unit_age_ms(const struct unit *u, uint64_t now_ms);

/* So many packets had no room so far. */
uint64_t unit_table_n_without_room(const struct unit_table *t);

#endif

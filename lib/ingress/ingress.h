/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets came in, as one number.
 *
 * Port, VLANs, and the outermost tunnel with its number are who an ingress is; it is looked up once
 * a packet and gives a 16-bit number. The key of a flow holds that number, and which slice a packet
 * belongs to is asked of what the number stands for: so the two cannot disagree, whatever somebody
 * sends. Tables compare the whole identity; hashes only say where to look, and are keyed.
 *
 * A number stands for the same ingress as long as the process lives. The untagged one of each port
 * has its number from the start and costs no lookup; the others get theirs with their first packet,
 * as long as there are any: 65535 in all. Senders may choose VLANs and tunnel numbers, so each port
 * is promised a share for what comes in tunnels and one for what does not, which others cannot
 * take. What gets no number (INGRESS_NONE) is forwarded as its slice says, and not tested.
 *
 * Threads: any may look up and add. Nobody ever waits: while one adds, what another wants to add
 * has no number yet. */
#ifndef INGRESS_INGRESS_H
#define INGRESS_INGRESS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "packet/packet.h"

#define INGRESS_NONE       0
#define INGRESS_MOST       UINT16_MAX
#define INGRESS_MOST_PORTS 64

/* Who it is. Compared and hashed whole, so every byte is always set. */
struct ingress {
    uint16_t port; /* index in config.ports */
    /* The VLANs that the tags name, outermost first, or PACKET_VLAN_NONE. A priority tag (VLAN id
     * 0) names none (IEEE 802.1Q 9.6), so it makes no difference. */
    uint16_t vlan[PACKET_MAX_VLANS];
    uint8_t tunnel; /* enum packet_tunnel: the outermost one that was taken off */
    uint8_t zero;
    uint32_t tunnel_id;    /* as in struct packet_view */
    uint8_t source_mac[6]; /* zeros: not looked at, as on every port today */
    uint8_t zeros[6];
};
#define INGRESS_WORDS 3
static_assert(sizeof(struct ingress) == INGRESS_WORDS * sizeof(uint64_t), "compared by words");

static inline bool ingress_equal(const struct ingress *a, const struct ingress *b)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    uint64_t differ = load_word(x) ^ load_word(y);

    differ |= load_word(x + 8) ^ load_word(y + 8);
    differ |= load_word(x + 16) ^ load_word(y + 16);
    return differ == 0;
}

/* Of a packet that was received by `port`. */
struct ingress ingress_of_packet(const struct packet_view *view, uint16_t port);

/* The VLAN that its outermost tag names; 0: none. */
static inline uint16_t ingress_outer_vlan(const struct ingress *at)
{
    return at->vlan[0] == PACKET_VLAN_NONE ? 0 : at->vlan[0];
}

struct ingress_table;

/* Bytes for up to `n_most` numbers; memory aligned to a cache line. */
size_t ingress_table_memory_bytes(uint32_t n_most);

/* Makes a table inside `memory`, which the caller owns, with the untagged ingress of each port in
 * it. NULL when n_bytes is too small, n_ports is greater than INGRESS_MOST_PORTS, or n_most is not
 * between n_ports and INGRESS_MOST. `secret`: from getrandom(2). */
struct ingress_table *ingress_table_init(void *memory, size_t n_bytes, uint32_t n_most,
                                         uint16_t n_ports, const uint64_t secret[2]);

/* The number, or INGRESS_NONE when it has none yet. Any thread. */
uint16_t ingress_table_find(const struct ingress_table *t, const struct ingress *who);

/* The same, but it gets one when there is one to be had. `who->port` is one of the table's. Any
 * thread. */
uint16_t ingress_table_find_or_add(struct ingress_table *t, const struct ingress *who);

/* What a number stands for, as long as the table lives. `number` was given by this table to the
 * calling thread, or is at most ingress_table_count(). */
const struct ingress *ingress_table_at(const struct ingress_table *t, uint16_t number);

/* Numbers are given from 1 to this. Any thread. */
uint32_t ingress_table_count(const struct ingress_table *t);
uint32_t ingress_table_most(const struct ingress_table *t);

/* The untagged ingress of a port. */
static inline uint16_t ingress_number_of_port(uint16_t port)
{
    return (uint16_t)(port + 1);
}

/* What one thread looked up last: packets of one tunnel or VLAN follow each other. Zeroed: nothing
 * yet. */
struct ingress_memo {
    struct ingress who;
    uint16_t number; /* INGRESS_NONE: nothing yet */
};

/* ingress_number() of a packet that has a tag or came in a tunnel. */
uint16_t ingress_number_elsewhere(struct ingress_table *t, struct ingress_memo *memo,
                                  const struct packet_view *view, uint16_t port);

/* The number of a packet that was received by `port`, which is one of the table's; INGRESS_NONE
 * when there is none to be had, and of tagged frames without an IP packet, which nobody asks about.
 * No cache line is read for untagged packets in no tunnel. */
static inline uint16_t ingress_number(struct ingress_table *t, struct ingress_memo *memo,
                                      const struct packet_view *view, uint16_t port)
{
    if (likely_true((view->n_vlans | view->tunnel) == 0))
        return ingress_number_of_port(port);
    return ingress_number_elsewhere(t, memo, view, port);
}

#endif

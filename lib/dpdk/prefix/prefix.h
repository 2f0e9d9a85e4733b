/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slice each packet of a burst belongs to: the answers of slice_classify_linear(), in bulk,
 * whatever the number of slices.
 *
 * The longest source prefix that holds the source address comes from rte_fib (IPv4: DIR-24-8) and
 * rte_fib6 (IPv6: trie). It names a node: the slices that have just this source prefix. When none
 * of them takes the packet (destination, ingress), the node of the next shorter source prefix is
 * asked, and so on. */
#ifndef PREFIX_PREFIX_H
#define PREFIX_PREFIX_H

#include <stdint.h>

#include "config/slice.h"
#include "ingress/ingress.h"
#include "packet/packet.h"

#define PREFIX_MAX_BURST 64
#define PREFIX_NO_SLICE  (-1)

struct prefix_table;

/* Makes the table of `n` slices in memory of a NUMA socket (or SOCKET_ID_ANY). `name` is unique
 * within the process and at most 20 bytes long. The slices are not kept, but must be as a loaded
 * configuration has them. NULL with errno ENOMEM, ENOSPC (more prefixes than a table holds), or
 * EINVAL. EAL is up; the control thread. */
struct prefix_table *prefix_table_create(const char *name, const struct slice *slices, uint32_t n,
                                         int socket);

/* No worker uses it any more. NULL is allowed. */
void prefix_table_destroy(struct prefix_table *t);

/* Where the packets of a burst came in. */
struct prefix_ways {
    const struct ingress_table *table;
    const uint16_t *numbers; /* of each packet, as the table gave them */
    uint16_t port;           /* of all of them: index in config.ports */
    const uint32_t *marks;   /* of each packet, or SLICE_NO_MARK; NULL: none has one */
};

/* Slice index or PREFIX_NO_SLICE of `n` (at most PREFIX_MAX_BURST) parsed packets; returns how many
 * belong to a slice. Views without addresses belong to none. What the slices ask for of the ingress
 * is asked of what the packet's number stands for; where it has none (INGRESS_NONE), of the packet.
 * Any thread. */
unsigned int prefix_classify_bulk(const struct prefix_table *t, const struct packet_view *views,
                                  unsigned int n, const struct prefix_ways *ways, int32_t *slices);

/* Bytes that the tables of so many slices will take, for the printed budget. */
uint64_t prefix_table_memory_bytes(const struct slice *slices, uint32_t n);

#endif

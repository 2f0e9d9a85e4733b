/* SPDX-License-Identifier: BSD-3-Clause */
/* Hugepages that EAL can have, by NUMA node: of the sizes that are mounted alone, and with those
 * that a DPDK process left behind. EAL keeps its pages in files of hugetlbfs, a stop leaves them
 * there, and the next start of any DPDK program removes those that nobody holds by flock
 * (eal_hugepage_info.c); so they are as good as free. Only the main thread asks. */
#ifndef PENNYLINE_HUGEPAGES_H
#define PENNYLINE_HUGEPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUGEPAGES_MAX_NODES 8 /* those beyond count for the last one */

struct hugepages {
    bool is_mounted;
    unsigned int n_nodes;
    struct {
        uint64_t total_bytes; /* of mounted sizes */
        uint64_t free_bytes;  /* of those, and left behind */
    } nodes[HUGEPAGES_MAX_NODES];
    uint64_t unmounted_bytes; /* free, of sizes that are not mounted */
    uint64_t room_bytes; /* free by the limits of the mounts (size=); UINT64_MAX: they have none */
};

/* On which node the first page of an open file lies, or -1. */
typedef int hugepages_node_of(int fd, uint64_t page_bytes);
hugepages_node_of hugepages_node_of_file;

/* `root` is where /sys, /proc and the mounts are: "" of the machine, another one in tests. */
void hugepages_read(const char *root, hugepages_node_of *node_of, struct hugepages *out);

/* What is asked of EAL for so many bytes on each node: more, since its heap has its own overhead
 * and wants room to align; something for EAL itself and its drivers where the manager is, and on
 * each node that is used; and in all never less than `least_mb`, in the same proportions. The sum.
 */
uint64_t hugepages_to_ask_for(const uint64_t needed_bytes[HUGEPAGES_MAX_NODES],
                              unsigned int manager_node, uint64_t least_mb,
                              uint64_t mb[HUGEPAGES_MAX_NODES]);

/* Are there so many MiB on each node? Else `why` is a sentence with the remedy. */
bool hugepages_suffice(const struct hugepages *have, const uint64_t needed_mb[HUGEPAGES_MAX_NODES],
                       char *why, size_t n);

#endif

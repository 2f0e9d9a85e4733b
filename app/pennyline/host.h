/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine offers: read from /sys and /proc, for the preflight and for the start of EAL. */
#ifndef PENNYLINE_HOST_H
#define PENNYLINE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_hugepages {
    uint64_t total_bytes, free_bytes; /* over all page sizes */
    bool is_mounted;                  /* a hugetlbfs that EAL can use */
};

void host_read_hugepages(struct host_hugepages *out);

/* How many pages of 2 MB there must be in all, so that `needed_mb` MiB are free. */
unsigned long host_hugepages_wanted(const struct host_hugepages *have, uint64_t needed_mb);

/* Plain memory that could be had without swapping; UINT64_MAX when the kernel does not say. */
uint64_t host_available_bytes(void);

/* First line of a small file without its newline; false when it cannot be read. */
bool host_read_line(const char *path, char *out, size_t n);

/* A number in a small file, or -1. */
int64_t host_read_number(const char *path);

#endif

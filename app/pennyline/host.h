/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine offers: read from /sys and /proc, for the preflight and for the start of EAL. */
#ifndef PENNYLINE_HOST_H
#define PENNYLINE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Plain memory that could be had without swapping; UINT64_MAX when the kernel does not say. */
uint64_t host_available_bytes(void);

/* First line of a small file without its newline; false when it cannot be read. */
bool host_read_line(const char *path, char *out, size_t n);

/* A number in a small file, or -1. */
int64_t host_read_number(const char *path);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory where EAL keeps what its processes share, one folder for each file prefix: whether
 * a prefix is taken, and whether there is room, before EAL is started. Only the main thread asks.
 */
#ifndef PENNYLINE_RUNTIME_H
#define PENNYLINE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* EAL maps files there, sparse ones; a page of them that finds no room ends the process by SIGBUS,
 * without a word. 1.8 MiB with DPDK 22.11 and one size of pages on one NUMA node (du -s
 * /run/dpdk/PREFIX), most of it for each size and node. */
#define RUNTIME_NEEDED_BYTES (UINT64_C(16) << 20)

/* Words of both `run` and `check`: process, prefix; directory, KiB free, KiB needed. */
#define RUNTIME_OWNED                                                                              \
    "another DPDK program, process %d, runs with the file prefix \"%s\"; stop it, or give this "   \
    "one "                                                                                         \
    "another eal.file_prefix (--file-prefix after --)"
#define RUNTIME_FULL                                                                               \
    "%s has room for %lu KiB, DPDK needs up to %lu there; remove what fills it, or enlarge its "   \
    "file system"

/* As EAL chooses it (eal_filesystem.h, eal_create_runtime_dir): of root or of another user. */
void runtime_directory(char *out, size_t n);

/* The process that is DPDK's primary for `prefix` below `directory`, or 0: nobody. Asks for the
 * record lock on its file "config", as rte_eal_primary_proc_alive() does, and takes nothing. */
pid_t runtime_owner(const char *directory, const char *prefix);

/* Bytes that may still be written there, or in the nearest directory above it that exists;
 * UINT64_MAX when that cannot be known. */
uint64_t runtime_free_bytes(const char *directory);

#endif

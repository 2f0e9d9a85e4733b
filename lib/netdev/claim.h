/* SPDX-License-Identifier: BSD-3-Clause */
/* One owner of each device: a file for each, locked while its owner lives (gone with the process,
 * whatever ends it), in which stands what was changed of the device. So the next owner after a
 * crash knows what is to be put back, and which XDP program was left behind.
 *
 * It is a lock of the open file (fcntl_locking(2), "Open file description locks"): a record lock of
 * the process would be gone as soon as that process closed the file after a mere look at it.
 *
 * The manager's thread alone. */
#ifndef NETDEV_CLAIM_H
#define NETDEV_CLAIM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netdev/offloads.h"

#define NETDEV_KEY_BYTES 96

/* What stands in the file. */
struct netdev_changes {
    uint32_t interface_index;     /* of the interface that they hold for: names are given again */
    uint32_t xdp_program;         /* the kernel's number of ours; 0: none */
    netdev_features switched_off; /* to be switched on again at the end */
};

struct netdev_claim {
    int fd; /* -1: nothing is claimed */
    struct netdev_changes changes;
};

/* Where the files are: /run/pennyline/devices of root, else below $XDG_RUNTIME_DIR or /tmp. */
void netdev_claim_directory(char *out, size_t n);

/* The name of a kernel interface's file: interfaces of two network namespaces are two, and an
 * alternative name is the same one. */
void netdev_interface_key(const char *interface, char out[NETDEV_KEY_BYTES]);

/* Takes a device for this process; `directory` is made when it is not there. What a dead owner left
 * is in claim->changes. 0; -EBUSY with *owner (0: unknown) when a living process has it; another
 * negative errno. */
int netdev_claim(const char *directory, const char *key, struct netdev_claim *claim, pid_t *owner);

/* Has somebody it, this process included? Then *owner is the process, 0: unknown. Takes nothing. */
bool netdev_claim_is_owned(const char *directory, const char *key, pid_t *owner);

/* What stands in its file, whoever has it. Takes nothing. */
void netdev_claim_look(const char *directory, const char *key, struct netdev_changes *out);

/* Writes claim->changes. 0, or a negative errno. */
int netdev_claim_write(const struct netdev_claim *claim);

/* Gives it back. May be called again and again. */
void netdev_claim_release(struct netdev_claim *claim);

#endif

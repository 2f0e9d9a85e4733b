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

/* What a device is called. The driver of some NICs stays with the kernel (mlx5, mlx4, mana), so
 * that one device is there by its PCI address and as an interface; and of one device there may be
 * several interfaces. So who has an interface shares the device with those who have its other ones,
 * and with nobody who has it by its address. */
struct netdev_key {
    char own[NETDEV_KEY_BYTES];
    char shared[NETDEV_KEY_BYTES]; /* "": none */
};

struct netdev_claim {
    int fd;        /* -1: nothing is claimed */
    int shared_fd; /* -1: nothing is shared */
    struct netdev_changes changes;
};

/* Where the files are: /run/pennyline/devices of root, else below $XDG_RUNTIME_DIR or /tmp. */
void netdev_claim_directory(char *out, size_t n);

/* Of a kernel interface: those of two network namespaces are two, and an alternative name is the
 * same one. `root` is "" in service; a test has a folder with a /sys of its own. */
void netdev_key_interface(const char *root, const char *interface, struct netdev_key *out);

/* Of a PCI device, by its whole address in lower case, 0000:41:00.0. */
void netdev_key_pci(const char *address, struct netdev_key *out);

/* May two owners not have these at once? */
bool netdev_key_conflicts(const struct netdev_key *a, const struct netdev_key *b);

/* Takes a device for this process; `directory` is made when it is not there. What a dead owner left
 * is in claim->changes. 0; -EBUSY with *owner (0: unknown) when a living process has it; another
 * negative errno. */
int netdev_claim(const char *directory, const struct netdev_key *key, struct netdev_claim *claim,
                 pid_t *owner);

/* Has somebody it, this process included? Then *owner is the process, 0: unknown. Takes nothing. */
bool netdev_claim_is_owned(const char *directory, const struct netdev_key *key, pid_t *owner);

/* What stands in its file, whoever has it. Takes nothing. */
void netdev_claim_look(const char *directory, const struct netdev_key *key,
                       struct netdev_changes *out);

/* Writes claim->changes. 0, or a negative errno. */
int netdev_claim_write(const struct netdev_claim *claim);

/* Gives it back. May be called again and again. */
void netdev_claim_release(struct netdev_claim *claim);

#endif

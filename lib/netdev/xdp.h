/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program of a kernel interface. AF_XDP gets its packets by one; whoever takes it away,
 * makes the socket deaf without a word.
 *
 * The manager's thread alone; each call asks the kernel once (rtnetlink, IFLA_XDP). */
#ifndef NETDEV_XDP_H
#define NETDEV_XDP_H

#include <stdint.h>

struct netdev_xdp {
    uint32_t program; /* the kernel's number; 0: none is attached */
    uint32_t flags;   /* XDP_FLAGS_SKB_MODE or so: how it is attached */
};

/* 0, or a negative errno. */
int netdev_xdp_read(uint32_t interface_index, struct netdev_xdp *out);

/* A descriptor that keeps a program alive when it is detached; the caller's. Or a negative errno.
 */
int netdev_xdp_hold(uint32_t program);

/* Attaches the program of such a descriptor as `flags` say, unless another one is there: then
 * -EBUSY. 0, or another negative errno. */
int netdev_xdp_attach(uint32_t interface_index, int program_fd, uint32_t flags);

/* Takes the program of such a descriptor away, if it is attached. 0, or a negative errno: another
 * one is there, or none. */
int netdev_xdp_detach(uint32_t interface_index, int program_fd, uint32_t flags);

#endif

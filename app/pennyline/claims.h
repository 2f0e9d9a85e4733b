/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices of the ports become ours before anything is touched, and their frames those of the
 * wire: offloads of a kernel interface that merge or change frames are off while it is ours. */
#ifndef PENNYLINE_CLAIMS_H
#define PENNYLINE_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct appliance;
struct config_port;

/* Words of both `run` and `check`: port, interface, number, number, interface. */
#define CLAIMS_FOREIGN_PROGRAM                                                                     \
    "port %s: interface %s has an XDP program of somebody else already, number %u (\"bpftool "     \
    "prog "                                                                                        \
    "show id %u\"); stop who made it, or take it off: \"ip link set %s xdp off\""

/* Likewise: port, device, claims_owner_text(). */
#define CLAIMS_OWNED "port %s: %s belongs to another pennyline%s; stop that, or take another device"

/* ", process 12", or nothing of a process that is not known. */
#define CLAIMS_OWNER_BYTES 24
const char *claims_owner_text(pid_t owner, char out[CLAIMS_OWNER_BYTES]);

/* Has somebody the device of a port? Then *owner is the process, 0: unknown. Takes nothing. */
bool claims_is_owned(const struct config_port *port, pid_t *owner);

/* The number of an XDP program of somebody else on the interface of a port that AF_XDP may get, or
 * 0. */
uint32_t claims_foreign_program(const struct config_port *port);

/* Refuses a device that another process has, an XDP program of somebody else, and a port that would
 * get other frames than the wire's. 0, or a negative errno, and why was said. */
int claims_up(struct appliance *a);

/* A port has its queues: writes down the XDP program that a crash would leave behind. */
void claims_note_program(struct appliance *a, uint32_t port);

/* Switches on again what was switched off, here or by an owner that was killed. */
void claims_down(struct appliance *a);

/* Of an interface that is another one now, by the same name: what must be off of it is switched
 * off. 0 or a negative errno after it said why. */
int claims_renew(struct appliance *a, uint32_t port);

#endif

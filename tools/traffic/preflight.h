/* SPDX-License-Identifier: BSD-3-Clause */
/* Before anything is sent: will spoofed segments go where they are meant to, and is nobody there
 * who answers them? */
#ifndef TRAFFIC_PREFLIGHT_H
#define TRAFFIC_PREFLIGHT_H

#include "arguments.h"

/* Prints a line for each thing that was looked at: "good", "advice" or "blocks", the last with its
 * remedy. Returns how many block. Sends nothing but what asks for a neighbor's MAC address. */
unsigned int preflight_check(const struct arguments *arguments);

/* Fills in the interface and the next hop's MAC address by the kernel's route to the destination.
 * 0; or a negative errno, and a line on standard error. */
int preflight_route(struct arguments *arguments);

#endif

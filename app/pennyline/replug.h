/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports whose devices go while packets pass, and come back: the others forward on.
 *
 *   here      its device went: workers leave the port alone
 *   leaving   every worker has been through its loop: the port is closed
 *   away      there is a device again, and it is up: opened, configured, started, given to workers
 */
#ifndef PENNYLINE_REPLUG_H
#define PENNYLINE_REPLUG_H

#include "state.h"

/* In each turn of the manager's loop. */
void replug_serve(struct appliance *a, uint64_t now_ns);

/* Is no worker to use the port now? */
bool replug_is_absent(const struct appliance *a, uint32_t port);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which worker has not been through its loop for long, and what the kernel says of its thread. The
 * sign of life is the count of turns that each worker keeps anyway (stats/load.h), so it costs the
 * packet path nothing. The manager's thread alone; nothing waits. */
#ifndef PENNYLINE_HEARTBEAT_H
#define PENNYLINE_HEARTBEAT_H

#include "state.h"

/* A turn takes microseconds, one that was interrupted some tens of milliseconds. */
#define HEARTBEAT_STALE_NS UINT64_C(1000000000)

/* Every 100 ms: looks at all workers, and tells of those that stand and of those that go on
 * again. */
void heartbeat_look(struct appliance *a, uint64_t now_ns);

/* Has every worker been through its loop once, so that it forwards? */
bool heartbeat_all_turned(const struct appliance *a);

/* What the kernel says that a thread of this process is doing: "running", "waiting for a device".
 */
void heartbeat_read_doing(int tid, char *out, size_t n);

/* A worker that stands now, or NULL. */
const struct worker *heartbeat_stale(const struct appliance *a);

#endif

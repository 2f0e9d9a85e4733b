/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline in DPDK's telemetry (dpdk-telemetry.py, and whatever collects from its socket):
 *     /pennyline/status              the box, workers summed up
 *     /pennyline/worker,N            one worker
 *     /pennyline/aggregates,O,C      C aggregates from the O-th on, in short; slice=NAME and
 *                                    verdict=VERDICT show only those
 *     /pennyline/aggregate,ID,O      one aggregate with its evidence, and its drops from the O-th
 * on /pennyline/verdicts,C,O        the latest C (at most 100), from the O-th on
 *     /pennyline/slices,O,C  ports  lcores  flows  reasons
 *                                    lists, C items from the O-th on
 *     /pennyline/machines,O,C        state machines in short
 *     /pennyline/machine,NAME,O,C    one, with keys by state, and packets by rule from the O-th on
 *     /pennyline/memory  rings       what was taken at start, and its use; messages that wait for
 *                                    the manager
 *
 * Each parameter may be given by its name, too ("count=20"); what is not understood is refused in
 * words.
 *
 * A reply of telemetry holds 16 KiB, and DPDK cuts what is longer without a word. So nothing longer
 * is made: pages end earlier and say where the "next" begins, and what is too long for one reply is
 * said to be in words.
 *
 * Telemetry calls back on threads of its own. They ask the manager's thread, which answers between
 * two epochs, and never touch what it works on. When it does not answer within a second, the reply
 * says so.
 *
 * The state is one for the process, since telemetry's callbacks carry no context. */
#ifndef TELEMETRY_TELEMETRY_H
#define TELEMETRY_TELEMETRY_H

#include <stdint.h>

#include "control/control.h"

/* Registers the endpoints; they stay for the life of the process. Once, by the thread that started
 * EAL. 0, or what rte_telemetry_register_cmd() says. */
int telemetry_open(void);

/* The same thread, before workers' rings are freed: they are not looked at any more, nor is a look
 * under way when it returns. The endpoints stay. */
void telemetry_close(void);

/* The manager's thread, in each of its loops: answers a question if there is one. Never waits. */
void telemetry_serve(const struct control_operations *operations, uint64_t now_ns);

#endif

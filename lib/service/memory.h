/* SPDX-License-Identifier: BSD-3-Clause */
/* Which member the flows of a sticky service have: so a member that returns, or that is being
 * drained, breaks no flow that is known.
 *
 * A table of one worker, eight flows a cache line, of 8 bytes each. A flow is known by 40 bits of a
 * keyed hash beside its place: of 2^20 flows at once, one that begins meets a stranger's entry once
 * in 2^37 times, and then goes where that one goes, as any two flows may. Nobody without the key
 * can bring that about. A full line takes nothing in: who finds no room is served without memory,
 * and counted. So a flood of new flows harms no flow that is known; and since a flow of which one
 * packet was seen makes room after SERVICE_BEGUN_S, it does not harm new ones for long either.
 *
 * Threads: each worker has its own. */
#ifndef SERVICE_MEMORY_H
#define SERVICE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/ask.h"

/* How long a flow is remembered after its last packet: one of which a single second was seen, and
 * any other one. */
#define SERVICE_BEGUN_S 5
#define SERVICE_KNOWN_S 300

struct service_memory;

/* Bytes for `n_flows`, a power of two of at least 8; memory aligned to a cache line. */
size_t service_memory_bytes(uint32_t n_flows);

/* Makes one inside `memory`, which the caller owns. `secret`: from getrandom(2). */
struct service_memory *service_memory_init(void *memory, uint32_t n_flows,
                                           const uint64_t secret[2]);

/* What the two functions below know a flow by. `service`: who is asked, a number that stays the
 * same while the process lives. */
uint64_t service_memory_flow(const struct service_memory *m, const struct service_ask *ask,
                             uint64_t service);

/* The member of a flow that had a packet just now, or SERVICE_NO_MEMBER. `now_s`: seconds of the
 * process's clock, as anywhere here; only differences count. */
uint8_t service_memory_find(struct service_memory *m, uint64_t flow, uint32_t now_s);

/* Remembers the member of a flow, which it may have another one of. False: no room. */
bool service_memory_put(struct service_memory *m, uint64_t flow, uint8_t member, uint32_t now_s);

/* Lines asked for, before a flow is looked for. */
void service_memory_ask(const struct service_memory *m, uint64_t flow);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* From a worker to the manager: one ring for each worker, messages by value, without a lock.
 *
 * The worker posts and never waits: a full ring says so (-ENOBUFS), and the engine keeps what it
 * could not post for the next epoch. The manager drains, but never beyond what manager_accepts().
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdint.h>

#include "engine/message.h"
#include "manager/manager.h"

struct rte_ring;

/* Makes the ring of worker `worker` for at least `n_messages` (rounded up to a power of two) in
 * memory of a NUMA socket. NULL with rte_errno set. EAL is up; the control thread. */
struct rte_ring *export_ring_create(uint16_t worker, uint32_t n_messages, int socket);

/* Neither side uses it any more. NULL is allowed. */
void export_ring_free(struct rte_ring *ring);

/* The worker. `ring` is a struct rte_ring, so that this can be engine_config.post. 0 or -ENOBUFS.
 */
int export_post(void *ring, const struct message *message);

/* The manager. Hands on at most `n_max` messages of this worker, in order, while the manager
 * accepts them. Returns how many. */
unsigned int export_drain(struct rte_ring *ring, struct manager *manager, uint16_t worker,
                          unsigned int n_max);

/* How many messages wait. Any thread. */
unsigned int export_n_waiting(const struct rte_ring *ring);

/* Bytes of such a ring, for the printed budget. */
uint64_t export_ring_memory_bytes(uint32_t n_messages);

#endif

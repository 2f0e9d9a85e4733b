/* SPDX-License-Identifier: BSD-3-Clause */
/* gRPC's server reflection: which services there are, and the files that describe them
 * (reflection.proto). One thread. */
#ifndef GRPC_REFLECTION_H
#define GRPC_REFLECTION_H

#include <stddef.h>
#include <stdint.h>

/* The answer to one ServerReflectionRequest, the caller's. 0, -EBADMSG when the message is none,
 * -ENOMEM. */
int reflection_answer(const uint8_t *message, size_t n, uint8_t **answer, size_t *n_answer);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a call is answered with: from its path and message to bytes, or to a job. One thread. */
#ifndef GRPC_SERVICE_H
#define GRPC_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/token.h"
#include "jobs.h"

/* Of gRPC's status codes. */
enum grpc_status {
    GRPC_OK = 0,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_NOT_FOUND = 5,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAUTHENTICATED = 16,
};

struct service {
    struct jobs *jobs;
    struct start_test_options options;
    const struct token *token; /* of none: whoever calls may */
};

struct service_answer {
    enum grpc_status status;
    const char *words; /* of a status that is not GRPC_OK; static */
    uint8_t *message;  /* of GRPC_OK; the caller's */
    size_t n;
    struct job *job; /* not NULL: the message comes later, with `owner` */
};

/* May somebody who sent this "authorization" (or none: NULL) make the call of that path? Health is
 * no secret. */
bool service_allows(const struct service *s, const char *path, const char *authorization);

/* Is it a call of many messages, each of which is answered as soon as it is there? */
bool service_is_streaming(const char *path);

/* Answers one message of such a call: a message, or a status that ends the call. */
void service_stream_call(const uint8_t *message, size_t n, struct service_answer *out);

/* `path` as the request has it, the message without its gRPC header. */
void service_call(struct service *s, const char *path, const uint8_t *message, size_t n,
                  void *owner, struct service_answer *out);

#endif

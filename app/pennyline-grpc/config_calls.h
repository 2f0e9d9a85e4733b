/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers of 1.1.0's further calls. Pure but for memory. */
#ifndef GRPC_CONFIG_CALLS_H
#define GRPC_CONFIG_CALLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ConfigResponse; `effective` may be NULL. New bytes, the caller's; NULL when memory is short. */
uint8_t *config_answer(const char *status, const json_t *effective, size_t *n);

/* A RuntimeStatusResponse from what "status" said, or NULL and the status in words. */
uint8_t *status_answer(const char *status, const json_t *said, size_t *n);

/* A HealthCheckResponse. */
uint8_t *health_answer(bool is_serving, size_t *n);

#endif

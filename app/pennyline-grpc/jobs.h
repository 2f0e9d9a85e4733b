/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that wait for pennyline, a thread each. The main thread begins a job, hears by a descriptor
 * when one is done, and may give one up: then the test that it waits for is ended. */
#ifndef GRPC_JOBS_H
#define GRPC_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "start_test.h"

enum job_kind { JOB_START_TEST, JOB_RELOAD, JOB_EFFECTIVE_CONFIG, JOB_STATUS, JOB_HEALTH };

struct job;
struct jobs;

/* What a job came to: the message of the answer (owned by it, NULL when memory was short). */
struct job_result {
    uint8_t *message;
    size_t n;
};

/* `socket` outlives it. NULL when memory or descriptors are short. */
struct jobs *jobs_create(const char *socket, unsigned int most);
/* Gives up those that are left, and waits for them. */
void jobs_destroy(struct jobs *jobs);

/* Readable when a job is done. */
int jobs_descriptor(const struct jobs *jobs);

/* Begins one; of JOB_START_TEST the test is taken over, and emptied. `owner` is given back with it.
 * NULL: too many are under way, or no thread is to be had. */
struct job *jobs_begin(struct jobs *jobs, enum job_kind kind, struct start_test *test, void *owner);

/* Nobody waits for it any more; it is not told of again. */
void jobs_give_up(struct jobs *jobs, struct job *job);

/* The owner of a job that is done, with its result, which is the caller's; NULL: no more. */
void *jobs_next(struct jobs *jobs, struct job_result *result);

unsigned int jobs_under_way(const struct jobs *jobs);

#endif

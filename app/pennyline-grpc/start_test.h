/* SPDX-License-Identifier: BSD-3-Clause */
/* StartTest: a request of OpenPenny's to a command of ours, and what the test found to its
 * response. Pure but for memory; any thread. */
#ifndef GRPC_START_TEST_H
#define GRPC_START_TEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define START_TEST_ERROR_BYTES 2304

/* A test that is asked for. */
struct start_test {
    char *test_id;
    json_t *command;  /* for the control socket: "test", with its events */
    json_t *warnings; /* what of the request is not honoured, an array of texts */
    bool is_passive;
    char error[START_TEST_ERROR_BYTES]; /* "": it can be asked for */
};

struct start_test_options {
    bool allow_no_prefix; /* then every IPv4 source is tested */
};

/* Reads the message. 0; -EBADMSG when it is none; -ENOMEM. A request that cannot be done is told in
 * `error`. `out` is the caller's, to be given to start_test_free() in any case. */
int start_test_read(const uint8_t *message, size_t n, const struct start_test_options *options,
                    struct start_test *out);
void start_test_free(struct start_test *t);

/* The response: `shown` is what "test show" said, or NULL, and then `error` is the status. New
 * bytes, the caller's; NULL when memory is short. */
uint8_t *start_test_answer(const struct start_test *t, const json_t *shown, const char *error,
                           size_t *n);

#endif

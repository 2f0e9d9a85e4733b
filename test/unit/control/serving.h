/* SPDX-License-Identifier: BSD-3-Clause */
/* A server on a socket of its own, in the test's process: it serves when the test says so. */
#ifndef TEST_CONTROL_SERVING_H
#define TEST_CONTROL_SERVING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

struct serving {
    struct world world;
    struct control *control;
    char directory[64], inner[96], path[108], error[512];
};

/* Of cmocka: the state is a struct serving. */
int serving_set_up(void **state);
int serving_tear_down(void **state);

/* One more server on the same path: NULL with an error. */
struct control *serving_open(struct serving *f);

/* Serves all that waits. */
void serving_poll(struct serving *f);

/* A client's socket; -1: nobody listens. serving_connect() has it served, too. */
int serving_try_connect(const struct serving *f);
int serving_connect(struct serving *f);

void serving_say(int fd, const char *text);

/* All that is there to read now; at most n - 1 bytes. Ends with NUL. False when the server closed
 * the connection. */
bool serving_hear(int fd, char *out, size_t n);

void assert_heard(int fd, const char *expected);

#endif

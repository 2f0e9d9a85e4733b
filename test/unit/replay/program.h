/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-replay as a person runs it, over captures that are made here. */
#ifndef REPLAY_PROGRAM_H
#define REPLAY_PROGRAM_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "segments.h"

#define SECONDS(n) (NS_PER_S * (uint64_t)(n))
#define N_FLOWS    20
#define N_SEGMENTS 8000
#define BASE_NS    SECONDS(1700000000)

/* The program's path, and the folder of fixtures; main() sets them. */
extern const char *program, *fixtures;

struct fixture {
    char directory[64], capture[96], output[262144];
    struct segment segments[N_FLOWS + N_SEGMENTS];
    size_t n;
};

/* The segments are those of a blind sender: 20 flows that take turns, 1000 segments a second,
 * nothing ever again. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Runs it over f->capture ($FILE in the arguments, which are bash's), with what it says in
 * f->output; its exit code. */
int run(struct fixture *f, const char *arguments);

/* The summary of a run that must end with this code. The caller's. */
json_t *summary_of(struct fixture *f, const char *arguments, int code);

json_int_t integer(json_t *object, const char *key);
json_t *aggregate_of(json_t *summary, size_t i);
json_t *passive_of(json_t *summary);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and tests at run time, with an appliance that builds when the test says so. */
#ifndef TEST_ONDEMAND_WORLD_H
#define TEST_ONDEMAND_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/time.h"
#include "engine/aggregate.h"
#include "ondemand/ondemand.h"
#include "json/json.h"

struct event {
    char kind[32], slice[64], reason[256];
};

struct world {
    json_t *file;
    struct config *in_force;
    struct aggregate_table *table;
    struct engine_gate gate;
    struct manager *manager;
    struct ondemand *o;
    uint64_t now_ns;
    bool refuses;      /* apply() does */
    json_t *building;  /* what apply() was last given, until finish() */
    unsigned n_builds; /* begun */
    json_t *kept;      /* what keep() was last given */
    struct event events[64];
    unsigned n_events;
};

struct config *load(json_t *root);
int open_world(void **state);
int close_world(void **state);
void finish(struct world *w, const char *error);
void poll_later(struct world *w);
json_t *request_of(const char *text);
json_t *test_of(struct world *w, const char *text);
void assert_refused(struct world *w, const char *text, const char *words);
const json_t *built(const struct world *w, size_t i);
void assert_json(const json_t *value, const char *text);
json_t *slice_request(const char *name, const char *source);
void add_slice(struct world *w, const char *name, const char *source);
const struct event *latest(const struct world *w);

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

#endif

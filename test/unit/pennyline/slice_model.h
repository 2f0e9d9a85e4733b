/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices as simple as can be: prefixes of 32 sources, 10.0.0.0 to 10.0.0.31, by name. */
#ifndef TEST_PENNYLINE_SLICE_MODEL_H
#define TEST_PENNYLINE_SLICE_MODEL_H

#include <jansson.h>
#include <stdbool.h>

#include "config/config.h"

enum { N_SOURCES = 32, MOST_BITS = 5, N_SLOTS = 24 };

struct part {
    unsigned first, bits; /* 10.0.0.first/(27 + bits) */
};

/* A slice of the model. */
struct one {
    char name[CONFIG_NAME_BYTES];
    struct part parts[2];
    unsigned n_parts, max_drops;
    enum slice_mode mode;
};

struct set {
    struct one all[N_SLOTS];
    unsigned n;
};

bool part_holds(const struct part *p, unsigned source);
bool one_overlaps(const struct one *a, const struct one *b);
bool one_is_same(const struct one *a, const struct one *b);
/* As the configuration has it; the caller's. */
json_t *one_json(const struct one *one);

/* NULL: there is none of that name. */
const struct one *set_find(const struct set *s, const char *name);
/* In the place of the one of its name, if there is one. */
void set_put(struct set *s, const struct one *one);
void set_take_out(struct set *s, const char *name);
/* Has another one a prefix of it? */
bool set_ties(const struct set *s, const struct one *one);
/* The one with the longest prefix around it; "": nobody. */
const char *set_owner(const struct set *s, unsigned source);

#endif

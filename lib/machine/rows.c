/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of one or two bytes: each value has a class, and equal rows are one class. Wider fields:
 * values between two neighbouring ends of ranges have one row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/rows.h"

#define WIDEST_DIRECT 2

static struct field_value value_of(const uint8_t bytes[MACHINE_VALUE_BYTES], uint8_t width)
{
    struct field_value v = {0, 0};

    for (uint8_t i = 0; i < width; i++) {
        v.high = v.high << 8 | v.low >> 56;
        v.low = v.low << 8 | bytes[i];
    }
    return v;
}

static int compare(const void *a, const void *b)
{
    const struct field_value *p = a, *q = b;

    if (p->high != q->high)
        return p->high < q->high ? -1 : 1;
    return p->low < q->low ? -1 : p->low > q->low;
}

/* All ones from the top, then zeros? */
static bool is_prefix_mask(const uint8_t *mask, uint8_t width)
{
    bool ended = false;

    for (unsigned int bit = 0; bit < 8u * width; bit++) {
        bool is_set = (mask[bit / 8] >> (7 - bit % 8) & 1) != 0;

        if (is_set && ended)
            return false;
        ended = ended || !is_set;
    }
    return true;
}

bool rows_need_mask(const struct machine_match *match)
{
    const uint8_t width = machine_field_bytes((enum machine_field)match->field);

    for (uint32_t i = 0; i < match->n_values; i++)
        if (width > WIDEST_DIRECT && match->values[i].is_mask &&
            !is_prefix_mask(match->values[i].last, width))
            return true;
    return false;
}

void rows_masked(const struct machine_match *match, uint32_t i, struct masked_value *out)
{
    const uint8_t width = machine_field_bytes((enum machine_field)match->field);
    const struct machine_values *v = &match->values[i];

    out->first = value_of(v->first, width);
    out->last = value_of(v->last, width);
    out->is_mask = v->is_mask;
}

/* First and last value; of a mask that is a prefix, those of the prefix. */
static void ends_of(const struct machine_values *v, uint8_t width, struct field_value *first,
                    struct field_value *last)
{
    uint8_t bytes[MACHINE_VALUE_BYTES];

    *first = value_of(v->first, width);
    for (uint8_t i = 0; i < MACHINE_VALUE_BYTES; i++)
        bytes[i] = v->is_mask ? (uint8_t)(v->first[i] | ~v->last[i]) : v->last[i];
    *last = value_of(bytes, width);
}

static const struct machine_match *match_of(const struct machine_rule *rule, uint8_t field)
{
    for (uint32_t k = 0; k < rule->n_matches; k++)
        if (rule->matches[k].field == field)
            return &rule->matches[k];
    return NULL;
}

/* Adds the rule to the rows of the values that it takes. */
static void add_values(uint64_t *rows, uint32_t n_words, uint32_t rule,
                       const struct machine_match *match, uint8_t width)
{
    for (uint32_t i = 0; i < match->n_values; i++) {
        const struct machine_values *values = &match->values[i];
        const uint64_t first = value_of(values->first, width).low;
        const uint64_t last = value_of(values->last, width).low;

        for (uint64_t v = first; !values->is_mask && v <= last; v++)
            row_add(rows + v * n_words, rule);
        for (uint64_t v = 0; values->is_mask && v < UINT64_C(1) << 8 * width; v++)
            if ((v & last) == first)
                row_add(rows + v * n_words, rule);
    }
}

/* Rules that do not look at the field hold whatever it is, also where it is not there. */
static int fill_absent(struct field_rows *f, const struct machine_program *p,
                       const struct machine *m)
{
    f->absent = calloc(p->n_words, sizeof(uint64_t));
    if (f->absent == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->n_rules; i++)
        if (match_of(&m->rules[i], f->field) == NULL)
            row_add(f->absent, i);
    return 0;
}

/* The row's number among those so far, which are found by their hash. */
static uint32_t class_of(uint64_t *rows, uint32_t n_words, const uint64_t *row, uint32_t *n_rows,
                         uint32_t *slots, uint32_t n_slots)
{
    uint64_t h = 0;
    uint32_t at;

    for (uint32_t w = 0; w < n_words; w++)
        h = (h ^ row[w]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
    for (at = (uint32_t)(h >> 32) & (n_slots - 1); slots[at] != 0; at = (at + 1) & (n_slots - 1))
        if (memcmp(rows + (size_t)(slots[at] - 1) * n_words, row, n_words * sizeof(*row)) == 0)
            return slots[at] - 1;
    memcpy(rows + (size_t)*n_rows * n_words, row, n_words * sizeof(*row));
    slots[at] = ++*n_rows;
    return *n_rows - 1;
}

/* Most values share their rows. */
static int shorten(struct field_rows *f, size_t n_words)
{
    uint64_t *rows = malloc(n_words * sizeof(uint64_t));

    if (rows == NULL)
        return -ENOMEM;
    memcpy(rows, f->rows, n_words * sizeof(uint64_t));
    free(f->rows);
    f->rows = rows;
    return 0;
}

/* What the rows of all values would be, one at a time. */
static int fill_direct(struct field_rows *f, const struct machine_program *p,
                       const struct machine *m, uint8_t width)
{
    const uint32_t n_values = 1u << 8 * width, n_slots = 2 * n_values;
    uint64_t *all = calloc((size_t)n_values * p->n_words, sizeof(uint64_t));
    uint32_t *slots = calloc(n_slots, sizeof(*slots)), n_rows = 0;
    int error = -ENOMEM;

    f->classes = calloc(n_values, sizeof(*f->classes));
    f->rows = calloc((size_t)n_values * p->n_words, sizeof(uint64_t));
    if (all != NULL && slots != NULL && f->classes != NULL && f->rows != NULL) {
        for (uint32_t i = 0; i < p->n_rules; i++) {
            const struct machine_match *match = match_of(&m->rules[i], f->field);

            if (match != NULL)
                add_values(all, p->n_words, i, match, width);
            for (uint32_t v = 0; match == NULL && v < n_values; v++)
                row_add(all + (size_t)v * p->n_words, i);
        }
        for (uint32_t v = 0; v < n_values; v++)
            f->classes[v] = (uint16_t)class_of(f->rows, p->n_words, all + (size_t)v * p->n_words,
                                               &n_rows, slots, n_slots);
        error = 0;
    }
    free(all);
    free(slots);
    return error == 0 ? shorten(f, (size_t)n_rows * p->n_words) : error;
}

/* Where a range begins, and where what is behind it does. */
static uint32_t find_starts(struct field_rows *f, const struct machine_program *p,
                            const struct machine *m, uint8_t width)
{
    uint32_t n = 1, n_kept = 1;

    for (uint32_t i = 0; i < p->n_rules; i++) {
        const struct machine_match *match = match_of(&m->rules[i], f->field);

        if (match == NULL || rows_need_mask(match))
            continue;
        for (uint32_t k = 0; k < match->n_values; k++) {
            struct field_value first, last;

            ends_of(&match->values[k], width, &first, &last);
            f->starts[n++] = first;
            last.low++;
            last.high += last.low == 0;
            if (last.high != 0 || last.low != 0)
                f->starts[n++] = last;
        }
    }
    qsort(f->starts, n, sizeof(f->starts[0]), compare);
    for (uint32_t i = 1; i < n; i++)
        if (compare(&f->starts[i], &f->starts[n_kept - 1]) != 0)
            f->starts[n_kept++] = f->starts[i];
    return n_kept;
}

static uint32_t start_at(const struct field_rows *f, const struct field_value *v)
{
    const struct field_value *at =
        bsearch(v, f->starts, f->n_starts, sizeof(f->starts[0]), compare);

    return at != NULL ? (uint32_t)(at - f->starts) : f->n_starts;
}

static void fill_intervals(struct field_rows *f, const struct machine_program *p,
                           const struct machine *m, uint8_t width)
{
    for (uint32_t i = 0; i < p->n_rules; i++) {
        const struct machine_match *match = match_of(&m->rules[i], f->field);

        if (match == NULL || rows_need_mask(match)) {
            for (uint32_t s = 0; s < f->n_starts; s++)
                row_add(f->rows + (size_t)s * p->n_words, i);
            continue;
        }
        for (uint32_t k = 0; k < match->n_values; k++) {
            struct field_value first, last;

            ends_of(&match->values[k], width, &first, &last);
            for (uint32_t s = start_at(f, &first);
                 s < f->n_starts && compare(&f->starts[s], &last) <= 0; s++)
                row_add(f->rows + (size_t)s * p->n_words, i);
        }
    }
}

static int fill_wide(struct field_rows *f, const struct machine_program *p, const struct machine *m,
                     uint8_t width)
{
    size_t n = 1;

    for (uint32_t i = 0; i < p->n_rules; i++) {
        const struct machine_match *match = match_of(&m->rules[i], f->field);

        n += match != NULL ? 2 * (size_t)match->n_values : 0;
    }
    f->starts = calloc(n, sizeof(*f->starts));
    if (f->starts == NULL)
        return -ENOMEM;
    f->n_starts = find_starts(f, p, m, width);
    f->rows = calloc((size_t)f->n_starts * p->n_words, sizeof(uint64_t));
    if (f->rows == NULL)
        return -ENOMEM;
    fill_intervals(f, p, m, width);
    return 0;
}

int rows_fill(struct field_rows *f, const struct machine_program *p, const struct machine *m)
{
    const uint8_t width = machine_field_bytes((enum machine_field)f->field);
    int error = fill_absent(f, p, m);

    if (error != 0)
        return error;
    return width <= WIDEST_DIRECT ? fill_direct(f, p, m, width) : fill_wide(f, p, m, width);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "slice_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

bool part_holds(const struct part *p, unsigned source)
{
    return source >> (MOST_BITS - p->bits) == p->first >> (MOST_BITS - p->bits);
}

static bool part_is_same(const struct part *p, const struct part *q)
{
    return p->first == q->first && p->bits == q->bits;
}

static bool one_ties(const struct one *a, const struct one *b)
{
    for (unsigned i = 0; i < a->n_parts; i++)
        for (unsigned k = 0; k < b->n_parts; k++)
            if (part_is_same(&a->parts[i], &b->parts[k]))
                return true;
    return false;
}

bool one_overlaps(const struct one *a, const struct one *b)
{
    for (unsigned source = 0; source < N_SOURCES; source++)
        for (unsigned i = 0; i < a->n_parts; i++)
            for (unsigned k = 0; k < b->n_parts; k++)
                if (part_holds(&a->parts[i], source) && part_holds(&b->parts[k], source))
                    return true;
    return false;
}

const struct one *set_find(const struct set *s, const char *name)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->all[i].name, name) == 0)
            return &s->all[i];
    return NULL;
}

void set_put(struct set *s, const struct one *one)
{
    struct one *there = (struct one *)(uintptr_t)set_find(s, one->name);

    assert_true(there != NULL || s->n < N_SLOTS);
    *(there != NULL ? there : &s->all[s->n++]) = *one;
}

void set_take_out(struct set *s, const char *name)
{
    const struct one *there = set_find(s, name);

    if (there != NULL)
        s->all[there - s->all] = s->all[--s->n];
}

bool set_ties(const struct set *s, const struct one *one)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->all[i].name, one->name) != 0 && one_ties(&s->all[i], one))
            return true;
    return false;
}

/* The one with the longest prefix around it; "": nobody. */
const char *set_owner(const struct set *s, unsigned source)
{
    const char *owner = "";
    int longest = -1;

    for (unsigned i = 0; i < s->n; i++)
        for (unsigned k = 0; k < s->all[i].n_parts; k++)
            if (part_holds(&s->all[i].parts[k], source) && (int)s->all[i].parts[k].bits > longest) {
                longest = (int)s->all[i].parts[k].bits;
                owner = s->all[i].name;
            }
    return owner;
}

json_t *one_json(const struct one *one)
{
    static const char *const modes[] = {
        [SLICE_ACTIVE] = "active", [SLICE_PASSIVE] = "passive", [SLICE_OFF] = "off"};

    return json_pack("{s:s, s:[o], s:s, s:s, s:i}", "name", one->name, "sources",
                     json_sprintf("10.0.0.%u/%u", one->parts[0].first, 27 + one->parts[0].bits),
                     "mode", modes[one->mode], "start", "manual", "max_drops_per_flow",
                     (int)one->max_drops);
}

bool one_is_same(const struct one *a, const struct one *b)
{
    return a->n_parts == b->n_parts && part_is_same(&a->parts[0], &b->parts[0]) &&
           (a->n_parts < 2 || part_is_same(&a->parts[1], &b->parts[1])) &&
           a->max_drops == b->max_drops && a->mode == b->mode;
}

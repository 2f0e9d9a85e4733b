/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/neighbours.h"
#include "config/option.h"

#define NOWHERE UINT32_MAX

bool option_slice_is_there(const void *slice)
{
    return slice_is_present(slice);
}

uint32_t config_n_present(const struct config *config)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < config->n_slices; i++)
        n += slice_is_present(&config->slices[i]);
    return n;
}

static const char *const fate_names[] = {
    [SLICE_STAYS] = "stays", [SLICE_IS_RETUNED] = "retuned", [SLICE_IS_REDRAWN] = "redrawn",
    [SLICE_COMES] = "comes", [SLICE_LEAVES] = "leaves",      [SLICE_IS_ELSEWHERE] = "elsewhere",
};

const char *slice_fate_name(enum slice_fate fate)
{
    return fate_names[fate];
}

/* Does what was counted of the one go on with the other? */
static bool is_same_slice(const struct slice *before, const struct slice *after)
{
    return strcmp(before->name, after->name) == 0 &&
           (before->mode == SLICE_PASSIVE) == (after->mode == SLICE_PASSIVE) &&
           before->granularity.ipv4 == after->granularity.ipv4 &&
           before->granularity.ipv6 == after->granularity.ipv6;
}

/* A place for sorting by name. */
struct name_place {
    const char *name;
    uint32_t at;
};

static int compare_names(const void *a, const void *b)
{
    const struct name_place *p = a, *q = b;

    return strcmp(p->name, q->name);
}

/* The slices that are present, by name; *n of them. The caller's, or NULL. */
static struct name_place *present_by_name(const struct config *c, uint32_t *n)
{
    struct name_place *sorted = calloc(c->n_slices + 1, sizeof(*sorted));

    *n = 0;
    for (uint32_t i = 0; sorted != NULL && i < c->n_slices; i++)
        if (slice_is_present(&c->slices[i]))
            sorted[(*n)++] = (struct name_place){c->slices[i].name, i};
    if (sorted != NULL)
        qsort(sorted, *n, sizeof(*sorted), compare_names);
    return sorted;
}

static uint32_t find_name(const struct name_place *sorted, uint32_t n, const char *name)
{
    const struct name_place wanted = {.name = name};
    const struct name_place *found = bsearch(&wanted, sorted, n, sizeof(*sorted), compare_names);

    return found != NULL ? found->at : NOWHERE;
}

/* slot_of[i] for each slice of `config` that has had one; the others get NOWHERE. */
static int find_old_slots(const struct config *config, const struct config *before,
                          uint32_t *slot_of)
{
    uint32_t n = 0;
    struct name_place *olds = NULL;

    if (before != NULL && (olds = present_by_name(before, &n)) == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < config->n_slices; i++) {
        const struct slice *s = &config->slices[i];
        uint32_t slot = before == NULL ? NOWHERE : find_name(olds, n, s->name);

        slot_of[i] = slot != NOWHERE && is_same_slice(&before->slices[slot], s) ? slot : NOWHERE;
    }
    free(olds);
    return 0;
}

/* Nobody is there, and nobody's aggregates are. */
static bool is_free(const struct config *before, const bool *is_held, const bool *is_given,
                    uint32_t slot)
{
    if (is_given[slot])
        return false;
    if (before == NULL || slot >= before->n_slices || before->slices[slot].presence == SLICE_ABSENT)
        return true;
    return before->slices[slot].presence == SLICE_LEAVING && !is_held[slot];
}

static int find_slots(const struct config *config, const struct config *before, const bool *is_held,
                      uint32_t n_slots, uint32_t *slot_of, bool *is_given)
{
    uint32_t slot = 0;
    int error = find_old_slots(config, before, slot_of);

    for (uint32_t i = 0; error == 0 && i < config->n_slices; i++)
        if (slot_of[i] != NOWHERE)
            is_given[slot_of[i]] = true;
    for (uint32_t i = 0; error == 0 && i < config->n_slices; i++) {
        if (slot_of[i] != NOWHERE)
            continue;
        while (slot < n_slots && !is_free(before, is_held, is_given, slot))
            slot++;
        if (slot == n_slots)
            return -ENOSPC;
        slot_of[i] = slot++;
    }
    return error;
}

static struct ip_prefix *copy_prefixes(const struct ip_prefix *prefixes, uint32_t n)
{
    struct ip_prefix *copy = calloc(n + 1, sizeof(*copy));

    if (copy != NULL)
        memcpy(copy, prefixes, n * sizeof(*copy));
    return copy;
}

/* It has its name until nothing speaks of it any more. */
static int keep_leaving(struct slice *out, const struct slice *s)
{
    *out = *s;
    out->presence = SLICE_LEAVING;
    out->n_next_hops = 0;
    out->escalation = (struct slice_escalation){.test = SLICE_NONE};
    out->sources = copy_prefixes(s->sources, s->n_sources);
    out->destinations = copy_prefixes(s->destinations, s->n_destinations);
    return out->sources != NULL && out->destinations != NULL ? 0 : -ENOMEM;
}

static int keep_all_leaving(struct slice *slots, const struct config *before, const bool *is_held)
{
    for (uint32_t i = 0; before != NULL && i < before->n_slices; i++) {
        enum slice_presence was = before->slices[i].presence;

        if (slots[i].presence != SLICE_PRESENT &&
            (was == SLICE_PRESENT || (was == SLICE_LEAVING && is_held[i])) &&
            keep_leaving(&slots[i], &before->slices[i]) != 0)
            return -ENOMEM;
    }
    return 0;
}

static void free_leaving(struct slice *slots, uint32_t n_slots)
{
    for (uint32_t i = 0; i < n_slots; i++) {
        if (slots[i].presence != SLICE_LEAVING)
            continue;
        free(slots[i].sources);
        free(slots[i].destinations);
    }
}

static int fill_slots(struct config *config, const struct config *before, const bool *is_held,
                      struct slice *slots, uint32_t n_slots, const uint32_t *slot_of)
{
    for (uint32_t i = 0; i < n_slots; i++)
        slots[i].presence = SLICE_ABSENT;
    for (uint32_t i = 0; i < config->n_slices; i++) {
        struct slice *s = &slots[slot_of[i]];

        *s = config->slices[i];
        if (s->escalation.test != SLICE_NONE)
            s->escalation.test = (uint16_t)slot_of[s->escalation.test];
    }
    for (uint32_t i = 0; i < config->n_countings; i++)
        for (uint32_t k = 0; k < config->countings[i].n_slices; k++)
            config->countings[i].slices[k] = (uint16_t)slot_of[config->countings[i].slices[k]];
    if (keep_all_leaving(slots, before, is_held) != 0) {
        free_leaving(slots, n_slots);
        return -ENOMEM;
    }
    free(config->slices);
    config->slices = slots;
    config->n_slices = n_slots;
    return 0;
}

int config_take_slots(struct config *config, const struct config *before, const bool *is_held,
                      uint32_t n_slots)
{
    uint32_t *slot_of = calloc(config->n_slices + 1, sizeof(*slot_of));
    bool *is_given = calloc(n_slots, sizeof(*is_given));
    struct slice *slots = calloc(n_slots, sizeof(*slots));
    int error = slot_of != NULL && is_given != NULL && slots != NULL
                    ? find_slots(config, before, is_held, n_slots, slot_of, is_given)
                    : -ENOMEM;

    if (error == 0)
        error = fill_slots(config, before, is_held, slots, n_slots, slot_of);
    if (error != 0)
        free(slots);
    free(slot_of);
    free(is_given);
    return error;
}

static enum slice_fate fate_of_class(enum config_change_class class)
{
    return class == CONFIG_TRAFFIC      ? SLICE_IS_REDRAWN
           : class == CONFIG_PARAMETERS ? SLICE_IS_RETUNED
                                        : SLICE_STAYS;
}

static enum slice_fate fate_of_presence(const struct config *before, const struct config *after,
                                        uint32_t slot)
{
    bool was = slice_is_present(&before->slices[slot]), is = slice_is_present(&after->slices[slot]);

    return was && is ? SLICE_STAYS : is ? SLICE_COMES : was ? SLICE_LEAVES : SLICE_IS_ELSEWHERE;
}

int config_fates(const struct config *before, const struct config *after,
                 const struct config_changes *changes, enum slice_fate *fates)
{
    uint32_t n = 0;
    struct name_place *names = present_by_name(after, &n);

    if (names == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < after->n_slices; i++)
        fates[i] = fate_of_presence(before, after, i);
    for (uint32_t i = 0; i < changes->n; i++) {
        const struct config_change *c = &changes->changes[i];
        uint32_t slot = strcmp(c->list, "slices") == 0 ? find_name(names, n, c->name) : NOWHERE;
        enum slice_fate fate = fate_of_class(c->class);

        if (slot != NOWHERE && fates[slot] < fate)
            fates[slot] = fate;
    }
    free(names);
    return neighbours_redraw(before, after, fates);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet that matches two slices belongs to the one with the longer source, and of equal sources
 * to the one with the longer destination, then to the more specific ingress, then to the more
 * specific ports, then to the one with a mark (slice.h). So a slice
 * takes from another one only by a source that lies within, or is, a source of that. Sources of
 * those that did not change are sorted, and each source of those that did looks for itself and for
 * all prefixes around it: at most 129 searches, whatever the number of slices. */
#include "config/neighbours.h"

#include <errno.h>
#include <stdlib.h>

#include "config/option.h"

static bool holds(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
    return outer->is_ipv4 == inner->is_ipv4 && outer->length <= inner->length &&
           ip_prefix_contains(outer, &inner->address);
}

/* Is there an ingress that meets both? */
static bool ingress_meets(const struct slice_ingress *a, const struct slice_ingress *b)
{
    bool ports = a->port != SLICE_ANY_PORT && b->port != SLICE_ANY_PORT;
    bool vlans = a->vlan != SLICE_ANY_VLAN && b->vlan != SLICE_ANY_VLAN;
    bool tunnels = a->tunnel != SLICE_ANY_TUNNEL && b->tunnel != SLICE_ANY_TUNNEL;
    bool ids = a->has_tunnel_id && b->has_tunnel_id;

    return !(ports && a->port != b->port) && !(vlans && a->vlan != b->vlan) &&
           !(tunnels && a->tunnel != b->tunnel) && !(ids && a->tunnel_id != b->tunnel_id);
}

/* As slice_ingress_fits() and slice_ports_fit() have it of what fits. */
static int specificity(const struct slice *s)
{
    const struct slice_ingress *i = &s->ingress;
    int ingress = (i->port != SLICE_ANY_PORT) << 3 | (i->vlan != SLICE_ANY_VLAN) << 2 |
                  (i->tunnel != SLICE_ANY_TUNNEL) << 1 | i->has_tunnel_id;

    return (ingress * (SLICE_PORTS_MOST_SPECIFIC + 1) + slice_ports_specificity(&s->ports)) * 2 +
           s->has_mark;
}

/* By a source of `taker` that is a source of `from`, or lies within it (`is_longer`). */
static bool takes_by_destination(const struct slice *taker, const struct slice *from, bool is_ipv4,
                                 bool is_longer)
{
    bool is_finer = specificity(taker) > specificity(from);

    if (!ingress_meets(&taker->ingress, &from->ingress) ||
        !slice_ports_meet(&taker->ports, &from->ports) || !slice_marks_meet(taker, from))
        return false;
    for (uint32_t i = 0; i < taker->n_destinations; i++) {
        const struct ip_prefix *t = &taker->destinations[i];

        for (uint32_t k = 0; t->is_ipv4 == is_ipv4 && k < from->n_destinations; k++) {
            const struct ip_prefix *f = &from->destinations[k];
            bool is_equal = t->length == f->length;

            if (!holds(f, t) && !(is_longer && holds(t, f)))
                continue;
            if (is_longer || !is_equal || is_finer)
                return true;
        }
    }
    return false;
}

bool slice_may_take_from(const struct slice *taker, const struct slice *from)
{
    for (uint32_t i = 0; i < taker->n_sources; i++)
        for (uint32_t k = 0; k < from->n_sources; k++) {
            const struct ip_prefix *t = &taker->sources[i], *f = &from->sources[k];

            if (holds(f, t) && takes_by_destination(taker, from, t->is_ipv4, t->length > f->length))
                return true;
        }
    return false;
}

/* A source of a slice that goes on. */
struct entry {
    struct ip_prefix source;
    uint32_t slot;
};

struct entries {
    struct entry *all;
    size_t n;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;

    return option_compare_prefixes(&p->source, &q->source);
}

static bool goes_on(enum slice_fate fate)
{
    return fate == SLICE_STAYS || fate == SLICE_IS_RETUNED;
}

static int collect(const struct config *c, const enum slice_fate *fates, struct entries *out)
{
    size_t n = 0;

    for (uint32_t i = 0; i < c->n_slices; i++)
        n += goes_on(fates[i]) ? c->slices[i].n_sources : 0;
    *out = (struct entries){.all = calloc(n + 1, sizeof(*out->all))};
    if (out->all == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < c->n_slices; i++)
        for (uint32_t k = 0; goes_on(fates[i]) && k < c->slices[i].n_sources; k++)
            out->all[out->n++] = (struct entry){c->slices[i].sources[k], i};
    qsort(out->all, out->n, sizeof(*out->all), compare_entries);
    return 0;
}

/* The first entry that is not before the prefix. */
static size_t first_of(const struct entries *e, const struct ip_prefix *prefix)
{
    size_t low = 0, high = e->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (option_compare_prefixes(&e->all[middle].source, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Those that have just this source, which holds a source of the taker. */
static void redraw_at(const struct entries *e, const struct config *c, const struct slice *taker,
                      const struct ip_prefix *source, bool is_longer, enum slice_fate *fates)
{
    for (size_t i = first_of(e, source); i < e->n && ip_prefix_equal(&e->all[i].source, source);
         i++) {
        uint32_t slot = e->all[i].slot;

        if (goes_on(fates[slot]) &&
            takes_by_destination(taker, &c->slices[slot], source->is_ipv4, is_longer))
            fates[slot] = SLICE_IS_REDRAWN;
    }
}

static void redraw_around(const struct entries *e, const struct config *c,
                          const struct slice *taker, enum slice_fate *fates)
{
    for (uint32_t i = 0; i < taker->n_sources; i++) {
        const struct ip_prefix *own = &taker->sources[i];

        for (unsigned int length = 0; length <= own->length; length++) {
            const struct ip_prefix around = ip_prefix_of_address(&own->address, (uint8_t)length);

            redraw_at(e, c, taker, &around, length < own->length, fates);
        }
    }
}

static bool has_changed(enum slice_fate fate)
{
    return fate == SLICE_IS_REDRAWN || fate == SLICE_COMES || fate == SLICE_LEAVES;
}

/* Whoever is redrawn here only loses or gains what others said, so it takes from nobody anew. */
int neighbours_redraw(const struct config *before, const struct config *after,
                      enum slice_fate *fates)
{
    struct entries entries;
    bool *changed = calloc(after->n_slices + 1, sizeof(*changed));
    int error = changed != NULL ? collect(after, fates, &entries) : -ENOMEM;

    if (error != 0) {
        free(changed);
        return error;
    }
    for (uint32_t i = 0; i < after->n_slices; i++)
        changed[i] = has_changed(fates[i]);
    for (uint32_t i = 0; i < after->n_slices; i++) {
        if (!changed[i])
            continue;
        if (slice_is_present(&before->slices[i]))
            redraw_around(&entries, after, &before->slices[i], fates);
        if (slice_is_present(&after->slices[i]))
            redraw_around(&entries, after, &after->slices[i], fates);
    }
    free(entries.all);
    free(changed);
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose packets a slice takes: these must keep their way, and no test that is under way may lose
 * them, since a drop of one test whose repair the other sees would be torn apart. */
#include <stdio.h>
#include <string.h>

#include "config/neighbours.h"
#include "ondemand/internal.h"

#define MOST_NAMES 8

static bool holds(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
    return outer->is_ipv4 == inner->is_ipv4 && outer->length <= inner->length &&
           ip_prefix_contains(outer, &inner->address);
}

static bool any_holds(const struct ip_prefix *outer, uint32_t n, const struct ip_prefix *inner)
{
    for (uint32_t i = 0; i < n; i++)
        if (holds(&outer[i], inner))
            return true;
    return false;
}

static bool has_source_of(const struct slice *s, bool is_ipv4)
{
    for (uint32_t i = 0; i < s->n_sources; i++)
        if (s->sources[i].is_ipv4 == is_ipv4)
            return true;
    return false;
}

/* Does every packet of `s` match `outer`, too? */
static bool covers(const struct slice *outer, const struct slice *s)
{
    const struct slice_ingress *a = &outer->ingress, *b = &s->ingress;

    if ((a->port != SLICE_ANY_PORT && a->port != b->port) ||
        (a->vlan != SLICE_ANY_VLAN && a->vlan != b->vlan) ||
        (a->tunnel != SLICE_ANY_TUNNEL && a->tunnel != b->tunnel) ||
        (a->has_tunnel_id && !(b->has_tunnel_id && a->tunnel_id == b->tunnel_id)))
        return false;
    for (uint32_t i = 0; i < s->n_sources; i++)
        if (!any_holds(outer->sources, outer->n_sources, &s->sources[i]))
            return false;
    for (uint32_t i = 0; i < s->n_destinations; i++)
        if (has_source_of(s, s->destinations[i].is_ipv4) &&
            !any_holds(outer->destinations, outer->n_destinations, &s->destinations[i]))
            return false;
    return true;
}

/* Of the slices that hold all of `s`, the one whose packets they are. */
static const struct slice *owner_of(const struct ondemand *o, const struct slice *s)
{
    const struct slice *owner = NULL;

    for (uint32_t i = 0; i < o->in_force->n_slices; i++) {
        const struct slice *other = &o->in_force->slices[i];

        if (slice_is_present(other) && covers(other, s) && slice_may_take_from(s, other) &&
            (owner == NULL || slice_may_take_from(other, owner)))
            owner = other;
    }
    return owner;
}

static bool has_same_next_hops(const struct slice *a, const struct slice *b)
{
    return a->n_next_hops == b->n_next_hops &&
           memcmp(a->next_hops, b->next_hops, a->n_next_hops * sizeof(a->next_hops[0])) == 0;
}

bool traffic_keep_next_hops(const struct ondemand *o, json_t *described, const struct slice *s,
                            char error[ONDEMAND_ERROR_BYTES])
{
    static const struct slice nobody = {.name = "no slice"};
    const struct slice *owner = owner_of(o, s);
    json_t *names = json_array();

    owner = owner != NULL ? owner : &nobody;
    for (uint32_t i = 0; i < o->in_force->n_slices; i++) {
        const struct slice *other = &o->in_force->slices[i];

        if (!slice_is_present(other) || has_same_next_hops(other, owner) ||
            !slice_may_take_from(s, other) ||
            (owner != &nobody && !slice_may_take_from(other, owner)))
            continue;
        snprintf(error, ONDEMAND_ERROR_BYTES,
                 "its packets leave by different next hops: some as slice \"%s\" says, others as "
                 "%s%s does; test less at a time: a longer source, --destination or --ingress",
                 other->name, owner == &nobody ? "" : "slice ", owner->name);
        json_decref(names);
        return false;
    }
    for (uint32_t i = 0; i < owner->n_next_hops; i++)
        json_array_append_new(names, json_string(o->in_force->next_hops[owner->next_hops[i]].name));
    json_object_set_new(described, "next_hops", names);
    return true;
}

static bool share_a_prefix(const struct ip_prefix *a, uint32_t n_a, const struct ip_prefix *b,
                           uint32_t n_b)
{
    for (uint32_t i = 0; i < n_a; i++)
        for (uint32_t k = 0; k < n_b; k++)
            if (ip_prefix_equal(&a[i], &b[k]))
                return true;
    return false;
}

/* Neither takes packets from the other, since nothing tells them apart. */
static bool are_alike(const struct slice *a, const struct slice *b)
{
    return a->ingress.port == b->ingress.port && a->ingress.vlan == b->ingress.vlan &&
           a->ingress.tunnel == b->ingress.tunnel &&
           share_a_prefix(a->sources, a->n_sources, b->sources, b->n_sources) &&
           share_a_prefix(a->destinations, a->n_destinations, b->destinations, b->n_destinations);
}

static bool refuse_busy(char error[ONDEMAND_ERROR_BYTES], const char *name)
{
    snprintf(error, ONDEMAND_ERROR_BYTES,
             "busy: the test of slice \"%s\", which is under way, has its packets; wait for its "
             "verdict, or end that test (--force): as \"reconfigured\", without a verdict",
             name);
    return false;
}

bool traffic_is_free(const struct ondemand *o, const struct slice *s,
                     const struct wanted_slice *but, char error[ONDEMAND_ERROR_BYTES])
{
    for (uint32_t i = 0; i < o->in_force->n_slices; i++) {
        const struct slice *other = &o->in_force->slices[i];

        if (slice_is_present(other) && slice_may_take_from(s, other) &&
            (but == NULL || strcmp(other->name, but->made->slices[0].name) != 0) &&
            manager_is_slice_tested(o->config.manager, i))
            return refuse_busy(error, other->name);
    }
    /* Those that are on their way. */
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++) {
        const struct wanted_slice *w = &o->slices[i];

        if (w != but && w->test != 0 && (w->state == WANTED_ASKED || w->state == WANTED_BUILDING) &&
            (slice_may_take_from(s, &w->made->slices[0]) ||
             slice_may_take_from(&w->made->slices[0], s)))
            return refuse_busy(error, w->made->slices[0].name);
    }
    return true;
}

bool traffic_has_no_twin(const struct ondemand *o, const struct slice *s,
                         char error[ONDEMAND_ERROR_BYTES])
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++) {
        const struct wanted_slice *w = &o->slices[i];

        if (w->test != 0 && (w->state == WANTED_ASKED || w->state == WANTED_BUILDING) &&
            are_alike(s, &w->made->slices[0]))
            return refuse_busy(error, w->made->slices[0].name);
    }
    return true;
}

/* Has it a half of the source that was asked for, which the test so does without? */
static bool has_a_half(const struct slice *other, const struct ip_prefix *source,
                       const struct slice *s)
{
    for (uint32_t i = 0; i < other->n_sources; i++) {
        const struct ip_prefix *p = &other->sources[i];

        if (p->length == source->length + 1 && holds(source, p) &&
            !any_holds(s->sources, s->n_sources, p))
            return true;
    }
    return false;
}

json_t *traffic_kept_by(const struct ondemand *o, const struct slice *s, const char *source)
{
    json_t *names = json_array();
    struct ip_prefix whole;

    if (ip_prefix_parse(source, &whole) != 0)
        return names;

    for (uint32_t i = 0; i < o->in_force->n_slices && json_array_size(names) < MOST_NAMES; i++) {
        const struct slice *other = &o->in_force->slices[i];

        if (slice_is_present(other) && !slices_is_over(o, other->name) &&
            (slice_may_take_from(other, s) || has_a_half(other, &whole, s)))
            json_array_append_new(names, json_string(other->name));
    }
    return names;
}

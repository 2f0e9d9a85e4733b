/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices that a packet could belong to by equal right.
 *
 * Two prefixes of one length that hold the same address are the same prefix. So a packet can tie
 * two slices only when they have a source in common, a destination in common, the same ingress, and
 * ports in common while both ask for those of the same ends. Hence: sort every slice's sources by
 * (prefix, ingress); within each run of equal ones, sort the destinations of its slices; two equal
 * ones tie unless their ports or marks tell them apart. A tie is refused even where a longer
 * prefix of one of the two would always decide: a rule that people can apply by eye is worth more
 * than the few configurations that it forbids. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"

struct source_entry {
    const struct ip_prefix *source;
    const struct slice_ingress *ingress;
    uint32_t slice;
};

struct destination_entry {
    const struct ip_prefix *destination;
    uint32_t slice;
};

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_ingress(const struct slice_ingress *a, const struct slice_ingress *b)
{
    int order = compare_numbers(a->port, b->port);

    order = order != 0 ? order : compare_numbers(a->vlan, b->vlan);
    order = order != 0 ? order : compare_numbers(a->tunnel, b->tunnel);
    order = order != 0 ? order : compare_numbers(a->has_tunnel_id, b->has_tunnel_id);
    return order != 0 || !a->has_tunnel_id ? order : compare_numbers(a->tunnel_id, b->tunnel_id);
}

static int compare_place(const struct source_entry *a, const struct source_entry *b)
{
    int order = option_compare_prefixes(a->source, b->source);

    return order != 0 ? order : compare_ingress(a->ingress, b->ingress);
}

static int compare_sources(const void *a, const void *b)
{
    const struct source_entry *p = a, *q = b;
    int order = compare_place(p, q);

    return order != 0 ? order : compare_numbers(p->slice, q->slice);
}

static int compare_destinations(const void *a, const void *b)
{
    const struct destination_entry *p = a, *q = b;
    int order = option_compare_prefixes(p->destination, q->destination);

    return order != 0 ? order : compare_numbers(p->slice, q->slice);
}

static int refuse_tie(struct option_reader *r, const struct source_entry *source,
                      const struct destination_entry *first, const struct destination_entry *second)
{
    const struct config *c = r->config;
    char source_text[IP_TEXT_BYTES], destination_text[IP_TEXT_BYTES];
    char found[sizeof(r->error->found)], allowed[sizeof(r->error->allowed)];

    ip_prefix_format(source->source, source_text);
    ip_prefix_format(first->destination, destination_text);
    reader_enter_key(r, "slices");
    reader_enter_item(r, second->slice);
    snprintf(found, sizeof(found), "%.44s to %.44s, as slice \"%.40s\" has it", source_text,
             destination_text, c->slices[first->slice].name);
    snprintf(allowed, sizeof(allowed),
             "a source, destination, ingress, ports or mark that tell it from $.slices[%u]",
             first->slice);
    return reader_refuse(r, found, allowed);
}

static bool ports_and_mark_tie(const struct slice *a, const struct slice *b)
{
    return slice_ports_specificity(&a->ports) == slice_ports_specificity(&b->ports) &&
           slice_ports_meet(&a->ports, &b->ports) && a->has_mark == b->has_mark &&
           slice_marks_meet(a, b);
}

/* Item `at` and those before it with the same destination. */
static int check_before(struct option_reader *r, const struct source_entry *source,
                        const struct destination_entry *all, size_t at)
{
    const struct slice *slices = r->config->slices;

    for (size_t i = at;
         i-- > 0 && option_compare_prefixes(all[i].destination, all[at].destination) == 0;)
        if (ports_and_mark_tie(&slices[all[i].slice], &slices[all[at].slice]))
            return refuse_tie(r, source, &all[i], &all[at]);
    return 0;
}

/* The slices of `entries` share a source and an ingress. */
static int check_run(struct option_reader *r, const struct source_entry *entries, size_t n)
{
    const struct slice *slices = r->config->slices;
    struct destination_entry *all;
    size_t n_all = 0, next = 0;
    int error = 0;

    for (size_t i = 0; i < n; i++)
        n_all += slices[entries[i].slice].n_destinations;
    all = calloc(n_all, sizeof(*all));
    if (all == NULL)
        return reader_no_memory(r);
    for (size_t i = 0; i < n; i++) {
        const struct slice *s = &slices[entries[i].slice];

        for (uint32_t d = 0; d < s->n_destinations; d++)
            all[next++] = (struct destination_entry){&s->destinations[d], entries[i].slice};
    }
    qsort(all, n_all, sizeof(*all), compare_destinations);
    /* A source of one family never meets a destination of the other. */
    for (size_t i = 1; i < n_all && error == 0; i++)
        if (all[i].destination->is_ipv4 == entries[0].source->is_ipv4)
            error = check_before(r, &entries[0], all, i);
    free(all);
    return error;
}

static struct source_entry *collect_sources(const struct config *c, size_t *n)
{
    struct source_entry *entries;
    size_t next = 0;

    *n = 0;
    for (uint32_t i = 0; i < c->n_slices; i++)
        *n += c->slices[i].n_sources;
    entries = calloc(*n + 1, sizeof(*entries));
    if (entries == NULL)
        return NULL;
    for (uint32_t i = 0; i < c->n_slices; i++) {
        const struct slice *s = &c->slices[i];

        for (uint32_t k = 0; k < s->n_sources; k++)
            entries[next++] = (struct source_entry){&s->sources[k], &s->ingress, i};
    }
    return entries;
}

int config_check_overlap(struct option_reader *r)
{
    size_t n, end;
    struct source_entry *entries = collect_sources(r->config, &n);
    int error = 0;

    if (entries == NULL)
        return reader_no_memory(r);
    qsort(entries, n, sizeof(*entries), compare_sources);
    for (size_t begin = 0; begin < n && error == 0; begin = end) {
        for (end = begin + 1; end < n && compare_place(&entries[begin], &entries[end]) == 0;)
            end++;
        if (end - begin > 1)
            error = check_run(r, &entries[begin], end - begin);
    }
    free(entries);
    return error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "info/publish.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "info/check.h"
#include "info/table.h"

static size_t aligned(size_t n)
{
    return (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

/* Where everything lies, one after the other. The header with offsets and total. */
static struct info_header layout_of(const struct info_shape *s)
{
    struct info_header h = {.layout_version = INFO_LAYOUT_VERSION,
                            .header_bytes = sizeof(h),
                            .n_workers = s->n_workers,
                            .n_ports = s->n_ports,
                            .n_pools = s->n_pools,
                            .n_slices = s->n_slices,
                            .n_aggregates_most = s->n_aggregates_most};
    size_t at = aligned(sizeof(h));

    h.workers_at = at;
    at += aligned(s->n_workers * sizeof(struct info_worker));
    h.box_at = at;
    at += aligned(info_table_bytes(1, sizeof(struct info_box)));
    h.ports_at = at;
    at += aligned(info_table_bytes(s->n_ports, sizeof(struct info_port)));
    h.pools_at = at;
    at += aligned(info_table_bytes(s->n_pools, sizeof(struct info_pool)));
    h.slices_at = at;
    at += aligned(info_table_bytes(s->n_slices, sizeof(struct info_slice)));
    h.labels_at = at;
    at += aligned(info_table_bytes(TEST_MOST_BY_COMMAND, sizeof(struct info_label)));
    h.aggregates_at = at;
    at += aligned(info_table_bytes(s->n_aggregates_most, sizeof(struct info_aggregate)));
    h.total_bytes = at;
    return h;
}

static struct info_table *table_at(struct info_header *h, uint64_t at)
{
    return (struct info_table *)((uintptr_t)h + at);
}

size_t info_bytes(const struct info_shape *shape)
{
    return layout_of(shape).total_bytes;
}

struct info_header *info_create(void *memory, const struct info_shape *s)
{
    struct info_header *h = memory;

    memset(memory, 0, sizeof(*h));
    *h = layout_of(s);
    h->fingerprint = info_fingerprint();
    snprintf(h->program_version, sizeof(h->program_version), "%s", PENNYLINE_VERSION);
    memset((uint8_t *)memory + h->workers_at, 0, s->n_workers * sizeof(struct info_worker));
    info_table_init(table_at(h, h->box_at), 1, sizeof(struct info_box));
    info_table_init(table_at(h, h->ports_at), s->n_ports, sizeof(struct info_port));
    info_table_init(table_at(h, h->pools_at), s->n_pools, sizeof(struct info_pool));
    info_table_init(table_at(h, h->slices_at), s->n_slices, sizeof(struct info_slice));
    info_table_init(table_at(h, h->labels_at), TEST_MOST_BY_COMMAND, sizeof(struct info_label));
    info_table_init(table_at(h, h->aggregates_at), s->n_aggregates_most,
                    sizeof(struct info_aggregate));
    return h;
}

void info_set_worker(struct info_header *h, uint32_t i, const struct info_worker *worker)
{
    struct info_worker *workers = (struct info_worker *)((uintptr_t)h + h->workers_at);

    workers[i] = *worker;
}

void info_write_box(struct info_header *h, const struct info_box *box)
{
    info_table_write(table_at(h, h->box_at), 0, box);
}

void info_write_port(struct info_header *h, uint32_t i, const struct info_port *port)
{
    info_table_write(table_at(h, h->ports_at), i, port);
}

void info_write_pool(struct info_header *h, uint32_t i, const struct info_pool *pool)
{
    info_table_write(table_at(h, h->pools_at), i, pool);
}

static void copy_prefixes(struct ip_prefix *to, const struct ip_prefix *from, uint32_t n)
{
    if (n > 0)
        memcpy(to, from, (n < INFO_MOST_PREFIXES ? n : INFO_MOST_PREFIXES) * sizeof(*to));
}

void info_write_slice(struct info_header *h, uint32_t i, const struct slice *slice)
{
    struct info_slice record;

    memset(&record, 0, sizeof(record));
    record.slice = *slice;
    copy_prefixes(record.sources, slice->sources, slice->n_sources);
    copy_prefixes(record.destinations, slice->destinations, slice->n_destinations);
    info_table_write(table_at(h, h->slices_at), i, &record);
}

/* Before the aggregate names it. */
static void write_label(struct info_header *h, const struct aggregate_report *r)
{
    struct info_label record;

    memset(&record, 0, sizeof(record));
    record.aggregate = r->aggregate;
    record.n_tests = r->n_tests;
    snprintf(record.text, sizeof(record.text), "%s", r->label);
    info_table_write(table_at(h, h->labels_at), r->label_place, &record);
}

void info_write_aggregate(struct info_header *h, const struct aggregate_report *r)
{
    struct info_aggregate record;

    if (r->label != NULL)
        write_label(h, r);
    memset(&record, 0, sizeof(record));
    record = (struct info_aggregate){
        .prefix = r->identity->prefix,
        .has_prefix = r->identity->has_prefix,
        .is_there = 1,
        .state = (uint8_t)r->state,
        .rule = (uint8_t)r->rule,
        .verdict = (uint8_t)r->verdict,
        .provisional = r->provisional,
        .mixed = r->mixed,
        .slice = r->identity->slice,
        .via = r->via,
        .reason = r->reason,
        .n_tests = r->n_tests,
        .n_flows_closed_loop = r->n_flows_closed_loop,
        .label = r->label != NULL ? r->label_place + 1 : 0,
        .started_ns = r->started_ns,
        .verdict_ns = r->verdict_ns,
        .ended_ns = r->ended_ns,
        .first_seen_ns = r->first_seen_ns,
        .last_seen_ns = r->last_seen_ns,
        .anytime = r->anytime,
        .penny = r->penny,
        .counters = r->n_tests > 0 ? r->test : *r->total,
    };
    info_table_write(table_at(h, h->aggregates_at), r->aggregate, &record);
}

void info_clear_aggregate(struct info_header *h, uint32_t i)
{
    struct info_aggregate record;

    memset(&record, 0, sizeof(record));
    info_table_write(table_at(h, h->aggregates_at), i, &record);
}

static void set_magic(struct info_header *h, uint64_t magic)
{
    atomic_store_explicit((_Atomic uint64_t *)&h->magic, magic, memory_order_release);
}

void info_open(struct info_header *h)
{
    set_magic(h, INFO_MAGIC);
}

void info_close(struct info_header *h)
{
    set_magic(h, 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "info/read.h"

#include <stdatomic.h>

#include "info/table.h"

static const struct info_table *table_at(const struct info_header *h, uint64_t at)
{
    return (const struct info_table *)((uintptr_t)h + at);
}

bool info_read_box(const struct info_header *h, struct info_box *out)
{
    return info_table_read(table_at(h, h->box_at), 0, out);
}

bool info_read_port(const struct info_header *h, uint32_t i, struct info_port *out)
{
    return info_table_read(table_at(h, h->ports_at), i, out);
}

bool info_read_pool(const struct info_header *h, uint32_t i, struct info_pool *out)
{
    return info_table_read(table_at(h, h->pools_at), i, out);
}

bool info_read_slice(const struct info_header *h, uint32_t i, struct info_slice *out)
{
    return info_table_read(table_at(h, h->slices_at), i, out) &&
           out->slice.presence != SLICE_ABSENT;
}

bool info_read_aggregate(const struct info_header *h, uint32_t i, struct info_aggregate *out)
{
    return info_table_read(table_at(h, h->aggregates_at), i, out) && out->is_there != 0;
}

const struct info_worker *info_worker(const struct info_header *h, uint32_t i)
{
    const struct info_worker *workers = (const struct info_worker *)((uintptr_t)h + h->workers_at);

    return i < h->n_workers ? &workers[i] : NULL;
}

/* Word by word, each whole, while the worker goes on counting. */
static void copy_counters(void *to, const void *from, size_t n_bytes)
{
    const _Atomic uint64_t *words = from;
    uint64_t *out = to;

    for (size_t i = 0; i < n_bytes / sizeof(*out); i++)
        out[i] = atomic_load_explicit(&words[i], memory_order_relaxed);
}

void info_copy_worker(const struct info_worker *w, struct info_worker_counts *out)
{
    copy_counters(&out->counters, w->counters, sizeof(out->counters));
    copy_counters(&out->flows, w->flows, sizeof(out->flows));
    copy_counters(out->packet_reasons, w->packet_reasons, sizeof(out->packet_reasons));
    copy_counters(out->stages, w->stages, sizeof(out->stages));
    copy_counters(&out->load, w->load, sizeof(out->load));
}

struct worker_port info_sum_port(const struct info_header *h, uint32_t port)
{
    struct worker_port sum = {0}, one;
    const struct info_worker *w;

    for (uint32_t i = 0; (w = info_worker(h, i)) != NULL; i++) {
        copy_counters(&one, &w->ports[port], sizeof(one));
        worker_port_add(&sum, &one);
    }
    return sum;
}

json_t *info_port_json(const struct info_header *h, uint32_t i)
{
    struct info_port p;

    if (!info_read_port(h, i, &p))
        return NULL;
    return report_port_json(&(struct report_port){.name = p.name,
                                                  .device = p.device,
                                                  .driver = p.driver,
                                                  .is_mirror = p.is_mirror,
                                                  .link_up = p.link_up,
                                                  .n_rx_queues = p.n_rx_queues,
                                                  .n_tx_queues = p.n_tx_queues,
                                                  .sum = info_sum_port(h, i),
                                                  .counted = p.has_counted ? &p.counted : NULL});
}

json_t *info_slice_json(const struct info_header *h, uint32_t i)
{
    struct info_slice s;

    if (!info_read_slice(h, i, &s))
        return NULL;
    s.slice.sources = s.sources;
    s.slice.destinations = s.destinations;
    return report_slice(&s.slice);
}

/* Of the test that the record is of; NULL: it has none, or not any more. */
static const char *label_of(const struct info_header *h, uint32_t i, const struct info_aggregate *a,
                            struct info_label *label)
{
    bool is_its_own = a->label != 0 &&
                      info_table_read(table_at(h, h->labels_at), a->label - 1, label) &&
                      label->aggregate == i && label->n_tests == a->n_tests;

    label->text[sizeof(label->text) - 1] = '\0';
    return is_its_own ? label->text : NULL;
}

json_t *info_aggregate_json(const struct info_header *h, uint32_t i, const struct info_aggregate *a)
{
    struct info_label label;
    const struct report_clock clock = {h->started_ns, true, h->wall_offset_ns};
    const struct aggregate_identity identity = {a->prefix, a->slice, a->has_prefix};
    struct aggregate_report r = {
        .aggregate = i,
        .label = label_of(h, i, a, &label),
        .identity = &identity,
        .total = &a->counters,
        .test = a->counters,
        .state = a->state,
        .rule = a->rule,
        .anytime = a->anytime,
        .penny = a->penny,
        .verdict = a->verdict,
        .provisional = a->provisional,
        .mixed = a->mixed,
        .via = a->via,
        .reason = a->reason,
        .started_ns = a->started_ns,
        .verdict_ns = a->verdict_ns,
        .ended_ns = a->ended_ns,
        .first_seen_ns = a->first_seen_ns,
        .last_seen_ns = a->last_seen_ns,
        .n_tests = a->n_tests,
        .n_flows_closed_loop = a->n_flows_closed_loop,
    };
    struct info_slice s;

    if (!info_read_slice(h, a->slice, &s))
        return NULL;
    s.slice.sources = s.sources;
    s.slice.destinations = s.destinations;
    r.slice = &s.slice;
    return report_aggregate_row(&r, &clock);
}

json_t *info_memory_json(const struct info_memory *m)
{
    json_t *out =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "workers", (json_int_t)m->n_workers,
                  "worker_engine_bytes", (json_int_t)m->worker_engine_bytes, "worker_ring_bytes",
                  (json_int_t)m->worker_ring_bytes, "packets_bytes", (json_int_t)m->packets_bytes,
                  "prefixes_bytes", (json_int_t)m->prefixes_bytes, "aggregates_and_manager_bytes",
                  (json_int_t)m->aggregates_and_manager_bytes, "info_bytes",
                  (json_int_t)m->info_bytes, "total_bytes", (json_int_t)m->total_bytes);

    if (m->heap_bytes > 0) {
        json_object_set_new(out, "heap_bytes", json_integer((json_int_t)m->heap_bytes));
        json_object_set_new(out, "heap_used_bytes", json_integer((json_int_t)m->heap_used_bytes));
    }
    return out;
}

json_t *info_pool_json(const struct info_pool *p)
{
    return json_pack("{s:s, s:I, s:I}", "pool", p->name, "buffers", (json_int_t)p->n, "available",
                     (json_int_t)p->n_available);
}

json_t *info_use_json(const struct info_use *use)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "flows", (json_int_t)use->n_flows, "flows_most",
                     (json_int_t)use->n_flows_most, "aggregates", (json_int_t)use->n_aggregates,
                     "aggregates_most", (json_int_t)use->n_aggregates_most);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-info/views.h"

#include <rte_ring.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotonic.h"
#include "verdict/outcome.h"

static double age_s(uint64_t time_ns)
{
    return monotonic_s() - (double)time_ns / 1e9;
}

json_t *view_box(const struct info_header *h)
{
    struct info_box box;

    if (!info_read_box(h, &box))
        return NULL;
    return json_pack(
        "{s:s, s:s, s:I, s:f, s:f, s:b, s:o, s:I, s:I, s:I, s:b}", "instance", h->instance,
        "version", h->program_version, "pid", (json_int_t)h->pid, "uptime_s", age_s(h->started_ns),
        "age_s", age_s(box.written_ns), "kill_switch", (int)box.kill_switch, "suspended",
        box.is_suspended ? json_string(box.suspended) : json_null(), "epoch", (json_int_t)box.epoch,
        "n_aggregates", (json_int_t)box.n_aggregates_live, "n_aggregates_refused",
        (json_int_t)box.n_aggregates_refused, "aggregates_full", (int)box.aggregates_are_full);
}

json_t *view_ports(const struct info_header *h)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < h->n_ports; i++)
        json_array_append_new(out, info_port_json(h, i));
    return out;
}

/* A whole worker, as in the status. */
static json_t *worker_json(const struct info_header *h, uint32_t i,
                           const struct worker_load *before)
{
    const struct info_worker *w = info_worker(h, i);
    struct info_worker_counts counts;
    struct load_rates rates;

    info_copy_worker(w, &counts);
    if (before != NULL)
        rates = load_rates_between(&counts.load, before, h->tsc_hz);
    return report_worker_json(i, &(struct report_worker){.lcore = w->lcore,
                                                         .counters = &counts.counters,
                                                         .packet_reasons = counts.packet_reasons,
                                                         .flows = &counts.flows,
                                                         .n_flows_max = (uint32_t)w->n_flows_most,
                                                         .stages = counts.stages,
                                                         .load = &counts.load,
                                                         .rates = before != NULL ? &rates : NULL,
                                                         .tsc_hz = h->tsc_hz});
}

json_t *view_lcores(const struct info_header *h, const struct worker_load *before)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < h->n_workers; i++)
        json_array_append_new(out, worker_json(h, i, before != NULL ? &before[i] : NULL));
    return out;
}

json_t *view_flows(const struct info_header *h)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < h->n_workers; i++) {
        json_t *worker = worker_json(h, i, NULL), *row = json_object();

        json_object_set(row, "lcore", json_object_get(worker, "lcore"));
        json_object_update(row, json_object_get(worker, "flows"));
        json_array_append_new(out, row);
        json_decref(worker);
    }
    return out;
}

json_t *view_rings(const struct info_header *h)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < h->n_workers; i++) {
        const struct rte_ring *ring = info_worker(h, i)->ring;

        json_array_append_new(out, json_pack("{s:s, s:I, s:I, s:I}", "ring", ring->name, "lcore",
                                             (json_int_t)info_worker(h, i)->lcore, "waiting",
                                             (json_int_t)rte_ring_count(ring), "capacity",
                                             (json_int_t)rte_ring_get_capacity(ring)));
    }
    return out;
}

/* Records to look at; not each of them is of an aggregate. */
static uint32_t n_aggregates(const struct info_header *h)
{
    struct info_box box;

    return info_read_box(h, &box) ? (uint32_t)box.n_aggregates : 0;
}

static uint32_t n_live(const struct info_header *h)
{
    struct info_box box;

    return info_read_box(h, &box) ? (uint32_t)box.n_aggregates_live : 0;
}

static struct info_use use_of(const struct info_header *h)
{
    struct info_use use = {.n_aggregates = n_live(h), .n_aggregates_most = h->n_aggregates_most};
    struct info_worker_counts counts;

    for (uint32_t i = 0; i < h->n_workers; i++) {
        info_copy_worker(info_worker(h, i), &counts);
        use.n_flows += counts.flows.n_flows;
        use.n_flows_most += info_worker(h, i)->n_flows_most;
    }
    return use;
}

json_t *view_memory(const struct info_header *h)
{
    json_t *out = info_memory_json(&h->memory), *pools = json_array();
    struct info_use use = use_of(h);
    struct info_pool pool;

    for (uint32_t i = 0; i < h->n_pools; i++)
        if (info_read_pool(h, i, &pool))
            json_array_append_new(pools, info_pool_json(&pool));
    json_object_set_new(out, "pools", pools);
    json_object_set_new(out, "use", info_use_json(&use));
    return out;
}

static void add_one(json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));

    json_object_set_new(object, key, json_integer(n + 1));
}

static const char *verdict_of(const struct info_aggregate *a)
{
    return verdict_name_outcome((enum verdict_outcome)a->verdict);
}

/* By slot: aggregates name these. NULL where nobody is. */
static json_t *slices_by_slot(const struct info_header *h)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < h->n_slices; i++) {
        json_t *slice = info_slice_json(h, i);

        if (slice != NULL) {
            json_object_set_new(slice, "aggregates", json_integer(0));
            json_object_set_new(slice, "verdicts", json_object());
        }
        json_array_append_new(out, slice != NULL ? slice : json_null());
    }
    return out;
}

json_t *view_slices(const struct info_header *h)
{
    uint32_t n = n_aggregates(h);
    struct info_aggregate a;
    json_t *slots = slices_by_slot(h), *out = json_array(), *slice;
    size_t i;

    for (uint32_t k = 0; k < n; k++) {
        slice = info_read_aggregate(h, k, &a) ? json_array_get(slots, a.slice) : NULL;
        if (!json_is_object(slice))
            continue;
        add_one(slice, "aggregates");
        add_one(json_object_get(slice, "verdicts"), verdict_of(&a));
    }
    json_array_foreach (slots, i, slice)
        if (json_is_object(slice))
            json_array_append(out, slice);
    json_decref(slots);
    return out;
}

/* The number of the slice with that name; n_slices when there is none. */
static uint32_t find_slice(const struct info_header *h, const char *name)
{
    struct info_slice s;
    uint32_t i = 0;

    while (i < h->n_slices && !(info_read_slice(h, i, &s) && strcmp(s.slice.name, name) == 0))
        i++;
    return i;
}

bool view_knows_slice(const struct info_header *h, const char *name)
{
    return find_slice(h, name) < h->n_slices;
}

json_t *view_aggregates(const struct info_header *h, const struct page *page)
{
    uint32_t n = n_aggregates(h), total = 0, wanted = 0;
    json_t *rows = json_array();
    struct info_aggregate a;

    if (page->slice != NULL)
        wanted = find_slice(h, page->slice);
    for (uint32_t i = 0; i < n; i++) {
        if (!info_read_aggregate(h, i, &a) || (page->slice != NULL && a.slice != wanted) ||
            (page->verdict != NULL && strcmp(page->verdict, verdict_of(&a)) != 0))
            continue;
        if (total++ < page->offset || (page->count != 0 && json_array_size(rows) >= page->count))
            continue;
        json_array_append_new(rows, info_aggregate_json(h, i, &a));
    }
    return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)total, "offset",
                     (json_int_t)page->offset, "aggregates", rows);
}

json_t *view_verdicts(const struct info_header *h)
{
    json_t *verdicts = json_object(), *states = json_object();
    uint32_t n = n_aggregates(h);
    struct info_aggregate a;

    for (uint32_t i = 0; i < n; i++)
        if (info_read_aggregate(h, i, &a)) {
            add_one(verdicts, verdict_of(&a));
            add_one(states, test_state_name((enum test_state)a.state));
        }
    return json_pack("{s:o, s:o}", "verdicts", verdicts, "tests", states);
}

struct worker_load *view_read_loads(const struct info_header *h)
{
    struct worker_load *out = calloc(h->n_workers + 1, sizeof(*out));
    struct info_worker_counts counts;

    for (uint32_t i = 0; out != NULL && i < h->n_workers; i++) {
        info_copy_worker(info_worker(h, i), &counts);
        out[i] = counts.load;
    }
    return out;
}

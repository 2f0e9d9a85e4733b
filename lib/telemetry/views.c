/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the status, and lists, each as pages by position. */
#include <stdio.h>

#include "base/compiler.h"
#include "telemetry/internal.h"

/* Items of `list` from `offset` on, as many as one reply holds, each as `shape` has it. */
static json_t *page_of(const json_t *list, uint32_t offset, json_t *(*shape)(json_t *item))
{
    size_t n_bytes = 0, total = json_array_size(list), i = offset;
    json_t *items = json_object(), *page;
    char key[24];

    for (; i < total; i++) {
        json_t *item = shape(json_array_get(list, i));

        n_bytes += json_dumpb(item, NULL, 0, 0) + sizeof(key);
        if (n_bytes > TELEMETRY_PAGE_BYTES) {
            json_decref(item);
            break;
        }
        snprintf(key, sizeof(key), "%zu", i);
        json_object_set_new(items, key, item);
    }
    page =
        json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)total, "offset", (json_int_t)offset,
                  "shown", (json_int_t)json_object_size(items), "items", items);
    /* One that is too long by itself is passed over, else no page would lead beyond it. */
    if (i < total)
        json_object_set_new(page, "next", json_integer((json_int_t)(i > offset ? i : i + 1)));
    return page;
}

static json_t *whole(json_t *item)
{
    return json_incref(item);
}

/* The members that `keys` name, of a worker: its lcore is always among them. */
static json_t *of_worker(json_t *worker, const char *key)
{
    json_t *out = json_object();

    json_object_set(out, "lcore", json_object_get(worker, "lcore"));
    json_object_update(out, json_object_get(worker, key));
    return out;
}

static json_t *lcore_item(json_t *worker)
{
    json_t *out = of_worker(worker, "counters"), *load = json_object_get(worker, "load");

    if (load != NULL)
        json_object_set(out, "load", load);
    return out;
}

static json_t *flows_item(json_t *worker)
{
    return of_worker(worker, "flows");
}

static json_t *reasons_item(json_t *worker)
{
    return of_worker(worker, "packet_reasons");
}

json_t *telemetry_shape_lcores(const json_t *status, uint32_t offset)
{
    return page_of(json_object_get(status, "workers"), offset, lcore_item);
}

json_t *telemetry_shape_flows(const json_t *status, uint32_t offset)
{
    return page_of(json_object_get(status, "workers"), offset, flows_item);
}

json_t *telemetry_shape_reasons(const json_t *status, uint32_t offset)
{
    return page_of(json_object_get(status, "workers"), offset, reasons_item);
}

json_t *telemetry_shape_ports(const json_t *status, uint32_t offset)
{
    return page_of(json_object_get(status, "ports"), offset, whole);
}

json_t *telemetry_shape_memory(const json_t *status, uint32_t offset)
{
    (void)offset;
    return json_incref(json_object_get(status, "memory"));
}

json_t *telemetry_shape_slices(const json_t *slices, uint32_t offset)
{
    return page_of(slices, offset, whole);
}

static json_t *verdict_item(json_t *aggregate)
{
    static const char *const kept[] = {"aggregate",     "name",    "verdict", "provisional",
                                       "mixed",         "via",     "reason",  "verdict_s",
                                       "dropped",       "expired", "void",    "duplicates",
                                       "retransmitted", "prefix",  "n_tests"};
    json_t *out = json_object();

    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
        json_object_set(out, kept[i], json_object_get(aggregate, kept[i]));
    return out;
}

json_t *telemetry_shape_verdicts(const json_t *verdicts, uint32_t offset)
{
    return page_of(verdicts, offset, verdict_item);
}

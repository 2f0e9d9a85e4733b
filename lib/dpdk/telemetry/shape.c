/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "telemetry/internal.h"

json_t *telemetry_error(const char *text)
{
    return json_sprintf("error: %s", text);
}

/* sum += object, number by number. */
static void add_numbers(json_t *sum, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach (object, key, value)
        if (json_is_integer(value)) {
            json_int_t before = json_integer_value(json_object_get(sum, key));

            json_object_set_new(sum, key, json_integer(before + json_integer_value(value)));
        }
}

json_t *telemetry_shape_status(const json_t *status, const struct telemetry_parameters *p)
{
    static const char *const kept[] = {"version",   "instance",     "uptime_s",      "kill_switch",
                                       "suspended", "draining",     "tracking_shed", "epoch",
                                       "tests",     "n_aggregates", "drop_budget",   "memory"};
    static const char *const summed[] = {"counters", "packet_reasons", "flows"};
    json_t *workers = json_object_get(status, "workers"), *out = json_object(), *worker;
    size_t w;

    (void)p;
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
        json_object_set(out, kept[i], json_object_get(status, kept[i]));
    json_object_set_new(out, "n_workers", json_integer((json_int_t)json_array_size(workers)));
    for (size_t i = 0; i < ARRAY_LENGTH(summed); i++) {
        json_t *sum = json_object();

        json_array_foreach (workers, w, worker)
            add_numbers(sum, json_object_get(worker, summed[i]));
        json_object_set_new(out, summed[i], sum);
    }
    return out;
}

json_t *telemetry_shape_worker(const json_t *status, const struct telemetry_parameters *p)
{
    json_t *workers = json_object_get(status, "workers");
    char text[96];

    if (p->worker < json_array_size(workers))
        return json_incref(json_array_get(workers, p->worker));
    snprintf(text, sizeof(text), "worker %u: there are %zu, counted from 0", p->worker,
             json_array_size(workers));
    return telemetry_error(text);
}

json_t *telemetry_shape_memory(const json_t *status, const struct telemetry_parameters *p)
{
    (void)p;
    return json_incref(json_object_get(status, "memory"));
}

static json_t *whole(json_t *item)
{
    return json_incref(item);
}

/* All counters and both rules, and of the drops a page. Flows that are tested one by one would not
 * fit as well: pennylinectl shows them. */
json_t *telemetry_shape_aggregate(const json_t *aggregate, const struct telemetry_parameters *p)
{
    json_t *out = json_copy((json_t *)(uintptr_t)aggregate);
    json_t *drops = json_object_get(aggregate, "drops");
    json_t *flows = json_copy(json_object_get(aggregate, "flows"));

    json_object_del(out, "drops");
    if (flows != NULL) {
        size_t n = json_array_size(json_object_get(flows, "individual"));

        json_object_set_new(flows, "individual", json_integer((json_int_t)n));
        json_object_set_new(out, "flows", flows);
    }
    json_object_set_new(out, "drops",
                        telemetry_page(
                            &(struct telemetry_list){
                                .items = drops,
                                .total = (uint32_t)json_array_size(drops),
                                .n_bytes_before = telemetry_length(out),
                                .shape = whole,
                            },
                            p));
    return out;
}

/* One item, how many there are, and of the ports of its last window a page. */
json_t *telemetry_shape_sources(const json_t *sources, const struct telemetry_parameters *p)
{
    json_t *out = json_copy(json_array_get(json_object_get(sources, "sources"), 0));
    json_t *window = json_copy(json_object_get(out, "window"));
    json_t *counts = json_incref(json_object_get(window, "counts"));

    if (out == NULL)
        out = json_object();
    json_object_set(out, "n_items", json_object_get(sources, "total"));
    if (json_is_object(window)) {
        json_object_del(window, "counts");
        json_object_set(out, "window", window);
        json_object_set_new(out, "counts",
                            telemetry_page(
                                &(struct telemetry_list){
                                    .items = counts,
                                    .total = (uint32_t)json_array_size(counts),
                                    .n_bytes_before = telemetry_length(out),
                                    .shape = whole,
                                },
                                p));
    }
    json_decref(counts);
    json_decref(window);
    return out;
}

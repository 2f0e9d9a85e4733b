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

json_t *telemetry_shape_status(const json_t *status)
{
    static const char *const kept[] = {"version",      "instance",  "uptime_s",
                                       "kill_switch",  "suspended", "epoch",
                                       "n_aggregates", "tests",     "memory"};
    static const char *const summed[] = {"counters", "packet_reasons", "flows"};
    json_t *workers = json_object_get(status, "workers"), *out = json_object(), *worker;
    size_t w;

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

json_t *telemetry_shape_worker(const json_t *status, uint32_t worker)
{
    json_t *workers = json_object_get(status, "workers");
    char text[96];

    if (worker < json_array_size(workers))
        return json_incref(json_array_get(workers, worker));
    snprintf(text, sizeof(text), "worker %u: there are %zu, counted from 0", worker,
             json_array_size(workers));
    return telemetry_error(text);
}

static size_t length_of(const json_t *value)
{
    return json_dumpb(value, NULL, 0, 0);
}

static json_t *short_aggregate(const json_t *aggregate)
{
    static const char *const kept[] = {"name",    "prefix",  "state",         "verdict",
                                       "packets", "dropped", "retransmitted", "expired",
                                       "void",    "pending", "duplicates"};
    json_t *out = json_object(), *anytime = json_object_get(aggregate, "anytime");

    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
        json_object_set(out, kept[i], json_object_get(aggregate, kept[i]));
    json_object_set(out, "log10_e", json_object_get(anytime, "log10_e"));
    json_object_set(out, "log10_f", json_object_get(anytime, "log10_f"));
    return out;
}

json_t *telemetry_shape_page(const json_t *page)
{
    json_int_t total = json_integer_value(json_object_get(page, "total"));
    json_int_t offset = json_integer_value(json_object_get(page, "offset")), n = 0;
    json_t *aggregates = json_object(), *aggregate, *out;
    size_t i, n_bytes = 0;

    json_array_foreach (json_object_get(page, "aggregates"), i, aggregate) {
        json_t *row = short_aggregate(aggregate);
        char id[32];

        n_bytes += length_of(row) + sizeof(id);
        if (n_bytes > TELEMETRY_PAGE_BYTES) {
            json_decref(row);
            break;
        }
        snprintf(id, sizeof(id), "%lld",
                 (long long)json_integer_value(json_object_get(aggregate, "aggregate")));
        json_object_set_new(aggregates, id, row);
        n++;
    }
    out = json_pack("{s:I, s:I, s:I, s:o}", "total", total, "offset", offset, "shown", n,
                    "aggregates", aggregates);
    if (offset + n < total)
        json_object_set_new(out, "next", json_integer(offset + n));
    return out;
}

json_t *telemetry_shape_aggregate(const json_t *aggregate)
{
    json_t *out = json_copy((json_t *)(uintptr_t)aggregate);
    json_t *flows = json_copy(json_object_get(aggregate, "flows"));
    json_int_t n = (json_int_t)json_array_size(json_object_get(flows, "individual"));

    /* As many flows and drops as there may be would not fit; pennylinectl shows them. */
    json_object_del(out, "drops");
    if (flows != NULL) {
        json_object_set_new(flows, "individual", json_integer(n));
        json_object_set_new(out, "flows", flows);
    }
    return out;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The map in short: its counters, and its ingresses as pages. */
#include <string.h>

#include "telemetry/internal.h"

/* What stands there, by reality. */
static void add_standing(json_t *out, const json_t *standing)
{
    json_t *cell;
    size_t i;

    json_array_foreach (standing, i, cell) {
        const char *reality = json_string_value(json_object_get(cell, "reality"));
        const json_int_t n = json_integer_value(json_object_get(cell, "entries"));

        json_object_set_new(out, reality,
                            json_integer(n + json_integer_value(json_object_get(out, reality))));
    }
}

static json_t *short_ingress(json_t *ingress)
{
    json_t *out = json_copy(ingress);

    json_object_del(out, "standing");
    if (json_is_null(json_object_get(out, "relation")))
        json_object_set_new(out, "relation", json_string(""));
    add_standing(out, json_object_get(ingress, "standing"));
    return out;
}

json_t *telemetry_shape_map(const json_t *result, const struct telemetry_parameters *p)
{
    const json_t *ingresses = json_object_get(result, "ingresses");
    json_t *out = json_pack("{s:O, s:O}", "most_entries", json_object_get(result, "most_entries"),
                            "counters", json_object_get(result, "counters"));

    json_object_set_new(
        out, "ingresses",
        telemetry_page(&(struct telemetry_list){.items = ingresses,
                                                .total = (uint32_t)json_array_size(ingresses),
                                                .n_bytes_before = telemetry_length(out),
                                                .shape = short_ingress},
                       p));
    return out;
}

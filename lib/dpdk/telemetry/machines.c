/* SPDX-License-Identifier: BSD-3-Clause */
/* State machines: all in short, and one with its rules as pages. */
#include <stdio.h>
#include <string.h>

#include "config/machine.h"
#include "telemetry/internal.h"

/* Each is a container of its own, which takes memory. */
#define MOST_STATES 64

static json_t *short_item(json_t *machine)
{
    static const char *const of_machine[] = {"name", "forwards_all", "keys", "max_keys"};
    static const char *const named[] = {"counts", "events"};
    json_t *out = json_object(), *counters = json_copy(json_object_get(machine, "counters"));

    for (size_t i = 0; i < sizeof(of_machine) / sizeof(of_machine[0]); i++)
        json_object_set(out, of_machine[i], json_object_get(machine, of_machine[i]));
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        json_object_del(counters, named[i]);
    json_object_update(out, counters);
    json_decref(counters);
    return out;
}

json_t *telemetry_shape_machines(const json_t *result, const struct telemetry_parameters *p)
{
    const json_t *machines = json_object_get(result, "machines");

    return telemetry_page(&(struct telemetry_list){.items = machines,
                                                   .total = (uint32_t)json_array_size(machines),
                                                   .shape = short_item},
                          p);
}

/* Names may have characters that telemetry refuses in its own, so they are values: [{what: name,
 * of: number}]. */
static json_t *named_numbers(const json_t *object, const char *what, const char *of, size_t most)
{
    json_t *out = json_array(), *n;
    const char *name;

    json_object_foreach ((json_t *)(uintptr_t)object, name, n)
        if (json_array_size(out) < most)
            json_array_append_new(out, json_pack("{s:s, s:O}", what, name, of, n));
    return out;
}

/* Those that some key is in. */
static json_t *states_in_use(const json_t *machine)
{
    json_t *out = json_object(), *n;
    const char *state;

    json_object_foreach (json_object_get(machine, "states"), state, n)
        if (json_integer_value(n) > 0)
            json_object_set(out, state, n);
    return out;
}

static json_t *whole_rule(json_t *rule)
{
    return json_incref(rule);
}

static json_t *one_machine(json_t *machine, const struct telemetry_parameters *p)
{
    json_t *out = short_item(machine), *counters = json_object_get(machine, "counters");
    json_t *states = states_in_use(machine);
    const json_t *rules = json_object_get(machine, "rules");

    json_object_set_new(
        out, "counts",
        named_numbers(json_object_get(counters, "counts"), "count", "packets", MACHINE_MAX_NOTES));
    json_object_set_new(
        out, "events",
        named_numbers(json_object_get(counters, "events"), "event", "packets", MACHINE_MAX_NOTES));
    json_object_set_new(out, "states_in_use", json_integer((json_int_t)json_object_size(states)));
    json_object_set_new(out, "states", named_numbers(states, "state", "keys", MOST_STATES));
    json_decref(states);
    json_object_set_new(
        out, "rules",
        telemetry_page(&(struct telemetry_list){.items = rules,
                                                .total = (uint32_t)json_array_size(rules),
                                                .n_bytes_before = telemetry_length(out),
                                                .shape = whole_rule},
                       p));
    return out;
}

json_t *telemetry_shape_machine(const json_t *result, const struct telemetry_parameters *p)
{
    json_t *machine;
    char text[TELEMETRY_TEXT_BYTES + 64];
    size_t i;

    json_array_foreach (json_object_get(result, "machines"), i, machine)
        if (strcmp(json_string_value(json_object_get(machine, "name")), p->machine) == 0)
            return one_machine(machine, p);
    snprintf(text, sizeof(text), "there is no machine %s; see /pennyline/machines", p->machine);
    return telemetry_error(text);
}

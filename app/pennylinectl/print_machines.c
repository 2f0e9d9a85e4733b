/* SPDX-License-Identifier: BSD-3-Clause */
/* State machines and their keys as text. */
#include <string.h>

#include "common/table.h"
#include "print.h"

static void states_cell(const json_t *row, char out[CELL_BYTES])
{
    json_t *states = json_object_get(row, "states"), *n;
    const char *state;
    size_t used = 0;

    snprintf(out, CELL_BYTES, "-");
    json_object_foreach (states, state, n)
        if (used < CELL_BYTES && json_integer_value(n) > 0)
            used +=
                (size_t)snprintf(out + used, CELL_BYTES - used, "%s%s %lld", used == 0 ? "" : ", ",
                                 state, (long long)json_integer_value(n));
}

static const struct column machine_columns[] = {
    {"machine", "name", NULL, true},
    {"packets", "counters.packets", NULL, false},
    {"dropped", "counters.dropped", NULL, false},
    {"changes", "counters.changes", NULL, false},
    {"timeouts", "counters.timeouts", NULL, false},
    {"no room", "counters.full", NULL, false},
    {"keys", "keys", NULL, false},
    {"of", "max_keys", NULL, false},
    {"in states", NULL, states_cell, true},
    {0},
};

static void print_off(FILE *out, const json_t *machine)
{
    if (json_is_true(json_object_get(machine, "forwards_all")))
        fprintf(out, "machine %s forwards all, by the kill switch or while the box drains\n",
                json_string_value(json_object_get(machine, "name")));
}

void print_machines(FILE *out, const json_t *result)
{
    const json_t *machines = json_object_get(result, "machines");
    json_t *machine;
    size_t i;

    table_print(out, machine_columns, machines);
    json_array_foreach (machines, i, machine)
        print_off(out, machine);
}

static void print_sums(FILE *out, const json_t *machine, const char *what)
{
    json_t *sums = json_object_get(json_object_get(machine, "counters"), what), *n;
    const char *name;

    json_object_foreach (sums, name, n)
        fprintf(out, "%s %s: %lld\n", what, name, (long long)json_integer_value(n));
}

void print_machine(FILE *out, const json_t *result)
{
    static const struct column columns[] = {
        {"key", "key", NULL, true},
        {"state", "state", NULL, true},
        {"idle ends in s", "idle_left_s", NULL, false},
        {"ends in s", "hard_left_s", NULL, false},
        {0},
    };
    json_t *machine = json_object_get(result, "machine"), *one = json_array(), *n;
    const json_t *rules = json_object_get(machine, "rules");
    size_t i;

    json_array_append(one, machine);
    table_print(out, machine_columns, one);
    json_decref(one);
    print_off(out, machine);
    json_array_foreach (rules, i, n)
        if (i + 1 < json_array_size(rules))
            fprintf(out, "rule %zu held for %lld\n", i, (long long)json_integer_value(n));
        else
            fprintf(out, "otherwise %lld\n", (long long)json_integer_value(n));
    print_sums(out, machine, "counts");
    print_sums(out, machine, "events");
    table_print(out, columns, json_object_get(result, "keys"));
    if (json_is_true(json_object_get(result, "is_cut")))
        fprintf(out, "and more\n");
}

void print_machine_set(FILE *out, const json_t *result)
{
    const char *state = json_string_value(json_object_get(result, "state"));

    fprintf(out, "machine %s: %s is %s\n", json_string_value(json_object_get(result, "machine")),
            json_string_value(json_object_get(result, "key")), state != NULL ? state : "forgotten");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* State machines. Their rules and states are the operator's, and may be a thousand; the first ones
 * have a sample each, the others one together. */
#include "metrics_machines.h"

#include "base/compiler.h"
#include "machine/machine.h"
#include "metrics_text.h"
#include "json/json.h"

#define MOST_RULES  128
#define MOST_STATES 64
#define OTHERS      "(others)" /* no name of a state is like that */

static const char *name_of(const json_t *machine)
{
    const char *name = json_string_value(json_object_get(machine, "name"));

    return name != NULL ? name : "";
}

static void write_number(const json_t *machines, const char *key, const char *name,
                         const char *help, FILE *out)
{
    json_t *machine;
    size_t i;

    metrics_family(out, name, "gauge", "", help);
    json_array_foreach (machines, i, machine) {
        fprintf(out, METRICS_PREFIX "%s{", name);
        metrics_label(out, "machine", name_of(machine));
        fprintf(out, "} %.0f\n", json_number_at(machine, key));
    }
}

static void write_counter(const json_t *machines, const char *key, const char *help, FILE *out)
{
    json_t *machine;
    char name[64];
    size_t i;

    snprintf(name, sizeof(name), "machine_%s", key);
    metrics_family(out, name, "counter", "", help);
    json_array_foreach (machines, i, machine) {
        fprintf(out, METRICS_PREFIX "%s_total{", name);
        metrics_label(out, "machine", name_of(machine));
        fprintf(out, "} %.0f\n", json_number_at(json_object_get(machine, "counters"), key));
    }
}

static void write_sample(FILE *out, const json_t *machine, const char *name, const char *label,
                         const char *value, double number)
{
    fprintf(out, METRICS_PREFIX "%s{", name);
    metrics_label(out, "machine", name_of(machine));
    fputc(',', out);
    metrics_label(out, label, value);
    fprintf(out, "} %.0f\n", number);
}

/* The last one is `otherwise`. */
static void write_rules(const json_t *machines, FILE *out)
{
    json_t *machine, *held;
    size_t i, k;

    metrics_family(out, "machine_rule_packets", "counter", "packets",
                   "Packets for which the rule held, by its number");
    json_array_foreach (machines, i, machine) {
        const json_t *rules = json_object_get(machine, "rules");
        const size_t n = json_array_size(rules);
        double others = 0;

        json_array_foreach (rules, k, held) {
            char rule[24];

            snprintf(rule, sizeof(rule), "%zu", k);
            if (k < MOST_RULES || k + 1 == n)
                write_sample(out, machine, "machine_rule_packets_total", "rule",
                             k + 1 == n ? "otherwise" : rule, json_number_value(held));
            else
                others += json_number_value(held);
        }
        if (n > MOST_RULES + 1)
            write_sample(out, machine, "machine_rule_packets_total", "rule", OTHERS, others);
    }
}

static void write_states(const json_t *machines, FILE *out)
{
    json_t *machine, *n;
    const char *state;
    size_t i;

    metrics_family(out, "machine_keys_in_state", "gauge", "",
                   "Keys that are kept, by their state; in the initial one only those with timers "
                   "or registers are");
    json_array_foreach (machines, i, machine) {
        double others = 0;
        size_t n_states = 0;

        json_object_foreach (json_object_get(machine, "states"), state, n)
            if (n_states++ < MOST_STATES)
                write_sample(out, machine, "machine_keys_in_state", "state", state,
                             json_number_value(n));
            else
                others += json_number_value(n);
        if (n_states > MOST_STATES)
            write_sample(out, machine, "machine_keys_in_state", "state", OTHERS, others);
    }
}

/* By `count NAME` and `event NAME` of rules. */
static void write_notes(const json_t *machines, const char *key, const char *name,
                        const char *label, const char *help, FILE *out)
{
    char sample[80];
    json_t *machine, *n;
    const char *note;
    size_t i;

    snprintf(sample, sizeof(sample), "%s_total", name);
    metrics_family(out, name, "counter", "", help);
    json_array_foreach (machines, i, machine)
        json_object_foreach (json_object_get(json_object_get(machine, "counters"), key), note, n)
            write_sample(out, machine, sample, label, note, json_number_value(n));
}

void metrics_write_machines(const json_t *machines, FILE *out)
{
    if (json_array_size(machines) == 0)
        return;
#define COUNTER(name, help) write_counter(machines, #name, help, out);
    MACHINE_COUNTERS(COUNTER)
#undef COUNTER
    write_rules(machines, out);
    write_notes(machines, "counts", "machine_counted", "count",
                "Packets that rules count under this name", out);
    write_notes(machines, "events", "machine_events", "event",
                "Packets that rules make an event of; not each is told", out);
    write_number(machines, "keys", "machine_keys", "Places for keys that are taken", out);
    write_number(machines, "max_keys", "machine_keys_limit", "Places for keys", out);
    write_states(machines, out);
    write_number(machines, "forwards_all", "machine_forwards_all",
                 "1: the machine forwards all, by the kill switch or while the box drains", out);
}

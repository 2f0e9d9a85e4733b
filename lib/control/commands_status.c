/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/time.h"
#include "control/command.h"

static json_t *workers_json(const struct control_operations *o)
{
    json_t *out = json_array();
    struct report_worker worker = {0};

    for (unsigned int i = 0; o->worker != NULL && o->worker(o->context, i, &worker); i++) {
        json_array_append_new(out, report_worker_json(i, &worker));
        worker = (struct report_worker){0};
    }
    return out;
}

/* How many tests are in each state. */
static json_t *tests_json(const struct manager *m)
{
    uint32_t n_in_state[TEST_DONE + 1] = {0};
    json_t *out = json_object();
    struct aggregate_report report;

    for (uint32_t next = 0; manager_next_report(m, &next, &report);)
        n_in_state[report.state]++;
    for (int i = 0; i <= TEST_DONE; i++)
        json_object_set_new(out, test_state_name((enum test_state)i), json_integer(n_in_state[i]));
    return out;
}

static json_t *from_callback(json_t *(*callback)(void *), void *context, json_t *otherwise)
{
    json_t *value = callback != NULL ? callback(context) : NULL;

    if (value == NULL)
        return otherwise;
    json_decref(otherwise);
    return value;
}

json_t *command_run_status(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    const char *suspended = manager_suspended(o->manager);
    double uptime_s = (double)(call->now_ns - o->clock->started_ns) / (double)NS_PER_S;

    return json_pack(
        "{s:s, s:s, s:f, s:b, s:s?, s:I, s:I, s:I, s:b, s:o, s:o, s:o, s:o}", "version",
        PENNYLINE_VERSION, "instance", o->instance != NULL ? o->instance : "", "uptime_s", uptime_s,
        "kill_switch", (int)manager_kill_switch(o->manager), "suspended", suspended, "epoch",
        (json_int_t)manager_epoch(o->manager), "n_aggregates",
        (json_int_t)manager_n_live_aggregates(o->manager), "max_aggregates",
        (json_int_t)manager_most_aggregates(o->manager), "aggregates_full",
        (int)(manager_aggregates_full_since(o->manager) != 0), "tests", tests_json(o->manager),
        "workers", workers_json(o), "ports", from_callback(o->ports, o->context, json_array()),
        "memory", from_callback(o->memory, o->context, json_object()));
}

json_t *command_run_version(struct command_call *call)
{
    (void)call;
    return json_pack("{s:s, s:s}", "program", "pennyline", "version", PENNYLINE_VERSION);
}

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

static json_t *drop_budget_json(const struct manager *m, uint64_t now_ns)
{
    json_t *made_by = json_object();
    struct manager_drop_budget b;
    uint64_t made = 0;

    manager_drop_budget(m, &b);
    for (int i = 0; i < TEST_N_CAUSES; i++) {
        made += b.made[i];
        json_object_set_new(made_by, test_cause_name((enum test_cause)i),
                            json_integer((json_int_t)b.made[i]));
    }
    return json_pack("{s:o, s:I, s:o, s:I, s:o, s:b, s:o}", "max_per_hour",
                     b.max_per_hour != 0 ? json_integer(b.max_per_hour) : json_null(), "made",
                     (json_int_t)made, "made_by", made_by, "reserved", (json_int_t)b.reserved,
                     "left", b.max_per_hour != 0 ? json_integer((json_int_t)b.left) : json_null(),
                     "awaited", (int)b.is_awaited, "next_s",
                     b.next_ns > now_ns ? json_real((double)(b.next_ns - now_ns) / NS_PER_S)
                                        : json_null());
}

/* NULL, which JSON tells as null, before it began. */
static json_t *drain_json(const struct command_call *call)
{
    const struct control_operations *o = call->operations;

    return o->drain_state != NULL ? o->drain_state(o->context, call->now_ns) : NULL;
}

double command_uptime_s(const struct command_call *call)
{
    return (double)(call->now_ns - call->operations->clock->started_ns) / (double)NS_PER_S;
}

json_t *command_run_status(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    const char *suspended = manager_suspended(o->manager);

    return json_pack(
        "{s:s, s:s, s:f, s:b, s:s?, s:b, s:o?, s:I, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o}",
        "version", PENNYLINE_VERSION, "instance", o->instance != NULL ? o->instance : "",
        "uptime_s", command_uptime_s(call), "kill_switch", (int)manager_kill_switch(o->manager),
        "suspended", suspended, "tracking_shed", (int)manager_sheds_tracking(o->manager),
        "draining", drain_json(call), "epoch", (json_int_t)manager_epoch(o->manager),
        "n_aggregates", (json_int_t)manager_n_live_aggregates(o->manager), "max_aggregates",
        (json_int_t)manager_most_aggregates(o->manager), "aggregates_full",
        (int)(manager_aggregates_full_since(o->manager) != 0), "tests", tests_json(o->manager),
        "drop_budget", drop_budget_json(o->manager, call->now_ns), "workers", workers_json(o),
        "ports", from_callback(o->ports, o->context, json_array()), "memory",
        from_callback(o->memory, o->context, json_object()));
}

json_t *command_run_sources(struct command_call *call)
{
    const struct control_operations *o = call->operations;

    const json_t *wanted = json_object_get(call->request, "item");
    const uint32_t item = (uint32_t)json_integer_value(wanted);
    uint32_t total = 0;
    json_t *list = o->sources == NULL ? json_array()
                                      : o->sources(o->context, wanted != NULL ? &item : NULL,
                                                   command_text(call, "known"), &total);

    return json_pack("{s:o, s:I}", "sources", list, "total", (json_int_t)total);
}

json_t *command_run_sources_list(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES / 2] = "";
    json_t *list;

    if (o->sources_list == NULL)
        return command_refuse(call, "sources list: no sources are counted here");
    list = o->sources_list(o->context, command_text(call, "name"), command_text(call, "slice"),
                           command_count(call, "offset", 0), command_count(call, "count", 1000),
                           error, sizeof(error));
    return list != NULL ? list : command_refuse(call, "sources list: %s", error);
}

json_t *command_state_drain(struct command_call *call)
{
    return json_pack("{s:o?}", "draining", drain_json(call));
}

json_t *command_run_drain(struct command_call *call)
{
    const struct control_operations *o = call->operations;

    if (o->drain == NULL)
        return command_refuse(call, "drain: what is served here is no path to be left");
    o->drain(o->context, command_count(call, "timeout_s", UINT32_MAX), call->now_ns);
    return command_state_drain(call);
}

json_t *command_run_version(struct command_call *call)
{
    (void)call;
    return json_pack("{s:s, s:s}", "program", "pennyline", "version", PENNYLINE_VERSION);
}

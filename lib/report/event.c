/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "base/time.h"
#include "manager/passive.h"
#include "report/internal.h"

static void add_report(json_t *line, const struct manager *m, const struct manager_event *event,
                       const struct report_clock *clock)
{
    json_object_set_new(line, "report", report_aggregate(m, event->aggregate, clock, false));
}

static void add_drop(json_t *line, const struct manager *m, const struct manager_event *event,
                     const struct report_clock *clock)
{
    (void)m;
    json_object_set_new(line, "drop", report_drop(event->drop, clock));
}

static void add_reason(json_t *line, const struct manager *m, const struct manager_event *event,
                       const struct report_clock *clock)
{
    (void)m;
    (void)clock;
    json_object_set_new(line, "reason", json_string(event->text));
}

static void add_switch(json_t *line, const struct manager *m, const struct manager_event *event,
                       const struct report_clock *clock)
{
    (void)m;
    (void)clock;
    json_object_set_new(line, "switch", json_string(event->text));
}

static void add_stall(json_t *line, const struct manager *m, const struct manager_event *event,
                      const struct report_clock *clock)
{
    (void)m;
    (void)clock;
    json_object_set_new(line, "thread",
                        event->worker == MANAGER_THREAD
                            ? json_string("manager")
                            : json_sprintf("worker %u", (unsigned int)event->worker));
    json_object_set_new(line, "stalled_s", json_real((double)event->duration_ns / NS_PER_S));
}

static void add_finding(json_t *line, const struct manager *m, const struct manager_event *event,
                        const struct report_clock *clock)
{
    json_t *finding = report_finding(m, event->aggregate, event->finding, clock);

    if (finding != NULL)
        json_object_set_new(line, "finding", finding);
}

static void add_escalation(json_t *line, const struct manager *m, const struct manager_event *event,
                           const struct report_clock *clock)
{
    uint32_t n_slices;
    const struct slice *slices = manager_slices(m, &n_slices);

    (void)clock;
    json_object_set_new(line, "escalation",
                        json_pack("{s:s, s:s, s:s, s:s?}", "step",
                                  event->text == NULL ? "started" : "refused", "cause",
                                  passive_cause_name(event->finding), "test",
                                  slices[event->tested].name, "reason", event->text));
}

/* What an event tells beyond when and about whom. */
static void (*const add_details[])(json_t *line, const struct manager *m,
                                   const struct manager_event *event,
                                   const struct report_clock *clock) = {
    [EVENT_AGGREGATE_ADDED] = NULL,
    [EVENT_AGGREGATE_REMOVED] = NULL,
    [EVENT_AGGREGATES_FULL] = NULL,
    [EVENT_AGGREGATES_FREE] = NULL,
    [EVENT_DROP_BUDGET_SPENT] = NULL,
    [EVENT_TRACKING_SHED] = NULL,
    [EVENT_TRACKING_RESUMED] = NULL,
    [EVENT_DROP_BUDGET_FREE] = NULL,
    [EVENT_TEST_STARTED] = NULL,
    [EVENT_DROP_MADE] = add_drop,
    [EVENT_DROP_ENDED] = add_drop,
    [EVENT_PROVISIONAL] = add_report,
    [EVENT_PROVISIONAL_WITHDRAWN] = add_report,
    [EVENT_NOTHING_TESTED] = add_report,
    [EVENT_VERDICT] = add_report,
    [EVENT_TEST_ENDED] = add_report,
    [EVENT_SUSPENDED] = add_reason,
    [EVENT_RESUMED] = NULL,
    [EVENT_KILL_SWITCH] = add_switch,
    [EVENT_FINDING] = add_finding,
    [EVENT_FINDING_CLEARED] = add_finding,
    [EVENT_WATCH_ENDED] = add_reason,
    [EVENT_ESCALATION] = add_escalation,
    [EVENT_STALL] = add_stall,
};

json_t *report_event(const struct manager *m, const struct manager_event *event,
                     const struct report_clock *clock)
{
    struct aggregate_report r;
    json_t *line = json_pack("{s:o, s:f, s:s}", "time", report_wall(clock, event->time_ns),
                             "monotonic_s", (double)event->time_ns / (double)NS_PER_S, "event",
                             manager_event_name(event->kind));

    if (event->aggregate != AGGREGATE_NONE && manager_report(m, event->aggregate, &r)) {
        json_t *identity = report_identity(&r);

        json_object_update(line, identity);
        json_decref(identity);
    }
    if (add_details[event->kind] != NULL)
        add_details[event->kind](line, m, event, clock);
    return line;
}

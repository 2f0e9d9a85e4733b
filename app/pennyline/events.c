/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"
#include "base/time.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "change.h"
#include "control/control.h"
#include "drain.h"
#include "eventlog/eventlog.h"
#include "manager/manager.h"
#include "manager/passive.h"
#include "progress.h"
#include "report/report.h"
#include "say.h"
#include "service/health.h"
#include "json/json.h"

static bool has_audience(const struct appliance *a)
{
    return a->log != NULL || (a->control != NULL && control_has_watchers(a->control));
}

/* Takes the event. */
static void publish(struct appliance *a, json_t *event)
{
    if (event == NULL)
        return;
    eventlog_write(a->log, event);
    control_publish(a->control, event);
    json_decref(event);
}

static const char *name_of(const struct aggregate_report *r, char out[IP_TEXT_BYTES])
{
    return r->identity->has_prefix ? ip_prefix_format(&r->identity->prefix, out) : r->slice->name;
}

static void say_verdict(struct appliance *a, const struct manager_event *event)
{
    char prefix[IP_TEXT_BYTES], text[TEST_REASON_TEXT_BYTES];
    struct aggregate_report r;

    if (!manager_report(a->manager, event->aggregate, &r))
        return;
    progress_end(&a->progress);
    say_info("%s: %s%s%s; %s", name_of(&r, prefix), verdict_name_outcome(r.verdict),
             event->kind == EVENT_PROVISIONAL             ? " (provisional)"
             : event->kind == EVENT_PROVISIONAL_WITHDRAWN ? " (not_closed_loop is withdrawn)"
                                                          : "",
             r.mixed ? " (mixed: not only real senders, or repairs that take another way)" : "",
             aggregate_report_reason_text(&r, text));
}

static void say_finding(struct appliance *a, const struct manager_event *event)
{
    struct aggregate_report r;
    char prefix[IP_TEXT_BYTES];

    if (!manager_report(a->manager, event->aggregate, &r))
        return;
    progress_end(&a->progress);
    if (event->kind == EVENT_FINDING_CLEARED) {
        say_info("%s: %s: no longer", name_of(&r, prefix),
                 passive_finding_name((enum passive_finding)event->finding));
        return;
    }
    say_info("%s: %s: %s", name_of(&r, prefix),
             passive_finding_name((enum passive_finding)event->finding),
             passive_finding_words((enum passive_finding)event->finding));
}

static void say_escalation(struct appliance *a, const struct manager_event *event)
{
    const struct slice *tested = &a->config->slices[event->tested];
    struct aggregate_report r;
    char prefix[IP_TEXT_BYTES];

    if (!manager_report(a->manager, event->aggregate, &r))
        return;
    progress_end(&a->progress);
    if (event->text == NULL)
        say_info("%s: a test of slice %s begins, for %s", name_of(&r, prefix), tested->name,
                 passive_cause_name(event->finding));
    else
        say_warning("%s: no test of slice %s for %s: %s", name_of(&r, prefix), tested->name,
                    passive_cause_name(event->finding), event->text);
}

static void say_stall(const struct manager_event *event)
{
    char who[32] = "the manager";

    if (event->worker != MANAGER_THREAD)
        snprintf(who, sizeof(who), "worker %u", (unsigned int)event->worker);
    say_warning("%s stood still for %.1f s; drops that were pending count neither for nor against",
                who, (double)event->duration_ns / (double)NS_PER_S);
}

static void say_event(struct appliance *a, const struct manager_event *event)
{
    switch (event->kind) {
    case EVENT_PROVISIONAL:
    case EVENT_PROVISIONAL_WITHDRAWN:
    case EVENT_NOTHING_TESTED:
    case EVENT_VERDICT:
        say_verdict(a, event);
        break;
    case EVENT_SUSPENDED:
        progress_end(&a->progress);
        say_warning("drops are suspended: %s", event->text);
        break;
    case EVENT_STALL:
        progress_end(&a->progress);
        say_stall(event);
        break;
    case EVENT_AGGREGATES_FULL:
        progress_end(&a->progress);
        say_warning("all %u aggregates are taken: new sub-prefixes are forwarded untested; "
                    "raise instance.max_aggregates, or lower the granularity of slices",
                    a->config->instance.max_aggregates);
        break;
    case EVENT_AGGREGATES_FREE:
        progress_end(&a->progress);
        say_info("there is room for new aggregates again");
        break;
    case EVENT_DROP_BUDGET_SPENT:
        progress_end(&a->progress);
        say_warning("tests wait: no more than %u segments may be dropped within an hour "
                    "(instance.max_drops_per_hour)",
                    a->config->instance.max_drops_per_hour);
        break;
    case EVENT_DROP_BUDGET_FREE:
        progress_end(&a->progress);
        say_info("no test waits for the box's budget of drops any more");
        break;
    case EVENT_TRACKING_SHED:
        progress_end(&a->progress);
        say_warning("the box cannot keep up: flows are not tracked until it can, packets are "
                    "forwarded; fewer flows, more lcores or less traffic would help");
        break;
    case EVENT_TRACKING_RESUMED:
        progress_end(&a->progress);
        say_info("flows are tracked again");
        break;
    case EVENT_RESUMED:
        progress_end(&a->progress);
        say_info("drops are allowed again");
        break;
    case EVENT_FINDING:
    case EVENT_FINDING_CLEARED:
        say_finding(a, event);
        break;
    case EVENT_ESCALATION:
        say_escalation(a, event);
        break;
    case EVENT_KILL_SWITCH:
        progress_end(&a->progress);
        say_warning("the kill switch is %s", event->text);
        break;
    default:
        break;
    }
}

void events_on_manager(void *appliance, const struct manager_event *event)
{
    struct appliance *a = appliance;

    /* The first ones come while the manager is being made. */
    if (a->manager == NULL)
        return;
    say_event(a, event);
    if (has_audience(a))
        publish(a, report_event(a->manager, event, &a->report_clock));
}

/* An event of the box itself. */
static json_t *box_event(const struct appliance *a, const char *name, uint64_t now_ns)
{
    char time[REPORT_TIME_BYTES];

    return json_pack("{s:s, s:f, s:s, s:s}", "time", report_time(&a->report_clock, now_ns, time),
                     "monotonic_s", (double)now_ns / (double)NS_PER_S, "event", name, "instance",
                     a->config->instance.name);
}

void events_link(struct appliance *a, const struct port *port, uint64_t now_ns)
{
    json_t *event;

    progress_end(&a->progress);
    if (port->link_up)
        say_info("port %s: the link is up", port->config->name);
    else
        say_warning("port %s: the link is down", port->config->name);
    if (!has_audience(a))
        return;
    event = box_event(a, port->link_up ? "link_up" : "link_down", now_ns);
    json_object_set_new(event, "port", json_string(port->config->name));
    publish(a, event);
}

void events_trouble(struct appliance *a, const struct port *port, uint64_t now_ns)
{
    json_t *event;

    progress_end(&a->progress);
    if (port->trouble != NULL)
        say_warning("port %s brings no packets: %s; it is tried again and again",
                    port->config->name, port->trouble);
    else
        say_info("port %s brings packets again", port->config->name);
    if (!has_audience(a))
        return;
    event = box_event(a, port->trouble != NULL ? "port_trouble" : "port_recovered", now_ns);
    json_object_set_new(event, "port", json_string(port->config->name));
    if (port->trouble != NULL)
        json_object_set_new(event, "trouble", json_string(port->trouble));
    publish(a, event);
}

void events_sources(struct appliance *a, const char *kind, const char *name, const char *slice,
                    json_t *members, uint64_t now_ns)
{
    json_t *event = has_audience(a) ? box_event(a, kind, now_ns) : NULL;

    if (event != NULL) {
        json_object_set_new(event, "sources", json_string(name));
        if (slice != NULL)
            json_object_set_new(event, "slice", json_string(slice));
        json_object_update(event, members);
        publish(a, event);
    }
    json_decref(members);
}

void events_port(struct appliance *a, const struct port *port, bool is_gone, uint64_t now_ns)
{
    json_t *event;

    progress_end(&a->progress);
    if (!is_gone)
        say_info("port %s: its device is there again", port->config->name);
    else
        say_warning("port %s: its device %s is gone; the other ports forward on, and it is used "
                    "again when it comes back",
                    port->config->name, port->config->device);
    if (!has_audience(a))
        return;
    event = box_event(a, is_gone ? "port_removed" : "port_returned", now_ns);
    json_object_set_new(event, "port", json_string(port->config->name));
    publish(a, event);
}

void events_member(struct appliance *a, const char *service, const char *member,
                   const struct service_health *health, uint64_t now_ns)
{
    const enum service_check check = service_health_cause(health);
    const bool is_up = service_health_takes_flows(health);
    const bool is_down = !service_health_keeps_flows(health);
    const char *cause = check != SERVICE_N_CHECKS ? service_check_name(check) : "command";
    json_t *event;

    progress_end(&a->progress);
    if (is_up)
        say_info("service %s: member %s is up", service, member);
    else
        say_warning("service %s: member %s is %s (%s)", service, member,
                    is_down ? "down" : "drained", cause);
    if (!has_audience(a))
        return;
    event = box_event(a, is_up ? "member_up" : is_down ? "member_down" : "member_drained", now_ns);
    json_object_set_new(event, "service", json_string(service));
    json_object_set_new(event, "member", json_string(member));
    if (!is_up)
        json_object_set_new(event, "cause", json_string(cause));
    publish(a, event);
}

void events_machine(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns)
{
    json_t *event;

    if (!has_audience(a)) {
        json_decref(members);
        return;
    }
    event = box_event(a, kind, now_ns);
    json_object_update(event, members);
    json_decref(members);
    publish(a, event);
}

void events_thread(struct appliance *a, const struct worker *w, uint64_t stood_ns, uint64_t now_ns)
{
    double stood_s = (double)stood_ns / (double)NS_PER_S;
    const struct worker_heart *h = &w->heart;
    char thread[32];
    json_t *event;

    snprintf(thread, sizeof(thread), "worker %u", (unsigned int)w->number);
    progress_end(&a->progress);
    if (h->is_stale)
        say_warning("%s on lcore %u has not been through its loop for %.1f s: its thread is %s; "
                    "what comes to it is not forwarded",
                    thread, w->lcore, stood_s, h->doing);
    else
        say_info("%s on lcore %u goes on again", thread, w->lcore);
    if (!has_audience(a))
        return;
    event = box_event(a, h->is_stale ? "thread_stale" : "thread_recovered", now_ns);
    json_object_set_new(event, "thread", json_string(thread));
    json_object_set_new(event, "lcore", json_integer((json_int_t)w->lcore));
    json_object_set_new(event, "stalled_s", json_real(stood_s));
    json_object_set_new(event, "doing", json_string(h->doing));
    publish(a, event);
}

void events_helper(struct appliance *a, const char *thread, const char *doing, uint64_t stood_ns,
                   uint64_t now_ns)
{
    double stood_s = (double)stood_ns / (double)NS_PER_S;
    json_t *event;

    progress_end(&a->progress);
    say_warning("the thread %s has not ended its work for %.1f s (it is %s); another one was "
                "started, and forwarding does not notice",
                thread, stood_s, doing);
    if (!has_audience(a))
        return;
    event = box_event(a, "thread_restarted", now_ns);
    json_object_set_new(event, "thread", json_string(thread));
    json_object_set_new(event, "stalled_s", json_real(stood_s));
    json_object_set_new(event, "doing", json_string(doing));
    publish(a, event);
}

void events_drain(struct appliance *a, uint64_t now_ns)
{
    bool has_limit = a->drain.ends_ns != UINT64_MAX;
    double left_s = has_limit ? (double)(a->drain.ends_ns - now_ns) / (double)NS_PER_S : 0;
    char limit[48] = "";
    json_t *event;

    progress_end(&a->progress);
    if (has_limit)
        snprintf(limit, sizeof(limit), ", or for %.0f s at most", left_s);
    say_info("draining: no test runs any more; packets are forwarded until none came for %u s%s",
             DRAIN_QUIET_S, limit);
    if (!has_audience(a))
        return;
    event = box_event(a, "draining", now_ns);
    json_object_set_new(event, "timeout_s", has_limit ? json_real(left_s) : json_null());
    publish(a, event);
}

/* So many differences are told one by one; with each at most 320 bytes, an event stays readable. */
#define MOST_CHANGES_TOLD 32

static void say_change(const struct change_request *request, const struct change_result *result)
{
    char text[320];

    if (result->error != 0) {
        say_error("%s by %s: refused, and nothing is changed: %s", request->way, request->who,
                  result->text);
        return;
    }
    if (result->after == result->before) {
        say_info("%s by %s: nothing differs from what is in force", request->way, request->who);
        return;
    }
    say_info(
        "%s by %s: %u change%s in force, generation %" PRIu64 " after %" PRIu64 ", within %.0f ms",
        request->way, request->who, result->changes->n, result->changes->n == 1 ? " is" : "s are",
        result->after, result->before, (double)result->took_ns / (double)NS_PER_MS);
    for (uint32_t i = 0; i < result->changes->n && i < MOST_CHANGES_TOLD; i++)
        say_info("  %s", config_change_text(&result->changes->changes[i], text, sizeof(text)));
}

json_t *events_changes_json(const struct config_changes *changes)
{
    json_t *out = json_array();
    char text[320];

    for (uint32_t i = 0; i < changes->n && i < MOST_CHANGES_TOLD; i++)
        json_array_append_new(
            out, json_pack("{s:s, s:s}", "change",
                           config_change_text(&changes->changes[i], text, sizeof(text)), "class",
                           config_change_class_name(changes->changes[i].class)));
    return out;
}

void events_change(struct appliance *a, const struct change_request *request,
                   const struct change_result *result, uint64_t now_ns)
{
    json_t *event;

    progress_end(&a->progress);
    say_change(request, result);
    if (!has_audience(a))
        return;
    event = box_event(a, result->error == 0 ? "reconfigured" : "change_refused", now_ns);
    json_object_set_new(event, "by", json_string(request->who));
    json_object_set_new(event, "way", json_string(request->way));
    json_object_set_new(event, "generation_before", json_integer((json_int_t)result->before));
    json_object_set_new(event, "generation", json_integer((json_int_t)result->after));
    if (result->error != 0)
        json_object_set_new(event, "error", json_string(result->text));
    json_object_set_new(event, "n_changes", json_integer(result->changes->n));
    json_object_set_new(event, "changes", events_changes_json(result->changes));
    publish(a, event);
}

/* Who commanded what stands in the log of the service, too: it is kept where events are not. */
static void say_command(struct appliance *a, const json_t *members)
{
    const json_t *behalf = json_object_get(members, "on_behalf_of");
    char *arguments = json_dumps(json_object_get(members, "arguments"), JSON_COMPACT);

    progress_end(&a->progress);
    say_info("%s %s by user %lld, process %lld (%s)%s%s",
             json_string_value(json_object_get(members, "command")),
             arguments != NULL ? arguments : "",
             (long long)json_integer_value(json_object_get(members, "user")),
             (long long)json_integer_value(json_object_get(members, "process")),
             json_string_value(json_object_get(members, "way")),
             json_is_string(behalf) ? ", on behalf of " : "",
             json_is_string(behalf) ? json_string_value(behalf) : "");
    free(arguments);
}

void events_on_command(void *appliance, json_t *members, uint64_t now_ns)
{
    struct appliance *a = appliance;
    json_t *event;

    say_command(a, members);
    if (!has_audience(a))
        return;
    event = box_event(a, "command", now_ns);
    json_object_update(event, members);
    publish(a, event);
}

void events_signal(struct appliance *a, const struct signalfd_siginfo *signal, const char *command,
                   json_t *before, json_t *after, uint64_t now_ns)
{
    char way[48];
    json_t *members;

    snprintf(way, sizeof(way), "signal %s", sigabbrev_np((int)signal->ssi_signo));
    members =
        json_pack("{s:s, s:{}, s:s, s:I, s:I, s:n, s:o, s:o}", "command", command, "arguments",
                  "way", way, "user", (json_int_t)signal->ssi_uid, "process",
                  (json_int_t)signal->ssi_pid, "on_behalf_of", "before", before, "after", after);
    if (members != NULL)
        events_on_command(a, members, now_ns);
    json_decref(members);
}

void events_asked(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns)
{
    const char *slice = json_string_at(members, "slice"),
               *reason = json_string_at(members, "reason");
    json_t *event;

    progress_end(&a->progress);
    if (strcmp(kind, "state_trouble") == 0)
        say_warning("slices of run time are not kept over a restart: %s", reason);
    else if (strcmp(kind, "state_recovered") == 0)
        say_info("slices of run time are kept over a restart again");
    else if (*reason != '\0')
        say_warning("slice %s: refused: %s", slice, reason);
    else
        say_info("slice %s is %s", slice, strcmp(kind, "slice_removed") == 0 ? "gone" : "in force");
    if (has_audience(a)) {
        event = box_event(a, kind, now_ns);
        json_object_update(event, members);
        publish(a, event);
    }
    json_decref(members);
}

/* The map says "over" by the same words as the beginning. */
static void say_map(struct appliance *a, const char *kind, const json_t *members)
{
    char text[512] = "";
    const char *key;
    json_t *value;
    size_t n = 0;

    json_object_foreach ((json_t *)(uintptr_t)members, key, value)
        if (n < sizeof(text)) {
            char cell[JSON_TEXT_BYTES];

            n += (size_t)snprintf(text + n, sizeof(text) - n, ", %s %s", key,
                                  json_text_at(members, key, cell));
        }
    progress_end(&a->progress);
    if (json_has_at(members, "text")) {
        say_warning("map: %s", json_string_at(members, "text"));
        return;
    }
    if (strcmp(kind, "expectation_refused") == 0 || strcmp(kind, "expectation_stale") == 0 ||
        strcmp(kind, "map_pressure") == 0)
        say_warning("map: %s%s", kind, text);
    else
        say_info("map: %s%s", kind, text);
}

void events_map(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns)
{
    json_t *event;

    say_map(a, kind, members);
    if (has_audience(a)) {
        event = box_event(a, kind, now_ns);
        json_object_update(event, members);
        publish(a, event);
    }
    json_decref(members);
}

void events_process(struct appliance *a, const char *what, uint64_t now_ns)
{
    if (has_audience(a))
        publish(a, box_event(a, what, now_ns));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include <string.h>

#include "base/compiler.h"
#include "metrics_machines.h"
#include "metrics_map.h"
#include "metrics_sources.h"
#include "metrics_text.h"
#include "stats/counters.h"
#include "stats/load.h"
#include "json/json.h"

#define PREFIX METRICS_PREFIX

/* Samples under label cause: who wanted the tests. */
static void write_drop_budget(const json_t *budget, FILE *out)
{
    const char *cause;
    json_t *n;

    if (json_has_at(budget, "max_per_hour"))
        metrics_single(out, "drop_budget_max_per_hour", "gauge", "",
                       "Drops that all tests may make an hour",
                       json_number_at(budget, "max_per_hour"));
    metrics_family(out, "drop_budget_made", "gauge", "",
                   "Drops within the last hour, by who wanted the test");
    json_object_foreach (json_object_get(budget, "made_by"), cause, n) {
        fputs(PREFIX "drop_budget_made{", out);
        metrics_label(out, "cause", cause);
        fprintf(out, "} %lld\n", (long long)json_integer_value(n));
    }
    metrics_single(out, "drop_budget_reserved", "gauge", "",
                   "Drops that tests under way may still make", json_number_at(budget, "reserved"));
    metrics_single(out, "drop_budget_awaited", "gauge", "",
                   "1: a test waits, since the budget is spent",
                   json_is_true(json_object_get(budget, "awaited")));
}

static void write_box(const json_t *s, const struct mirror_view *v, FILE *out)
{
    const char *version = json_string_value(json_object_get(s, "version"));
    const char *state;
    json_t *n;

    metrics_single(out, "up", "gauge", "",
                   "1 when pennyline answers, with a status that is not old",
                   v->connected && v->age_s < MIRROR_STATUS_OLD_S);
    if (s == NULL)
        return;
    metrics_family(out, "build", "info", "", "What is running");
    fputs(PREFIX "build_info{", out);
    metrics_label(out, "version", version != NULL ? version : "");
    fputs("} 1\n", out);
    metrics_single(out, "uptime_seconds", "gauge", "seconds", "Since the start of pennyline",
                   json_number_at(s, "uptime_s"));
    metrics_single(out, "status_age_seconds", "gauge", "seconds", "Of what is told here", v->age_s);
    metrics_single(out, "kill_switch", "gauge", "", "1: no deliberate drop until it is off",
                   json_number_at(s, "kill_switch"));
    metrics_single(out, "suspended", "gauge", "", "1: drops are suspended, as by own loss",
                   json_is_string(json_object_get(s, "suspended")));
    metrics_single(out, "tracking_is_shed", "gauge", "",
                   "1: flows are not tracked, the box cannot keep up",
                   json_is_true(json_object_get(s, "tracking_shed")));
    metrics_single(out, "draining", "gauge", "", "1: the box is being taken out of the path",
                   json_is_object(json_object_get(s, "draining")));
    metrics_single(out, "aggregates_most", "gauge", "", "Aggregates that there is room for",
                   json_number_at(s, "max_aggregates"));
    metrics_single(out, "aggregates_full", "gauge", "",
                   "1: no room for another aggregate, so new sub-prefixes are not tested",
                   json_is_true(json_object_get(s, "aggregates_full")));
    metrics_single(out, "epochs", "counter", "epochs", "Epochs that every worker closed",
                   json_number_at(s, "epoch"));
    metrics_family(out, "tests", "gauge", "", "Aggregates by the state of their test");
    json_object_foreach ((json_t *)json_object_get(s, "tests"), state, n) {
        fputs(PREFIX "tests{", out);
        metrics_label(out, "state", state);
        fprintf(out, "} %lld\n", (long long)json_integer_value(n));
    }
    write_drop_budget(json_object_get(s, "drop_budget"), out);
}

/* Times are told in seconds, as Prometheus has them. */
static void write_worker_row(const json_t *workers, const struct counter_row *row, FILE *out)
{
    const bool is_time = strcmp(row->unit, "ns") == 0;
    const size_t n = strlen(row->name) - (is_time ? strlen("_ns") : 0);
    char name[80];
    json_t *worker;
    size_t i;

    snprintf(name, sizeof(name), "worker_%.*s%s", (int)n, row->name, is_time ? "_seconds" : "");
    metrics_family(out, name, "counter", is_time ? "seconds" : row->unit, row->help);
    json_array_foreach (workers, i, worker) {
        const double value = json_number_at(json_object_get(worker, "counters"), row->name);

        fprintf(out, PREFIX "%s_total{lcore=\"%lld\"} %.15g\n", name,
                (long long)json_number_at(worker, "lcore"), is_time ? value / 1e9 : value);
    }
}

/* One sample for each member of an object of each worker, under label reason. */
static void write_reasons(const json_t *workers, const char *path[2], const char *name,
                          const char *help, FILE *out)
{
    json_t *worker, *n;
    const char *reason;
    size_t i;

    metrics_family(out, name, "counter", "", help);
    json_array_foreach (workers, i, worker) {
        json_t *object = json_object_get(worker, path[0]);

        if (path[1] != NULL)
            object = json_object_get(object, path[1]);
        json_object_foreach (object, reason, n) {
            fprintf(out, PREFIX "%s_total{lcore=\"%lld\",", name,
                    (long long)json_number_at(worker, "lcore"));
            metrics_label(out, "reason", reason);
            fprintf(out, "} %lld\n", (long long)json_integer_value(n));
        }
    }
}

static void write_flows(const json_t *workers, FILE *out)
{
    static const struct {
        const char *key, *name, *type, *help;
    } rows[] = {
        {"now", "flows", "gauge", "Flows in the table"},
        {"most", "flows_limit", "gauge", "Flows that the table holds"},
        {"evicted_syn_only", "flows_evicted_syn_only", "counter",
         "Flows of which only a SYN was seen that made room"},
        {"evicted_idle", "flows_evicted_idle", "counter", "Idle flows that made room"},
        {"aged", "flows_aged", "counter", "Flows that were idle for too long"},
        {"removed", "flows_removed", "counter", "Flows that ended"},
    };
    json_t *worker;
    size_t i;

    for (size_t r = 0; r < ARRAY_LENGTH(rows); r++) {
        metrics_family(out, rows[r].name, rows[r].type, "", rows[r].help);
        json_array_foreach (workers, i, worker)
            fprintf(out, PREFIX "%s%s{lcore=\"%lld\"} %.0f\n", rows[r].name,
                    strcmp(rows[r].type, "counter") == 0 ? "_total" : "",
                    (long long)json_number_at(worker, "lcore"),
                    json_number_at(json_object_get(worker, "flows"), rows[r].key));
    }
}

static double load_number(const json_t *worker, const char *key)
{
    return json_number_at(json_object_get(worker, "load"), key);
}

/* Cycles of each worker as seconds. */
static void write_load_times(const json_t *workers, FILE *out)
{
    static const struct {
        const char *key, *name, *help;
    } rows[] = {
        {"busy_cycles", "worker_busy_seconds", "Time in turns that brought packets"},
        {"idle_cycles", "worker_idle_seconds", "Time in turns that brought none"},
    };
    json_t *worker;
    size_t i;

    for (size_t r = 0; r < ARRAY_LENGTH(rows); r++) {
        metrics_family(out, rows[r].name, "counter", "seconds", rows[r].help);
        json_array_foreach (workers, i, worker)
            if (load_number(worker, "tsc_hz") > 0)
                fprintf(out, PREFIX "%s_total{lcore=\"%lld\"} %.9f\n", rows[r].name,
                        (long long)json_number_at(worker, "lcore"),
                        load_number(worker, rows[r].key) / load_number(worker, "tsc_hz"));
    }
}

static void write_long_turns(const json_t *workers, FILE *out)
{
    json_t *worker;
    size_t i;

    metrics_family(out, "worker_long_turns", "counter", "",
                   "Turns that took a millisecond or more");
    json_array_foreach (workers, i, worker)
        fprintf(out, PREFIX "worker_long_turns_total{lcore=\"%lld\"} %.0f\n",
                (long long)json_number_at(worker, "lcore"), load_number(worker, "long_turns"));
}

/* How full bursts are: a histogram with the bounds in which they are counted. */
static void write_bursts(const json_t *workers, FILE *out)
{
    json_t *worker, *n;
    const char *range;
    size_t i;

    metrics_family(out, "worker_burst_packets", "histogram", "packets",
                   "Packets of receive bursts");
    json_array_foreach (workers, i, worker) {
        json_t *ranges = json_object_get(json_object_get(worker, "load"), "bursts_by_packets");
        long long lcore = (long long)json_number_at(worker, "lcore");
        unsigned long long sum = 0; /* of what somebody says: it may wrap */
        unsigned int fill = 0;

        if (ranges == NULL)
            continue;
        json_object_foreach (ranges, range, n) {
            sum += (unsigned long long)json_integer_value(n);
            if (++fill < json_object_size(ranges))
                fprintf(out,
                        PREFIX "worker_burst_packets_bucket{lcore=\"%lld\",le=\"%u.0\"} %llu\n",
                        lcore, load_fill_most(fill - 1), sum);
        }
        fprintf(out, PREFIX "worker_burst_packets_bucket{lcore=\"%lld\",le=\"+Inf\"} %llu\n", lcore,
                sum);
        fprintf(out, PREFIX "worker_burst_packets_count{lcore=\"%lld\"} %llu\n", lcore, sum);
        fprintf(out, PREFIX "worker_burst_packets_sum{lcore=\"%lld\"} %.0f\n", lcore,
                load_number(worker, "packets"));
    }
}

/* Stages are measured in few bursts, so their time goes with the packets of these. */
static void write_stages(const json_t *workers, FILE *out)
{
    const char *stage;
    json_t *worker, *n;
    double tsc_hz;
    size_t i;

    metrics_family(out, "worker_stage_seconds", "counter", "seconds",
                   "Time of the stages of a burst, in the bursts that are measured");
    json_array_foreach (workers, i, worker) {
        tsc_hz = load_number(worker, "tsc_hz");
        json_object_foreach (json_object_get(json_object_get(worker, "load"), "stage_cycles"),
                             stage, n) {
            if (!(tsc_hz > 0))
                continue;
            fprintf(out, PREFIX "worker_stage_seconds_total{lcore=\"%lld\",",
                    (long long)json_number_at(worker, "lcore"));
            metrics_label(out, "stage", stage);
            fprintf(out, "} %.9f\n", json_number_value(n) / tsc_hz);
        }
    }
    metrics_family(out, "worker_stage_packets", "counter", "packets",
                   "Packets of the bursts whose stages are measured");
    json_array_foreach (workers, i, worker)
        if (json_object_get(worker, "load") != NULL)
            fprintf(out, PREFIX "worker_stage_packets_total{lcore=\"%lld\"} %.0f\n",
                    (long long)json_number_at(worker, "lcore"),
                    load_number(worker, "sampled_packets"));
}

static void write_workers(const json_t *status, FILE *out)
{
    const json_t *workers = json_object_get(status, "workers");
    const char *packets[2] = {"packet_reasons", NULL}, *admissions[2] = {"flows", "admissions"};

    for (size_t i = 0; i < n_worker_counter_rows; i++)
        write_worker_row(workers, &worker_counter_rows[i], out);
    write_reasons(workers, packets, "worker_packets_by_reason",
                  "Packets of slices by what the parser says of them", out);
    write_reasons(workers, admissions, "flow_admissions",
                  "What became of flows that were new to the table", out);
    write_flows(workers, out);
    write_load_times(workers, out);
    write_long_turns(workers, out);
    write_bursts(workers, out);
    write_stages(workers, out);
}

struct port_row {
    const char *key, *name, *type, *unit, *help;
    bool is_of_device;
};

static const struct port_row port_rows[] = {
    {"link_up", "port_link_up", "gauge", "", "1 when the link is up", false},
    {"rx_packets", "port_rx_packets", "counter", "packets", "Taken from the port by workers",
     false},
    {"tx_packets", "port_tx_packets", "counter", "packets", "Handed to the port by workers", false},
    {"dropped", "port_dropped", "counter", "", "Deliberate drops of packets that came in", false},
    {"lost_tx_full", "port_lost_tx_full", "counter", "", "Not taken by its transmit queues", false},
    {"rx_packets", "port_device_rx_packets", "counter", "packets", "As the device counts", true},
    {"rx_bytes", "port_device_rx_bytes", "counter", "bytes", "As the device counts", true},
    {"tx_packets", "port_device_tx_packets", "counter", "packets", "As the device counts", true},
    {"tx_bytes", "port_device_tx_bytes", "counter", "bytes", "As the device counts", true},
    {"missed", "port_device_missed", "counter", "", "Lost before a worker: queue full", true},
    {"no_buffer", "port_device_no_buffer", "counter", "", "Lost before a worker: no buffer", true},
    {"rx_errors", "port_device_rx_errors", "counter", "", "As the device counts", true},
    {"tx_errors", "port_device_tx_errors", "counter", "", "As the device counts", true},
};

static void write_port_row(const json_t *ports, const struct port_row *row, FILE *out)
{
    json_t *port;
    size_t i;

    metrics_family(out, row->name, row->type, row->unit, row->help);
    json_array_foreach (ports, i, port) {
        const json_t *object = row->is_of_device ? json_object_get(port, "device_counters") : port;
        const char *name = json_string_value(json_object_get(port, "name"));

        if (json_object_get(object, row->key) == NULL || name == NULL)
            continue;
        fprintf(out, PREFIX "%s%s{", row->name, strcmp(row->type, "counter") == 0 ? "_total" : "");
        metrics_label(out, "port", name);
        fprintf(out, "} %.0f\n", json_number_at(object, row->key));
    }
}

static void write_verdicts(struct mirror *m, uint32_t n_slices, FILE *out)
{
    metrics_family(out, "aggregates", "gauge", "", "Aggregates by slice and verdict");
    for (uint32_t s = 0; s < n_slices; s++) {
        struct mirror_slice_view slice = mirror_slice(m, s);

        for (int v = 0; slice.is_there && v < MIRROR_N_VERDICTS; v++) {
            fputs(PREFIX "aggregates{", out);
            metrics_label(out, "slice", slice.name);
            fprintf(out, ",verdict=\"%s\"} %u\n", mirror_verdicts[v], slice.n_by_verdict[v]);
        }
    }
}

static void write_slices(struct mirror *m, uint32_t n_slices, FILE *out)
{
    char name[80];

    for (size_t r = 0; r < n_aggregate_counter_rows; r++) {
        const struct counter_row *row = &aggregate_counter_rows[r];

        snprintf(name, sizeof(name), "slice_%s", row->name);
        metrics_family(out, name, "counter", row->unit, row->help);
        for (uint32_t s = 0; s < n_slices; s++) {
            struct mirror_slice_view slice = mirror_slice(m, s);

            if (!slice.is_there)
                continue;
            fprintf(out, PREFIX "%s_total{", name);
            metrics_label(out, "slice", slice.name);
            fprintf(out, "} %lu\n", (unsigned long)slice.totals[r]);
        }
    }
}

/* Units beside data segments, of slices that have such, under label unit. */
static void write_units(struct mirror *m, uint32_t n_slices, FILE *out)
{
    char name[80];

    for (size_t r = 0; r < n_unit_counter_rows; r++) {
        const struct counter_row *row = &unit_counter_rows[r];

        snprintf(name, sizeof(name), "slice_units_%s", row->name);
        metrics_family(out, name, "counter", row->unit, row->help);
        for (uint32_t s = 0; s < n_slices * UNIT_N_KINDS; s++) {
            struct mirror_slice_view slice = mirror_slice(m, s / UNIT_N_KINDS);
            const unsigned int kind = s % UNIT_N_KINDS;

            if (!slice.is_there || slice.units == NULL)
                continue;
            fprintf(out, PREFIX "%s_total{", name);
            metrics_label(out, "slice", slice.name);
            fprintf(out, ",unit=\"%s\"} %lu\n", unit_rule_of((enum unit_kind)kind)->name,
                    (unsigned long)slice.units[kind * MIRROR_N_UNIT_COUNTERS + r]);
        }
    }
}

static void write_web(const struct metrics_of_web *w, FILE *out)
{
    metrics_single(out, "web_requests", "counter", "requests",
                   "HTTP requests that the gateway heard", (double)w->n_requests);
    metrics_single(out, "web_refused_rate", "counter", "",
                   "Requests refused: too many of one client", (double)w->n_refused_rate);
    metrics_single(out, "web_refused_token", "counter", "",
                   "Requests refused: no token, or a wrong one", (double)w->n_refused_token);
    metrics_single(out, "web_refused_room", "counter", "",
                   "Requests refused: too many bytes of replies are not read yet",
                   (double)w->n_refused_room);
    metrics_single(out, "web_reply_bytes", "gauge", "bytes", "Of replies that are not read yet",
                   (double)w->n_reply_bytes);
    metrics_single(out, "web_events", "counter", "events", "Events heard from pennyline",
                   (double)w->n_events);
    metrics_single(out, "web_webhook_waiting", "gauge", "", "Events that wait to be posted",
                   (double)w->n_webhook_waiting);
    metrics_single(out, "web_webhook_posted", "counter", "", "Events that the webhook took",
                   (double)w->n_webhook_posted);
    metrics_single(out, "web_webhook_failures", "counter", "",
                   "Posts that failed, and are tried again", (double)w->n_webhook_failures);
    metrics_single(out, "web_webhook_lost", "counter", "",
                   "Events lost: the queue was full, or refused", (double)w->n_webhook_lost);
    metrics_single(out, "web_webhook_queue_errors", "counter", "",
                   "Times that the queue of the webhook could not be read or written",
                   (double)w->n_webhook_queue_errors);
    metrics_single(out, "web_event_log_gaps", "counter", "",
                   "Times that a part of the event log was gone or unreadable",
                   (double)w->n_event_log_gaps);
    metrics_single(out, "web_event_log_behind_bytes", "gauge", "bytes",
                   "What of the event log waits: the webhook's queue is full, or cannot be written",
                   (double)w->n_event_log_behind_bytes);
}

void metrics_write(struct mirror *m, const struct metrics_of_web *web,
                   const struct metrics_of_sources *sources, double now_s, FILE *out)
{
    struct mirror_view v = mirror_begin(m, now_s);

    write_box(v.status, &v, out);
    if (v.status != NULL) {
        write_workers(v.status, out);
        for (size_t i = 0; i < ARRAY_LENGTH(port_rows); i++)
            write_port_row(json_object_get(v.status, "ports"), &port_rows[i], out);
        write_verdicts(m, v.n_slices, out);
        write_slices(m, v.n_slices, out);
        write_units(m, v.n_slices, out);
        metrics_write_machines(json_object_get(v.parts[MIRROR_MACHINES], "machines"), out);
        metrics_write_map(v.parts[MIRROR_MAP], out);
    }
    mirror_end(m);
    metrics_write_sources(sources, out);
    write_web(web, out);
    fputs("# EOF\n", out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What mode passive found out, as JSON. */
#include "manager/passive.h"
#include "base/compiler.h"
#include "base/time.h"
#include "passive/passive.h"
#include "report/internal.h"
#include "json/json.h"

static json_t *report_rate(const struct passive_rate *r)
{
    return json_pack("{s:o, s:f, s:f, s:I, s:I}", "estimate", json_real_or_null(r->rate), "low",
                     r->low, "high", r->high, "hits", (json_int_t)r->n_hits, "observations",
                     (json_int_t)r->n_observations);
}

json_t *report_finding(const struct manager *m, uint32_t aggregate, int finding,
                       const struct report_clock *clock)
{
    const struct passive_evidence *e;
    struct passive_report r;

    if (!manager_passive_report(m, aggregate, &r))
        return NULL;
    e = &r.findings[finding];
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "finding",
                     passive_finding_name((enum passive_finding)finding), "severity",
                     passive_severity_name(e->severity), "words",
                     passive_finding_words((enum passive_finding)finding), "since_s",
                     report_seconds(clock, e->since_ns), "evidence", report_rate(&e->rate));
}

static json_t *report_findings(const struct manager *m, uint32_t aggregate,
                               const struct passive_report *r, const struct report_clock *clock)
{
    json_t *findings = json_array();

    for (int i = 0; i < PASSIVE_N_FINDINGS; i++)
        if (r->findings[i].is_raised)
            json_array_append_new(findings, report_finding(m, aggregate, i, clock));
    return findings;
}

static json_t *report_sampling(const struct passive_sampling *s)
{
    return json_pack("{s:f, s:s}", "rate", s->rate, "source",
                     passive_sampling_source_name(s->source));
}

static json_t *report_withheld(const struct passive_report *r)
{
    json_t *list = json_array();

    for (int i = 0; i < PASSIVE_N_FINDINGS; i++)
        if (r->withheld[i])
            json_array_append_new(list,
                                  json_pack("{s:s, s:s}", "finding",
                                            passive_finding_name((enum passive_finding)i), "words",
                                            passive_withheld_words(r, (enum passive_finding)i)));
    return list;
}

/* What the mirror stands for: all that came, or so many times as much. */
static json_t *report_volume(const struct passive_report *r, const struct aggregate_counters *c)
{
    double scale = 1 / r->sampling.rate;

    return json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)((double)c->packets * scale),
                     "bytes", (json_int_t)((double)c->bytes * scale), "payload_bytes",
                     (json_int_t)((double)r->total->payload_bytes * scale));
}

static json_t *report_windows(const struct passive_report *r)
{
    json_t *windows = json_object();

    for (int w = 0; w < PASSIVE_N_WINDOWS; w++)
        json_object_set_new(windows, passive_window_name((enum passive_window)w),
                            json_pack("{s:o, s:o}", "upstream_loss", report_rate(&r->windows[w][0]),
                                      "downstream_loss", report_rate(&r->windows[w][1])));
    return windows;
}

static json_t *mean_ms(uint64_t sum_us, uint64_t n)
{
    return n == 0 ? json_null() : json_real((double)sum_us / (double)n / 1000);
}

static json_t *report_round_trips(const struct passive_counters *c)
{
    return json_pack("{s:o, s:I, s:o, s:I}", "to_source_ms",
                     mean_ms(c->rtt_source_us, c->rtt_source_samples), "to_source_samples",
                     (json_int_t)c->rtt_source_samples, "to_destination_ms",
                     mean_ms(c->rtt_destination_us, c->rtt_destination_samples),
                     "to_destination_samples", (json_int_t)c->rtt_destination_samples);
}

/* Until watching ended, or the latest packet. */
static json_t *throughput_bps(const struct passive_report *r, uint64_t last_seen_ns)
{
    uint64_t until_ns = r->ended_ns != 0 ? r->ended_ns : last_seen_ns;

    if (r->began_ns == 0 || until_ns <= r->began_ns)
        return json_null();
    return json_real((double)r->total->payload_bytes * 8e9 / (double)(until_ns - r->began_ns) /
                     r->sampling.rate);
}

static json_t *report_ended_flow(const struct ended_flow *f, const struct report_clock *clock)
{
    json_t *object = json_pack("{s:o, s:s, s:s, s:b, s:o, s:f, s:I, s:I}", "flow",
                               report_flow_key(&f->key), "start", f->from_syn ? "syn" : "midstream",
                               "end", passive_end_name((enum passive_end)f->end), "two_way",
                               (int)f->two_way, "ended_s", report_seconds(clock, f->ended_ns),
                               "duration_s", (double)f->duration_ns / NS_PER_S, "bytes",
                               (json_int_t)f->n_bytes, "segments", (json_int_t)f->n_segments);
    const struct {
        const char *name;
        uint32_t value;
    } counts[] = {{"lost_upstream", f->n_lost_upstream},
                  {"reordered", f->n_reordered},
                  {"repeats", f->n_repeats},
                  {"holes_unfilled", f->n_holes_unfilled},
                  {"holes_open", f->n_holes_open}};

    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
        json_object_set_new(object, counts[i].name, json_integer(counts[i].value));
    return object;
}

static json_t *report_ended_flows(const struct manager *m, uint32_t aggregate,
                                  const struct report_clock *clock)
{
    const struct ended_flow *flow = NULL;
    json_t *list = json_array();

    while ((flow = manager_next_ended_flow(m, aggregate, flow)) != NULL)
        json_array_append_new(list, report_ended_flow(flow, clock));
    return list;
}

json_t *report_passive(const struct manager *m, const struct aggregate_report *a,
                       const struct report_clock *clock)
{
    struct passive_report r;
    json_t *object, *counters;

    if (!manager_passive_report(m, a->aggregate, &r))
        return NULL;
    counters = json_object();
    for (size_t i = 0; i < n_passive_counter_rows; i++)
        json_object_set_new(
            counters, passive_counter_rows[i].name,
            json_integer((json_int_t)counter_value(r.total, &passive_counter_rows[i])));
    object = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "stop",
                       passive_stop_name(r.stop), "began_s", report_seconds(clock, r.began_ns),
                       "ended_s", report_seconds(clock, r.ended_ns), "upstream_loss",
                       report_rate(&r.upstream), "downstream_loss", report_rate(&r.downstream),
                       "reordered", report_rate(&r.reordered), "share_here", r.share_here.rate,
                       "throughput_bps", throughput_bps(&r, a->last_seen_ns), "round_trip",
                       report_round_trips(r.total), "counters", counters);
    json_object_set_new(object, "sampling", report_sampling(&r.sampling));
    json_object_set_new(object, "volume", report_volume(&r, a->total));
    json_object_set_new(object, "withheld", report_withheld(&r));
    json_object_set_new(object, "findings", report_findings(m, a->aggregate, &r, clock));
    json_object_set_new(object, "windows", report_windows(&r));
    json_object_set_new(object, "ended_flows", report_ended_flows(m, a->aggregate, clock));
    return object;
}

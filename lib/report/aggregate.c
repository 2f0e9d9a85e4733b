/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "report/internal.h"
#include "json/json.h"

const struct aggregate_counters *report_counters(const struct aggregate_report *r)
{
    return r->n_tests > 0 ? &r->test : r->total;
}

/* The sub-prefix, or the source of a slice that has one, be it in two halves, as a test by command
 * has it. "" when there is no single prefix. */
static const char *prefix_of(const struct aggregate_report *r, char out[IP_TEXT_BYTES])
{
    const struct ip_prefix *sources = r->slice->sources;
    struct ip_prefix whole;

    out[0] = '\0';
    if (r->identity->has_prefix)
        return ip_prefix_format(&r->identity->prefix, out);
    if (r->slice->n_sources == 1)
        return ip_prefix_format(&sources[0], out);
    if (r->slice->n_sources == 2 && ip_prefix_of_halves(&sources[0], &sources[1], &whole))
        return ip_prefix_format(&whole, out);
    return out;
}

const char *report_name(const struct aggregate_report *r, char out[REPORT_NAME_BYTES])
{
    char prefix[IP_TEXT_BYTES];

    if (r->identity->has_prefix)
        snprintf(out, REPORT_NAME_BYTES, "%s %s", r->slice->name,
                 ip_prefix_format(&r->identity->prefix, prefix));
    else
        snprintf(out, REPORT_NAME_BYTES, "%s", r->slice->name);
    return out;
}

json_t *report_identity(const struct aggregate_report *r)
{
    char name[REPORT_NAME_BYTES], prefix[IP_TEXT_BYTES];
    json_t *out = json_pack("{s:I, s:s, s:s, s:o}", "aggregate", (json_int_t)r->aggregate, "name",
                            report_name(r, name), "slice", r->slice->name, "prefix",
                            json_text_or_null(prefix_of(r, prefix)));

    if (r->label != NULL)
        json_object_set_new(out, "label", json_string(r->label));
    return out;
}

static json_t *latency_ms(const struct drop_record *drop)
{
    if (drop->state != DROP_RETRANSMITTED)
        return json_null();
    return json_real((double)(drop->ended_ns - drop->time_ns) / (double)NS_PER_MS);
}

json_t *report_drop(const struct drop_record *drop, const struct report_clock *clock)
{
    const struct unit_rule *unit = unit_rule_of(drop->kind);
    json_t *object =
        json_pack("{s:o, s:I, s:I, s:o, s:o, s:s, s:o, s:o, s:b}", "flow",
                  report_flow_key(&drop->key), "seq", (json_int_t)drop->sequence, "len",
                  (json_int_t)drop->n_bytes, "seconds", report_seconds(clock, drop->time_ns),
                  "time", report_wall(clock, drop->time_ns), "state", drop_state_name(drop->state),
                  "void_reason", json_text_or_null(drop_state_void_reason(drop->state)),
                  "latency_ms", latency_ms(drop), "individual", (int)drop->individual);

    if (unit != NULL)
        json_object_set_new(object, "unit", json_string(unit->name));
    return object;
}

static json_t *report_drops(const struct manager *m, uint32_t aggregate,
                            const struct report_clock *clock)
{
    json_t *drops = json_array();

    for (const struct drop_record *d = manager_next_drop(m, aggregate, NULL); d != NULL;
         d = manager_next_drop(m, aggregate, d))
        json_array_append_new(drops, report_drop(d, clock));
    return drops;
}

static json_t *report_penny(const struct penny_result *p)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:s}", "f_dup", p->f_dup, "p_closed", p->p_closed,
                     "p_open", p->p_open, "posterior", p->posterior, "outcome",
                     verdict_name_outcome(p->outcome));
}

static json_t *report_anytime(const struct anytime_values *a)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:s}", "log10_e", a->log10_e, "log10_e_pooled",
                     a->log10_e_pooled, "log10_e_joint", a->log10_e_joint, "log10_f", a->log10_f,
                     "outcome", verdict_name_outcome(a->outcome));
}

static json_t *report_flow_counts(const struct flow_counts *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "droppable", (json_int_t)c->droppable,
                     "dropped", (json_int_t)c->dropped, "retransmitted",
                     (json_int_t)c->retransmitted, "expired", (json_int_t)c->expired, "void",
                     (json_int_t)c->voided, "pending",
                     (json_int_t)(c->dropped - c->retransmitted - c->expired - c->voided),
                     "duplicates", (json_int_t)c->duplicates);
}

static json_t *report_individual(const struct flow_report *f)
{
    return json_pack("{s:o, s:o, s:f, s:o, s:b}", "flow", report_flow_key(&f->key), "counts",
                     report_flow_counts(&f->counts), "log10_e", f->log10_e, "penny",
                     report_penny(&f->penny), "ended", (int)f->ended);
}

static json_t *report_flows(const struct manager *m, const struct aggregate_report *r)
{
    const struct aggregate_counters *c = report_counters(r);
    json_int_t n_by_outcome[VERDICT_N_OUTCOMES] = {0};
    json_t *individual = json_array(), *by_outcome = json_object();
    struct flow_report f;

    for (uint32_t i = 0; manager_flow_report(m, r->aggregate, i, &f); i++) {
        json_array_append_new(individual, report_individual(&f));
        n_by_outcome[f.penny.outcome]++;
    }
    for (int i = 0; i < VERDICT_N_OUTCOMES; i++)
        json_object_set_new(by_outcome, verdict_name_outcome((enum verdict_outcome)i),
                            json_integer(n_by_outcome[i]));
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "seen", (json_int_t)c->flows_seen, "tested",
                     (json_int_t)c->flows_tested, "repaired", (json_int_t)c->flows_repaired,
                     "closed_loop", (json_int_t)r->n_flows_closed_loop, "by_outcome", by_outcome,
                     "individual", individual);
}

static json_t *report_share(const struct aggregate_report *r)
{
    double share = aggregate_report_repaired_share(r);

    return isnan(share) ? json_null() : json_real(share);
}

static void set_counters(json_t *object, const struct aggregate_counters *c)
{
    for (size_t i = 0; i < n_aggregate_counter_rows; i++)
        json_object_set_new(object, aggregate_counter_rows[i].name,
                            json_integer((json_int_t)counter_value(c, &aggregate_counter_rows[i])));
    json_object_set_new(object, "pending", json_integer((json_int_t)aggregate_counters_pending(c)));
}

static json_t *unit_counters_json(const struct unit_counters *c)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n_unit_counter_rows; i++)
        json_object_set_new(object, unit_counter_rows[i].name,
                            json_integer((json_int_t)counter_value(c, &unit_counter_rows[i])));
    json_object_set_new(object, "pending", json_integer((json_int_t)unit_counters_pending(c)));
    return object;
}

/* Of each kind that is on. */
static void set_units(json_t *object, const struct aggregate_report *r)
{
    json_t *units = json_object();

    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        const struct unit_report *u = &r->units[k];
        json_t *kind;

        if ((r->kinds >> k & 1) == 0)
            continue;
        kind = unit_counters_json(r->n_tests > 0 ? &u->test : u->total);
        json_object_set_new(kind, "log10_e", json_real(u->log10_e));
        json_object_set_new(kind, "total", unit_counters_json(u->total));
        json_object_set_new(units, unit_rule_of((enum unit_kind)k)->name, kind);
    }
    json_object_set_new(object, "units", units);
}

static void set_verdict(json_t *object, const struct aggregate_report *r)
{
    char text[TEST_REASON_TEXT_BYTES];
    static const char *const rules[] = {
        [TEST_RULE_ANYTIME] = "anytime", [TEST_RULE_PENNY] = "penny"};

    json_object_set_new(object, "state", json_string(test_state_name(r->state)));
    json_object_set_new(object, "rule", json_string(rules[r->rule]));
    json_object_set_new(object, "verdict", json_string(verdict_name_outcome(r->verdict)));
    json_object_set_new(object, "provisional", json_boolean(r->provisional));
    json_object_set_new(object, "mixed", json_boolean(r->mixed));
    json_object_set_new(object, "repaired_share", report_share(r));
    json_object_set_new(object, "via", json_string(test_via_name(r->via)));
    json_object_set_new(object, "reason", json_string(test_reason_name(r->reason)));
    json_object_set_new(object, "reason_text", json_string(aggregate_report_reason_text(r, text)));
    json_object_set_new(object, "anytime", report_anytime(&r->anytime));
    json_object_set_new(object, "penny", report_penny(&r->penny));
}

static void set_times(json_t *object, const struct aggregate_report *r,
                      const struct report_clock *clock)
{
    const struct {
        const char *name;
        uint64_t time_ns;
    } times[] = {
        {"started_s", r->started_ns},     {"verdict_s", r->verdict_ns},
        {"ended_s", r->ended_ns},         {"first_seen_s", r->first_seen_ns},
        {"last_seen_s", r->last_seen_ns},
    };

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        json_object_set_new(object, times[i].name, report_seconds(clock, times[i].time_ns));
    json_object_set_new(object, "n_tests", json_integer(r->n_tests));
}

json_t *report_aggregate_row(const struct aggregate_report *r, const struct report_clock *clock)
{
    json_t *object = report_identity(r);

    set_verdict(object, r);
    set_times(object, r, clock);
    set_counters(object, report_counters(r));
    if (r->kinds != 0)
        set_units(object, r);
    return object;
}

json_t *report_aggregate(const struct manager *m, uint32_t aggregate,
                         const struct report_clock *clock, bool with_drops)
{
    struct aggregate_report r;
    json_t *object, *total, *passive;

    if (!manager_report(m, aggregate, &r))
        return NULL;
    object = report_aggregate_row(&r, clock);
    total = json_object();
    set_counters(total, r.total);
    json_object_set_new(object, "total", total);
    json_object_set_new(object, "flows", report_flows(m, &r));
    passive = report_passive(m, &r, clock);
    if (passive != NULL)
        json_object_set_new(object, "passive", passive);
    if (with_drops) {
        json_object_set_new(object, "drops", report_drops(m, aggregate, clock));
        json_object_set_new(object, "tested_flows", report_tested_flows(m, aggregate));
    }
    return object;
}

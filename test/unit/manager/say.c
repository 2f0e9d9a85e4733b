/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <inttypes.h>
#include <stdio.h>

#include "../common/trace.h"
#include "manager/passive.h"

void say_event(void *context, const struct manager_event *e)
{
    (void)context;
    trace_say("event %s %" PRIu64 " %" PRIu32 " %s %d %" PRIu32 " %u %" PRIu64,
              manager_event_name(e->kind), e->time_ns, e->aggregate, e->text == NULL ? "" : e->text,
              e->finding, e->tested, e->worker, e->duration_ns);
    if (e->drop != NULL)
        trace_say(" drop %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu32
                  " %u %u %d",
                  e->drop->id, e->drop->time_ns, e->drop->ended_ns, e->drop->aggregate,
                  e->drop->sequence, e->drop->n_bytes, e->drop->state, e->drop->test_id,
                  e->drop->individual);
}

static void say_counters(const char *what, const struct aggregate_counters *c)
{
    char text[2048];
    int n = 0;

#define X(field, name, unit, help)                                                                 \
    if (c->field != 0)                                                                             \
        n += snprintf(text + n, sizeof(text) - (size_t)n, " " name "=%" PRIu64, c->field);
    text[0] = '\0';
    AGGREGATE_COUNTERS(X)
#undef X
    trace_say(" %s%s", what, text);
}

static void say_penny(const char *what, const struct penny_result *p)
{
    trace_say(" %s %d %.4g %.4g %.4g %.4g", what, p->outcome, p->f_dup, p->p_closed, p->p_open,
              p->posterior);
}

void say_report(const struct manager *m, uint32_t aggregate)
{
    struct aggregate_report r;
    struct flow_report f;
    char words[TEST_REASON_TEXT_BYTES];

    if (!manager_report(m, aggregate, &r))
        return;
    trace_say("report %" PRIu32 " slice %" PRIu32 " %s %s rule %d %s%s%s via %s because %s",
              aggregate, r.identity->slice, r.label == NULL ? "-" : r.label,
              test_state_name(r.state), r.rule, verdict_name_outcome(r.verdict),
              r.provisional ? " provisional" : "", r.mixed ? " mixed" : "", test_via_name(r.via),
              test_reason_name(r.reason));
    trace_say(" e %.4g %.4g %.4g f %.4g %d share %.4g", r.anytime.log10_e, r.anytime.log10_e_pooled,
              r.anytime.log10_e_joint, r.anytime.log10_f, r.anytime.outcome,
              aggregate_report_repaired_share(&r));
    say_penny("penny", &r.penny);
    trace_say(" at %" PRIu64 " %" PRIu64 " %" PRIu64 " seen %" PRIu64 " %" PRIu64, r.started_ns,
              r.verdict_ns, r.ended_ns, r.first_seen_ns, r.last_seen_ns);
    trace_say(" tests %" PRIu32 " flows %" PRIu32 " records %" PRIu32 " closed %" PRIu32, r.n_tests,
              r.n_flow_reports, r.n_drop_records, r.n_flows_closed_loop);
    trace_say(" %s", aggregate_report_reason_text(&r, words));
    say_counters("test", &r.test);
    say_counters("total", r.total);
    for (uint32_t i = 0; manager_flow_report(m, aggregate, i, &f); i++) {
        trace_say(" flow %u %d e %.4g dropped %" PRIu64 " back %" PRIu64 " expired %" PRIu64,
                  f.key.source_port, f.ended, f.log10_e, f.counts.dropped, f.counts.retransmitted,
                  f.counts.expired);
        say_penny(" penny", &f.penny);
    }
    for (const struct drop_record *d = NULL; (d = manager_next_drop(m, aggregate, d)) != NULL;)
        trace_say(" record %" PRIu64 " %u", d->id, d->state);
}

static void say_rate(const char *what, const struct passive_rate *r)
{
    trace_say(" %s %" PRIu64 "/%" PRIu64 " %.4g [%.4g, %.4g]", what, r->n_hits, r->n_observations,
              r->rate, r->low, r->high);
}

void say_passive(const struct manager *m, uint32_t aggregate)
{
    struct passive_report r;

    if (!manager_passive_report(m, aggregate, &r))
        return;
    trace_say("watched %" PRIu32 " %s from %" PRIu64 " to %" PRIu64 " sampling %s %.4g", aggregate,
              passive_stop_name(r.stop), r.began_ns, r.ended_ns,
              passive_sampling_source_name(r.sampling.source), r.sampling.rate);
    say_rate("upstream", &r.upstream);
    say_rate("downstream", &r.downstream);
    say_rate("reordered", &r.reordered);
    say_rate("share_here", &r.share_here);
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++) {
        const struct passive_evidence *e = &r.findings[i];

        trace_say(" %s %d %d %s %" PRIu64, passive_finding_name((enum passive_finding)i),
                  r.withheld[i], e->is_raised, passive_severity_name(e->severity), e->since_ns);
        say_rate(" by", &e->rate);
        if (r.withheld[i])
            trace_say("  %s", passive_withheld_words(&r, (enum passive_finding)i));
    }
    for (int i = 0; i < PASSIVE_N_WINDOWS; i++)
        for (int k = 0; k < 2; k++)
            say_rate(passive_window_name((enum passive_window)i), &r.windows[i][k]);
    for (const struct ended_flow *f = NULL; (f = manager_next_ended_flow(m, aggregate, f)) != NULL;)
        trace_say(" flow ended %u %" PRIu64 " %" PRIu32, f->key.source_port, f->ended_ns,
                  f->n_segments);
}

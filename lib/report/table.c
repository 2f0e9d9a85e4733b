/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "manager/passive.h"
#include "report/internal.h"

#define EVIDENCE_BYTES 64

/* The numbers that the rule looks at. */
static const char *evidence_of(const struct aggregate_report *r, char out[EVIDENCE_BYTES])
{
    if (r->n_tests == 0)
        snprintf(out, EVIDENCE_BYTES, "-");
    else if (r->rule == TEST_RULE_PENNY)
        snprintf(out, EVIDENCE_BYTES, "posterior %.4f, f_dup %.3f", r->penny.posterior,
                 r->penny.f_dup);
    else
        snprintf(out, EVIDENCE_BYTES, "E=10^%.1f F=10^%.1f", r->anytime.log10_e,
                 r->anytime.log10_f);
    return out;
}

static const char *verdict_of(const struct aggregate_report *r)
{
    if (r->slice->mode == SLICE_PASSIVE)
        return "watched";
    return r->n_tests == 0 ? "not tested" : verdict_name_outcome(r->verdict);
}

/* Of each kind of units beside data segments that is on. */
static void print_units(FILE *out, const struct aggregate_report *r)
{
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        const struct unit_counters *c = &r->units[k].test;

        if ((r->kinds >> k & 1) != 0)
            fprintf(out,
                    "    %s: %" PRIu64 " dropped, %" PRIu64 " came again, %" PRIu64
                    " did not; of %" PRIu64 " others %" PRIu64 " came again; E=10^%.1f\n",
                    unit_rule_of((enum unit_kind)k)->name, c->dropped, c->retransmitted, c->expired,
                    c->seen - c->dropped, c->duplicates, r->units[k].log10_e);
    }
}

/* What the verdict alone does not say. */
static void print_remarks(FILE *out, const struct aggregate_report *r)
{
    char text[TEST_REASON_TEXT_BYTES];

    if (r->n_tests == 0)
        return;
    print_units(out, r);
    if (r->provisional)
        fprintf(out, "    provisional: single flows are still being tested\n");
    if (r->mixed)
        fprintf(out, "    mixed: real senders are there, and not only they, or repairs that take "
                     "another way\n");
    if (!isnan(aggregate_report_repaired_share(r)))
        fprintf(out, "    %.0f %% of the tested drops came back\n",
                100 * aggregate_report_repaired_share(r));
    if (r->via == VIA_FLOWS)
        fprintf(out, "    shown by single flows, not by the aggregate as a whole\n");
    if (r->via == VIA_HANDSHAKE || r->via == VIA_QUIC)
        fprintf(out, "    shown by units of kind %s\n", test_via_name(r->via));
    if (r->reason != REASON_EVIDENCE && r->reason != REASON_FLOWS_CLOSED_LOOP)
        fprintf(out, "    %s\n", aggregate_report_reason_text(r, text));
}

static void print_loss(FILE *out, const char *where, const struct passive_rate *r)
{
    if (isnan(r->rate))
        fprintf(out, "%s unknown", where);
    else
        fprintf(out, "%s %.2f %% (%.2f to %.2f %%)", where, 100 * r->rate, 100 * r->low,
                100 * r->high);
}

/* What watching came to. */
static void print_watched(FILE *out, const struct manager *m, const struct aggregate_report *a)
{
    struct passive_report r;

    if (!manager_passive_report(m, a->aggregate, &r))
        return;
    fprintf(out, "    %" PRIu64 " flows finished; ", r.total->flows_finished);
    print_loss(out, "loss before here", &r.upstream);
    print_loss(out, ", after here", &r.downstream);
    fprintf(out, "\n");
    if (r.total->mirror_copies > 0)
        fprintf(out,
                "    %" PRIu64 " packets came twice: the mirror copies some more than once; "
                "only the first copy counts\n",
                r.total->mirror_copies);
    if (r.sampling.rate < 1)
        fprintf(out, "    one packet in %.0f comes here (%s): loss cannot be told\n",
                1 / r.sampling.rate, passive_sampling_source_name(r.sampling.source));
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++)
        if (r.findings[i].is_raised)
            fprintf(out, "    %s (%s): %s\n", passive_finding_name((enum passive_finding)i),
                    passive_severity_name(r.findings[i].severity),
                    passive_finding_words((enum passive_finding)i));
}

static int name_width(const struct manager *m)
{
    char name[REPORT_NAME_BYTES];
    struct aggregate_report r;
    size_t width = strlen("aggregate");

    for (uint32_t next = 0; manager_next_report(m, &next, &r);)
        if (strlen(report_name(&r, name)) > width)
            width = strlen(name);
    return (int)width;
}

static void print_row(FILE *out, const struct aggregate_report *r, int width)
{
    const struct aggregate_counters *c = report_counters(r);
    char name[REPORT_NAME_BYTES], evidence[EVIDENCE_BYTES];

    fprintf(out,
            "%-*s %12" PRIu64 " %7" PRIu64 " %13" PRIu64 " %7" PRIu64 " %5" PRIu64 " %10" PRIu64
            "  %-28s %s\n",
            width, report_name(r, name), c->packets, c->dropped, c->retransmitted, c->expired,
            c->voided, c->duplicates, evidence_of(r, evidence), verdict_of(r));
    print_remarks(out, r);
}

static void print_end(FILE *out, const struct report_run *run)
{
    const struct worker_counters *t = run->totals;
    char text[REPORT_BROKEN_BYTES];
    const char *broken = report_broken_identity(run, text);

    if (t != NULL)
        fprintf(out,
                "%" PRIu64 " packets received = %" PRIu64 " forwarded + %" PRIu64
                " deliberately dropped + %" PRIu64 " lost + %" PRIu64 " of mirror ports\n",
                t->rx_packets, t->tx_packets, t->dropped,
                t->lost_tx_full + t->lost_no_headroom + t->lost_cut, t->absorbed_mirror);
    if (t != NULL && (t->dropped_by_stage | t->answered | t->generated) != 0)
        fprintf(out,
                "Of them are %" PRIu64 " dropped by stages of ports and %" PRIu64
                " answered; beside them, %" PRIu64 " were generated\n",
                t->dropped_by_stage, t->answered, t->generated);
    if (broken != NULL)
        fprintf(out, "The counters do not add up, so trust none of the above: %s\n", broken);
}

void report_table(FILE *out, const struct report_run *run)
{
    int width = name_width(run->manager);
    struct aggregate_report r;

    fprintf(out, "%-*s %12s %7s %13s %7s %5s %10s  %-28s %s\n", width, "aggregate", "packets",
            "dropped", "retransmitted", "expired", "void", "duplicates", "evidence", "verdict");
    for (uint32_t next = 0; manager_next_report(run->manager, &next, &r);) {
        print_row(out, &r, width);
        print_watched(out, run->manager, &r);
    }
    print_end(out, run);
}

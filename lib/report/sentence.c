/* SPDX-License-Identifier: BSD-3-Clause */
/* One sentence over a whole run, for who reads no table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "verdict/outcome.h"

struct tally {
    unsigned int n_tested, n_watched, n_by_outcome[VERDICT_N_OUTCOMES];
    uint64_t n_packets, n_dropped;
    struct aggregate_report first; /* that was tested */
};

static void count(const struct manager *m, struct tally *t)
{
    struct aggregate_report r;

    memset(t, 0, sizeof(*t));
    for (uint32_t next = 0; manager_next_report(m, &next, &r);) {
        t->n_packets += r.total->packets;
        t->n_dropped += aggregate_report_dropped_packets(&r);
        t->n_watched += r.slice->mode == SLICE_PASSIVE;
        if (r.n_tests == 0)
            continue;
        if (t->n_tested++ == 0)
            t->first = r;
        t->n_by_outcome[r.verdict]++;
    }
}

/* "2 closed_loop, 1 inconclusive", what speaks against senders first. */
static void list_outcomes(const struct tally *t, char *out, size_t n)
{
    static const enum verdict_outcome order[] = {VERDICT_NOT_CLOSED_LOOP,
                                                 VERDICT_DUPLICATES_EXCEEDED, VERDICT_CLOSED_LOOP,
                                                 VERDICT_INCONCLUSIVE, VERDICT_UNDECIDED};
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (t->n_by_outcome[order[i]] > 0 && used < n)
            used += (size_t)snprintf(out + used, n - used, "%s%u %s", used > 0 ? ", " : "",
                                     t->n_by_outcome[order[i]], verdict_name_outcome(order[i]));
}

const char *report_sentence(const struct manager *m, char out[REPORT_SENTENCE_BYTES])
{
    char name[REPORT_NAME_BYTES], reason[TEST_REASON_TEXT_BYTES], outcomes[160];
    struct tally t;

    count(m, &t);
    if (t.n_tested == 1)
        snprintf(out, REPORT_SENTENCE_BYTES,
                 "%s is %s: %s %" PRIu64 " of %" PRIu64 " packets were dropped.",
                 report_name(&t.first, name), verdict_name_outcome(t.first.verdict),
                 aggregate_report_reason_text(&t.first, reason), t.n_dropped, t.n_packets);
    else if (t.n_tested > 1) {
        list_outcomes(&t, outcomes, sizeof(outcomes));
        snprintf(out, REPORT_SENTENCE_BYTES,
                 "Of %u aggregates that were tested: %s. %" PRIu64 " of %" PRIu64
                 " packets were dropped.",
                 t.n_tested, outcomes, t.n_dropped, t.n_packets);
    } else
        snprintf(out, REPORT_SENTENCE_BYTES, "Nothing was tested; %" PRIu64 " packets were %s.",
                 t.n_packets, t.n_watched > 0 ? "watched" : "counted");
    return out;
}

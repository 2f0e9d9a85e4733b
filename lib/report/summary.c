/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "base/time.h"
#include "report/internal.h"

int report_exit_code(const struct aggregate_report *r)
{
    static const int codes[] = {
        [VERDICT_UNDECIDED] = 12,       [VERDICT_CLOSED_LOOP] = 0,
        [VERDICT_NOT_CLOSED_LOOP] = 10, [VERDICT_DUPLICATES_EXCEEDED] = 11,
        [VERDICT_INCONCLUSIVE] = 12,
    };

    if (r->n_tests == 0)
        return 0;
    return r->n_dropped == 0 ? EXIT_CODE_NOTHING_TESTED : codes[r->verdict];
}

/* There are slices to be tested, and not one flow of theirs that could be. */
static bool nothing_was_to_be_tested(const struct manager *m)
{
    uint32_t n;
    const struct slice *slices = manager_slices(m, &n);
    bool is_untested = !manager_any_tested(m), is_empty = manager_n_aggregates(m) == 0;

    for (uint32_t i = 0; i < n; i++)
        if (slices[i].mode == SLICE_ACTIVE &&
            (is_empty || (is_untested && slices[i].start == SLICE_START_AUTO)))
            return true;
    return false;
}

int report_worst_exit_code(const struct manager *m)
{
    struct aggregate_report r;
    int worst = 0;

    if (nothing_was_to_be_tested(m))
        return EXIT_CODE_NOTHING_TESTED;
    for (uint32_t next = 0; manager_next_report(m, &next, &r);) {
        int code = report_exit_code(&r);

        if (code != 0 && (worst == 0 || code < worst))
            worst = code;
    }
    return worst;
}

uint64_t report_drops_total(const struct manager *m)
{
    struct aggregate_report r;
    uint64_t n = manager_n_drops_of_gone(m);

    for (uint32_t next = 0; manager_next_report(m, &next, &r);)
        n += aggregate_report_dropped_packets(&r);
    return n;
}

const char *report_broken_identity(const struct report_run *run, char out[REPORT_BROKEN_BYTES])
{
    uint64_t n_drops = report_drops_total(run->manager);
    const char *broken = manager_check(run->manager);

    if (broken == NULL && run->totals != NULL)
        broken = worker_counters_check(run->totals);
    if (broken != NULL) {
        snprintf(out, REPORT_BROKEN_BYTES, "%s", broken);
        return out;
    }
    if (run->totals != NULL && run->totals->dropped != n_drops) {
        snprintf(out, REPORT_BROKEN_BYTES,
                 "workers dropped %" PRIu64 ", but %" PRIu64 " belong to aggregates",
                 run->totals->dropped, n_drops);
        return out;
    }
    return NULL;
}

static json_t *report_totals(const struct worker_counters *totals)
{
    json_t *object;

    if (totals == NULL)
        return json_null();
    object = json_object();
    for (size_t i = 0; i < n_worker_counter_rows; i++)
        json_object_set_new(
            object, worker_counter_rows[i].name,
            json_integer((json_int_t)counter_value(totals, &worker_counter_rows[i])));
    return object;
}

static json_t *report_aggregates(const struct report_run *run)
{
    json_t *aggregates = json_array();
    struct aggregate_report r;

    for (uint32_t next = 0; manager_next_report(run->manager, &next, &r);)
        json_array_append_new(
            aggregates, report_aggregate(run->manager, r.aggregate, run->clock, run->with_drops));
    return aggregates;
}

json_t *report_summary(const struct report_run *run)
{
    char text[REPORT_BROKEN_BYTES], sentence[REPORT_SENTENCE_BYTES];
    const char *broken = report_broken_identity(run, text);
    json_t *ports = run->ports == NULL ? json_array() : json_incref(run->ports);

    return json_pack(
        "{s:s, s:s, s:s, s:o, s:f, s:o, s:o, s:o, s:b, s:s?, s:I, s:I, s:I, s:b, s:s?, s:i}",
        "version", PENNYLINE_VERSION, "mode", run->mode, "sentence",
        report_sentence(run->manager, sentence), "started",
        report_wall(run->clock, run->clock->started_ns), "duration_s",
        (double)(run->now_ns - run->clock->started_ns) / (double)NS_PER_S, "aggregates",
        report_aggregates(run), "ports", ports, "totals", report_totals(run->totals), "reconciled",
        broken == NULL, "broken", broken, "drops_total",
        (json_int_t)report_drops_total(run->manager), "drops_of_gone",
        (json_int_t)manager_n_drops_of_gone(run->manager), "aggregates_refused",
        (json_int_t)manager_n_aggregates_refused(run->manager), "kill_switch",
        (int)manager_kill_switch(run->manager), "suspended", manager_suspended(run->manager),
        "exit_code", report_worst_exit_code(run->manager));
}

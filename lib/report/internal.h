/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the report share. Nobody else includes this. */
#ifndef REPORT_INTERNAL_H
#define REPORT_INTERNAL_H

#include "report/report.h"

/* Seconds since the start of the run; null for 0, which is "not yet". */
json_t *report_seconds(const struct report_clock *clock, uint64_t time_ns);
/* RFC 3339; null without wall clock, and for 0. */
json_t *report_wall(const struct report_clock *clock, uint64_t time_ns);

/* {aggregate, name, slice, prefix}: who it is. */
json_t *report_identity(const struct aggregate_report *r);
#define REPORT_NAME_BYTES 160
const char *report_name(const struct aggregate_report *r, char out[REPORT_NAME_BYTES]);

/* flow.c */
json_t *report_flow_key(const struct flow_key *key);
json_t *report_drop(const struct drop_record *drop, const struct report_clock *clock);

#define VERDICT_N_OUTCOMES (VERDICT_INCONCLUSIVE + 1)

/* tested_flows.c: each flow that lost a segment to the current or latest test. */
json_t *report_tested_flows(const struct manager *m, uint32_t aggregate);

/* sentence.c: what a run found, in one sentence. Returns `out`. */
#define REPORT_SENTENCE_BYTES 768
const char *report_sentence(const struct manager *m, char out[REPORT_SENTENCE_BYTES]);

/* What mode passive found out, and one of its findings; NULL when the slice is of another mode. */
json_t *report_passive(const struct manager *m, const struct aggregate_report *r,
                       const struct report_clock *clock);
json_t *report_finding(const struct manager *m, uint32_t aggregate, int finding,
                       const struct report_clock *clock);

/* The counters that the flat part of a report shows. */
const struct aggregate_counters *report_counters(const struct aggregate_report *r);

/* NULL, or which identity of the run does not hold. `out` holds it in words. */
#define REPORT_BROKEN_BYTES 192
const char *report_broken_identity(const struct report_run *run, char out[REPORT_BROKEN_BYTES]);
uint64_t report_drops_total(const struct manager *m);

#endif

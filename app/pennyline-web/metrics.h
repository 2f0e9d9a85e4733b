/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known, as OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 *
 * Labels are slice, port, ingress, grade, reality, lcore, stage, reason, state, verdict, machine,
 * rule, count, event and sources, which the configuration bounds; never an address, a prefix or a
 * flow, of which senders make as many as they like. Where sources are counted without a list of
 * ports, a scrape has so many ports as the configuration says, but senders say which. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdio.h>

#include "metrics_sources.h"
#include "mirror.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What the gateway counts of itself. */
struct metrics_of_web {
    unsigned long n_requests, n_refused_rate, n_refused_token, n_refused_room, n_events;
    unsigned long n_reply_bytes;
    unsigned long n_webhook_waiting, n_webhook_posted, n_webhook_failures, n_webhook_lost;
    unsigned long n_webhook_queue_errors;
    unsigned long n_event_log_gaps, n_event_log_behind_bytes;
};

void metrics_write(struct mirror *m, const struct metrics_of_web *web,
                   const struct metrics_of_sources *sources, double now_s, FILE *out);

#endif

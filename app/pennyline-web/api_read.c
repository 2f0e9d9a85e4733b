/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers that only look. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "common/monotonic.h"
#include "metrics.h"
#include "metrics_text.h"

#define MOST_ROWS   10000
#define MOST_EVENTS 1000

void api_get_status(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    mirror_write_status(w->mirror, monotonic_s(), r->out);
}

void api_get_slices(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    mirror_write_slices(w->mirror, r->out);
}

void api_get_machines(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    mirror_write_part(w->mirror, MIRROR_MACHINES, r->out);
}

static bool is_one_of(const char *value, const char *const *allowed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(value, allowed[i]) == 0)
            return true;
    return false;
}

static bool check_filter(struct web *w, const struct mirror_filter *f, struct reply *r)
{
    static const char *const states[] = {"idle", "pooled", "flows", "settling", "done"};

    if (f->verdict != NULL && !is_one_of(f->verdict, mirror_verdicts, MIRROR_N_VERDICTS))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "verdict: \"%.64s\": give undecided, closed_loop, "
                    "not_closed_loop, duplicates_exceeded or inconclusive",
                    f->verdict);
    else if (f->state != NULL && !is_one_of(f->state, states, 5))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "state: \"%.64s\": give idle, pooled, flows, settling or done", f->state);
    else if (f->slice != NULL && !mirror_has_slice(w->mirror, f->slice))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "slice: \"%.64s\": there is none of that name; GET /api/v1/slices lists them",
                    f->slice);
    else
        return true;
    return false;
}

void api_get_aggregates(struct web *w, struct request *q, struct reply *r)
{
    struct mirror_filter filter = {
        .slice = request_parameter(q, "slice"),
        .verdict = request_parameter(q, "verdict"),
        .state = request_parameter(q, "state"),
        .search = request_parameter(q, "search"),
    };
    uint64_t offset, count;

    if (!request_count(q, r, "offset", UINT32_MAX, 0, &offset) ||
        !request_count(q, r, "count", MOST_ROWS, 100, &count) ||
        !request_count(q, r, "changed_since", UINT64_MAX, 0, &filter.changed_since) ||
        !check_filter(w, &filter, r))
        return;
    filter.offset = (uint32_t)offset;
    filter.count = (uint32_t)count;
    mirror_write_aggregates(w->mirror, &filter, r->out);
}

void api_get_aggregate(struct web *w, struct request *q, struct reply *r)
{
    char error[ASKER_ERROR_BYTES] = "";
    char *text = NULL;

    switch (asker_report(w->asker, q->number, &text, error)) {
    case ASKER_DONE:
        fprintf(r->out, "{\"report\":%s,\"history\":", text);
        mirror_write_history(w->mirror, q->number, r->out);
        fputc('}', r->out);
        break;
    case ASKER_REFUSED:
        reply_error(r, MHD_HTTP_NOT_FOUND, "%s", error);
        break;
    case ASKER_BUSY:
        reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "%s",
                    error[0] != '\0' ? error
                                     : "too many questions about single aggregates at once; try "
                                       "again in a second");
        break;
    case ASKER_GONE:
    case ASKER_SILENT:
        reply_error(r, MHD_HTTP_BAD_GATEWAY, "%s", error);
        break;
    }
    free(text);
}

void api_get_verdicts(struct web *w, struct request *q, struct reply *r)
{
    uint64_t count;

    if (request_count(q, r, "count", MOST_ROWS, 20, &count))
        mirror_write_verdicts(w->mirror, (uint32_t)count, r->out);
}

void api_get_events(struct web *w, struct request *q, struct reply *r)
{
    uint64_t after, count;

    if (request_count(q, r, "after", UINT64_MAX / 2, 0, &after) &&
        request_count(q, r, "count", MOST_EVENTS, 100, &count))
        events_write(w->events, r->out, after, (uint32_t)count, request_parameter(q, "kind"));
}

void api_get_kill_switch(struct web *w, struct request *q, struct reply *r)
{
    struct mirror_view v = mirror_begin(w->mirror, monotonic_s());
    const json_t *on = json_object_get(v.status, "kill_switch");

    (void)q;
    if (on == NULL || !v.connected)
        reply_error(r, MHD_HTTP_BAD_GATEWAY, "pennyline does not answer");
    else
        fprintf(r->out, "{\"kill_switch\":%s}", json_is_true(on) ? "true" : "false");
    mirror_end(w->mirror);
}

/* Who names the one and not the other: `promtool check metrics`, and scrapers of before. */
static bool wants_text(const struct request *q)
{
    const char *accept =
        MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return accept != NULL && strstr(accept, "text/plain") != NULL &&
           strstr(accept, "openmetrics-text") == NULL;
}

/* Writes into memory first. */
static void write_as_text(struct web *w, const struct metrics_of_web *own,
                          const struct metrics_of_sources *sources, struct reply *r)
{
    char *text = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&text, &n);

    if (memory == NULL) {
        reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "not enough memory");
        return;
    }
    metrics_write(w->mirror, own, sources, monotonic_s(), memory);
    if (fclose(memory) == 0) {
        r->content_type = METRICS_TEXT_CONTENT_TYPE;
        metrics_write_as_text(text, r->out);
    } else {
        reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "not enough memory");
    }
    free(text);
}

void api_get_metrics(struct web *w, struct request *q, struct reply *r)
{
    struct metrics_of_web own = {
        .n_requests = atomic_load(&w->n_requests),
        .n_refused_rate = atomic_load(&w->n_refused_rate),
        .n_refused_token = atomic_load(&w->n_refused_token),
        .n_refused_room = atomic_load(&w->n_refused_room),
        .n_reply_bytes = connections_n_bytes(w->connections),
        .n_events = events_n_seen(w->events),
    };
    struct webhook_counts hook = webhook_counts(w->webhook);
    const struct metrics_of_sources sources = {w->counted, w->options.active_users};

    own.n_webhook_waiting = hook.n_waiting;
    own.n_webhook_posted = hook.n_posted;
    own.n_webhook_failures = hook.n_failures;
    own.n_webhook_lost = hook.n_lost;
    own.n_webhook_queue_errors = hook.n_queue_errors;
    own.n_event_log_gaps = logtail_n_gaps(w->logtail);
    own.n_event_log_behind_bytes = logtail_n_behind_bytes(w->logtail);
    if (wants_text(q)) {
        write_as_text(w, &own, &sources, r);
        return;
    }
    r->content_type = METRICS_CONTENT_TYPE;
    metrics_write(w->mirror, &own, &sources, monotonic_s(), r->out);
}

void api_get_healthz(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    if (!health_write_alive(w->health, monotonic_s(), r->out))
        r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
}

void api_get_readyz(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    if (!health_write_ready(w->health, monotonic_s(), r->out))
        r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
}

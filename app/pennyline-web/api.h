/* SPDX-License-Identifier: BSD-3-Clause */
/* What may be asked: one row for each method and path. */
#ifndef WEB_API_H
#define WEB_API_H

#include "web.h"

#define API_MAX_PARAMETERS 8

typedef void api_handler(struct web *w, const struct request *q, struct reply *r);

struct api_route {
    const char *method, *path; /* {aggregate} is a number */
    api_handler *handle;
    bool changes_something; /* so it needs the token */
    const char *parameters[API_MAX_PARAMETERS];
    const char *help;
};

/* Answers a request whose client was admitted. Nothing is asked of pennyline for one that names a
 * foreign host, nor changed for one of a foreign page or without the token. */
void api_answer(struct web *w, struct request *q, struct reply *r);

/* api_read.c */
api_handler api_get_status, api_get_slices, api_get_aggregates, api_get_aggregate, api_get_verdicts,
    api_get_events, api_get_kill_switch, api_get_metrics, api_get_healthz, api_get_readyz;
/* api_change.c */
api_handler api_post_test, api_delete_test, api_put_kill_switch, api_post_reload, api_post_drain;

#endif

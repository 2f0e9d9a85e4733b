/* SPDX-License-Identifier: BSD-3-Clause */
/* What may be asked: one row for each method and path. */
#ifndef WEB_API_H
#define WEB_API_H

#include <jansson.h>

#include "web.h"

#define API_MAX_PARAMETERS 10

typedef void api_handler(struct web *w, struct request *q, struct reply *r);

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
api_handler api_get_status, api_get_slices, api_get_machines, api_get_aggregates, api_get_aggregate,
    api_get_verdicts, api_get_events, api_get_kill_switch, api_get_metrics, api_get_healthz,
    api_get_readyz;
/* api_change.c */
api_handler api_delete_test, api_put_kill_switch, api_post_reload, api_post_drain;
/* Sends a command (takes `request`) on behalf of who sent `q`, NULL for what only reads: true, and
 * *result is the caller's; else the reply says why not. */
bool api_command(struct web *w, const struct request *q, struct reply *r, json_t *request,
                 unsigned int status, json_t **result);
/* api_ondemand.c */
/* Those of a request that waits which are over already wait no more. */
void api_look_at_tests(struct web *w, struct request *q);
api_handler api_get_config, api_post_test, api_get_asked_test, api_delete_asked_test,
    api_post_slice, api_put_slice, api_delete_slice;

/* api_sources.c */
api_handler api_get_sources, api_get_list;

/* api_map.c */
api_handler api_get_map, api_get_map_summary, api_get_map_why;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks pennyline on behalf of one HTTP request: for the whole of one aggregate, and to do
 * something. One question at a time, so that no flood of requests becomes a flood of questions; a
 * report is given again to whoever asks for the same within a moment. Any thread. */
#ifndef WEB_ASKER_H
#define WEB_ASKER_H

#include <jansson.h>
#include <stdbool.h>

#include "control_client/control_client.h"

#define ASKER_ERROR_BYTES CONTROL_CLIENT_ERROR_BYTES

enum asker_answer {
    ASKER_DONE,
    ASKER_REFUSED, /* pennyline says no; `error` has its words */
    ASKER_BUSY,   /* too many questions at once: try again; `error` has pennyline's words, if any */
    ASKER_GONE,   /* there is no connection, so nothing was asked; `error` says why */
    ASKER_SILENT, /* asked, but not answered; `error` says why */
};

struct asker;

struct asker *asker_create(const char *socket); /* which outlives it; NULL: memory is short */
void asker_destroy(struct asker *a);

/* The report of an aggregate as JSON text, to be freed by the caller. */
enum asker_answer asker_report(struct asker *a, unsigned int aggregate, char **text,
                               char error[ASKER_ERROR_BYTES]);

/* Sends a command (takes `request`); *result is the caller's. */
enum asker_answer asker_command(struct asker *a, json_t *request, json_t **result,
                                char error[ASKER_ERROR_BYTES]);

#endif

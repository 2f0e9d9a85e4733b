/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the gateway share, and what a request and its reply are. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "asker.h"
#include "common/logtail.h"
#include "common/token.h"
#include "connections.h"
#include "counted.h"
#include "events.h"
#include "feed.h"
#include "health.h"
#include "mirror.h"
#include "options.h"
#include "page.h"
#include "throttle.h"
#include "waits.h"
#include "webhook.h"

/* The longest body of a request: a test's is some 100 bytes, a slice's may name 200 prefixes. */
#define WEB_MAX_BODY_BYTES 4096

struct web {
    struct options options;
    struct token token, read_token;
    struct token webhook_url; /* of a file, when the option names one */
    struct mirror *mirror;
    struct counted *counted;
    struct events *events;
    struct feed *feed;
    struct asker *asker;
    struct health *health;
    struct throttle *throttle;
    struct connections *connections;
    struct waits *waits;
    struct page *page;
    struct webhook *webhook; /* NULL: none */
    int queue_trouble;       /* of the thread of logtail: why an event was not queued last */
    struct logtail *logtail; /* NULL: the webhook hears of events by the control socket */
    atomic_ulong n_requests, n_refused_rate, n_refused_token, n_refused_room;
};

struct MHD_Connection;

/* One request, as a handler sees it. */
struct request {
    struct MHD_Connection *connection;
    const char *method, *path;
    const char *host, *origin, *authorization; /* headers; NULL: not sent */
    unsigned int number;                       /* what stands for {aggregate} in the path */
    char body[WEB_MAX_BODY_BYTES];
    size_t n_body;
    bool is_suspended, has_waited; /* it is handled anew after that */
    struct wait wait;              /* for tests; its numbers are kept in `tests` */
    uint32_t tests[WAITS_MOST_TESTS];
};

/* What a handler says. `out` is memory; what is not a JSON document names its type. */
struct reply {
    unsigned int status;
    const char *content_type;     /* NULL: application/json */
    char allow[48];               /* of status 405 */
    const struct page_file *file; /* instead of `out` */
    bool ends_connection;         /* what follows cannot be told from this request */
    bool waits;                   /* for request.wait, which is filled in: no reply yet */
    FILE *out;
};

/* request.c: {"error": {"status", "message"}}, and nothing else. */
void reply_error(struct reply *r, unsigned int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Digits and nothing else, and not above `most`. */
bool text_is_count(const char *text, uint64_t most, uint64_t *value);

/* A parameter of the query, or NULL. */
const char *request_parameter(const struct request *q, const char *name);
/* Its whole number; `otherwise` without one. False, and a reply of 400, when it is none, or above
 * `most`. */
bool request_count(const struct request *q, struct reply *r, const char *name, uint64_t most,
                   uint64_t otherwise, uint64_t *value);

#endif

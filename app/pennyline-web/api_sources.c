/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that are counted. */
#include <microhttpd.h>

#include "api.h"

#define MOST_ROWS 10000
/* Rows of one question, so that the manager is not held. */
#define PART 1000

void api_get_sources(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    counted_write(w->counted, r->out);
}

/* Who sent is more than how many did: nobody is told without a token, even where the rest is open.
 */
static bool may_have_names(struct web *w, const struct request *q, struct reply *r)
{
    if (!w->options.serves_list) {
        reply_error(r, MHD_HTTP_NOT_FOUND,
                    "/list: pennyline-web was started without --serve-ip-list");
        return false;
    }
    if (w->token.n == 0 && w->read_token.n == 0) {
        reply_error(r, MHD_HTTP_FORBIDDEN,
                    "/list: pennyline-web was started without --read-token-file or --token-file");
        return false;
    }
    if (token_is_in(&w->read_token, q->authorization) || token_is_in(&w->token, q->authorization))
        return true;
    atomic_fetch_add(&w->n_refused_token, 1);
    reply_error(r, MHD_HTTP_UNAUTHORIZED,
                "/list: the token is %s: send \"Authorization: Bearer TOKEN\"",
                q->authorization == NULL ? "missing" : "wrong");
    return false;
}

/* The next part into `all`; *more says whether there may be another one. False: the reply says why.
 */
static bool gather(struct web *w, struct reply *r, json_t *request, json_t *all, uint64_t left,
                   bool *more)
{
    const json_int_t n = left < PART ? (json_int_t)left : PART;
    json_t *part, *list;

    json_object_set_new(request, "count", json_integer(n));
    if (!api_command(w, NULL, r, json_incref(request), MHD_HTTP_OK, &part))
        return false;
    list = json_object_get(part, "list");
    *more = (json_int_t)json_array_size(list) == n && left > (uint64_t)n;
    json_array_extend(all, list);
    json_decref(part);
    return true;
}

/* The array of xdp-ip-counter. */
static void write_list(struct web *w, struct reply *r, json_t *request, uint64_t offset,
                       uint64_t count)
{
    json_t *all = json_array();
    bool more = count > 0, ok = true;

    while (more && ok) {
        const uint64_t n = json_array_size(all);

        json_object_set_new(request, "offset", json_integer((json_int_t)(offset + n)));
        ok = gather(w, r, request, all, count - n, &more);
    }
    if (ok)
        json_dumpf(all, r->out, JSON_COMPACT);
    json_decref(all);
}

void api_get_list(struct web *w, struct request *q, struct reply *r)
{
    const char *name = request_parameter(q, "name"), *slice = request_parameter(q, "slice");
    char first[COUNTED_NAME_BYTES];
    uint64_t offset, count;
    json_t *request;

    if (!may_have_names(w, q, r) ||
        !request_count(q, r, "offset", UINT32_MAX - MOST_ROWS, 0, &offset) ||
        !request_count(q, r, "count", MOST_ROWS, MOST_ROWS, &count))
        return;
    if (name == NULL && !counted_find_listed(w->counted, first)) {
        reply_error(r, MHD_HTTP_NOT_FOUND,
                    "/list: no sources are named: the configuration has no item of \"sources\" "
                    "with \"list\": true");
        return;
    }
    request =
        json_pack("{s:s, s:s}", "command", "sources list", "name", name != NULL ? name : first);
    if (slice != NULL)
        json_object_set_new(request, "slice", json_string(slice));
    write_list(w, r, request, offset, count);
    json_decref(request);
}

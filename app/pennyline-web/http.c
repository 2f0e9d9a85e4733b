/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "common/monotonic.h"
#include "listen.h"

#define N_THREADS        2
#define CONNECTION_BYTES (16u << 10)
#define MOST_FILE_BYTES  (64u << 10)

struct http {
    struct web *web;
    struct MHD_Daemon *daemon;
    int fd;
    char *certificate, *key;
};

static void add_headers(struct MHD_Response *response, const struct reply *r)
{
    const char *type = r->file != NULL           ? r->file->content_type
                       : r->content_type != NULL ? r->content_type
                                                 : "application/json";

    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    /* uPlot sets sizes by style attributes; nothing comes from anywhere else. */
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self' "
                            "'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
                            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    MHD_add_response_header(response, "Cache-Control", r->file != NULL ? "no-cache" : "no-store");
    if (r->file != NULL)
        MHD_add_response_header(response, "ETag", r->file->etag);
    if (r->allow[0] != '\0')
        MHD_add_response_header(response, "Allow", r->allow);
    if (r->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (r->status == MHD_HTTP_TOO_MANY_REQUESTS || r->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", "1");
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct reply *r,
                                  void *data, size_t n, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, data, mode);
    enum MHD_Result result;

    if (response == NULL) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(data);
        return MHD_NO;
    }
    add_headers(response, r);
    result = MHD_queue_response(connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result send_file(struct MHD_Connection *connection, struct reply *r)
{
    const char *known = header(connection, "If-None-Match");

    if (known != NULL && strcmp(known, r->file->etag) == 0) {
        r->status = MHD_HTTP_NOT_MODIFIED;
        return send_reply(connection, r, (char *)"", 0, MHD_RESPMEM_PERSISTENT);
    }
    return send_reply(connection, r, r->file->data, r->file->n, MHD_RESPMEM_PERSISTENT);
}

/* What `fill` says, or an error. */
static enum MHD_Result respond(struct web *w, struct request *q,
                               void (*fill)(struct web *w, struct request *q, struct reply *r))
{
    struct reply r = {.status = MHD_HTTP_OK};
    char *data = NULL;
    size_t n = 0;

    r.out = open_memstream(&data, &n);
    if (r.out == NULL)
        return MHD_NO;
    fill(w, q, &r);
    fclose(r.out);
    if (r.file != NULL) {
        free(data);
        return send_file(q->connection, &r);
    }
    return send_reply(q->connection, &r, data, n, MHD_RESPMEM_MUST_FREE);
}

static void fill_answer(struct web *w, struct request *q, struct reply *r)
{
    q->host = header(q->connection, "Host");
    q->origin = header(q->connection, "Origin");
    q->authorization = header(q->connection, "Authorization");
    api_answer(w, q, r);
}

static void fill_too_many(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    reply_error(r, MHD_HTTP_TOO_MANY_REQUESTS, "more than %u requests per second; ask less often",
                w->options.requests_per_second);
}

static void fill_too_large(struct web *w, struct request *q, struct reply *r)
{
    (void)w;
    (void)q;
    reply_error(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body has more than %d bytes",
                WEB_MAX_BODY_BYTES);
}

static bool is_admitted(struct web *w, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    atomic_fetch_add(&w->n_requests, 1);
    if (throttle_take(w->throttle, info != NULL ? info->client_addr : NULL, monotonic_s()))
        return true;
    atomic_fetch_add(&w->n_refused_rate, 1);
    return false;
}

/* The headers are here, the body is not. */
static enum MHD_Result begin(struct web *w, struct MHD_Connection *connection, void **state)
{
    const char *length = header(connection, "Content-Length");
    struct request early = {.connection = connection};

    if (!is_admitted(w, connection))
        return respond(w, &early, fill_too_many);
    if (length != NULL && (strlen(length) > 9 || strtoul(length, NULL, 10) > WEB_MAX_BODY_BYTES))
        return respond(w, &early, fill_too_large);
    *state = calloc(1, sizeof(struct request));
    return *state != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *n_upload, void **state)
{
    struct web *w = context;
    struct request *q = *state;

    (void)version;
    if (q == NULL)
        return begin(w, connection, state);
    if (*n_upload > 0) {
        /* Sent in chunks, without its length: it is cut off. */
        if (q->n_body + *n_upload > sizeof(q->body))
            return MHD_NO;
        memcpy(q->body + q->n_body, upload, *n_upload);
        q->n_body += *n_upload;
        *n_upload = 0;
        return MHD_YES;
    }
    q->connection = connection;
    q->method = method;
    q->path = url;
    return respond(w, q, fill_answer);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    free(*state);
    *state = NULL;
}

static char *read_pem(const char *path, char *error, size_t n_error)
{
    char *text = calloc(1, MOST_FILE_BYTES + 1);
    FILE *file = fopen(path, "re");

    if (file == NULL || text == NULL || fread(text, 1, MOST_FILE_BYTES, file) == 0) {
        snprintf(error, n_error, "TLS: %s cannot be read", path);
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

static bool load_tls(struct http *h, char *error, size_t n_error)
{
    const struct options *o = &h->web->options;

    if (o->certificate == NULL)
        return true;
    h->certificate = read_pem(o->certificate, error, n_error);
    h->key = read_pem(o->key, error, n_error);
    return h->certificate != NULL && h->key != NULL;
}

static struct MHD_Daemon *start_daemon(struct http *h)
{
    const struct options *o = &h->web->options;
    const bool tls = h->certificate != NULL;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, h->fd, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, N_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)o->max_connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)o->max_connections_per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)o->idle_timeout_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, h->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, h->key},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | (tls ? MHD_USE_TLS : 0);

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h->web, MHD_OPTION_ARRAY, items,
                            MHD_OPTION_END);
}

struct http *http_open(struct web *w, char *error, size_t n_error)
{
    struct http *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->web = w;
    h->fd = -1;
    if (load_tls(h, error, n_error))
        h->fd = listen_open(w->options.listen, w->options.listen_group, error, n_error);
    if (h->fd >= 0)
        return h;
    http_stop(h);
    return NULL;
}

int http_serve(struct http *h, char *error, size_t n_error)
{
    h->daemon = start_daemon(h);
    if (h->daemon != NULL)
        return 0;
    snprintf(error, n_error, "the HTTP server cannot start: %s",
             h->certificate != NULL ? "do certificate and key belong together?"
                                    : "raise the limit of open files (ulimit -n)");
    return -1;
}

void http_stop(struct http *h)
{
    if (h == NULL)
        return;
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon); /* closes the socket, too */
    else if (h->fd >= 0)
        close(h->fd);
    if (h->fd >= 0)
        listen_remove(h->web->options.listen);
    free(h->certificate);
    free(h->key);
    free(h);
}

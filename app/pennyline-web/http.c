/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "common/monotonic.h"
#include "head.h"
#include "listen.h"

#define N_THREADS        2
#define CONNECTION_BYTES (16u << 10)
#define MOST_FILE_BYTES  (64u << 10)
/* Of a socket: else the kernel takes up to 4 MiB of a reply that nobody reads (tcp_wmem), beside
 * what is counted here. */
#define SEND_BYTES (128 << 10)
/* TLS 1.0 and 1.1 are deprecated (RFC 8996). */
#define TLS_PRIORITIES "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http {
    struct web *web;
    struct MHD_Daemon *daemon;
    struct listening listening;
    char *certificate, *key;
};

/* Stands for a request whose URI is refused before it is one. */
static struct request has_nul;

static void add_headers(struct MHD_Response *response, const struct web *w, const struct reply *r)
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
    if (r->ends_connection)
        MHD_add_response_header(response, "Connection", "close");
    /* RFC 6797: whoever once came by TLS does not come without it for a year. */
    if (w->options.certificate != NULL)
        MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
}

static enum MHD_Result send_reply(struct web *w, struct MHD_Connection *connection,
                                  const struct reply *r, void *data, size_t n,
                                  enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, data, mode);
    enum MHD_Result result;

    if (response == NULL) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(data);
        return MHD_NO;
    }
    add_headers(response, w, r);
    result = MHD_queue_response(connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result send_file(struct web *w, struct MHD_Connection *connection, struct reply *r)
{
    const char *known = header(connection, "If-None-Match");

    if (known != NULL && strcmp(known, r->file->etag) == 0) {
        r->status = MHD_HTTP_NOT_MODIFIED;
        return send_reply(w, connection, r, (char *)"", 0, MHD_RESPMEM_PERSISTENT);
    }
    return send_reply(w, connection, r, r->file->data, r->file->n, MHD_RESPMEM_PERSISTENT);
}

typedef void fill_reply(struct web *w, struct request *q, struct reply *r);

/* What `fill` writes, the caller's; NULL when memory is short. */
static char *filled(struct web *w, struct request *q, struct reply *r, fill_reply *fill, size_t *n)
{
    char *data = NULL;

    *r = (struct reply){.status = MHD_HTTP_OK};
    r->out = open_memstream(&data, n);
    if (r->out == NULL)
        return NULL;
    fill(w, q, r);
    if (fclose(r->out) == 0)
        return data;
    free(data);
    return NULL;
}

static void fill_no_room(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    atomic_fetch_add(&w->n_refused_room, 1);
    reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE,
                "too many bytes of replies wait to be read already; read them first, or ask for "
                "less with \"count\"");
}

static struct connection *held_by(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void wake_request(void *context)
{
    const struct request *q = context;

    MHD_resume_connection(q->connection);
}

/* Suspended first, so that whoever wakes it finds it so. It is looked at once more then, since what
 * it waits for may have come before. */
static enum MHD_Result suspend(struct web *w, struct request *q)
{
    q->is_suspended = true;
    q->wait.wake = wake_request;
    q->wait.context = q;
    connections_wait(w->connections, held_by(q->connection), q->wait.until_s);
    MHD_suspend_connection(q->connection);
    waits_begin(w->waits, &q->wait);
    api_look_at_tests(w, q);
    return MHD_YES;
}

/* What `fill` says, or an error. */
static enum MHD_Result respond(struct web *w, struct request *q, fill_reply *fill)
{
    struct connection *held = held_by(q->connection);
    struct reply r;
    size_t n = 0;
    char *data = filled(w, q, &r, fill, &n);

    if (data == NULL)
        return MHD_NO;
    if (r.waits) {
        free(data);
        return suspend(w, q);
    }
    if (!connections_begin_reply(w->connections, held, r.file != NULL ? 0 : n, monotonic_s())) {
        free(data);
        data = filled(w, q, &r, fill_no_room, &n);
        if (data == NULL || !connections_begin_reply(w->connections, held, n, monotonic_s())) {
            free(data);
            return MHD_NO;
        }
    }
    if (r.file != NULL) {
        free(data);
        return send_file(w, q->connection, &r);
    }
    return send_reply(w, q->connection, &r, data, n, MHD_RESPMEM_MUST_FREE);
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
    r->ends_connection = true;
}

static void fill_bad_head(struct web *w, struct request *q, struct reply *r)
{
    const char *trouble = head_trouble(q->connection);

    (void)w;
    reply_error(r, MHD_HTTP_BAD_REQUEST, "%s",
                trouble != NULL ? trouble : "the URI names a byte 0 (%00), which none has");
    r->ends_connection = true;
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
    if (*state != NULL || head_trouble(connection) != NULL)
        return respond(w, &early, fill_bad_head);
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
    if (q == NULL || q == &has_nul)
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
    q->has_waited = q->is_suspended;
    q->method = method;
    q->path = url;
    return respond(w, q, fill_answer);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct web *w = context;

    (void)why;
    if (*state != NULL && *state != &has_nul)
        waits_forget(w->waits, &((struct request *)*state)->wait);
    connections_end_reply(w->connections, held_by(connection), monotonic_s());
    if (*state != &has_nul)
        free(*state);
    *state = NULL;
}

/* The first to see a request: what it gives is the state of that. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    return head_has_nul(uri) ? &has_nul : NULL;
}

/* A connection begins or ends; its socket is open during both. */
static void on_connection(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_ConnectionNotificationCode code)
{
    const int send_bytes = SEND_BYTES;
    struct web *w = context;
    const struct sockaddr *client = NULL;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        /* Each question overwrites the answer before it in libmicrohttpd 1.0. */
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        if (info != NULL)
            client = info->client_addr;
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
        *held = connections_open(w->connections, client, info->connect_fd, monotonic_s());
    } else {
        connections_close(w->connections, *held);
        *held = NULL;
    }
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
        {MHD_OPTION_LISTEN_SOCKET, h->listening.fd, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, N_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)o->max_connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)o->idle_timeout_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, h->web},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, h->web},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, NULL},
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, h->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, h->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned int flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h->web, MHD_OPTION_ARRAY, items,
                            MHD_OPTION_END);
}

struct http *http_open(struct web *w, char *error, size_t n_error)
{
    struct http *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->web = w;
    h->listening.fd = -1;
    if (load_tls(h, error, n_error) &&
        listen_open(&h->listening, w->options.listen, w->options.listen_group, error, n_error) == 0)
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

const char *http_place(const struct http *h)
{
    return h->listening.place;
}

void http_stop(struct http *h)
{
    if (h == NULL)
        return;
    waits_stop(h->web->waits); /* who is suspended would hold it up */
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon); /* closes the socket, too */
    else if (h->listening.fd >= 0)
        close(h->listening.fd);
    listen_remove(&h->listening);
    free(h->certificate);
    free(h->key);
    free(h);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/monotonic.h"

#define READ_BYTES        16384
#define HEADER_BYTES      5 /* of a gRPC message: compressed or not, and its length */
#define MOST_PATH_BYTES   128
#define MOST_DIGITS       8 /* of grpc-timeout */
#define MOST_HEADER_BYTES 16384

struct stream {
    struct connection *connection;
    struct stream *next, *previous;
    int32_t id;
    char path[MOST_PATH_BYTES];
    bool is_post, is_grpc, is_compressed, is_too_long;
    double deadline_s; /* 0: none */
    uint8_t *request;  /* with its header */
    size_t n_request;
    struct job *job;
    uint8_t *answer; /* with its header */
    size_t n_answer, n_sent;
    enum grpc_status status;
    const char *words;
};

struct connection {
    struct service *service;
    nghttp2_session *session;
    int descriptor;
    struct stream *streams;
    const uint8_t *out; /* what nghttp2 wants sent, and was not yet */
    size_t n_out;
    double active_s;
};

struct connection *connection_of(struct stream *stream)
{
    return stream->connection;
}

int connection_descriptor(const struct connection *c)
{
    return c->descriptor;
}

static nghttp2_nv header(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

/* How the call ended: behind the message, or alone. Words are ASCII without '%'. */
static size_t status_headers(const struct stream *s, nghttp2_nv out[2], char number[16])
{
    snprintf(number, 16, "%d", (int)s->status);
    out[0] = header("grpc-status", number);
    if (s->words == NULL)
        return 1;
    out[1] = header("grpc-message", s->words);
    return 2;
}

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
                           uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct stream *s = source->ptr;
    size_t left = s->n_answer - s->n_sent;
    nghttp2_nv headers[2];
    char number[16];

    (void)context;
    if (n > left)
        n = left;
    memcpy(to, s->answer + s->n_sent, n);
    s->n_sent += n;
    if (n < left)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (nghttp2_submit_trailer(session, id, headers, status_headers(s, headers, number)) != 0)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return (ssize_t)n;
}

/* 0, or an error of nghttp2's, which ends the connection. */
static int send_failure(struct stream *s, enum grpc_status status, const char *words)
{
    nghttp2_nv headers[4] = {header(":status", "200"), header("content-type", "application/grpc")};
    char number[16];

    s->status = status;
    s->words = words;
    return nghttp2_submit_response(s->connection->session, s->id, headers,
                                   2 + status_headers(s, headers + 2, number), NULL);
}

static int send_answer(struct stream *s, uint8_t *message, size_t n)
{
    nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
    nghttp2_data_provider source = {.source.ptr = s, .read_callback = read_answer};
    uint8_t *answer = message != NULL ? malloc(HEADER_BYTES + n) : NULL;

    if (answer == NULL) {
        free(message);
        return send_failure(s, GRPC_RESOURCE_EXHAUSTED, "not enough memory");
    }
    answer[0] = 0;
    for (int i = 0; i < 4; i++)
        answer[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    memcpy(answer + HEADER_BYTES, message, n);
    free(message);
    s->answer = answer;
    s->n_answer = HEADER_BYTES + n;
    return nghttp2_submit_response(s->connection->session, s->id, headers, 2, &source);
}

void connection_finish(struct stream *stream, uint8_t *message, size_t n)
{
    stream->job = NULL;
    send_answer(stream, message, n);
}

/* The whole request is there. */
static int dispatch(struct stream *s)
{
    struct service_answer answer;
    size_t n = s->n_request >= HEADER_BYTES ? s->n_request - HEADER_BYTES : 0;
    const uint8_t *r = s->request;

    if (!s->is_post || !s->is_grpc)
        return send_failure(s, GRPC_INTERNAL,
                            "no gRPC: want POST, and content-type application/grpc");
    if (s->is_too_long)
        return send_failure(s, GRPC_RESOURCE_EXHAUSTED, "the message is too long");
    if (s->n_request < HEADER_BYTES ||
        n != ((size_t)r[1] << 24 | (size_t)r[2] << 16 | (size_t)r[3] << 8 | r[4]))
        return send_failure(s, GRPC_INVALID_ARGUMENT, "want one message");
    if (r[0] != 0 || s->is_compressed)
        return send_failure(s, GRPC_UNIMPLEMENTED, "messages are not to be compressed");
    service_call(s->connection->service, s->path, r + HEADER_BYTES, n, s, &answer);
    free(s->request);
    s->request = NULL;
    s->n_request = 0;
    s->job = answer.job;
    if (answer.status != GRPC_OK)
        return send_failure(s, answer.status, answer.words);
    return answer.job == NULL ? send_answer(s, answer.message, answer.n) : 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *c = context;
    struct stream *s;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    s->connection = c;
    s->id = frame->hd.stream_id;
    s->next = c->streams;
    if (s->next != NULL)
        s->next->previous = s;
    c->streams = s;
    nghttp2_session_set_stream_user_data(session, s->id, s);
    return 0;
}

/* At most eight digits and a unit. 0: none that can be read. */
static double parse_timeout_s(const char *text, size_t n)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'H', 3600}, {'M', 60}, {'S', 1}, {'m', 1e-3}, {'u', 1e-6}, {'n', 1e-9}};
    double number = 0;

    if (n < 2 || n > MOST_DIGITS + 1)
        return 0;
    for (size_t i = 0; i + 1 < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        number = 10 * number + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == text[n - 1])
            return number * units[i].seconds;
    return 0;
}

static bool is_text(const uint8_t *value, size_t n, const char *text)
{
    return n == strlen(text) && memcmp(value, text, n) == 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n, uint8_t flags, void *context)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    static const char grpc[] = "application/grpc";
    double timeout_s;

    (void)flags;
    (void)context;
    if (s == NULL)
        return 0;
    if (is_text(name, n_name, ":path") && n < sizeof(s->path)) {
        memcpy(s->path, value, n);
        s->path[n] = '\0';
    } else if (is_text(name, n_name, ":method")) {
        s->is_post = is_text(value, n, "POST");
    } else if (is_text(name, n_name, "content-type")) {
        s->is_grpc = n >= sizeof(grpc) - 1 && memcmp(value, grpc, sizeof(grpc) - 1) == 0;
    } else if (is_text(name, n_name, "grpc-encoding")) {
        s->is_compressed = !is_text(value, n, "identity");
    } else if (is_text(name, n_name, "grpc-timeout")) {
        timeout_s = parse_timeout_s((const char *)value, n);
        s->deadline_s = timeout_s > 0 ? monotonic_s() + timeout_s : 0;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t n, void *context)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    uint8_t *grown;

    (void)flags;
    (void)context;
    if (s == NULL || s->is_too_long)
        return 0;
    grown = s->n_request + n <= HEADER_BYTES + MOST_MESSAGE_BYTES
                ? realloc(s->request, s->n_request + n + 1)
                : NULL;
    s->is_too_long = grown == NULL;
    if (grown == NULL)
        return 0;
    memcpy(grown + s->n_request, data, n);
    s->request = grown;
    s->n_request += n;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)context;
    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) || s == NULL ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    return dispatch(s) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void forget(struct stream *s)
{
    struct connection *c = s->connection;

    if (s->job != NULL)
        jobs_give_up(c->service->jobs, s->job);
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        c->streams = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    free(s->request);
    free(s->answer);
    free(s);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *context)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);

    (void)error;
    (void)context;
    nghttp2_session_set_stream_user_data(session, id, NULL);
    if (s != NULL)
        forget(s);
    return 0;
}

static int open_session(struct connection *c)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MOST_STREAMS},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MOST_HEADER_BYTES},
    };
    nghttp2_session_callbacks *callbacks;
    int error;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return -ENOMEM;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    error = nghttp2_session_server_new(&c->session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    if (error == 0)
        error = nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 2);
    return error == 0 ? 0 : -ENOMEM;
}

struct connection *connection_create(struct service *service, int descriptor)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        close(descriptor);
        return NULL;
    }
    c->service = service;
    c->descriptor = descriptor;
    c->active_s = monotonic_s();
    if (open_session(c) == 0)
        return c;
    connection_destroy(c);
    return NULL;
}

void connection_destroy(struct connection *c)
{
    while (c->streams != NULL)
        forget(c->streams);
    nghttp2_session_del(c->session);
    close(c->descriptor);
    free(c);
}

bool connection_wants_write(const struct connection *c)
{
    return c->n_out > 0 || nghttp2_session_want_write(c->session) != 0;
}

static bool is_open(const struct connection *c)
{
    return connection_wants_write(c) || nghttp2_session_want_read(c->session) != 0;
}

bool connection_read(struct connection *c)
{
    uint8_t bytes[READ_BYTES];
    ssize_t n = recv(c->descriptor, bytes, sizeof(bytes), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    c->active_s = monotonic_s();
    return nghttp2_session_mem_recv(c->session, bytes, (size_t)n) == n && connection_write(c);
}

bool connection_write(struct connection *c)
{
    for (;;) {
        ssize_t n;

        if (c->n_out == 0) {
            n = nghttp2_session_mem_send(c->session, &c->out);
            if (n < 0)
                return false;
            c->n_out = (size_t)n;
        }
        if (c->n_out == 0)
            return is_open(c);
        n = send(c->descriptor, c->out, c->n_out, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n < 0)
            return false;
        c->active_s = monotonic_s();
        c->out += n;
        c->n_out -= (size_t)n;
    }
}

/* The client does the same by its own clock. */
static int end_late(struct stream *s, double now_s)
{
    if (s->job == NULL || s->deadline_s == 0 || now_s < s->deadline_s)
        return 0;
    jobs_give_up(s->connection->service->jobs, s->job);
    s->job = NULL;
    return send_failure(s, GRPC_DEADLINE_EXCEEDED, "the deadline of the call; its test was ended");
}

bool connection_tick(struct connection *c, double now_s)
{
    bool is_busy = false;

    for (struct stream *s = c->streams; s != NULL; s = s->next) {
        is_busy = is_busy || s->job != NULL;
        if (end_late(s, now_s) != 0)
            return false;
    }
    if (!is_busy && now_s - c->active_s > IDLE_S)
        return false;
    return connection_write(c);
}

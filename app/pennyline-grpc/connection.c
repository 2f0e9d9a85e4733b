/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotonic.h"

#define READ_BYTES        16384
#define HEADER_BYTES      5 /* of a gRPC message: compressed or not, and its length */
#define MOST_PATH_BYTES   128
#define MOST_DIGITS       8 /* of grpc-timeout */
#define MOST_HEADER_BYTES 16384
/* Answers of a call of many messages that its client does not read. */
#define MOST_UNREAD_BYTES ((size_t)256 << 10)

struct stream {
    struct connection *connection;
    struct stream *next, *previous;
    int32_t id;
    char path[MOST_PATH_BYTES];
    bool is_post, is_grpc, is_compressed, is_too_long, is_allowed;
    bool is_answering; /* the headers of its answer were sent */
    bool is_whole;     /* no more comes to `answer` */
    double deadline_s; /* 0: none */
    uint8_t *request;  /* with its header */
    size_t n_request;
    struct job *job;
    uint8_t *answer; /* messages with their headers */
    size_t n_answer, n_sent;
    enum grpc_status status;
    const char *words;
};

struct connection {
    struct service *service;
    nghttp2_session *session;
    struct channel *channel;
    struct stream *streams;
    const uint8_t *out; /* what nghttp2 wants sent, and was not yet */
    size_t n_out;
    double active_s, opened_s;
};

struct connection *connection_of(struct stream *stream)
{
    return stream->connection;
}

int connection_descriptor(const struct connection *c)
{
    return channel_descriptor(c->channel);
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
    if (left == 0 && !s->is_whole)
        return NGHTTP2_ERR_DEFERRED;
    if (n > left)
        n = left;
    memcpy(to, s->answer + s->n_sent, n);
    s->n_sent += n;
    if (n < left || !s->is_whole)
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

/* The call is over: what is behind the messages that were sent. */
static int end_answer(struct stream *s, enum grpc_status status, const char *words)
{
    if (!s->is_answering)
        return send_failure(s, status, words);
    s->status = status;
    s->words = words;
    s->is_whole = true;
    nghttp2_session_resume_data(s->connection->session, s->id); /* fails when it did not wait */
    return 0;
}

/* Takes the message, NULL when memory was short. */
static bool append_message(struct stream *s, uint8_t *message, size_t n)
{
    size_t left = s->n_answer - s->n_sent;
    uint8_t *answer = message != NULL ? malloc(left + HEADER_BYTES + n) : NULL, *to;

    if (answer != NULL) {
        if (left > 0)
            memcpy(answer, s->answer + s->n_sent, left);
        to = answer + left;
        to[0] = 0;
        for (int i = 0; i < 4; i++)
            to[1 + i] = (uint8_t)(n >> (24 - 8 * i));
        memcpy(to + HEADER_BYTES, message, n);
        free(s->answer);
        s->answer = answer;
        s->n_answer = left + HEADER_BYTES + n;
        s->n_sent = 0;
    }
    free(message);
    return answer != NULL;
}

static int send_message(struct stream *s, uint8_t *message, size_t n)
{
    nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
    nghttp2_data_provider source = {.source.ptr = s, .read_callback = read_answer};

    if (!append_message(s, message, n))
        return end_answer(s, GRPC_RESOURCE_EXHAUSTED, "not enough memory");
    if (s->is_answering) {
        nghttp2_session_resume_data(s->connection->session, s->id); /* fails when it did not wait */
        return 0;
    }
    s->is_answering = true;
    return nghttp2_submit_response(s->connection->session, s->id, headers, 2, &source);
}

static int send_answer(struct stream *s, uint8_t *message, size_t n)
{
    s->is_whole = true;
    return send_message(s, message, n);
}

void connection_finish(struct stream *stream, uint8_t *message, size_t n)
{
    stream->job = NULL;
    send_answer(stream, message, n);
}

static const char *refuse(enum grpc_status *status, enum grpc_status is, const char *words)
{
    *status = is;
    return words;
}

/* Why no message of it is read; NULL: they are. */
static const char *refusal(const struct stream *s, enum grpc_status *status)
{
    if (!s->is_post || !s->is_grpc)
        return refuse(status, GRPC_INTERNAL,
                      "no gRPC: want POST, and content-type application/grpc");
    if (!s->is_allowed)
        return refuse(status, GRPC_UNAUTHENTICATED,
                      "the token is missing or wrong: send \"authorization: Bearer TOKEN\"");
    if (s->is_too_long)
        return refuse(status, GRPC_RESOURCE_EXHAUSTED, "the message is too long");
    if (s->is_compressed || (s->n_request > 0 && s->request[0] != 0))
        return refuse(status, GRPC_UNIMPLEMENTED, "messages are not to be compressed");
    return NULL;
}

static size_t message_bytes(const uint8_t *r)
{
    return (size_t)r[1] << 24 | (size_t)r[2] << 16 | (size_t)r[3] << 8 | r[4];
}

/* Answers the messages that are there; what is behind them waits for more. */
static int answer_messages(struct stream *s, enum grpc_status *status, const char **words)
{
    struct service_answer answer;
    size_t at = 0, n;

    while (s->n_request - at >= HEADER_BYTES &&
           s->n_request - at - HEADER_BYTES >= (n = message_bytes(s->request + at))) {
        service_stream_call(s->request + at + HEADER_BYTES, n, &answer);
        *status = answer.status;
        *words = answer.words;
        if (answer.status != GRPC_OK)
            return 0;
        if (send_message(s, answer.message, answer.n) != 0)
            return -1;
        at += HEADER_BYTES + n;
    }
    s->n_request -= at;
    memmove(s->request, s->request + at, s->n_request);
    return 0;
}

/* A call of many messages, when some bytes more or its end are there. */
static int serve_stream(struct stream *s, bool is_end)
{
    enum grpc_status status = GRPC_OK;
    const char *words = refusal(s, &status);

    if (s->is_whole)
        return 0;
    if (words == NULL && s->n_request > 0 && answer_messages(s, &status, &words) != 0)
        return -1;
    if (words == NULL && s->n_answer - s->n_sent > MOST_UNREAD_BYTES) {
        status = GRPC_RESOURCE_EXHAUSTED;
        words = "answers are not read";
    }
    if (words == NULL && is_end && s->n_request > 0) {
        status = GRPC_INVALID_ARGUMENT;
        words = "the last message is cut short";
    }
    if (words == NULL && !is_end)
        return 0;
    s->is_whole = true;
    return end_answer(s, status, words);
}

/* The whole request is there. */
static int dispatch(struct stream *s)
{
    struct service_answer answer;
    enum grpc_status status;
    const uint8_t *r = s->request;
    const char *words = refusal(s, &status);
    size_t n;

    if (service_is_streaming(s->path))
        return serve_stream(s, true);
    if (words != NULL)
        return send_failure(s, status, words);
    if (s->n_request < HEADER_BYTES || s->n_request - HEADER_BYTES != message_bytes(r))
        return send_failure(s, GRPC_INVALID_ARGUMENT, "want one message");
    n = s->n_request - HEADER_BYTES;
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
    s->is_allowed = service_allows(c->service, "", NULL);
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

/* What is no text, or too long for a token, is none. */
static bool is_allowed(const struct connection *c, const char *path, const uint8_t *value, size_t n)
{
    char authorization[TOKEN_MAX_BYTES + 16];

    if (n >= sizeof(authorization))
        return false;
    memcpy(authorization, value, n);
    authorization[n] = '\0';
    return service_allows(c->service, path, authorization);
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
        s->is_allowed = service_allows(s->connection->service, s->path, NULL);
    } else if (is_text(name, n_name, "authorization")) {
        s->is_allowed = is_allowed(s->connection, s->path, value, n);
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
    return service_is_streaming(s->path) && serve_stream(s, false) != 0
               ? NGHTTP2_ERR_CALLBACK_FAILURE
               : 0;
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

struct connection *connection_create(struct service *service, int descriptor,
                                     const struct channel_tls *tls)
{
    struct channel *channel = channel_create(descriptor, tls);
    struct connection *c = channel != NULL ? calloc(1, sizeof(*c)) : NULL;

    if (c == NULL) {
        if (channel != NULL)
            channel_destroy(channel);
        return NULL;
    }
    c->service = service;
    c->channel = channel;
    c->opened_s = c->active_s = monotonic_s();
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
    channel_destroy(c->channel);
    free(c);
}

static bool has_output(const struct connection *c)
{
    return c->n_out > 0 || nghttp2_session_want_write(c->session) != 0;
}

bool connection_wants_write(const struct connection *c)
{
    return channel_is_ready(c->channel) ? has_output(c) : channel_wants_write(c->channel);
}

static bool is_open(const struct connection *c)
{
    return has_output(c) || nghttp2_session_want_read(c->session) != 0;
}

bool connection_read(struct connection *c)
{
    uint8_t bytes[READ_BYTES];

    do {
        ssize_t n = channel_read(c->channel, bytes, sizeof(bytes));

        if (n < 0)
            return false;
        if (n == 0)
            break;
        c->active_s = monotonic_s();
        if (nghttp2_session_mem_recv(c->session, bytes, (size_t)n) != n)
            return false;
    } while (channel_has_more(c->channel));
    return connection_write(c);
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
        n = channel_write(c->channel, c->out, c->n_out);
        if (n < 0)
            return false;
        if (n == 0)
            return true;
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
    if (!channel_is_ready(c->channel) && now_s - c->opened_s > HANDSHAKE_S)
        return false;
    return connection_write(c);
}

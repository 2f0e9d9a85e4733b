/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "json/json.h"

void client_open(struct client *c, int fd, uint64_t now_ns)
{
    c->fd = fd;
    c->watching = c->at_end = c->leaving = false;
    c->is_privileged = false;
    c->progress_ns = c->heard_ns = now_ns;
    c->ticket = 0;
    c->n_lost = c->n_lost_told = 0;
    c->n_in = c->n_out = c->n_sent = c->out_size = 0;
    c->out = NULL;
}

void client_close(struct client *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    free(c->out);
    c->out = NULL;
    c->fd = -1;
}

static size_t waiting_bytes(const struct client *c)
{
    return c->n_out - c->n_sent;
}

short client_events(const struct client *c)
{
    short events = 0;

    if (waiting_bytes(c) > 0)
        events |= POLLOUT;
    /* While a reply waits, no further request is read: the client's own buffer fills, not ours. */
    if (!c->at_end && !c->leaving && c->ticket == 0 && (c->watching || waiting_bytes(c) == 0))
        events |= POLLIN;
    return events;
}

static bool make_room(struct client *c, size_t n)
{
    size_t size;
    char *grown;

    if (c->n_sent > 0) {
        memmove(c->out, c->out + c->n_sent, waiting_bytes(c));
        c->n_out -= c->n_sent;
        c->n_sent = 0;
    }
    if (c->n_out + n <= c->out_size)
        return true;
    size = c->n_out + n < 4096 ? 4096 : c->n_out + n;
    grown = realloc(c->out, size);
    if (grown == NULL)
        return false;
    c->out = grown;
    c->out_size = size;
    return true;
}

static bool queue_line(struct client *c, const char *line, size_t n)
{
    if (!make_room(c, n + 1))
        return false;
    memcpy(c->out + c->n_out, line, n);
    c->out[c->n_out + n] = '\n';
    c->n_out += n + 1;
    return true;
}

/* A refusal quotes what was sent, cut at some byte: it may be no UTF-8 any more, which JSON must
 * be.
 */
json_t *client_error(const char *text)
{
    char *plain = strdup(text);
    json_t *reply;

    if (plain == NULL)
        return json_pack("{s:b, s:s}", "ok", 0, "error", "not enough memory");
    for (char *c = plain; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
    reply = json_pack("{s:b, s:s}", "ok", 0, "error", plain);
    free(plain);
    return reply;
}

static void queue_json(struct client *c, json_t *reply)
{
    char *line = json_dumps(reply, JSON_ALL_DIGITS);
    size_t n = line != NULL ? strlen(line) : 0;

    if (n > CONTROL_MAX_REPLY_BYTES) {
        free(line);
        line = strdup("{\"ok\": false, \"error\": \"the reply is too large; ask for fewer with "
                      "\\\"count\\\", or without \\\"drops\\\"\"}");
        n = line != NULL ? strlen(line) : 0;
    }
    if (line == NULL || !queue_line(c, line, n))
        c->leaving = true;
    free(line);
}

void client_reply(struct client *c, json_t *reply)
{
    c->ticket = 0;
    queue_json(c, reply);
}

void client_refuse(struct client *c, const char *text)
{
    json_t *reply = client_error(text);

    queue_json(c, reply);
    json_decref(reply);
    c->leaving = true;
}

void client_turn_away(struct client *c, const char *text)
{
    json_t *reply = client_error(text);

    json_object_set_new(reply, "turned_away", json_true());
    queue_json(c, reply);
    json_decref(reply);
    c->leaving = true;
}

static void tell_loss(struct client *c)
{
    char line[80];
    int n;

    if (c->n_lost == c->n_lost_told)
        return;
    n = snprintf(line, sizeof(line), "{\"event\": \"events_lost\", \"count\": %llu}",
                 (unsigned long long)(c->n_lost - c->n_lost_told));
    if (queue_line(c, line, (size_t)n))
        c->n_lost_told = c->n_lost;
}

/* After a loss, room for half the backlog is waited for, so that losses come in few pieces. */
void client_publish(struct client *c, const char *line, size_t n)
{
    bool behind = c->n_lost > c->n_lost_told;
    size_t limit = behind ? CONTROL_MAX_BACKLOG_BYTES / 2 : CONTROL_MAX_BACKLOG_BYTES;

    if (waiting_bytes(c) + n + 1 > limit) {
        c->n_lost++;
        return;
    }
    tell_loss(c);
    if (!queue_line(c, line, n))
        c->n_lost++;
}

static void receive(struct client *c, uint64_t now_ns)
{
    ssize_t n;

    /* A watcher is heard only to notice that it left. */
    if (c->watching)
        c->n_in = 0;
    n = recv(c->fd, c->in + c->n_in, sizeof(c->in) - c->n_in, MSG_DONTWAIT);
    if (n > 0) {
        c->n_in += (size_t)n;
        c->heard_ns = now_ns;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->at_end = true;
    }
}

static void send_waiting(struct client *c, uint64_t now_ns)
{
    ssize_t n;

    while (waiting_bytes(c) > 0) {
        n = send(c->fd, c->out + c->n_sent, waiting_bytes(c), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                client_close(c);
            return;
        }
        c->n_sent += (size_t)n;
        c->progress_ns = now_ns;
    }
    c->n_out = c->n_sent = 0;
    c->progress_ns = now_ns;
}

static void answer_line(struct client *c, size_t n, client_answer *answer, void *context)
{
    json_t *reply = answer(context, c, c->in, n);

    if (reply != NULL)
        queue_json(c, reply);
    else if (c->ticket == 0)
        c->leaving = true;
    json_decref(reply);
}

/* A last line without its end is a line all the same when the client said no more will come. */
static void answer_next(struct client *c, client_answer *answer, void *context)
{
    const char *end = memchr(c->in, '\n', c->n_in);
    size_t n = end != NULL ? (size_t)(end - c->in) : c->n_in, used = n + (end != NULL);

    if (end == NULL && c->n_in == sizeof(c->in)) {
        client_refuse(c, "the request is longer than 64 KiB; send one JSON object per line");
        return;
    }
    if (end == NULL && (!c->at_end || n == 0))
        return;
    answer_line(c, n, answer, context);
    memmove(c->in, c->in + used, c->n_in - used);
    c->n_in -= used;
}

void client_hear_last(struct client *c, uint64_t now_ns, client_answer *answer, void *context)
{
    if (c->watching || c->leaving)
        return;
    receive(c, now_ns);
    while (c->n_in > 0) {
        const char *end = memchr(c->in, '\n', c->n_in);
        size_t n = end != NULL ? (size_t)(end - c->in) : c->n_in, used = n + (end != NULL);

        json_decref(answer(context, c, c->in, n));
        memmove(c->in, c->in + used, c->n_in - used);
        c->n_in -= used;
    }
}

static bool is_too_slow(const struct client *c, uint64_t now_ns)
{
    uint64_t limit_s = c->watching ? CONTROL_WATCHER_TIMEOUT_S : CONTROL_CLIENT_TIMEOUT_S;

    return waiting_bytes(c) > 0 && now_ns - c->progress_ns > limit_s * NS_PER_S;
}

bool client_is_idle(const struct client *c, uint64_t now_ns)
{
    return c->fd >= 0 && !c->watching && c->ticket == 0 && waiting_bytes(c) == 0 &&
           now_ns - c->heard_ns >= CONTROL_IDLE_S * NS_PER_S;
}

/* Whoever closed the connection waits for no answer any more: what it asked may be minutes old,
 * when the manager was held up meanwhile, and must not be done now. Who only said that no more will
 * come (shutdown(2) of its sending side) still waits, and poll(2) says nothing of POLLHUP. */
void client_serve(struct client *c, short revents, uint64_t now_ns, client_answer *answer,
                  void *context)
{
    if (revents & (POLLHUP | POLLERR)) {
        client_close(c);
        return;
    }
    if (waiting_bytes(c) == 0)
        c->progress_ns = now_ns;
    if (revents & POLLIN && client_events(c) & POLLIN)
        receive(c, now_ns);
    if (!c->watching && !c->leaving && c->ticket == 0 && waiting_bytes(c) == 0)
        answer_next(c, answer, context);
    send_waiting(c, now_ns);
    if (c->fd < 0)
        return;
    if (is_too_slow(c, now_ns) || (c->watching && c->at_end) ||
        (waiting_bytes(c) == 0 && c->ticket == 0 && (c->leaving || (c->at_end && c->n_in == 0))))
        client_close(c);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/monotonic.h"
#include "connection.h"

#define BACKLOG 64
#define TICK_MS 1000
/* Before the connections: the listener, and the jobs. */
#define N_OTHERS 2

struct server {
    struct service *service;
    const struct channel_tls *tls;
    int listener;
    struct connection *connections[MOST_CONNECTIONS];
    struct pollfd polled[N_OTHERS + MOST_CONNECTIONS];
    unsigned int n;
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* ADDRESS:PORT, an IPv6 address in brackets. */
static int parse_address(const char *text, union address *out, socklen_t *n, bool *is_local)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2], *end;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;

    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535 ||
        length >= sizeof(host))
        return -EINVAL;
    snprintf(host, sizeof(host), "%.*s", (int)length, text);
    *out = (union address){0};
    if (host[0] == '[' && length > 2 && host[length - 1] == ']') {
        host[length - 1] = '\0';
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        *n = sizeof(out->v6);
        if (inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) != 1)
            return -EINVAL;
        *is_local = IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr);
        return 0;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)port);
    *n = sizeof(out->v4);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) != 1)
        return -EINVAL;
    *is_local = (ntohl(out->v4.sin_addr.s_addr) >> 24) == 127;
    return 0;
}

int server_listen(const char *text, bool *is_local)
{
    union address address;
    socklen_t n;
    int fd, on = 1, error = parse_address(text, &address, &n, is_local);

    if (error != 0)
        return error;
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, &address.any, n) != 0 || listen(fd, BACKLOG) != 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

void server_address(int listener, char out[SERVER_ADDRESS_BYTES])
{
    union address address = {0};
    socklen_t n = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "?";

    getsockname(listener, &address.any, &n);
    if (address.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
        snprintf(out, SERVER_ADDRESS_BYTES, "[%s]:%u", host, ntohs(address.v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
        snprintf(out, SERVER_ADDRESS_BYTES, "%s:%u", host, ntohs(address.v4.sin_port));
    }
}

static void accept_one(struct server *s)
{
    int on = 1, fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s->connections[s->n] = connection_create(s->service, fd, s->tls);
    s->n += s->connections[s->n] != NULL;
}

static void close_one(struct server *s, unsigned int i)
{
    connection_destroy(s->connections[i]);
    s->connections[i] = s->connections[--s->n];
}

static void finish_jobs(struct server *s)
{
    struct job_result result;
    struct stream *stream;

    while ((stream = jobs_next(s->service->jobs, &result)) != NULL)
        connection_finish(stream, result.message, result.n);
}

/* Backwards, since the last one takes the place of one that is over. */
static void serve_connections(struct server *s)
{
    for (unsigned int i = s->n; i-- > 0;) {
        short ready = s->polled[N_OTHERS + i].revents;
        bool goes_on = true;

        if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0)
            goes_on = connection_read(s->connections[i]);
        else if ((ready & POLLOUT) != 0)
            goes_on = connection_write(s->connections[i]);
        if (!goes_on)
            close_one(s, i);
    }
}

static void tick(struct server *s)
{
    double now_s = monotonic_s();

    for (unsigned int i = s->n; i-- > 0;)
        if (!connection_tick(s->connections[i], now_s))
            close_one(s, i);
}

static int wait_for_any(struct server *s)
{
    s->polled[0] =
        (struct pollfd){.fd = s->n < MOST_CONNECTIONS ? s->listener : -1, .events = POLLIN};
    s->polled[1] = (struct pollfd){.fd = jobs_descriptor(s->service->jobs), .events = POLLIN};
    for (unsigned int i = 0; i < s->n; i++)
        s->polled[N_OTHERS + i] = (struct pollfd){
            .fd = connection_descriptor(s->connections[i]),
            .events = (short)(POLLIN | (connection_wants_write(s->connections[i]) ? POLLOUT : 0))};
    return poll(s->polled, N_OTHERS + s->n, TICK_MS) < 0 ? -errno : 0;
}

int server_run(struct service *service, int listener, const struct channel_tls *tls,
               const volatile sig_atomic_t *stop)
{
    struct server *s = calloc(1, sizeof(*s));
    double ticked_s = monotonic_s();
    int error = s == NULL ? -ENOMEM : 0;

    if (s != NULL) {
        s->service = service;
        s->tls = tls;
        s->listener = listener;
    }
    while (error == 0 && !*stop) {
        error = wait_for_any(s);
        if (error == -EINTR)
            error = 0;
        else if (error == 0)
            serve_connections(s);
        if (error == 0 && (s->polled[0].revents & POLLIN) != 0 && s->n < MOST_CONNECTIONS)
            accept_one(s);
        finish_jobs(s);
        if (monotonic_s() - ticked_s >= TICK_MS / 1000.0) {
            ticked_s = monotonic_s();
            tick(s);
        }
    }
    while (s != NULL && s->n > 0)
        close_one(s, s->n - 1);
    close(listener);
    free(s);
    return error;
}

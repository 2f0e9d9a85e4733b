/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms to syslog: over UDP (RFC 5426), TCP with octet counting (RFC 6587 section 3.4.1), or a
 * socket of this machine. What was sent is noted in the store; what could not be is sent later. A
 * message may come twice, after a crash. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "alert/alert.h"
#include "pennyline-map/outputs.h"
#include "pennyline-map/pacer.h"
#include "pennyline-map/say.h"
#include "pennyline-map/store.h"

#define OUTPUT_NAME "syslog"
#define AT_ONCE     100
#define LOOK_MS     500u
#define AGAIN_MS    5000u
#define WAIT_S      5

enum way { BY_UDP, BY_TCP, BY_UNIX };

struct output {
    struct output_config config;
    struct pacer pacer;
    struct store *store;
    enum way way;
    char host[256], port[32];
    char path[108]; /* of sockaddr_un */
    char own_name[256];
    int fd; /* -1: not connected */
    bool is_in_trouble;
};

/* "udp:HOST:PORT", "tcp:[2001:db8::1]:601", "unix:/dev/log" */
static bool read_target(struct output *o, const char *target)
{
    const char *colon;
    size_t n;

    if (strncmp(target, "unix:", 5) == 0) {
        o->way = BY_UNIX;
        snprintf(o->path, sizeof(o->path), "%s", target + 5);
        return target[5] == '/' && strlen(target + 5) < sizeof(o->path);
    }
    if (strncmp(target, "udp:", 4) != 0 && strncmp(target, "tcp:", 4) != 0)
        return false;
    o->way = target[0] == 'u' ? BY_UDP : BY_TCP;
    target += 4;
    colon = strrchr(target, ':');
    if (colon == NULL || colon == target || colon[1] == '\0')
        return false;
    n = (size_t)(colon - target);
    if (target[0] == '[' && target[n - 1] == ']') {
        target++;
        n -= 2;
    }
    snprintf(o->host, sizeof(o->host), "%.*s", (int)n, target);
    snprintf(o->port, sizeof(o->port), "%s", colon + 1);
    return n < sizeof(o->host) && strlen(colon + 1) < sizeof(o->port);
}

static int connect_local(const struct output *o)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", o->path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int connect_remote(const struct output *o)
{
    const struct addrinfo hints = {.ai_socktype = o->way == BY_UDP ? SOCK_DGRAM : SOCK_STREAM};
    const struct timeval wait = {.tv_sec = WAIT_S};
    struct addrinfo *all, *a;
    int fd = -1;

    if (getaddrinfo(o->host, o->port, &hints, &all) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    for (a = all; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0)
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(all);
    return fd;
}

static bool send_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* A receiver that closed the connection is noticed here, not by the write after the next. */
static bool is_closed(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static bool send_line(struct output *o, const char *line, size_t n)
{
    char frame[ALERT_SYSLOG_BYTES + 16];

    if (o->fd >= 0 && o->way == BY_TCP && is_closed(o->fd)) {
        close(o->fd);
        o->fd = -1;
    }
    if (o->fd < 0)
        o->fd = o->way == BY_UNIX ? connect_local(o) : connect_remote(o);
    if (o->fd < 0)
        return false;
    if (o->way == BY_TCP) {
        n = (size_t)snprintf(frame, sizeof(frame), "%zu %s", n, line);
        line = frame;
    }
    if (send_all(o->fd, line, n))
        return true;
    close(o->fd);
    o->fd = -1;
    return false;
}

static void note_trouble(struct output *o, bool is_in_trouble, const char *why)
{
    if (is_in_trouble && !o->is_in_trouble)
        say("syslog %s: %s; it is tried again", o->config.target, why);
    else if (!is_in_trouble && o->is_in_trouble)
        say("syslog %s: it goes on", o->config.target);
    o->is_in_trouble = is_in_trouble;
}

/* How many of them; -1: the rest is for later. */
static int send_rows(struct output *o, const json_t *rows)
{
    const json_t *row;
    int64_t number = 0;
    size_t i;
    bool is_sent = true;

    json_array_foreach (rows, i, row) {
        char line[ALERT_SYSLOG_BYTES];
        size_t n =
            alert_syslog(json_object_get(row, "event"), o->own_name, o->config.facility, line);

        is_sent = n == 0 || send_line(o, line, n);
        if (!is_sent)
            break;
        number = (int64_t)json_integer_value(json_object_get(row, "number"));
    }
    note_trouble(o, !is_sent, strerror(errno));
    if (number > 0 && store_note_sent(o->store, OUTPUT_NAME, number) != 0)
        return -1;
    return is_sent ? (int)i : -1;
}

static unsigned int step(void *context)
{
    struct output *o = context;
    char error[STORE_ERROR_BYTES];
    json_t *rows = store_unsent(o->store, OUTPUT_NAME, AT_ONCE, error);
    int n = -1;

    if (rows == NULL)
        say("%s", error);
    else
        n = send_rows(o, rows);
    json_decref(rows);
    return n < 0 ? AGAIN_MS : n == AT_ONCE ? 0 : LOOK_MS;
}

struct output *syslog_start(const struct output_config *config, char error[OUTPUTS_ERROR_BYTES])
{
    struct output *o = calloc(1, sizeof(*o));

    if (o == NULL) {
        snprintf(error, OUTPUTS_ERROR_BYTES, "not enough memory");
        return NULL;
    }
    o->config = *config;
    o->fd = -1;
    if (gethostname(o->own_name, sizeof(o->own_name) - 1) != 0)
        o->own_name[0] = '\0';
    if (!read_target(o, config->target))
        snprintf(error, OUTPUTS_ERROR_BYTES,
                 "--syslog \"%s\"; allowed: udp:HOST:PORT, tcp:HOST:PORT or unix:/PATH",
                 config->target);
    else if ((o->store = store_attach(config->store, true, error)) != NULL) {
        if (pacer_start(&o->pacer, step, o) == 0)
            return o;
        snprintf(error, OUTPUTS_ERROR_BYTES, "no thread to be had");
    }
    store_close(o->store);
    free(o);
    return NULL;
}

void syslog_stop(struct output *o)
{
    if (o == NULL)
        return;
    pacer_stop(&o->pacer);
    if (o->fd >= 0)
        close(o->fd);
    store_close(o->store);
    free(o);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "connections.h"

#include <pthread.h>
#include <stdlib.h>

#include "client_key.h"

#define NETWORK_BYTES 8

struct connection {
    struct connection *next, *previous;
    struct client_key key;
    int fd;
    double deadline_s;
    uint64_t n_bytes; /* held of the budget */
};

struct connections {
    pthread_mutex_t lock;
    struct connections_limits limits;
    struct connection *first;
    uint64_t n_bytes;
};

struct connections *connections_create(const struct connections_limits *limits)
{
    struct connections *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->limits = *limits;
    return c;
}

void connections_destroy(struct connections *c)
{
    if (c == NULL)
        return;
    while (c->first != NULL)
        connections_close(c, c->first);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* What a client has: counted anew each time, since this is asked once a connection and reply, and
 * no table can then be wrong. Locked. */
struct holdings {
    unsigned int n_connections;
    uint64_t n_bytes;
};

static struct holdings holdings_of(const struct connections *c, const struct client_key *key)
{
    struct holdings h = {0};

    for (const struct connection *one = c->first; one != NULL; one = one->next)
        if (client_key_is_equal(&one->key, key)) {
            h.n_connections++;
            h.n_bytes += one->n_bytes;
        }
    return h;
}

struct connection *connections_open(struct connections *c, const struct sockaddr *client, int fd,
                                    double now_s)
{
    struct connection *one = calloc(1, sizeof(*one));

    if (one == NULL) {
        shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    one->key = client_key_of(client, NETWORK_BYTES);
    one->fd = fd;
    one->deadline_s = now_s + c->limits.request_s;
    pthread_mutex_lock(&c->lock);
    if (c->limits.most_of_client > 0 && one->key.kind != CLIENT_KEY_LOCAL &&
        holdings_of(c, &one->key).n_connections >= c->limits.most_of_client)
        shutdown(fd, SHUT_RDWR);
    one->next = c->first;
    if (c->first != NULL)
        c->first->previous = one;
    c->first = one;
    pthread_mutex_unlock(&c->lock);
    return one;
}

void connections_close(struct connections *c, struct connection *one)
{
    if (one == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->n_bytes -= one->n_bytes;
    if (one->next != NULL)
        one->next->previous = one->previous;
    if (one->previous != NULL)
        one->previous->next = one->next;
    else
        c->first = one->next;
    pthread_mutex_unlock(&c->lock);
    free(one);
}

/* Locked. */
static bool has_room(const struct connections *c, const struct connection *one, size_t n)
{
    if (c->n_bytes + n > c->limits.most_bytes)
        return false;
    return one->key.kind == CLIENT_KEY_LOCAL ||
           holdings_of(c, &one->key).n_bytes + n <= c->limits.most_bytes_of_client;
}

bool connections_begin_reply(struct connections *c, struct connection *one, size_t n, double now_s)
{
    bool is_granted = n <= CONNECTIONS_SMALL_BYTES;

    if (one == NULL)
        return is_granted;
    pthread_mutex_lock(&c->lock);
    if (!is_granted && has_room(c, one, n)) {
        is_granted = true;
        one->n_bytes += n;
        c->n_bytes += n;
    }
    if (is_granted)
        one->deadline_s = now_s + c->limits.reply_s + (double)n / c->limits.reply_bytes_per_s;
    pthread_mutex_unlock(&c->lock);
    return is_granted;
}

void connections_end_reply(struct connections *c, struct connection *one, double now_s)
{
    if (one == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->n_bytes -= one->n_bytes;
    one->n_bytes = 0;
    one->deadline_s = now_s + c->limits.request_s;
    pthread_mutex_unlock(&c->lock);
}

void connections_wait(struct connections *c, struct connection *one, double until_s)
{
    if (one == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    one->deadline_s = until_s + c->limits.request_s;
    pthread_mutex_unlock(&c->lock);
}

void connections_sweep(struct connections *c, double now_s)
{
    pthread_mutex_lock(&c->lock);
    for (const struct connection *one = c->first; one != NULL; one = one->next)
        if (now_s > one->deadline_s)
            shutdown(one->fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
}

uint64_t connections_n_bytes(struct connections *c)
{
    uint64_t n;

    pthread_mutex_lock(&c->lock);
    n = c->n_bytes;
    pthread_mutex_unlock(&c->lock);
    return n;
}

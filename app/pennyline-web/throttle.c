/* SPDX-License-Identifier: BSD-3-Clause */
#include "throttle.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"

#define N_BUCKETS 4096

struct bucket {
    double tokens, filled_s;
};

struct throttle {
    pthread_mutex_t lock;
    double per_second, burst;
    uint64_t secret[2];
    struct bucket buckets[N_BUCKETS];
};

struct throttle *throttle_create(double per_second, double burst)
{
    struct throttle *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    l->per_second = per_second;
    l->burst = burst;
    if (getrandom(l->secret, sizeof(l->secret), 0) != sizeof(l->secret))
        l->secret[0] = (uint64_t)(uintptr_t)l;
    for (int i = 0; i < N_BUCKETS; i++)
        l->buckets[i].tokens = burst;
    return l;
}

void throttle_destroy(struct throttle *l)
{
    if (l == NULL)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static uint64_t key_of(const struct sockaddr *client)
{
    uint64_t key = 0;

    if (client != NULL && client->sa_family == AF_INET)
        key = ((const struct sockaddr_in *)(const void *)client)->sin_addr.s_addr;
    else if (client != NULL && client->sa_family == AF_INET6)
        memcpy(&key, &((const struct sockaddr_in6 *)(const void *)client)->sin6_addr, sizeof(key));
    return key;
}

bool throttle_take(struct throttle *l, const struct sockaddr *client, double now_s)
{
    uint64_t key = key_of(client);
    struct bucket *b;
    bool granted;

    b = &l->buckets[hash_words(&key, 1, l->secret) % N_BUCKETS];
    pthread_mutex_lock(&l->lock);
    b->tokens += (now_s - b->filled_s) * l->per_second;
    if (b->tokens > l->burst)
        b->tokens = l->burst;
    b->filled_s = now_s;
    granted = b->tokens >= 1;
    if (granted)
        b->tokens -= 1;
    pthread_mutex_unlock(&l->lock);
    return granted;
}

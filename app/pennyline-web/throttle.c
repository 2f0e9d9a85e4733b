/* SPDX-License-Identifier: BSD-3-Clause */
#include "throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"
#include "client_key.h"

#define N_BUCKETS 4096
/* Of IPv6: a host's network, and a site's. */
#define NETWORK_BYTES 8
#define SITE_BYTES    6
#define SITE_SCALE    8

struct bucket {
    double taken, at_s;
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
    return l;
}

void throttle_destroy(struct throttle *l)
{
    if (l == NULL)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* The bucket of a key, filled up to now. Locked. */
static struct bucket *bucket_of(struct throttle *l, struct client_key key, uint64_t n_bytes,
                                double scale, double now_s)
{
    const uint64_t words[3] = {key.kind, key.bits, n_bytes};
    struct bucket *b = &l->buckets[hash_words(words, 3, l->secret) % N_BUCKETS];

    b->taken -= (now_s - b->at_s) * l->per_second * scale;
    b->at_s = now_s;
    if (b->taken < 0)
        b->taken = 0;
    return b;
}

/* Who has a /48 has 65,536 networks, more than there are buckets: those share one that is theirs,
 * so that they cannot empty everybody's. What one of them refuses is taken from neither. */
bool throttle_take(struct throttle *l, const struct sockaddr *client, double now_s)
{
    struct client_key key = client_key_of(client, NETWORK_BYTES);
    struct bucket *own, *site = NULL;
    bool granted;

    pthread_mutex_lock(&l->lock);
    own = bucket_of(l, key, NETWORK_BYTES, 1, now_s);
    if (key.kind == CLIENT_KEY_IPV6)
        site = bucket_of(l, client_key_of(client, SITE_BYTES), SITE_BYTES, SITE_SCALE, now_s);
    granted =
        own->taken + 1 <= l->burst && (site == NULL || site->taken + 1 <= l->burst * SITE_SCALE);
    if (granted) {
        own->taken += 1;
        if (site != NULL)
            site->taken += 1;
    }
    pthread_mutex_unlock(&l->lock);
    return granted;
}

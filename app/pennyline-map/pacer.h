/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread that does something, waits, and does it again, until it is stopped: then it waits no
 * longer. */
#ifndef PENNYLINE_MAP_PACER_H
#define PENNYLINE_MAP_PACER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pacer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    atomic_bool must_stop;
    /* Does it; returns after how many milliseconds to do it again. */
    unsigned int (*step)(void *context);
    void *context;
};

/* 0, or what pthread_create() says. */
int pacer_start(struct pacer *p, unsigned int (*step)(void *context), void *context);
/* Once it has begun. */
void pacer_stop(struct pacer *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/pacer.h"

#include "common/monotonic.h"

static void *run(void *context)
{
    struct pacer *p = context;

    pthread_mutex_lock(&p->lock);
    while (!p->must_stop) {
        struct timespec until;

        pthread_mutex_unlock(&p->lock);
        until = monotonic_after_ms((long)p->step(p->context));
        pthread_mutex_lock(&p->lock);
        while (!p->must_stop && pthread_cond_timedwait(&p->ending, &p->lock, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pacer_start(struct pacer *p, unsigned int (*step)(void *context), void *context)
{
    p->step = step;
    p->context = context;
    p->must_stop = false;
    pthread_mutex_init(&p->lock, NULL);
    monotonic_cond_init(&p->ending);
    return pthread_create(&p->thread, NULL, run, p);
}

void pacer_stop(struct pacer *p)
{
    pthread_mutex_lock(&p->lock);
    p->must_stop = true;
    pthread_cond_signal(&p->ending);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Telemetry's threads ask, the manager's thread answers. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "telemetry/internal.h"
#include "telemetry/telemetry.h"

#define ANSWER_TIMEOUT_S 1

/* One question at a time, from a thread of telemetry to the manager's. */
static struct {
    pthread_mutex_t callers; /* held from question to answer; the manager never takes it */
    pthread_mutex_t lock;    /* held for moments: the manager only tries it */
    pthread_cond_t answered;
    atomic_bool is_asked;
    char request[TELEMETRY_REQUEST_BYTES];
    json_t *reply;
} exchange = {
    .callers = PTHREAD_MUTEX_INITIALIZER,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

/* Waits go by a clock that nobody sets. */
static void make_condition(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&exchange.answered, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* DPDK's socket knows nobody by name; it has no command that changes anything. */
static const struct control_peer reader = {.way = "telemetry"};

void telemetry_serve(const struct control_operations *operations, uint64_t now_ns)
{
    bool watch = false;

    if (!atomic_load_explicit(&exchange.is_asked, memory_order_acquire) ||
        pthread_mutex_trylock(&exchange.lock) != 0)
        return;
    if (atomic_load_explicit(&exchange.is_asked, memory_order_relaxed)) {
        exchange.reply = control_execute(operations, exchange.request, strlen(exchange.request),
                                         &reader, now_ns, &watch);
        atomic_store_explicit(&exchange.is_asked, false, memory_order_relaxed);
        pthread_cond_signal(&exchange.answered);
    }
    pthread_mutex_unlock(&exchange.lock);
}

/* The reply, the caller's; NULL when the manager was silent. Under `callers` and `lock`. */
static json_t *wait_for_reply(void)
{
    struct timespec until;
    json_t *reply;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ANSWER_TIMEOUT_S;
    while (atomic_load_explicit(&exchange.is_asked, memory_order_relaxed))
        if (pthread_cond_timedwait(&exchange.answered, &exchange.lock, &until) == ETIMEDOUT)
            break;
    atomic_store_explicit(&exchange.is_asked, false, memory_order_relaxed);
    reply = exchange.reply;
    exchange.reply = NULL;
    return reply;
}

json_t *telemetry_ask_manager(const char *request, bool *ok)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    json_t *reply, *out;
    const char *error;

    pthread_once(&once, make_condition);
    pthread_mutex_lock(&exchange.callers);
    pthread_mutex_lock(&exchange.lock);
    snprintf(exchange.request, sizeof(exchange.request), "%s", request);
    atomic_store_explicit(&exchange.is_asked, true, memory_order_release);
    reply = wait_for_reply();
    pthread_mutex_unlock(&exchange.lock);
    pthread_mutex_unlock(&exchange.callers);
    *ok = json_is_true(json_object_get(reply, "ok"));
    error = json_string_value(json_object_get(reply, "error"));
    if (*ok)
        out = json_incref(json_object_get(reply, "result"));
    else
        out = telemetry_error(error != NULL ? error
                                            : "the manager did not answer within a second: it is "
                                              "late or hangs");
    json_decref(reply);
    return out;
}

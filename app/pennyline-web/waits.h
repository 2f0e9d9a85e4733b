/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that wait for tests to be over. All of them hear of that by the one connection that
 * watches events (feed.h); each is a suspended connection of the HTTP server, and costs no thread.
 *
 * Who waits is woken when all of its tests are over, or its time is; what it is told then it asks
 * for anew. Any thread. */
#ifndef WEB_WAITS_H
#define WEB_WAITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAITS_MOST_TESTS 64

struct waits;

/* Wakes who waits: once. */
typedef void waits_wake(void *context);

struct wait {
    struct wait *next, *previous;
    uint32_t tests[WAITS_MOST_TESTS]; /* their numbers; 0: it is over */
    size_t n_tests;
    double until_s;
    waits_wake *wake;
    void *context;
    bool is_awake;
};

/* Starts the thread that looks for those whose time is over. NULL: no memory or no thread. */
struct waits *waits_create(void);
/* Wakes all who wait; nobody waits any more after that. NULL is allowed. */
void waits_stop(struct waits *w);
void waits_destroy(struct waits *w); /* NULL is allowed */

/* `wait` is the caller's, and waits until it is woken or forgotten. */
void waits_begin(struct waits *w, struct wait *wait);
/* Of that test it is known that it is over. */
void waits_end_test(struct waits *w, struct wait *wait, uint32_t test);
/* It is not woken from now on. */
void waits_forget(struct waits *w, struct wait *wait);

/* An event: does it end a test? */
void waits_hear(struct waits *w, const json_t *event);

#endif

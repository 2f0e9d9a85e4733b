/* SPDX-License-Identifier: BSD-3-Clause */
/* Posts events to an URL, so that they reach a chat or a pager. Each is written to a queue on disk
 * first, and stays there until the other side took it: a restart loses none, and may send one
 * twice, with the same id (it is made of the event, so it is the same after a crash, too). A post
 * that fails is tried again, after 1 s, 2 s, ... up to a minute. What was posted is not posted
 * again while the process lives, also when the disk does not take note of it.
 *
 * What is posted: {"id", "text": one sentence, "event": the event as conf/event.schema.json has
 * it}. An event that the other side refuses for what it is (400, 413, 422) is given up, and
 * counted. */
#ifndef WEB_WEBHOOK_H
#define WEB_WEBHOOK_H

#include <jansson.h>
#include <stddef.h>

struct webhook_config {
    const char *url;
    const char *directory; /* of the queue */
    const char *kinds;     /* names of events, with commas between */
    const char *token;     /* NULL: none */
    const char *proxy;     /* URL; NULL: none, whatever the environment says */
};

struct webhook_counts {
    unsigned long n_waiting, n_posted, n_failures, n_lost, n_queue_errors;
};

struct webhook;

/* What `config` points to outlives it. NULL with `error` in words. */
struct webhook *webhook_start(const struct webhook_config *config, char *error, size_t n_error);

/* What waits stays in the queue. NULL is allowed. */
void webhook_stop(struct webhook *w);

/* Queues an event (stays the caller's) when it is of a kind to be posted. 0; what queue_push() says
 * when it could not be. Any thread. */
int webhook_offer(struct webhook *w, const json_t *event);

/* An event that was not queued will not be offered again. Any thread; NULL is allowed. */
void webhook_count_loss(struct webhook *w);

/* All zero for NULL. Any thread. */
struct webhook_counts webhook_counts(struct webhook *w);

/* One sentence about an event, the caller's to free; NULL when memory is short. */
char *webhook_sentence(const json_t *event);

#endif

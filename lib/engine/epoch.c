/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling the manager: deltas of counters once per epoch, events as they happen. */
#include "engine/internal.h"

#include <errno.h>
#include <string.h>

int engine_post(struct engine *e, const struct message *m)
{
    int error = e->config.post(e->config.post_context, m);

    if (error != 0)
        e->counters.events_lost++;
    return error;
}

static int post_passive_delta(struct engine *e, uint32_t aggregate)
{
    struct message m = {.kind = MESSAGE_PASSIVE,
                        .worker = e->config.worker,
                        .aggregate = aggregate,
                        .passive = e->passive_deltas[aggregate]};
    int error = e->config.post(e->config.post_context, &m);

    if (error == 0)
        memset(&e->passive_deltas[aggregate], 0, sizeof(e->passive_deltas[aggregate]));
    return error;
}

static bool is_passive(const struct engine *e, uint32_t aggregate)
{
    return e->passive_deltas != NULL &&
           e->rules[aggregate_table_identity(e->aggregates, aggregate)->slice].is_passive;
}

static int post_units(struct engine *e, uint32_t aggregate)
{
    struct unit_counters *delta = engine_unit_delta(e, aggregate, 0);
    struct message m = {.kind = MESSAGE_UNITS, .worker = e->config.worker, .aggregate = aggregate};
    int error;

    memcpy(m.units, delta, sizeof(m.units));
    error = e->config.post(e->config.post_context, &m);
    if (error == 0)
        memset(delta, 0, sizeof(m.units));
    return error;
}

static int post_delta(struct engine *e, uint32_t aggregate)
{
    struct message m = {.kind = MESSAGE_COUNTERS,
                        .worker = e->config.worker,
                        .aggregate = aggregate,
                        .counters = e->deltas[aggregate].counters};
    int error = e->config.post(e->config.post_context, &m);

    if (error != 0)
        return error;
    memset(&e->deltas[aggregate], 0, sizeof(e->deltas[aggregate]));
    /* Stays listed when only the first of two found room. */
    if (is_passive(e, aggregate) && post_passive_delta(e, aggregate) != 0)
        return -ENOBUFS;
    if (likely_false((e->listed[aggregate] & LISTED_UNITS) != 0) && post_units(e, aggregate) != 0)
        return -ENOBUFS;
    e->listed[aggregate] = 0;
    return 0;
}

/* What changed so far is this epoch's; what changes from now on is the next one's. */
static void begin_epoch(struct engine *e, uint64_t epoch)
{
    uint32_t *empty = e->posting;

    e->posting = e->changed;
    e->n_posting = e->n_changed;
    e->changed = empty;
    e->n_changed = 0;
    e->posting_epoch = epoch;
    e->is_late = false;
}

static bool post_mark(struct engine *e)
{
    const struct message mark = {
        .kind = MESSAGE_EPOCH, .worker = e->config.worker, .epoch = {.epoch = e->posting_epoch}};

    return e->config.post(e->config.post_context, &mark) == 0;
}

static bool wait_for_room(struct engine *e)
{
    e->counters.epochs_late += !e->is_late;
    e->is_late = true;
    return false;
}

bool engine_post_some(struct engine *e, uint32_t n)
{
    uint64_t epoch = atomic_load_explicit(&e->config.gate->epoch, memory_order_acquire);

    if (likely_true(epoch == e->posted_epoch))
        return true;
    if (e->posting_epoch == e->posted_epoch)
        begin_epoch(e, epoch);
    for (; n > 0 && e->n_posting > 0; n--) {
        if (post_delta(e, e->posting[e->n_posting - 1]) != 0)
            return wait_for_room(e);
        e->n_posting--;
    }
    if (e->n_posting > 0)
        return false;
    if (!places_post(&e->places, e->config.worker, e->config.post, e->config.post_context) ||
        !post_mark(e))
        return wait_for_room(e);
    e->posted_epoch = e->posting_epoch;
    return true;
}

bool engine_post_epoch(struct engine *e)
{
    return engine_post_some(e, UINT32_MAX);
}

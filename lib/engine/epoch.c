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

static bool is_tested(const struct engine *e, uint32_t aggregate)
{
    const struct aggregate_control *c = aggregate_table_control(e->aggregates, aggregate);

    return aggregate_control_read(c).phase != AGGREGATE_IDLE;
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

static int post_delta(struct engine *e, uint32_t aggregate)
{
    struct message m = {.kind = MESSAGE_COUNTERS,
                        .worker = e->config.worker,
                        .aggregate = aggregate,
                        .counters = e->deltas[aggregate]};
    int error = e->config.post(e->config.post_context, &m);

    if (error != 0)
        return error;
    memset(&e->deltas[aggregate], 0, sizeof(e->deltas[aggregate]));
    /* Stays listed when only the first of two found room. */
    if (is_passive(e, aggregate) && post_passive_delta(e, aggregate) != 0)
        return -ENOBUFS;
    e->listed[aggregate] = 0;
    return 0;
}

/* Posts the changed aggregates that are (not) under test; the others stay listed. False when the
 * ring is full. */
static bool post_deltas(struct engine *e, bool tested)
{
    uint32_t kept = 0, i;
    bool room = true;

    for (i = 0; i < e->n_changed; i++) {
        uint32_t aggregate = e->changed[i];

        if (room && is_tested(e, aggregate) == tested)
            room = post_delta(e, aggregate) == 0;
        if (e->listed[aggregate])
            e->changed[kept++] = aggregate;
    }
    e->n_changed = kept;
    return room;
}

bool engine_post_epoch(struct engine *e)
{
    uint64_t epoch = atomic_load_explicit(&e->config.gate->epoch, memory_order_acquire);
    struct message mark = {.kind = MESSAGE_EPOCH, .worker = e->config.worker};
    bool whole;

    if (epoch == e->posted_epoch)
        return true;
    whole = post_deltas(e, true) &&
            places_post(&e->places, e->config.worker, e->config.post, e->config.post_context);
    if (whole)
        post_deltas(e, false);
    mark.epoch.epoch = epoch;
    mark.epoch.whole = whole;
    if (!whole)
        e->counters.epochs_late++;
    if (e->config.post(e->config.post_context, &mark) != 0)
        return false;
    e->posted_epoch = epoch;
    return true;
}

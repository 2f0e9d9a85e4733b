/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "manager/internal.h"

static bool is_valid(const struct manager_config *c)
{
    return c->aggregates != NULL && c->gate != NULL && c->n_workers > 0 && c->epoch_ms > 0 &&
           c->n_drop_records > 0 && c->n_concurrent_flow_phases > 0 &&
           (c->slices != NULL || c->n_slices == 0);
}

size_t manager_memory_bytes(const struct manager_config *c)
{
    size_t per_slice = 2 * sizeof(struct coin *) + sizeof(struct aggregate_list) +
                       sizeof(uint32_t) + sizeof(uint64_t) + 2 * sizeof(bool);

    return sizeof(struct manager) + CHECK_TEXT_BYTES + (c->n_slices + 1) * per_slice +
           coins_memory_bytes(c) +
           aggregate_table_capacity(c->aggregates) * sizeof(struct aggregate_state) +
           c->n_concurrent_flow_phases * sizeof(struct flow_room) + c->n_workers * sizeof(bool) +
           drops_memory_bytes(c->n_drop_records) + passive_memory_bytes(c) +
           labels_memory_bytes(c) + units_memory_bytes(c) + escalation_memory_bytes(c) +
           ended_flows_memory_bytes(c);
}

/* One more than there may be, so that none is none. */
static bool take_slots(struct manager *m)
{
    size_t n = m->config.n_slices + (size_t)1;

    m->coin_of_slot = calloc(n, sizeof(struct coin *));
    m->next_coin_of_slot = calloc(n, sizeof(struct coin *));
    m->retests = calloc(n, sizeof(*m->retests));
    m->n_of_slot = calloc(n, sizeof(*m->n_of_slot));
    m->vacated_epoch = calloc(n, sizeof(*m->vacated_epoch));
    m->is_looked_through = calloc(n, sizeof(*m->is_looked_through));
    m->may_begin = calloc(n, sizeof(*m->may_begin));
    return m->coin_of_slot != NULL && m->next_coin_of_slot != NULL && m->retests != NULL &&
           m->n_of_slot != NULL && m->vacated_epoch != NULL && m->is_looked_through != NULL &&
           m->may_begin != NULL;
}

static bool take_memory(struct manager *m)
{
    const struct manager_config *c = &m->config;
    uint32_t capacity = aggregate_table_capacity(c->aggregates);

    m->aggregates = calloc(capacity, sizeof(*m->aggregates));
    m->rooms = calloc(c->n_concurrent_flow_phases, sizeof(*m->rooms));
    m->closed = calloc(c->n_workers, sizeof(*m->closed));
    m->check_text = calloc(1, CHECK_TEXT_BYTES);
    return take_slots(m) && m->aggregates != NULL && m->rooms != NULL && m->closed != NULL &&
           m->check_text != NULL && drops_init(&m->drops, c->n_drop_records) == 0 &&
           passive_prepare(m, c->slices) == 0 && units_prepare(m, c->slices) == 0 &&
           labels_init(m) == 0 && escalation_init(m) == 0 && ended_flows_init(m) == 0;
}

/* The table of aggregates may hold some already. */
static void adopt_aggregates(struct manager *m)
{
    for (uint32_t i = 0; i < aggregate_table_count(m->config.aggregates); i++)
        manager_adopt_aggregate(m, i)->is_armed = true;
}

static void init_lists(struct manager *m)
{
    aggregate_list_init(&m->active);
    aggregate_list_init(&m->anew);
    aggregate_list_init(&m->retired);
    aggregate_list_init(&m->retired_young);
    for (uint32_t i = 0; i < m->config.n_slices; i++)
        aggregate_list_init(&m->retests[i]);
    for (uint32_t i = 0; i < m->config.n_concurrent_flow_phases; i++)
        m->rooms[i].owner = AGGREGATE_NONE;
}

struct manager *manager_create(const struct manager_config *config)
{
    struct manager *m;
    int error;

    if (!is_valid(config)) {
        errno = EINVAL;
        return NULL;
    }
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->config = *config;
    m->n_closed = config->n_workers;
    m->hourly.max_per_hour = config->max_drops_per_hour;
    if (!take_memory(m)) {
        manager_destroy(m);
        errno = ENOMEM;
        return NULL;
    }
    init_lists(m);
    adopt_aggregates(m);
    error = manager_adopt_slices(m, config->slices);
    if (error != 0) {
        manager_destroy(m);
        errno = -error;
        return NULL;
    }
    manager_add_aggregates(m, false);
    return m;
}

void manager_destroy(struct manager *m)
{
    if (m == NULL)
        return;
    drops_destroy(&m->drops);
    free(m->passive);
    free(m->units);
    free(m->escalations);
    ended_flows_free(m);
    coins_free(m);
    free(m->coin_of_slot);
    free(m->next_coin_of_slot);
    free(m->n_of_slot);
    free(m->vacated_epoch);
    free(m->is_looked_through);
    free(m->may_begin);
    free(m->aggregates);
    free(m->retests);
    free(m->rooms);
    free(m->labels);
    free(m->closed);
    free(m->check_text);
    free(m);
}

void manager_start(struct manager *m, uint64_t now_ns)
{
    m->auto_start = !m->is_draining;
    m->now_ns = now_ns;
    for (uint32_t i = 0; i < m->n_aggregates; i++)
        if (aggregate_is_live(m, i) && m->aggregates[i].is_armed)
            test_begin_by_itself(m, &m->aggregates[i]);
}

void manager_stop(struct manager *m, enum test_reason reason, uint64_t now_ns)
{
    m->auto_start = false;
    for (uint32_t s = 0; s < m->config.n_slices; s++)
        while (m->retests[s].head != INDEX_NONE)
            aggregate_list_remove(m, &m->aggregates[m->retests[s].head]);
    for (uint32_t i = m->active.head; i != INDEX_NONE; i = m->aggregates[i].next) {
        m->aggregates[i].test.no_retest = true;
        manager_test_stop(m, i, reason, now_ns);
    }
    passive_stop_all(m);
}

void manager_drain(struct manager *m, uint64_t now_ns)
{
    m->is_draining = true;
    manager_stop(m, REASON_STOPPED, now_ns);
}

bool manager_is_draining(const struct manager *m)
{
    return m->is_draining;
}

void manager_finish(struct manager *m)
{
    passive_stop_all(m);
}

void manager_set_kill_switch(struct manager *m, bool on, uint64_t now_ns)
{
    bool was_on = m->kill_switch;

    m->now_ns = now_ns;
    m->kill_switch = on;
    atomic_store_explicit(&m->config.gate->kill_switch, on, memory_order_release);
    if (on != was_on)
        manager_emit(m, EVENT_KILL_SWITCH, AGGREGATE_NONE, NULL, on ? "on" : "off");
}

void manager_set_max_tests_by_command(struct manager *m, uint32_t max)
{
    m->config.max_tests_by_command = max;
}

bool manager_kill_switch(const struct manager *m)
{
    return m->kill_switch;
}

bool manager_is_above_loss_limit(const struct manager *m, uint64_t n_packets, uint64_t n_lost)
{
    return n_lost > 0 &&
           (double)n_lost > m->config.max_own_loss_ratio * ((double)n_packets + (double)n_lost);
}

void manager_report_own_loss(struct manager *m, uint64_t n_packets, uint64_t n_lost,
                             const char *reason, uint64_t now_ns)
{
    bool was_suspended = m->suspended;
    bool is_above = manager_is_above_loss_limit(m, n_packets, n_lost);

    m->now_ns = now_ns;
    m->suspended = is_above || m->overload.is_shedding;
    if (m->suspended) {
        snprintf(m->suspended_reason, sizeof(m->suspended_reason), "%s",
                 is_above ? reason : "the box could not keep up, so flows are not tracked");
        atomic_store_explicit(&m->config.gate->own_loss_ns, now_ns, memory_order_release);
    }
    atomic_store_explicit(&m->config.gate->suspended, m->suspended, memory_order_release);
    if (m->suspended != was_suspended)
        manager_emit(m, m->suspended ? EVENT_SUSPENDED : EVENT_RESUMED, AGGREGATE_NONE, NULL,
                     m->suspended ? m->suspended_reason : NULL);
}

const char *manager_suspended(const struct manager *m)
{
    return m->suspended ? m->suspended_reason : NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/manager.h"

#include <errno.h>
#include <math.h>
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
    size_t per_slice = sizeof(struct coin) + sizeof(uint32_t) + sizeof(struct aggregate_list);

    return sizeof(struct manager) + CHECK_TEXT_BYTES + (c->n_slices + 1) * per_slice +
           aggregate_table_capacity(c->aggregates) * sizeof(struct aggregate_state) +
           c->n_concurrent_flow_phases * sizeof(struct flow_room) + c->n_workers * sizeof(bool) +
           drops_memory_bytes(c->n_drop_records) + passive_memory_bytes(c) +
           labels_memory_bytes(c) + escalation_memory_bytes(c) + ended_flows_memory_bytes(c);
}

static bool take_memory(struct manager *m)
{
    const struct manager_config *c = &m->config;
    uint32_t capacity = aggregate_table_capacity(c->aggregates);

    m->coins = calloc(c->n_slices + 1, sizeof(*m->coins));
    m->coin_of_slice = calloc(c->n_slices + 1, sizeof(*m->coin_of_slice));
    m->aggregates = calloc(capacity, sizeof(*m->aggregates));
    m->retests = calloc(c->n_slices + 1, sizeof(*m->retests));
    m->rooms = calloc(c->n_concurrent_flow_phases, sizeof(*m->rooms));
    m->closed = calloc(c->n_workers, sizeof(*m->closed));
    m->check_text = calloc(1, CHECK_TEXT_BYTES);
    return m->coins != NULL && m->coin_of_slice != NULL && m->aggregates != NULL &&
           m->retests != NULL && m->rooms != NULL && m->closed != NULL && m->check_text != NULL &&
           drops_init(&m->drops, c->n_drop_records) == 0 && passive_init(m) == 0 &&
           labels_init(m) == 0 && escalation_init(m) == 0 && ended_flows_init(m) == 0;
}

/* The coin falls below a 32-bit threshold; the maths must use what that makes of p. */
static uint32_t threshold_of(double drop_probability)
{
    return (uint32_t)fmin(floor(drop_probability * 0x1p32), UINT32_MAX);
}

static uint32_t find_or_make_coin(struct manager *m, const struct test_parameters *p)
{
    uint32_t threshold = threshold_of(p->drop_probability);
    struct coin *c;

    for (uint32_t i = 0; i < m->n_coins; i++)
        if (m->coins[i].threshold == threshold && !(m->coins[i].p_miss < p->p_miss) &&
            !(m->coins[i].p_miss > p->p_miss))
            return i;
    c = &m->coins[m->n_coins];
    c->threshold = threshold;
    c->p_miss = p->p_miss;
    anytime_init(&c->anytime, threshold * 0x1p-32, p->p_miss);
    c->anytime.e.memo = &c->e_memo;
    c->anytime.e_flow.memo = &c->e_flow_memo;
    c->anytime.f.memo = &c->f_memo;
    c->anytime.memo = &c->memo;
    return m->n_coins++;
}

/* Does the slice have sources whose packets belong to its one aggregate? */
static bool has_one_aggregate(const struct slice *s)
{
    for (uint32_t i = 0; i < s->n_sources; i++)
        if ((s->sources[i].is_ipv4 ? s->granularity.ipv4 : s->granularity.ipv6) == 0)
            return true;
    return false;
}

static int add_aggregates_of_slices(struct manager *m)
{
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        const struct aggregate_identity identity = {.slice = i};

        if (has_one_aggregate(&m->config.slices[i]) &&
            aggregate_table_add(m->config.aggregates, &identity) < 0)
            return -ENOSPC;
    }
    for (uint32_t i = 0; i < aggregate_table_count(m->config.aggregates); i++)
        manager_adopt_aggregate(m, i)->is_armed = true;
    return 0;
}

struct manager *manager_create(const struct manager_config *config)
{
    struct manager *m;

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
    aggregate_list_init(&m->active);
    aggregate_list_init(&m->retired);
    for (uint32_t i = 0; i < config->n_slices; i++) {
        aggregate_list_init(&m->retests[i]);
        m->coin_of_slice[i] = find_or_make_coin(m, &config->slices[i].parameters);
    }
    for (uint32_t i = 0; i < config->n_concurrent_flow_phases; i++)
        m->rooms[i].owner = AGGREGATE_NONE;
    if (add_aggregates_of_slices(m) != 0) {
        manager_destroy(m);
        errno = ENOSPC;
        return NULL;
    }
    return m;
}

void manager_destroy(struct manager *m)
{
    if (m == NULL)
        return;
    drops_destroy(&m->drops);
    free(m->passive);
    free(m->escalations);
    ended_flows_free(m);
    free(m->coins);
    free(m->coin_of_slice);
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

void manager_report_own_loss(struct manager *m, uint64_t n_packets, uint64_t n_lost,
                             const char *reason, uint64_t now_ns)
{
    bool was_suspended = m->suspended;
    double limit = m->config.max_own_loss_ratio * ((double)n_packets + (double)n_lost);

    m->now_ns = now_ns;
    m->suspended = n_lost > 0 && (double)n_lost > limit;
    if (m->suspended) {
        snprintf(m->suspended_reason, sizeof(m->suspended_reason), "%s", reason);
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* What aggregates share or stand in: lists, coins, rooms, labels and records of drops. Each is
 * counted somewhere, and what is counted must be what is there. */
#include "base/compiler.h"
#include "manager/internal.h"

static bool is_under_way(const struct aggregate_state *a)
{
    return a->test.state != TEST_IDLE && a->test.state != TEST_DONE;
}

/* A number that was given, and not given back since. */
static bool is_there(const struct aggregate_state *a)
{
    return a->is_live || a->list != NULL;
}

/* Whoever is in it says so, both ways, and nobody is counted twice or not at all. */
static bool is_whole(const struct manager *m, const struct aggregate_list *list)
{
    uint32_t n = 0, last = INDEX_NONE;

    for (uint32_t i = list->head; i != INDEX_NONE; i = m->aggregates[i].next) {
        if (n++ == list->n || m->aggregates[i].list != list || m->aggregates[i].previous != last)
            return false;
        last = i;
    }
    return n == list->n && list->tail == last;
}

static const char *check_lists(const struct manager *m)
{
    uint32_t n_listed = m->active.n + m->retired.n + m->retired_young.n + m->anew.n;

    if (!is_whole(m, &m->active) || !is_whole(m, &m->retired) || !is_whole(m, &m->retired_young) ||
        !is_whole(m, &m->anew))
        return "lists are whole";
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        if (!is_whole(m, &m->retests[i]))
            return "lists of retests are whole";
        n_listed += m->retests[i].n;
    }
    for (uint32_t i = 0; i < m->n_aggregates; i++)
        n_listed -= m->aggregates[i].list != NULL;
    return n_listed == 0 ? NULL : "aggregates in lists = those that say so";
}

/* Under way is who is in the list that is stepped; retired is who is in one of these. */
static const char *check_states(const struct manager *m)
{
    uint32_t n_live = 0, n_by_command = 0;

    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        const struct aggregate_state *a = &m->aggregates[i];
        bool is_retired = a->list == &m->retired || a->list == &m->retired_young;

        n_live += a->is_live;
        n_by_command += is_under_way(a) && a->test.cause == TEST_BY_COMMAND;
        if (is_under_way(a) != (a->list == &m->active))
            return "tests under way = the active list";
        if (a->n_tests != 0 && !m->has_tested)
            return "a test of an aggregate is a test";
        if (is_retired && a->is_live)
            return "retired aggregates are not live";
    }
    if (n_live != m->n_live)
        return "live aggregates = n_live";
    if (n_by_command != m->n_by_command)
        return "tests by command = n_by_command";
    return NULL;
}

static const char *check_slots(const struct manager *m)
{
    for (uint32_t slot = 0; slot < m->config.n_slices; slot++) {
        uint32_t n = m->n_of_slot[slot];

        for (uint32_t i = 0; n > 0 && i < m->n_aggregates; i++)
            n -= m->aggregates[i].is_live &&
                 aggregate_table_identity(m->config.aggregates, i)->slice == slot;
        if (n != 0)
            return "live aggregates of a slot = n_of_slot";
    }
    return NULL;
}

static uint64_t n_users(const struct manager *m, const struct coin *coin)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < m->config.n_slices; i++)
        n += m->coin_of_slot[i] == coin;
    for (uint32_t i = 0; i < m->n_aggregates; i++)
        n += m->aggregates[i].test.coin == coin;
    return n;
}

static const char *check_coins(const struct manager *m)
{
    for (const struct coin *c = m->coins; c != NULL; c = c->next)
        if (c->n_users == 0 || c->n_users != n_users(m, c))
            return "users of a coin = slices and tests that have it";
    return NULL;
}

static const char *check_rooms(const struct manager *m)
{
    uint32_t n_owned = 0, n_in_use = 0;

    for (uint32_t i = 0; i < m->config.n_concurrent_flow_phases; i++) {
        const struct flow_room *room = &m->rooms[i];

        n_in_use += room->in_use;
        n_owned += room->owner != AGGREGATE_NONE;
        if (room->owner != AGGREGATE_NONE && m->aggregates[room->owner].test.room != i)
            return "the owner of a room has it";
        if (room->in_use &&
            (room->owner == AGGREGATE_NONE || !is_under_way(&m->aggregates[room->owner])))
            return "rooms in use are those of tests under way";
    }
    for (uint32_t i = 0; i < m->n_aggregates; i++)
        n_owned -= is_there(&m->aggregates[i]) && m->aggregates[i].test.room != INDEX_NONE;
    return n_owned == 0 && n_in_use == m->n_rooms_in_use ? NULL : "rooms in use = n_rooms_in_use";
}

static const char *check_labels(const struct manager *m)
{
    uint32_t n_owned = 0;

    for (uint32_t i = 0; m->labels != NULL && i < TEST_MOST_BY_COMMAND; i++) {
        n_owned += m->labels[i].owner != AGGREGATE_NONE;
        if (m->labels[i].owner != AGGREGATE_NONE &&
            m->aggregates[m->labels[i].owner].test.label != i)
            return "the owner of a label has it";
    }
    for (uint32_t i = 0; i < m->n_aggregates; i++)
        n_owned -= is_there(&m->aggregates[i]) && m->aggregates[i].test.label != INDEX_NONE;
    return n_owned == 0 ? NULL : "labels owned = tests with one";
}

/* Records of a test, in the order in which they were made. */
static const char *check_drops(const struct manager *m, const struct aggregate_state *a)
{
    const struct record *records = m->drops.records;
    uint32_t n = 0, last = INDEX_NONE;

    for (uint32_t i = a->test.first_drop; i != INDEX_NONE; i = records[i].drop.next) {
        if (n++ == a->test.n_drops || records[i].drop.aggregate != a->number ||
            records[i].drop.test_id != a->test_id)
            return "records of a test's drops are its own";
        last = i;
    }
    return n == a->test.n_drops && last == a->test.last_drop
               ? NULL
               : "records of a test's drops = n_drops";
}

const char *manager_check_shared(const struct manager *m)
{
    static const char *(*const checks[])(const struct manager *) = {
        check_lists, check_states, check_slots, check_coins, check_rooms, check_labels,
    };
    const char *broken = NULL;

    for (size_t i = 0; broken == NULL && i < ARRAY_LENGTH(checks); i++)
        broken = checks[i](m);
    for (uint32_t i = 0; broken == NULL && i < m->n_aggregates; i++)
        if (is_there(&m->aggregates[i]))
            broken = check_drops(m, &m->aggregates[i]);
    return broken;
}

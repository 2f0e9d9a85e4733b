/* SPDX-License-Identifier: BSD-3-Clause */
#include "machines.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <string.h>

#include "drain.h"
#include "machine/print.h"
#include "manager/manager.h"
#include "say.h"
#include "state.h"

/* Each key is looked at once a second, but no turn takes long. */
#define EPOCHS_PER_ROUND      100
#define MOST_CHAINS_PER_EPOCH 32768

static int open_notes(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++) {
        a->machines->notes[i] =
            rte_zmalloc("notes of machines", sizeof(struct machine_notes), CACHE_LINE_BYTES);
        if (a->machines->notes[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

int machines_up(struct appliance *a)
{
    int error;

    a->machines = rte_zmalloc("machines", sizeof(*a->machines), CACHE_LINE_BYTES);
    if (a->machines == NULL)
        return -ENOMEM;
    /* Workers run before the manager's first turn. */
    atomic_store(&a->machines->is_off, a->config->instance.kill_switch);
    error = open_notes(a);
    for (uint32_t i = 0; i < a->config->n_machines && error == 0; i++) {
        error =
            machine_running_create(&a->machines->running[i], &a->config->machines[i], a->n_workers);
        if (error != 0)
            say_error("machine %s: %s; lower its max_keys, or raise eal.memory_mb",
                      a->config->machines[i].name, strerror(-error));
        else
            a->machines->n++;
    }
    if (error != 0)
        machines_down(a);
    return error;
}

void machines_down(struct appliance *a)
{
    if (a->machines == NULL)
        return;
    for (uint32_t i = 0; i < a->machines->n; i++)
        machine_running_destroy(a->machines->running[i]);
    for (uint32_t i = 0; i < a->n_workers; i++)
        rte_free(a->machines->notes[i]);
    rte_free(a->machines);
    a->machines = NULL;
}

uint32_t machines_follow(struct appliance *a, const struct config *config,
                         struct machine_running *const *running, struct machine_running **left)
{
    struct machines *m = a->machines;
    uint32_t n_left = 0;

    for (uint32_t i = 0; i < m->n; i++) {
        bool stays = false;

        for (uint32_t k = 0; k < config->n_machines; k++)
            stays = stays || running[k] == m->running[i];
        if (!stays)
            left[n_left++] = m->running[i];
    }
    m->n = config->n_machines;
    for (uint32_t i = 0; i < m->n; i++) {
        m->running[i] = running[i];
        m->running[i]->text = &config->machines[i];
    }
    return n_left;
}

static void sweep(struct machines *m, uint64_t now_ns, uint64_t epoch)
{
    for (uint32_t i = 0; i < m->n; i++) {
        struct machine_running *r = m->running[i];
        uint32_t n_chains = machine_table_n_chains(r->table) / EPOCHS_PER_ROUND + 1;

        machine_table_sweep(r->table, r->program, now_ns, epoch, m->n_passed,
                            n_chains < MOST_CHAINS_PER_EPOCH ? n_chains : MOST_CHAINS_PER_EPOCH);
    }
}

void machines_serve(struct appliance *a, uint64_t now_ns)
{
    struct machines *m = a->machines;
    const uint64_t epoch = manager_epoch(a->manager);

    atomic_store_explicit(&m->is_off, manager_kill_switch(a->manager) || drain_has_begun(a),
                          memory_order_relaxed);
    machine_notes_serve(a, now_ns);
    if (epoch == m->swept_epoch)
        return;
    m->swept_epoch = epoch;
    while (m->n_passed < epoch && manager_is_epoch_over(a->manager, m->n_passed))
        m->n_passed++;
    sweep(m, now_ns, epoch);
}

static json_t *counters_json(const struct appliance *a, const struct machine_running *r)
{
    struct machine_counters sum = {0};
    json_t *out = json_object(), *named;

    for (uint32_t i = 0; i < a->n_workers; i++) {
        const struct machine_counters *c = machine_lane_counters(r->lanes[i]);

#define ADD(name, help) sum.name += c->name;
        MACHINE_COUNTERS(ADD)
#undef ADD
        for (uint32_t k = 0; k < MACHINE_MAX_NOTES; k++) {
            sum.counts[k] += c->counts[k];
            sum.events[k] += c->events[k];
        }
    }
#define SET(name, help) json_object_set_new(out, #name, json_integer((json_int_t)sum.name));
    MACHINE_COUNTERS(SET)
#undef SET
    named = json_object();
    for (uint32_t k = 0; k < r->text->n_counts; k++)
        json_object_set_new(named, r->text->counts[k], json_integer((json_int_t)sum.counts[k]));
    json_object_set_new(out, "counts", named);
    named = json_object();
    for (uint32_t k = 0; k < r->text->n_events; k++)
        json_object_set_new(named, r->text->events[k], json_integer((json_int_t)sum.events[k]));
    json_object_set_new(out, "events", named);
    return out;
}

static json_t *rules_json(const struct appliance *a, const struct machine_running *r)
{
    json_t *list = json_array();

    for (uint32_t k = 0; k < machine_program_n_rules(r->program); k++) {
        uint64_t sum = 0;

        for (uint32_t i = 0; i < a->n_workers; i++)
            sum += machine_lane_rules(r->lanes[i])[k];
        json_array_append_new(list, json_integer((json_int_t)sum));
    }
    return list;
}

/* Keys in each state, as of the latest whole round of the sweeper. */
static json_t *states_json(const struct machine_running *r, const struct machine_occupancy *o)
{
    json_t *states = json_object();

    for (uint32_t i = 0; i < r->text->n_states; i++)
        json_object_set_new(states, r->text->states[i], json_integer((json_int_t)o->n_in_state[i]));
    return states;
}

static json_t *machine_json(const struct appliance *a, const struct machine_running *r)
{
    const bool is_off = atomic_load_explicit(&a->machines->is_off, memory_order_relaxed);
    struct machine_occupancy o;

    machine_table_occupancy(r->table, &o);
    return json_pack("{s:s, s:b, s:I, s:I, s:o, s:o, s:o}", "name", r->text->name, "forwards_all",
                     (int)(is_off && r->text->fail == MACHINE_FAIL_OPEN), "keys",
                     (json_int_t)o.n_keys, "max_keys", (json_int_t)r->text->max_keys, "states",
                     states_json(r, &o), "rules", rules_json(a, r), "counters",
                     counters_json(a, r));
}

json_t *machines_json(const struct appliance *a)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < a->machines->n; i++)
        json_array_append_new(list, machine_json(a, a->machines->running[i]));
    return list;
}

static struct machine_running *find(const struct appliance *a, const char *name, char *error,
                                    size_t n_error)
{
    for (uint32_t i = 0; i < a->machines->n; i++)
        if (strcmp(a->machines->running[i]->text->name, name) == 0)
            return a->machines->running[i];
    snprintf(error, n_error, "there is no machine \"%.63s\"", name);
    return NULL;
}

/* False: there is no such state. */
static bool find_state(const struct machine *m, const char *name, uint16_t *out, char *error,
                       size_t n_error)
{
    for (uint32_t i = 0; i < m->n_states; i++)
        if (strcmp(m->states[i], name) == 0) {
            *out = (uint16_t)i;
            return true;
        }
    snprintf(error, n_error, "machine %s has no state \"%.63s\"", m->name, name);
    return false;
}

static json_t *key_json(const struct machine *m, const struct machine_key_state *k)
{
    char text[MACHINE_KEY_TEXT_BYTES];
    json_t *out = json_pack("{s:s, s:s}", "key", machine_key_text(m, k->key, text), "state",
                            m->states[k->state]);

    if (k->idle_left_ms > 0)
        json_object_set_new(out, "idle_left_s", json_real((double)k->idle_left_ms / 1000));
    if (k->hard_left_ms > 0)
        json_object_set_new(out, "hard_left_s", json_real((double)k->hard_left_ms / 1000));
    for (uint32_t i = 0; i < m->n_registers; i++)
        json_object_set_new(out, m->registers[i], json_integer((json_int_t)k->registers[i]));
    return out;
}

struct page {
    const struct machine *machine;
    json_t *list;
    uint32_t most;
    bool any_state, is_cut;
    uint16_t state;
};

static bool add_key(void *context, const struct machine_key_state *k)
{
    struct page *page = context;

    if (!page->any_state && k->state != page->state)
        return true;
    page->is_cut = json_array_size(page->list) == page->most;
    if (!page->is_cut)
        json_array_append_new(page->list, key_json(page->machine, k));
    return !page->is_cut;
}

json_t *machines_keys_json(const struct appliance *a, const struct machines_query *query,
                           uint64_t now_ns, char *error, size_t n_error)
{
    struct machine_running *r = find(a, query->name, error, n_error);
    struct page page = {.any_state = query->state == NULL, .most = query->most};
    struct machine_key_state found;
    uint64_t key[MACHINE_KEY_WORDS];

    if (r == NULL ||
        (query->state != NULL && !find_state(r->text, query->state, &page.state, error, n_error)) ||
        (query->key != NULL && machine_key_parse(r->text, query->key, key, error, n_error) != 0))
        return NULL;
    page.machine = r->text;
    page.list = json_array();
    if (query->key == NULL)
        machine_table_visit(r->table, r->program, now_ns, add_key, &page);
    else if (machine_table_find(r->table, r->program, key, now_ns, &found))
        add_key(&page, &found);
    return json_pack("{s:o, s:o, s:b}", "machine", machine_json(a, r), "keys", page.list, "is_cut",
                     (int)page.is_cut);
}

bool machines_put(struct appliance *a, const char *name, const char *key, const char *state,
                  char *error, size_t n_error)
{
    struct machine_running *r = find(a, name, error, n_error);
    uint64_t bytes[MACHINE_KEY_WORDS];
    uint16_t number;

    if (r == NULL || machine_key_parse(r->text, key, bytes, error, n_error) != 0 ||
        !find_state(r->text, state, &number, error, n_error))
        return false;
    if (machine_table_put(r->table, r->program, bytes, number) == 0)
        return true;
    snprintf(error, n_error, "machine %s: its table is full (max_keys %u)", name,
             r->text->max_keys);
    return false;
}

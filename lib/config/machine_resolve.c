/* SPDX-License-Identifier: BSD-3-Clause */
/* From the text of a machine to what it means. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/machine_parts.h"

static int read_states(struct option_reader *r, const struct machine *m, struct machine_rule *rule)
{
    const char *word = json_string_value(rule->state);
    size_t mark = reader_enter_key(r, "state"), i;
    json_t *value;
    uint16_t state;
    int error;

    if (word != NULL && strcmp(word, "*") == 0) {
        for (uint32_t s = 0; s < m->n_states; s++)
            rule->states[s / 64] |= UINT64_C(1) << s % 64;
    } else if (word != NULL) {
        if ((error = machine_find_state(r, m, word, MACHINE_KEEP, &state)) != 0)
            return error;
        if (state == MACHINE_KEEP)
            return reader_refuse_value(r, rule->state, "a state of the machine");
        rule->states[state / 64] |= UINT64_C(1) << state % 64;
    } else {
        if (json_array_size(rule->state) == 0)
            return reader_refuse_value(r, rule->state, "at least one state");
        json_array_foreach (rule->state, i, value) {
            size_t inner = reader_enter_item(r, i);
            const char *name = json_string_value(value);

            if (name == NULL || *name == '\0')
                return reader_refuse_value(r, value, "a state of the machine");
            if ((error = machine_find_state(r, m, name, 0, &state)) != 0)
                return error;
            rule->states[state / 64] |= UINT64_C(1) << state % 64;
            reader_leave(r, inner);
        }
    }
    reader_leave(r, mark);
    return 0;
}

static int find_named(struct option_reader *r, const struct machine *m, const char *key,
                      const char *name, uint16_t fallback, uint16_t *out)
{
    size_t mark = reader_enter_key(r, key);
    int error;

    if (strcmp(key, "next") == 0 && strcmp(name, "@port") == 0 && m->states_are_ports) {
        *out = MACHINE_NEXT_PORT;
        error = 0;
    } else if (strcmp(name, "@port") == 0) {
        error = reader_refuse(r, "\"@port\"", "it in `next`, where \"states\" are \"port\"");
    } else {
        error = machine_find_state(r, m, name, fallback, out);
    }
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

struct step_text {
    const char *next, *idle_next, *hard_next;
    uint32_t idle_ms, hard_ms;
};

static int refuse_option(struct option_reader *r, const char *key, const char *found,
                         const char *allowed)
{
    reader_enter_key(r, key);
    return reader_refuse(r, found, allowed);
}

/* A timer that leads to where the key is anyway would do nothing. */
static int check_step(struct option_reader *r, const struct step_text *t,
                      const struct machine_step *s)
{
    if (s->next == MACHINE_KEEP && (t->idle_ms > 0 || t->hard_ms > 0))
        return refuse_option(r, t->idle_ms > 0 ? "idle_ms" : "hard_ms", "a timer without \"next\"",
                             "timers of a state that is entered; the present one as `next` arms "
                             "them anew");
    if (t->idle_ms == 0 && *t->idle_next != '\0')
        return refuse_option(r, "idle_next", "a state without its timer", "\"idle_ms\", too");
    if (t->hard_ms == 0 && *t->hard_next != '\0')
        return refuse_option(r, "hard_next", "a state without its timer", "\"hard_ms\", too");
    return 0;
}

static int read_step(struct option_reader *r, const struct machine *m, const struct step_text *t,
                     struct machine_step *out)
{
    int error;

    out->idle_ms = t->idle_ms;
    out->hard_ms = t->hard_ms;
    if ((error = find_named(r, m, "next", t->next, MACHINE_KEEP, &out->next)) != 0 ||
        (error = find_named(r, m, "idle_next", t->idle_next, m->initial, &out->idle_next)) != 0 ||
        (error = find_named(r, m, "hard_next", t->hard_next, m->initial, &out->hard_next)) != 0)
        return error;
    return check_step(r, t, out);
}

static int read_timer(struct option_reader *r, json_t *set, const char *key, uint32_t *out)
{
    json_t *value = json_object_get(set, key);

    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > MACHINE_MAX_TIMEOUT_MS) {
        reader_enter_key(r, key);
        return reader_refuse_value(r, value, "a whole number from 0 to 604800000");
    }
    *out = (uint32_t)json_integer_value(value);
    return 0;
}

static const char *text_of(json_t *set, const char *key)
{
    const char *text = json_string_value(json_object_get(set, key));

    return text != NULL ? text : "";
}

static int check_set_keys(struct option_reader *r, json_t *set)
{
    static const char *const keys[] = {"scope",     "next",    "idle_ms",
                                       "idle_next", "hard_ms", "hard_next"};
    const char *key;
    json_t *value;

    if (!json_is_object(set))
        return reader_refuse_value(r, set, "an object with \"scope\" and \"next\"");
    json_object_foreach (set, key, value) {
        bool is_known = false;

        for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
            is_known = is_known || strcmp(keys[i], key) == 0;
        reader_enter_key(r, key);
        if (!is_known)
            return reader_refuse(r, "unknown key",
                                 "scope, next, idle_ms, idle_next, hard_ms and hard_next");
        if (strstr(key, "_ms") == NULL && !json_is_string(value))
            return reader_refuse_value(r, value, "a name");
        reader_leave(r, r->path_length - strlen(key) - 1);
    }
    return 0;
}

static const char *scope_at(const void *from, size_t i)
{
    return ((const struct machine *)from)->scopes[i].name;
}

static int read_set(struct option_reader *r, const struct machine *m, json_t *set,
                    struct machine_set *out)
{
    struct step_text t = {.next = text_of(set, "next"),
                          .idle_next = text_of(set, "idle_next"),
                          .hard_next = text_of(set, "hard_next")};
    const char *scope = text_of(set, "scope");
    uint32_t i = 0;
    int error;

    if ((error = check_set_keys(r, set)) != 0 ||
        (error = read_timer(r, set, "idle_ms", &t.idle_ms)) != 0 ||
        (error = read_timer(r, set, "hard_ms", &t.hard_ms)) != 0)
        return error;
    while (i < m->n_scopes && strcmp(m->scopes[i].name, scope) != 0)
        i++;
    if (i == m->n_scopes) {
        reader_enter_key(r, "scope");
        return machine_refuse_name(r, scope, "a scope", scope_at, m, m->n_scopes);
    }
    out->scope = (uint8_t)i;
    if (*t.next == '\0')
        return refuse_option(r, "next", "missing", "a state of the machine");
    return read_step(r, m, &t, &out->step);
}

static int read_sets(struct option_reader *r, const struct machine *m, struct machine_rule *rule)
{
    size_t mark = reader_enter_key(r, "set"), i;
    json_t *value;

    if (json_array_size(rule->sets) > MACHINE_MAX_SETS)
        return reader_refuse_value(r, rule->sets, "at most 4");
    json_array_foreach (rule->sets, i, value) {
        size_t inner = reader_enter_item(r, i);
        int error = read_set(r, m, value, &rule->set[i]);

        if (error != 0)
            return error;
        rule->n_sets++;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

/* Who enters the initial state without timers is forgotten, so there is nothing to update. */
static int check_forgotten(struct option_reader *r, const struct machine *m,
                           const struct machine_rule *rule)
{
    const struct machine_step *s = &rule->step;

    if (s->next != m->initial || s->idle_ms > 0 || s->hard_ms > 0)
        return 0;
    for (uint8_t i = 0; i < rule->n_updates; i++)
        if (rule->update[i].target.kind == MACHINE_REGISTER) {
            reader_enter_key(r, "update");
            return reader_refuse(r, "registers of a key that `next` forgets",
                                 "them where `next` is left out, is no initial state, or has "
                                 "timers");
        }
    return 0;
}

static int resolve_rule(struct option_reader *r, struct machine *m, struct machine_rule *rule)
{
    const struct step_text t = {rule->next, rule->idle_next, rule->hard_next, rule->idle_ms,
                                rule->hard_ms};
    int error;

    if ((error = read_states(r, m, rule)) != 0 || (error = machine_read_matches(r, m, rule)) != 0 ||
        (error = machine_read_conditions(r, m, rule)) != 0 ||
        (error = machine_read_actions(r, m, rule)) != 0 ||
        (error = read_step(r, m, &t, &rule->step)) != 0 ||
        (error = machine_read_updates(r, m, rule)) != 0 || (error = read_sets(r, m, rule)) != 0)
        return error;
    return check_forgotten(r, m, rule);
}

static int resolve_rules(struct option_reader *r, struct machine *m)
{
    size_t mark = reader_enter_key(r, "rules");

    for (uint32_t i = 0; i < m->n_rules; i++) {
        size_t inner = reader_enter_item(r, i);
        int error = resolve_rule(r, m, &m->rules[i]);

        if (error != 0)
            return error;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

/* The rule behind all: read_array() left room for it. */
static int resolve_otherwise(struct option_reader *r, struct machine *m)
{
    struct machine_rule *rule = &m->rules[m->n_rules];
    json_t *actions = json_object_get(m->otherwise_text, "do");
    size_t mark = reader_enter_key(r, "otherwise");
    int error;

    if (json_object_size(m->otherwise_text) != 1 ||
        (!json_is_string(actions) && !json_is_array(actions)))
        return reader_refuse_value(r, m->otherwise_text, "an object with \"do\" alone");
    rule->actions = json_deep_copy(actions);
    if (rule->actions == NULL)
        return reader_no_memory(r);
    memset(rule->states, 0xff, sizeof(rule->states));
    rule->step.next = MACHINE_KEEP;
    error = machine_read_actions(r, m, rule);
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

static const char *port_at(const void *from, size_t i)
{
    return ((const struct config *)from)->ports[i].name;
}

static int read_ports(struct option_reader *r, struct machine *m)
{
    size_t mark = reader_enter_key(r, "ports"), i;
    json_t *value;

    if (m->port_names != NULL &&
        (json_array_size(m->port_names) == 0 || json_array_size(m->port_names) > MACHINE_MAX_PORTS))
        return reader_refuse_value(r, m->port_names, "a list of 1 to 32 ports, or null");
    json_array_foreach (m->port_names, i, value) {
        const char *name = json_string_value(value);
        size_t inner = reader_enter_item(r, i);
        uint32_t k = 0;

        if (name == NULL)
            return reader_refuse_value(r, value, "the name of a port");
        while (r->config != NULL && k < r->config->n_ports &&
               strcmp(r->config->ports[k].name, name) != 0)
            k++;
        if (r->config != NULL && k == r->config->n_ports)
            return machine_refuse_name(r, name, "a port", port_at, r->config, k);
        if (r->config != NULL && r->config->ports[k].role == PORT_ROLE_MIRROR)
            return reader_refuse_value(r, value,
                                       "a port of role forward: no machine sees a mirror");
        if (r->config != NULL)
            m->ports |= UINT32_C(1) << k;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

int machine_resolve(struct option_reader *r, struct machine *m)
{
    int error;

    if ((error = machine_read_names(r, m)) != 0 || (error = read_ports(r, m)) != 0 ||
        (error = resolve_rules(r, m)) != 0 || (error = resolve_otherwise(r, m)) != 0)
        return error;
    return machine_check_reach(r, m);
}

int config_check_machines(struct option_reader *r, struct machine *machines, uint32_t n)
{
    size_t mark = reader_enter_key(r, "machines");

    for (uint32_t i = 0; i < n; i++) {
        size_t inner = reader_enter_item(r, i);
        int error = machine_resolve(r, &machines[i]);

        if (error != 0)
            return error;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

static void free_rule(struct machine_rule *rule)
{
    for (uint32_t i = 0; i < rule->n_matches; i++)
        free(rule->matches[i].values);
    free(rule->matches);
    json_decref(rule->state);
    json_decref(rule->match);
    json_decref(rule->conditions);
    json_decref(rule->actions);
    json_decref(rule->updates);
    json_decref(rule->sets);
    json_decref(rule->event);
}

void machine_free(struct machine *m)
{
    for (uint32_t i = 0; m->rules != NULL && i <= m->n_rules; i++)
        free_rule(&m->rules[i]);
    free(m->rules);
    free(m->states);
    json_decref(m->lookup_fields);
    json_decref(m->update_fields);
    json_decref(m->state_names);
    json_decref(m->scope_fields);
    json_decref(m->register_names);
    json_decref(m->global_names);
    json_decref(m->constant_values);
    json_decref(m->otherwise_text);
    json_decref(m->port_names);
}

void machine_list_free(struct machine *machines, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        machine_free(&machines[i]);
    free(machines);
}

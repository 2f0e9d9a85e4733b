/* SPDX-License-Identifier: BSD-3-Clause */
/* From a machine's text to its program: rules become rows of bits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "machine/layout.h"
#include "machine/rows.h"

static uint16_t timer_of(struct machine_program *p, const struct machine_step *s)
{
    struct program_timer timer = {.idle_ms = s->idle_ms,
                                  .hard_ms = s->hard_ms,
                                  .idle_next = s->idle_ms > 0 ? s->idle_next : 0,
                                  .hard_next = s->hard_ms > 0 ? s->hard_next : 0};
    uint32_t i = 1;

    if (s->next == MACHINE_KEEP || (s->idle_ms == 0 && s->hard_ms == 0))
        return 0;
    timer.tick_ms = s->idle_ms / IDLE_TICK_PARTS;
    if (timer.tick_ms > MOST_IDLE_TICK)
        timer.tick_ms = MOST_IDLE_TICK;
    if (timer.tick_ms == 0)
        timer.tick_ms = 1;
    while (i <= p->n_timers && memcmp(&p->timers[i], &timer, sizeof(timer)) != 0)
        i++;
    if (i > MAX_TIMERS)
        return UINT16_MAX;
    if (i > p->n_timers)
        p->timers[++p->n_timers] = timer;
    return (uint16_t)i;
}

static bool copy_step(struct machine_program *p, const struct machine_step *from,
                      struct program_step *out)
{
    out->next = from->next;
    out->timer = timer_of(p, from);
    return out->timer != UINT16_MAX;
}

static struct program_operand operand_of(const struct machine_operand *o)
{
    static const uint32_t at[] = {
        [MACHINE_REGISTER] = VALUE_REGISTER,
        [MACHINE_GLOBAL] = VALUE_GLOBAL,
        [MACHINE_CONSTANT] = VALUE_ZERO,
        [MACHINE_NOW_US] = VALUE_NOW_US,
        [MACHINE_FRAME_LENGTH] = VALUE_FRAME_LENGTH,
    };
    const bool is_one_of_many = o->kind == MACHINE_REGISTER || o->kind == MACHINE_GLOBAL;

    return (struct program_operand){
        .constant = o->kind == MACHINE_CONSTANT ? o->value : 0,
        .at = at[o->kind] + (is_one_of_many ? (uint32_t)o->value : 0),
    };
}

static struct program_condition condition_of(const struct machine_condition *c)
{
    static const uint32_t holds[] = {
        [MACHINE_EQUAL] = 2,         [MACHINE_NOT_EQUAL] = 5, [MACHINE_LESS] = 1,
        [MACHINE_LESS_OR_EQUAL] = 3, [MACHINE_MORE] = 4,      [MACHINE_MORE_OR_EQUAL] = 6,
    };

    return (struct program_condition){operand_of(&c->left), operand_of(&c->right),
                                      holds[c->comparison]};
}

static struct program_update update_of(const struct machine_update *u)
{
    const bool is_copy = u->operation == MACHINE_COPY;
    const struct program_operand nothing = {.at = VALUE_ZERO};

    return (struct program_update){
        .left = operand_of(&u->left),
        .right = is_copy ? nothing : operand_of(&u->right),
        .operation = is_copy ? MACHINE_ADD : u->operation,
        .target = (uint8_t)operand_of(&u->target).at,
    };
}

static bool copy_rule(struct machine_program *p, const struct machine_rule *from,
                      struct program_rule *out)
{
    bool fits = copy_step(p, &from->step, &out->step);

    out->action = from->action;
    out->n_updates = from->n_updates;
    out->n_sets = from->n_sets;
    for (uint8_t i = 0; i < from->n_updates; i++) {
        out->update[i] = update_of(&from->update[i]);
        out->writes_registers |= from->update[i].target.kind == MACHINE_REGISTER;
        out->writes_globals |= from->update[i].target.kind == MACHINE_GLOBAL;
    }
    for (uint8_t i = 0; i < from->n_sets; i++) {
        out->set[i].scope = from->set[i].scope;
        fits = fits && copy_step(p, &from->set[i].step, &out->set[i].step);
    }
    return fits;
}

static void copy_scopes(struct machine_program *p, const struct machine *m)
{
    const struct machine_scope *lookup = &m->scopes[MACHINE_LOOKUP];
    const struct machine_scope *update = &m->scopes[MACHINE_UPDATE];

    p->n_scopes = m->n_scopes;
    for (uint32_t i = 0; i < m->n_scopes; i++) {
        p->scopes[i].n_fields = m->scopes[i].n_fields;
        memcpy(p->scopes[i].fields, m->scopes[i].fields, sizeof(p->scopes[i].fields));
        for (uint8_t k = 0; k < m->scopes[i].n_fields; k++)
            p->scopes[i].widths[k] =
                machine_field_bytes((enum machine_field)m->scopes[i].fields[k]);
    }
    p->n_key_words = (uint8_t)((lookup->n_bytes + 7) / 8);
    p->has_one_key = lookup->n_fields == update->n_fields &&
                     memcmp(lookup->fields, update->fields, lookup->n_fields) == 0;
}

static void copy_sizes(struct machine_program *p, const struct machine *m)
{
    p->n_rules = m->n_rules + 1;
    p->n_words = (p->n_rules + 63) / 64;
    p->n_states = m->n_states;
    p->initial = m->initial;
    p->n_registers = (uint8_t)m->n_registers;
    p->n_globals = (uint8_t)m->n_globals;
    p->n_conditions = (uint8_t)m->n_conditions;
    p->when_full = (uint8_t)m->when_full;
    p->when_field_missing = (uint8_t)m->when_field_missing;
    p->max_keys = m->max_keys;
    for (uint8_t i = 0; i < p->n_conditions; i++)
        p->conditions[i] = condition_of(&m->conditions[i]);
    memcpy(p->targets, m->targets, sizeof(p->targets));
}

static int fill_rules(struct machine_program *p, const struct machine *m)
{
    const size_t n_steps = (size_t)p->n_rules * (1 + MACHINE_MAX_SETS) + 1;

    p->rules = calloc(p->n_rules, sizeof(*p->rules));
    p->timers = calloc(n_steps, sizeof(*p->timers));
    if (p->rules == NULL || p->timers == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->n_rules; i++)
        if (!copy_rule(p, &m->rules[i], &p->rules[i]))
            return -E2BIG;
    return 0;
}

/* For each state, and for each set of conditions that hold. */
static int fill_small_rows(struct machine_program *p, const struct machine *m)
{
    const uint32_t n_sets = 1u << p->n_conditions;

    p->state_rows = calloc((size_t)p->n_states * p->n_words, sizeof(uint64_t));
    p->condition_rows = calloc((size_t)n_sets * p->n_words, sizeof(uint64_t));
    if (p->state_rows == NULL || p->condition_rows == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->n_rules; i++) {
        const struct machine_rule *rule = &m->rules[i];

        for (uint32_t s = 0; s < p->n_states; s++)
            if ((rule->states[s / 64] >> s % 64 & 1) != 0)
                row_add(p->state_rows + (size_t)s * p->n_words, i);
        for (uint32_t c = 0; c < n_sets; c++)
            if ((rule->condition_bits & ~c) == 0)
                row_add(p->condition_rows + (size_t)c * p->n_words, i);
    }
    return 0;
}

/* Matches whose masks no interval says. */
static int fill_masked(struct machine_program *p, const struct machine *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < p->n_rules; i++)
        for (uint32_t k = 0; k < m->rules[i].n_matches; k++)
            if (rows_need_mask(&m->rules[i].matches[k]))
                n += m->rules[i].matches[k].n_values;
    p->masked = calloc(n + 1, sizeof(*p->masked));
    if (p->masked == NULL)
        return -ENOMEM;
    n = 0;
    for (uint32_t i = 0; i < p->n_rules; i++) {
        struct program_rule *rule = &p->rules[i];

        for (uint32_t k = 0; k < m->rules[i].n_matches; k++) {
            const struct machine_match *match = &m->rules[i].matches[k];

            if (!rows_need_mask(match))
                continue;
            rule->masked[rule->n_masked].field = match->field;
            rule->masked[rule->n_masked].first = n;
            rule->masked[rule->n_masked++].n = match->n_values;
            for (uint32_t v = 0; v < match->n_values; v++)
                rows_masked(match, v, &p->masked[n++]);
        }
    }
    return 0;
}

static int fill_fields(struct machine_program *p, const struct machine *m)
{
    for (unsigned int f = 0; f < MACHINE_N_FIELDS; f++) {
        bool is_used = false;
        int error;

        for (uint32_t i = 0; i < m->n_rules && !is_used; i++)
            for (uint32_t k = 0; k < m->rules[i].n_matches; k++)
                is_used = is_used || m->rules[i].matches[k].field == f;
        if (!is_used)
            continue;
        p->fields[p->n_fields].field = (uint8_t)f;
        error = rows_fill(&p->fields[p->n_fields++], p, m);
        if (error != 0)
            return error;
    }
    return 0;
}

struct machine_program *machine_compile(const struct machine *machine)
{
    struct machine_program *p = calloc(1, sizeof(*p));
    int error;

    if (p == NULL)
        return NULL;
    copy_sizes(p, machine);
    copy_scopes(p, machine);
    if ((error = fill_rules(p, machine)) == 0 && (error = fill_small_rows(p, machine)) == 0 &&
        (error = fill_masked(p, machine)) == 0 && (error = fill_fields(p, machine)) == 0)
        return p;
    machine_program_free(p);
    errno = -error;
    return NULL;
}

void machine_program_free(struct machine_program *p)
{
    if (p == NULL)
        return;
    for (uint8_t i = 0; i < p->n_fields; i++) {
        free(p->fields[i].classes);
        free(p->fields[i].starts);
        free(p->fields[i].rows);
        free(p->fields[i].absent);
    }
    free(p->state_rows);
    free(p->condition_rows);
    free(p->rules);
    free(p->timers);
    free(p->masked);
    free(p);
}

uint32_t machine_program_n_rules(const struct machine_program *p)
{
    return p->n_rules;
}

const struct machine_action *machine_program_action(const struct machine_program *p, uint32_t rule)
{
    return &p->rules[rule].action;
}

const struct machine_target *machine_program_target(const struct machine_program *p, uint8_t i)
{
    return &p->targets[i];
}

size_t machine_lane_memory_bytes(const struct machine_program *p)
{
    return sizeof(struct machine_lane) + p->n_rules * sizeof(uint64_t);
}

struct machine_lane *machine_lane_init(void *memory, const struct machine_program *p)
{
    memset(memory, 0, machine_lane_memory_bytes(p));
    ((struct machine_lane *)memory)->n_rules = p->n_rules;
    return memory;
}

const struct machine_counters *machine_lane_counters(const struct machine_lane *lane)
{
    return &lane->counters;
}

const uint64_t *machine_lane_rules(const struct machine_lane *lane)
{
    return lane->rules;
}

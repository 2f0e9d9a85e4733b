/* SPDX-License-Identifier: BSD-3-Clause */
/* What a machine can never do: states that no packet leads to, rules that others come before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/machine_parts.h"

static void add(bool *reached, uint16_t state)
{
    if (state < MACHINE_MAX_STATES)
        reached[state] = true;
}

static void add_step(bool *reached, const struct machine_step *s)
{
    if (s->next == MACHINE_KEEP)
        return;
    add(reached, s->next);
    if (s->idle_ms > 0)
        add(reached, s->idle_next);
    if (s->hard_ms > 0)
        add(reached, s->hard_next);
}

static unsigned int count(const bool *reached)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < MACHINE_MAX_STATES; i++)
        n += reached[i];
    return n;
}

static void follow_rules(const struct machine *m, bool *reached)
{
    for (uint32_t i = 0; i < m->n_rules; i++) {
        const struct machine_rule *rule = &m->rules[i];
        bool may_hold = false;

        for (uint32_t s = 0; s < m->n_states; s++)
            may_hold = may_hold || (reached[s] && machine_rule_holds_in(rule, s));
        if (!may_hold)
            continue;
        add_step(reached, &rule->step);
        for (uint8_t k = 0; k < rule->n_sets; k++)
            add_step(reached, &rule->set[k].step);
    }
}

static int check_states(struct option_reader *r, const struct machine *m)
{
    bool reached[MACHINE_MAX_STATES] = {false};
    unsigned int n = 0;

    if (m->states_are_ports)
        return 0;
    reached[m->initial] = true;
    while (n != count(reached)) {
        n = count(reached);
        follow_rules(m, reached);
    }
    for (uint32_t i = 0; i < m->n_states; i++)
        if (!reached[i]) {
            char found[MACHINE_NAME_BYTES + 40];

            reader_enter_key(r, "states");
            reader_enter_item(r, i);
            snprintf(found, sizeof(found), "\"%s\", which no rule leads to", m->states[i]);
            return reader_refuse(r, found, "states that can be reached from the initial one");
        }
    return 0;
}

/* A rule is behind others when in each of its states one before it takes every packet. */
static int check_rules(struct option_reader *r, const struct machine *m)
{
    uint64_t taken[MACHINE_MAX_STATES / 64] = {0};

    for (uint32_t i = 0; i < m->n_rules; i++) {
        const struct machine_rule *rule = &m->rules[i];
        bool may_hold = false;

        for (size_t w = 0; w < ARRAY_LENGTH(taken); w++)
            may_hold = may_hold || (rule->states[w] & ~taken[w]) != 0;
        if (!may_hold) {
            reader_enter_key(r, "rules");
            reader_enter_item(r, i);
            return reader_refuse(r, "a rule behind others that take every packet of its states",
                                 "rules that can hold");
        }
        if (rule->n_matches == 0 && rule->condition_bits == 0)
            for (size_t w = 0; w < ARRAY_LENGTH(taken); w++)
                taken[w] |= rule->states[w];
    }
    return 0;
}

int machine_check_reach(struct option_reader *r, const struct machine *m)
{
    int error = check_rules(r, m);

    return error != 0 ? error : check_states(r, m);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static const char *const policies[] = {"as `otherwise` says", "forwarded", "dropped"};

static void print_scope(FILE *to, const struct machine_scope *s)
{
    for (uint8_t i = 0; i < s->n_fields; i++)
        fprintf(to, "%s%s", i == 0 ? "" : ", ",
                machine_field_name((enum machine_field)s->fields[i]));
}

static bool is_in_all(const struct machine *m, const struct machine_rule *rule)
{
    for (uint32_t s = 0; s < m->n_states; s++)
        if ((rule->states[s / 64] >> s % 64 & 1) == 0)
            return false;
    return true;
}

static void print_states(FILE *to, const struct machine *m, const struct machine_rule *rule)
{
    const char *between = "in ";

    if (is_in_all(m, rule)) {
        fprintf(to, "in any state");
        return;
    }
    for (uint32_t s = 0; s < m->n_states; s++)
        if ((rule->states[s / 64] >> s % 64 & 1) != 0) {
            fprintf(to, "%s%s", between, m->states[s]);
            between = ", ";
        }
}

/* A value as it stands in the file; what is no plain word, as JSON without its quotes. */
static void print_value(FILE *to, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++)
        if (*c != '"' && *c != '\\')
            fputc(*c, to);
    free(text);
}

static void print_list(FILE *to, const json_t *list, const char *between)
{
    json_t *value;
    size_t i;

    if (json_is_string(list))
        print_value(to, list);
    json_array_foreach (list, i, value) {
        fputs(i == 0 ? "" : between, to);
        print_value(to, value);
    }
}

static void print_conditions(FILE *to, const struct machine_rule *rule)
{
    json_t *match = rule->match, *value;
    const char *between = "", *field;

    json_object_foreach (match, field, value) {
        fprintf(to, "%s%s ", between, field);
        print_value(to, value);
        between = " and ";
    }
    if (json_array_size(rule->conditions) > 0) {
        fputs(between, to);
        print_list(to, rule->conditions, " and ");
    }
    if (*between == '\0' && json_array_size(rule->conditions) == 0)
        fputs("any packet", to);
}

static void print_actions(FILE *to, const struct machine_rule *rule)
{
    print_list(to, rule->actions, ", ");
    if (rule->event != NULL) {
        fputs(", event ", to);
        print_value(to, rule->event);
    }
    if (json_array_size(rule->updates) > 0) {
        fputs("; ", to);
        print_list(to, rule->updates, ", ");
    }
}

static const char *next_name(const struct machine *m, uint16_t next)
{
    return next == MACHINE_NEXT_PORT ? "its port" : m->states[next];
}

static void print_timer(FILE *to, const struct machine *m, const char *what, uint32_t ms,
                        uint16_t next)
{
    if (ms > 0)
        fprintf(to, ", %s%g s: %s", what, (double)ms / 1000, m->states[next]);
}

static void print_step(FILE *to, const struct machine *m, const struct machine_step *s)
{
    if (s->next == MACHINE_KEEP)
        return;
    fprintf(to, "; then %s", next_name(m, s->next));
    print_timer(to, m, "idle for ", s->idle_ms, s->idle_next);
    print_timer(to, m, "after ", s->hard_ms, s->hard_next);
}

static void print_rule(FILE *to, const struct machine *m, uint32_t i)
{
    const struct machine_rule *rule = &m->rules[i];

    fprintf(to, "  %u ", i);
    print_states(to, m, rule);
    fputs(", ", to);
    print_conditions(to, rule);
    fputs(": ", to);
    print_actions(to, rule);
    print_step(to, m, &rule->step);
    for (uint8_t k = 0; k < rule->n_sets; k++) {
        fprintf(to, "; and for %s", m->scopes[rule->set[k].scope].name);
        print_step(to, m, &rule->set[k].step);
    }
    fputc('\n', to);
}

void machine_print_words(FILE *to, const struct machine *m)
{
    fprintf(to, "machine %s: the key is ", m->name);
    print_scope(to, &m->scopes[MACHINE_LOOKUP]);
    if (m->update_fields != NULL) {
        fprintf(to, "; states are set for ");
        print_scope(to, &m->scopes[MACHINE_UPDATE]);
    }
    for (uint32_t i = 2; i < m->n_scopes; i++) {
        fprintf(to, "; %s is ", m->scopes[i].name);
        print_scope(to, &m->scopes[i]);
    }
    fprintf(to,
            "\n  %u keys at most, beyond that packets are %s; without a field of the key they are "
            "%s\n  a key begins as %s\n",
            m->max_keys, policies[m->when_full], policies[m->when_field_missing],
            m->states[m->initial]);
    for (uint32_t i = 0; i < m->n_rules; i++)
        print_rule(to, m, i);
    fprintf(to, "  otherwise: ");
    print_actions(to, &m->rules[m->n_rules]);
    fprintf(to, "\n");
}

static void print_arrow(FILE *to, const struct machine *m, const char *from,
                        const struct machine_rule *rule)
{
    const struct machine_step *s = &rule->step;
    const char *next = s->next == MACHINE_KEEP ? from : next_name(m, s->next);

    fprintf(to, "    \"%s\" -> \"%s\" [label=\"", from, next);
    print_conditions(to, rule);
    fputs("\\n", to);
    print_actions(to, rule);
    fprintf(to, "\"];\n");
}

static void print_timer_arrow(FILE *to, const struct machine *m, const struct machine_step *s,
                              uint32_t ms, uint16_t next, const char *what)
{
    if (s->next < MACHINE_MAX_STATES && ms > 0)
        fprintf(to, "    \"%s\" -> \"%s\" [style=dashed, label=\"%s%g s\"];\n", m->states[s->next],
                m->states[next], what, (double)ms / 1000);
}

/* The same arrow of two rules is drawn once. */
static bool is_drawn(const struct machine *m, uint32_t before, const struct machine_step *s)
{
    for (uint32_t i = 0; i < before; i++) {
        const struct machine_step *other = &m->rules[i].step;

        if (other->next == s->next && other->idle_ms == s->idle_ms &&
            other->hard_ms == s->hard_ms && other->idle_next == s->idle_next &&
            other->hard_next == s->hard_next)
            return true;
    }
    return false;
}

void machine_print_dot(FILE *to, const struct machine *m)
{
    fprintf(to,
            "digraph \"%s\" {\n    rankdir=LR;\n    node [shape=ellipse, fontname=Helvetica];\n"
            "    edge [fontname=Helvetica, fontsize=10];\n    \"%s\" [penwidth=2];\n",
            m->name, m->states[m->initial]);
    for (uint32_t i = 0; i < m->n_rules; i++) {
        const struct machine_rule *rule = &m->rules[i];
        const struct machine_step *s = &rule->step;

        if (is_in_all(m, rule) && m->n_states > 1)
            print_arrow(to, m, "any state", rule);
        else
            for (uint32_t k = 0; k < m->n_states; k++)
                if ((rule->states[k / 64] >> k % 64 & 1) != 0)
                    print_arrow(to, m, m->states[k], rule);
        if (is_drawn(m, i, s))
            continue;
        print_timer_arrow(to, m, s, s->idle_ms, s->idle_next, "idle ");
        print_timer_arrow(to, m, s, s->hard_ms, s->hard_next, "after ");
    }
    fprintf(to, "}\n");
}

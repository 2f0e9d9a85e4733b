/* SPDX-License-Identifier: BSD-3-Clause */
/* `do`: where the packet goes, and what is noted of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/machine_parts.h"

#define ALLOWED                                                                                    \
    "\"forward\", \"drop\", \"pair\", \"output PORT\", \"output @state\", \"flood\", "             \
    "\"next_hop NAME\", \"mark N\", \"count NAME\", \"event NAME\" or \"test\""

/* Name's place in a list that grows by it; `most` when it is full. */
static uint32_t place_of(char (*names)[MACHINE_NAME_BYTES], uint32_t *n, uint32_t most,
                         const char *name)
{
    for (uint32_t i = 0; i < *n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    if (*n < most)
        strcpy(names[(*n)++], name);
    else
        return most;
    return *n - 1;
}

static const char *target_at(const void *from, size_t i)
{
    const struct config *c = from;

    return i < c->n_ports ? c->ports[i].name : c->next_hops[i - c->n_ports].name;
}

static const char *next_hop_at(const void *from, size_t i)
{
    return ((const struct config *)from)->next_hops[i].name;
}

/* The port or next hop of that name, where there is a configuration that has such. */
static int look_up(struct option_reader *r, const char *name, bool is_next_hop, uint16_t *out)
{
    const struct config *c = r->config;
    uint32_t n = c == NULL ? 0 : is_next_hop ? c->n_next_hops : c->n_ports;

    *out = UINT16_MAX;
    if (c == NULL)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(is_next_hop ? c->next_hops[i].name : c->ports[i].name, name) == 0) {
            if (!is_next_hop && c->ports[i].role == PORT_ROLE_MIRROR)
                return reader_refuse(r, "a mirror", "a port of role forward");
            *out = (uint16_t)i;
            return 0;
        }
    return machine_refuse_name(r, name, is_next_hop ? "a next hop" : "a port",
                               is_next_hop ? next_hop_at : target_at, c, n);
}

static int read_target(struct option_reader *r, struct machine *m, const char *name,
                       bool is_next_hop, uint8_t *out)
{
    struct machine_target *t;
    uint32_t i = 0;

    if (*name == '\0' || strlen(name) >= sizeof(t->name))
        return reader_refuse(r, "no name", is_next_hop ? "a next hop" : "a port");
    while (i < m->n_targets &&
           (strcmp(m->targets[i].name, name) != 0 || m->targets[i].is_next_hop != is_next_hop))
        i++;
    *out = (uint8_t)i;
    if (i < m->n_targets)
        return 0;
    if (i == MACHINE_MAX_TARGETS)
        return reader_refuse(r, "too many outputs", "at most 32 different ones in a machine");
    t = &m->targets[m->n_targets++];
    strcpy(t->name, name);
    t->is_next_hop = is_next_hop;
    return look_up(r, name, is_next_hop, &t->number);
}

static int read_note(struct option_reader *r, char (*names)[MACHINE_NAME_BYTES], uint32_t *n,
                     const char *name, uint8_t *out)
{
    uint32_t place;

    if (*out != MACHINE_NO_NOTE)
        return reader_refuse(r, "a second one", "one count and one event of a rule");
    if (!machine_is_name(name))
        return reader_refuse(r, "no name", "a name of letters, digits, '_' or '-'");
    place = place_of(names, n, MACHINE_MAX_NOTES, name);
    if (place == MACHINE_MAX_NOTES)
        return reader_refuse(r, "too many names", "at most 32 different ones in a machine");
    *out = (uint8_t)place;
    return 0;
}

static int read_mark(struct option_reader *r, const char *text, struct machine_action *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > SLICE_MOST_MARK || out->has_mark)
        return reader_refuse(r, "such a mark", "one number from 0 to 32766");
    out->has_mark = true;
    out->mark = (uint32_t)value;
    return 0;
}

struct reading {
    struct machine_action *out;
    bool says_where;
};

static int say_where(struct option_reader *r, struct reading *a, enum machine_where where)
{
    if (a->says_where)
        return reader_refuse(r, "a second place to go", "one place where the packet goes");
    a->says_where = true;
    a->out->where = (uint8_t)where;
    return 0;
}

/* What stands behind "word ", or NULL when the text begins otherwise. */
static const char *behind(const char *text, const char *word)
{
    size_t n = strlen(word);

    return strncmp(text, word, n) == 0 && text[n] == ' ' ? text + n + 1 : NULL;
}

static int read_output(struct option_reader *r, struct machine *m, const char *name,
                       struct reading *a)
{
    int error;

    if (strcmp(name, "@state") == 0 && m->states_are_ports)
        return say_where(r, a, MACHINE_OUTPUT_STATE);
    if (strcmp(name, "@state") == 0)
        return reader_refuse(r, "\"output @state\"", "it where \"states\" are \"port\"");
    error = say_where(r, a, MACHINE_OUTPUT);
    return error != 0 ? error : read_target(r, m, name, false, &a->out->target);
}

static int read_action(struct option_reader *r, struct machine *m, json_t *value, struct reading *a)
{
    static const struct {
        const char *word;
        enum machine_where where;
    } places[] = {{"forward", MACHINE_FORWARD},
                  {"drop", MACHINE_DROP},
                  {"pair", MACHINE_PAIR},
                  {"flood", MACHINE_FLOOD}};
    const char *text = json_string_value(value), *name;
    int error;

    if (text == NULL)
        return reader_refuse_value(r, value, ALLOWED);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        if (strcmp(places[i].word, text) == 0)
            return say_where(r, a, places[i].where);
    if (strcmp(text, "test") == 0) {
        a->out->test = true;
        return 0;
    }
    if ((name = behind(text, "output")) != NULL)
        return read_output(r, m, name, a);
    if ((name = behind(text, "next_hop")) != NULL) {
        error = say_where(r, a, MACHINE_NEXT_HOP);
        return error != 0 ? error : read_target(r, m, name, true, &a->out->target);
    }
    if ((name = behind(text, "mark")) != NULL)
        return read_mark(r, name, a->out);
    if ((name = behind(text, "count")) != NULL)
        return read_note(r, m->counts, &m->n_counts, name, &a->out->count);
    if ((name = behind(text, "event")) != NULL)
        return read_note(r, m->events, &m->n_events, name, &a->out->event);
    return reader_refuse_value(r, value, ALLOWED);
}

int machine_read_actions(struct option_reader *r, struct machine *m, struct machine_rule *rule)
{
    struct reading a = {.out = &rule->action};
    size_t mark = reader_enter_key(r, "do"), i;
    json_t *value;
    int error;

    rule->action = (struct machine_action){.count = MACHINE_NO_NOTE, .event = MACHINE_NO_NOTE};
    if (!json_is_array(rule->actions) && (error = read_action(r, m, rule->actions, &a)) != 0)
        return error;
    json_array_foreach (rule->actions, i, value) {
        size_t inner = reader_enter_item(r, i);

        if ((error = read_action(r, m, value, &a)) != 0)
            return error;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    if (rule->event == NULL)
        return 0;
    mark = reader_enter_key(r, "event");
    error =
        read_note(r, m->events, &m->n_events, json_string_value(rule->event), &rule->action.event);
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

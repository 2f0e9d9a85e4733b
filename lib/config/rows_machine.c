/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of state machines. What the JSON of an option may be is told by its row; what that
 * means is found in machine_resolve.c, when all of a machine is there. */
#include <stdio.h>
#include <string.h>

#include "config/machine.h"
#include "config/option.h"

#define MACHINE(member) OPTION_FIELD(struct machine, member)
#define RULE(member)    OPTION_FIELD(struct machine_rule, member)

static json_t **copy_of(const struct option_row *row, void *object)
{
    return (json_t **)((char *)object + row->offset);
}

static bool is_of_type(json_t *value, const char *type)
{
    if (strcmp(type, "string") == 0)
        return json_is_string(value);
    if (strcmp(type, "array") == 0)
        return json_is_array(value);
    if (strcmp(type, "object") == 0)
        return json_is_object(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static int read_part(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    json_t **copy = copy_of(row, object);
    bool is_good = false;

    for (size_t i = 0; row->words[i] != NULL; i++)
        is_good = is_good || is_of_type(value, row->words[i]);
    if (!is_good)
        return reader_refuse_row(r, value, row);
    if (json_is_null(value))
        return 0;
    json_decref(*copy);
    *copy = json_deep_copy(value);
    return *copy != NULL ? 0 : reader_no_memory(r);
}

static json_t *write_part(const struct option_row *row, const void *object,
                          const struct config *config)
{
    json_t *const *copy = (json_t *const *)((const char *)object + row->offset);

    (void)config;
    return *copy != NULL ? json_deep_copy(*copy) : json_null();
}

static json_t *schema_part(const struct option_row *row)
{
    json_t *types = json_array();

    for (size_t i = 0; row->words[i] != NULL; i++)
        option_append(&types, json_string(row->words[i]));
    return json_pack("{s:o}", "type", types);
}

static void describe_part(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "%s", row->allowed);
}

/* A value that has a language of its own: `words` are the types of JSON that it may be, and
 * `allowed` says in words what it is. */
static const struct option_kind kind_part = {"part",     false,       false,        read_part,
                                             write_part, schema_part, describe_part};

static const char *const a_list[] = {"array", NULL};
static const char *const a_list_or_null[] = {"array", "null", NULL};
static const char *const an_object[] = {"object", NULL};
static const char *const text_or_list[] = {"string", "array", NULL};
static const char *const text_or_null[] = {"string", "null", NULL};

static const struct option_row rule_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "state",
     .kind = &kind_part,
     RULE(state),
     .words = text_or_list,
     .fallback = "\"*\"",
     .allowed = "a state, a list of states, or \"*\"",
     .help = "The states in which the rule holds; `*` is every one."},
    {.name = "match",
     .kind = &kind_part,
     RULE(match),
     .words = an_object,
     .fallback = "{}",
     .allowed =
         "fields with a value, [from, to], a list of them, a prefix, or {\"value\", \"mask\"}",
     .help = "What the packet must be like: all of it. A field that the packet lacks does not "
             "match."},
    {.name = "if",
     .kind = &kind_part,
     RULE(conditions),
     .words = a_list,
     .fallback = "[]",
     .allowed = "a list of comparisons like \"n >= 150\"",
     .help = "What must hold of registers, as they were before the packet: all of it."},
    {.name = "do",
     .kind = &kind_part,
     RULE(actions),
     .words = text_or_list,
     .fallback = "\"forward\"",
     .allowed = "an action, or a list of them",
     .help = "`forward`, `drop`, `pair`, `output PORT`, `output @state`, `flood`, `next_hop NAME`; "
             "and `mark N` (counted), `count NAME`, `event NAME`, `test` (of the source's /24 or "
             "/56)."},
    {.name = "next",
     .kind = &kind_text,
     RULE(next),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "state and timers stay",
     .help = "The state of the key of `update` from now on; `@port`: the port that the packet came "
             "in by. The present one arms its timers anew."},
    {.name = "idle_ms",
     .kind = &kind_u32,
     RULE(idle_ms),
     .least = 0,
     .most = MACHINE_MAX_TIMEOUT_MS,
     .fallback = "0",
     .otherwise = "no limit",
     .unit = "ms",
     .help = "The state ends when no packet of the key came for so long."},
    {.name = "idle_next",
     .kind = &kind_text,
     RULE(idle_next),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "the machine's `initial`",
     .help = "The state that this leads to; it has no timers."},
    {.name = "hard_ms",
     .kind = &kind_u32,
     RULE(hard_ms),
     .least = 0,
     .most = MACHINE_MAX_TIMEOUT_MS,
     .fallback = "0",
     .otherwise = "no limit",
     .unit = "ms",
     .help = "The state ends so long after it began, whatever comes. When both are due, this one "
             "counts."},
    {.name = "hard_next",
     .kind = &kind_text,
     RULE(hard_next),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "the machine's `initial`",
     .help = "The state that this leads to; it has no timers."},
    {.name = "update",
     .kind = &kind_part,
     RULE(updates),
     .words = a_list,
     .fallback = "[]",
     .allowed = "a list of assignments like \"n = n + 1\"",
     .help = "Registers of the key of `update`, from what all registers were before the packet; "
             "`+`, `-`, `*`, `<<` and `>>` stay within 0 and 2^64 - 1."},
    {.name = "set",
     .kind = &kind_part,
     RULE(sets),
     .words = a_list,
     .fallback = "[]",
     .allowed = "a list of {\"scope\", \"next\", \"idle_ms\", \"idle_next\", \"hard_ms\", "
                "\"hard_next\"}",
     .help = "States of other keys of the packet, as those of the way back."},
    {.name = "event",
     .kind = &kind_part,
     RULE(event),
     .words = text_or_null,
     .fallback = "null",
     .allowed = "a name, or null",
     .help = "Short for `event NAME` in `do`."},
};

const struct option_object object_machine_rule = {
    .noun = "a rule",
    .help = "Rules of a machine, in order: the first one that holds counts.",
    .rows = rule_rows,
    .n_rows = ARRAY_LENGTH(rule_rows),
};

static const struct option_list rule_list = {
    .noun = "a rule",
    .object = &object_machine_rule,
    .items = offsetof(struct machine, rules),
    .count = offsetof(struct machine, n_rules),
    .item_size = sizeof(struct machine_rule),
    .is_unnamed = true,
};

static const char *const policies[] = {"otherwise", "forward", "drop", NULL};
static const char *const fails[] = {"open", "closed", NULL};

static const struct option_row machine_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name",
     .kind = &kind_name,
     MACHINE(name),
     .least = 1,
     .help = "A unique name; keys and their states belong to it."},
    {.name = "ports",
     .kind = &kind_part,
     MACHINE(port_names),
     .words = a_list_or_null,
     .fallback = "null",
     .otherwise = "all",
     .allowed = "a list of ports, or null",
     .help = "The ports whose packets it sees."},
    {.name = "lookup",
     .kind = &kind_part,
     MACHINE(lookup_fields),
     .words = a_list,
     .allowed = "a list of 1 to 6 fields, 48 bytes in all",
     .help = "The fields that make the key whose state a packet meets."},
    {.name = "update",
     .kind = &kind_part,
     MACHINE(update_fields),
     .words = a_list_or_null,
     .fallback = "null",
     .otherwise = "as lookup",
     .allowed = "a list of fields as wide as `lookup`, or null",
     .help = "The fields that make the key whose state `next` sets."},
    {.name = "scopes",
     .kind = &kind_part,
     MACHINE(scope_fields),
     .words = an_object,
     .fallback = "{}",
     .allowed = "at most 4 names with a list of fields each",
     .help = "Further keys, for the `set` of rules."},
    {.name = "states",
     .kind = &kind_part,
     MACHINE(state_names),
     .words = text_or_list,
     .allowed = "a list of 1 to 256 names, or \"port\"",
     .help = "The states; `port`: each port is one, and `none` beside them."},
    {.name = "initial",
     .kind = &kind_text,
     MACHINE(initial_name),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "the first one",
     .help = "The state of a key that nothing is known of."},
    {.name = "registers",
     .kind = &kind_part,
     MACHINE(register_names),
     .words = a_list,
     .fallback = "[]",
     .allowed = "a list of at most 4 names",
     .help = "Numbers of each key; 0 at first."},
    {.name = "globals",
     .kind = &kind_part,
     MACHINE(global_names),
     .words = a_list,
     .fallback = "[]",
     .allowed = "a list of at most 4 names",
     .help = "Numbers of the machine; 0 at first."},
    {.name = "constants",
     .kind = &kind_part,
     MACHINE(constant_values),
     .words = an_object,
     .fallback = "{}",
     .allowed = "at most 32 names with a whole number each",
     .help = "Names for numbers in `if` and `update`."},
    {.name = "max_keys",
     .kind = &kind_u32,
     MACHINE(max_keys),
     .least = 1,
     .most = 16777216,
     .fallback = "65536",
     .unit = "keys",
     .help = "Keys whose state is remembered at once."},
    {.name = "when_full",
     .kind = &kind_enum,
     MACHINE(when_full),
     .words = policies,
     .fallback = "\"otherwise\"",
     .help = "What becomes of a packet whose key must be remembered, when there is no room: as "
             "`otherwise` says, or this."},
    {.name = "when_field_missing",
     .kind = &kind_enum,
     MACHINE(when_field_missing),
     .words = policies,
     .fallback = "\"forward\"",
     .help = "What becomes of a packet that lacks a field of the key."},
    {.name = "fail",
     .kind = &kind_enum,
     MACHINE(fail),
     .words = fails,
     .fallback = "\"open\"",
     .help = "With the kill switch on and while the box drains: `open` forwards all, `closed` goes "
             "on."},
    {.name = "change_events",
     .kind = &kind_bool,
     MACHINE(change_events),
     .fallback = "false",
     .help = "Each change of a key's state by a packet is an event, `machine_state`; at most 10 "
             "events of the machine are told in a second."},
    {.name = "rules",
     .kind = &kind_array,
     .list = &rule_list,
     .most = MACHINE_MAX_RULES,
     .help = "What to do, in order."},
    {.name = "otherwise",
     .kind = &kind_part,
     MACHINE(otherwise_text),
     .words = an_object,
     .fallback = "{\"do\": \"forward\"}",
     .allowed = "an object with `do` alone",
     .help = "What to do with a packet that no rule is for."},
};

const struct option_object object_machine = {
    .noun = "a machine",
    .help = "State machines on the packet path, in order: what one forwards, the next one sees.",
    .rows = machine_rows,
    .n_rows = ARRAY_LENGTH(machine_rows),
};

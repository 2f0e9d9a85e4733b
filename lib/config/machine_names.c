/* SPDX-License-Identifier: BSD-3-Clause */
/* The names that a machine makes: scopes, states, registers, globals, constants. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/machine_parts.h"

/* Words that mean something else where such a name can stand. */
static const char *const reserved[] = {"now_us", "frame.bytes"};

static int refuse_new_name(struct option_reader *r, json_t *value)
{
    return reader_refuse_value(r, value,
                               "a name of 1 to 31 letters, digits, '_' or '-', no digit first");
}

/* A list of names, each once. */
static int read_name_list(struct option_reader *r, const char *key, json_t *list, size_t most,
                          char (*out)[MACHINE_NAME_BYTES], uint32_t *n)
{
    size_t mark = reader_enter_key(r, key), i;
    json_t *value;

    if (json_array_size(list) > most) {
        char allowed[64];

        snprintf(allowed, sizeof(allowed), "at most %zu names", most);
        return reader_refuse_value(r, list, allowed);
    }
    json_array_foreach (list, i, value) {
        const char *name = json_string_value(value);
        size_t inner = reader_enter_item(r, i);

        if (!machine_is_name(name))
            return refuse_new_name(r, value);
        for (size_t k = 0; k < ARRAY_LENGTH(reserved); k++)
            if (strcmp(reserved[k], name) == 0)
                return reader_refuse_value(r, value, "a name that is not taken");
        for (size_t k = 0; k < i; k++)
            if (strcmp(out[k], name) == 0)
                return reader_refuse_value(r, value, "each name once");
        strcpy(out[i], name);
        reader_leave(r, inner);
    }
    *n = (uint32_t)json_array_size(list);
    reader_leave(r, mark);
    return 0;
}

static int read_scope(struct option_reader *r, const char *name, json_t *list,
                      struct machine_scope *out)
{
    size_t i;
    json_t *value;

    if (json_array_size(list) < 1 || json_array_size(list) > MACHINE_MAX_FIELDS)
        return reader_refuse_value(r, list, "a list of 1 to 6 fields");
    snprintf(out->name, sizeof(out->name), "%s", name);
    json_array_foreach (list, i, value) {
        size_t mark = reader_enter_item(r, i);
        int error = machine_read_field(r, value, &out->fields[i]);

        if (error != 0)
            return error;
        out->n_bytes = (uint8_t)(out->n_bytes + machine_field_bytes(out->fields[i]));
        reader_leave(r, mark);
    }
    out->n_fields = (uint8_t)json_array_size(list);
    if (out->n_bytes > MACHINE_MAX_KEY_BYTES)
        return reader_refuse(r, "more than 48 bytes", "fields of 48 bytes at most in all");
    return 0;
}

/* A key of one scope is never that of another one by chance of its length. */
static int check_width(struct option_reader *r, const struct machine *m, uint32_t i)
{
    char found[64], allowed[64];

    if (m->scopes[i].n_bytes == m->scopes[MACHINE_LOOKUP].n_bytes)
        return 0;
    snprintf(found, sizeof(found), "%u bytes", m->scopes[i].n_bytes);
    snprintf(allowed, sizeof(allowed), "fields as wide as lookup's, %u bytes",
             m->scopes[MACHINE_LOOKUP].n_bytes);
    return reader_refuse(r, found, allowed);
}

static int read_further_scopes(struct option_reader *r, struct machine *m)
{
    size_t mark = reader_enter_key(r, "scopes");
    const char *name;
    json_t *value;

    if (json_object_size(m->scope_fields) > MACHINE_MAX_SCOPES - 2)
        return reader_refuse_value(r, m->scope_fields, "at most 4 scopes");
    json_object_foreach (m->scope_fields, name, value) {
        size_t inner = reader_enter_key(r, name);
        int error;

        if (!machine_is_name(name) || strcmp(name, "lookup") == 0 || strcmp(name, "update") == 0)
            return reader_refuse(r, "such a name",
                                 "a name of letters, digits, '_' or '-', not lookup or update");
        if ((error = read_scope(r, name, value, &m->scopes[m->n_scopes])) != 0 ||
            (error = check_width(r, m, m->n_scopes)) != 0)
            return error;
        m->n_scopes++;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

static int read_scopes(struct option_reader *r, struct machine *m)
{
    size_t mark = reader_enter_key(r, "lookup");
    int error = read_scope(r, "lookup", m->lookup_fields, &m->scopes[MACHINE_LOOKUP]);

    if (error != 0)
        return error;
    reader_leave(r, mark);
    m->n_scopes = 2;
    if (m->update_fields == NULL) {
        m->scopes[MACHINE_UPDATE] = m->scopes[MACHINE_LOOKUP];
        snprintf(m->scopes[MACHINE_UPDATE].name, MACHINE_NAME_BYTES, "update");
        return read_further_scopes(r, m);
    }
    mark = reader_enter_key(r, "update");
    if ((error = read_scope(r, "update", m->update_fields, &m->scopes[MACHINE_UPDATE])) != 0 ||
        (error = check_width(r, m, MACHINE_UPDATE)) != 0)
        return error;
    reader_leave(r, mark);
    return read_further_scopes(r, m);
}

/* "none", then one for each port. */
static void name_ports(struct machine *m)
{
    m->n_states = MACHINE_MAX_PORTS + 1;
    snprintf(m->states[0], MACHINE_NAME_BYTES, "none");
    for (uint32_t i = 0; i < MACHINE_MAX_PORTS; i++)
        snprintf(m->states[i + 1], MACHINE_NAME_BYTES, "port-%u", i);
}

static const char *state_at(const void *from, size_t i)
{
    return ((const struct machine *)from)->states[i];
}

int machine_find_state(struct option_reader *r, const struct machine *m, const char *name,
                       uint16_t fallback, uint16_t *out)
{
    uint32_t n = m->states_are_ports ? 1 : m->n_states;

    *out = fallback;
    if (*name == '\0')
        return 0;
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(m->states[i], name) == 0) {
            *out = (uint16_t)i;
            return 0;
        }
    return machine_refuse_name(r, name, "a state of the machine", state_at, m, n);
}

static int read_states(struct option_reader *r, struct machine *m)
{
    const char *word = json_string_value(m->state_names);
    size_t mark;
    int error;

    m->states = calloc(MACHINE_MAX_STATES, sizeof(*m->states));
    if (m->states == NULL)
        return reader_no_memory(r);
    mark = reader_enter_key(r, "states");
    m->states_are_ports = word != NULL && strcmp(word, "port") == 0;
    if ((word != NULL && !m->states_are_ports) ||
        (word == NULL && json_array_size(m->state_names) == 0))
        return reader_refuse_value(r, m->state_names, "a list of 1 to 256 names, or \"port\"");
    reader_leave(r, mark);
    if (m->states_are_ports)
        name_ports(m);
    else if ((error = read_name_list(r, "states", m->state_names, MACHINE_MAX_STATES, m->states,
                                     &m->n_states)) != 0)
        return error;
    mark = reader_enter_key(r, "initial");
    error = machine_find_state(r, m, m->initial_name, 0, &m->initial);
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

static int read_constants(struct option_reader *r, struct machine *m)
{
    size_t mark = reader_enter_key(r, "constants");
    const char *name;
    json_t *value;

    if (json_object_size(m->constant_values) > MACHINE_MAX_CONSTANTS)
        return reader_refuse_value(r, m->constant_values, "at most 32 constants");
    json_object_foreach (m->constant_values, name, value) {
        size_t inner = reader_enter_key(r, name);

        if (!machine_is_name(name) || strcmp(name, "now_us") == 0)
            return reader_refuse(r, "such a name", "a name of letters, digits, '_' or '-'");
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return reader_refuse_value(r, value, "a whole number, not below 0");
        strcpy(m->constants[m->n_constants].name, name);
        m->constants[m->n_constants++].value = (uint64_t)json_integer_value(value);
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

/* Is the name one of a register, a global or a constant that came before? */
static int check_apart(struct option_reader *r, const struct machine *m)
{
    for (uint32_t i = 0; i < m->n_globals; i++)
        for (uint32_t k = 0; k < m->n_registers; k++)
            if (strcmp(m->globals[i], m->registers[k]) == 0) {
                reader_enter_key(r, "globals");
                reader_enter_item(r, i);
                return reader_refuse(r, "the name of a register", "a name of its own");
            }
    for (uint32_t i = 0; i < m->n_constants; i++) {
        bool is_taken = false;

        for (uint32_t k = 0; k < m->n_registers; k++)
            is_taken = is_taken || strcmp(m->constants[i].name, m->registers[k]) == 0;
        for (uint32_t k = 0; k < m->n_globals; k++)
            is_taken = is_taken || strcmp(m->constants[i].name, m->globals[k]) == 0;
        if (is_taken) {
            reader_enter_key(r, "constants");
            reader_enter_key(r, m->constants[i].name);
            return reader_refuse(r, "the name of a register or global", "a name of its own");
        }
    }
    return 0;
}

int machine_read_names(struct option_reader *r, struct machine *m)
{
    int error;

    if ((error = read_scopes(r, m)) != 0 || (error = read_states(r, m)) != 0 ||
        (error = read_name_list(r, "registers", m->register_names, MACHINE_MAX_REGISTERS,
                                m->registers, &m->n_registers)) != 0 ||
        (error = read_name_list(r, "globals", m->global_names, MACHINE_MAX_GLOBALS, m->globals,
                                &m->n_globals)) != 0 ||
        (error = read_constants(r, m)) != 0)
        return error;
    return check_apart(r, m);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparisons ("n >= 150") and assignments ("n = n + 1"): words between spaces. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/machine_parts.h"

#define MOST_WORDS 5

struct words {
    char word[MOST_WORDS][MACHINE_NAME_BYTES];
    uint32_t n;
};

static const char *const comparisons[] = {
    [MACHINE_EQUAL] = "==",         [MACHINE_NOT_EQUAL] = "!=", [MACHINE_LESS] = "<",
    [MACHINE_LESS_OR_EQUAL] = "<=", [MACHINE_MORE] = ">",       [MACHINE_MORE_OR_EQUAL] = ">=",
};
static const char *const operations[] = {
    [MACHINE_ADD] = "+",         [MACHINE_SUBTRACT] = "-",     [MACHINE_MULTIPLY] = "*",
    [MACHINE_SHIFT_LEFT] = "<<", [MACHINE_SHIFT_RIGHT] = ">>",
};

/* False when there are too many, or one is too long. */
static bool split(const char *text, struct words *out)
{
    out->n = 0;
    for (;;) {
        size_t length;

        text += strspn(text, " ");
        if (*text == '\0')
            return true;
        length = strcspn(text, " ");
        if (out->n == MOST_WORDS || length >= MACHINE_NAME_BYTES)
            return false;
        memcpy(out->word[out->n], text, length);
        out->word[out->n++][length] = '\0';
        text += length;
    }
}

/* Of `n` words the index of this one; `n` when it is none. */
static size_t index_of(const char *word, const char *const *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (from[i] != NULL && strcmp(from[i], word) == 0)
            return i;
    return n;
}

static bool read_constant(const char *word, uint64_t *out)
{
    char *end;

    if (!isdigit((unsigned char)*word))
        return false;
    errno = 0;
    *out = strtoull(word, &end, 10);
    return *end == '\0' && errno == 0;
}

static const char *name_at(const void *from, size_t i)
{
    const struct machine *m = from;

    if (i < m->n_registers)
        return m->registers[i];
    i -= m->n_registers;
    if (i < m->n_globals)
        return m->globals[i];
    i -= m->n_globals;
    if (i < m->n_constants)
        return m->constants[i].name;
    return i == m->n_constants ? "now_us" : "frame.bytes";
}

static int find_operand(struct option_reader *r, const struct machine *m, const char *word,
                        struct machine_operand *out)
{
    const size_t n_own = m->n_registers + m->n_globals + m->n_constants;

    *out = (struct machine_operand){.kind = MACHINE_CONSTANT};
    if (read_constant(word, &out->value))
        return 0;
    for (size_t i = 0; i < n_own + 2; i++) {
        if (strcmp(name_at(m, i), word) != 0)
            continue;
        if (i < m->n_registers)
            *out = (struct machine_operand){MACHINE_REGISTER, i};
        else if (i < m->n_registers + m->n_globals)
            *out = (struct machine_operand){MACHINE_GLOBAL, i - m->n_registers};
        else if (i < n_own)
            out->value = m->constants[i - m->n_registers - m->n_globals].value;
        else
            out->kind = i == n_own ? MACHINE_NOW_US : MACHINE_FRAME_LENGTH;
        return 0;
    }
    return machine_refuse_name(r, word, "a number, a register, a global or a constant", name_at, m,
                               n_own + 2);
}

static int read_condition(struct option_reader *r, const struct machine *m, json_t *value,
                          struct machine_condition *out)
{
    const char *text = json_string_value(value);
    struct words w;
    int error;

    memset(out, 0, sizeof(*out)); /* they are compared byte by byte */
    if (text != NULL && split(text, &w) && w.n == 3)
        out->comparison = (uint8_t)index_of(w.word[1], comparisons, ARRAY_LENGTH(comparisons));
    else
        out->comparison = ARRAY_LENGTH(comparisons);
    if (out->comparison == ARRAY_LENGTH(comparisons))
        return reader_refuse_value(
            r, value, "a comparison like \"n >= 150\" by ==, !=, <, <=, > or >=, with spaces");
    error = find_operand(r, m, w.word[0], &out->left);
    return error != 0 ? error : find_operand(r, m, w.word[2], &out->right);
}

static bool is_same_operand(const struct machine_operand *a, const struct machine_operand *b)
{
    return a->kind == b->kind && a->value == b->value;
}

/* Its number among those of the machine; equal ones are one. */
static uint32_t number_of(struct machine *m, const struct machine_condition *c)
{
    uint32_t i = 0;

    while (i < m->n_conditions && !(m->conditions[i].comparison == c->comparison &&
                                    is_same_operand(&m->conditions[i].left, &c->left) &&
                                    is_same_operand(&m->conditions[i].right, &c->right)))
        i++;
    if (i == m->n_conditions && i < MACHINE_MAX_CONDITIONS)
        m->conditions[m->n_conditions++] = *c;
    return i;
}

int machine_read_conditions(struct option_reader *r, struct machine *m, struct machine_rule *rule)
{
    size_t mark = reader_enter_key(r, "if"), i;
    json_t *value;

    json_array_foreach (rule->conditions, i, value) {
        size_t inner = reader_enter_item(r, i);
        struct machine_condition c;
        uint32_t number;
        int error = read_condition(r, m, value, &c);

        if (error != 0)
            return error;
        number = number_of(m, &c);
        if (number == MACHINE_MAX_CONDITIONS)
            return reader_refuse_value(r, value, "at most 8 different comparisons in a machine");
        rule->condition_bits |= (uint8_t)(1u << number);
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

static int read_update(struct option_reader *r, const struct machine *m, json_t *value,
                       struct machine_update *out)
{
    const char *text = json_string_value(value);
    struct words w;
    int error;

    *out = (struct machine_update){.operation = MACHINE_COPY};
    if (text == NULL || !split(text, &w) || (w.n != 3 && w.n != 5) || strcmp(w.word[1], "=") != 0)
        return reader_refuse_value(r, value,
                                   "an assignment like \"n = n + 1\" or \"n = 0\", with spaces");
    if (w.n == 5)
        out->operation = (uint8_t)index_of(w.word[3], operations, ARRAY_LENGTH(operations));
    if (out->operation == ARRAY_LENGTH(operations))
        return reader_refuse_value(r, value, "one of +, -, *, << and >>");
    if ((error = find_operand(r, m, w.word[0], &out->target)) != 0 ||
        (error = find_operand(r, m, w.word[2], &out->left)) != 0)
        return error;
    if (out->target.kind != MACHINE_REGISTER && out->target.kind != MACHINE_GLOBAL)
        return reader_refuse_value(r, value, "a register or global before the =");
    return w.n == 5 ? find_operand(r, m, w.word[4], &out->right) : 0;
}

int machine_read_updates(struct option_reader *r, struct machine *m, struct machine_rule *rule)
{
    size_t mark = reader_enter_key(r, "update"), i;
    json_t *value;

    if (json_array_size(rule->updates) > MACHINE_MAX_UPDATES)
        return reader_refuse_value(r, rule->updates, "at most 8 assignments");
    json_array_foreach (rule->updates, i, value) {
        size_t inner = reader_enter_item(r, i);
        struct machine_update *u = &rule->update[i];
        int error = read_update(r, m, value, u);

        for (size_t k = 0; k < i && error == 0; k++)
            if (is_same_operand(&rule->update[k].target, &u->target))
                error = reader_refuse_value(r, value, "each register once");
        if (error != 0)
            return error;
        rule->n_updates++;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry/parameters.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define LONGEST_BYTES 256

static const struct parameter {
    const char *name;
    size_t at; /* in struct telemetry_parameters */
    bool is_text, is_required;
} known[] = {
    [PARAMETER_WORKER] = {"worker", offsetof(struct telemetry_parameters, worker), false, true},
    [PARAMETER_AGGREGATE] = {"aggregate", offsetof(struct telemetry_parameters, aggregate), false,
                             true},
    [PARAMETER_ITEM] = {"item", offsetof(struct telemetry_parameters, item), false, false},
    [PARAMETER_OFFSET] = {"offset", offsetof(struct telemetry_parameters, offset), false, false},
    [PARAMETER_COUNT] = {"count", offsetof(struct telemetry_parameters, count), false, false},
    [PARAMETER_SLICE] = {"slice", offsetof(struct telemetry_parameters, slice), true, false},
    [PARAMETER_VERDICT] = {"verdict", offsetof(struct telemetry_parameters, verdict), true, false},
    [PARAMETER_MACHINE] = {"machine", offsetof(struct telemetry_parameters, machine), true, true},
};

struct parsing {
    const char *command;
    const enum telemetry_parameter *takes;
    struct telemetry_parameters *out;
    unsigned int n_positional, given; /* a bit for each parameter */
    char *error;
    size_t n_error;
};

/* What it takes, behind what is wrong. */
static bool refuse(const struct parsing *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(const struct parsing *p, const char *format, ...)
{
    char wrong[128], takes[128] = "";
    va_list arguments;
    size_t n = 0;

    va_start(arguments, format);
    vsnprintf(wrong, sizeof(wrong), format, arguments);
    va_end(arguments);
    for (const enum telemetry_parameter *t = p->takes; *t != PARAMETER_NONE; t++)
        n += (size_t)snprintf(takes + n, sizeof(takes) - n, "%s%s", n > 0 ? ", " : "",
                              known[*t].name);
    if (n == 0)
        snprintf(p->error, p->n_error, "%s: %s; it takes no parameter", p->command, wrong);
    else
        snprintf(p->error, p->n_error,
                 "%s: %s; it takes %s, in this order or by name, like %s,%s=%s", p->command, wrong,
                 takes, p->command, known[p->takes[0]].name,
                 known[p->takes[0]].is_text ? "NAME" : "0");
    return false;
}

static enum telemetry_parameter find_name(const struct parsing *p, const char *name)
{
    for (const enum telemetry_parameter *t = p->takes; *t != PARAMETER_NONE; t++)
        if (strcmp(known[*t].name, name) == 0)
            return *t;
    return PARAMETER_NONE;
}

static bool set_number(const struct parsing *p, const struct parameter *row, const char *value)
{
    uint32_t *to = (uint32_t *)(void *)((uint8_t *)p->out + row->at);
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end != '\0' || number >= UINT32_MAX)
        return refuse(p, "%s \"%.40s\" is no whole number from 0 to 4294967294", row->name, value);
    *to = (uint32_t)number;
    return true;
}

static bool set_text(const struct parsing *p, const struct parameter *row, const char *value)
{
    if (*value == '\0' || strlen(value) >= TELEMETRY_TEXT_BYTES)
        return refuse(p, "%s has %zu characters, not 1 to %d", row->name, strlen(value),
                      TELEMETRY_TEXT_BYTES - 1);
    strcpy((char *)p->out + row->at, value);
    return true;
}

static bool set(struct parsing *p, char *word)
{
    char *value = strchr(word, '=');
    enum telemetry_parameter which;

    if (value != NULL) {
        *value++ = '\0';
        which = find_name(p, word);
    } else {
        value = word;
        which = p->takes[p->n_positional++];
    }
    if (which == PARAMETER_NONE)
        return value == word ? refuse(p, "\"%.40s\" is one parameter too many", word)
                             : refuse(p, "it knows no \"%.40s\"", word);
    if (p->given & 1u << which)
        return refuse(p, "%s is given twice", known[which].name);
    p->given |= 1u << which;
    return known[which].is_text ? set_text(p, &known[which], value)
                                : set_number(p, &known[which], value);
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

bool telemetry_parse(const char *command, const char *text, const enum telemetry_parameter *takes,
                     struct telemetry_parameters *out, char *error, size_t n_error)
{
    struct parsing p = {
        .command = command, .takes = takes, .out = out, .error = error, .n_error = n_error};
    char copy[LONGEST_BYTES];
    char *rest = copy, *word;

    *out = (struct telemetry_parameters){0};
    if (text == NULL)
        text = "";
    if (strlen(text) >= sizeof(copy) || !is_printable(text))
        return refuse(&p,
                      "its parameters are longer than %zu characters, or have some that are no "
                      "printable ASCII",
                      sizeof(copy) - 1);
    strcpy(copy, text);
    while (*text != '\0' && (word = strsep(&rest, ",")) != NULL)
        if (!set(&p, word))
            return false;
    for (const enum telemetry_parameter *t = takes; *t != PARAMETER_NONE; t++)
        if (known[*t].is_required && !(p.given & 1u << *t))
            return refuse(&p, "which %s?", known[*t].name);
    return true;
}

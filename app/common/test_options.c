/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/test_options.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/set_option.h"

/* Options that set one parameter of the test: X(key, option, argument, parameter, kind, help). */
#define PARAMETER_OPTIONS(X)                                                                       \
    X(RULE, "rule", "RULE", "rule", WORD, "anytime (default), or penny, the paper's")              \
    X(UNITS, "units", "UNIT[,...]", "units", WORDS,                                                \
      "What to drop: data (default), handshake, quic")                                             \
    X(PROBABILITY, "drop-probability", "P", "drop_probability", NUMBER,                            \
      "Drop a droppable segment with probability P")                                               \
    X(MAX_DROPS, "max-drops", "N", "max_drops_per_aggregate", INTEGER,                             \
      "Drop at most N segments of each aggregate")                                                 \
    X(MAX_DROPS_PER_FLOW, "max-drops-per-flow", "N", "max_drops_per_flow", INTEGER,                \
      "Drop at most N segments of one flow")                                                       \
    X(TIMEOUT, "retransmission-timeout", "SECONDS", "retransmission_timeout_ms", SECONDS,          \
      "Wait so long for a dropped segment to come back")                                           \
    X(DURATION, "duration", "SECONDS", "max_duration_ms", SECONDS,                                 \
      "End the test after so long at the latest")                                                  \
    X(ALPHA, "alpha", "P", "alpha", NUMBER,                                                        \
      "Rule anytime: greatest probability of a wrong closed_loop")                                 \
    X(NO_INDIVIDUAL, "no-individual", NULL, "fallback_to_individual", NO,                          \
      "Do not go on with single flows when the aggregate says no")                                 \
    X(SEED, "seed", "N", "seed", INTEGER,                                                          \
      "Seed of the coin, to repeat a replay; refused where drops are real")

enum parameter_kind { KIND_WORD, KIND_WORDS, KIND_INTEGER, KIND_NUMBER, KIND_SECONDS, KIND_NO };

enum {
    KEY_SOURCE = TEST_OPTIONS_FIRST_KEY,
    KEY_DESTINATION,
    KEY_MODE,
    KEY_SET,
    KEY_JSON,
#define X(key, option, argument, parameter, kind, help) KEY_##key,
    PARAMETER_OPTIONS(X)
#undef X
};

static const struct parameter_row {
    int key;
    const char *option, *parameter;
    enum parameter_kind kind;
} parameter_rows[] = {
#define X(key, option, argument, parameter, kind, help) {KEY_##key, option, parameter, KIND_##kind},
    PARAMETER_OPTIONS(X)
#undef X
};

static const struct argp_option argp_rows[] = {
    {"source", KEY_SOURCE, "CIDR[,...]", 0, "Test traffic from these prefixes, one verdict each",
     0},
    {"destination", KEY_DESTINATION, "CIDR[,...]", 0, "Only traffic to these prefixes", 0},
    {"mode", KEY_MODE, "MODE", 0, "active (default): drop and watch; passive: watch; off: count",
     0},
#define X(key, option, argument, parameter, kind, help) {option, KEY_##key, argument, 0, help, 0},
    PARAMETER_OPTIONS(X)
#undef X
        {"set", KEY_SET, "NAME=VALUE", 0, "Set any parameter of a test by its configuration name",
         0},
    {"json", KEY_JSON, NULL, 0, "Print the summary as JSON", 0},
    {0},
};

const char *test_options_text(struct argp_state *state, const char *argument)
{
    json_t *text = json_string(argument);

    if (text == NULL)
        argp_error(state, "\"%s\" is no UTF-8", argument);
    json_decref(text);
    return argument;
}

static json_t *text_of(struct argp_state *state, const char *argument)
{
    return json_string(test_options_text(state, argument));
}

static void add_texts(struct argp_state *state, json_t *list, const char *argument)
{
    test_options_text(state, argument);
    if (!set_option_list(list, argument))
        argp_error(state, "\"%s\": an empty prefix; write CIDR,CIDR,...", argument);
}

/* A number as JSON writes it, or NULL. */
static json_t *number_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    if (json_is_number(value))
        return value;
    json_decref(value);
    return NULL;
}

static json_t *milliseconds_of(const char *text)
{
    json_t *value = number_of(text);
    double ms = round(json_number_value(value) * 1000);

    json_decref(value);
    return value != NULL && ms >= 0 && ms <= UINT32_MAX ? json_integer((json_int_t)ms) : NULL;
}

static json_t *words_of(struct argp_state *state, const char *argument)
{
    json_t *words = json_array();

    test_options_text(state, argument);
    if (set_option_list(words, argument))
        return words;
    json_decref(words);
    return NULL;
}

static json_t *parameter_value(struct argp_state *state, const struct parameter_row *row,
                               const char *argument)
{
    json_t *value;

    switch (row->kind) {
    case KIND_WORD:
        return text_of(state, argument);
    case KIND_WORDS:
        return words_of(state, argument);
    case KIND_NO:
        return json_false();
    case KIND_SECONDS:
        return milliseconds_of(argument);
    case KIND_INTEGER:
    case KIND_NUMBER:
        value = number_of(argument);
        if (row->kind == KIND_NUMBER || json_is_integer(value))
            return value;
        json_decref(value);
        break;
    }
    return NULL;
}

static const char *allowed_of(enum parameter_kind kind)
{
    return kind == KIND_SECONDS   ? "seconds, like 3 or 0.5"
           : kind == KIND_INTEGER ? "a whole number"
           : kind == KIND_WORDS   ? "words with a comma between them"
                                  : "a number, like 0.05";
}

static void set_parameter(struct argp_state *state, struct test_options *o,
                          const struct parameter_row *row, const char *argument)
{
    json_t *value = parameter_value(state, row, argument);

    if (value == NULL)
        argp_error(state, "--%s: \"%s\"; allowed: %s", row->option, argument,
                   allowed_of(row->kind));
    if (row->key == KEY_DURATION)
        o->duration_ms = (uint32_t)json_integer_value(value);
    json_object_set_new(o->parameters, row->parameter, value);
}

static void init(struct argp_state *state, struct test_options *o)
{
    o->sources = json_array();
    o->destinations = json_array();
    o->parameters = json_object();
    if (o->sources == NULL || o->destinations == NULL || o->parameters == NULL)
        argp_failure(state, 1, 0, "not enough memory to read the command line");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct test_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        init(state, o);
        return 0;
    case KEY_SOURCE:
        add_texts(state, o->sources, argument);
        return 0;
    case KEY_DESTINATION:
        add_texts(state, o->destinations, argument);
        return 0;
    case KEY_MODE:
        o->mode = test_options_text(state, argument);
        return 0;
    case KEY_SET:
        test_options_text(state, argument);
        if (!set_option(o->parameters, argument))
            argp_error(state, "--set: \"%s\"; write NAME=VALUE, like max_duplicate_ratio=0.2",
                       argument);
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    case ARGP_KEY_END:
        if (json_array_size(o->sources) == 0 && !o->needs_no_source)
            argp_error(state, "what to test? Give --source CIDR, like --source 192.0.2.0/24");
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(parameter_rows); i++)
        if (parameter_rows[i].key == key) {
            set_parameter(state, o, &parameter_rows[i], argument);
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

const struct argp test_options_argp = {argp_rows, parse, NULL, NULL, NULL, NULL, NULL};

/* Names of slices know letters, digits, '.', '_' and '-', and begin with no sign. */
static json_t *slice_name(const char *source)
{
    char name[128];
    size_t used = 0;

    if (!isalnum((unsigned char)*source))
        used = (size_t)snprintf(name, sizeof(name), "any");
    for (; *source != '\0' && used + 1 < sizeof(name); source++)
        name[used++] = *source == '/' ? '_' : *source == ':' ? '.' : *source;
    name[used] = '\0';
    return json_string(name);
}

json_t *test_options_compose(const struct test_options *o)
{
    json_t *slices = json_array(), *source;
    size_t i;

    json_array_foreach (o->sources, i, source) {
        json_t *slice =
            json_pack("{s:o, s:[O], s:s}", "name", slice_name(json_string_value(source)), "sources",
                      source, "mode", o->mode != NULL ? o->mode : "active");

        if (json_array_size(o->destinations) > 0)
            json_object_set(slice, "destinations", o->destinations);
        json_array_append_new(slices, slice);
    }
    return json_pack("{s:O, s:o}", "defaults", o->parameters, "slices", slices);
}

static const struct parameter_row *row_of_parameter(const char *parameter)
{
    for (size_t i = 0; i < ARRAY_LENGTH(parameter_rows); i++)
        if (strcmp(parameter_rows[i].parameter, parameter) == 0)
            return &parameter_rows[i];
    return NULL;
}

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The parameter at a place in the composed document, or NULL. Those that do not go together are
 * refused at the slice, which has them from "defaults". */
static const char *parameter_of_path(const char *path)
{
    static const char defaults[] = "$.defaults.";
    const char *key;

    if (begins_with(path, defaults))
        return path + sizeof(defaults) - 1;
    key = begins_with(path, "$.slices[") ? strstr(path, "].") : NULL;
    if (key == NULL)
        return NULL;
    key += strlen("].");
    return begins_with(key, "sources") || begins_with(key, "destinations") ||
                   strcmp(key, "mode") == 0 || strcmp(key, "name") == 0
               ? NULL
               : key;
}

/* The option that a place in the composed document was made from, or NULL. */
static const char *option_of_path(const char *path, char *buffer, size_t n)
{
    const char *parameter = parameter_of_path(path);
    const struct parameter_row *row;

    if (parameter == NULL && begins_with(path, "$.slices[")) {
        bool destination = strstr(path, ".destinations") != NULL;

        return strstr(path, ".mode") != NULL ? "--mode"
               : destination                 ? "--destination"
                                             : "--source";
    }
    if (parameter == NULL)
        return NULL;
    row = row_of_parameter(parameter);
    snprintf(buffer, n, row != NULL ? "--%s" : "--set %s", row != NULL ? row->option : parameter);
    return buffer;
}

const char *test_options_explain(const struct config_error *error, char *out, size_t n)
{
    char buffer[sizeof(error->path) + 8];
    const char *option = option_of_path(error->path, buffer, sizeof(buffer));
    const char *text = error->text;

    if (option != NULL && strncmp(text, error->path, strlen(error->path)) == 0)
        snprintf(out, n, "%s%s", option, text + strlen(error->path));
    else
        snprintf(out, n, "%s", text);
    return out;
}

void test_options_free(struct test_options *o)
{
    json_decref(o->sources);
    json_decref(o->destinations);
    json_decref(o->parameters);
    *o = (struct test_options){0};
}

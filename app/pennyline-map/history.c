/* SPDX-License-Identifier: BSD-3-Clause */
/* What the store knows, for a person: alarms, and what happened to a prefix. */
#include <stdio.h>

#include "base/address.h"
#include "common/exit_codes.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/say.h"
#include "pennyline-map/store.h"
#include "json/json.h"

#define MOST_ALARMS 1000

static int show_json(json_t *rows)
{
    json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_ALL_DIGITS);
    printf("\n");
    return EXIT_SUCCESS;
}

static void show_alarm(const json_t *event)
{
    char prefix[JSON_TEXT_BYTES], ingress[JSON_TEXT_BYTES];

    printf("%-16s  %-8s  %-12s  %-23s  %-19s  %-16s  %s\n", json_string_at(event, "id"),
           json_string_at(event, "severity"), json_string_at(event, "state"),
           json_string_at(event, "kind"), json_text_at(event, "prefix", prefix),
           json_text_at(event, "ingress", ingress), json_string_at(event, "raised"));
    printf("    %s\n", json_string_at(event, "text"));
}

int command_alarms(const struct options *o)
{
    char error[STORE_ERROR_BYTES];
    struct store *s = store_attach(o->store, false, error);
    json_t *rows = s != NULL ? store_alarms(s, !o->all, MOST_ALARMS, error) : NULL;
    const json_t *row;
    size_t i;

    store_close(s);
    if (rows == NULL) {
        say("%s", error);
        return EXIT_ERROR;
    }
    if (o->json) {
        show_json(rows);
    } else {
        if (json_array_size(rows) == 0)
            printf("no alarm is up\n");
        else
            printf("%-16s  %-8s  %-12s  %-23s  %-19s  %-16s  %s\n", "id", "severity", "state",
                   "kind", "prefix", "ingress", "raised");
        json_array_foreach (rows, i, row)
            show_alarm(row);
    }
    json_decref(rows);
    return EXIT_SUCCESS;
}

static void show_row(const json_t *row)
{
    char at[JSON_TEXT_BYTES], prefix[JSON_TEXT_BYTES], ingress[JSON_TEXT_BYTES],
        value[JSON_TEXT_BYTES];

    printf("%-24s  %-19s  %-16s  %-14s  %-14s  %s\n", json_text_at(row, "at", at),
           json_text_at(row, "prefix", prefix), json_text_at(row, "ingress", ingress),
           json_string_at(row, "what"), json_text_at(row, "value", value),
           json_has_at(row, "event.text") ? json_string_at(row, "event.text")
                                          : json_string_at(row, "event.reason"));
}

int command_history(const struct options *o)
{
    char error[STORE_ERROR_BYTES], text[IP_TEXT_BYTES];
    struct ip_prefix prefix;
    struct store *s;
    json_t *rows;
    const json_t *row;
    size_t i;

    if (o->n_words > 0 && ip_prefix_parse(o->words[0], &prefix) != 0) {
        say("\"%s\"; allowed: a prefix or an address, as 192.0.2.0/24 or 2001:db8::1", o->words[0]);
        return EXIT_USAGE;
    }
    s = store_attach(o->store, false, error);
    rows = s != NULL ? store_history(s, o->n_words > 0 ? ip_prefix_format(&prefix, text) : NULL,
                                     o->count, error)
                     : NULL;
    store_close(s);
    if (rows == NULL) {
        say("%s", error);
        return EXIT_ERROR;
    }
    if (o->json)
        show_json(rows);
    else
        json_array_foreach (rows, i, row)
            show_row(row);
    json_decref(rows);
    return EXIT_SUCCESS;
}

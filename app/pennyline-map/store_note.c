/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written: events of the log, and what is forgotten again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert/alert.h"
#include "pennyline-map/store_internal.h"
#include "json/json.h"

/* Of each table and turn, so that no transaction is long. */
#define FORGET_ROWS "2000"
#define MIB         (1024 * 1024)

static int begin(struct store *s)
{
    int result = s->is_in_transaction ? 0 : store_run(s, "BEGIN IMMEDIATE", NULL, 0);

    s->is_in_transaction = result == 0;
    return result;
}

static const char *text_or_null(const json_t *event, const char *member)
{
    return json_string_value(json_at(event, member));
}

static int note_transition(struct store *s, const json_t *event, const char *what,
                           const char *value, const char *detail)
{
    const char *const values[] = {text_or_null(event, "time"),
                                  text_or_null(event, "prefix"),
                                  text_or_null(event, "ingress"),
                                  what,
                                  value,
                                  detail};

    return store_run(s,
                     "INSERT INTO transition(at, prefix, ingress, what, value, event) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                     values, 6);
}

static int note_alarm(struct store *s, const json_t *event)
{
    const bool is_up =
        alert_is_active(event) ||
        (strcmp(json_string_at(event, "state"), "accepted") == 0 && !json_has_at(event, "ended"));
    char *text = json_dumps(event, JSON_COMPACT | JSON_ALL_DIGITS);
    const char *const values[] = {text_or_null(event, "id"),
                                  is_up ? "1" : "0",
                                  text_or_null(event, "time"),
                                  text_or_null(event, "prefix"),
                                  text_or_null(event, "ingress"),
                                  text_or_null(event, "kind"),
                                  text};
    int result = text == NULL ? -EIO
                              : store_run(s,
                                          "INSERT OR REPLACE INTO alarm VALUES(?1, "
                                          "CAST(?2 AS INTEGER), ?3, ?4, ?5, ?6, ?7)",
                                          values, 7);

    if (result == 0)
        result = note_transition(s, event, json_string_at(event, "event"),
                                 json_string_at(event, "state"), text);
    free(text);
    return result;
}

/* The report of a test is long; what is asked of a verdict later is kept. */
static int note_verdict(struct store *s, const json_t *event)
{
    static const char *const kept[] = {"slice",   "verdict", "provisional",   "mixed",   "reason",
                                       "log10_e", "dropped", "retransmitted", "packets", "n_tests"};
    const json_t *report = json_object_get(event, "report");
    json_t *detail = json_object();
    int result;
    char *text;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        json_t *value = json_at(report, kept[i]);

        if (value != NULL)
            json_object_set(detail, kept[i], value);
    }
    if (json_object_get(event, "label") != NULL)
        json_object_set(detail, "label", json_object_get(event, "label"));
    text = json_dumps(detail, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(detail);
    result = text == NULL ? -EIO
                          : note_transition(s, event, json_string_at(event, "event"),
                                            json_string_at(report, "verdict"), text);
    free(text);
    return result;
}

static int note_change(struct store *s, const json_t *event)
{
    char *text = json_dumps(event, JSON_COMPACT | JSON_ALL_DIGITS);
    int result = text == NULL ? -EIO
                              : note_transition(s, event, json_string_at(event, "event"),
                                                text_or_null(event, "grade"), text);

    free(text);
    return result;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

int store_note_event(struct store *s, const json_t *event)
{
    static const char *const alarms[] = {ALERT_EVENT, ALERT_EVENT_MUTED, NULL};
    static const char *const verdicts[] = {"verdict", "test_ended", NULL};
    const char *name = json_string_at(event, "event");
    int (*note)(struct store *, const json_t *) = NULL;
    int result;

    if (is_one_of(name, alarms) && *json_string_at(event, "id") != '\0')
        note = note_alarm;
    else if (is_one_of(name, verdicts) && json_is_object(json_object_get(event, "report")))
        note = note_verdict;
    else if (strncmp(name, "map_", 4) == 0 || strcmp(name, "ingress_discovered") == 0 ||
             strncmp(name, "expectation_", 12) == 0)
        note = note_change;
    if (note == NULL)
        return 0;
    result = begin(s);
    return result == 0 ? note(s, event) : result;
}

static int64_t forget_before(struct store *s, const char *limit)
{
    static const char *const statements[] = {
        /* They came in order. */
        "DELETE FROM transition WHERE number IN (SELECT number FROM transition ORDER BY number "
        "LIMIT " FORGET_ROWS ") AND at < ?1",
        "DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE NOT active AND changed < ?1 "
        "LIMIT " FORGET_ROWS ")",
        "DELETE FROM usage_hour WHERE (prefix, ingress, hour) IN (SELECT prefix, ingress, hour "
        "FROM usage_hour WHERE hour < ?1 LIMIT " FORGET_ROWS ")",
        "DELETE FROM entry WHERE (prefix, ingress) IN (SELECT prefix, ingress FROM entry WHERE "
        "seen < ?1 LIMIT " FORGET_ROWS ")",
    };
    int64_t n = 0;

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (store_run(s, statements[i], &limit, 1) == 0)
            n += sqlite3_changes64(s->db);
    return n;
}

static void time_text(time_t seconds, char out[32])
{
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static int64_t used_bytes(struct store *s)
{
    return (store_number(s, "PRAGMA page_count", 0) - store_number(s, "PRAGMA freelist_count", 0)) *
           store_number(s, "PRAGMA page_size", 0);
}

int64_t store_forget(struct store *s, uint32_t days, uint32_t mib)
{
    char limit[32];
    int64_t n = 0;

    if (begin(s) != 0)
        return 0;
    if (days > 0) {
        time_text(time(NULL) - (time_t)days * 86400, limit);
        n += forget_before(s, limit);
    }
    if (mib > 0 && used_bytes(s) > (int64_t)mib * MIB) {
        static const char *const oldest[] = {
            "DELETE FROM transition WHERE number IN (SELECT number FROM transition ORDER BY number "
            "LIMIT " FORGET_ROWS ")",
            "DELETE FROM usage_hour WHERE (prefix, ingress, hour) IN (SELECT prefix, ingress, hour "
            "FROM usage_hour ORDER BY hour LIMIT " FORGET_ROWS ")",
        };

        for (size_t i = 0; i < sizeof(oldest) / sizeof(oldest[0]); i++)
            if (store_run(s, oldest[i], NULL, 0) == 0)
                n += sqlite3_changes64(s->db);
    }
    if (n > 0)
        store_run(s, "PRAGMA incremental_vacuum(1000)", NULL, 0);
    return n;
}

int store_note_sent(struct store *s, const char *output, int64_t number)
{
    char text[24];
    const char *const values[] = {output, text};

    snprintf(text, sizeof(text), "%lld", (long long)number);
    return store_run(s, "INSERT OR REPLACE INTO sent VALUES(?1, CAST(?2 AS INTEGER))", values, 2);
}

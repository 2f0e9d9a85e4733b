/* SPDX-License-Identifier: BSD-3-Clause */
/* What people ask of the map's tests and alarms, and say to them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "deciding_internal.h"
#include "json/json.h"

#define MOST_SHOWN 1000

struct asked {
    struct deciding *d;
    const json_t *request;
    uint64_t now_ns;
    char *error;
    size_t n_error;
};

static json_t *alarm_json(const struct deciding *d, const struct alarm *alarm, uint64_t now_ns)
{
    return alert_event(alarm, ALARM_GOES_ON, &d->names, d->appliance->report_clock.wall_offset_ns,
                       now_ns);
}

static json_t *accepts_json(const struct deciding *d)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < alarms_n_accepts(d->alarms); i++) {
        const struct alarm_accept_row *row = alarms_accept_at(d->alarms, i);
        char text[IP_TEXT_BYTES];

        json_array_append_new(
            out,
            json_pack(
                "{s:o, s:o, s:o, s:s}", "kind",
                row->kind == ALARM_N_KINDS ? json_null() : json_string(alarm_kind_name(row->kind)),
                "ingress",
                row->at == ALARM_NO_INGRESS ? json_null()
                                            : json_string(deciding_place_name(d, row->at)),
                "prefix",
                row->has_prefix ? json_string(ip_prefix_format(&row->prefix, text)) : json_null(),
                "who", row->who));
    }
    return out;
}

static json_t *show_alarms(struct asked *q)
{
    json_t *alarms = json_array();
    const struct alarm *alarm;

    for (uint32_t i = 0; i < MOST_SHOWN && (alarm = alarms_at(q->d->alarms, i)) != NULL; i++)
        json_array_append_new(alarms, alarm_json(q->d, alarm, q->now_ns));
    return json_pack("{s:b, s:b, s:o, s:o}", "on", (int)q->d->appliance->config->map.alarms,
                     "restored", (int)q->d->is_restored, "alarms", alarms, "accepted",
                     accepts_json(q->d));
}

struct shown {
    const struct deciding *d;
    json_t *rows;
};

static void show_waiting(void *context, enum schedule_class class,
                         const struct schedule_candidate *c, enum schedule_refusal refused)
{
    const struct shown *shown = context;
    const struct ip_prefix prefix = map_key_prefix(&c->key);
    char text[IP_TEXT_BYTES];

    if (json_array_size(shown->rows) >= MOST_SHOWN)
        return;
    json_array_append_new(
        shown->rows,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:o}", "class", schedule_class_name(class),
                  "prefix", ip_prefix_format(&prefix, text), "ingress",
                  deciding_place_name(shown->d, c->key.ingress), "grade",
                  expect_grade_name((enum expect_grade)c->grade), "reality",
                  map_reality_name((enum map_reality_state)c->reality), "bytes_per_s",
                  c->bytes_per_s, "refused",
                  refused == SCHEDULE_N_REFUSALS ? json_null()
                                                 : json_string(schedule_refusal_name(refused))));
}

static json_t *refusals_json(const struct schedule_counters *c)
{
    json_t *out = json_object();

    for (int i = 0; i < SCHEDULE_N_REFUSALS; i++)
        json_object_set_new(out, schedule_refusal_name((enum schedule_refusal)i),
                            json_integer((json_int_t)c->n_refused[i]));
    return out;
}

static json_t *show_queue(struct asked *q)
{
    const struct schedule_counters *c = schedule_counters(q->d->schedule);
    const struct shown shown = {q->d, json_array()};
    json_t *begun = json_object(), *ended = json_object();

    schedule_each(q->d->schedule, q->now_ns, show_waiting, (void *)&shown);
    for (int i = 0; i < SCHEDULE_N_CLASSES; i++)
        json_object_set_new(begun, schedule_class_name((enum schedule_class)i),
                            json_integer((json_int_t)c->n_begun[i]));
    for (int i = 0; i < MAP_N_REALITIES; i++)
        if (c->n_ended[i] > 0)
            json_object_set_new(ended, map_reality_name((enum map_reality_state)i),
                                json_integer((json_int_t)c->n_ended[i]));
    return json_pack("{s:b, s:o, s:I, s:I, s:o, s:o, s:o}", "on",
                     (int)q->d->appliance->config->map.tests, "waiting", shown.rows, "under_way",
                     (json_int_t)schedule_n_under_way(q->d->schedule), "drops_left",
                     (json_int_t)schedule_left(q->d->schedule), "begun", begun, "ended", ended,
                     "refused", refusals_json(c));
}

/* Always NULL. */
static json_t *refuse(const struct asked *q, const char *format, const char *what)
{
    snprintf(q->error, q->n_error, format, what);
    return NULL;
}

static const char *words_of(int error)
{
    return error == -ENOENT     ? "no alarm of this id is up; \"map alarms\" lists them"
           : error == -EALREADY ? "it is that already"
           : error == -ENOSPC   ? "there are as many as there may be"
                                : strerror(-error);
}

static json_t *acknowledge(struct asked *q)
{
    const int error =
        alarms_acknowledge(q->d->alarms, strtoull(json_string_at(q->request, "id"), NULL, 16),
                           json_string_at(q->request, "on_behalf_of"), q->now_ns);

    return error == 0 ? json_object() : refuse(q, "%s", words_of(error));
}

static bool read_row(struct asked *q, struct alarm_accept_row *row)
{
    const char *prefix = json_string_value(json_object_get(q->request, "prefix"));
    const char *ingress = json_string_value(json_object_get(q->request, "ingress"));

    if (prefix == NULL && ingress == NULL) {
        refuse(q, "%s", "give an id, or a prefix, an ingress, or both");
        return false;
    }
    row->has_prefix = prefix != NULL;
    if (prefix != NULL && ip_prefix_parse(prefix, &row->prefix) != 0) {
        refuse(q, "\"%.100s\"; allowed: a prefix or an address, as 192.0.2.0/24", prefix);
        return false;
    }
    if (ingress != NULL)
        row->at = q->d->names.number(q->d, ingress);
    if (ingress != NULL && row->at == ALARM_NO_INGRESS) {
        refuse(q, "\"%.100s\" is no ingress of the map; \"map summary\" lists them", ingress);
        return false;
    }
    return true;
}

static json_t *accept(struct asked *q)
{
    const char *id = json_string_value(json_object_get(q->request, "id"));
    const char *who = json_string_at(q->request, "on_behalf_of");
    const json_int_t hours = json_integer_value(json_object_get(q->request, "hours"));
    struct alarm_accept_row row = {.kind = ALARM_N_KINDS, .at = ALARM_NO_INGRESS};
    int error;

    row.until_ns = hours > 0 ? (int64_t)q->now_ns + hours * 3600 * (int64_t)NS_PER_S : 0;
    snprintf(row.who, sizeof(row.who), "%s", who);
    if (id != NULL)
        error = alarms_accept(q->d->alarms, strtoull(id, NULL, 16), who, row.until_ns, q->now_ns);
    else if (read_row(q, &row))
        error = json_is_true(json_object_get(q->request, "remove"))
                    ? alarms_remove_accept(q->d->alarms, &row, q->now_ns)
                    : alarms_add_accept(q->d->alarms, &row, q->now_ns);
    else
        return NULL;
    return error == 0 ? json_object() : refuse(q, "%s", words_of(error));
}

/* Events of alarms that were up, from who remembers them. */
static json_t *restore(struct asked *q)
{
    const json_t *alarms = json_object_get(q->request, "alarms"), *event;
    json_t *refused = json_array();
    json_int_t n = 0;
    size_t i;

    if (q->d->is_restored)
        return refuse(q, "%s", "too late: it is in force without what was before");
    json_array_foreach (alarms, i, event) {
        char error[ALERT_ERROR_BYTES] = "";
        struct alarm alarm;
        int failure = alert_read(event, &q->d->names, q->d->appliance->report_clock.wall_offset_ns,
                                 &alarm, error);

        if (failure == 0)
            failure = alarms_restore(q->d->alarms, &alarm, q->now_ns);
        if (failure == 0)
            n++;
        else
            json_array_append_new(refused,
                                  json_string(error[0] != '\0' ? error : strerror(-failure)));
    }
    if (!json_is_true(json_object_get(q->request, "more")))
        deciding_restored(q->d);
    return json_pack("{s:I, s:o}", "restored", n, "refused", refused);
}

json_t *deciding_command(struct deciding *d, const char *command, const json_t *request,
                         uint64_t now_ns, char *error, size_t n_error)
{
    static const struct {
        const char *name;
        json_t *(*run)(struct asked *q);
    } commands[] = {{"map alarms", show_alarms},
                    {"map queue", show_queue},
                    {"map acknowledge", acknowledge},
                    {"map accept", accept},
                    {"map restore", restore}};
    struct asked q = {d, request, now_ns, error, n_error};
    json_t *answer = NULL;
    bool is_known = false;

    if (d == NULL)
        return refuse(&q, "%s", "there is no memory for tests and alarms here");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, command) == 0) {
            answer = commands[i].run(&q);
            is_known = true;
        }
    return is_known ? answer : refuse(&q, "\"%.64s\": no such command", command);
}

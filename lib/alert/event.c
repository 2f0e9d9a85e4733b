/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert/alert.h"
#include "base/time.h"
#include "json/json.h"

#define TIME_BYTES 32

const char *alert_event_name(const struct alarm *alarm)
{
    return alarm->is_muted ? ALERT_EVENT_MUTED : ALERT_EVENT;
}

/* RFC 3339; null for 0. */
static json_t *wall_json(int64_t ns, int64_t wall_offset_ns)
{
    const int64_t wall_ms = (ns + wall_offset_ns) / (int64_t)NS_PER_MS;
    const time_t seconds = (time_t)(wall_ms / 1000);
    char text[TIME_BYTES];
    struct tm utc;
    size_t n;

    if (ns == 0 || gmtime_r(&seconds, &utc) == NULL)
        return json_null();
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof(text) - n, ".%03dZ", (int)(wall_ms % 1000));
    return json_string(text);
}

static bool read_wall(const char *text, int64_t wall_offset_ns, int64_t *ns)
{
    struct tm utc = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    int ms = 0;

    if (rest == NULL || sscanf(rest, ".%3dZ", &ms) != 1)
        return false;
    *ns = (int64_t)timegm(&utc) * (int64_t)NS_PER_S + ms * (int64_t)NS_PER_MS - wall_offset_ns;
    return true;
}

static json_t *name_json(const struct alert_names *names, uint16_t ingress)
{
    return ingress == ALARM_NO_INGRESS ? json_null()
                                       : json_string(names->name(names->context, ingress));
}

static json_t *prefix_json(const struct ip_prefix *prefix)
{
    char text[IP_TEXT_BYTES];

    return json_string(ip_prefix_format(prefix, text));
}

static json_t *examples_json(const struct alarm *alarm)
{
    json_t *out = json_array();

    for (uint8_t i = 0; i < alarm->n_examples; i++)
        json_array_append_new(out, prefix_json(&alarm->examples[i]));
    return out;
}

static void add_words(json_t *event)
{
    char words[ALERT_WORDS_BYTES];

    json_object_set_new(event, "text", json_string(alert_words(event, words)));
}

json_t *alert_event(const struct alarm *alarm, enum alarm_news news,
                    const struct alert_names *names, int64_t wall_offset_ns, uint64_t now_ns)
{
    const struct alarm_cause *cause = &alarm->cause;
    const struct alarm_facts *facts = &alarm->facts;
    const int64_t until_ns = alarm->ended_ns != 0 ? alarm->ended_ns : (int64_t)now_ns;
    char id[17];
    json_t *event;

    snprintf(id, sizeof(id), "%016" PRIx64, alarm->id);
    event =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", id, "news",
                  alarm_news_name(news), "state", alarm_state_name(alarm->state), "kind",
                  alarm_kind_name(cause->kind), "severity", alarm_severity_name(facts->severity),
                  "prefix", cause->has_prefix ? prefix_json(&cause->prefix) : json_null(),
                  "ingress", name_json(names, cause->at), "from", name_json(names, cause->from));
    if (event == NULL)
        return NULL;
    json_object_update_new(
        event,
        json_pack("{s:o, s:o, s:o, s:f, s:I, s:I, s:o, s:I, s:I, s:f, s:o, s:o, s:f, s:s}",
                  "raised", wall_json(alarm->raised_ns, wall_offset_ns), "ended",
                  wall_json(alarm->ended_ns, wall_offset_ns), "accepted_until",
                  wall_json(alarm->accepted_until_ns, wall_offset_ns), "duration_s",
                  (double)(until_ns - alarm->raised_ns) / (double)NS_PER_S, "members",
                  (json_int_t)alarm->n_members, "members_ever", (json_int_t)alarm->n_members_ever,
                  "examples", examples_json(alarm), "packets", (json_int_t)alarm->packets, "bytes",
                  (json_int_t)alarm->bytes, "bytes_per_s", facts->bytes_per_s, "origin_as",
                  facts->origin_as != 0 ? json_integer(facts->origin_as) : json_null(),
                  "test_number", facts->test != 0 ? json_integer(facts->test) : json_null(),
                  "log10_evidence", (double)facts->log10_evidence, "who", alarm->who));
    add_words(event);
    return event;
}

static int wrong(char error[ALERT_ERROR_BYTES], const char *member)
{
    snprintf(error, ALERT_ERROR_BYTES, "\"%s\" is missing, or not what an alarm has there", member);
    return -EINVAL;
}

static bool read_ingress(const json_t *event, const char *member, const struct alert_names *names,
                         uint16_t *out)
{
    *out = ALARM_NO_INGRESS;
    if (!json_has_at(event, member))
        return true;
    *out = names->number(names->context, json_string_at(event, member));
    return *out != ALARM_NO_INGRESS;
}

static void read_examples(const json_t *event, struct alarm *out)
{
    const json_t *examples = json_object_get(event, "examples"), *example;
    size_t i;

    json_array_foreach (examples, i, example)
        if (out->n_examples < ALARM_EXAMPLES && json_is_string(example) &&
            ip_prefix_parse(json_string_value(example), &out->examples[out->n_examples]) == 0)
            out->n_examples++;
}

static uint64_t count_at(const json_t *event, const char *member)
{
    const json_int_t value = json_integer_value(json_object_get(event, member));

    return value > 0 ? (uint64_t)value : 0;
}

int alert_read(const json_t *event, const struct alert_names *names, int64_t wall_offset_ns,
               struct alarm *out, char error[ALERT_ERROR_BYTES])
{
    struct alarm_cause *cause = &out->cause;

    *out = (struct alarm){.id = strtoull(json_string_at(event, "id"), NULL, 16), .was_told = true};
    if (out->id == 0)
        return wrong(error, "id");
    if (!alarm_state_of(json_string_at(event, "state"), &out->state))
        return wrong(error, "state");
    if (!alarm_kind_of(json_string_at(event, "kind"), &cause->kind))
        return wrong(error, "kind");
    if (!alarm_severity_of(json_string_at(event, "severity"), &out->facts.severity))
        return wrong(error, "severity");
    cause->has_prefix = json_has_at(event, "prefix");
    if (cause->has_prefix && ip_prefix_parse(json_string_at(event, "prefix"), &cause->prefix) != 0)
        return wrong(error, "prefix");
    if (!read_ingress(event, "ingress", names, &cause->at))
        return wrong(error, "ingress");
    if (!read_ingress(event, "from", names, &cause->from))
        return wrong(error, "from");
    if (!read_wall(json_string_at(event, "raised"), wall_offset_ns, &out->raised_ns))
        return wrong(error, "raised");
    if (json_has_at(event, "accepted_until") && !read_wall(json_string_at(event, "accepted_until"),
                                                           wall_offset_ns, &out->accepted_until_ns))
        return wrong(error, "accepted_until");
    read_examples(event, out);
    out->n_members_ever = (uint32_t)count_at(event, "members_ever");
    out->packets = count_at(event, "packets");
    out->bytes = count_at(event, "bytes");
    out->facts.origin_as = (uint32_t)count_at(event, "origin_as");
    out->facts.test = (uint32_t)count_at(event, "test_number");
    snprintf(out->who, sizeof(out->who), "%s", json_string_at(event, "who"));
    return 0;
}

bool alert_is_active(const json_t *event)
{
    const char *state = json_string_at(event, "state");

    return strcmp(state, alarm_state_name(ALARM_RAISED)) == 0 ||
           strcmp(state, alarm_state_name(ALARM_ACKNOWLEDGED)) == 0;
}

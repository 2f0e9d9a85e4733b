/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms as events, lines of syslog and alerts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "alert/alert.h"
#include "base/time.h"
#include "json/json.h"

/* 2026-11-30T12:00:00Z at 1,000 s of the clock. */
#define WALL_S    1796040000
#define OFFSET_NS ((int64_t)(WALL_S - 1000) * (int64_t)NS_PER_S)

static const char *const places[] = {"ams-ix", "peer \"x]\\", "customer-1"};

static const char *name_of(void *context, uint16_t ingress)
{
    (void)context;
    return places[ingress];
}

static uint16_t number_of(void *context, const char *name)
{
    (void)context;
    for (uint16_t i = 0; i < 3; i++)
        if (strcmp(places[i], name) == 0)
            return i;
    return ALARM_NO_INGRESS;
}

static const struct alert_names names = {name_of, number_of, NULL};

static struct alarm hijack(void)
{
    struct alarm a = {.id = 0x00ab000000000001,
                      .state = ALARM_RAISED,
                      .cause = {.kind = ALARM_PART_OF_ROUTE_MOVED, .at = 1, .from = 0},
                      .facts = {.severity = ALARM_CRITICAL, .origin_as = 64500, .test = 7},
                      .raised_ns = 1000 * (int64_t)NS_PER_S + 250 * (int64_t)NS_PER_MS,
                      .n_members = 3,
                      .n_members_ever = 4,
                      .packets = 9,
                      .bytes = 1000,
                      .n_examples = 1};

    assert_int_equal(ip_prefix_parse("198.51.100.0/24", &a.cause.prefix), 0);
    a.cause.has_prefix = true;
    a.examples[0] = a.cause.prefix;
    return a;
}

static json_t *event_of(const struct alarm *a, enum alarm_news news)
{
    json_t *event = alert_event(a, news, &names, OFFSET_NS, 1060 * NS_PER_S);

    assert_non_null(event);
    json_object_set_new(event, "event", json_string(alert_event_name(a)));
    json_object_set_new(event, "time", json_string("2026-11-30T12:01:00.000Z"));
    return event;
}

static void an_event_gives_back_its_alarm(void **state)
{
    const struct alarm a = hijack();
    json_t *event = event_of(&a, ALARM_BEGAN);
    char error[ALERT_ERROR_BYTES];
    struct alarm b;

    (void)state;
    assert_string_equal(json_string_at(event, "raised"), "2026-11-30T12:00:00.250Z");
    /* The clock of another process began elsewhere. */
    assert_int_equal(alert_read(event, &names, OFFSET_NS + 5, &b, error), 0);
    assert_int_equal(b.id, a.id);
    assert_int_equal(b.state, a.state);
    assert_int_equal(b.cause.kind, a.cause.kind);
    assert_int_equal(b.cause.at, a.cause.at);
    assert_int_equal(b.cause.from, a.cause.from);
    assert_true(ip_prefix_equal(&b.cause.prefix, &a.cause.prefix));
    assert_int_equal(b.facts.severity, a.facts.severity);
    assert_int_equal(b.facts.origin_as, a.facts.origin_as);
    assert_int_equal(b.raised_ns, a.raised_ns - 5);
    assert_int_equal(b.n_members_ever, 4);
    assert_int_equal(b.n_examples, 1);
    assert_int_equal(b.packets, 9);
    assert_int_equal(b.bytes, 1000);
    json_decref(event);
}

static void an_event_that_is_none_is_refused_by_its_member(void **state)
{
    static const char *const needed[] = {"id",     "state",   "kind",  "severity",
                                         "prefix", "ingress", "raised"};
    const struct alarm a = hijack();
    char error[ALERT_ERROR_BYTES];
    struct alarm b;

    (void)state;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        json_t *event = event_of(&a, ALARM_BEGAN);

        json_object_set_new(event, needed[i], json_string("nonsense"));
        assert_true(alert_read(event, &names, OFFSET_NS, &b, error) != 0);
        assert_non_null(strstr(error, needed[i]));
        json_decref(event);
    }
}

static void a_line_of_syslog_is_as_rfc_5424_wants_it(void **state)
{
    const struct alarm a = hijack();
    json_t *event = event_of(&a, ALARM_BEGAN);
    char line[ALERT_SYSLOG_BYTES];
    size_t n;

    (void)state;
    n = alert_syslog(event, "pop1", 16, line);
    assert_int_equal(n, strlen(line));
    assert_string_equal(
        line, "<130>1 2026-11-30T12:01:00.000Z pop1 pennyline - INGRESS [ingress@32473 "
              "id=\"00ab000000000001\" kind=\"part_of_route_moved\" state=\"raised\" "
              "news=\"began\" severity=\"critical\" prefix=\"198.51.100.0/24\" "
              "ingress=\"peer \\\"x\\]\\\\\" from=\"ams-ix\" raised=\"2026-11-30T12:00:00.250Z\" "
              "origin_as=\"64500\" members_ever=\"4\" packets=\"9\" bytes=\"1000\"] "
              "\xEF\xBB\xBF"
              "198.51.100.0/24 (AS64500) and 3 more really enters at peer "
              "\"x]\\, and the rest of its route does not; it is expected at ams-ix");
    assert_true(alert_syslog(event, "has blank", 16, line) > 0);
    assert_non_null(strstr(line, "Z - pennyline"));
    json_decref(event);
}

static void an_alert_is_the_same_by_its_labels_until_it_is_over(void **state)
{
    struct alarm a = hijack();
    json_t *began = event_of(&a, ALARM_BEGAN), *ended, *one, *other;

    (void)state;
    a.state = ALARM_CLEARED;
    a.ended_ns = 1050 * (int64_t)NS_PER_S;
    a.facts.severity = ALARM_WARNING;
    a.n_members = 0;
    ended = event_of(&a, ALARM_ENDED);
    one = alert_alertmanager(began, "pop1");
    other = alert_alertmanager(ended, "pop1");
    assert_true(json_equal(json_object_get(one, "labels"), json_object_get(other, "labels")));
    assert_string_equal(json_string_at(one, "labels.kind"), "part_of_route_moved");
    assert_string_equal(json_string_at(one, "labels.box"), "pop1");
    assert_string_equal(json_string_at(one, "startsAt"), "2026-11-30T12:00:00.250Z");
    assert_string_equal(json_string_at(one, "annotations.members_ever"), "4");
    assert_null(json_object_get(one, "endsAt"));
    assert_string_equal(json_string_at(other, "endsAt"), "2026-11-30T12:00:50.000Z");
    assert_true(alert_is_active(began));
    assert_false(alert_is_active(ended));
    json_decref(began);
    json_decref(ended);
    json_decref(one);
    json_decref(other);
}

static void what_is_muted_goes_nowhere(void **state)
{
    struct alarm a = hijack();
    char line[ALERT_SYSLOG_BYTES];
    json_t *event;

    (void)state;
    a.is_muted = true;
    event = event_of(&a, ALARM_BEGAN);
    assert_int_equal(alert_syslog(event, "pop1", 3, line), 0);
    assert_null(alert_alertmanager(event, "pop1"));
    json_decref(event);
}

static void each_kind_has_a_sentence(void **state)
{
    struct alarm a = hijack();

    (void)state;
    for (int kind = 0; kind < ALARM_N_KINDS; kind++) {
        json_t *event;

        a.cause.kind = (enum alarm_kind)kind;
        event = event_of(&a, ALARM_BEGAN);
        assert_true(strlen(json_string_at(event, "text")) > 10);
        json_decref(event);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_gives_back_its_alarm),
        cmocka_unit_test(an_event_that_is_none_is_refused_by_its_member),
        cmocka_unit_test(a_line_of_syslog_is_as_rfc_5424_wants_it),
        cmocka_unit_test(an_alert_is_the_same_by_its_labels_until_it_is_over),
        cmocka_unit_test(what_is_muted_goes_nowhere),
        cmocka_unit_test(each_kind_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

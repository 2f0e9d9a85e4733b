/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "../manager/box.h"

/* The box's clock starts at one second; it is noon of 2026-01-02 then. */
#define NOON_NS (INT64_C(1767355200) * 1000000000)

static struct report_clock clock_of(const struct box *b)
{
    (void)b;
    return (struct report_clock){
        .started_ns = NS_PER_S, .has_wall = true, .wall_offset_ns = NOON_NS - (int64_t)NS_PER_S};
}

static void drop_and_end(struct box *b, uint32_t aggregate, unsigned n, enum drop_state end)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t id = box_drop(b, 0, aggregate);

        if (id == 0)
            break;
        b->now_ns += 3 * NS_PER_MS / 2;
        box_end(b, 0, aggregate, id, end);
        box_epoch(b);
    }
    box_settle(b);
}

static json_int_t integer(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value))
        fail_msg("%s is no integer", name);
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        fail_msg("%s is no text", name);
    return json_string_value(value);
}

static void times_are_seconds_since_the_start_and_rfc_3339(void **state)
{
    struct report_clock clock = clock_of(NULL);
    char out[REPORT_TIME_BYTES];

    (void)state;
    assert_string_equal(report_time(&clock, NS_PER_S, out), "2026-01-02T12:00:00.000Z");
    assert_string_equal(report_time(&clock, 2 * NS_PER_S + 7 * NS_PER_MS + 999, out),
                        "2026-01-02T12:00:01.007Z");
    clock.has_wall = false;
    assert_string_equal(report_time(&clock, NS_PER_S, out), "");
}

/* Each flow of the drops is there once, with its drops by outcome. */
static void expect_flows_of_drops(const json_t *a)
{
    json_int_t n_dropped = 0, n_came_back = 0;
    json_t *flow, *drop;
    size_t i, k;

    json_array_foreach (json_object_get(a, "tested_flows"), i, flow) {
        json_int_t n = 0;

        json_array_foreach (json_object_get(a, "drops"), k, drop)
            n += json_equal(json_object_get(drop, "flow"), json_object_get(flow, "flow"));
        assert_int_equal(integer(flow, "dropped"), n);
        assert_int_equal(integer(flow, "retransmitted") + integer(flow, "expired") +
                             integer(flow, "pending") + integer(flow, "void"),
                         n);
        n_dropped += n;
        n_came_back += integer(flow, "retransmitted");
    }
    assert_int_equal(n_dropped, integer(a, "dropped"));
    assert_int_equal(n_came_back, integer(a, "retransmitted"));
}

static void an_aggregate_shows_the_counters_of_its_test_and_of_the_run(void **state)
{
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    struct aggregate_counters *delta;
    json_t *a, *drop;

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    box_open(b);
    delta = &b->workers[0].deltas[0];
    delta->packets = 17;
    box_epoch(b);
    a = report_aggregate(b->manager, 0, &clock, true);
    assert_int_equal(integer(a, "packets"), 17); /* never tested: the whole run */
    assert_string_equal(text(a, "state"), "idle");
    json_decref(a);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    a = report_aggregate(b->manager, 0, &clock, true);
    assert_string_equal(text(a, "verdict"), "closed_loop");
    assert_string_equal(text(a, "via"), "aggregate");
    assert_string_equal(text(a, "prefix"), "0.0.0.0/0");
    assert_int_equal(integer(a, "dropped"), integer(a, "retransmitted"));
    assert_int_equal(integer(a, "pending"), 0);
    assert_int_equal(integer(json_object_get(a, "total"), "packets"), integer(a, "packets") + 17);
    for (size_t i = 0; i < n_aggregate_counter_rows; i++)
        integer(a, aggregate_counter_rows[i].name);
    assert_int_equal(json_array_size(json_object_get(a, "drops")), integer(a, "dropped"));
    drop = json_array_get(json_object_get(a, "drops"), 0);
    assert_string_equal(text(drop, "state"), "retransmitted");
    assert_true(json_real_value(json_object_get(drop, "latency_ms")) > 1.49);
    assert_true(json_real_value(json_object_get(drop, "latency_ms")) < 1.51);
    assert_true(json_is_null(json_object_get(drop, "void_reason")));
    assert_string_equal(text(json_object_get(drop, "flow"), "source"), "192.0.2.1");
    expect_flows_of_drops(a);
    json_decref(a);
    a = report_aggregate(b->manager, 0, &clock, false);
    assert_null(json_object_get(a, "drops"));
    assert_null(json_object_get(a, "tested_flows"));
    json_decref(a);
    assert_null(report_aggregate(b->manager, 1, &clock, true));
    box_close(b);
}

/* Whether the whole report has an address of a flow in it, in any of its texts. */
static bool tells_address(struct box *b, const struct report_clock *clock)
{
    json_t *a = report_aggregate(b->manager, 0, clock, true);
    char *whole = json_dumps(a, 0);
    bool does = strstr(whole, "192.0.2.1\"") != NULL;

    free(whole);
    json_decref(a);
    return does;
}

/* Where a slice names the prefix already, a test by command has its halves. */
static void the_prefix_of_a_test_in_halves_is_told_whole(void **state)
{
    struct ip_prefix sources[2];
    static const struct {
        const char *a, *b, *told;
    } cases[] = {
        {"192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/24"},
        {"192.0.2.0/25", "192.0.3.128/25", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct box *b = box_new(1);
        struct report_clock clock = clock_of(b);
        json_t *a;

        assert_int_equal(ip_prefix_parse(cases[i].a, &sources[0]), 0);
        assert_int_equal(ip_prefix_parse(cases[i].b, &sources[1]), 0);
        b->slices[0].sources = sources;
        b->slices[0].n_sources = 2;
        box_open(b);
        a = report_aggregate(b->manager, 0, &clock, true);
        if (cases[i].told != NULL)
            assert_string_equal(text(a, "prefix"), cases[i].told);
        else
            assert_true(json_is_null(json_object_get(a, "prefix")));
        json_decref(a);
        box_close(b);
    }
}

static void addresses_of_flows_are_told_as_privacy_allows(void **state)
{
    const uint64_t key[2] = {1, 2}, other_key[2] = {1, 3};
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    char source[2][IP_TEXT_BYTES];
    json_t *a;

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    assert_true(tells_address(b, &clock));
    report_set_privacy(REPORT_PRIVACY_CUT, NULL);
    assert_false(tells_address(b, &clock));
    a = report_aggregate(b->manager, 0, &clock, true);
    assert_string_equal(
        text(json_object_get(json_array_get(json_object_get(a, "drops"), 0), "flow"), "source"),
        "192.0.2.0/24");
    json_decref(a);
    for (int i = 0; i < 2; i++) {
        report_set_privacy(REPORT_PRIVACY_HASH, i == 0 ? key : other_key);
        assert_false(tells_address(b, &clock));
        a = report_aggregate(b->manager, 0, &clock, true);
        snprintf(source[i], IP_TEXT_BYTES, "%s",
                 text(json_object_get(json_array_get(json_object_get(a, "drops"), 0), "flow"),
                      "source"));
        assert_int_equal(source[i][0], '#');
        assert_int_equal(strlen(source[i]), 17);
        json_decref(a);
    }
    assert_string_not_equal(source[0], source[1]);
    report_set_privacy(REPORT_PRIVACY_NONE, NULL);
    box_close(b);
}

static void an_unknown_share_and_times_to_come_are_null(void **state)
{
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    json_t *a;

    (void)state;
    box_open(b);
    a = report_aggregate(b->manager, 0, &clock, true);
    assert_true(json_is_null(json_object_get(a, "repaired_share")));
    assert_true(json_is_null(json_object_get(a, "verdict_s")));
    assert_true(json_is_null(json_object_get(a, "first_seen_s")));
    assert_true(json_is_real(json_object_get(a, "started_s")));
    json_decref(a);
    box_close(b);
}

static struct report_run run_of(const struct box *b, const struct report_clock *clock,
                                const struct worker_counters *totals)
{
    return (struct report_run){.mode = "test",
                               .manager = b->manager,
                               .clock = clock,
                               .now_ns = b->now_ns,
                               .totals = totals};
}

static void a_run_whose_counters_add_up_is_reconciled(void **state)
{
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    struct worker_counters totals = {.rx_packets = 100, .slice_packets = 100};
    struct report_run run = run_of(b, &clock, &totals);
    json_t *summary;

    (void)state;
    box_open(b);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    run.manager = b->manager;
    totals.dropped = box_report(b, 0).test.dropped;
    totals.tx_packets = 100 - totals.dropped;
    summary = report_summary(&run);
    assert_true(json_is_true(json_object_get(summary, "reconciled")));
    assert_int_equal(integer(summary, "drops_total"), totals.dropped);
    assert_int_equal(integer(summary, "exit_code"), 0);
    assert_string_equal(text(summary, "started"), "2026-01-02T12:00:00.000Z");
    assert_int_equal(integer(json_object_get(summary, "totals"), "rx_packets"), 100);
    json_decref(summary);
    /* A drop that no aggregate knows of. */
    totals.dropped++;
    totals.tx_packets--;
    summary = report_summary(&run);
    assert_true(json_is_false(json_object_get(summary, "reconciled")));
    assert_non_null(strstr(text(summary, "broken"), "belong to aggregates"));
    json_decref(summary);
    /* A packet that nobody accounts for. */
    totals.dropped--;
    summary = report_summary(&run);
    assert_non_null(strstr(text(summary, "broken"), "rx_packets"));
    json_decref(summary);
    box_close(b);
}

static void expect_sentence(struct box *b, const char *begin, const char *end)
{
    struct report_clock clock = clock_of(b);
    struct report_run run = {
        .mode = "test", .manager = b->manager, .clock = &clock, .now_ns = b->now_ns};
    json_t *summary = report_summary(&run);
    const char *sentence = text(summary, "sentence");

    if (strncmp(sentence, begin, strlen(begin)) != 0 || strstr(sentence, end) == NULL)
        fail_msg("%s", sentence);
    json_decref(summary);
}

static void a_run_is_told_in_one_sentence(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 2;
    for (uint32_t i = 0; i < 2; i++) {
        b->slices[i].parameters.fallback_to_individual = false;
        b->slices[i].start = SLICE_START_MANUAL;
    }
    box_open(b);
    b->workers[0].deltas[0].packets = 17;
    box_epoch(b);
    expect_sentence(b, "Nothing was tested; 17 packets were counted.", "");
    manager_test_start(b->manager, 0, NULL, b->now_ns);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    expect_sentence(b, "slice0 is closed_loop: ", " packets were dropped.");
    manager_test_start(b->manager, 1, NULL, b->now_ns);
    drop_and_end(b, 1, 100, DROP_EXPIRED);
    box_epochs_for(b, 3 * NS_PER_S); /* for late repairs */
    expect_sentence(b, "Of 2 aggregates that were tested: 1 not_closed_loop, 1 closed_loop. ",
                    " packets were dropped.");
    box_close(b);
}

static void the_worst_of_several_decides_the_exit_code(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 4;
    for (uint32_t i = 0; i < 4; i++)
        b->slices[i].parameters.fallback_to_individual = false;
    b->slices[2].parameters.rule = TEST_RULE_PENNY;
    b->slices[3].mode = SLICE_OFF;
    b->slices[1].start = b->slices[2].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(report_worst_exit_code(b->manager), 13); /* nothing dropped yet */
    box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
    box_epoch(b);
    assert_int_equal(report_worst_exit_code(b->manager), 12); /* undecided */
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    assert_int_equal(report_worst_exit_code(b->manager), 0);
    manager_test_start(b->manager, 1, NULL, b->now_ns);
    drop_and_end(b, 1, 100, DROP_EXPIRED);
    box_epochs_for(b, 3 * NS_PER_S); /* for late repairs */
    assert_int_equal(report_worst_exit_code(b->manager), 10);
    manager_test_start(b->manager, 2, NULL, b->now_ns);
    box_duplicate(b, 0, 2, 100);
    drop_and_end(b, 2, 100, DROP_EXPIRED);
    box_epochs_for(b, 3 * NS_PER_S); /* rule penny waits so long for repeats */
    assert_int_equal(report_worst_exit_code(b->manager), 10); /* not hidden by the third */
    manager_test_start(b->manager, 1, NULL, b->now_ns);
    drop_and_end(b, 1, 100, DROP_RETRANSMITTED);
    assert_int_equal(report_worst_exit_code(b->manager), 11);
    manager_test_start(b->manager, 2, NULL, b->now_ns);
    manager_test_start(b->manager, 0, NULL, b->now_ns);
    box_epoch(b);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    assert_int_equal(report_worst_exit_code(b->manager), 13);
    box_close(b);
}

static void the_table_has_a_row_for_each_aggregate_and_the_sum_of_packets(void **state)
{
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    struct worker_counters totals = {.rx_packets = 9, .tx_packets = 3};
    struct report_run run;
    char *out = NULL;
    size_t n;
    FILE *file = open_memstream(&out, &n);

    (void)state;
    b->n_slices = 2;
    b->slices[1].mode = SLICE_PASSIVE;
    box_open(b);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    run = run_of(b, &clock, &totals);
    report_table(file, &run);
    fclose(file);
    assert_non_null(strstr(out, "slice0"));
    assert_non_null(strstr(out, "closed_loop\n"));
    assert_non_null(strstr(out, "watched\n"));
    assert_non_null(strstr(out, "loss before here unknown"));
    assert_non_null(strstr(out, "9 packets received = 3 forwarded"));
    assert_non_null(strstr(out, "trust none of the above"));
    free(out);
    box_close(b);
}

static void events_carry_what_they_are_about(void **state)
{
    struct box *b = box_new(1);
    struct report_clock clock = clock_of(b);
    struct manager_event event = {.kind = EVENT_VERDICT, .time_ns = 2 * NS_PER_S};
    json_t *line;

    (void)state;
    box_open(b);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    line = report_event(b->manager, &event, &clock);
    assert_string_equal(text(line, "event"), "verdict");
    assert_string_equal(text(line, "time"), "2026-01-02T12:00:01.000Z");
    assert_string_equal(text(line, "slice"), "slice0");
    assert_string_equal(text(json_object_get(line, "report"), "verdict"), "closed_loop");
    json_decref(line);
    event = (struct manager_event){.kind = EVENT_DROP_ENDED,
                                   .drop = manager_next_drop(b->manager, 0, NULL)};
    line = report_event(b->manager, &event, &clock);
    assert_string_equal(text(json_object_get(line, "drop"), "state"), "retransmitted");
    json_decref(line);
    event = (struct manager_event){
        .kind = EVENT_SUSPENDED, .aggregate = AGGREGATE_NONE, .text = "rx_missed"};
    line = report_event(b->manager, &event, &clock);
    assert_null(json_object_get(line, "aggregate"));
    assert_string_equal(text(line, "reason"), "rx_missed");
    json_decref(line);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_seconds_since_the_start_and_rfc_3339),
        cmocka_unit_test(an_aggregate_shows_the_counters_of_its_test_and_of_the_run),
        cmocka_unit_test(the_prefix_of_a_test_in_halves_is_told_whole),
        cmocka_unit_test(addresses_of_flows_are_told_as_privacy_allows),
        cmocka_unit_test(an_unknown_share_and_times_to_come_are_null),
        cmocka_unit_test(a_run_whose_counters_add_up_is_reconciled),
        cmocka_unit_test(a_run_is_told_in_one_sentence),
        cmocka_unit_test(the_worst_of_several_decides_the_exit_code),
        cmocka_unit_test(the_table_has_a_row_for_each_aggregate_and_the_sum_of_packets),
        cmocka_unit_test(events_carry_what_they_are_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

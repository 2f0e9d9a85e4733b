/* SPDX-License-Identifier: BSD-3-Clause */
/* The program as a person runs it, over captures that are made here. Its first argument is the
 * program's path, its second the folder of fixtures. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "../within.h"
#include "base/compiler.h"
#include "base/random.h"
#include "program.h"

static void assert_reason(json_t *summary, size_t i, const char *reason)
{
    assert_string_equal(json_string_value(json_object_get(aggregate_of(summary, i), "reason")),
                        reason);
}

static void assert_verdict(json_t *summary, size_t i, const char *verdict)
{
    assert_string_equal(json_string_value(json_object_get(aggregate_of(summary, i), "verdict")),
                        verdict);
}

/* Frames of other link types are of other lengths; all else must be equal. */
static void forget_bytes(json_t *aggregate)
{
    json_object_del(aggregate, "bytes");
    json_object_del(json_object_get(aggregate, "total"), "bytes");
}

static void every_link_type_gives_the_same_test(void **state)
{
    static const int dlts[] = {DLT_EN10MB,     DLT_RAW,  DLT_IPV4, DLT_LINUX_SLL,
                               DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP};
    struct fixture *f = *state;
    json_t *first = NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(dlts); i++) {
        json_t *summary;

        segments_write(f->capture, dlts[i], 0, f->segments, f->n);
        summary = summary_of(f, "--source 192.0.2.0/24", 10);
        assert_verdict(summary, 0, "not_closed_loop");
        assert_int_equal(integer(json_object_get(summary, "totals"), "slice_packets"), f->n);
        forget_bytes(aggregate_of(summary, 0));
        if (first == NULL)
            first = json_incref(aggregate_of(summary, 0));
        assert_true(json_equal(first, aggregate_of(summary, 0)));
        json_decref(summary);
    }
    json_decref(first);
}

static void a_link_type_that_is_not_read_is_refused(void **state)
{
    struct fixture *f = *state;

    segments_write(f->capture, DLT_IEEE802_11, 0, f->segments, 10);
    assert_int_equal(run(f, "--source 192.0.2.0/24"), 1);
    assert_non_null(strstr(f->output, f->capture));
    assert_non_null(strstr(f->output, "link type IEEE802_11"));
}

static void packets_that_the_capture_cut_count_whole(void **state)
{
    struct fixture *f = *state;
    json_t *whole, *cut;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    whole = summary_of(f, "--source 192.0.2.0/24", 10);
    segments_write(f->capture, DLT_EN10MB, 60, f->segments, f->n);
    cut = summary_of(f, "--source 192.0.2.0/24", 10);
    assert_true(json_equal(aggregate_of(whole, 0), aggregate_of(cut, 0)));
    json_decref(whole);
    json_decref(cut);
}

static void packets_cut_in_their_headers_are_no_tcp(void **state)
{
    struct fixture *f = *state;
    json_t *summary, *reasons;

    segments_write(f->capture, DLT_LINUX_SLL, 10, f->segments, 5);
    summary = summary_of(f, "--source 192.0.2.0/24", 13);
    reasons = json_object_get(json_object_get(summary, "capture"), "packet_reasons");
    assert_int_equal(json_object_size(reasons), 1);
    assert_null(json_object_get(reasons, "tcp"));
    json_decref(summary);
    segments_write(f->capture, DLT_EN10MB, 40, f->segments, 5);
    summary = summary_of(f, "--source 192.0.2.0/24", 13);
    reasons = json_object_get(json_object_get(summary, "capture"), "packet_reasons");
    assert_int_equal(integer(reasons, "truncated_tcp"), 5);
    assert_reason(summary, 0, "unreadable");
    json_decref(summary);
    /* The table says why, too. */
    assert_int_equal(run(f, "--source 192.0.2.0/24 --mode passive"), 0);
    assert_non_null(strstr(f->output, "5 truncated_tcp: frame or IP payload ends"));
}

/* The receiver had all that was "dropped": its ACKs are there, and the verdict says nothing. */
static void acknowledged_drops_are_told_beside_the_verdict(void **state)
{
    static const char options[] = "--pcap $FIXTURES/both-directions.pcap --drop-probability 0.5 "
                                  "--source 192.0.2.0/24,203.0.113.0/24";
    struct fixture *f = *state;
    json_t *summary, *recording;
    char all[256];

    setenv("FIXTURES", fixtures, 1);
    /* An empty second prefix does not hide what was said of the first. */
    summary = summary_of(f, options, 10);
    recording = json_object_get(aggregate_of(summary, 0), "recording");
    assert_int_equal(integer(recording, "drops_acknowledged"),
                     integer(aggregate_of(summary, 0), "dropped"));
    assert_non_null(strstr(json_string_value(json_object_get(recording, "words")), "ACKs"));
    recording = json_object_get(aggregate_of(summary, 1), "recording");
    assert_int_equal(integer(recording, "drops_acknowledged"), 0);
    assert_reason(summary, 1, "no_traffic");
    json_decref(summary);
    snprintf(all, sizeof(all), "--seed 7 %s", options);
    run(f, all);
    assert_non_null(strstr(f->output, "segments are acknowledged in the capture"));
    assert_non_null(strstr(f->output, "A recording does not answer"));
}

/* There is no test, so none is under way. */
static void what_is_only_watched_has_a_reason_of_its_own(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive", 0);
    assert_reason(summary, 0, "watched");
    assert_null(json_object_get(aggregate_of(summary, 0), "recording"));
    json_decref(summary);
}

static void times_that_go_back_are_taken_as_the_latest(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    /* Each tenth packet is a second older than the one before. */
    for (size_t i = N_FLOWS + 9; i < f->n; i += 10)
        f->segments[i].time_ns -= SECONDS(1);
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/24", 10);
    assert_int_equal(integer(json_object_get(summary, "capture"), "times_went_back"),
                     N_SEGMENTS / 10);
    json_decref(summary);
}

static void times_that_are_far_apart_cost_no_time(void **state)
{
    static const uint64_t times[] = {
        0, 1, SECONDS(3600), SECONDS(1700000000), SECONDS(UINT64_C(4000000000)), 5};
    struct fixture *f = *state;
    json_t *summary;

    for (size_t i = 0; i < ARRAY_LENGTH(times); i++)
        f->segments[i].time_ns = times[i];
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, ARRAY_LENGTH(times));
    summary = summary_of(f, "--source 192.0.2.0/24", 13);
    assert_int_equal(integer(json_object_get(summary, "capture"), "times_went_back"), 1);
    json_decref(summary);
}

static void a_capture_without_packets_tests_nothing(void **state)
{
    struct fixture *f = *state;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 0);
    json_decref(summary_of(f, "--source 192.0.2.0/24", 13));
}

static void each_source_gets_a_verdict_and_the_worst_code_counts(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/28,192.0.2.16/28,198.51.100.0/24", 10);
    assert_int_equal(json_array_size(json_object_get(summary, "aggregates")), 3);
    assert_verdict(summary, 0, "not_closed_loop");
    assert_verdict(summary, 2, "inconclusive");
    json_decref(summary);
    summary = summary_of(f, "--source 192.0.2.0/24 --destination 198.51.100.1 --rule penny", 10);
    assert_verdict(summary, 0, "not_closed_loop");
    json_decref(summary);
    summary = summary_of(f, "--source 192.0.2.0/24 --destination 203.0.113.0/24", 13);
    assert_int_equal(integer(json_object_get(summary, "totals"), "untested"), f->n);
    json_decref(summary);
}

static void passive_drops_nothing(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive", 0);
    assert_int_equal(integer(json_object_get(summary, "totals"), "dropped"), 0);
    assert_int_equal(integer(aggregate_of(summary, 0), "in_order"), N_SEGMENTS);
    json_decref(summary);
}

static const char *stop_of(struct fixture *f, const char *options)
{
    static char stop[32];
    char arguments[128];
    json_t *summary;

    snprintf(arguments, sizeof(arguments), "--source 192.0.2.0/24 --mode passive %s", options);
    summary = summary_of(f, arguments, 0);
    snprintf(stop, sizeof(stop), "%s",
             json_string_value(json_object_get(passive_of(summary), "stop")));
    json_decref(summary);
    return stop;
}

static void watching_ends_as_it_is_told(void **state)
{
    struct fixture *f = *state;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    assert_string_equal(stop_of(f, ""), "goes_on");
    assert_string_equal(stop_of(f, "--set max_flows=20"), "flows_seen");
    assert_string_equal(stop_of(f, "--set max_flows=21"), "goes_on");
    assert_string_equal(stop_of(f, "--duration 2"), "duration");
    assert_string_equal(stop_of(f, "--duration 2 --set watch_grace_ms=60000"), "goes_on");
    /* Five of the flows end by FIN. */
    for (size_t i = 0; i < 5; i++)
        f->segments[f->n - 1000 + i].flags |= SEGMENT_FIN;
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    assert_string_equal(stop_of(f, "--set min_flows_to_finish=5 --set watch_grace_ms=100"),
                        "flows_finished");
    assert_string_equal(stop_of(f, "--set min_flows_to_finish=6 --set watch_grace_ms=100"),
                        "goes_on");
}

/* From 192.0.2.1 at `ms`; `at`: bytes behind the SYN. */
static void add_segment(struct fixture *f, uint32_t ms, uint16_t port, uint8_t flags, uint32_t at,
                        uint16_t n_bytes)
{
    f->segments[f->n++] = (struct segment){.time_ns = BASE_NS + ms * NS_PER_MS,
                                           .sequence = UINT32_MAX - 1000 + at,
                                           .source_port = port,
                                           .payload_bytes = n_bytes,
                                           .flags = flags,
                                           .source_host = 1};
}

/* One of each end; those of the last millisecond go on. */
static void make_flows_that_end(struct fixture *f)
{
    f->n = 0;
    add_segment(f, 0, 1, SEGMENT_SYN, 0, 0);
    add_segment(f, 0, 5, SEGMENT_SYN, 0, 0);
    for (uint32_t i = 0; i < 20; i++)
        add_segment(f, 10 + i, 1, SEGMENT_ACK, 1 + 100 * i, 100);
    add_segment(f, 40, 1, SEGMENT_FIN | SEGMENT_ACK, 2001, 0);
    add_segment(f, 41, 2, SEGMENT_ACK, 1, 100);
    add_segment(f, 42, 2, SEGMENT_ACK, 201, 100);
    add_segment(f, 43, 2, SEGMENT_RST, 301, 0);
    add_segment(f, 44, 3, SEGMENT_ACK, 1, 100);
    add_segment(f, 45, 3, SEGMENT_ACK, 101, 100);
    add_segment(f, 46, 3, SEGMENT_ACK, 1, 100);
    for (uint32_t i = 0; i < 100; i++)
        add_segment(f, 1000 * i + 50, 4, SEGMENT_ACK, 1 + 100 * i, 100);
}

static void flows_are_reported_one_by_one_where_that_is_asked_for(void **state)
{
    static const struct {
        int port;
        const char *start, *end;
        int n_bytes, n_segments, n_repeats, n_open;
    } expected[] = {
        {1, "syn", "fin", 2000, 20, 0, 0},
        {2, "midstream", "rst", 300, 2, 0, 1},
        {5, "syn", "syn_only", 0, 0, 0, 0},
        {3, "midstream", "idle", 200, 3, 1, 0},
        {4, "midstream", "stopped", 10000, 100, 0, 0},
    };
    const size_t n = ARRAY_LENGTH(expected);
    struct fixture *f = *state;
    json_t *summary, *list, *duration;

    make_flows_that_end(f);
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive --set report_flows=9", 0);
    list = json_object_get(passive_of(summary), "ended_flows");
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++) {
        json_t *flow = json_array_get(list, i);

        assert_int_equal(integer(json_object_get(flow, "flow"), "source_port"), expected[i].port);
        assert_string_equal(json_string_value(json_object_get(flow, "start")), expected[i].start);
        assert_string_equal(json_string_value(json_object_get(flow, "end")), expected[i].end);
        assert_int_equal(integer(flow, "bytes"), expected[i].n_bytes);
        assert_int_equal(integer(flow, "segments"), expected[i].n_segments);
        assert_int_equal(integer(flow, "repeats"), expected[i].n_repeats);
        assert_int_equal(integer(flow, "holes_open"), expected[i].n_open);
    }
    duration = json_object_get(json_array_get(list, 0), "duration_s");
    assert_within((unsigned int)(1e6 * json_real_value(duration)), 39980, 40020);
    json_decref(summary);
    /* The first two, and without a word of it none. */
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive --set report_flows=2", 0);
    list = json_object_get(passive_of(summary), "ended_flows");
    assert_int_equal(json_array_size(list), 2);
    json_decref(summary);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive", 0);
    assert_int_equal(json_array_size(json_object_get(passive_of(summary), "ended_flows")), 0);
    json_decref(summary);
}

/* One flow of 200000 segments, of which a mirror copies one in 50 at random. */
static void make_sampled_flow(struct fixture *f)
{
    struct random_source r;

    random_seed_fixed(&r, 50, 1);
    f->n = 0;
    for (uint32_t i = 0; i < 50 * N_SEGMENTS && f->n < N_SEGMENTS; i++) {
        if (random_u32(&r) % 50 != 0)
            continue;
        f->segments[f->n++] = (struct segment){.time_ns = BASE_NS + i * (NS_PER_MS / 10),
                                               .sequence = i * 200,
                                               .source_port = 2000,
                                               .payload_bytes = 200,
                                               .flags = SEGMENT_ACK,
                                               .source_host = 1};
    }
}

/* The share of bytes is that of packets, since all are equally long; 4000 of 200000 give it to
 * within 1.6 % of itself, one standard deviation. */
static void a_mirror_that_samples_is_found_out_and_volumes_are_scaled(void **state)
{
    struct fixture *f = *state;
    json_t *summary, *passive, *sampling;
    double rate;

    make_sampled_flow(f);
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive", 0);
    passive = passive_of(summary);
    sampling = json_object_get(passive, "sampling");
    rate = json_real_value(json_object_get(sampling, "rate"));
    assert_string_equal(json_string_value(json_object_get(sampling, "source")), "estimated");
    assert_true(rate > 0.018 && rate < 0.022);
    assert_int_equal(integer(json_object_get(passive, "volume"), "packets"),
                     (json_int_t)((double)f->n / rate));
    assert_true(
        json_is_null(json_object_get(json_object_get(passive, "upstream_loss"), "estimate")));
    assert_true(json_array_size(json_object_get(passive, "withheld")) == 6);
    json_decref(summary);
    summary = summary_of(f, "--source 192.0.2.0/24 --mode passive --set sampling=50", 0);
    passive = passive_of(summary);
    sampling = json_object_get(passive, "sampling");
    assert_string_equal(json_string_value(json_object_get(sampling, "source")), "configured");
    assert_int_equal(integer(json_object_get(passive, "volume"), "packets"), 50 * f->n);
    assert_int_equal(json_array_size(json_object_get(passive, "findings")), 0);
    json_decref(summary);
}

static void a_seed_repeats_a_run_exactly(void **state)
{
    struct fixture *f = *state;
    json_t *first, *second;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    first = summary_of(f, "--source 192.0.2.0/24 --drops", 10);
    second = summary_of(f, "--source 192.0.2.0/24 --drops", 10);
    assert_true(json_array_size(json_object_get(aggregate_of(first, 0), "drops")) > 0);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

static void events_are_lines_of_json(void **state)
{
    struct fixture *f = *state;
    int n_verdicts = 0;
    char *rest, *line;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    assert_int_equal(run(f, "--source 192.0.2.0/24 --events - --json"), 10);
    rest = f->output;
    while ((line = strsep(&rest, "\n")) != NULL && strncmp(line, "{\"", 2) == 0) {
        json_t *event = json_loads(line, 0, NULL);

        assert_non_null(event);
        n_verdicts += strcmp(json_string_value(json_object_get(event, "event")), "verdict") == 0;
        json_decref(event);
    }
    assert_int_equal(n_verdicts, 1);
}

static void the_command_line_is_checked(void **state)
{
    static const struct {
        const char *arguments, *words;
    } cases[] = {
        {"", "what to test?"},
        {"--source 192.0.2.1/24", "--source: \"192.0.2.1/24\""},
        {"--source 192.0.2.0/24 --drop-probability 2", "--drop-probability: 2"},
        {"--source 192.0.2.0/24 --limit 0", "--limit: \"0\""},
        {"--source 192.0.2.0/24 --flows 64",
         "--flows: 64; allowed: an integer from 1024 to 25165824"},
        {"--source 192.0.2.0/24 --flows 99999999", "--flows: 99999999; allowed"},
        {"--source 192.0.2.0/24,\xe9", "is no UTF-8"},
        {"--source 192.0.2.0/24 --rule \xe9", "is no UTF-8"},
        {"--source 192.0.2.0/24 --mode \xe9", "is no UTF-8"},
        {"--source 192.0.2.0/24 --set rule=\xe9", "is no UTF-8"},
        {"--source 192.0.2.0/24 --set \xe9=1", "is no UTF-8"},
        {"--source 192.0.2.0/24 --rule guess", "--rule: \"guess\""},
        {"--source 192.0.2.0/24 --source 192.0.2.0/24", "192.0.2.0_24"},
        {"--nonsense", "unrecognized option"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int code = run(f, cases[i].arguments);

        if (code != 2 || strstr(f->output, cases[i].words) == NULL)
            fail_msg("%s: exit code %d, \"%s\"", cases[i].arguments, code, f->output);
    }
    assert_int_equal(run(f, "--help"), 0);
    assert_non_null(strstr(f->output, "A recording does not answer"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(every_link_type_gives_the_same_test),
        TEST(a_link_type_that_is_not_read_is_refused),
        TEST(packets_that_the_capture_cut_count_whole),
        TEST(packets_cut_in_their_headers_are_no_tcp),
        TEST(acknowledged_drops_are_told_beside_the_verdict),
        TEST(what_is_only_watched_has_a_reason_of_its_own),
        TEST(times_that_go_back_are_taken_as_the_latest),
        TEST(times_that_are_far_apart_cost_no_time),
        TEST(a_capture_without_packets_tests_nothing),
        TEST(each_source_gets_a_verdict_and_the_worst_code_counts),
        TEST(passive_drops_nothing),
        TEST(watching_ends_as_it_is_told),
        TEST(flows_are_reported_one_by_one_where_that_is_asked_for),
        TEST(a_mirror_that_samples_is_found_out_and_volumes_are_scaled),
        TEST(a_seed_repeats_a_run_exactly),
        TEST(events_are_lines_of_json),
        TEST(the_command_line_is_checked),
    };

    if (argc != 3) {
        fprintf(stderr, "usage: %s PENNYLINE_REPLAY FIXTURES\n", argv[0]);
        return 2;
    }
    program = argv[1];
    fixtures = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "info/check.h"
#include "info/publish.h"
#include "info/read.h"

#define N_AGGREGATES 10000

static const struct info_shape shape = {
    .n_workers = 2, .n_ports = 2, .n_pools = 1, .n_slices = 2, .n_aggregates_most = N_AGGREGATES};

static struct ip_prefix sources[40];
static struct slice slices[2] = {
    {.name = "edge",
     .sources = sources,
     .n_sources = 1,
     .destinations = sources,
     .n_destinations = 1,
     .granularity = {24, 0}},
    {.name = "many",
     .sources = sources,
     .n_sources = 40,
     .destinations = sources,
     .n_destinations = 2,
     .mode = SLICE_OFF},
};
static struct worker_counters counters[2] = {{.rx_packets = 7}, {.rx_packets = 9}};
static struct flow_table_counters flows = {.n_flows = 3};
static struct worker_load load = {.packets = 16};
static struct worker_port ports[2][2] = {{{.rx = 1, .tx = 2}, {.rx = 3}},
                                         {{.rx = 10, .tx = 20}, {.rx = 30}}};
static uint64_t reasons[PACKET_N_REASONS] = {[PACKET_TCP] = 5};
static struct stage_counters stages[N_STAGES] = {[STAGE_SOURCES] = {.packets = 6}};

static int set_up(void **state)
{
    struct info_header *h = info_create(aligned_alloc(64, info_bytes(&shape)), &shape);

    for (int i = 0; i < 40; i++) {
        char text[IP_TEXT_BYTES];

        snprintf(text, sizeof(text), "10.%d.0.0/16", i);
        assert_int_equal(ip_prefix_parse(text, &sources[i]), 0);
    }
    for (uint32_t i = 0; i < 2; i++) {
        info_write_slice(h, i, &slices[i]);
        info_set_worker(h, i,
                        &(struct info_worker){.number = i,
                                              .lcore = i + 1,
                                              .counters = &counters[i],
                                              .flows = &flows,
                                              .packet_reasons = reasons,
                                              .stages = stages,
                                              .load = &load,
                                              .ports = ports[i]});
    }
    h->started_ns = NS_PER_S;
    h->wall_offset_ns = 1700000000 * (int64_t)NS_PER_S;
    info_open(h);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void refused(const struct info_header *h, size_t n, enum info_fit fit, const char *words)
{
    char error[512] = "";

    assert_int_equal(info_check(h, n, error, sizeof(error)), fit);
    if (strstr(error, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error, words);
}

static void what_this_program_wrote_fits(void **state)
{
    struct info_header *h = *state;

    refused(h, h->total_bytes, INFO_FITS, "");
}

static void another_layout_is_refused_in_words(void **state)
{
    struct info_header *h = *state;

    h->layout_version = 77;
    strcpy(h->program_version, "9.9.9");
    refused(h, h->total_bytes, INFO_OTHER_LAYOUT,
            "pennyline 9.9.9 lays its counters out in another");
    refused(h, h->total_bytes, INFO_OTHER_LAYOUT, "layout 77");
    h->layout_version = INFO_LAYOUT_VERSION;
    h->fingerprint ^= 1;
    refused(h, h->total_bytes, INFO_OTHER_LAYOUT, "fingerprint");
}

/* Where things lie, and how many there are, is believed only as far as the memory goes. */
static void what_lies_outside_is_refused_in_words(void **state)
{
    struct info_header *h = *state;
    const size_t n = info_bytes(&shape);
    uint64_t *places[] = {&h->workers_at, &h->box_at,    &h->ports_at,     &h->pools_at,
                          &h->slices_at,  &h->labels_at, &h->aggregates_at};
    uint32_t *counts[] = {&h->n_workers, &h->n_ports, &h->n_pools, &h->n_slices,
                          &h->n_aggregates_most};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const uint64_t right = *places[i], wrong[] = {0, right + 4, n - 8, n, UINT64_MAX - 7};

        for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
            *places[i] = wrong[k];
            refused(h, n, INFO_TRUNCATED, "beyond its memory");
        }
        *places[i] = right;
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const uint32_t right = *counts[i];

        *counts[i] = UINT32_MAX;
        refused(h, n, INFO_TRUNCATED, "beyond its memory");
        *counts[i] = right;
    }
    assert_int_equal(info_check(h, n, (char[512]){0}, 512), INFO_FITS);
}

static void what_is_closed_or_cut_is_refused_in_words(void **state)
{
    struct info_header *h = *state;

    refused(h, h->total_bytes - 1, INFO_TRUNCATED, "but pennyline wrote");
    refused(h, 8, INFO_NOT_READY, "has not laid its counters open");
    info_close(h);
    refused(h, h->total_bytes, INFO_NOT_READY, "starting or stopping");
}

static struct aggregate_report make_report(uint32_t i, struct aggregate_identity *identity,
                                           struct aggregate_counters *total)
{
    struct aggregate_report r = {.aggregate = i,
                                 .identity = identity,
                                 .slice = &slices[0],
                                 .total = total,
                                 .state = TEST_DONE,
                                 .verdict = VERDICT_CLOSED_LOOP,
                                 .via = VIA_FLOWS,
                                 .reason = REASON_EVIDENCE,
                                 .mixed = i % 2,
                                 .anytime = {.log10_e = i, .log10_f = -1.5},
                                 .penny = {.posterior = 0.25},
                                 .started_ns = 2 * NS_PER_S,
                                 .verdict_ns = 3 * NS_PER_S,
                                 .first_seen_ns = NS_PER_S + i,
                                 .n_tests = 1 + i % 3,
                                 .n_flows_closed_loop = 2};

    *identity = (struct aggregate_identity){.slice = 0, .has_prefix = true};
    identity->prefix = sources[i % 40];
    r.test = (struct aggregate_counters){
        .packets = i, .droppable = 9, .dropped = 5, .retransmitted = 3, .expired = 1};
    return r;
}

static void aggregates_are_told_in_the_same_words_as_by_the_manager(void **state)
{
    struct info_header *h = *state;
    const struct report_clock clock = {h->started_ns, true, h->wall_offset_ns};
    struct aggregate_identity identity;
    struct aggregate_counters total = {.packets = 99};
    struct aggregate_report report = make_report(7, &identity, &total);
    struct info_aggregate read;
    json_t *ours, *theirs = report_aggregate_row(&report, &clock);

    info_write_aggregate(h, &report);
    assert_true(info_read_aggregate(h, 7, &read));
    ours = info_aggregate_json(h, 7, &read);
    if (!json_equal(ours, theirs))
        fail_msg("%s\n%s", json_dumps(ours, 0), json_dumps(theirs, 0));
    json_decref(ours);
    json_decref(theirs);
}

static json_t *label_told(const struct info_header *h, uint32_t aggregate)
{
    struct info_aggregate read;
    json_t *row, *label;

    assert_true(info_read_aggregate(h, aggregate, &read));
    row = info_aggregate_json(h, aggregate, &read);
    label = json_incref(json_object_get(row, "label"));
    json_decref(row);
    return label;
}

static void a_label_is_told_until_another_test_has_its_place(void **state)
{
    struct info_header *h = *state;
    struct aggregate_identity identity;
    struct aggregate_counters total = {.packets = 99};
    struct aggregate_report report = make_report(7, &identity, &total);
    json_t *label;

    report.label = "ticket 4711";
    report.label_place = 3;
    info_write_aggregate(h, &report);
    label = label_told(h, 7);
    assert_string_equal(json_string_value(label), "ticket 4711");
    json_decref(label);
    report.aggregate = 8;
    report.label = "another";
    info_write_aggregate(h, &report);
    assert_null(label_told(h, 7));
    label = label_told(h, 8);
    assert_string_equal(json_string_value(label), "another");
    json_decref(label);
    report.label = NULL;
    info_write_aggregate(h, &report);
    assert_null(label_told(h, 8));
}

static void an_aggregate_without_a_test_shows_its_whole_run(void **state)
{
    struct info_header *h = *state;
    struct aggregate_identity identity;
    struct aggregate_counters total = {.packets = 99};
    struct aggregate_report report = make_report(7, &identity, &total);
    struct info_aggregate read;

    report.n_tests = 0;
    info_write_aggregate(h, &report);
    assert_true(info_read_aggregate(h, 7, &read));
    assert_int_equal(read.counters.packets, 99);
}

static void each_of_ten_thousand_aggregates_is_there(void **state)
{
    struct info_header *h = *state;
    struct aggregate_identity identity;
    struct aggregate_counters total = {0};
    struct info_aggregate read;

    for (uint32_t i = 0; i < N_AGGREGATES; i++) {
        struct aggregate_report report = make_report(i, &identity, &total);

        info_write_aggregate(h, &report);
    }
    for (uint32_t i = 0; i < N_AGGREGATES; i++) {
        assert_true(info_read_aggregate(h, i, &read));
        assert_int_equal(read.counters.packets, i);
        assert_float_equal(read.anytime.log10_e, i, 0);
    }
    assert_false(info_read_aggregate(h, N_AGGREGATES, &read));
}

static void a_number_that_was_given_back_is_of_no_aggregate(void **state)
{
    struct info_header *h = *state;
    struct aggregate_identity identity;
    struct aggregate_counters total = {0};
    struct aggregate_report report = make_report(7, &identity, &total);
    struct info_aggregate read;

    info_write_aggregate(h, &report);
    assert_true(info_read_aggregate(h, 7, &read));
    info_clear_aggregate(h, 7);
    assert_false(info_read_aggregate(h, 7, &read));
    info_write_aggregate(h, &report);
    assert_true(info_read_aggregate(h, 7, &read));
}

static void slices_are_told_in_the_same_words_as_by_the_manager(void **state)
{
    for (uint32_t i = 0; i < 2; i++) {
        json_t *ours = info_slice_json(*state, i), *theirs = report_slice(&slices[i]);

        assert_true(json_equal(ours, theirs));
        json_decref(ours);
        json_decref(theirs);
    }
    assert_null(info_slice_json(*state, 2));
}

static void counters_of_workers_are_read_where_they_are(void **state)
{
    struct info_header *h = *state;
    struct info_worker_counts counts;
    struct worker_port sum;

    counters[1].rx_packets = 1234;
    info_copy_worker(info_worker(h, 1), &counts);
    assert_int_equal(counts.counters.rx_packets, 1234);
    assert_int_equal(counts.flows.n_flows, 3);
    assert_int_equal(counts.packet_reasons[PACKET_TCP], 5);
    assert_int_equal(counts.stages[STAGE_SOURCES].packets, 6);
    assert_int_equal(counts.load.packets, 16);
    assert_null(info_worker(h, 2));
    sum = info_sum_port(h, 0);
    assert_int_equal(sum.rx, 11);
    assert_int_equal(sum.tx, 22);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_this_program_wrote_fits),
        TEST(another_layout_is_refused_in_words),
        TEST(what_lies_outside_is_refused_in_words),
        TEST(what_is_closed_or_cut_is_refused_in_words),
        TEST(aggregates_are_told_in_the_same_words_as_by_the_manager),
        TEST(a_label_is_told_until_another_test_has_its_place),
        TEST(an_aggregate_without_a_test_shows_its_whole_run),
        TEST(each_of_ten_thousand_aggregates_is_there),
        TEST(a_number_that_was_given_back_is_of_no_aggregate),
        TEST(slices_are_told_in_the_same_words_as_by_the_manager),
        TEST(counters_of_workers_are_read_where_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

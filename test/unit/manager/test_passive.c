/* SPDX-License-Identifier: BSD-3-Clause */
/* What the manager makes of the counters of passive slices. */
#include "box.h"

#include <math.h>
#include <string.h>

static struct box *open_passive(uint32_t min_flows, uint32_t max_flows, uint32_t max_duration_ms)
{
    struct box *b = box_new(1);

    b->slices[0].mode = SLICE_PASSIVE;
    b->slices[0].parameters.min_flows_to_finish = min_flows;
    b->slices[0].parameters.max_flows = max_flows;
    b->slices[0].parameters.max_duration_ms = max_duration_ms;
    box_open(b);
    return b;
}

static void watch(struct box *b, struct passive_counters delta)
{
    struct message m = {.kind = MESSAGE_PASSIVE, .aggregate = 0, .passive = delta};

    manager_receive(b->manager, &m);
    box_epochs_for(b, NS_PER_S + BOX_EPOCH_NS);
}

static struct passive_counters flows(uint64_t n)
{
    return (struct passive_counters){.flows_finished = n, .ended_fin = n};
}

static void rates_say_what_they_rest_on(void **state)
{
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r = box_passive_report(b);

    (void)state;
    assert_true(isnan(r.upstream.rate));
    assert_true(r.upstream.low <= 0 && r.upstream.high >= 1);
    watch(b, box_passive_segments(20, 50, 950));
    r = box_passive_report(b);
    assert_int_equal(r.upstream.n_hits, 20);
    assert_int_equal(r.upstream.n_observations, 950);
    assert_int_equal(r.downstream.n_hits, 50);
    assert_int_equal(r.downstream.n_observations, 1000);
    assert_true(r.downstream.low < 0.05 && r.downstream.high > 0.05);
    assert_true(fabs(r.downstream.rate - 0.05) < 1e-12);
    assert_true(fabs(r.share_here.rate - 1) < 1e-12);
    box_close(b);
}

/* Losses that stand in runs tell less than as many that do not: of 1000 segments. */
static void runs_of_losses_widen_the_interval(void **state)
{
    static const struct {
        uint64_t n_lost, n_runs;
        bool are_repeats;
        double low, high; /* of Clopper and Pearson, by sums of binomial terms */
    } cases[] = {
        {60, 60, false, 0.046095, 0.076560}, /* 60 of 1000 */
        {60, 57, false, 0.046095, 0.076560}, /* not more than independence makes */
        {60, 20, false, 0.031119, 0.102195}, /* d = 4.43: 13 of 225, 14 of 225 */
        {60, 20, true, 0.012258, 0.102195},  /* 20 of 1000, 14 of 225 */
        {60, 0, true, 0, 0.482497},          /* one run: 0 of 9, 1 of 9 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct box *b = open_passive(0, 0, 0);
        struct passive_counters c = box_passive_segments(0, 0, 1000);
        struct passive_rate r;

        if (cases[i].are_repeats) {
            c = box_passive_segments(0, cases[i].n_lost, 1000 - cases[i].n_lost);
            c.repeat_runs = cases[i].n_runs;
        } else {
            c = box_passive_segments(cases[i].n_lost, 0, 1000);
            c.holes_opened = c.holes_retransmitted = cases[i].n_runs;
        }
        watch(b, c);
        r = cases[i].are_repeats ? box_passive_report(b).downstream
                                 : box_passive_report(b).upstream;
        if (fabs(r.low - cases[i].low) > 1e-6 || fabs(r.high - cases[i].high) > 1e-6)
            fail_msg("case %zu: %.6f, %.6f", i, r.low, r.high);
        box_close(b);
    }
}

/* Each row: counters, the finding that they make, or none. */
static void findings_need_enough_of_their_kind(void **state)
{
    const struct passive_counters many_resets = {.flows_finished = 30,
                                                 .ended_fin = 10,
                                                 .ended_rst = 20,
                                                 .resets_out_of_line = 20,
                                                 .flows_two_way = 30},
                                  few_resets = {.flows_finished = 300,
                                                .ended_fin = 296,
                                                .ended_rst = 4,
                                                .resets_out_of_line = 4,
                                                .flows_two_way = 300},
                                  syns = {.flows_finished = 100, .ended_syn_only = 100},
                                  some_syns = {.flows_finished = 100,
                                               .ended_syn_only = 40,
                                               .ended_fin = 60,
                                               .flows_two_way = 60},
                                  balanced = {.flows_balanced = 1,
                                              .payload_bytes = 50,
                                              .missing_bytes = 50},
                                  sampled = {
                                      .flows_balanced = 3, .payload_bytes = 1, .missing_bytes = 99};
    const struct {
        struct passive_counters counters;
        int finding; /* -1: none */
        enum passive_severity severity;
    } cases[] = {
        {box_passive_segments(1, 0, 1000), -1, 0},
        {box_passive_segments(4, 4, 10000), -1, 0},
        {box_passive_segments(0, 0, 100000), -1, 0},
        {box_passive_segments(10, 0, 5000), FINDING_UPSTREAM_LOSS, SEVERITY_INFO},
        {box_passive_segments(100, 0, 5000), FINDING_UPSTREAM_LOSS, SEVERITY_WARNING},
        {box_passive_segments(1000, 0, 5000), FINDING_UPSTREAM_LOSS, SEVERITY_CRITICAL},
        {box_passive_segments(0, 100, 5000), FINDING_DOWNSTREAM_LOSS, SEVERITY_WARNING},
        {balanced, FINDING_PER_PACKET_BALANCING, SEVERITY_WARNING},
        {sampled, FINDING_SAMPLING_SUSPECTED, SEVERITY_INFO},
        {many_resets, FINDING_ABRUPT_RESETS, SEVERITY_WARNING},
        {few_resets, -1, 0},
        {syns, FINDING_SYN_ONLY, SEVERITY_CRITICAL},
        {some_syns, -1, 0},
        {flows(10), -1, 0},
        {flows(50), FINDING_ONE_WAY_ONLY, SEVERITY_INFO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct box *b = open_passive(0, 0, 0);
        struct passive_report r;

        watch(b, cases[i].counters);
        watch(b, (struct passive_counters){0});
        r = box_passive_report(b);
        for (int f = 0; f < PASSIVE_N_FINDINGS; f++)
            if (r.findings[f].is_raised != (f == cases[i].finding))
                fail_msg("case %zu: %s", i, passive_finding_name((enum passive_finding)f));
        assert_int_equal(box_count(b, EVENT_FINDING), cases[i].finding >= 0);
        if (cases[i].finding >= 0)
            assert_int_equal(r.findings[cases[i].finding].severity, cases[i].severity);
        box_close(b);
    }
}

static void each_finding_has_its_own_name_and_words(void **state)
{
    (void)state;
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++) {
        assert_true(strlen(passive_finding_words((enum passive_finding)i)) > 0);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(passive_finding_name((enum passive_finding)i),
                                    passive_finding_name((enum passive_finding)k));
    }
    assert_null(passive_finding_name(PASSIVE_N_FINDINGS));
    assert_null(passive_finding_words(PASSIVE_N_FINDINGS));
}

/* Workers give up what is open when they are stopped, which is after the tests were. */
static void what_is_given_up_at_the_end_is_judged(void **state)
{
    const struct message half_a_flow = {.kind = MESSAGE_PASSIVE,
                                        .passive = {.payload_bytes = 40000,
                                                    .missing_bytes = 40000,
                                                    .holes_opened = 20,
                                                    .holes_unfilled = 20,
                                                    .flows_finished = 1,
                                                    .ended_fin = 1,
                                                    .flows_balanced = 1}};
    struct box *b = open_passive(0, 0, 0);

    (void)state;
    watch(b, box_passive_segments(0, 0, 40));
    manager_receive(b->manager, &(struct message){.kind = MESSAGE_PASSIVE});
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    assert_false(box_passive_report(b).findings[FINDING_PER_PACKET_BALANCING].is_raised);
    manager_receive(b->manager, &half_a_flow);
    assert_false(box_passive_report(b).findings[FINDING_PER_PACKET_BALANCING].is_raised);
    manager_finish(b->manager);
    assert_true(box_passive_report(b).findings[FINDING_PER_PACKET_BALANCING].is_raised);
    assert_true(box_passive_report(b).withheld[FINDING_UPSTREAM_LOSS]);
    box_close(b);
}

/* Each second segment of a flow in two fragments, or with headers that cannot be read: these are
 * what is missing. */
static void what_came_and_was_not_read_is_not_missing(void **state)
{
    static const struct {
        uint64_t n_fragments, n_unreadable, payload_bytes;
        bool is_explained;
    } cases[] = {
        {40, 0, 40000, true}, {20, 0, 40000, true}, {19, 0, 40000, false}, {0, 20, 40000, true},
        {5, 15, 40000, true}, {0, 0, 40000, false}, {0, 0, 100, false},    {40, 0, 100, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct box *b = open_passive(0, 0, 0);
        const struct message unread = {.kind = MESSAGE_COUNTERS,
                                       .counters = {.fragments = cases[i].n_fragments,
                                                    .unreadable = cases[i].n_unreadable,
                                                    .packets = 100}};
        enum passive_finding finding = cases[i].payload_bytes > 1000 ? FINDING_PER_PACKET_BALANCING
                                                                     : FINDING_SAMPLING_SUSPECTED;
        struct passive_report r;

        manager_receive(b->manager, &unread);
        watch(b, (struct passive_counters){.payload_bytes = cases[i].payload_bytes,
                                           .missing_bytes = 40000,
                                           .holes_opened = 20,
                                           .holes_unfilled = 4,
                                           .holes_merged = 16,
                                           .flows_finished = 1,
                                           .ended_fin = 1,
                                           .flows_balanced = 1});
        r = box_passive_report(b);
        if (r.findings[finding].is_raised == cases[i].is_explained ||
            r.withheld[finding] != cases[i].is_explained)
            fail_msg("case %zu", i);
        if (cases[i].is_explained)
            assert_non_null(strstr(passive_withheld_words(&r, finding), "fragments"));
        box_close(b);
    }
}

static void assert_same_rate(const struct passive_rate *a, const struct passive_rate *b)
{
    assert_int_equal(a->n_hits, b->n_hits);
    assert_int_equal(a->n_observations, b->n_observations);
    assert_true(a->rate == b->rate && a->low == b->low && a->high == b->high);
}

/* Losses in runs, and some in doubt, in two deltas: nothing was forgotten yet. */
static void windows_say_the_same_as_the_total_with(uint64_t repeats_in_a_run)
{
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r;

    for (uint64_t i = 1; i <= 2; i++) {
        struct passive_counters c = box_passive_segments(40 * i, 30 * i, 1000 * i);

        /* Losses in runs of two, and some in doubt. */
        c.lost_upstream_repairs = 20 * i;
        c.passed -= 20 * i;
        c.holes_opened = c.holes_retransmitted = 20 * i;
        c.repeat_runs = 30 * i / repeats_in_a_run;
        c.late = 3 * i;
        c.unknown = c.maybe_late = 2 * i;
        c.reordered = c.extent_3_7 = 4 * i;
        c.passed += 9 * i;
        watch(b, c);
    }
    r = box_passive_report(b);
    assert_int_equal(r.upstream.n_hits, 120);
    assert_int_equal(r.downstream.n_hits, 90);
    assert_true(r.upstream.low > 0 && r.downstream.low > 0);
    for (int w = 0; w < PASSIVE_N_WINDOWS; w++) {
        assert_same_rate(&r.windows[w][0], &r.upstream);
        assert_same_rate(&r.windows[w][1], &r.downstream);
    }
    box_close(b);
}

/* Of single repeats those in doubt decide, of runs of them the runs. */
static void windows_say_the_same_as_the_total(void **state)
{
    (void)state;
    windows_say_the_same_as_the_total_with(1);
    windows_say_the_same_as_the_total_with(3);
}

static void a_report_of_nothing_is_refused(void **state)
{
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r;

    (void)state;
    assert_true(manager_passive_report(b->manager, 0, &r));
    assert_false(manager_passive_report(b->manager, 1, &r));
    assert_false(manager_passive_report(b->manager, 7, &r));
    assert_false(manager_passive_report(b->manager, AGGREGATE_NONE, &r));
    box_close(b);
}

static void windows_forget_what_is_older(void **state)
{
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r;

    (void)state;
    watch(b, box_passive_segments(10, 0, 1000));
    r = box_passive_report(b);
    for (int w = 0; w < PASSIVE_N_WINDOWS; w++)
        assert_int_equal(r.windows[w][0].n_observations, 1000);
    box_epochs_for(b, 61 * NS_PER_S);
    watch(b, box_passive_segments(0, 0, 500));
    r = box_passive_report(b);
    assert_int_equal(r.windows[PASSIVE_MINUTE][0].n_observations, 500);
    assert_int_equal(r.windows[PASSIVE_5_MINUTES][0].n_observations, 1500);
    assert_int_equal(r.windows[PASSIVE_HOUR][0].n_hits, 10);
    box_epochs_for(b, 61 * NS_PER_S);
    assert_int_equal(box_passive_report(b).windows[PASSIVE_MINUTE][0].n_observations, 0);
    assert_string_equal(passive_window_name(PASSIVE_MINUTE), "1m");
    box_close(b);
}

/* 6 % of losses, then none: each row is so many segments within five minutes after that. */
static void a_finding_is_taken_back_when_its_cause_is_gone(void **state)
{
    static const struct {
        uint64_t n_lost, n_segments;
        bool is_taken_back;
    } cases[] = {
        {0, 10000, true},    /* nothing is lost any more */
        {2, 10000, true},    /* next to nothing: below the limit */
        {600, 10000, false}, /* as before */
        {300, 10000, false}, /* less, but still there */
        {0, 20, false},      /* too little was seen */
        {0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct box *b = open_passive(0, 0, 0);

        watch(b, box_passive_segments(600, 0, 10000));
        watch(b, (struct passive_counters){0});
        assert_true(box_passive_report(b).findings[FINDING_UPSTREAM_LOSS].is_raised);
        watch(b, box_passive_segments(cases[i].n_lost, 0, cases[i].n_segments));
        assert_int_equal(box_count(b, EVENT_FINDING_CLEARED), 0);
        box_epochs_for(b, 301 * NS_PER_S);
        watch(b, (struct passive_counters){0});
        if (box_passive_report(b).findings[FINDING_UPSTREAM_LOSS].is_raised ==
            cases[i].is_taken_back)
            fail_msg("case %zu", i);
        assert_int_equal(box_count(b, EVENT_FINDING_CLEARED), cases[i].is_taken_back);
        /* It may come back, on new evidence only. */
        watch(b, box_passive_segments(600, 0, 10000));
        watch(b, (struct passive_counters){0});
        assert_true(box_passive_report(b).findings[FINDING_UPSTREAM_LOSS].is_raised);
        assert_int_equal(box_count(b, EVENT_FINDING), 1 + cases[i].is_taken_back);
        box_close(b);
    }
}

/* Flows that are balanced are counted once, so what tells is whether bytes are missing. */
static void balancing_is_over_when_nothing_is_missing(void **state)
{
    const struct passive_counters balanced = {
        .flows_balanced = 1, .payload_bytes = 5000000, .missing_bytes = 5000000};

    (void)state;
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        const struct passive_counters later = {.payload_bytes = 5000000,
                                               .missing_bytes = goes_on ? 5000000 : 0};
        struct box *b = open_passive(0, 0, 0);

        watch(b, balanced);
        watch(b, later);
        box_epochs_for(b, 301 * NS_PER_S);
        watch(b, (struct passive_counters){0});
        assert_int_equal(box_passive_report(b).findings[FINDING_PER_PACKET_BALANCING].is_raised,
                         goes_on);
        box_close(b);
    }
}

/* What is lost on a path that is not seen looks as if it were lost here. */
static void beside_balancing_losses_are_unknown(void **state)
{
    struct passive_counters all = box_passive_segments(600, 0, 10000);
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r;

    (void)state;
    watch(b, all);
    watch(b, (struct passive_counters){0});
    assert_true(box_passive_report(b).findings[FINDING_UPSTREAM_LOSS].is_raised);
    watch(b, (struct passive_counters){.flows_balanced = 1, .missing_bytes = all.payload_bytes});
    watch(b, (struct passive_counters){0});
    watch(b, (struct passive_counters){0});
    r = box_passive_report(b);
    assert_true(r.findings[FINDING_PER_PACKET_BALANCING].is_raised);
    assert_false(r.findings[FINDING_UPSTREAM_LOSS].is_raised);
    assert_true(r.withheld[FINDING_UPSTREAM_LOSS] && r.withheld[FINDING_DOWNSTREAM_LOSS]);
    assert_false(r.withheld[FINDING_SYN_ONLY]);
    assert_true(strlen(passive_withheld_words(&r, FINDING_UPSTREAM_LOSS)) > 0);
    assert_true(isnan(r.upstream.rate) && isnan(r.windows[PASSIVE_HOUR][1].rate));
    box_close(b);
}

/* As many repeats as segments that were late enough to make senders repeat: perhaps none is lost.
 */
static void lateness_explains_losses(void **state)
{
    struct passive_counters c = box_passive_segments(30, 50, 1000);
    struct box *b = open_passive(0, 0, 0);
    struct passive_report r;

    (void)state;
    c.late = 10;
    c.maybe_late = c.unknown = 20;
    c.extent_3_7 = 20;
    c.reordered = 20;
    c.passed += 50;
    watch(b, c);
    watch(b, (struct passive_counters){0});
    r = box_passive_report(b);
    assert_true(r.upstream.rate > 0 && r.upstream.low <= 0);
    assert_true(r.downstream.rate > 0 && r.downstream.low <= 0);
    assert_int_equal(box_count(b, EVENT_FINDING), 0);
    box_close(b);
}

static void watching_ends_with_a_grace(void **state)
{
    struct box *b = open_passive(10, 0, 0);
    struct message trailing = {.kind = MESSAGE_PASSIVE, .passive = flows(1)};

    (void)state;
    watch(b, flows(9));
    assert_int_equal(box_count(b, EVENT_WATCH_ENDED), 0);
    manager_receive(b->manager, &trailing);
    box_epochs_for(b, NS_PER_S / 2);
    assert_false(manager_passive_is_over(b->manager));
    manager_receive(b->manager, &trailing);
    box_epochs_for(b, NS_PER_S);
    assert_int_equal(box_count(b, EVENT_WATCH_ENDED), 1);
    assert_true(manager_passive_is_over(b->manager));
    /* Nothing after the end counts. */
    watch(b, flows(5));
    assert_int_equal(box_passive_report(b).total->flows_finished, 11);
    assert_string_equal(passive_stop_name(box_passive_report(b).stop), "flows_finished");
    box_close(b);
}

static void the_grace_is_as_long_as_the_slice_wants(void **state)
{
    static const uint32_t graces_ms[] = {0, 250, 5000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(graces_ms); i++) {
        struct message enough = {.kind = MESSAGE_PASSIVE, .passive = flows(10)};
        struct box *b = box_new(1);

        b->slices[0].mode = SLICE_PASSIVE;
        b->slices[0].parameters.min_flows_to_finish = 10;
        b->slices[0].parameters.watch_grace_ms = graces_ms[i];
        box_open(b);
        manager_receive(b->manager, &enough);
        /* Ends are looked at every 100 ms. */
        if (graces_ms[i] > 0)
            box_epochs_for(b, (graces_ms[i] - 50) * NS_PER_MS);
        assert_int_equal(manager_passive_is_over(b->manager), false);
        box_epochs_for(b, 350 * NS_PER_MS);
        assert_int_equal(manager_passive_is_over(b->manager), true);
        box_close(b);
    }
}

static struct box *open_sampled(uint32_t sampling)
{
    struct box *b = box_new(1);

    b->slices[0].mode = SLICE_PASSIVE;
    b->slices[0].parameters.sampling = sampling;
    box_open(b);
    return b;
}

/* Whatever is counted: of a sampled mirror nothing is found, and each finding says why not. */
static void of_a_mirror_known_to_sample_nothing_is_found(void **state)
{
    struct passive_counters all = box_passive_segments(1000, 1000, 5000);
    struct box *b = open_sampled(100);
    struct passive_report r;

    (void)state;
    all.flows_finished = all.ended_syn_only = 100;
    all.flows_balanced = 50;
    all.missing_bytes = 99 * all.payload_bytes;
    watch(b, all);
    watch(b, (struct passive_counters){0});
    r = box_passive_report(b);
    assert_int_equal(box_count(b, EVENT_FINDING), 0);
    assert_int_equal(r.sampling.source, SAMPLING_CONFIGURED);
    assert_true(fabs(r.sampling.rate - 0.01) < 1e-12);
    for (int f = 0; f < PASSIVE_N_FINDINGS; f++) {
        assert_true(r.withheld[f]);
        assert_true(strlen(passive_withheld_words(&r, (enum passive_finding)f)) > 0);
    }
    assert_true(isnan(r.upstream.rate) && isnan(r.downstream.rate) && isnan(r.reordered.rate));
    assert_true(isnan(r.windows[PASSIVE_MINUTE][0].rate));
    box_close(b);
}

static void sampling_that_shows_takes_back_what_was_said_of_loss(void **state)
{
    const struct passive_counters sampled = {
        .flows_balanced = 3, .payload_bytes = 0, .missing_bytes = 495000000};
    struct box *b = open_sampled(0);
    struct passive_report r;

    (void)state;
    watch(b, box_passive_segments(1000, 0, 5000));
    watch(b, (struct passive_counters){0});
    r = box_passive_report(b);
    assert_true(r.findings[FINDING_UPSTREAM_LOSS].is_raised);
    assert_int_equal(r.sampling.source, SAMPLING_NONE);
    assert_true(r.sampling.rate >= 1 && !r.withheld[FINDING_UPSTREAM_LOSS]);
    watch(b, sampled);
    watch(b, (struct passive_counters){0});
    r = box_passive_report(b);
    assert_false(r.findings[FINDING_UPSTREAM_LOSS].is_raised);
    assert_true(r.findings[FINDING_SAMPLING_SUSPECTED].is_raised);
    assert_false(r.withheld[FINDING_SAMPLING_SUSPECTED]);
    assert_true(r.withheld[FINDING_UPSTREAM_LOSS]);
    assert_int_equal(r.sampling.source, SAMPLING_ESTIMATED);
    assert_true(fabs(r.sampling.rate - 0.01) < 1e-12);
    box_close(b);
}

/* One in one is no sampling: all is found that is there, also that the configuration is wrong. */
static void a_mirror_said_to_be_whole_is_judged_like_any(void **state)
{
    const struct passive_counters sampled = {
        .flows_balanced = 3, .payload_bytes = 1, .missing_bytes = 99};
    struct box *b = open_sampled(1);

    (void)state;
    watch(b, box_passive_segments(1000, 0, 5000));
    watch(b, (struct passive_counters){0});
    assert_true(box_passive_report(b).findings[FINDING_UPSTREAM_LOSS].is_raised);
    assert_int_equal(box_passive_report(b).sampling.source, SAMPLING_CONFIGURED);
    assert_true(box_passive_report(b).sampling.rate >= 1);
    box_close(b);
    b = open_sampled(1);
    watch(b, sampled);
    watch(b, (struct passive_counters){0});
    assert_true(box_passive_report(b).findings[FINDING_SAMPLING_SUSPECTED].is_raised);
    box_close(b);
}

static void watching_ends_by_time_and_by_flows_seen(void **state)
{
    struct box *b = open_passive(0, 0, 5000);
    struct message seen = {.kind = MESSAGE_COUNTERS, .counters = {.flows_seen = 7}};

    (void)state;
    watch(b, flows(1));
    assert_string_equal(passive_stop_name(box_passive_report(b).stop), "goes_on");
    box_epochs_for(b, 6 * NS_PER_S);
    assert_string_equal(passive_stop_name(box_passive_report(b).stop), "duration");
    box_close(b);

    b = open_passive(0, 7, 0);
    manager_receive(b->manager, &seen);
    watch(b, flows(1));
    box_epochs_for(b, NS_PER_S);
    assert_string_equal(passive_stop_name(box_passive_report(b).stop), "flows_seen");
    box_close(b);
}

static void watching_can_be_ended_from_outside(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 2; /* the other one is active */
    b->slices[0].mode = SLICE_PASSIVE;
    box_open(b);
    manager_passive_expire(b->manager, b->now_ns);
    assert_true(manager_passive_is_over(b->manager));
    assert_string_equal(passive_stop_name(box_passive_report(b).stop), "duration");
    assert_int_equal(box_count(b, EVENT_WATCH_ENDED), 1);
    manager_passive_expire(b->manager, b->now_ns);
    assert_int_equal(box_count(b, EVENT_WATCH_ENDED), 1);
    box_close(b);
}

static void a_slice_that_is_not_passive_has_no_report(void **state)
{
    struct box *b = box_new(1);
    struct passive_report r;

    (void)state;
    box_open(b);
    assert_false(manager_passive_report(b->manager, 0, &r));
    assert_false(manager_passive_is_over(b->manager));
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_say_what_they_rest_on),
        cmocka_unit_test(runs_of_losses_widen_the_interval),
        cmocka_unit_test(findings_need_enough_of_their_kind),
        cmocka_unit_test(each_finding_has_its_own_name_and_words),
        cmocka_unit_test(what_is_given_up_at_the_end_is_judged),
        cmocka_unit_test(what_came_and_was_not_read_is_not_missing),
        cmocka_unit_test(windows_say_the_same_as_the_total),
        cmocka_unit_test(a_report_of_nothing_is_refused),
        cmocka_unit_test(windows_forget_what_is_older),
        cmocka_unit_test(a_finding_is_taken_back_when_its_cause_is_gone),
        cmocka_unit_test(balancing_is_over_when_nothing_is_missing),
        cmocka_unit_test(beside_balancing_losses_are_unknown),
        cmocka_unit_test(lateness_explains_losses),
        cmocka_unit_test(watching_ends_with_a_grace),
        cmocka_unit_test(the_grace_is_as_long_as_the_slice_wants),
        cmocka_unit_test(of_a_mirror_known_to_sample_nothing_is_found),
        cmocka_unit_test(sampling_that_shows_takes_back_what_was_said_of_loss),
        cmocka_unit_test(a_mirror_said_to_be_whole_is_judged_like_any),
        cmocka_unit_test(watching_ends_by_time_and_by_flows_seen),
        cmocka_unit_test(watching_can_be_ended_from_outside),
        cmocka_unit_test(a_slice_that_is_not_passive_has_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

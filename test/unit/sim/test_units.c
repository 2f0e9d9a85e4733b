/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes and first flights of QUIC, by real stacks' timers and by blind senders; short flows,
 * long round trips, slow senders. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/time.h"
#include "blind/unit_attacks.h"
#include "pennyline-sim/study.h"

#define CONFIDENCE 0.999999 /* of all intervals here together one in ten thousand runs fails */
#define N_RUNS     60

static struct summary study(const struct scenario *s, uint64_t n_runs, uint64_t seed)
{
    const struct study_options options = {.n_runs = n_runs, .n_threads = 2, .seed = seed};
    struct summary summary;

    assert_int_equal(study_run(s, &options, &summary, NULL), 0);
    return summary;
}

static struct scenario genuine(uint32_t units, enum handshake_stack stack)
{
    struct scenario s;

    scenario_default(&s);
    s.test.units = units;
    s.genuine.n_flows = 5;
    s.genuine.n_segments = 1;
    s.genuine.renew = true;
    s.genuine.stack = stack;
    s.max_s = 120;
    return s;
}

static void assert_found(const struct summary *s, double most_median, double most_p95)
{
    const struct interval share =
        interval_clopper_pearson(s->outcomes[VERDICT_CLOSED_LOOP].n, s->n_runs, CONFIDENCE);

    assert_true(share.high >= 0.98);
    assert_int_equal(s->outcomes[VERDICT_NOT_CLOSED_LOOP].n, 0);
    assert_true(s->drops[0].median <= most_median && s->drops[0].p95 <= most_p95);
}

static void every_stack_is_found_without_loss(void **state)
{
    (void)state;
    for (unsigned int stack = 0; stack < STACK_N; stack++) {
        const uint32_t units = handshake_stack_is_quic(stack) ? TEST_UNITS_OF(UNIT_QUIC)
                                                              : TEST_UNITS_OF(UNIT_HANDSHAKE);
        const struct scenario s = genuine(units, stack);
        const struct summary summary = study(&s, N_RUNS, 100 + stack);

        assert_found(&summary, 6, 8);
    }
}

static void losses_on_either_side_cost_some_drops_more(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        const bool is_quic = i >= 2;
        struct scenario s = genuine(TEST_UNITS_OF(is_quic ? UNIT_QUIC : UNIT_HANDSHAKE),
                                    is_quic ? STACK_QUIC : STACK_LINUX);
        struct summary summary;

        s.genuine.all_stacks = true;
        s.genuine.n_datagrams = is_quic ? 2 : 1;
        s.network.loss_upstream = i % 2 == 0 ? 0.03 : 0;
        s.network.loss_downstream = i % 2 == 0 ? 0 : 0.03;
        summary = study(&s, N_RUNS, 200 + i);
        assert_found(&summary, 10, 16);
    }
}

/* A repeat comes after a second and more, in which other connections lose theirs. */
static void with_losses_many_connections_take_as_few_drops_as_few(void **state)
{
    for (unsigned int i = 0; i < 2; i++) {
        struct scenario s = genuine(TEST_UNITS_OF(i == 0 ? UNIT_HANDSHAKE : UNIT_QUIC),
                                    i == 0 ? STACK_LINUX : STACK_QUIC);
        struct summary summary;

        (void)state;
        s.genuine.all_stacks = true;
        s.genuine.n_flows = 50;
        s.network.loss_downstream = 0.03;
        summary = study(&s, N_RUNS, 250 + i);
        assert_found(&summary, 10, 16);
    }
}

/* Segments cost their senders least, so they are what is dropped. */
static void short_flows_are_found_by_their_segments(void **state)
{
    struct scenario s = genuine(TEST_UNITS_DATA | TEST_UNITS_OF(UNIT_HANDSHAKE), STACK_LINUX);
    struct summary summary;

    (void)state;
    s.genuine.n_flows = 20;
    s.genuine.n_segments = 3;
    summary = study(&s, N_RUNS, 300);
    assert_found(&summary, 10, 12);
}

/* One to three data segments a connection, half of which the box sees no SYN of: these have no
 * coin, and the others repeat what was dropped, and only that. A sender without the timer probes
 * with its last segment first, which is one D for each drop of another. */
static void short_flows_take_as_few_drops_as_long_ones(void **state)
{
    (void)state;
    for (uint32_t n_segments = 1; n_segments <= 3; n_segments++)
        for (unsigned int has_timer = 0; has_timer < 2; has_timer++) {
            struct scenario s = genuine(TEST_UNITS_DATA, STACK_LINUX);
            struct summary summary;

            s.genuine.n_flows = 20;
            s.genuine.n_segments = n_segments;
            s.genuine.from_middle_share = 0.5;
            s.genuine.tcp.reordering_timer = has_timer != 0;
            summary = study(&s, N_RUNS, 310 + n_segments);
            assert_found(&summary, has_timer != 0 ? 5 : 9, has_timer != 0 ? 6 : 11);
        }
}

static void by_satellite(struct scenario *s)
{
    s->network.delay_downstream_ms = s->network.delay_back_ms = 300;
}

static struct scenario slow(uint32_t n_flows, double pace)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = n_flows;
    s.genuine.pace = pace;
    s.genuine.start_ms = 1000 / pace; /* not all of them at once */
    s.max_s = 120;
    return s;
}

/* 600 ms there and back, and a segment each ten seconds. */
static void long_round_trips_and_slow_senders_are_found(void **state)
{
    struct scenario rows[] = {slow(10, 5), slow(50, 0.1), slow(50, 0.1)};

    (void)state;
    by_satellite(&rows[0]);
    by_satellite(&rows[1]);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct summary summary = study(&rows[i], 20, 320 + i);

        assert_found(&summary, 6, 8);
    }
}

/* The sender's timeout is longer than ours, doubled for the last segment: what came late says so.
 */
static void a_timeout_longer_than_ours_accuses_nobody(void **state)
{
    static const struct {
        double ours_ms, rto_ms, pace;
    } rows[] = {{1000, 2500, 0.4}, {3000, 8000, 0.1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct trial_result results[10];
        struct scenario s = slow(100, rows[i].pace); /* thin traffic would be silence */
        const struct study_options options = {
            .n_runs = ARRAY_LENGTH(results), .n_threads = 2, .seed = 330 + i};
        struct summary summary;

        by_satellite(&s);
        s.genuine.tcp.sack = s.genuine.tcp.tail_loss_probe = false;
        s.genuine.tcp.rto_min_ns = (uint64_t)rows[i].rto_ms * NS_PER_MS;
        s.test.retransmission_timeout_ms = (uint32_t)rows[i].ours_ms;
        assert_int_equal(study_run(&s, &options, &summary, results), 0);
        for (size_t k = 0; k < ARRAY_LENGTH(results); k++) {
            assert_int_equal(results[k].verdict, VERDICT_INCONCLUSIVE);
            assert_int_equal(results[k].reason, REASON_LATE_REPAIRS);
        }
    }
}

/* They go on by another address when one is not answered (RFC 8305): nobody is accused. */
static void clients_that_move_on_are_never_accused(void **state)
{
    struct scenario s = genuine(TEST_UNITS_OF(UNIT_HANDSHAKE), STACK_LINUX);
    struct summary summary;

    (void)state;
    s.genuine.moves_on = 1;
    s.max_s = 30;
    summary = study(&s, N_RUNS, 400);
    assert_int_equal(summary.outcomes[VERDICT_INCONCLUSIVE].n, N_RUNS);
}

/* As many drops as there are coins for, to the end. */
static struct scenario blind(const struct attack *attack, double ratio, double delay_ms)
{
    struct scenario s;

    scenario_default(&s);
    s.test.units = TEST_UNITS_OF(UNIT_HANDSHAKE) | TEST_UNITS_OF(UNIT_QUIC);
    s.test.max_drops_per_aggregate = 10000;
    s.genuine.n_flows = 0;
    s.blind.attack = attack;
    s.blind.segments_per_second = 100;
    s.blind.duplicate_ratio = ratio;
    s.blind.delay_ms = delay_ms;
    s.blind.start_ms = 10;
    s.max_s = 15;
    s.watch = true;
    return s;
}

/* P(E ever >= 1/alpha) <= alpha. */
static void assert_level_is_kept(const struct rate *rate, uint64_t n_runs, double level)
{
    assert_true(interval_clopper_pearson(rate->n, n_runs, CONFIDENCE).low <= level);
}

static void no_attack_makes_e_of_a_kind_more_than_a_fair_game(void **state)
{
    /* At once, at the edges of what is no repeat yet and of what is remembered, and between. */
    static const double delays_ms[] = {0, 99, 100, 199, 200, 1000, 3499, 3501, 9999, 10000};
    static const double ratios[] = {0.05, 0.3, 1};
    const struct attack *attack;
    uint64_t n_runs = 0;
    struct rate all[2] = {{0}};

    (void)state;
    for (unsigned int i = 0; (attack = unit_attack_by_index(i)) != NULL; i++)
        for (unsigned int k = 0; k < ARRAY_LENGTH(delays_ms); k++) {
            const struct scenario s = blind(attack, ratios[(i + k) % 3], delays_ms[k]);
            const struct summary summary = study(&s, N_RUNS / 6, 1000 + 100 * i + k);

            assert_int_equal(summary.outcomes[VERDICT_CLOSED_LOOP].n, 0);
            assert_level_is_kept(&summary.reached_kind[0], summary.n_runs, study_levels[0]);
            n_runs += summary.n_runs;
            for (int level = 0; level < 2; level++)
                all[level].n += summary.reached_kind[level].n;
        }
    for (int level = 0; level < 2; level++)
        assert_level_is_kept(&all[level], n_runs, study_levels[level]);
}

/* The attack must be one: what it repeats is dropped, and comes again. */
static void attacks_earn_rs_and_ds(void **state)
{
    static const char *const names[] = {"syn-repeats",  "synack-repeats", "syn-storm", "syn-ecn",
                                        "quic-repeats", "quic-storm",     "quic-odd"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct scenario s = blind(any_attack_by_name(names[i]), 0.5, 1000);
        const struct study_options options = {.n_runs = 1, .n_threads = 1, .seed = 1};
        struct trial_result result;
        struct summary summary;

        assert_int_equal(study_run(&s, &options, &summary, &result), 0);
        assert_true(result.n_retransmitted > 3 && result.n_duplicates > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stack_is_found_without_loss),
        cmocka_unit_test(losses_on_either_side_cost_some_drops_more),
        cmocka_unit_test(with_losses_many_connections_take_as_few_drops_as_few),
        cmocka_unit_test(short_flows_are_found_by_their_segments),
        cmocka_unit_test(short_flows_take_as_few_drops_as_long_ones),
        cmocka_unit_test(long_round_trips_and_slow_senders_are_found),
        cmocka_unit_test(a_timeout_longer_than_ours_accuses_nobody),
        cmocka_unit_test(clients_that_move_on_are_never_accused),
        cmocka_unit_test(no_attack_makes_e_of_a_kind_more_than_a_fair_game),
        cmocka_unit_test(attacks_earn_rs_and_ds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

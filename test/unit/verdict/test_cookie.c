/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The promises of evidence from cookies: exactly where it can be reckoned, and by senders that
 * guess at a small cookie, with every trick that they have.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "verdict/cookie.h"
#include "verdict/evidence.h"

static double own_target(void)
{
    return 6.0 - log10(evidence_share_of_kind(EVIDENCE_COOKIE));
}

static void without_candidates_there_is_no_evidence(void **state)
{
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init(&m);
    assert_true(cookie_log10_e(&m, 0, 0) == 0.0);
    for (uint64_t n = 1; n < UINT64_C(1) << 40; n *= 3)
        assert_true(cookie_log10_e(&m, 0, n) <= 0.0);
}

/* Each point's mean factor at probability p0 is 1, and below it at any smaller one. */
static void the_mean_of_what_comes_next_is_never_more_than_what_is(void **state)
{
    const double shares[] = {1.0, 0.5, 0.01, 0.0};
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init_with(&m, -8, -2);
    for (unsigned s = 0; s < 6; s++)
        for (unsigned n = 0; n < 3000; n += 7)
            for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
                const double p = shares[i] * 0x1p-8, now = pow(10, cookie_log10_e(&m, s, n));
                const double mean = p * pow(10, cookie_log10_e(&m, s + 1, n)) +
                                    (1 - p) * pow(10, cookie_log10_e(&m, s, n + 1));

                assert_true(mean <= now * (1 + 1e-9));
                if (i == 0)
                    assert_true(mean >= now * (1 - 1e-9));
            }
}

/* The probability that E ever reaches 1/alpha within n candidates, each right with probability p0:
 * by going through all (witnesses, candidates), exactly. */
static double probability_of_reaching(const struct cookie_mixture *m, double p0,
                                      double log10_target, unsigned n)
{
    enum { MOST = 40 };
    double now[MOST + 1] = {1.0}, reached = 0.0;

    for (unsigned k = 1; k <= n; k++) {
        double next[MOST + 1] = {0};

        for (unsigned s = 0; s <= MOST && s < k; s++) {
            next[s] += now[s] * (1 - p0);
            next[s < MOST ? s + 1 : MOST] += now[s] * p0;
        }
        for (unsigned s = 0; s <= MOST && s <= k; s++)
            if (cookie_log10_evidence(m, s, k - s) >= log10_target) {
                reached += next[s];
                next[s] = 0;
            }
        memcpy(now, next, sizeof(now));
    }
    return reached;
}

static void the_error_is_at_most_alpha_exactly(void **state)
{
    const double alphas[] = {0.2, 0.1, 0.01, 1e-3, 1e-6};
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init_with(&m, -8, -2);
    for (size_t i = 0; i < ARRAY_LENGTH(alphas); i++) {
        double p = probability_of_reaching(&m, 0x1p-8, -log10(alphas[i]), 4000);

        assert_true(p <= alphas[i]);
        assert_true(p > 0); /* it can be reached, so the bound was tried */
    }
}

/* A cookie of few bits, whose sender sees nothing, and knows all but the key. */
enum { BITS = 8, SPACE = 1 << BITS, SLOT_CANDIDATES = SPACE / 8 };

enum strategy {
    GUESS_ANYWHERE,   /* another place each time */
    SCAN_ONE_PLACE,   /* all numbers of one place and slot, over and over */
    SCAN_TWO_AT_ONCE, /* half of a slot here, half there */
    REPEAT_ONE_GUESS, /* the same number at the same place */
    N_STRATEGIES
};

struct guess {
    unsigned place, number;
};

static struct guess guess_of(enum strategy strategy, unsigned k)
{
    switch (strategy) {
    case SCAN_ONE_PLACE:
        return (struct guess){0, (2 * k + k / SLOT_CANDIDATES % 2) % SPACE};
    case SCAN_TWO_AT_ONCE:
        return (struct guess){k % 2, k / 2 % SPACE};
    case REPEAT_ONE_GUESS:
        return (struct guess){0, 7};
    default:
        return (struct guess){k, k * 37 % SPACE};
    }
}

/* One hour of one aggregate: did E ever reach the target? Each place has a value a slot; the number
 * of places is bounded by the number of candidates. */
static bool is_fooled(struct random_source *r, const struct cookie_mixture *m,
                      enum strategy strategy, double log10_target)
{
    enum { N_SLOTS = 40, N_PLACES = N_SLOTS * SLOT_CANDIDATES };
    static uint8_t values[2][N_PLACES];
    static bool is_witness[N_PLACES];
    unsigned n_witnesses = 0, n_misses = 0;

    memset(is_witness, 0, sizeof(is_witness));
    for (unsigned slot = 0; slot < N_SLOTS; slot++) {
        uint8_t *fresh = values[slot % 2];

        for (unsigned i = 0; i < N_PLACES; i++)
            fresh[i] = (uint8_t)((random_u32(r) & ~1u) | (slot & 1));
        for (unsigned k = slot * SLOT_CANDIDATES; k < (slot + 1) * SLOT_CANDIDATES; k++) {
            const struct guess g = guess_of(strategy, k);

            if (is_witness[g.place])
                continue;
            if (fresh[g.place] == g.number ||
                (slot > 0 && values[1 - slot % 2][g.place] == g.number)) {
                is_witness[g.place] = true;
                n_witnesses++;
            } else {
                n_misses++;
            }
            if (cookie_log10_evidence(m, n_witnesses, n_misses) >= log10_target)
                return true;
        }
    }
    return false;
}

/* p0 = 1 / (2^7 - 2^6), as 1 / (2^31 - 2^30). At alpha = 0.1 at most 0.1 of them are fooled, and
 * six standard deviations of the binomial distribution more once in 1e9 times; seeds are fixed. */
static void senders_that_guess_fool_it_no_more_often_than_alpha(void **state)
{
    enum { N = 300 };
    const double alpha = 0.1;
    struct cookie_mixture m;
    struct random_source r;

    (void)state;
    cookie_mixture_init_with(&m, -6, -1);
    random_seed_fixed(&r, 31, 1);
    for (unsigned strategy = 0; strategy < N_STRATEGIES; strategy++) {
        unsigned n_fooled = 0;

        for (unsigned i = 0; i < N; i++)
            n_fooled += is_fooled(&r, &m, (enum strategy)strategy, -log10(alpha));
        assert_true(n_fooled <= alpha * N + 6 * sqrt(alpha * (1 - alpha) * N));
    }
}

static void one_right_number_is_never_enough_and_two_are_when_few_were_wrong(void **state)
{
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init(&m);
    assert_true(cookie_log10_evidence(&m, 1, 0) <= 0.0);
    assert_true(cookie_log10_evidence(&m, 2, 0) >= own_target());
    assert_int_equal(cookie_witnesses_needed(&m, 0, own_target(), 100), 2);
}

/* The table of cookie.c: the most wrong ACKs, as a power of two with one decimal. */
static void floods_of_wrong_acks_cost_what_the_table_says(void **state)
{
    const struct {
        unsigned witnesses;
        double log2_most;
    } rows[] = {{2, 16.5}, {3, 21.3}, {4, 23.9}, {6, 26.7}, {10, 29.2}};
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init(&m);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        double log2_most = 0;

        while (cookie_log10_e(&m, rows[i].witnesses, (uint64_t)exp2(log2_most + 0.01)) >=
               own_target())
            log2_most += 0.01;
        assert_true(fabs(log2_most - rows[i].log2_most) <= 0.06);
    }
}

static void with_cookies_on_data_pays_their_share_and_either_may_speak(void **state)
{
    struct evidence_of_kinds kinds = {.on = 1u << EVIDENCE_COOKIE};
    struct cookie_mixture m;

    (void)state;
    cookie_mixture_init(&m);
    kinds.log10_e[EVIDENCE_COOKIE] = cookie_log10_evidence(&m, 2, 0);
    assert_true(evidence_log10_with_kinds(-5.0, &kinds) >= 6.0);
    kinds.log10_e[EVIDENCE_COOKIE] = cookie_log10_evidence(&m, 1, 0);
    assert_true(evidence_log10_with_kinds(-5.0, &kinds) < 0.0);
    assert_true(fabs(evidence_log10_with_kinds(8.0, &kinds) - (8.0 + log10(0.9))) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_candidates_there_is_no_evidence),
        cmocka_unit_test(the_mean_of_what_comes_next_is_never_more_than_what_is),
        cmocka_unit_test(the_error_is_at_most_alpha_exactly),
        cmocka_unit_test(senders_that_guess_fool_it_no_more_often_than_alpha),
        cmocka_unit_test(one_right_number_is_never_enough_and_two_are_when_few_were_wrong),
        cmocka_unit_test(floods_of_wrong_acks_cost_what_the_table_says),
        cmocka_unit_test(with_cookies_on_data_pays_their_share_and_either_may_speak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What both rules say of counts by chance, to four digits. */
#include <inttypes.h>
#include <stdlib.h>

#include "../common/trace.h"
#include "base/compiler.h"
#include "base/random.h"
#include "verdict/decision.h"
#include "verdict/interval.h"
#include "verdict/penny.h"

#define N_PLAYS 12
#define N_STEPS 400
#define N_FLOWS 12

static struct random_source chance;

/* Once in a statement at most: compilers differ in which of two comes first. */
static uint32_t below(uint32_t n)
{
    return random_u32(&chance) % n;
}

/* Often few, now and then many. */
static uint64_t count(void)
{
    static const uint32_t most[] = {1, 2, 4, 12, 40, 300, 100000};

    return below(most[below(ARRAY_LENGTH(most))]);
}

static struct anytime_counts counts(void)
{
    struct anytime_counts c;

    c.n_retransmitted = count();
    c.n_duplicates = count();
    c.n_expired = count();
    c.n_ambiguous = count();
    return c;
}

static void say_decision(const struct anytime *a)
{
    struct anytime_counts pooled = counts(), each[N_FLOWS];
    struct anytime_flows flows = {
        .counts = each, .spans = each, .n = below(3) == 0 ? below(N_FLOWS + 1) : 0};
    struct anytime_kinds kinds = {.on = below(1u << EVIDENCE_N_KINDS)};
    bool has_kinds = below(2) != 0;
    struct anytime_levels levels = {.alpha = below(2) != 0 ? 1e-6 : 1e-2};
    uint32_t n_retransmitted = below(10), n_duplicates = below(6), guess = below(20);
    struct anytime_decision d;

    flows.n_places = below(N_FLOWS);
    flows.joint_is_fair = below(2) == 0;
    levels.beta = below(2) != 0 ? 1e-4 : 1e-2;
    for (unsigned int i = 0; i < N_FLOWS; i++)
        each[i] = counts();
    for (unsigned int i = 0; i < EVIDENCE_N_KINDS; i++)
        kinds.counts[i] = counts();
    d = anytime_decide(a, &pooled, &flows, has_kinds ? &kinds : NULL, &levels);
    trace_say("decision %d mixed %d strongest %d e %.4g pooled %.4g joint %.4g data %.4g f %.4g "
              "kinds %.4g "
              "%.4g %.4g",
              d.outcome, d.mixed, d.strongest_kind, d.log10_e, d.log10_e_pooled, d.log10_e_joint,
              d.log10_e_data, d.log10_f, d.log10_e_kind[0], d.log10_e_kind[1], d.log10_e_kind[2]);
    trace_say("needed %u",
              evidence_repairs_needed(a, n_retransmitted, n_duplicates, flows.n_places, 6, guess));
}

static void say_penny(void)
{
    struct penny_parameters p = {.max_duplicate_ratio = below(2) != 0 ? 0.15 : 0.5};
    struct penny_counts c = {.droppable = count()};
    struct penny_result r;

    p.p_miss = below(5) == 0 ? 1 : 0.05 * below(4);
    c.dropped = count();
    c.retransmitted = count();
    c.expired = count();
    c.duplicates = count();
    c.voided = count();
    c.in_order = count();
    r = penny_evaluate(&c, &p);

    trace_say("penny %d %.4g %.4g %.4g %.4g", r.outcome, r.f_dup, r.p_closed, r.p_open,
              r.posterior);
}

static void say_interval(void)
{
    uint64_t n = count(), hits = n == 0 ? 0 : below((uint32_t)n + 1);
    struct interval i = interval_clopper_pearson(hits, n, below(4) == 0 ? 0.5 : 0.95);

    trace_say("interval %" PRIu64 "/%" PRIu64 " %.4g %.4g cdf %.4g", hits, n, i.low, i.high,
              interval_binomial_cdf(hits, n, 0.01 * below(100)));
}

static void play(uint64_t n)
{
    static const double coins[] = {0.01, 0.02, 0.05, 0.1, 0.5, 1};
    static struct anytime a;
    static struct anytime_memo memo;

    random_seed_fixed(&chance, n, 4);
    memo = (struct anytime_memo){0};
    anytime_init(&a, coins[n % ARRAY_LENGTH(coins)], n % 2 == 0 ? 0.05 : 0);
    a.memo = n % 3 == 0 ? &memo : NULL;
    for (int i = 0; i < N_STEPS; i++) {
        say_decision(&a);
        say_penny();
        say_interval();
    }
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play, N_PLAYS);
}

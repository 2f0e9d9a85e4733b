/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/anytime.h"

/* What is less likely than this adds nothing that a double would show. */
#define NEGLIGIBLE 1e-18

static double log_binomial(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* P(X = k) of n trials with probability p in (0, 1). */
static double binomial(uint32_t n, uint32_t k, double p)
{
    if (k > n)
        return 0;
    if (p <= 0 || p >= 1)
        return k == (p >= 1 ? n : 0);
    return exp(log_binomial(n, k) + k * log(p) + (n - k) * log1p(-p));
}

enum verdict_outcome fig7_judge(const struct fig7 *f, const struct penny_parameters *parameters,
                                uint32_t n_retransmitted, uint32_t n_expired, bool last_is_dropped)
{
    uint32_t n_dropped = n_retransmitted + n_expired;
    struct penny_counts counts = {.droppable = f->n,
                                  .dropped = n_dropped,
                                  .retransmitted = n_retransmitted,
                                  .expired = n_expired,
                                  .duplicates = f->d - n_retransmitted};

    if (!f->of_all)
        return penny_evaluate(&counts, parameters).outcome;
    counts.droppable = f->n + n_dropped;
    if (last_is_dropped && counts.duplicates > parameters->max_duplicate_ratio * (f->n - 1))
        return VERDICT_DUPLICATES_EXCEEDED;
    return penny_evaluate(&counts, parameters).outcome;
}

/* The last packet's coin is one of its own, for it may count differently. */
void fig7_enumerate(const struct fig7 *f, const struct penny_parameters *parameters,
                    double out[STUDY_N_OUTCOMES])
{
    uint32_t n_others = f->n - f->d - (f->n > f->d);
    double p = f->drop_probability;

    memset(out, 0, STUDY_N_OUTCOMES * sizeof(*out));
    for (uint32_t r = 0; r <= f->d; r++) {
        for (uint32_t k = 0; k <= n_others; k++) {
            double both = binomial(f->d, r, p) * binomial(n_others, k, p);

            if (both < NEGLIGIBLE)
                continue;
            if (f->n == f->d) {
                out[fig7_judge(f, parameters, r, k, false)] += both;
                continue;
            }
            out[fig7_judge(f, parameters, r, k, false)] += both * (1 - p);
            out[fig7_judge(f, parameters, r, k + 1, true)] += both * p;
        }
    }
}

/* The outcomes when the last drop is the u-th droppable segment. */
static void add_population(uint32_t u, double probability, double ratio, uint32_t n_drops,
                           const struct penny_parameters *parameters, double out[STUDY_N_OUTCOMES])
{
    for (uint32_t d = 0; d <= u - n_drops; d++) {
        double of_d = probability * binomial(u - n_drops, d, ratio);

        if (of_d < NEGLIGIBLE)
            continue;
        for (uint32_t r = 0; r <= n_drops; r++) {
            const struct penny_counts counts = {.droppable = u,
                                                .dropped = n_drops,
                                                .retransmitted = r,
                                                .expired = n_drops - r,
                                                .duplicates = d};

            out[penny_evaluate(&counts, parameters).outcome] += of_d * binomial(n_drops, r, ratio);
        }
    }
}

void penny_enumerate(double ratio, double drop_probability, uint32_t n_drops,
                     const struct penny_parameters *parameters, double out[STUDY_N_OUTCOMES])
{
    double log_p = log(drop_probability), log_q = log1p(-drop_probability), left = 1;

    memset(out, 0, STUDY_N_OUTCOMES * sizeof(*out));
    for (uint32_t u = n_drops; left > 1e-13 && u < 200000; u++) {
        double probability =
            exp(log_binomial(u - 1, n_drops - 1) + n_drops * log_p + (u - n_drops) * log_q);

        left -= probability;
        if (probability > NEGLIGIBLE)
            add_population(u, probability, ratio, n_drops, parameters, out);
    }
}

static double enumerate(const struct mixture *e, double drop_probability, double level, uint32_t n,
                        uint32_t max_drops)
{
    double at[TEST_MAX_DROPS_PER_AGGREGATE + 1] = {1}, reached = 0;

    for (uint32_t i = 1; i <= n; i++) {
        uint32_t most = i < max_drops ? i : max_drops;

        /* From i - 1 repeats with r of them dropped to i; E is not there yet in any state kept. */
        for (uint32_t r = most + 1; r-- > 0;) {
            double stay = r == max_drops ? 1 : 1 - drop_probability;

            at[r] = at[r] * stay + (r > 0 ? at[r - 1] * drop_probability : 0);
            if (at[r] > 1e-30 && mixture_log10(e, r, i - r) >= -log10(level)) {
                reached += at[r];
                at[r] = 0;
            }
        }
    }
    return reached;
}

double anytime_enumerate(double drop_probability, double level, uint32_t n, uint32_t max_drops)
{
    struct anytime a;

    anytime_init(&a, drop_probability, 0.05);
    return enumerate(&a.e, drop_probability, level, n, max_drops);
}

double flow_enumerate(double drop_probability, double level, uint32_t n, uint32_t max_drops)
{
    struct anytime a;

    anytime_init(&a, drop_probability, 0.05);
    return enumerate(&a.e_flow, drop_probability, level, n, max_drops);
}

/* One more repeat of flow `which`, in all states where the level was not reached; returns the mass
 * that reaches it now. `n_repeats` of each flow, this one included. */
static double repeat_of_flow(const struct anytime *a, double p, double log10_target, double *mass,
                             uint32_t width, const uint32_t n_repeats[2], unsigned int which)
{
    const uint32_t step = which == 0 ? width : 1;
    double reached = 0;

    for (uint32_t r0 = n_repeats[0] + 1; r0-- > 0;)
        for (uint32_t r1 = n_repeats[1] + 1; r1-- > 0;) {
            const uint32_t i = r0 * width + r1;
            const struct anytime_counts flows[2] = {
                {.n_retransmitted = r0, .n_duplicates = n_repeats[0] - r0},
                {.n_retransmitted = r1, .n_duplicates = n_repeats[1] - r1}};

            mass[i] = mass[i] * (1 - p) + ((which == 0 ? r0 : r1) > 0 ? mass[i - step] * p : 0);
            if (mass[i] > 1e-24 && anytime_log10_e_joint(a, flows, 2) >= log10_target) {
                reached += mass[i];
                mass[i] = 0;
            }
        }
    return reached;
}

double joint_enumerate(double drop_probability, double level, uint32_t n, uint32_t n_flows)
{
    double *mass = calloc((size_t)(n + 1) * (n + 1), sizeof(*mass)), reached = 0;
    uint32_t n_repeats[2] = {0};
    struct anytime a;

    if (mass == NULL)
        return -1;
    anytime_init(&a, drop_probability, 0.05);
    mass[0] = 1;
    for (uint32_t i = 0; i < n; i++)
        for (unsigned int flow = 0; flow < n_flows; flow++) {
            n_repeats[flow]++;
            reached +=
                repeat_of_flow(&a, drop_probability, -log10(level), mass, n + 1, n_repeats, flow);
        }
    free(mass);
    return reached;
}

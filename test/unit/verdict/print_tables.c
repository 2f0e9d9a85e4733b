/* SPDX-License-Identifier: BSD-3-Clause */
/* verdict-tables: how many clean repairs each rule needs, as tables for a person to read. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/compiler.h"
#include "verdict/evidence.h"

static const uint64_t duplicates[] = {0, 1, 2, 3, 5, 10, 20, 40, 100};
static const double coins[] = {0.1, 0.05, 0.02, 0.01};

static void print_head(const char *title)
{
    printf("%s\n  p      D=", title);
    for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++)
        printf("%4" PRIu64, duplicates[d]);
    printf("\n");
}

static unsigned chosen_needed(const struct anytime *a, uint64_t n_duplicates, bool joint,
                              double target)
{
    for (unsigned r = 1;; r++) {
        const struct anytime_counts counts = {.n_retransmitted = r, .n_duplicates = n_duplicates};
        const double log10_e =
            joint ? anytime_log10_e_joint(a, &counts, 1) : anytime_log10_e_flow(a, r, n_duplicates);

        if (log10_e >= target)
            return r;
    }
}

static void print_repairs_needed(const char *title, unsigned n_places, double log10_target)
{
    print_head(title);
    for (size_t i = 0; i < ARRAY_LENGTH(coins); i++) {
        struct anytime a;

        anytime_init(&a, floor(coins[i] * 0x1p32) * 0x1p-32, 0.05);
        printf("  %-8.2f", coins[i]);
        for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++)
            printf("%4u", evidence_repairs_needed(&a, 0, duplicates[d], n_places, log10_target, 0));
        printf("\n");
    }
}

/* Repairs of chosen flows, all in one flow, or in whichever of those chosen. */
static void print_chosen_needed(const char *title, bool joint)
{
    const double target = 6 - log10(joint ? EVIDENCE_JOINT_WEIGHT : EVIDENCE_FLOWS_WEIGHT / 10);

    print_head(title);
    for (size_t i = 0; i < ARRAY_LENGTH(coins); i++) {
        struct anytime a;

        anytime_init(&a, floor(coins[i] * 0x1p32) * 0x1p-32, 0.05);
        printf("  %-8.2f", coins[i]);
        for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++)
            printf("%4u", chosen_needed(&a, duplicates[d], joint, target));
        printf("\n");
    }
}

/* The best single q knows the answer, R/(R+D): no mixture can do with fewer. */
static unsigned least_possible(double p, double n_duplicates)
{
    for (unsigned r = 1;; r++) {
        const double q = fmax(p, r / (r + n_duplicates));
        const double misses = n_duplicates > 0 ? n_duplicates * log10((1 - q) / (1 - p)) : 0;

        if (r * log10(q / p) + misses >= 6)
            return r;
    }
}

static void print_least_possible(void)
{
    print_head("least that any choice of q could need, alpha = 1e-6");
    for (size_t i = 0; i < ARRAY_LENGTH(coins); i++) {
        printf("  %-8.2f", coins[i]);
        for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++)
            printf("%4u", least_possible(coins[i], (double)duplicates[d]));
        printf("\n");
    }
}

int main(void)
{
    print_repairs_needed("repairs needed, evidence with ten places for flows, alpha = 1e-6", 10, 6);
    print_repairs_needed("repairs needed, E_pooled alone, alpha = 1e-6", 0, 6);
    print_chosen_needed("repairs needed in one chosen flow of ten places, by its E_f", false);
    print_chosen_needed("repairs needed in one chosen flow, by E_joint", true);
    print_least_possible();
    return 0;
}

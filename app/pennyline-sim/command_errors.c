/* SPDX-License-Identifier: BSD-3-Clause */
/* errors: what a blind sender gains at most, by enumeration, where simulation would see nothing. */
#include "base/compiler.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/exact.h"
#include "pennyline-sim/rows.h"
#include "verdict/evidence.h"

#define N_RATIOS 60

static void print_penny(struct print_table *table)
{
    static const uint32_t n_drops[] = {6, 12};
    const struct penny_parameters parameters = {.max_duplicate_ratio = 0.15, .p_miss = 0.05};
    double out[STUDY_N_OUTCOMES];

    for (unsigned int k = 0; k < ARRAY_LENGTH(n_drops); k++)
        for (int i = 1; i <= N_RATIOS; i++) {
            double ratio = i / (2.0 * 100);

            penny_enumerate(ratio, 0.05, n_drops[k], &parameters, out);
            print_table_row(table, json_pack("{sssisfsfsf}", "rule", "penny", "drops",
                                             (int)n_drops[k], "repeated", ratio, "level", 0.0,
                                             "closed_loop", out[VERDICT_CLOSED_LOOP]));
        }
}

/* The pooled E alone: its level is its share of alpha. */
static void print_anytime(struct print_table *table)
{
    static const uint32_t n_repeats[] = {5, 10, 30, 100, 300, 1000, 3000};
    static const uint32_t n_drops[] = {12, TEST_MAX_DROPS_PER_AGGREGATE};

    for (int level = 0; level < STUDY_N_LEVELS; level++)
        for (unsigned int k = 0; k < ARRAY_LENGTH(n_drops); k++)
            for (unsigned int i = 0; i < ARRAY_LENGTH(n_repeats); i++) {
                double share = EVIDENCE_POOLED_WEIGHT * study_levels[level];

                print_table_row(
                    table, json_pack("{sssisfsfsf}", "rule", "anytime", "drops", (int)n_drops[k],
                                     "repeated", (double)n_repeats[i], "level", study_levels[level],
                                     "closed_loop",
                                     anytime_enumerate(0.05, share, n_repeats[i], n_drops[k])));
            }
}

/* E_f of one place at its share, at most max_drops_per_flow being dropped. */
static void print_flow(struct print_table *table)
{
    static const uint32_t n_repeats[] = {10, 30, 100, 300, 1000, 3000};
    struct test_parameters parameters;

    test_parameters_default(&parameters);
    for (int level = 0; level < STUDY_N_LEVELS; level++)
        for (unsigned int i = 0; i < ARRAY_LENGTH(n_repeats); i++) {
            double share =
                EVIDENCE_FLOWS_WEIGHT / parameters.max_individual_flows * study_levels[level];

            print_table_row(table, json_pack("{sssisfsfsf}", "rule", "anytime_flow", "drops",
                                             (int)parameters.max_drops_per_flow, "repeated",
                                             (double)n_repeats[i], "level", study_levels[level],
                                             "closed_loop",
                                             flow_enumerate(0.05, share, n_repeats[i],
                                                            parameters.max_drops_per_flow)));
        }
}

/* E_joint at its share, without a limit on drops; in column drops, how many flows were chosen. */
static void print_joint(struct print_table *table)
{
    static const uint32_t n_repeats[] = {5, 10, 30, 100, 300};

    for (int level = 0; level < STUDY_N_LEVELS; level++)
        for (uint32_t n_flows = 1; n_flows <= 2; n_flows++)
            for (unsigned int i = 0; i < ARRAY_LENGTH(n_repeats) - 2 * (n_flows - 1); i++) {
                double share = EVIDENCE_JOINT_WEIGHT * study_levels[level];

                print_table_row(table,
                                json_pack("{sssisfsfsf}", "rule", "anytime_joint", "drops",
                                          (int)n_flows, "repeated", (double)n_repeats[i], "level",
                                          study_levels[level], "closed_loop",
                                          joint_enumerate(0.05, share, n_repeats[i], n_flows)));
            }
}

static bool wants(const struct options *o, enum test_rule rule)
{
    return rule >= o->first_rule && rule <= o->last_rule;
}

int command_errors(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;

    rows_parse(
        argc, argv,
        "Wrong closed_loop, exactly. penny: a sender that repeats a share of its segments "
        "(column repeated). anytime: a sender that repeats so many segments, each once, and "
        "the pooled evidence at its share of alpha (column level). anytime_flow: the same for the "
        "evidence of one chosen flow. anytime_joint: the same for the evidence of one or two "
        "chosen flows together (column drops: how many), each of "
        "which repeats so many segments.",
        1, &o);
    table = (struct print_table){.output = o.output, .n_skipped = o.n_skipped};
    if (wants(&o, TEST_RULE_PENNY))
        print_penny(&table);
    if (wants(&o, TEST_RULE_ANYTIME)) {
        print_anytime(&table);
        print_flow(&table);
        print_joint(&table);
    }
    print_table_end(&table);
    return 0;
}

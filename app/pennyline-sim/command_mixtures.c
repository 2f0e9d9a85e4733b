/* SPDX-License-Identifier: BSD-3-Clause */
/* mixtures: how much of what can be known of a genuine minority the rules find out.
 *
 * A tenth of the packets is genuine: ten flows of 100 segments a second that last, and lose 6 % on
 * either side of the box. The rest is of a hundred blind flows, which repeat nothing, or 14.9 %.
 *
 * The oracle knows which flows are genuine. It drops from no others, counts nothing of others, and
 * has all of alpha for what they show together: the rule's own pooled evidence, without the shares
 * of alpha that looking for flows costs. With as many drops no rule that has to find them does
 * better. */
#include "base/compiler.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/rows.h"

static const double duplicate_ratios[] = {0, 0.149};
static const double probabilities[] = {0.05, 0.02, 0.01};

/* Drops that a test may make in all: by default, and with more flows looked at one by one. */
static const struct budget {
    uint32_t n_drops, max_individual_flows;
} budgets[] = {{72, 10}, {150, 23}};

static struct scenario scenario_of(double p, const struct budget *budget)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.pace = 100;
    s.network.loss_upstream = s.network.loss_downstream = 0.06;
    s.test.drop_probability = p;
    s.test.max_individual_flows = budget->max_individual_flows;
    return s;
}

static void add_blind(struct scenario *s, double duplicate_ratio)
{
    s->blind.attack = attack_by_name("duplicates");
    s->blind.n_flows = 100;
    s->blind.segments_per_second = 0;
    s->blind.share = 0.9;
    s->blind.duplicate_ratio = duplicate_ratio;
}

static void make_oracle(struct scenario *s, const struct budget *budget)
{
    s->test.fallback_to_individual = false;
    s->test.max_drops_per_aggregate = budget->n_drops;
    s->test.max_drops_per_flow = TEST_MAX_DROPS_PER_FLOW;
}

static int run_row(struct print_table *table, const struct options *o, const char *who,
                   double duplicate_ratio, const struct budget *budget, const struct scenario *s)
{
    return rows_study(table,
                      json_pack("{sfsfsIss}", "duplicates", duplicate_ratio, "drop_probability",
                                s->test.drop_probability, "max_drops", (json_int_t)budget->n_drops,
                                "who", who),
                      s, &o->study);
}

static int run_point(struct print_table *table, const struct options *o, double duplicate_ratio,
                     double p, const struct budget *budget)
{
    struct scenario s = scenario_of(p, budget);
    int error = 0;

    if (o->first_rule == TEST_RULE_ANYTIME) {
        make_oracle(&s, budget);
        error = run_row(table, o, "oracle", duplicate_ratio, budget, &s);
    }
    for (int rule = (int)o->first_rule; rule <= (int)o->last_rule && error == 0; rule++) {
        s = scenario_of(p, budget);
        add_blind(&s, duplicate_ratio);
        s.test.rule = (enum test_rule)rule;
        error = run_row(table, o, rows_rule_name(s.test.rule), duplicate_ratio, budget, &s);
    }
    return error;
}

int command_mixtures(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;
    int error = 0;

    rows_parse(argc, argv,
               "A tenth of the packets genuine, 6 % lost on either side, the rest blind: what an "
               "oracle that knows the genuine flows makes of it, and what the rules do.",
               200, &o);
    table = (struct print_table){.output = o.output, .n_skipped = o.n_skipped};
    for (unsigned int d = 0; d < ARRAY_LENGTH(duplicate_ratios); d++)
        for (unsigned int p = 0; p < ARRAY_LENGTH(probabilities); p++)
            for (unsigned int b = 0; b < ARRAY_LENGTH(budgets) && error == 0; b++)
                error = run_point(&table, &o, duplicate_ratios[d], probabilities[p], &budgets[b]);
    print_table_end(&table);
    return error;
}

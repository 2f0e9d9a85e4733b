/* SPDX-License-Identifier: BSD-3-Clause */
/* fig8 and fig14: the paper's accuracy experiments, with both rules side by side.
 *
 * Ten closed-loop flows of 1,000 packets and a hundred spoofed flows; drop probability 1 to 5 %; at
 * least 300 droppable packets: where twelve drops come of fewer, rule penny is given as many drops
 * as 300 packets take. Rule anytime keeps its twelve, since it stops by itself. */
#include <math.h>

#include "base/compiler.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/rows.h"

#define MIN_DROPPABLE 300

struct mix {
    const char *name;
    double genuine_share; /* of the packets */
    double duplicate_ratio;
};

static const struct mix fig8[] = {
    {"closed_loop_only", 1, 0},
    {"half_and_half", 0.5, 0},
    {"half_and_half_duplicates", 0.5, 0.149},
    {"open_loop_only", 0, 0},
    {"open_loop_only_duplicates", 0, 0.149},
};

static const struct mix fig14[] = {
    {"20_80", 0.2, 0},
    {"20_80_duplicates", 0.2, 0.149},
    {"10_90", 0.1, 0},
    {"10_90_duplicates", 0.1, 0.149},
};

static const double losses[] = {0, 0.01, 0.03, 0.06, 0.09, 0.12};
static const char *const places[] = {"upstream", "downstream", "both"};
static const double probabilities[] = {0.01, 0.02, 0.03, 0.04, 0.05};

static struct scenario scenario_of(const struct mix *mix, double loss, int place, double p,
                                   enum test_rule rule)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_segments = 1000;
    s.genuine.pace = 100;
    s.network.loss_upstream = place != 1 ? loss : 0;
    s.network.loss_downstream = place != 0 ? loss : 0;
    if (mix->genuine_share < 1) {
        s.blind.attack = attack_by_name("duplicates");
        s.blind.n_flows = 100;
        s.blind.duplicate_ratio = mix->duplicate_ratio;
        s.blind.share = 1 - mix->genuine_share;
        s.blind.segments_per_second = mix->genuine_share > 0 ? 0 : 1000;
        s.blind.ends_with_genuine = true;
    }
    if (!(mix->genuine_share > 0))
        s.genuine.n_flows = 0;
    s.test.rule = rule;
    s.test.drop_probability = p;
    if (rule == TEST_RULE_PENNY && MIN_DROPPABLE * p > s.test.max_drops_per_aggregate)
        s.test.max_drops_per_aggregate = (uint32_t)ceil(MIN_DROPPABLE * p);
    s.max_s = 30;
    return s;
}

static int run_point(struct print_table *table, const struct options *o, const struct mix *mix,
                     double loss, int place, double p)
{
    for (int rule = (int)o->first_rule; rule <= (int)o->last_rule; rule++) {
        struct scenario s = scenario_of(mix, loss, place, p, (enum test_rule)rule);
        json_t *labels = json_pack("{sssfsssfss}", "traffic", mix->name, "loss", loss, "where",
                                   loss > 0 ? places[place] : "none", "drop_probability", p, "rule",
                                   rows_rule_name((enum test_rule)rule));

        if (rows_study(table, labels, &s, &o->study) != 0)
            return 1;
    }
    return 0;
}

/* Where loss goes, from `first_place` on: Figure 14 has the last, both ways, only. What is lost
 * behind the box no blind sender notices. */
static bool has_place(const struct mix *mix, double loss, int place, int first_place)
{
    if (!(mix->genuine_share > 0) || !(loss > 0))
        return place == 0;
    return place >= first_place;
}

static int run_mix(struct print_table *table, const struct options *o, const struct mix *mix,
                   int first_place)
{
    for (unsigned int l = 0; l < ARRAY_LENGTH(losses); l++)
        for (int place = 0; place < (int)ARRAY_LENGTH(places); place++)
            for (unsigned int p = 0; p < ARRAY_LENGTH(probabilities); p++)
                if (has_place(mix, losses[l], place, first_place) &&
                    run_point(table, o, mix, losses[l], place, probabilities[p]) != 0)
                    return 1;
    return 0;
}

static int run_mixes(const struct options *o, const struct mix *mixes, unsigned int n_mixes,
                     int first_place)
{
    struct print_table table = {.output = o->output, .n_skipped = o->n_skipped};
    int error = 0;

    for (unsigned int m = 0; m < n_mixes && error == 0; m++)
        error = run_mix(&table, o, &mixes[m], first_place);
    print_table_end(&table);
    return error;
}

int command_fig8(int argc, char **argv)
{
    struct options o;

    rows_parse(argc, argv,
               "The paper's Figure 8: closed-loop only, mixed half and half, open-loop only; loss "
               "of 0 to 12 % before the box, behind it, and both.",
               100, &o);
    return run_mixes(&o, fig8, ARRAY_LENGTH(fig8), 0);
}

int command_fig14(int argc, char **argv)
{
    struct options o;

    rows_parse(argc, argv,
               "The paper's Figure 14: 20 % and 10 % of the packets are genuine; loss both ways.",
               100, &o);
    return run_mixes(&o, fig14, ARRAY_LENGTH(fig14), 2);
}

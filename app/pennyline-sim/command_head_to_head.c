/* SPDX-License-Identifier: BSD-3-Clause */
/* head-to-head: both rules by their defaults on the same genuine and mixed traffic. What blind
 * senders make of them is the subcommand attacks. */
#include "base/compiler.h"
#include "base/time.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/rows.h"

/* How genuine traffic is, and what the network does to it. Zero: as by default. */
static const struct path {
    const char *name;
    double pace; /* segments per second and flow; 0: bulk */
    double upstream, downstream, burst, jitter_ms, reorder, unseen;
    bool no_sack;
} paths[] = {
    {"paced no loss", .pace = 50},
    {"paced 1 % behind", .pace = 50, .downstream = 0.01},
    {"paced 3 % behind", .pace = 50, .downstream = 0.03},
    {"paced 6 % behind", .pace = 50, .downstream = 0.06},
    {"paced 9 % behind", .pace = 50, .downstream = 0.09},
    {"paced 12 % behind", .pace = 50, .downstream = 0.12},
    {"paced 3 % behind in bursts", .pace = 50, .downstream = 0.03, .burst = 4},
    {"paced 12 % before", .pace = 50, .upstream = 0.12},
    {"paced 6 % both", .pace = 50, .upstream = 0.06, .downstream = 0.06},
    {"paced 12 % both", .pace = 50, .upstream = 0.12, .downstream = 0.12},
    {"bulk no loss", .pace = 0},
    {"bulk 1 % behind", .downstream = 0.01},
    {"bulk 3 % behind", .downstream = 0.03},
    {"bulk 6 % behind", .downstream = 0.06},
    {"bulk 12 % behind", .downstream = 0.12},
    {"bulk 12 % before", .upstream = 0.12},
    {"bulk no SACK", .no_sack = true},
    {"paced jitter 10 ms", .pace = 50, .jitter_ms = 10},
    {"bulk 5 % reordered", .reorder = 0.05},
    {"paced 5 % go past the box", .pace = 50, .unseen = 0.05},
    {"paced 20 % go past the box", .pace = 50, .unseen = 0.2},
    {"paced half go past the box", .pace = 50, .unseen = 0.5},
};

static const struct share {
    const char *name;
    uint32_t n_genuine, n_blind;
    double genuine_share, duplicate_ratio;
} shares[] = {
    {"1/2 genuine", 10, 10, 0.5, 0},
    {"1/2 genuine duplicates 14.9 %", 10, 10, 0.5, 0.149},
    {"1/5 genuine", 10, 40, 0.2, 0},
    {"1/5 genuine duplicates 14.9 %", 10, 40, 0.2, 0.149},
    {"1/10 genuine", 10, 90, 0.1, 0},
    {"1/10 genuine duplicates 14.9 %", 10, 90, 0.1, 0.149},
    {"1 flow of 10 genuine", 1, 9, 0.1, 0},
    {"1 flow of 10 genuine duplicates 14.9 %", 1, 9, 0.1, 0.149},
    {"1/10 genuine duplicates 50 %", 10, 90, 0.1, 0.5},
};

static struct scenario scenario_of_path(const struct path *path)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.pace = path->pace;
    s.genuine.tcp.sack = !path->no_sack;
    s.network.loss_upstream = path->upstream;
    s.network.loss_downstream = path->downstream;
    s.network.burst = path->burst > 0 ? path->burst : 1;
    s.network.jitter_ms = path->jitter_ms;
    s.network.reorder = path->reorder;
    s.network.unseen = path->unseen;
    return s;
}

static struct scenario scenario_of_share(const struct share *share)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = share->n_genuine;
    s.genuine.pace = 50;
    s.blind.attack = attack_by_name("duplicates");
    s.blind.n_flows = share->n_blind;
    s.blind.segments_per_second = 0;
    s.blind.share = 1 - share->genuine_share;
    s.blind.duplicate_ratio = share->duplicate_ratio;
    return s;
}

static int run_rules(struct print_table *table, const struct options *o, const char *part,
                     const char *name, struct scenario *s)
{
    for (int rule = (int)o->first_rule; rule <= (int)o->last_rule; rule++) {
        s->test.rule = (enum test_rule)rule;
        if (rows_study(table,
                       json_pack("{ssssss}", "part", part, "traffic", name, "rule",
                                 rows_rule_name(s->test.rule)),
                       s, &o->study) != 0)
            return 1;
    }
    return 0;
}

/* A trial to completion is long, and a mean over ten flows. */
#define COMPLETION_SHARE 5

/* Flows of 1,000 segments to their end, with and without the box's drops. */
static int run_completion(struct print_table *table, const struct options *o,
                          const struct path *path)
{
    struct scenario s = scenario_of_path(path);
    struct options few = *o;

    few.study.n_runs = o->study.n_runs / COMPLETION_SHARE + 1;
    s.genuine.n_segments = 1000;
    s.to_completion = true;
    s.max_s = 600;
    if (run_rules(table, &few, "completion", path->name, &s) != 0)
        return 1;
    /* Once, with the last rule's rows. */
    if (o->last_rule != TEST_RULE_PENNY)
        return 0;
    s.no_drops = true;
    return rows_study(
        table,
        json_pack("{ssssss}", "part", "completion", "traffic", path->name, "rule", "no drops"), &s,
        &few.study);
}

int command_head_to_head(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;
    int error = 0;

    rows_parse(argc, argv,
               "Rules anytime and penny, by their defaults, on genuine and mixed traffic: rates, "
               "drops, segments and seconds to the verdict, and what flows lose by it.",
               200, &o);
    table = (struct print_table){.output = o.output, .n_skipped = o.n_skipped};
    for (unsigned int i = 0; i < ARRAY_LENGTH(paths) && error == 0; i++) {
        struct scenario s = scenario_of_path(&paths[i]);

        error = run_rules(&table, &o, "genuine", paths[i].name, &s);
    }
    for (unsigned int i = 0; i < ARRAY_LENGTH(shares) && error == 0; i++) {
        struct scenario s = scenario_of_share(&shares[i]);

        error = run_rules(&table, &o, "mixed", shares[i].name, &s);
    }
    for (unsigned int i = 0; i < ARRAY_LENGTH(paths) && error == 0; i++)
        if (!(paths[i].unseen > 0))
            error = run_completion(&table, &o, &paths[i]);
    print_table_end(&table);
    return error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* passive: how often the intervals of mode passive hold the true rate of loss, and how often it
 * finds what is not there. */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/passive.h"
#include "pennyline-sim/rows.h"

static const struct {
    const char *name;
    double before, after, reorder, unseen; /* shares of the segments */
    double held_up_ms;
} networks[] = {
    {.name = "nothing"},
    {.name = "loss_before", .before = 0.005},
    {.name = "loss_before", .before = 0.02},
    {.name = "loss_before", .before = 0.06},
    {.name = "loss_after", .after = 0.005},
    {.name = "loss_after", .after = 0.02},
    {.name = "loss_after", .after = 0.06},
    {.name = "loss_both", .before = 0.02, .after = 0.02},
    {.name = "reordering", .reorder = 0.05, .held_up_ms = 3},
    {.name = "reordering", .reorder = 0.05, .held_up_ms = 30},
    {.name = "balancing", .unseen = 0.5},
};

static const double round_trips_ms[] = {0.1, 5, 20};

static int print_point(struct print_table *table, const struct options *o, unsigned int i,
                       double round_trip_ms, bool is_marked)
{
    struct passive_tally t;
    struct scenario s;

    passive_scenario(&s, round_trip_ms);
    s.genuine.timestamps = s.genuine.ip_ids = is_marked;
    s.network.loss_upstream = networks[i].before;
    s.network.loss_downstream = networks[i].after;
    s.network.reorder = networks[i].reorder;
    s.network.reorder_ms = networks[i].held_up_ms;
    s.network.unseen = networks[i].unseen;
    if (rows_skip(table))
        return 0;
    if (passive_study(&s, o->study.n_runs, o->study.seed, &t) != 0)
        return 1;
    print_table_row(table,
                    json_pack("{sssssfsfsfsfsIsIsfsfsIsfsfsIsI}", "network", networks[i].name,
                              "marks", is_marked ? "both" : "none", "round_trip_ms", round_trip_ms,
                              "before", networks[i].before, "after", networks[i].after,
                              "held_up_ms", networks[i].held_up_ms, "runs", (json_int_t)t.n_runs,
                              "before_covered", (json_int_t)t.n_covered[0], "before_mean",
                              t.mean_estimate[0], "before_width", t.mean_width[0], "after_covered",
                              (json_int_t)t.n_covered[1], "after_mean", t.mean_estimate[1],
                              "after_width", t.mean_width[1], "false_loss", (json_int_t)t.n_false,
                              "balanced", (json_int_t)t.n_balanced));
    return 0;
}

int command_passive(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;
    int error = 0;

    rows_parse(argc, argv,
               "Mode passive on networks of which the truth is known: how often the interval holds "
               "the true rate of loss before and after the box (covered), what it says on average "
               "(mean) and how wide it is; how often a loss is found that is not there, and "
               "balancing. Senders mark the order of their packets by timestamps and "
               "identifications (both), or not at all (none).",
               1000, &o);
    table = (struct print_table){.output = o.output, .n_skipped = o.n_skipped};
    for (unsigned int i = 0; i < ARRAY_LENGTH(networks); i++)
        for (unsigned int r = 0; r < 2 * ARRAY_LENGTH(round_trips_ms) && error == 0; r++)
            error = print_point(&table, &o, i, round_trips_ms[r / 2], r % 2 == 0);
    print_table_end(&table);
    return error;
}

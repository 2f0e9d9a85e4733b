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
} networks[] = {
    {"nothing", 0, 0, 0, 0},        {"loss_before", 0.005, 0, 0, 0}, {"loss_before", 0.02, 0, 0, 0},
    {"loss_before", 0.06, 0, 0, 0}, {"loss_after", 0, 0.005, 0, 0},  {"loss_after", 0, 0.02, 0, 0},
    {"loss_after", 0, 0.06, 0, 0},  {"reordering", 0, 0, 0.05, 0},   {"balancing", 0, 0, 0, 0.5},
};

static const double round_trips_ms[] = {0.1, 5, 20};

static int print_point(struct print_table *table, const struct options *o, unsigned int i,
                       double round_trip_ms)
{
    struct passive_tally t;
    struct scenario s;

    passive_scenario(&s, round_trip_ms);
    s.network.loss_upstream = networks[i].before;
    s.network.loss_downstream = networks[i].after;
    s.network.reorder = networks[i].reorder;
    s.network.reorder_ms = 3;
    s.network.unseen = networks[i].unseen;
    if (passive_study(&s, o->study.n_runs, o->study.seed, &t) != 0)
        return 1;
    print_table_row(table, json_pack("{sssfsfsfsIsIsfsfsIsI}", "network", networks[i].name,
                                     "round_trip_ms", round_trip_ms, "before", networks[i].before,
                                     "after", networks[i].after, "runs", (json_int_t)t.n_runs,
                                     "covered", (json_int_t)t.n_covered, "mean", t.mean_estimate,
                                     "width", t.mean_width, "false_loss", (json_int_t)t.n_false,
                                     "balanced", (json_int_t)t.n_balanced));
    return 0;
}

int command_passive(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;
    int error = 0;

    rows_parse(
        argc, argv,
        "Mode passive on networks of which the truth is known: how often the interval holds "
        "the true rate of loss (covered), what it says on average (mean) and how wide it is; "
        "how often a loss is found that is not there, and balancing.",
        1000, &o);
    table.output = o.output;
    for (unsigned int i = 0; i < ARRAY_LENGTH(networks); i++)
        for (unsigned int r = 0; r < ARRAY_LENGTH(round_trips_ms) && error == 0; r++)
            error = print_point(&table, &o, i, round_trips_ms[r]);
    print_table_end(&table);
    return error;
}

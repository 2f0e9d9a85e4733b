/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/scenario.h"

#include <math.h>
#include <stddef.h>

#include "base/time.h"
#include "flow/flow.h"

#define MOST_FLOWS_OF_UNITS 100000

void scenario_default(struct scenario *s)
{
    *s = (struct scenario){
        .genuine = {.n_flows = 10,
                    .segment_bytes = 1400,
                    .start_ms = 50,
                    .n_datagrams = 1,
                    .tcp = {.sack = true,
                            .recent_ack = true,
                            .tail_loss_probe = true,
                            .rto_min_ns = 200 * NS_PER_MS,
                            .delayed_ack_ns = 40 * NS_PER_MS,
                            .initial_window = 10,
                            .max_window = 32}},
        .blind = {.n_flows = 10,
                  .segments_per_second = 1000,
                  .share = 0.5,
                  .duplicate_ratio = -1,
                  .delay_ms = -1,
                  .n_flood = -1,
                  .payload_bytes = 1400},
        .network = {.delay_downstream_ms = 10, .delay_back_ms = 10, .burst = 1, .reorder_ms = 5},
        .own = {.within_s = 0.5, .queue = 1024},
        .n_lcores = 1,
        .max_s = 60,
    };
    test_parameters_default(&s->test);
}

double scenario_blind_rate(const struct scenario *s)
{
    double genuine = s->genuine.n_flows * s->genuine.pace;

    if (s->blind.segments_per_second > 0)
        return s->blind.segments_per_second;
    return genuine * s->blind.share / (1 - s->blind.share);
}

uint32_t scenario_table_flows(const struct scenario *s)
{
    uint32_t n = 2 * (s->genuine.n_flows + (s->blind.attack != NULL ? s->blind.n_flows : 0));

    /* Each attack by units begins a flow with each step; half as many units are remembered as there
     * are flows, for ten seconds. */
    if (s->blind.attack != NULL && test_parameters_kinds(&s->test) != 0)
        n += (uint32_t)fmin(25 * scenario_blind_rate(s), MOST_FLOWS_OF_UNITS);
    if (s->n_table_flows != 0)
        n = s->n_table_flows;
    else if (s->genuine.renew)
        n += 1024;
    return n < FLOW_TABLE_MIN_FLOWS ? FLOW_TABLE_MIN_FLOWS : n;
}

const char *scenario_check(const struct scenario *s)
{
    if (s->genuine.n_flows == 0 && s->blind.attack == NULL)
        return "nobody sends: give --flows, or an --attack";
    if (s->blind.attack != NULL && scenario_blind_rate(s) < 1)
        return "the blind sender's rate is below 1: give --blind-rate, or --pace and --blind-share";
    if (s->test.units == 0)
        return "--units: none is left";
    if (s->test.rule == TEST_RULE_PENNY && test_parameters_kinds(&s->test) != 0)
        return "rule penny judges data segments alone: leave --units away";
    if (s->to_completion && (s->genuine.n_segments == 0 || s->genuine.renew))
        return "--to-completion wants flows that end: give --segments, and not --renew";
    if (s->network.burst > 1 &&
        (s->network.loss_upstream > 0.5 || s->network.loss_downstream > 0.5))
        return "losses in bursts are modelled up to 50 %";
    if (s->own.spares_workers && s->own.spares_manager)
        return "--stall-spares-workers and --stall-spares-manager: nobody is left to stand still";
    return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Can a test with these parameters end well for a genuine sender? Parameters that are each within
 * their bounds may leave only the other verdict: four silent drops are enough for not_closed_loop,
 * where four repaired ones are not enough for closed_loop. Such a configuration is refused, with
 * the number that it lacks. */
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "config/check.h"
#include "unit/unit.h"
#include "verdict/evidence.h"

/* Of rule penny's posterior: above it, closed_loop (lib/verdict/penny.c). */
#define PENNY_ODDS_AGAINST (0.01 / 0.99)

static int refuse(struct option_reader *r, const char *key, const char *found, const char *allowed)
{
    reader_enter_key(r, key);
    return reader_refuse(r, found, allowed);
}

static int refuse_count(struct option_reader *r, const char *key, uint32_t found, double least,
                        const char *why)
{
    char text[16], allowed[160];

    snprintf(text, sizeof(text), "%u", found);
    snprintf(allowed, sizeof(allowed), "at least %.0f, %s", least, why);
    return refuse(r, key, text, allowed);
}

/* How many drops of one kind, all of which come back, closed_loop takes beyond those that are
 * allowed of that kind alone. */
static double lacking(const struct anytime *anytime, const struct test_parameters *p,
                      double share_of_alpha, uint32_t n_places, unsigned *n_needed)
{
    *n_needed = evidence_repairs_needed(anytime, 0, 0, n_places,
                                        -log10(p->alpha) - log10(share_of_alpha), 0);
    return (double)*n_needed -
           ((double)p->max_drops_per_aggregate + (double)n_places * p->max_drops_per_flow);
}

/* If every drop comes back and nothing else does: by whatever of its units needs fewest. */
static int check_anytime(struct option_reader *r, const struct test_parameters *p)
{
    const unsigned kinds = test_parameters_kinds(p) >> 1;
    const uint32_t n_places = test_parameters_have_flows_phase(p) ? p->max_individual_flows : 0;
    struct anytime anytime;
    unsigned n_needed = UINT_MAX;
    double n_lacking = INFINITY;
    char why[120];

    anytime_init(&anytime, p->drop_probability, p->p_miss);
    if ((p->units & TEST_UNITS_DATA) != 0)
        n_lacking = lacking(&anytime, p, evidence_share_of_data(kinds), n_places, &n_needed);
    for (unsigned kind = 0; n_lacking > 0 && kind < UNIT_N_KINDS; kind++)
        if ((kinds >> kind & 1) != 0)
            n_lacking = fmin(n_lacking,
                             lacking(&anytime, p, evidence_share_of_kind((enum evidence_kind)kind),
                                     0, &n_needed));
    if (n_lacking <= 0)
        return 0;
    snprintf(why, sizeof(why),
             "since closed_loop takes %u repairs with alpha %g and drop_probability %g", n_needed,
             p->alpha, p->drop_probability);
    return refuse_count(r, "max_drops_per_aggregate", p->max_drops_per_aggregate,
                        p->max_drops_per_aggregate + n_lacking, why);
}

/* The duplicate ratio that `n_drops` drops show when no duplicate is seen: the rule counts one all
 * the same, among as many segments as it takes to drop so many. */
static double least_duplicate_ratio(const struct test_parameters *p, uint32_t n_drops)
{
    return p->drop_probability / ((1 - p->drop_probability) * n_drops);
}

static bool penny_can_tell(const struct test_parameters *p, uint32_t n_drops)
{
    double f_dup = least_duplicate_ratio(p, n_drops);

    return f_dup <= p->max_duplicate_ratio && pow(f_dup, n_drops) < PENNY_ODDS_AGAINST;
}

static int check_penny(struct option_reader *r, const struct test_parameters *p)
{
    uint32_t n_needed = 1;
    char found[32], allowed[160];

    if (penny_can_tell(p, p->max_drops_per_aggregate) ||
        (p->fallback_to_individual && penny_can_tell(p, p->max_drops_per_flow)))
        return 0;
    while (n_needed < TEST_MAX_DROPS_PER_AGGREGATE && !penny_can_tell(p, n_needed))
        n_needed++;
    if (penny_can_tell(p, n_needed))
        return refuse_count(r, "max_drops_per_aggregate", p->max_drops_per_aggregate, n_needed,
                            "since with fewer rule \"penny\" never says closed_loop");
    snprintf(found, sizeof(found), "%g", p->max_duplicate_ratio);
    snprintf(allowed, sizeof(allowed),
             "at least %.2g, what one duplicate is among the segments of a test",
             least_duplicate_ratio(p, p->max_drops_per_aggregate));
    return refuse(r, "max_duplicate_ratio", found, allowed);
}

/* A flow that is forgotten takes its pending drop along: void, so no test would ever end. A tail
 * drop waits for twice the timeout. */
static int check_timeouts(struct option_reader *r, const struct test_parameters *p)
{
    if (p->flow_idle_timeout_ms >= 2 * p->retransmission_timeout_ms)
        return 0;
    return refuse_count(r, "flow_idle_timeout_ms", p->flow_idle_timeout_ms,
                        2.0 * p->retransmission_timeout_ms,
                        "twice retransmission_timeout_ms, or drops would be forgotten before they "
                        "expire");
}

static int check_units(struct option_reader *r, const struct test_parameters *p)
{
    if (p->units == 0)
        return refuse(r, "units", "[]", "at least one of \"data\", \"handshake\" and \"quic\"");
    if (p->rule == TEST_RULE_PENNY && p->units != TEST_UNITS_DATA)
        return refuse(r, "units", "more than \"data\"",
                      "with rule \"penny\" [\"data\"], since it judges data segments alone; rule "
                      "\"anytime\" takes all");
    return 0;
}

int config_check_feasible(struct option_reader *r, const struct test_parameters *p)
{
    int error = check_timeouts(r, p);

    if (error == 0)
        error = check_units(r, p);

    if (error != 0)
        return error;
    return p->rule == TEST_RULE_PENNY ? check_penny(r, p) : check_anytime(r, p);
}

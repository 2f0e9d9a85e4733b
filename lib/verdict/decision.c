/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two halves are not symmetric, on purpose. closed_loop is a claim about somebody: a single
 * genuine sender makes it true, so it needs E alone. not_closed_loop says that nobody is there, so
 * on top of F it asks that nothing speaks for a sender: with half of the repairs on another path
 * (per-packet load balancing) N grows as fast as R and F with it, and the traffic is genuine all
 * the same. The condition on E can only make a false not_closed_loop rarer than beta.
 */
#include "verdict/decision.h"

#include <math.h>
#include <string.h>

#include "verdict/evidence.h"

/* The strongest of the flows, which is all that the evidence reads of them. */
static double strongest_flow(const struct anytime *anytime, const struct anytime_flows *flows)
{
    double strongest = 0.0; /* E = 1: what a place not taken counts */

    for (unsigned i = 0; i < flows->n; i++)
        strongest = fmax(strongest, anytime_log10_e_flow(anytime, flows->counts[i].n_retransmitted,
                                                         flows->counts[i].n_duplicates));
    return strongest;
}

/* The E of each kind that is on. True: one of them is above 1. */
static bool read_kinds(const struct anytime *anytime, const struct anytime_kinds *kinds,
                       struct evidence_of_kinds *out)
{
    bool one_speaks = false;

    *out = (struct evidence_of_kinds){.on = kinds != NULL ? kinds->on : 0};
    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++) {
        if ((out->on >> kind & 1) == 0)
            continue;
        out->log10_e[kind] = anytime_log10_e(anytime, kinds->counts[kind].n_retransmitted,
                                             kinds->counts[kind].n_duplicates);
        one_speaks |= out->log10_e[kind] > 0.0;
    }
    return one_speaks;
}

static int strongest_kind(const struct evidence_of_kinds *kinds, double log10_data)
{
    double strongest = log10(evidence_share_of_data(kinds->on)) + log10_data;
    int found = -1;

    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++) {
        const double log10_e = log10(evidence_share_of_kind(kind)) + kinds->log10_e[kind];

        if ((kinds->on >> kind & 1) == 0 || log10_e <= strongest)
            continue;
        strongest = log10_e;
        found = (int)kind;
    }
    return found;
}

struct anytime_decision anytime_decide(const struct anytime *anytime,
                                       const struct anytime_counts *pooled,
                                       const struct anytime_flows *flows,
                                       const struct anytime_kinds *kinds,
                                       const struct anytime_levels *levels)
{
    const double log10_flow = strongest_flow(anytime, flows);
    const unsigned n_shares = flows->n > flows->n_places ? flows->n : flows->n_places;
    struct anytime_decision decision = {
        .log10_e_pooled = anytime_log10_e(anytime, pooled->n_retransmitted, pooled->n_duplicates),
        .log10_e_joint =
            flows->joint_is_fair ? anytime_log10_e_joint(anytime, flows->spans, flows->n) : 0.0,
        .log10_f = anytime_log10_f(anytime, pooled->n_retransmitted + pooled->n_ambiguous,
                                   pooled->n_expired),
        .outcome = VERDICT_UNDECIDED,
    };
    const bool against = decision.log10_f >= -log10(levels->beta);
    struct evidence_of_kinds of_kinds;
    const bool a_kind_speaks = read_kinds(anytime, kinds, &of_kinds);
    const double log10_data =
        evidence_log10_combined(decision.log10_e_pooled, decision.log10_e_joint, &log10_flow,
                                flows->n > 0 ? 1 : 0, n_shares);
    decision.log10_e_data = log10_data;
    decision.log10_e = evidence_log10_with_kinds(log10_data, &of_kinds);
    decision.strongest_kind = strongest_kind(&of_kinds, log10_data);
    memcpy(decision.log10_e_kind, of_kinds.log10_e, sizeof(decision.log10_e_kind));
    if (decision.log10_e >= -log10(levels->alpha)) {
        decision.outcome = VERDICT_CLOSED_LOOP;
        decision.mixed = against;
    } else if (against && !a_kind_speaks && decision.log10_e_pooled <= 0.0 && log10_data <= 0.0) {
        decision.outcome = VERDICT_NOT_CLOSED_LOOP;
    }
    return decision;
}

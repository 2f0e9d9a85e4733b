/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rule `penny`: the decision rule of Gigis, Handley, Vissicchio, "Bad Packets Come Back, Worse Ones
 * Don't", ACM SIGCOMM 2024. It reads one frozen population: the counters as of the last drop
 * counted, with the outcomes of those drops. The caller decides when (every drop counted has ended,
 * and there are max_drops of them); the rule itself does not look at the number of drops.
 */
#ifndef VERDICT_PENNY_H
#define VERDICT_PENNY_H

#include <stdint.h>

#include "verdict/outcome.h"

struct penny_parameters {
    double max_duplicate_ratio; /* above it the population says nothing; 0.15 */
    double p_miss;              /* a retransmission that we could not see, in [0, 1]; 0.05 */
};

struct penny_counts {
    uint64_t droppable;     /* U: its coin was thrown, and would have been obeyed */
    uint64_t dropped;       /* K */
    uint64_t retransmitted; /* R */
    uint64_t expired;       /* N */
    uint64_t duplicates;    /* D: repeats of any of A that are no repair */
    uint64_t voided;        /* V: dropped, but neither for nor against */
    uint64_t in_order;      /* A: U and what was in order but had no coin; less than U: as U */
};

struct penny_result {
    double f_dup;    /* max(D, 1) / max(U - K, 1), an upper bound: always finite and positive */
    double p_closed; /* p_miss ^ N; 0 when it underflows */
    double p_open;   /* f_dup ^ R, at most 1; 0 when it underflows */
    double
        posterior; /* p_closed / (p_closed + p_open), right also when both underflow; V left out */
    enum verdict_outcome outcome; /* never VERDICT_UNDECIDED */
};

/* The verdict of one frozen population. No field of the result is ever NaN or infinite. */
struct penny_result penny_evaluate(const struct penny_counts *counts,
                                   const struct penny_parameters *parameters);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test can end with. One list for both rules; JSON, logs and counters use these names.
 * Everything in lib/verdict is pure: any thread, no state, no allocation, no errno.
 */
#ifndef VERDICT_OUTCOME_H
#define VERDICT_OUTCOME_H

#include <stdbool.h>

/* X(constant, name) */
#define VERDICT_OUTCOMES(X)                                                                        \
    X(VERDICT_UNDECIDED, "undecided")                     /* the test goes on */                   \
    X(VERDICT_CLOSED_LOOP, "closed_loop")                 /* real senders are there */             \
    X(VERDICT_NOT_CLOSED_LOOP, "not_closed_loop")         /* drops do not come back */             \
    X(VERDICT_DUPLICATES_EXCEEDED, "duplicates_exceeded") /* rule penny only */                    \
    X(VERDICT_INCONCLUSIVE, "inconclusive")               /* budget spent, evidence for neither */

#define VERDICT_OUTCOME_CONSTANT(constant, name) constant,
enum verdict_outcome { VERDICT_OUTCOMES(VERDICT_OUTCOME_CONSTANT) };
#undef VERDICT_OUTCOME_CONSTANT

/* The outcome's name; NULL for a value outside the list. */
const char *verdict_name_outcome(enum verdict_outcome outcome);

/* Is it the name of an outcome? */
bool verdict_is_outcome(const char *name);

/* All names, as an error message tells them. */
#define VERDICT_OUTCOMES_ALLOWED                                                                   \
    "closed_loop, not_closed_loop, duplicates_exceeded, inconclusive or undecided"

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/outcome.h"

#include <stddef.h>

const char *verdict_name_outcome(enum verdict_outcome outcome)
{
    switch (outcome) {
#define VERDICT_OUTCOME_NAME(constant, name)                                                       \
    case constant:                                                                                 \
        return name;
        VERDICT_OUTCOMES(VERDICT_OUTCOME_NAME)
#undef VERDICT_OUTCOME_NAME
    }
    return NULL;
}

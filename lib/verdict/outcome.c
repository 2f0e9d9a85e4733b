/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/outcome.h"

#include <stddef.h>
#include <string.h>

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

bool verdict_is_outcome(const char *name)
{
    const char *known;

    for (int i = 0; (known = verdict_name_outcome((enum verdict_outcome)i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

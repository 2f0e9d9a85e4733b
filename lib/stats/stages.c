/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/stages.h"

#include "base/compiler.h"

#define ROW(field, name, unit, help) {name, unit, help, offsetof(struct stage_counters, field)},

const struct counter_row stage_counter_rows[] = {STAGE_COUNTERS(ROW)};
const size_t n_stage_counter_rows = ARRAY_LENGTH(stage_counter_rows);

const char *stage_name(enum port_stage stage)
{
    static const char *const names[] = {
#define X(stage, name, takes) name,
        STAGES(X)
#undef X
    };

    return (unsigned int)stage < N_STAGES ? names[stage] : NULL;
}

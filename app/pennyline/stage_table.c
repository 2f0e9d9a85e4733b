/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapping.h"
#include "stages.h"

#include "stage_machines.h"
#include "stage_services.h"

stage_function *const stage_functions[N_STAGES] = {
    [STAGE_MAP] = stage_map,
    [STAGE_SERVICES] = stage_services,
    [STAGE_MACHINES] = stage_machines,
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapping.h"
#include "stages.h"

#include "stage_machines.h"
#include "stage_responder.h"
#include "stage_services.h"
#include "stage_sources.h"

stage_function *const stage_functions[N_STAGES] = {
    [STAGE_MAP] = stage_map,
    [STAGE_SOURCES] = stage_sources,
    [STAGE_RESPONDER] = stage_responder,
    [STAGE_SERVICES] = stage_services,
    [STAGE_MACHINES] = stage_machines,
};

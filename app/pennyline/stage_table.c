/* SPDX-License-Identifier: BSD-3-Clause */
#include "stages.h"

stage_function *const stage_functions[N_STAGES] = {0};

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PENNYLINE_STAGE_MACHINES_H
#define PENNYLINE_STAGE_MACHINES_H

#include "stages.h"

stage_function stage_machines;

#endif

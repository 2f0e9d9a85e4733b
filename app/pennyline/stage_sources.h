/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts the sources of a burst. Takes nothing out of it. */
#ifndef PENNYLINE_STAGE_SOURCES_H
#define PENNYLINE_STAGE_SOURCES_H

#include "stages.h"

stage_function stage_sources;

#endif

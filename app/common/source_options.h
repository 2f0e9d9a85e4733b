/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that say which sources are counted, for every program that counts them from the
 * command line. Use it as a child of the program's own argp; its input is a struct sources_plan. */
#ifndef COMMON_SOURCE_OPTIONS_H
#define COMMON_SOURCE_OPTIONS_H

#include <argp.h>

#include "sources/plan.h"

/* Owned keys of argp: own options of a program keep below it. */
#define SOURCE_OPTIONS_FIRST_KEY 0x6000

/* Fills in the defaults before it reads options. */
extern const struct argp source_options_argp;

#endif

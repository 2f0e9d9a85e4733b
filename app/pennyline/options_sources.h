/* SPDX-License-Identifier: BSD-3-Clause */
/* `pennyline sources`: the command line of one that only looks. */
#ifndef PENNYLINE_OPTIONS_SOURCES_H
#define PENNYLINE_OPTIONS_SOURCES_H

#include <argp.h>
#include <jansson.h>

#include "options.h"

/* What is counted there is called so, in metrics too. */
#define OPTIONS_SOURCES_NAME "sources"

/* Its input is a zeroed struct options. */
extern const struct argp options_sources_argp;

/* The configuration that it stands for; the caller's. */
json_t *options_sources_compose(const struct options *o);

#endif

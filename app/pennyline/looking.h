/* SPDX-License-Identifier: BSD-3-Clause */
/* `pennyline sources`: what becomes of each window, and who serves it. */
#ifndef PENNYLINE_LOOKING_H
#define PENNYLINE_LOOKING_H

#include <stdbool.h>
#include <sys/types.h>

#include "options.h"
#include "report/sources.h"

struct looking {
    const struct options *options;
    char directory[48]; /* its own: of the control socket and the token */
    bool is_watched;    /* pennyline-web was started */
    bool is_deserted;   /* and has ended by itself */
    pid_t gateway;
};

/* Before the configuration is made: a directory, whose socket and readers `o` names then. 0 or a
 * negative errno after it said why. */
int looking_prepare(struct looking *l, struct options *o);

/* Packets are counted: starts who serves them, if somebody is to. False, and it said why. */
bool looking_begin(struct looking *l);

/* False: who serves has ended, which was said. */
bool looking_goes_on(struct looking *l);

/* A window ended: prints it. `k` holds the sources of the last whole one. */
void looking_show(const struct looking *l, const struct report_sources *r,
                  const struct sources_keeper *k);

/* Ends who serves, and removes the directory. */
void looking_end(struct looking *l);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and tests that were asked for at run time (ondemand/ondemand.h), and the changes of the
 * configuration that bring them in force (change.h). The manager's thread calls all of this. */
#ifndef PENNYLINE_ASKED_H
#define PENNYLINE_ASKED_H

#include "change.h"
#include "state.h"

/* Steps of the staircase: memory that the builder's thread sees, and what works on the manager. */
int asked_open(struct appliance *a);
void asked_close(struct appliance *a);
int asked_up(struct appliance *a);
void asked_down(struct appliance *a);

/* In each turn of the manager's loop, after change_serve(). */
void asked_serve(struct appliance *a, uint64_t now_ns);

/* Slices in force that came at run time: [{"slice", "origin", "displaced"}], where `displaced` says
 * why a file that was just read, in a dry run, would not leave it there (else null). */
json_t *asked_slices_json(const struct appliance *a);

/* Each event of the manager. */
void asked_hear(struct appliance *a, const struct manager_event *event);

#endif

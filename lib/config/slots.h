/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a process runs for long and its configuration changes meanwhile: slices in slots.
 *
 * All that has a state of its own (aggregates, flows, counters) knows a slice by its index in
 * config.slices. So that a change of the configuration moves none of that, the index is a slot: a
 * slice whose name stays keeps it, one that is new takes a free one, and one that goes leaves it
 * when nothing speaks of it any more. Which slice a packet belongs to does not depend on slots.
 *
 * Pure: any thread, no state. */
#ifndef CONFIG_SLOTS_H
#define CONFIG_SLOTS_H

#include "config/config.h"
#include "config/diff.h"

/* Lays the slices of a configuration that was just loaded into `n_slots` slots: config->slices is
 * that long then. `before` is the one that it comes after, laid out alike, and `is_held[slot]` says
 * which of its SLICE_LEAVING slots are not free yet; both NULL: there is none. A slice whose mode
 * began or ceased to be passive, or whose granularity is another, is a new one: what was counted of
 * it means something else.
 *
 * 0; -ENOSPC no slot is free for a new slice, -ENOMEM: then config is as it was. */
int config_take_slots(struct config *config, const struct config *before, const bool *is_held,
                      uint32_t n_slots);

/* How many slices there are, in slots or not. */
uint32_t config_n_present(const struct config *config);

const char *slice_fate_name(enum slice_fate fate);

/* The fate of each slot between two configurations with as many slots; `changes` is what
 * config_diff() says of them. Packets that belong to another slice of which nothing changed are of
 * the same slice before and after, or else that one is redrawn too (neighbours.h). 0, or -ENOMEM.
 */
int config_fates(const struct config *before, const struct config *after,
                 const struct config_changes *changes, enum slice_fate *fates);

#endif

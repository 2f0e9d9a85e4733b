/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this library share. Nobody else includes this. */
#ifndef PASSIVE_INTERNAL_H
#define PASSIVE_INTERNAL_H

#include "passive/holes.h"
#include "passive/passive.h"

/* [snd_max, end) was skipped by `p`. */
void passive_open_hole(const struct passive_flow *f, const struct passive_packet *p, uint32_t end,
                       struct open_holes *holes, struct passive_counters *c);

/* snd_max moves on. */
void passive_grow(const struct passive_flow *f, uint32_t end, uint32_t now_ticks);

/* The newest segment was followed by another packet: had it been lost before us, or, while nothing
 * of the flow is missing, after us, would we know? */
void passive_observe_newest(const struct flow *hot, uint32_t now_ticks, bool is_whole,
                            struct passive_counters *c);

/* A segment nothing of which fills a hole. */
enum passive_kind passive_judge_repeat(const struct passive_flow *f, const struct passive_packet *p,
                                       const struct open_holes *holes, struct passive_counters *c);

/* Repeats of what lies below `end` tell nothing from now on. */
void passive_unknown_below(const struct passive_flow *f, uint32_t end);

void passive_count_some(uint16_t *counter, uint32_t n);

/* Counts a hole that leaves the list unfilled. `is_known`: it was open long enough to say that
 * nobody fills it. */
void passive_give_up_hole(const struct passive_flow *f, const struct open_hole *hole, bool is_known,
                          struct passive_counters *c);

#endif

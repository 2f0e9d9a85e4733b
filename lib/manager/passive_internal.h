/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files about mode passive share. Nobody else includes this. */
#ifndef MANAGER_PASSIVE_INTERNAL_H
#define MANAGER_PASSIVE_INTERNAL_H

#include "base/time.h"
#include "manager/internal.h"
#include "manager/passive.h"

#define PASSIVE_WINDOW_SLOTS 12

/* What the rates of a window need. */
struct window_slot {
    uint32_t observed, lost_upstream, repeatable, repeats;
};

/* The newest slot began at `began_ns`. */
struct rolling_window {
    struct window_slot slots[PASSIVE_WINDOW_SLOTS];
    uint64_t began_ns;
    uint32_t newest;
};

struct passive_state {
    struct passive_counters total;
    struct rolling_window windows[PASSIVE_N_WINDOWS];
    struct passive_evidence findings[PASSIVE_N_FINDINGS];
    uint64_t began_ns, ending_ns, ended_ns, judged_ns;
    enum passive_stop stop;
};

struct passive_rate passive_rate_of(uint64_t n_hits, uint64_t n_observations);

/* windows.c */
void window_add(struct rolling_window *w, enum passive_window window,
                const struct passive_counters *delta, uint64_t now_ns);
struct window_slot window_sum(const struct rolling_window *w, enum passive_window window,
                              uint64_t now_ns);

/* findings.c: raises what the counters say, and tells each once. */
void passive_judge(struct manager *m, uint32_t aggregate, struct passive_state *s);

#endif

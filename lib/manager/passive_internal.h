/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files about mode passive share. Nobody else includes this. */
#ifndef MANAGER_PASSIVE_INTERNAL_H
#define MANAGER_PASSIVE_INTERNAL_H

#include "base/time.h"
#include "manager/internal.h"
#include "manager/passive.h"

#define PASSIVE_WINDOW_SLOTS 12

/* The counters that rates of loss need, modulo 2^32: what is taken back may have been counted
 * before the slot. */
struct window_slot {
    uint32_t observed, lost_upstream, runs_upstream;
    uint32_t repeatable, repeats, repeat_runs;
    uint32_t doubtful_upstream, doubtful_repeats;
};

/* The newest slot began at `began_ns`. */
struct rolling_window {
    struct window_slot slots[PASSIVE_WINDOW_SLOTS];
    uint64_t began_ns;
    uint32_t newest;
};

/* What judges one finding: counts as they were when it was taken back, and when it was last
 * looked whether its cause is gone. */
struct passive_watch {
    struct passive_losses from, checked;
    uint64_t checked_ns;
};

struct passive_state {
    struct passive_counters total;
    uint64_t n_unread; /* fragments, and what could not be read: of no flow */
    struct rolling_window windows[PASSIVE_N_WINDOWS];
    struct passive_evidence findings[PASSIVE_N_FINDINGS];
    struct passive_watch watches[PASSIVE_N_FINDINGS];
    uint64_t began_ns, ending_ns, ended_ns, judged_ns;
    enum passive_stop stop;
    /* For escalation by volume: when the bytes were last looked at, and how many there were. */
    uint64_t volume_ns, volume_bytes;
    bool is_above;
};

/* rates.c */
struct passive_rate passive_rate_of(uint64_t n_hits, uint64_t n_observations);

/* windows.c */
void window_add(struct rolling_window *w, enum passive_window window,
                const struct passive_counters *delta, uint64_t now_ns);
/* What was lost in the window, upstream and downstream. */
void window_sum(const struct rolling_window *w, enum passive_window window, uint64_t now_ns,
                struct passive_losses out[2]);

/* sampling.c. `one_in`: the parameter `sampling`, 0 when nothing was said. */
struct passive_sampling passive_sampling_of(uint32_t one_in, const struct passive_state *s);
bool passive_is_withheld(const struct passive_state *s, const struct passive_sampling *sampling,
                         enum passive_finding finding);

/* escalate.c. `cause`: enum passive_finding, or PASSIVE_N_FINDINGS for volume. */
void escalate(struct manager *m, uint32_t aggregate, int cause);
void escalate_by_volume(struct manager *m, const struct aggregate_state *a,
                        struct passive_state *s);

/* findings.c: raises what the counters say, and tells each once. */
void passive_judge(struct manager *m, uint32_t aggregate, struct passive_state *s);

#endif

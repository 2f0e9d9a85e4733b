/* SPDX-License-Identifier: BSD-3-Clause */
/* Rolling windows of 12 slots: the newest one is still filling. */
#include <string.h>

#include "manager/passive_internal.h"

static const struct {
    const char *name;
    uint64_t slot_ns;
} windows[PASSIVE_N_WINDOWS] = {
    [PASSIVE_MINUTE] = {"1m", 5 * NS_PER_S},
    [PASSIVE_5_MINUTES] = {"5m", 25 * NS_PER_S},
    [PASSIVE_HOUR] = {"1h", 300 * NS_PER_S},
};

const char *passive_window_name(enum passive_window window)
{
    return windows[window].name;
}

static uint64_t slots_since(const struct rolling_window *w, uint64_t slot_ns, uint64_t now_ns)
{
    return now_ns > w->began_ns ? (now_ns - w->began_ns) / slot_ns : 0;
}

static void turn(struct rolling_window *w, uint64_t slot_ns, uint64_t now_ns)
{
    uint64_t n = slots_since(w, slot_ns, now_ns);

    if (w->began_ns == 0) {
        w->began_ns = now_ns;
        return;
    }
    for (uint64_t i = 0; i < n && i < PASSIVE_WINDOW_SLOTS; i++) {
        w->newest = (w->newest + 1) % PASSIVE_WINDOW_SLOTS;
        memset(&w->slots[w->newest], 0, sizeof(w->slots[0]));
    }
    w->began_ns += n * slot_ns;
}

void window_add(struct rolling_window *w, enum passive_window window,
                const struct passive_counters *delta, uint64_t now_ns)
{
    const struct passive_losses upstream = passive_upstream(delta),
                                downstream = passive_downstream(delta);
    struct window_slot *slot;

    turn(w, windows[window].slot_ns, now_ns);
    slot = &w->slots[w->newest];
    slot->observed += (uint32_t)delta->observed;
    slot->lost_upstream += (uint32_t)delta->lost_upstream;
    slot->runs_upstream += (uint32_t)upstream.n_runs;
    slot->doubtful_upstream += (uint32_t)upstream.n_doubtful;
    slot->repeatable += (uint32_t)delta->repeatable;
    slot->repeats += (uint32_t)delta->repeats;
    slot->repeat_runs += (uint32_t)delta->repeat_runs;
    slot->doubtful_repeats += (uint32_t)downstream.n_doubtful;
}

static void add_slot(struct window_slot *sum, const struct window_slot *slot)
{
    sum->observed += slot->observed;
    sum->lost_upstream += slot->lost_upstream;
    sum->runs_upstream += slot->runs_upstream;
    sum->repeatable += slot->repeatable;
    sum->repeats += slot->repeats;
    sum->repeat_runs += slot->repeat_runs;
    sum->doubtful_upstream += slot->doubtful_upstream;
    sum->doubtful_repeats += slot->doubtful_repeats;
}

/* More taken back than counted in the window: none. */
static uint32_t at_least_0(uint32_t n)
{
    return n <= INT32_MAX ? n : 0;
}

void window_sum(const struct rolling_window *w, enum passive_window window, uint64_t now_ns,
                struct passive_losses out[2])
{
    struct rolling_window turned = *w;
    struct window_slot sum = {0};

    turn(&turned, windows[window].slot_ns, now_ns);
    for (unsigned int i = 0; i < PASSIVE_WINDOW_SLOTS; i++)
        add_slot(&sum, &turned.slots[i]);
    out[0] = (struct passive_losses){.n_lost = at_least_0(sum.lost_upstream),
                                     .n_doubtful = sum.doubtful_upstream,
                                     .n_runs = (int32_t)sum.runs_upstream,
                                     .n_observations = at_least_0(sum.observed)};
    out[1] = (struct passive_losses){.n_lost = at_least_0(sum.repeats),
                                     .n_doubtful = sum.doubtful_repeats,
                                     .n_runs = (int32_t)sum.repeat_runs,
                                     .n_observations = at_least_0(sum.repeatable),
                                     .are_repeats = true};
}

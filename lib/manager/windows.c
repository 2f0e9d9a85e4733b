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
    struct window_slot *slot;

    turn(w, windows[window].slot_ns, now_ns);
    slot = &w->slots[w->newest];
    slot->observed += (uint32_t)delta->observed;
    slot->lost_upstream += (uint32_t)delta->lost_upstream;
    slot->repeatable += (uint32_t)delta->repeatable;
    slot->repeats += (uint32_t)delta->repeats;
}

struct window_slot window_sum(const struct rolling_window *w, enum passive_window window,
                              uint64_t now_ns)
{
    struct rolling_window turned = *w;
    struct window_slot sum = {0};

    turn(&turned, windows[window].slot_ns, now_ns);
    for (unsigned int i = 0; i < PASSIVE_WINDOW_SLOTS; i++) {
        sum.observed += turned.slots[i].observed;
        sum.lost_upstream += turned.slots[i].lost_upstream;
        sum.repeatable += turned.slots[i].repeatable;
        sum.repeats += turned.slots[i].repeats;
    }
    /* A loss that was taken back may have been counted before the window. */
    if (sum.lost_upstream > sum.observed)
        sum.lost_upstream = 0;
    return sum;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What time and steps make of a key's word. */
#include "machine/layout.h"

static uint64_t word_of(uint16_t state, uint64_t kept, uint32_t timer, uint64_t armed_ms)
{
    return state | kept | (uint64_t)timer << WORD_TIMER_SHIFT | armed_ms << WORD_ARMED_SHIFT;
}

/* A state that a timer led to has no timers; back in the initial one, all is forgotten. */
static uint64_t word_after_timeout(const struct machine_program *p, uint64_t word, uint16_t next)
{
    return next == p->initial ? p->initial : word_of(next, word & WORD_KEPT, 0, 0);
}

uint64_t word_after_timers(const struct machine_program *p, uint64_t word, uint64_t used_ms,
                           uint64_t now_ms, uint64_t lateness_ms)
{
    const struct program_timer *timer;
    const uint64_t armed_ms = word_armed_ms(word);
    uint64_t idle_since;

    if (likely_true(word_timer(word) == 0))
        return word;
    timer = &p->timers[word_timer(word)];
    if (timer->hard_ms > 0 && now_ms >= armed_ms + timer->hard_ms + lateness_ms)
        return word_after_timeout(p, word, timer->hard_next);
    idle_since = used_ms > armed_ms ? used_ms : armed_ms;
    if (timer->idle_ms == 0 || now_ms < idle_since + timer->idle_ms + lateness_ms)
        return word;
    /* A packet that finds both due sees the hard one; so the sweeper, which comes later than a
     * packet could, does not act on the idle one before it knows. */
    if (lateness_ms > 0 && timer->hard_ms > 0 && timer->hard_next != timer->idle_next)
        return word;
    return word_after_timeout(p, word, timer->idle_next);
}

uint64_t word_after_step(const struct machine_program *p, const struct program_step *s,
                         uint64_t word, uint64_t now_ms, uint16_t port)
{
    uint16_t next = s->next;

    if (next == MACHINE_KEEP)
        return word;
    if (next == MACHINE_NEXT_PORT)
        next = (uint16_t)(port + 1u < p->n_states ? port + 1u : 0);
    if (s->timer == 0)
        return next == p->initial ? p->initial : word_of(next, word & WORD_KEPT, 0, 0);
    return word_of(next, word & WORD_KEPT, s->timer, now_ms);
}

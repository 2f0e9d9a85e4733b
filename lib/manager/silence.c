/* SPDX-License-Identifier: BSD-3-Clause */
/* Did the traffic of a test leave the box, for another path or for good? Then it repairs what was
 * dropped elsewhere or never, and neither says what it is: drops that were pending meanwhile are
 * void (state_by_time() in lib/engine/drops.c).
 *
 * Traffic is gone when over half of the timeout less than an eighth came of what had come when a
 * drop may have been made that is pending. Half of the timeout is longer than nearly any repair
 * takes. An eighth, and not nothing, since a few packets of somebody else in the aggregate, or
 * forged ones, are not the traffic that was tested.
 *
 * Time goes in quarters of the timeout, so that this is known at the latest three of them after the
 * last packet, and before the drops that it makes void are due, which takes four. A drop whose
 * timeout was doubled is pending for eight. */
#include "base/time.h"
#include "manager/internal.h"

#define WINDOW_TURNS  2 /* half of the timeout */
#define PENDING_TURNS 8
#define GONE_FACTOR   8

static_assert(WINDOW_TURNS + PENDING_TURNS < SEGMENTS_TURNS, "the turn that goes on is no window");

static uint64_t turn_of(const struct test *t, uint64_t now_ns)
{
    return now_ns / (t->parameters.retransmission_timeout_ms * NS_PER_MS / 4);
}

/* Turns in which nothing came were not written. */
static void advance(struct segments_by_turn *s, uint64_t turn)
{
    uint64_t n_new = turn - s->turn < SEGMENTS_TURNS ? turn - s->turn : SEGMENTS_TURNS;

    for (uint64_t i = 0; i < n_new; i++)
        s->n[(turn - i) % SEGMENTS_TURNS] = 0;
    s->turn = turn;
}

void silence_count_segments(struct test *t, uint64_t n_segments, uint64_t now_ns)
{
    struct segments_by_turn *s = &t->segments;
    uint32_t *n;

    advance(s, turn_of(t, now_ns));
    n = &s->n[s->turn % SEGMENTS_TURNS];
    *n = n_segments < UINT32_MAX - *n ? *n + (uint32_t)n_segments : UINT32_MAX;
}

/* Of the window that ended so many turns before the latest that is over. */
static uint64_t segments_of_window(const struct segments_by_turn *s, unsigned int turns_before)
{
    uint64_t sum = 0;

    for (unsigned int i = 1; i <= WINDOW_TURNS; i++)
        sum += s->n[(s->turn - turns_before - i) % SEGMENTS_TURNS];
    return sum;
}

bool silence_is_traffic_gone(struct test *t, uint64_t now_ns)
{
    uint64_t most = 0;

    advance(&t->segments, turn_of(t, now_ns));
    for (unsigned int before = 1; before <= PENDING_TURNS; before++) {
        uint64_t n = segments_of_window(&t->segments, before);

        most = n > most ? n : most;
    }
    return segments_of_window(&t->segments, 0) * GONE_FACTOR < most;
}

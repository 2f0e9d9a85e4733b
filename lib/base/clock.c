/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "base/time.h"

/* The rate is measured over a baseline between this and twice this: jitter of a look (microseconds
 * at worst) is then below a tenth of a part per million, and a rate that changes, as while NTP
 * slews the other clock, is followed. */
#define BASELINE_NS (64 * NS_PER_S)
/* What the line is off by goes away in about so long. */
#define CATCH_UP_NS (4 * NS_PER_S)
/* And bends it by no more than this. */
#define MAX_BEND 0.1
/* A shorter baseline measures nothing. */
#define MIN_BASELINE_NS (10 * NS_PER_MS)

static uint64_t q32_of(double ns_per_tick)
{
    return (uint64_t)(ns_per_tick * 0x1p32 + 0.5);
}

static void set_line(struct clock_steering *s, const struct clock_look *at, uint64_t ns,
                     double ns_per_tick)
{
    s->line = (struct clock_line){
        .base_ticks = at->ticks,
        .base_ns = ns,
        .ns_per_tick_q32 = q32_of(ns_per_tick),
        .trusted_ticks = (uint64_t)((double)CLOCK_TRUST_NS / s->ns_per_tick),
    };
}

double clock_rate_between(const struct clock_look *then, const struct clock_look *now,
                          double otherwise)
{
    if (now->ns < then->ns + MIN_BASELINE_NS || now->ticks <= then->ticks)
        return otherwise;
    return (double)(now->ticks - then->ticks) * (double)NS_PER_S / (double)(now->ns - then->ns);
}

static void begin_baseline(struct clock_steering *s, const struct clock_look *now)
{
    s->anchor = s->next_anchor = *now;
}

void clock_steering_init(struct clock_steering *s, const struct clock_look *now,
                         double ticks_per_second)
{
    *s = (struct clock_steering){.ns_per_tick = (double)NS_PER_S / ticks_per_second, .last = *now};
    begin_baseline(s, now);
    set_line(s, now, now->ns, s->ns_per_tick);
}

int64_t clock_steering_error_ns(const struct clock_steering *s, const struct clock_look *now)
{
    return (int64_t)(clock_ns_of(&s->line, now->ticks) - now->ns);
}

/* Did the counter run on from the last look as it does? If not, it stood, jumped or began again,
 * and the baseline is worth nothing. */
static bool ran_on(const struct clock_steering *s, const struct clock_look *now)
{
    double elapsed_ns = (double)(int64_t)(now->ticks - s->last.ticks) * s->ns_per_tick;
    double off_ns = elapsed_ns - (double)(now->ns - s->last.ns);

    return off_ns < (double)CLOCK_STEP_NS && off_ns > -(double)CLOCK_STEP_NS;
}

static void measure_rate(struct clock_steering *s, const struct clock_look *now)
{
    double hz = clock_rate_between(&s->anchor, now, (double)NS_PER_S / s->ns_per_tick);

    s->ns_per_tick = (double)NS_PER_S / hz;
    if (now->ns - s->next_anchor.ns >= BASELINE_NS) {
        s->anchor = s->next_anchor;
        s->next_anchor = *now;
    }
}

static double bend_for(int64_t error_ns)
{
    double bend = -(double)error_ns / (double)CATCH_UP_NS;

    return bend > MAX_BEND ? MAX_BEND : bend < -MAX_BEND ? -MAX_BEND : bend;
}

void clock_steering_look(struct clock_steering *s, const struct clock_look *now)
{
    int64_t error_ns = clock_steering_error_ns(s, now);
    uint64_t said_ns = clock_ns_of(&s->line, now->ticks);

    if (now->ns <= s->last.ns)
        return;
    if (ran_on(s, now))
        measure_rate(s, now);
    else
        begin_baseline(s, now);
    s->last = *now;
    if (error_ns <= -(int64_t)CLOCK_STEP_NS)
        set_line(s, now, now->ns, s->ns_per_tick);
    else if (error_ns >= (int64_t)CLOCK_STEP_NS)
        set_line(s, now, said_ns, 0); /* it stands until the other clock has come so far */
    else
        set_line(s, now, said_ns, s->ns_per_tick * (1 + bend_for(error_ns)));
}

void clock_board_write(struct clock_board *board, const struct clock_line *line)
{
    const uint64_t words[4] = {line->base_ticks, line->base_ns, line->ns_per_tick_q32,
                               line->trusted_ticks};
    uint64_t version = atomic_load_explicit(&board->version, memory_order_relaxed);

    atomic_store_explicit(&board->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (int i = 0; i < 4; i++)
        atomic_store_explicit(&board->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&board->version, version + 2, memory_order_release);
}

void clock_board_copy(const struct clock_board *board, uint64_t *version, struct clock_line *line)
{
    uint64_t words[4], before, after;

    before = atomic_load_explicit(&board->version, memory_order_acquire);
    for (int i = 0; i < 4; i++)
        words[i] = atomic_load_explicit(&board->words[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    after = atomic_load_explicit(&board->version, memory_order_relaxed);
    if (before != after || before % 2 != 0)
        return;
    *line = (struct clock_line){.base_ticks = words[0],
                                .base_ns = words[1],
                                .ns_per_tick_q32 = words[2],
                                .trusted_ticks = words[3]};
    *version = before;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Coverage against a naive twin: one state per byte in a map, unlimited holes, positions that never
 * wrap. The two must agree on everything as long as the list of holes had room; after that, holes
 * that were closed count as seen, which may turn "out of order" into "duplicate" and "repair" into
 * "ambiguous", and nothing else. */
#include "tcp/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"

#define MAP_BYTES  (1u << 15)
#define N_SEGMENTS 1000000u

enum byte { UNSEEN, SEEN, GAP_OPEN, GAP_REPAIRED };

struct twin {
    uint8_t byte[MAP_BYTES];
    uint32_t snd_max, window;
    bool has_gap;
    uint32_t gap_start, gap_end;
};

/* A run of the real thing at some base, beside its twin. */
struct pair {
    struct twin twin;
    uint32_t base, snd_max;
    struct tcp_holes holes;
    struct tcp_gap gap;
    bool overflowed;
};

struct tally {
    uint32_t n_kinds[TCP_N_SEGMENT_KINDS], n_repaired, n_overflowed, n_segments;
};

static void set_bytes(struct twin *w, uint32_t start, uint32_t end, enum byte value)
{
    memset(w->byte + start, value, end - start);
}

static void twin_forget_gap(struct twin *w)
{
    if (w->has_gap)
        set_bytes(w, w->gap_start, w->gap_end, SEEN);
    w->has_gap = false;
}

static uint32_t twin_count(const struct twin *w, uint32_t start, uint32_t end, enum byte value)
{
    uint32_t n = 0;

    for (uint32_t i = start; i < end; i++)
        n += w->byte[i] == value;
    return n;
}

static uint32_t twin_open_pieces(const struct twin *w)
{
    uint32_t n = 0;

    for (uint32_t i = w->gap_start; i < w->gap_end; i++)
        n += w->byte[i] == GAP_OPEN && (i == w->gap_start || w->byte[i - 1] != GAP_OPEN);
    return n;
}

/* Marks what a segment brings; [start, end) lies below snd_max. */
static void twin_mark(struct twin *w, uint32_t start, uint32_t end)
{
    for (uint32_t i = start; i < end; i++)
        w->byte[i] = w->byte[i] == GAP_OPEN       ? GAP_REPAIRED
                     : w->byte[i] == GAP_REPAIRED ? GAP_REPAIRED
                                                  : SEEN;
}

static enum tcp_segment_kind twin_judge_repeat(struct twin *w, uint32_t start, uint32_t end)
{
    uint32_t n_unseen = twin_count(w, start, end, UNSEEN);
    uint32_t n_seen = twin_count(w, start, end, SEEN);
    uint32_t n_open = twin_count(w, start, end, GAP_OPEN);

    twin_mark(w, start, end);
    if (n_open == 0)
        return n_unseen == end - start ? TCP_OUT_OF_ORDER : TCP_DUPLICATE;
    if (n_seen == 0 && twin_open_pieces(w) <= TCP_MAX_GAP_PIECES)
        return TCP_REPAIR;
    return TCP_AMBIGUOUS;
}

static enum tcp_segment_kind twin_observe(struct twin *w, uint32_t start, uint32_t n_bytes,
                                          bool *repaired)
{
    uint32_t end = start + n_bytes;
    enum tcp_segment_kind kind = TCP_IN_ORDER;

    *repaired = false;
    if (start > w->snd_max ? start - w->snd_max > w->window : w->snd_max - start > w->window)
        return TCP_JUMP;
    if (w->has_gap && start != w->snd_max && w->snd_max - w->gap_start > w->window)
        twin_forget_gap(w);
    if (start < w->snd_max)
        kind = twin_judge_repeat(w, start, end < w->snd_max ? end : w->snd_max);
    if (end > w->snd_max) {
        if (start > w->snd_max)
            set_bytes(w, w->snd_max, start, UNSEEN);
        set_bytes(w, start > w->snd_max ? start : w->snd_max, end, SEEN);
        w->snd_max = end;
    }
    *repaired = kind == TCP_REPAIR && twin_open_pieces(w) == 0;
    if (kind == TCP_AMBIGUOUS || *repaired)
        twin_forget_gap(w);
    return kind;
}

/* The kinds that a list of holes without room may give where the twin says `kind`. */
static bool may_be(enum tcp_segment_kind kind, enum tcp_segment_kind found, bool overflowed)
{
    if (found == kind)
        return true;
    return overflowed && ((kind == TCP_OUT_OF_ORDER && found == TCP_DUPLICATE) ||
                          (kind == TCP_REPAIR && found == TCP_AMBIGUOUS));
}

/* All intervals lie in order, apart from each other, and hold only bytes of this kind. Returns how
 * many in the window. */
static uint32_t check_list(const struct pair *p, const struct tcp_interval *list, unsigned int n,
                           enum byte value)
{
    const struct twin *w = &p->twin;
    uint32_t floor = w->snd_max > w->window ? w->snd_max - w->window : 0;
    uint32_t sum = 0, above = 0;

    for (unsigned int i = 0; i < n; i++) {
        uint32_t start = list[i].start - p->base, end = list[i].end - p->base;

        assert_true(start < end && end <= w->snd_max);
        assert_true(i == 0 || start > above);
        above = end;
        assert_int_equal(twin_count(w, start, end, value), end - start);
        if (end > floor)
            sum += end - (start > floor ? start : floor);
    }
    return sum;
}

static void check_state(const struct pair *p, bool has_gap)
{
    const struct twin *w = &p->twin;
    uint32_t floor = w->snd_max > w->window ? w->snd_max - w->window : 0;
    uint32_t in_holes = check_list(p, p->holes.hole, p->holes.n, UNSEEN);

    assert_int_equal(p->snd_max - p->base, w->snd_max);
    assert_true(p->holes.n <= TCP_MAX_HOLES);
    if (!p->overflowed)
        assert_int_equal(in_holes, twin_count(w, floor, w->snd_max, UNSEEN));
    if (has_gap && w->snd_max - w->gap_start <= w->window) {
        assert_int_equal(p->gap.n_open, twin_open_pieces(w));
        check_list(p, p->gap.open, p->gap.n_open, GAP_OPEN);
    }
}

static void observe_both(struct pair *p, uint32_t start, uint32_t n_bytes, struct tally *tally)
{
    struct twin *w = &p->twin;
    bool had_gap = w->has_gap, repaired;
    enum tcp_segment_kind kind = twin_observe(w, start, n_bytes, &repaired);
    struct tcp_observation seen = tcp_coverage_observe(
        &p->snd_max, &p->holes, had_gap ? &p->gap : NULL, p->base + start, n_bytes, w->window);

    p->overflowed |= seen.n_holes_closed > 0;
    assert_true(may_be(kind, seen.kind, p->overflowed));
    if (seen.kind == TCP_AMBIGUOUS)
        twin_forget_gap(w);
    assert_int_equal(seen.gap_repaired, seen.kind == TCP_REPAIR && repaired);
    check_state(p, w->has_gap);
    tally->n_kinds[seen.kind]++;
    tally->n_repaired += seen.gap_repaired;
    tally->n_segments++;
}

static void drop_in_both(struct pair *p, uint32_t start, uint32_t n_bytes)
{
    struct twin *w = &p->twin;

    set_bytes(w, start, start + n_bytes, GAP_OPEN);
    w->has_gap = true;
    w->gap_start = start;
    w->gap_end = start + n_bytes;
    tcp_gap_open(&p->gap, p->base + start, n_bytes);
}

static uint32_t below(struct random_source *r, uint32_t n)
{
    return (uint32_t)(((uint64_t)random_u32(r) * n) >> 32);
}

/* Where the next segment starts: mostly in order, else near the gap, below, beyond, or too far. */
static uint32_t pick_start(const struct pair *p, struct random_source *r, uint32_t p_hole)
{
    const struct twin *w = &p->twin;
    uint32_t dice = below(r, 100), back;

    if (dice < 40)
        return w->snd_max;
    if (dice < 40 + p_hole)
        return w->snd_max + below(r, 40);
    if (dice < 75 && w->has_gap)
        return w->gap_start + below(r, w->gap_end - w->gap_start + 6) - 3;
    if (dice < 97)
        back = below(r, 300);
    else
        back = below(r, w->window + 100);
    if (dice == 99)
        return w->snd_max + w->window - 3 + below(r, 6);
    return back < w->snd_max ? w->snd_max - back : 0;
}

/* Within the gap, as often as not no farther than its end: a clean repair. */
static uint32_t pick_length(const struct twin *w, struct random_source *r, uint32_t start,
                            uint32_t longest)
{
    uint32_t n_bytes = 1 + below(r, longest);

    if (w->has_gap && start >= w->gap_start && start < w->gap_end && below(r, 2) == 0)
        return n_bytes < w->gap_end - start ? n_bytes : w->gap_end - start;
    return n_bytes;
}

static void run_flow(uint32_t base, struct random_source *r, struct tally *tally)
{
    static struct pair p;
    const uint32_t p_hole = below(r, 2) * below(r, 16), longest = 1 + below(r, 100);

    memset(&p, 0, sizeof(p));
    p.base = base;
    p.twin.window = 400 + below(r, 4000);
    p.twin.snd_max = 10;
    memset(p.twin.byte, SEEN, 10);
    p.snd_max = base + 10;
    while (p.twin.snd_max + p.twin.window + 200 < MAP_BYTES && tally->n_segments < N_SEGMENTS) {
        uint32_t start = pick_start(&p, r, p_hole);
        uint32_t n_bytes = pick_length(&p.twin, r, start, longest);
        bool in_order = start >= p.twin.snd_max && start - p.twin.snd_max <= p.twin.window;

        observe_both(&p, start, n_bytes, tally);
        if (in_order && !p.twin.has_gap && below(r, 4) == 0)
            drop_in_both(&p, start, n_bytes);
        else if (p.twin.has_gap && below(r, 60) == 0)
            twin_forget_gap(&p.twin); /* its time is up */
    }
    tally->n_overflowed += p.overflowed;
}

static void random_segments_are_what_the_twin_says(void **state)
{
    static const uint32_t bases[] = {0,          0xffffff00, 0xffff0000, 0x7fffc000,
                                     0x7fffff00, 0xffffc000, 0x0fffd000, 0xefffe000};
    struct tally tally = {0};
    struct random_source r;
    uint32_t n_flows = 0;

    (void)state;
    random_seed_fixed(&r, 2024, 0);
    while (tally.n_segments < N_SEGMENTS) {
        uint32_t base =
            n_flows % 2 == 0 ? bases[n_flows / 2 % ARRAY_LENGTH(bases)] : random_u32(&r);

        run_flow(base, &r, &tally);
        n_flows++;
    }
    for (int kind = 0; kind < TCP_N_SEGMENT_KINDS; kind++)
        assert_true(tally.n_kinds[kind] > 1000);

    assert_true(tally.n_repaired > 2000);
    assert_true(n_flows > 200);
    assert_true(tally.n_overflowed > n_flows / 10 && tally.n_overflowed < n_flows * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_segments_are_what_the_twin_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Any segments in any order: the state of coverage keeps its shape. The input is one head and then
 * steps; see below. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "coverage_steps.h"
#include "tcp/coverage.h"

struct run {
    uint32_t snd_max, window;
    struct tcp_holes holes;
    struct tcp_gap gap;
    bool has_gap;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Rising, disjoint, never touching, none empty; from `floor` up to `ceiling` (distances below
 * `ceiling`). */
static void check_list(const struct tcp_interval *list, unsigned int n, uint32_t ceiling,
                       uint32_t most)
{
    uint32_t above = UINT32_MAX; /* distance from the ceiling down to the last end */

    for (unsigned int i = 0; i < n; i++) {
        uint32_t start = ceiling - list[i].start, end = ceiling - list[i].end;

        require(start > end && start <= most && start < above);
        above = end;
    }
}

static void check(const struct run *r, uint32_t tidied)
{
    require(r->holes.n <= TCP_MAX_HOLES);
    check_list(r->holes.hole, r->holes.n, r->snd_max, r->window + tidied);
    if (!r->has_gap)
        return;
    require(r->gap.n_open <= TCP_MAX_GAP_PIECES);
    check_list(r->gap.open, r->gap.n_open, r->gap.extent.end,
               r->gap.extent.end - r->gap.extent.start);
    for (unsigned int i = 0; i < r->gap.n_open; i++) /* a byte is in a hole, or in the gap */
        for (unsigned int k = 0; k < r->holes.n; k++)
            require(!serial_before(serial_max(r->gap.open[i].start, r->holes.hole[k].start),
                                   serial_min(r->gap.open[i].end, r->holes.hole[k].end)));
}

static void check_answer(const struct run *r, const struct run *before, struct tcp_observation seen)
{
    require(seen.kind < TCP_N_SEGMENT_KINDS && tcp_segment_kind_name(seen.kind) != NULL);
    require(seen.n_holes_closed <= 1 && seen.n_holes_left_behind <= TCP_MAX_HOLES + 1);
    require(!seen.gap_repaired || seen.kind == TCP_REPAIR);
    if (seen.kind == TCP_REPAIR || seen.kind == TCP_AMBIGUOUS)
        require(before->has_gap && before->gap.n_open > 0);
    if (seen.kind == TCP_REPAIR)
        require(seen.gap_repaired == (r->gap.n_open == 0) ||
                r->snd_max != before->snd_max); /* left behind by its own new bytes */
    if (seen.kind == TCP_AMBIGUOUS)
        require(r->gap.n_open == 0);
    if (seen.kind == TCP_JUMP)
        require(memcmp(r, before, sizeof(*r)) == 0);
}

static uint32_t start_of(const struct run *r, const struct step *s)
{
    uint32_t delta = (uint32_t)(int32_t)s->delta * ((s->what & FAR) != 0 ? 1u << 14 : 1);

    if ((s->what & FROM) == FROM_GAP && r->has_gap)
        return r->gap.extent.start + delta;
    if ((s->what & FROM) == FROM_HOLE && r->holes.n > 0)
        return r->holes.hole[0].start + delta;
    return (s->what & FROM) == FROM_ZERO ? delta : r->snd_max + delta;
}

static void one_step(struct run *r, const struct step *s)
{
    uint32_t sequence = start_of(r, s);
    uint32_t n_bytes = ((uint32_t)s->n_bytes << ((s->what & LONG) != 0 ? 15 : 0)) & INT32_MAX;
    struct run before = *r;
    struct tcp_observation seen;

    n_bytes += n_bytes == 0;
    seen = tcp_coverage_observe(&r->snd_max, &r->holes, r->has_gap ? &r->gap : NULL, sequence,
                                n_bytes, r->window);
    check_answer(r, &before, seen);
    if (seen.kind == TCP_AMBIGUOUS || seen.gap_repaired || (s->what & FORGET) != 0)
        r->has_gap = false;
    if (seen.kind == TCP_IN_ORDER && !r->has_gap && (s->what & DROP) != 0) {
        tcp_gap_open(&r->gap, sequence, n_bytes);
        r->has_gap = true;
    }
    check(r, 1u << 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run r;
    struct head head;
    struct step step;

    if (size < sizeof(head))
        return 0;
    memcpy(&head, data, sizeof(head));
    memset(&r, 0, sizeof(r));
    r.snd_max = head.start;
    r.window = head.window & ((1u << 30) - 1);
    for (size_t at = sizeof(head); at + sizeof(step) <= size; at += sizeof(step)) {
        memcpy(&step, data + at, sizeof(step));
        one_step(&r, &step);
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tcp/coverage.h"

#include "base/compiler.h"

#include <stddef.h>
#include <string.h>

static const char *const kind_names[TCP_N_SEGMENT_KINDS] = {
    [TCP_IN_ORDER] = "in_order",   [TCP_OUT_OF_ORDER] = "out_of_order", [TCP_REPAIR] = "repair",
    [TCP_AMBIGUOUS] = "ambiguous", [TCP_DUPLICATE] = "duplicate",       [TCP_JUMP] = "jump",
};

const char *tcp_segment_kind_name(enum tcp_segment_kind kind)
{
    return (unsigned int)kind < TCP_N_SEGMENT_KINDS ? kind_names[kind] : "unknown";
}

static uint32_t overlap_bytes(struct tcp_interval a, struct tcp_interval b)
{
    uint32_t start = serial_max(a.start, b.start), end = serial_min(a.end, b.end);

    return serial_before(start, end) ? end - start : 0;
}

static uint32_t overlap_bytes_of_list(const struct tcp_interval *list, unsigned int n,
                                      struct tcp_interval a)
{
    uint32_t sum = 0;

    for (unsigned int i = 0; i < n; i++)
        sum += overlap_bytes(list[i], a);
    return sum;
}

/* Writes `list` without the bytes of `cut` to `out`, which has room for one more than `n`: only one
 * interval can be cut in two. Returns their number. */
static unsigned int subtract(const struct tcp_interval *list, unsigned int n,
                             struct tcp_interval cut, struct tcp_interval *out)
{
    unsigned int n_out = 0;

    for (unsigned int i = 0; i < n; i++) {
        struct tcp_interval whole = list[i];

        if (overlap_bytes(whole, cut) == 0) {
            out[n_out++] = whole;
            continue;
        }
        if (serial_before(whole.start, cut.start))
            out[n_out++] = (struct tcp_interval){whole.start, cut.start};
        if (serial_before(cut.end, whole.end))
            out[n_out++] = (struct tcp_interval){cut.end, whole.end};
    }
    return n_out;
}

/* Takes over a list of at most one hole too many; the oldest, the lowest, has to go then. */
static void keep_holes(struct tcp_holes *holes, const struct tcp_interval *list, unsigned int n,
                       struct tcp_observation *seen)
{
    if (n > TCP_MAX_HOLES) {
        list++;
        n--;
        seen->n_holes_closed++;
    }
    memcpy(holes->hole, list, n * sizeof(*list));
    holes->n = (uint8_t)n;
}

static void fill_holes(struct tcp_holes *holes, struct tcp_interval bytes,
                       struct tcp_observation *seen)
{
    struct tcp_interval rest[TCP_MAX_HOLES + 1];

    keep_holes(holes, rest, subtract(holes->hole, holes->n, bytes, rest), seen);
}

static void add_hole(struct tcp_holes *holes, struct tcp_interval hole,
                     struct tcp_observation *seen)
{
    struct tcp_interval list[TCP_MAX_HOLES + 1];

    memcpy(list, holes->hole, sizeof(holes->hole));
    list[holes->n] = hole;
    keep_holes(holes, list, holes->n + 1u, seen);
}

/* Gives up what lies below the window. All distances are taken downwards from snd_max, so that they
 * are right up to 2^32 and not only to 2^31. */
static void tidy(uint32_t snd_max, struct tcp_holes *holes, struct tcp_gap *gap,
                 uint32_t window_bytes, struct tcp_observation *seen)
{
    unsigned int n_gone = 0;

    while (n_gone < holes->n && snd_max - holes->hole[n_gone].end >= window_bytes)
        n_gone++;
    if (n_gone > 0) {
        holes->n = (uint8_t)(holes->n - n_gone);
        memmove(holes->hole, holes->hole + n_gone, holes->n * sizeof(holes->hole[0]));
        seen->n_holes_left_behind = (uint8_t)(seen->n_holes_left_behind + n_gone);
    }
    if (holes->n > 0 && snd_max - holes->hole[0].start > window_bytes)
        holes->hole[0].start = snd_max - window_bytes;
    if (gap != NULL && snd_max - gap->extent.start > window_bytes)
        gap->n_open = 0;
}

static enum tcp_segment_kind repair_gap(struct tcp_gap *gap, struct tcp_interval bytes,
                                        struct tcp_observation *seen)
{
    struct tcp_interval rest[TCP_MAX_GAP_PIECES + 1];
    unsigned int n = subtract(gap->open, gap->n_open, bytes, rest);

    if (n > TCP_MAX_GAP_PIECES) {
        gap->n_open = 0;
        return TCP_AMBIGUOUS;
    }
    memcpy(gap->open, rest, n * sizeof(rest[0]));
    gap->n_open = (uint8_t)n;
    seen->gap_repaired = n == 0;
    return TCP_REPAIR;
}

/* What a segment is that covers `bytes`, all below snd_max. Holes and the gap's extent never
 * overlap, since the gap's bytes were seen in order, so sums of covered bytes tell where all of
 * them lie. */
static enum tcp_segment_kind judge_repeat(const struct tcp_holes *holes, struct tcp_gap *gap,
                                          struct tcp_interval bytes, struct tcp_observation *seen)
{
    uint32_t n_bytes = bytes.end - bytes.start;
    uint32_t in_holes = overlap_bytes_of_list(holes->hole, holes->n, bytes);

    if (gap != NULL && overlap_bytes_of_list(gap->open, gap->n_open, bytes) > 0) {
        if (in_holes + overlap_bytes(gap->extent, bytes) == n_bytes)
            return repair_gap(gap, bytes, seen);
        gap->n_open = 0;
        return TCP_AMBIGUOUS;
    }
    return in_holes == n_bytes ? TCP_OUT_OF_ORDER : TCP_DUPLICATE;
}

static void observe_event(uint32_t *snd_max, struct tcp_holes *holes, struct tcp_gap *gap,
                          uint32_t sequence, uint32_t n_bytes, uint32_t window_bytes,
                          struct tcp_observation *seen)
{
    uint32_t end = sequence + n_bytes;
    int32_t ahead = serial_distance(*snd_max, sequence);
    uint32_t far = ahead >= 0 ? sequence - *snd_max : *snd_max - sequence;

    if (far > window_bytes) {
        seen->kind = TCP_JUMP;
        return;
    }
    tidy(*snd_max, holes, gap, window_bytes, seen);
    if (ahead > 0) {
        add_hole(holes, (struct tcp_interval){*snd_max, sequence}, seen);
    } else if (ahead < 0) {
        struct tcp_interval below = {sequence, n_bytes < far ? end : *snd_max};

        seen->kind = judge_repeat(holes, gap, below, seen);
        fill_holes(holes, below, seen);
        if (n_bytes <= far)
            return;
    }
    *snd_max = end;
    tidy(end, holes, gap, window_bytes, seen);
}

struct tcp_observation tcp_coverage_observe(uint32_t *snd_max, struct tcp_holes *holes,
                                            struct tcp_gap *gap, uint32_t sequence,
                                            uint32_t n_bytes, uint32_t window_bytes)
{
    struct tcp_observation seen = {.kind = TCP_IN_ORDER};

    if (likely_true(tcp_coverage_advance(snd_max, sequence, n_bytes)))
        return seen;
    observe_event(snd_max, holes, gap, sequence, n_bytes, window_bytes, &seen);
    return seen;
}

void tcp_gap_open(struct tcp_gap *gap, uint32_t sequence, uint32_t n_bytes)
{
    struct tcp_interval extent = {sequence, sequence + n_bytes};

    *gap = (struct tcp_gap){.extent = extent, .open = {extent}, .n_open = 1};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Coverage: which bytes of one direction of a TCP connection went by, and so what a segment is.
 *
 * Everything is modulo 2^32 (RFC 9293 3.4). State is bounded whatever the sender does: the end of
 * the highest byte seen (`snd_max`), at most TCP_MAX_HOLES natural holes below it, and at most one
 * gap, the bytes of a segment that we dropped and whose fate is not known yet.
 *
 * A byte below snd_max is in a hole (never seen), in the gap (dropped by us), or seen. Pure
 * functions of their arguments; a flow's state belongs to one lcore.
 *
 * A long flow wraps many times, and a hole or gap that was left behind must not come up again one
 * turn of the sequence space later. What lies more than the window below snd_max cannot be filled
 * any more (such a segment is a JUMP), so it is given up at the latest when snd_max passes the next
 * multiple of 2^28: the only time when an in-order segment that starts at snd_max reads anything
 * but snd_max. */
#ifndef TCP_COVERAGE_H
#define TCP_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/serial.h"

#define TCP_MAX_HOLES      7
#define TCP_MAX_GAP_PIECES 4

/* The widest window that tcp_coverage_observe() takes. */
#define TCP_MAX_WINDOW_BYTES ((UINT32_C(1) << 30) - 1)

/* The bytes [start, end), modulo 2^32. Never empty. */
struct tcp_interval {
    uint32_t start, end;
};

/* Natural holes in rising order of sequence number, disjoint, all below snd_max. Zero-filled is "no
 * holes". */
struct tcp_holes {
    struct tcp_interval hole[TCP_MAX_HOLES];
    uint8_t n;
};

/* A dropped segment: its extent, and the pieces of it that have not come back yet, in rising order.
 */
struct tcp_gap {
    struct tcp_interval extent;
    struct tcp_interval open[TCP_MAX_GAP_PIECES];
    uint8_t n_open;
};

/* What a segment is, by the bytes below snd_max that it covers:
 *
 *   nothing, starts at snd_max or beyond it ............ IN_ORDER (bytes between become a hole)
 *   its first byte is farther from snd_max than the
 *   window, either side ................................ JUMP: not believed, nothing changes
 *   some open bytes of the gap:
 *     all else lies in the gap's extent or in holes .... REPAIR; gap_repaired when no piece stays
 * open also bytes seen outside the gap's extent ......... AMBIGUOUS: the gap is void, its bytes
 * count as seen no open bytes of the gap: all in holes .....................................
 * OUT_OF_ORDER some seen bytes .................................. DUPLICATE
 *
 * New bytes beyond snd_max never change the kind of a segment that also covers older ones; they
 * count as seen from now on, as do the bytes of holes that it covers. A gap that starts more than
 * the window below snd_max is given up: no piece of it stays open, its bytes count as seen. A
 * repair that would leave the gap in more than TCP_MAX_GAP_PIECES pieces is AMBIGUOUS. */
enum tcp_segment_kind {
    TCP_IN_ORDER,
    TCP_OUT_OF_ORDER,
    TCP_REPAIR,
    TCP_AMBIGUOUS,
    TCP_DUPLICATE,
    TCP_JUMP,
    TCP_N_SEGMENT_KINDS
};

const char *tcp_segment_kind_name(enum tcp_segment_kind kind);

struct tcp_observation {
    enum tcp_segment_kind kind;
    bool gap_repaired;           /* REPAIR: the last open byte of the gap came back */
    uint8_t n_holes_closed;      /* holes given up for want of room: their bytes count as seen */
    uint8_t n_holes_left_behind; /* holes given up since they lie below the window: never filled */
};

/* In-order traffic looks for what was left behind when snd_max passes a multiple of 2^28. Window,
 * this, and the longest advance of one segment (window + 2^31) together stay below 2^32, so nothing
 * is overlooked. */
#define TCP_TIDY_SHIFT 28

/* The short way for nearly every segment: when it starts right at snd_max and nothing else is to be
 * looked at, advances snd_max and says true: TCP_IN_ORDER. Else changes nothing; then ask
 * tcp_coverage_observe(). */
static inline bool tcp_coverage_advance(uint32_t *snd_max, uint32_t sequence, uint32_t n_bytes)
{
    uint32_t end = sequence + n_bytes;

    if (sequence != *snd_max || ((sequence ^ end) >> TCP_TIDY_SHIFT) != 0)
        return false;
    *snd_max = end;
    return true;
}

/* Takes the segment [sequence, sequence + n_bytes) into account, and says what it was.
 * `n_bytes` is 1..2^31-1. `gap` is NULL when none is pending; after AMBIGUOUS, or REPAIR with
 * gap_repaired, no piece of it is open, and the caller forgets it. `window_bytes` (at most
 * TCP_MAX_WINDOW_BYTES) is the farthest distance from snd_max that is believed. */
struct tcp_observation tcp_coverage_observe(uint32_t *snd_max, struct tcp_holes *holes,
                                            struct tcp_gap *gap, uint32_t sequence,
                                            uint32_t n_bytes, uint32_t window_bytes);

/* The gap of a segment just dropped; it was observed as IN_ORDER before. */
void tcp_gap_open(struct tcp_gap *gap, uint32_t sequence, uint32_t n_bytes);

#endif

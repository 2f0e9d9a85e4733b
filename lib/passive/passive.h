/* SPDX-License-Identifier: BSD-3-Clause */
/* One direction of a TCP connection, watched on a mirror: which bytes are missing, whether they
 * came late, came again, or never came, and how the flow ended. Nothing is dropped.
 *
 * State is bounded whatever the sender does: the flow's two lines in the table (flow/flow.h), used
 * in another way, and a third one: 192 bytes in all. At most PASSIVE_MAX_HOLES holes are open; when
 * one more opens, the lowest two become one, of which only the number of missing bytes is known.
 * When these are too many, it is given up. An in-order segment touches the hot line only.
 *
 * A hole is a range of bytes below snd_max that did not go by. What fills it was either late
 * (reordered before us) or sent again (lost before us, upstream); passive_is_retransmission() has
 * the rule. A segment whose bytes all went by before is a repeat: the first copy, or what answered
 * it, was lost after us (downstream); or nothing was, and the repeat is needless, which a receiver
 * that we see tells (RFC 2883). Doc: doc/passive.md.
 *
 * Functions of their arguments, no lock, no allocation; a flow belongs to one lcore. */
#ifndef PASSIVE_PASSIVE_H
#define PASSIVE_PASSIVE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/time.h"
#include "flow/flow.h"
#include "packet/packet.h"
#include "stats/passive.h"

#define PASSIVE_MAX_HOLES 4

/* Time in ticks of 8.192 us, modulo 2^32 (9.7 hours): flows and holes are forgotten long before. */
#define PASSIVE_TICK_SHIFT 13

static inline uint32_t passive_ticks(uint64_t ns)
{
    return (uint32_t)(ns >> PASSIVE_TICK_SHIFT);
}

/* What was noted when a hole opened: the segment behind it, its opener. */
struct passive_hole {
    uint32_t start, end; /* [start, end), modulo 2^32 */
    uint32_t opened_ticks;
    uint16_t timestamp; /* low half of the opener's TSval, or 0 */
    uint16_t ip_id;     /* of the opener, or 0 */
};

/* In the flow's rare line. */
struct passive_rare {
    struct passive_hole holes[PASSIVE_MAX_HOLES];
};
static_assert(sizeof(struct passive_rare) == sizeof(struct flow_rare), "one rare line");

/* The third line. */
struct passive_line {
    /* n_passed at the opener, modulo 2^16; with PASSIVE_MERGED, the first one: missing bytes. */
    uint16_t opener_index[PASSIVE_MAX_HOLES];
    uint16_t segment_bytes;    /* the longest segment among those of events, 1 to UINT16_MAX */
    uint16_t n_unconfirmed;    /* of the latest repeats, those not reported as duplicates */
    uint32_t start_sequence;   /* of the first byte */
    uint16_t repair_timestamp; /* of the latest retransmission that filled a hole: */
    uint16_t repair_ip_id;     /* as of an opener, or 0 */
    /* Repeats below it tell nothing: holes were given up there, or segments were late, which makes
     * senders repeat what nobody lost. With PASSIVE_UNKNOWN_BELOW. */
    uint32_t unknown_below;
    uint32_t start_ticks;
    /* The latest repeats: [episode_start, episode_end) held what the sender was repairing, and
     * repeat_end is the end of the last one. */
    uint32_t episode_start, episode_end, repeat_end;
    uint32_t peer; /* record of the other direction, or PASSIVE_NO_PEER; the engine's */
    union {
        struct {
            /* With PASSIVE_SAMPLING: its acknowledgement is waited for; the engine's. */
            uint32_t sample_end;
            uint32_t sample_ticks;
        };
        struct {
            /* With has_fragments, and then nothing is sampled: first fragments came of segments
             * that begin here, and between. */
            uint32_t lowest_fragment;
            uint32_t highest_fragment;
        };
    };
    /* Segments, but for the third, which counts holes. They stop at their maximum. */
    uint16_t n_reordered, n_retransmitted, n_unfilled, n_repeats;
    uint8_t n_holes : 7;
    uint8_t has_fragments : 1;
    uint8_t ttl;             /* of the first packet; 0: unknown */
    uint8_t window_bits : 5; /* bit length of the first window that no SYN had; 0: not known */
    uint8_t rtt_lowered : 3; /* quarter octaves below what the handshake said of it, 4 at most */
    uint8_t marks;
};
static_assert(sizeof(struct passive_line) == CACHE_LINE_BYTES, "one line more");
static_assert(sizeof(struct flow) + sizeof(struct passive_rare) + sizeof(struct passive_line) <=
                  192,
              "what a flow may take");

#define PASSIVE_NO_PEER UINT32_MAX

/* struct flow.flags of passive flows */
#define PASSIVE_FLOW       0x80 /* it is one */
#define PASSIVE_ENDED      0x40 /* it was counted as finished */
#define PASSIVE_HANDSHAKE  0x20 /* one SYN, and nothing since: what follows tells the RTT */
#define PASSIVE_ANSWERED   0x10 /* something but SYNs was seen */
#define PASSIVE_HAS_DATA   0x08
#define PASSIVE_ACK_WANTED 0x04 /* what it acknowledges tells about the other direction */
#define PASSIVE_HOLES_OPEN 0x01
#define PASSIVE_MAY_SAMPLE 0x02 /* the other direction is there, and no sample is under way */

/* struct passive_line.marks */
#define PASSIVE_FROM_SYN      0x01
#define PASSIVE_UNKNOWN_BELOW 0x02 /* holes were given up below unknown_below */
#define PASSIVE_BALANCED      0x04
#define PASSIVE_FIN_SEEN      0x08
#define PASSIVE_SAMPLING      0x10
#define PASSIVE_TWO_WAY       0x20
#define PASSIVE_MERGED        0x40 /* the lowest hole is made of several */
#define PASSIVE_FAST_CLOCK    0x80 /* TSval ticks faster than RFC 7323 5.4 allows */

/* A flow's three lines. */
struct passive_flow {
    struct flow *hot;
    struct passive_rare *rare;
    struct passive_line *line;
};

/* A packet, and when. `data` is what `view` was made of, or NULL: then TTL, window, IP
 * identification and timestamps are not known. */
struct passive_copies;

struct passive_packet {
    const struct packet_view *view;
    const uint8_t *data;
    uint32_t now_ticks;
    uint32_t window_bytes; /* farther from snd_max than this is not believed; below 2^30 */
    const struct passive_copies *copies; /* what came lately; NULL: not known */
    uint64_t fingerprint;                /* of this one (passive/copies.h) */
};

enum passive_end {
    PASSIVE_END_FIN,
    PASSIVE_END_RST,
    PASSIVE_END_IDLE,
    PASSIVE_END_EVICTED, /* made room, or began anew */
    PASSIVE_END_SYN_ONLY,
    PASSIVE_END_STOPPED, /* it goes on, but we do not */
    PASSIVE_N_ENDS
};
/* "fin", "rst", "idle", "evicted", "syn_only", "stopped" */
const char *passive_end_name(enum passive_end end);

/* What a data segment was. */
enum passive_kind {
    PASSIVE_FIRST_TIME,
    PASSIVE_REORDERED,
    PASSIVE_RETRANSMITTED, /* upstream loss */
    PASSIVE_REPEAT,        /* downstream loss, unless reported as needless */
    PASSIVE_LATE,          /* its retransmission overtook it */
    PASSIVE_UNKNOWN,
    PASSIVE_JUMP,
    PASSIVE_COPY, /* of the mirror: the same packet once more */
    PASSIVE_N_KINDS
};

/* The round-trip time of a flow fits a byte: a quarter octave each, rounded down; 0: unknown. */
uint8_t passive_code_of_ticks(uint32_t ticks);
uint32_t passive_ticks_of_code(uint8_t code);

/* What told that a segment was sent again. */
enum passive_sent_again {
    PASSIVE_ONLY_LATE, /* it was not */
    PASSIVE_BY_CLOCK,
    PASSIVE_BY_COUNT,
    PASSIVE_BY_ORDER
};

/* Was it sent again, or only late? `hole` is what it fills, n_since how many segments went by since
 * the hole's opener, itself not counted. In this order, and the first that can tell decides:
 *   1. The sender's clock (TSval, RFC 7323): newer than the opener's: sent again. Older: late. It
 * is not believed when it went farther than a clock of 1 ms, the fastest that RFC 7323 5.4 allows,
 *      may have gone meanwhile: 16 bits of one of 1 us (Linux 6.7 has it) go round in 66 ms.
 *   2. The sender's count of packets (IPv4 identification, where it counts up by packets): after
 *      the opener's: sent again. Before: late.
 *   3. Order and delay: sent again if at least half a round-trip time has gone by and three
 *      segments (the duplicate ACK threshold of RFC 5681 3.2), or a whole round-trip time and any.
 *      Without a known round-trip time: three segments.
 * Whoever learns of a loss and answers needs a round trip; a packet that was only overtaken does
 * not. After S. Jaiswal, G. Iannaccone, C. Diot, J. Kurose, D. Towsley, "Measurement and
 * classification of out-of-sequence packets in a tier-1 IP backbone", IEEE/ACM ToN 15(1), 2007. */
enum passive_sent_again passive_is_retransmission(const struct passive_hole *hole,
                                                  const struct packet_detail *detail,
                                                  uint32_t delay_ticks, uint32_t n_since,
                                                  uint32_t rtt_ticks);

/* Did the sender's clock go seconds further than the time since the hole's opener allows? */
bool passive_is_fast_clock(const struct passive_hole *hole, const struct packet_detail *detail,
                           uint32_t delay_ticks);

/* Was it sent before the retransmission whose timestamp and identification (0: unknown) these are?
 * Then it is not sent again, but the first copy after all: late, and taken for lost meanwhile. */
bool passive_is_first_copy(uint16_t repair_timestamp, uint16_t repair_ip_id,
                           const struct packet_detail *detail);

/* A flow that the table just admitted, or that begins anew, with its first packet (which is then
 * given to passive_flow_packet() as well, unless it is a SYN). Sets all but key, aggregate, state
 * and last_seen_ms, and the peer to none. */
void passive_flow_begin(const struct passive_flow *f, const struct passive_packet *p);

/* Its SYN was seen before `p`, with which it begins: its data start at `sequence`. */
void passive_flow_begin_behind_syn(const struct passive_flow *f, const struct passive_packet *p,
                                   uint32_t sequence);

/* A data segment of at least one byte, no keepalive. */
enum passive_kind passive_flow_segment(const struct passive_flow *f, const struct passive_packet *p,
                                       struct passive_counters *c);

/* The receiver of this flow reports that it got a segment twice, [start, ...) of it (RFC 2883): if
 * it is one of the latest repeats, that was needless. */
void passive_flow_duplicate(const struct passive_flow *f, uint32_t start,
                            struct passive_counters *c);

/* Anything but a SYN: the handshake may be over, and windows are as they will be. */
void passive_flow_answered(const struct passive_flow *f, const struct passive_packet *p);

/* A FIN at `sequence` (behind its packet's data); the flow may end now, or when its holes are
 * filled. */
void passive_flow_fin(const struct passive_flow *f, const struct passive_packet *p,
                      uint32_t sequence, struct passive_counters *c);

/* A first fragment of a segment at `sequence`, within the window. How long the segment is, is not
 * known, and what follows is not read. The hole that it leaves, open already or not yet, is none of
 * missing bytes: it is closed, and what comes again of it tells nothing. */
void passive_flow_fragment(const struct passive_flow *f, uint32_t sequence,
                           struct passive_counters *c);

/* An RST within the window. */
void passive_flow_rst(const struct passive_flow *f, const struct passive_packet *p,
                      struct passive_counters *c);

/* Is it over, so that a SYN of another sequence number begins a connection at once? By RST or FIN,
 * or it never came to more than SYNs. */
bool passive_is_over(const struct passive_flow *f);

/* May the flow have come as far as `sequence` since it was last seen, or is that another
 * connection? passive_flow_go_on(): it has; what lies between is missing. `p`, the segment that
 * showed it, comes next. */
bool passive_flow_may_have_gone_on(const struct passive_flow *f, uint32_t sequence,
                                   uint32_t now_ticks);
void passive_flow_go_on(const struct passive_flow *f, const struct passive_packet *p,
                        uint32_t sequence, struct passive_counters *c);

/* What it waits for was counted elsewhere, or nowhere: whoever counts it from now on gets nothing
 * of that, neither the end of a hole nor what would be taken back. */
void passive_flow_change_hands(const struct passive_flow *f);

/* Does it say when it was sent, by identification or timestamp? Else a retransmission is the same
 * packet as its first copy, which may only be late. */
bool passive_is_marked(const struct passive_packet *p);

/* Did this very packet come just now? */
bool passive_came_just_now(const struct passive_flow *f, const struct passive_packet *p);

/* Is this the SYN that began the flow, again? */
bool passive_is_same_syn(const struct passive_flow *f, const struct packet_view *view);

/* Counts the flow as finished (or stopped), once. PASSIVE_END_RST is an RST of the other direction,
 * which ends both (RFC 9293 3.10.7). It, IDLE, EVICTED and STOPPED become what is known better (FIN
 * seen, SYN only). Returns how it ended. */
enum passive_end passive_flow_end(const struct passive_flow *f, enum passive_end end,
                                  struct passive_counters *c);

/* Sequence numbers that the flow went through: its bytes, missing ones too. */
uint64_t passive_flow_bytes(const struct passive_flow *f);

#endif

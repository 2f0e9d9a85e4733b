/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP sender and its receiver, as state machines: what comes in are ACKs, segments and time; what
 * comes out is the number of the next segment to send, and when to ack.
 *
 * Data are whole segments, numbered from 0. At most TCP_MODEL_WINDOW are outstanding, so that one
 * word of bits holds the scoreboard. Modelled: slow start and congestion avoidance (RFC 5681), fast
 * retransmit on three duplicate ACKs (RFC 6582) or by SACK (RFC 6675), lost retransmissions and the
 * tail loss probe (RFC 8985), the retransmission timeout with backoff (RFC 6298), delayed ACKs (RFC
 * 9293 3.8.6.3). Not modelled: pacing, reordering detection, ECN, undo of spurious retransmissions.
 */
#ifndef SIM_TCP_MODEL_H
#define SIM_TCP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_MODEL_WINDOW 64
#define TCP_MODEL_NONE   UINT32_MAX

struct tcp_options {
    bool sack;
    bool recent_ack;       /* RACK: by time, not only by the third SACK */
    bool reordering_timer; /* of RACK: what may be reordered is lost after a quarter of a round trip
                            */
    bool tail_loss_probe;
    uint64_t rto_min_ns;     /* RFC 6298 asks for 1 s, Linux takes 200 ms */
    uint64_t delayed_ack_ns; /* 0: every segment is acked */
    uint32_t initial_window; /* segments */
    uint32_t max_window;     /* segments, at most TCP_MODEL_WINDOW */
};

struct tcp_sender {
    const struct tcp_options *options;
    uint32_t una, next;  /* oldest not acked, next never sent */
    uint32_t n_segments; /* in all; UINT32_MAX: endless */
    uint32_t n_written;  /* the application has given so many */
    uint32_t recover;    /* fast retransmit enters no second time before this is acked */
    /* Bit i is segment una + i. */
    uint64_t sacked, lost, resent;
    double window, threshold;
    uint64_t sent_ns[TCP_MODEL_WINDOW];
    uint64_t smoothed_ns, variation_ns, timeout_ns; /* RFC 6298 2; smoothed 0: no sample yet */
    uint64_t deadline_ns;                           /* of the timer; 0: off */
    uint64_t delivered_sent_ns; /* when the latest sent of those that arrived was sent */
    uint32_t n_resent;          /* segments sent again, in all */
    uint8_t n_backoffs, n_duplicate_acks;
    bool in_recovery;
    bool repair_is_due; /* recovery just began: its first repair waits for no window */
    bool deadline_is_probe, probed, probe_is_due;
    bool deadline_is_reordering;
};

struct tcp_receiver {
    uint32_t next; /* all below have arrived */
    uint64_t have; /* bit i: next + i has */
    uint8_t n_unacked;
};

/* `handshake_ns`: what the SYN took, the first sample of the round trip; 0: none. */
void tcp_sender_init(struct tcp_sender *s, const struct tcp_options *options, uint32_t n_segments,
                     uint64_t handshake_ns);

/* An ACK: all below `acked` arrived, and of those from there on the ones in `sacked`. */
void tcp_sender_on_ack(struct tcp_sender *s, uint64_t now_ns, uint32_t acked, uint64_t sacked);

/* The clock passed deadline_ns. */
void tcp_sender_on_timer(struct tcp_sender *s, uint64_t now_ns);

/* The next segment that may be sent now, or TCP_MODEL_NONE; to be asked until then. */
uint32_t tcp_sender_next(struct tcp_sender *s, uint64_t now_ns);

bool tcp_sender_is_done(const struct tcp_sender *s);

/* A segment arrives. True: ack at once; false: at the latest after delayed_ack_ns. */
bool tcp_receiver_on_segment(struct tcp_receiver *r, const struct tcp_options *options,
                             uint32_t segment);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/tcp_model.h"

#include "base/time.h"

#define INITIAL_TIMEOUT_NS (1 * NS_PER_S)  /* RFC 6298 2.1 */
#define MAX_TIMEOUT_NS     (60 * NS_PER_S) /* RFC 6298 2.5 */
#define CLOCK_NS           NS_PER_MS       /* G of RFC 6298 2.3 */
#define MAX_BACKOFFS       6
#define PROBE_MIN_NS       (10 * NS_PER_MS)
#define DUPLICATE_ACKS     3 /* RFC 5681 3.2 */

static uint64_t low_bits(uint32_t n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static uint64_t shift_right(uint64_t bits, uint32_t n)
{
    return n >= 64 ? 0 : bits >> n;
}

static uint32_t n_outstanding(const struct tcp_sender *s)
{
    return s->next - s->una;
}

/* RFC 6675 4: what is sent, not sacked, and not lost unless sent again. Without SACK each duplicate
 * ACK stands for a segment that left the network (RFC 6582 3.2). */
static uint32_t n_in_flight(const struct tcp_sender *s)
{
    uint64_t in_pipe = low_bits(n_outstanding(s)) & ~s->sacked & (~s->lost | s->resent);
    uint32_t n = (uint32_t)__builtin_popcountll(in_pipe);
    uint32_t n_left = s->options->sack ? 0 : s->n_duplicate_acks;

    return n > n_left ? n - n_left : 0;
}

/* RFC 6298 2.2 and 2.3. */
static void take_sample(struct tcp_sender *s, uint64_t rtt_ns)
{
    uint64_t deviation, timeout_ns;

    if (s->smoothed_ns == 0) {
        s->smoothed_ns = rtt_ns;
        s->variation_ns = rtt_ns / 2;
    } else {
        deviation = rtt_ns > s->smoothed_ns ? rtt_ns - s->smoothed_ns : s->smoothed_ns - rtt_ns;
        s->variation_ns = (3 * s->variation_ns + deviation) / 4;
        s->smoothed_ns = (7 * s->smoothed_ns + rtt_ns) / 8;
    }
    timeout_ns = 4 * s->variation_ns;
    timeout_ns = s->smoothed_ns + (timeout_ns > CLOCK_NS ? timeout_ns : CLOCK_NS);
    s->timeout_ns = timeout_ns > s->options->rto_min_ns ? timeout_ns : s->options->rto_min_ns;
}

void tcp_sender_init(struct tcp_sender *s, const struct tcp_options *options, uint32_t n_segments,
                     uint64_t handshake_ns)
{
    *s = (struct tcp_sender){
        .options = options,
        .n_segments = n_segments,
        .n_written = n_segments,
        .window = options->initial_window,
        .threshold = options->max_window,
        .timeout_ns = INITIAL_TIMEOUT_NS,
    };
    if (handshake_ns != 0)
        take_sample(s, handshake_ns);
}

/* RFC 8985 7.2. With one segment out its ACK may be a delayed one; Linux then adds its least
 * retransmission timeout. */
static uint64_t probe_timeout_ns(const struct tcp_sender *s)
{
    uint64_t ns = 2 * s->smoothed_ns;

    if (n_outstanding(s) == 1)
        ns += s->options->rto_min_ns;
    return ns > PROBE_MIN_NS ? ns : PROBE_MIN_NS;
}

static void start_timer(struct tcp_sender *s, uint64_t now_ns)
{
    uint64_t ns = s->timeout_ns << s->n_backoffs;

    s->deadline_is_reordering = false;
    if (n_outstanding(s) == 0) {
        s->deadline_ns = 0;
        return;
    }
    ns = ns < MAX_TIMEOUT_NS ? ns : MAX_TIMEOUT_NS;
    /* The probe belongs to SACK (RFC 8985 7), and is not for recovery. */
    s->deadline_is_probe = s->options->tail_loss_probe && s->options->sack && !s->probed &&
                           !s->in_recovery && s->n_backoffs == 0 && s->smoothed_ns != 0 &&
                           probe_timeout_ns(s) < ns;
    s->deadline_ns = now_ns + (s->deadline_is_probe ? probe_timeout_ns(s) : ns);
}

static void halve_window(struct tcp_sender *s)
{
    double half = n_in_flight(s) / 2.0;

    s->threshold = half > 2 ? half : 2;
}

static void grow_window(struct tcp_sender *s, uint32_t n_acked)
{
    if (s->window < s->threshold)
        s->window += n_acked;
    else
        s->window += n_acked / s->window;
    if (s->window > s->options->max_window)
        s->window = s->options->max_window;
}

static void advance(struct tcp_sender *s, uint64_t now_ns, uint32_t acked)
{
    uint32_t n = acked - s->una, last = n - 1;

    /* Karn: no sample of what was sent twice. */
    if (((s->resent >> last) & 1) == 0)
        take_sample(s, now_ns - s->sent_ns[(acked - 1) % TCP_MODEL_WINDOW]);
    s->sacked = shift_right(s->sacked, n);
    s->lost = shift_right(s->lost, n);
    s->resent = shift_right(s->resent, n);
    s->una = acked;
    s->n_backoffs = s->n_duplicate_acks = 0;
    s->probed = false;
    if (!s->in_recovery) {
        grow_window(s, n);
    } else if (acked >= s->recover) {
        s->in_recovery = false;
        s->window = s->threshold;
    } else if (!s->options->sack) {
        /* A partial ACK: the next hole is lost, too (RFC 6582 3.2). */
        s->lost |= 1;
        s->resent &= ~UINT64_C(1);
    }
    start_timer(s, now_ns);
}

/* Segments with three sacked ones above them (RFC 6675 4); after a probe, with one (RFC 8985 6). */
static uint64_t lost_by_sack(const struct tcp_sender *s)
{
    uint64_t above = s->sacked;
    int needed = s->probed ? 1 : DUPLICATE_ACKS;

    if (__builtin_popcountll(above) < needed)
        return 0;
    for (int i = 1; i < needed; i++)
        above &= ~(UINT64_C(1) << (63 - __builtin_clzll(above)));
    return low_bits(63 - (uint32_t)__builtin_clzll(above)) & ~s->sacked & ~s->lost;
}

/* The latest time that a segment now known to have arrived was sent. */
static void note_delivered(struct tcp_sender *s, uint64_t arrived)
{
    for (; arrived != 0; arrived &= arrived - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(arrived);
        uint64_t sent_ns = s->sent_ns[(s->una + i) % TCP_MODEL_WINDOW];

        if (sent_ns > s->delivered_sent_ns)
            s->delivered_sent_ns = sent_ns;
    }
}

/* What of these segments was sent so long, a quarter of a round trip, before something that has
 * arrived that it must be lost (RFC 8985 6.2). */
static uint64_t lost_by_time(const struct tcp_sender *s, uint64_t segments)
{
    uint64_t lost = 0;

    for (; segments != 0; segments &= segments - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(segments);

        if (s->sent_ns[(s->una + i) % TCP_MODEL_WINDOW] + s->smoothed_ns / 4 < s->delivered_sent_ns)
            lost |= UINT64_C(1) << i;
    }
    return lost;
}

static void note_lost(struct tcp_sender *s, uint64_t now_ns, uint64_t lost)
{
    s->lost |= lost;
    if (!s->in_recovery && s->una >= s->recover) {
        halve_window(s);
        s->in_recovery = s->repair_is_due = true;
        s->recover = s->next;
        s->window = s->threshold;
        start_timer(s, now_ns);
    }
}

/* Below one that has arrived. They were sent at about the same time, so they may be on their way.
 */
static uint64_t may_be_reordered(const struct tcp_sender *s)
{
    if (!s->options->reordering_timer || !s->options->sack || s->sacked == 0)
        return 0;
    return low_bits(63 - (uint32_t)__builtin_clzll(s->sacked)) & ~s->sacked & ~s->lost;
}

/* RFC 8985 6.2, step 5: lost a quarter of a round trip after their ACKs were due. */
static uint64_t reordered_until_ns(const struct tcp_sender *s, uint32_t i)
{
    return s->sent_ns[(s->una + i) % TCP_MODEL_WINDOW] + s->smoothed_ns + s->smoothed_ns / 4;
}

static void await_reordered(struct tcp_sender *s)
{
    uint64_t first_ns = UINT64_MAX;

    for (uint64_t bits = may_be_reordered(s); bits != 0; bits &= bits - 1) {
        uint64_t until_ns = reordered_until_ns(s, (uint32_t)__builtin_ctzll(bits));

        first_ns = until_ns < first_ns ? until_ns : first_ns;
    }
    if (first_ns == UINT64_MAX)
        return;
    s->deadline_ns = first_ns;
    s->deadline_is_probe = false;
    s->deadline_is_reordering = true;
}

static void on_reordering_timer(struct tcp_sender *s, uint64_t now_ns)
{
    uint64_t lost = 0;

    for (uint64_t bits = may_be_reordered(s); bits != 0; bits &= bits - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(bits);

        if (reordered_until_ns(s, i) <= now_ns)
            lost |= UINT64_C(1) << i;
    }
    note_lost(s, now_ns, lost);
    start_timer(s, now_ns);
    await_reordered(s);
}

static void find_lost(struct tcp_sender *s, uint64_t now_ns)
{
    uint64_t lost = 0;

    if (s->options->sack)
        lost = lost_by_sack(s);
    if (s->options->sack && s->options->recent_ack && s->sacked != 0)
        lost |= lost_by_time(s, low_bits(n_outstanding(s)) & ~s->sacked & ~s->lost);
    if (!s->options->sack && s->n_duplicate_acks == DUPLICATE_ACKS && s->una >= s->recover)
        lost = 1 & ~s->lost;
    if (lost != 0)
        note_lost(s, now_ns, lost);
    await_reordered(s);
}

void tcp_sender_on_ack(struct tcp_sender *s, uint64_t now_ns, uint32_t acked, uint64_t sacked)
{
    if (acked < s->una || acked > s->next)
        return;
    note_delivered(s, low_bits(acked - s->una) & ~s->sacked);
    if (acked > s->una)
        advance(s, now_ns, acked);
    else if (n_outstanding(s) != 0 && s->n_duplicate_acks < UINT8_MAX)
        s->n_duplicate_acks++;
    if (s->options->sack) {
        note_delivered(s, sacked & ~s->sacked);
        s->sacked |= sacked;
        if (s->options->recent_ack)
            s->resent &= ~lost_by_time(s, s->resent & s->lost & ~s->sacked);
    }
    find_lost(s, now_ns);
}

void tcp_sender_on_timer(struct tcp_sender *s, uint64_t now_ns)
{
    if (s->deadline_is_reordering) {
        on_reordering_timer(s, now_ns);
        return;
    }
    if (s->deadline_is_probe) {
        s->probed = s->probe_is_due = true;
        start_timer(s, now_ns);
        return;
    }
    /* RFC 6298 5.4 to 5.6; the window as in RFC 5681 3.1. */
    if (s->n_backoffs == 0)
        halve_window(s);
    s->lost = low_bits(n_outstanding(s)) & ~s->sacked;
    s->resent = 0;
    s->window = 1;
    s->in_recovery = false;
    s->recover = s->next;
    if (s->n_backoffs < MAX_BACKOFFS)
        s->n_backoffs++;
    start_timer(s, now_ns);
}

static uint32_t send_again(struct tcp_sender *s, uint32_t i, uint64_t now_ns)
{
    s->resent |= UINT64_C(1) << i;
    s->n_resent++;
    s->sent_ns[(s->una + i) % TCP_MODEL_WINDOW] = now_ns;
    return s->una + i;
}

static bool may_send_new(const struct tcp_sender *s)
{
    uint32_t most = s->n_written < s->n_segments ? s->n_written : s->n_segments;

    return s->next < most && n_outstanding(s) < s->options->max_window;
}

static uint32_t send_new(struct tcp_sender *s, uint64_t now_ns)
{
    uint64_t timeout_ns = s->deadline_is_probe ? 0 : s->deadline_ns;
    bool was_reordering = s->deadline_is_reordering;
    uint32_t segment = s->next++;

    s->sent_ns[segment % TCP_MODEL_WINDOW] = now_ns;
    start_timer(s, now_ns);
    /* New data move the probe on, but not the timeout (RFC 6298 5.1). */
    if (was_reordering)
        await_reordered(s);
    else if (!s->deadline_is_probe && timeout_ns != 0)
        s->deadline_ns = timeout_ns;
    return segment;
}

uint32_t tcp_sender_next(struct tcp_sender *s, uint64_t now_ns)
{
    uint64_t to_repair = s->lost & ~s->resent & ~s->sacked;

    if (s->probe_is_due) {
        s->probe_is_due = false;
        if (n_outstanding(s) != 0)
            return may_send_new(s) ? send_new(s, now_ns)
                                   : send_again(s, n_outstanding(s) - 1, now_ns);
    }
    if (n_in_flight(s) >= (uint32_t)s->window && !s->repair_is_due)
        return TCP_MODEL_NONE;
    s->repair_is_due = false;
    if (to_repair != 0)
        return send_again(s, (uint32_t)__builtin_ctzll(to_repair), now_ns);
    return may_send_new(s) ? send_new(s, now_ns) : TCP_MODEL_NONE;
}

bool tcp_sender_is_done(const struct tcp_sender *s)
{
    return s->una == s->n_segments;
}

bool tcp_receiver_on_segment(struct tcp_receiver *r, const struct tcp_options *options,
                             uint32_t segment)
{
    uint32_t ahead = segment - r->next;
    bool had_gap = r->have != 0;

    if (ahead >= TCP_MODEL_WINDOW)
        return true; /* seen before */
    r->have |= UINT64_C(1) << ahead;
    while ((r->have & 1) != 0) {
        r->have >>= 1;
        r->next++;
    }
    if (had_gap || ahead != 0 || options->delayed_ack_ns == 0)
        return true;
    return ++r->n_unacked >= 2;
}

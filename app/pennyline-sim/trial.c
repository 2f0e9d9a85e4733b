/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/time.h"
#include "pennyline-sim/box.h"
#include "pennyline-sim/events.h"
#include "tcp/flags.h"

/* After the last packet: until every drop has ended, tail drops too. */
#define WAIT_STEP_NS (50 * NS_PER_MS)
/* Streams of random numbers of one trial. */
#define STREAM_NETWORK 0
#define STREAM_BLIND   1
#define N_STREAMS      2
/* What the box does to itself is drawn apart, so that it changes nothing else. */
#define OWN_SEED UINT64_C(0x6f776e)
/* A held packet of no genuine flow. */
#define NOBODY UINT16_MAX

struct genuine_flow {
    struct tcp_sender sender;
    struct tcp_receiver receiver;
    uint32_t initial_sequence;
    uint64_t started_ns, timer_ns;
    uint8_t generation;
    uint16_t n_sent; /* the identification counts packets */
    bool ack_is_waiting, fin_is_sent, is_done;
    bool moves_on;
    enum handshake_stack stack;
};

/* A packet that waits while the box stands still. */
struct held {
    struct box_packet packet;
    uint32_t segment;
    uint16_t flow; /* of a genuine sender, or NOBODY */
};

struct trial {
    const struct scenario *scenario;
    struct box *box;
    struct genuine_flow *flows;
    struct events events;
    struct sender blind;
    struct segment blind_next;
    uint64_t blind_start_ns;
    bool has_blind_next;
    struct held *held;
    uint32_t n_held;
    struct box_doings doings;
    struct random_source random;
    struct loss loss_upstream, loss_downstream, loss_ack;
    uint64_t now_ns;
    uint32_t n_done;
    double completion_s;
    int error;
};

struct trial *trial_create(const struct scenario *scenario)
{
    const struct box_options options = {.test = scenario->test,
                                        .n_lcores = scenario->n_lcores,
                                        .n_flows = scenario_table_flows(scenario),
                                        .no_drops = scenario->no_drops,
                                        .is_passive = scenario->is_passive};
    struct trial *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    t->scenario = scenario;
    t->flows = calloc(scenario->genuine.n_flows + 1, sizeof(*t->flows));
    t->held = calloc(scenario->own.queue + 1, sizeof(*t->held));
    t->box = box_create(&options);
    if (t->flows == NULL || t->held == NULL || t->box == NULL) {
        trial_destroy(t);
        return NULL;
    }
    box_watch_evidence(t->box, scenario->watch);
    return t;
}

void trial_destroy(struct trial *t)
{
    if (t == NULL)
        return;
    box_destroy(t->box);
    events_free(&t->events);
    free(t->flows);
    free(t->held);
    free(t);
}

static void schedule(struct trial *t, uint64_t time_ns, const struct event *event)
{
    int error = events_push(&t->events, time_ns, event);

    if (error != 0)
        t->error = error;
}

static void schedule_for_flow(struct trial *t, uint64_t time_ns, enum event_kind kind,
                              uint16_t flow, uint32_t number)
{
    schedule(t, time_ns,
             &(struct event){.kind = (uint8_t)kind,
                             .flow = flow,
                             .number = number,
                             .generation = t->flows[flow].generation});
}

/* Even numbers for the genuine, odd ones for the blind. */
static uint32_t box_flow_of(const struct trial *t, uint16_t flow)
{
    return 2 * (t->flows[flow].generation * SCENARIO_MAX_GENUINE_FLOWS + (uint32_t)flow);
}

static bool path_has_changed(const struct trial *t)
{
    double left_s = t->scenario->network.path_change_s;
    double back_s = t->scenario->network.path_return_s;
    double now_s = (double)t->now_ns / (double)NS_PER_S;

    return left_s > 0 && now_s >= left_s && !(back_s > 0 && now_s >= back_s);
}

/* When it is sent, and as which packet of its flow. */
static uint64_t mark_sent(struct trial *t, uint16_t flow)
{
    uint32_t ms = (uint32_t)(t->now_ns / NS_PER_MS) + 1;
    uint16_t ip_id = ++t->flows[flow].n_sent;

    return (t->scenario->genuine.timestamps ? (uint64_t)ms << 16 : 0) |
           (t->scenario->genuine.ip_ids ? ip_id : 0);
}

/* It waits in the receive queue, or finds it full. */
static void hold(struct trial *t, const struct box_packet *packet, uint16_t flow, uint32_t segment)
{
    if (t->n_held == t->scenario->own.queue)
        return;
    t->held[t->n_held] = (struct held){.packet = *packet, .segment = segment, .flow = flow};
    schedule(t, t->doings.to_ns,
             &(struct event){.kind = EVENT_HELD,
                             .flow = flow == NOBODY ? 0 : flow,
                             .number = t->n_held,
                             .generation = t->flows[flow == NOBODY ? 0 : flow].generation});
    t->n_held++;
}

/* Does the box let it pass, and now? What it holds passes later, by on_held(). */
static bool passes_box(struct trial *t, uint16_t flow, uint32_t segment, uint32_t sequence,
                       uint16_t n_bytes, uint8_t flags, uint64_t sent)
{
    const struct box_packet packet = {.flow = box_flow_of(t, flow),
                                      .sequence = sequence,
                                      .payload_bytes = n_bytes,
                                      .tcp_flags = flags,
                                      .ip_id = (uint16_t)sent,
                                      .timestamp = (uint32_t)(sent >> 16),
                                      .datagram = handshake_stack_is_quic(t->flows[flow].stack)
                                                      ? DATAGRAM_INITIAL
                                                      : DATAGRAM_NONE};

    if (path_has_changed(t) || network_chance(&t->random, t->scenario->network.unseen))
        return true;
    if (box_is_stalled(t->box, t->now_ns)) {
        hold(t, &packet, flow, segment);
        return false;
    }
    return !box_packet(t->box, t->now_ns, &packet);
}

static uint32_t sequence_of(const struct trial *t, uint16_t flow, uint32_t segment)
{
    return t->flows[flow].initial_sequence + 1 + segment * t->scenario->genuine.segment_bytes;
}

static void behind_box(struct trial *t, uint16_t flow, uint32_t segment)
{
    const struct network_options *n = &t->scenario->network;

    if (loss_takes(&t->loss_downstream, &t->random))
        return;
    schedule_for_flow(
        t, t->now_ns + network_delay_ns(&t->random, n->delay_downstream_ms, n->jitter_ms),
        EVENT_AT_RECEIVER, flow, segment);
}

/* The segment behind the last one is the FIN. */
static void at_box(struct trial *t, uint16_t flow, uint32_t segment, uint64_t sent)
{
    uint32_t sequence = sequence_of(t, flow, segment);

    if (segment == t->flows[flow].sender.n_segments)
        passes_box(t, flow, segment, sequence, 0, TCP_FLAG_FIN | TCP_FLAG_ACK, sent);
    else if (passes_box(t, flow, segment, sequence, t->scenario->genuine.segment_bytes,
                        TCP_FLAG_ACK, sent))
        behind_box(t, flow, segment);
}

static void on_held(struct trial *t, const struct held *held)
{
    if (!box_packet(t->box, t->now_ns, &held->packet) && held->flow != NOBODY &&
        held->packet.payload_bytes > 0)
        behind_box(t, held->flow, held->segment);
}

static void arrive_at_box(struct trial *t, uint16_t flow, uint32_t segment, uint64_t sent,
                          uint64_t delay_ns)
{
    if (delay_ns == 0)
        at_box(t, flow, segment, sent);
    else
        schedule(t, t->now_ns + delay_ns,
                 &(struct event){.kind = EVENT_AT_BOX,
                                 .flow = flow,
                                 .number = segment,
                                 .bitmap = sent,
                                 .generation = t->flows[flow].generation});
}

static void transmit(struct trial *t, uint16_t flow, uint32_t segment)
{
    const struct network_options *n = &t->scenario->network;
    uint64_t delay_ns, sent = mark_sent(t, flow);

    if (loss_takes(&t->loss_upstream, &t->random))
        return;
    delay_ns = network_delay_ns(&t->random, n->delay_upstream_ms, n->jitter_ms);
    if (network_chance(&t->random, n->reorder))
        delay_ns += network_delay_ns(&t->random, n->reorder_ms, 0);
    arrive_at_box(t, flow, segment, sent, delay_ns);
}

/* A FIN goes after the last data at once, as when an application writes and closes. */
static void send_fin_when_due(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];
    uint64_t sent;

    if (f->fin_is_sent || f->sender.next != f->sender.n_segments)
        return;
    f->fin_is_sent = true;
    sent = mark_sent(t, flow);
    arrive_at_box(t, flow, f->sender.n_segments, sent,
                  network_delay_ns(&t->random, t->scenario->network.delay_upstream_ms, 0));
}

/* Timer events are lazy: one that comes too early is pushed on. */
static void watch_timer(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];
    uint64_t deadline_ns = f->sender.deadline_ns;

    if (deadline_ns == 0 || (f->timer_ns != 0 && f->timer_ns <= deadline_ns))
        return;
    f->timer_ns = deadline_ns;
    schedule_for_flow(t, deadline_ns, EVENT_TIMER, flow, 0);
}

static void send_what_may(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];
    uint32_t segment;

    while ((segment = tcp_sender_next(&f->sender, t->now_ns)) != TCP_MODEL_NONE)
        transmit(t, flow, segment);
    send_fin_when_due(t, flow);
    watch_timer(t, flow);
}

static uint64_t round_trip_ns(const struct network_options *n)
{
    double ms = n->delay_upstream_ms + n->delay_downstream_ms + n->delay_back_ms;

    return (uint64_t)(ms * (double)NS_PER_MS);
}

/* All datagrams of a first flight, or a SYN, to the other end. False: it was lost on the way, or
 * dropped; of a flight one that comes is enough. */
static bool send_handshake(struct trial *t, uint16_t flow)
{
    const struct genuine_flow *f = &t->flows[flow];
    const bool is_quic = handshake_stack_is_quic(f->stack);
    bool arrives = false;

    for (uint32_t i = 0; i < (is_quic ? t->scenario->genuine.n_datagrams : 1); i++)
        if (!loss_takes(&t->loss_upstream, &t->random) &&
            passes_box(t, flow, 0, f->initial_sequence, 0, TCP_FLAG_SYN, mark_sent(t, flow)) &&
            !loss_takes(&t->loss_downstream, &t->random))
            arrives = true;
    return arrives;
}

static void end_flow(struct trial *t, uint16_t flow);

/* Attempt number `attempt`, from 0. */
static void try_handshake(struct trial *t, uint16_t flow, uint32_t attempt)
{
    const uint64_t rtt_ns = round_trip_ns(&t->scenario->network);
    struct genuine_flow *f = &t->flows[flow];
    uint64_t wait_ns = handshake_wait_ns(f->stack, attempt, rtt_ns);

    if (send_handshake(t, flow) && !loss_takes(&t->loss_ack, &t->random)) {
        /* RFC 6298 5.7 and RFC 5681 3.1: what the SYN lost, the data pay for. */
        if (attempt > 0) {
            f->sender.timeout_ns = 3 * NS_PER_S;
            f->sender.window = 1;
        }
        schedule_for_flow(t, t->now_ns + rtt_ns, EVENT_WRITE, flow, 0);
    } else if (wait_ns != 0 && !f->moves_on) {
        schedule_for_flow(t, t->now_ns + wait_ns, EVENT_HANDSHAKE, flow, attempt + 1);
    } else {
        end_flow(t, flow);
    }
}

/* Of TCP those before, of QUIC those from there on. */
static enum handshake_stack stack_of(const struct genuine_options *g, uint32_t number)
{
    if (!g->all_stacks)
        return g->stack;
    return handshake_stack_is_quic(g->stack) ? STACK_QUIC + number % (STACK_N - STACK_QUIC)
                                             : number % STACK_QUIC;
}

static void on_start(struct trial *t, uint16_t flow)
{
    const struct scenario *s = t->scenario;
    const struct network_options *n = &s->network;
    struct genuine_flow *f = &t->flows[flow];
    double rtt_ms = n->delay_upstream_ms + n->delay_downstream_ms + n->delay_back_ms;
    uint32_t n_segments = s->genuine.n_segments;
    uint8_t generation = f->generation;

    *f = (struct genuine_flow){.generation = generation,
                               .initial_sequence = random_u32(&t->random),
                               .started_ns = t->now_ns};
    tcp_sender_init(&f->sender, &s->genuine.tcp, n_segments != 0 ? n_segments : UINT32_MAX,
                    (uint64_t)(rtt_ms * (double)NS_PER_MS));
    if (s->genuine.pace > 0)
        f->sender.n_written = 0;
    if (test_parameters_kinds(&s->test) != 0 || handshake_stack_is_quic(s->genuine.stack)) {
        f->stack = stack_of(&s->genuine, flow + f->generation);
        f->moves_on = network_chance(&t->random, s->genuine.moves_on);
        try_handshake(t, flow, 0);
        return;
    }
    if (!s->genuine.from_middle && !network_chance(&t->random, s->genuine.from_middle_share))
        passes_box(t, flow, 0, f->initial_sequence, 0, TCP_FLAG_SYN, mark_sent(t, flow));
    /* That is when the SYN comes to the box; what comes next, comes a round trip later. */
    rtt_ms -= n->delay_upstream_ms;
    schedule_for_flow(t, t->now_ns + (uint64_t)(rtt_ms * (double)NS_PER_MS), EVENT_WRITE, flow, 0);
}

static void on_write(struct trial *t, uint16_t flow)
{
    double pace = t->scenario->genuine.pace;
    struct genuine_flow *f = &t->flows[flow];

    /* Nothing of QUIC but the first flight is looked at. */
    if (handshake_stack_is_quic(f->stack)) {
        end_flow(t, flow);
        return;
    }

    if (pace > 0 && f->sender.n_written < f->sender.n_segments) {
        f->sender.n_written++;
        schedule_for_flow(t, t->now_ns + (uint64_t)((double)NS_PER_S / pace), EVENT_WRITE, flow, 0);
    }
    send_what_may(t, flow);
}

static void send_ack(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];
    uint64_t delay_ns = network_delay_ns(&t->random, t->scenario->network.delay_back_ms, 0);

    f->receiver.n_unacked = 0;
    f->ack_is_waiting = false;
    if (loss_takes(&t->loss_ack, &t->random))
        return;
    schedule(t, t->now_ns + delay_ns,
             &(struct event){.kind = EVENT_ACK,
                             .flow = flow,
                             .number = f->receiver.next,
                             .bitmap = f->receiver.have,
                             .generation = f->generation});
}

static void at_receiver(struct trial *t, uint16_t flow, uint32_t segment)
{
    const struct tcp_options *tcp = &t->scenario->genuine.tcp;
    struct genuine_flow *f = &t->flows[flow];

    if (tcp_receiver_on_segment(&f->receiver, tcp, segment)) {
        send_ack(t, flow);
    } else if (!f->ack_is_waiting) {
        f->ack_is_waiting = true;
        schedule_for_flow(t, t->now_ns + tcp->delayed_ack_ns, EVENT_DELAYED_ACK, flow, 0);
    }
}

static void end_flow(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];

    f->is_done = true;
    t->n_done++;
    if (t->n_done == t->scenario->genuine.n_flows && t->scenario->blind.ends_with_genuine)
        t->has_blind_next = false;
    t->completion_s += (double)(t->now_ns - f->started_ns) / (double)NS_PER_S;
    if (!t->scenario->genuine.renew)
        return;
    f->generation++;
    schedule_for_flow(t, t->now_ns, EVENT_START, flow, 0);
}

static void on_ack(struct trial *t, const struct event *e)
{
    struct genuine_flow *f = &t->flows[e->flow];

    if (f->is_done)
        return;
    tcp_sender_on_ack(&f->sender, t->now_ns, e->number, e->bitmap);
    if (tcp_sender_is_done(&f->sender))
        end_flow(t, e->flow);
    else
        send_what_may(t, e->flow);
}

static void on_timer(struct trial *t, uint16_t flow)
{
    struct genuine_flow *f = &t->flows[flow];

    f->timer_ns = 0;
    if (f->sender.deadline_ns != 0 && f->sender.deadline_ns <= t->now_ns)
        tcp_sender_on_timer(&f->sender, t->now_ns);
    send_what_may(t, flow);
}

static void handle(struct trial *t, const struct event *e)
{
    if (e->generation != t->flows[e->flow].generation)
        return;
    switch ((enum event_kind)e->kind) {
    case EVENT_START:
        on_start(t, e->flow);
        return;
    case EVENT_WRITE:
        on_write(t, e->flow);
        return;
    case EVENT_AT_BOX:
        at_box(t, e->flow, e->number, e->bitmap);
        return;
    case EVENT_AT_RECEIVER:
        at_receiver(t, e->flow, e->number);
        return;
    case EVENT_ACK:
        on_ack(t, e);
        return;
    case EVENT_DELAYED_ACK:
        if (t->flows[e->flow].ack_is_waiting)
            send_ack(t, e->flow);
        return;
    case EVENT_TIMER:
        on_timer(t, e->flow);
        return;
    case EVENT_HANDSHAKE:
        try_handshake(t, e->flow, e->number);
        return;
    case EVENT_HELD:
        on_held(t, &t->held[e->number]);
        return;
    }
}

static void next_of_blind(struct trial *t)
{
    t->has_blind_next = sender_next(&t->blind, &t->blind_next) == 1;
    t->blind_next.time_ns += t->blind_start_ns;
}

/* What a blind sender sends does not depend on what becomes of it. */
static void blind_packet(struct trial *t)
{
    const struct segment *s = &t->blind_next;
    const struct box_packet packet = {.flow = 2 * (uint32_t)s->flow + 1,
                                      .sequence = s->seq,
                                      .payload_bytes = s->n_bytes,
                                      .tcp_flags = s->tcp_flags,
                                      .datagram = s->datagram};

    if (!loss_takes(&t->loss_upstream, &t->random)) {
        if (box_is_stalled(t->box, t->now_ns))
            hold(t, &packet, NOBODY, 0);
        else
            box_packet(t->box, t->now_ns, &packet);
    }
    next_of_blind(t);
}

static bool begin_blind(struct trial *t, uint64_t seed)
{
    const struct blind_options *b = &t->scenario->blind;
    double rate = scenario_blind_rate(t->scenario);
    struct sender_options options;

    t->has_blind_next = false;
    if (b->attack == NULL)
        return true;
    options = (struct sender_options){
        .attack = b->attack,
        .n_flows = b->n_flows,
        .also = b->also,
        .n_segments = b->n_steps != 0 ? b->n_steps : (uint64_t)(rate * t->scenario->max_s),
        .segments_per_second = (uint64_t)rate,
        .payload_bytes = b->payload_bytes,
        .duplicate_ratio = b->duplicate_ratio < 0 ? b->attack->duplicate_ratio : b->duplicate_ratio,
        .delay_ns =
            (uint64_t)((b->delay_ms < 0 ? b->attack->delay_ms : b->delay_ms) * (double)NS_PER_MS),
        .n_flood = b->n_flood < 0 ? b->attack->n_flood : (uint32_t)b->n_flood,
        .n_covered = b->n_covered,
        .n_between = b->n_between,
        .between = b->between,
        .period_ns = (uint64_t)(b->period_ms * (double)NS_PER_MS),
        .seed = seed,
        .handshake = !b->from_middle,
    };
    if (sender_init(&t->blind, &options) != 0)
        return false;
    t->blind_start_ns = b->start_ms > 0 ? network_delay_ns(&t->random, 0, b->start_ms) : 0;
    next_of_blind(t);
    return true;
}

static struct box_doings doings_of(const struct own_options *o, struct random_source *random)
{
    double from_s = o->within_s * random_unit(random);

    if (!(o->stall_s > 0) && o->clock_jump_s == 0)
        return (struct box_doings){0};
    return (struct box_doings){
        .from_ns = (uint64_t)(from_s * (double)NS_PER_S),
        .to_ns = (uint64_t)((from_s + o->stall_s) * (double)NS_PER_S),
        .workers_stall = !o->spares_workers,
        .manager_stalls = !o->spares_manager,
        .clock_jump_ns = (int64_t)(o->clock_jump_s * (double)NS_PER_S),
    };
}

static void begin(struct trial *t, uint64_t seed, uint64_t number)
{
    const struct network_options *n = &t->scenario->network;
    struct random_source own;

    random_seed_fixed(&t->random, seed, number * N_STREAMS + STREAM_NETWORK);
    loss_init(&t->loss_upstream, n->loss_upstream, n->burst);
    loss_init(&t->loss_downstream, n->loss_downstream, n->burst);
    loss_init(&t->loss_ack, n->loss_ack, n->burst);
    events_clear(&t->events);
    t->now_ns = 0;
    t->n_done = 0;
    t->completion_s = 0;
    t->error = begin_blind(t, random_u64(&t->random)) ? 0 : -ENOMEM;
    box_begin(t->box, ~seed, number);
    random_seed_fixed(&own, seed ^ OWN_SEED, number);
    t->doings = doings_of(&t->scenario->own, &own);
    box_set_doings(t->box, &t->doings);
    t->n_held = 0;
    for (uint32_t i = 0; i < t->scenario->genuine.n_flows; i++) {
        t->flows[i].generation = 0;
        schedule_for_flow(t, network_delay_ns(&t->random, 0, t->scenario->genuine.start_ms),
                          EVENT_START, (uint16_t)i, 0);
    }
}

/* All that was asked for is known. */
static bool is_over(const struct trial *t)
{
    if (t->scenario->to_completion)
        return t->n_done == t->scenario->genuine.n_flows;
    return box_has_verdict(t->box);
}

/* Nobody sends any more: what is pending runs to its end, and what could come late has its time. */
static void await_verdict(struct trial *t)
{
    uint64_t max_ns =
        t->now_ns + 4 * t->scenario->test.retransmission_timeout_ms * NS_PER_MS + NS_PER_S;

    while (!box_has_verdict(t->box) && t->now_ns < max_ns) {
        t->now_ns += WAIT_STEP_NS;
        box_wait(t->box, t->now_ns);
    }
}

static void play(struct trial *t)
{
    uint64_t max_ns = (uint64_t)(t->scenario->max_s * (double)NS_PER_S);

    while (!is_over(t) && t->error == 0) {
        uint64_t event_ns = events_next_ns(&t->events);
        uint64_t blind_ns = t->has_blind_next ? t->blind_next.time_ns : UINT64_MAX;
        uint64_t next_ns = event_ns < blind_ns ? event_ns : blind_ns;

        if (next_ns == UINT64_MAX || next_ns > max_ns)
            break;
        t->now_ns = next_ns;
        if (event_ns <= blind_ns) {
            struct event e = events_pop(&t->events);

            handle(t, &e);
        } else {
            blind_packet(t);
        }
    }
    if (!is_over(t))
        await_verdict(t);
}

/* With too many duplicates the posterior does not count; but a search wants to know how far from
 * enough a sender was. */
#define EXCEEDED_LOG10_ODDS (-20)

/* Of the posterior that rule penny asks for closed_loop, with void drops as expired ones, if the
 * rule was evaluated. */
static float log10_odds(const struct aggregate_report *r, const struct test_parameters *test)
{
    const struct penny_result *penny = &r->penny;

    if (penny->outcome == VERDICT_DUPLICATES_EXCEEDED)
        return (float)(EXCEEDED_LOG10_ODDS * (1 + log10(penny->f_dup / test->max_duplicate_ratio)));
    if (penny->outcome == VERDICT_UNDECIDED || !(penny->posterior > 0))
        return -INFINITY;
    if (!(penny->posterior < 1))
        return r->test.voided == 0 ? INFINITY : 0;
    return (float)(log10(penny->posterior / (1 - penny->posterior)) +
                   (double)r->test.voided * log10(test->p_miss));
}

static void collect(struct trial *t, struct trial_result *out)
{
    struct unit_counters units = {0};
    struct aggregate_report r;

    box_stop(t->box);
    await_verdict(t);
    box_report(t->box, &r);
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        unit_counters_add(&units, &r.units[k].test);
    *out = (struct trial_result){
        .verdict = (uint8_t)r.verdict,
        .via = (uint8_t)r.via,
        .reason = (uint8_t)r.reason,
        .mixed = r.mixed,
        .provisional = box_was_provisional(t->box),
        .n_dropped = (uint32_t)r.n_dropped,
        .n_retransmitted = (uint32_t)(r.test.retransmitted + units.retransmitted),
        .n_expired = (uint32_t)(r.test.expired + units.expired),
        .n_void = (uint32_t)(r.test.voided + units.voided),
        .n_duplicates = (uint32_t)(r.test.test_duplicates + units.duplicates),
        .n_segments = (uint32_t)box_verdict_segments(t->box),
        .seconds = (float)box_verdict_ns(t->box) / (float)NS_PER_S,
        .log10_e = (float)r.anytime.log10_e,
        .log10_odds_penny = log10_odds(&r, &t->scenario->test),
        .log10_e_pooled = (float)r.anytime.log10_e_pooled,
        .log10_e_joint = (float)r.anytime.log10_e_joint,
        .max_log10_e = (float)box_max_log10_e(t->box),
        .max_log10_e_pooled = (float)box_max_log10_e_pooled(t->box),
        .max_log10_e_joint = (float)box_max_log10_e_joint(t->box),
        .max_log10_e_kind = (float)box_max_log10_e_kind(t->box),
        .completion_s = t->n_done != 0 ? (float)(t->completion_s / t->n_done) : NAN,
    };
    out->n_repairs = box_repairs_ms(t->box, out->repairs_ms);
}

void trial_passive(const struct trial *t, struct passive_counters *out)
{
    box_passive(t->box, out);
}

int trial_run(struct trial *t, uint64_t seed, uint64_t number, struct trial_result *out)
{
    begin(t, seed, number);
    play(t);
    collect(t, out);
    if (t->scenario->blind.attack != NULL)
        sender_free(&t->blind);
    if (!box_end(t->box))
        return -EIO;
    return t->error;
}

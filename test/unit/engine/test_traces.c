/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine drops, posts and counts, of packets by chance: few flows, sequence numbers near
 * each other, every flag, all orders and all that the gate says. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../common/trace.h"
#include "base/bytes.h"
#include "base/random.h"
#include "lab.h"

#define N_PLAYS 60
#define N_STEPS 20000
#define N_FLOWS 24

struct sender {
    uint32_t next;       /* sequence number */
    uint32_t unanswered; /* where its last repeatable segment began */
    uint32_t n_last;
    uint32_t back;
};

static struct {
    struct random_source chance;
    struct lab *l;
    struct sender senders[N_FLOWS];
    uint64_t number;
    uint8_t test_id;
} play;

/* Once in a statement at most: compilers differ in which of two comes first. */
static uint32_t below(uint32_t n)
{
    return random_u32(&play.chance) % n;
}

static void say_counters(const char *what, const uint64_t *values, const struct counter_row *rows,
                         size_t n)
{
    char text[4096];
    int used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        if (values[i] != 0)
            used += snprintf(text + used, sizeof(text) - (size_t)used, " %s=%" PRIu64, rows[i].name,
                             values[i]);
    trace_say(" %s%s", what, text);
}

static void say_aggregate(const char *what, const struct aggregate_counters *c)
{
    say_counters(what, (const uint64_t *)c, aggregate_counter_rows, n_aggregate_counter_rows);
}

static void say_passive(const char *what, const struct passive_counters *c)
{
    say_counters(what, (const uint64_t *)c, passive_counter_rows, n_passive_counter_rows);
}

static void say_key(const struct flow_key *k)
{
    trace_say(" %u.%u.%u.%u %u %u", k->source.bytes[12], k->source.bytes[13], k->source.bytes[14],
              k->source.bytes[15], k->source_port, k->destination_port);
}

static void say_message(struct lab *l, const struct message *m)
{
    (void)l;
    trace_say("message %u test %u aggregate %" PRIu32, m->kind, m->test_id, m->aggregate);
    switch ((enum message_kind)m->kind) {
    case MESSAGE_COUNTERS:
        say_aggregate("counters", &m->counters);
        return;
    case MESSAGE_PASSIVE:
        say_passive("passive", &m->passive);
        return;
    case MESSAGE_UNITS:
        for (int k = 0; k < UNIT_N_KINDS; k++)
            say_counters(unit_rule_of((enum unit_kind)k)->name, (const uint64_t *)&m->units[k],
                         unit_counter_rows, n_unit_counter_rows);
        return;
    case MESSAGE_PLACE:
        say_key(&m->place.key);
        trace_say(" place %" PRIu32 " %d: %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                  " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
                  m->place.place, m->place.ended, m->place.counts.droppable,
                  m->place.counts.dropped, m->place.counts.retransmitted, m->place.counts.expired,
                  m->place.counts.voided, m->place.counts.duplicates,
                  m->place.counts.population_droppable, m->place.counts.population_in_order,
                  m->place.counts.population_duplicates);
        return;
    case MESSAGE_DROP_MADE:
        say_key(&m->drop_made.key);
        trace_say(" made %" PRIu64 " %" PRIu64 " %" PRIu32 "+%" PRIu32 " %d", m->drop_made.id,
                  m->drop_made.time_ns, m->drop_made.sequence, m->drop_made.n_bytes,
                  m->drop_made.individual);
        return;
    case MESSAGE_DROP_ENDED:
        trace_say(" ended %" PRIu64 " %" PRIu64 " %u", m->drop_ended.id, m->drop_ended.time_ns,
                  m->drop_ended.state);
        return;
    case MESSAGE_FLOW_ENDED:
        say_key(&m->flow_ended.key);
        trace_say(" flow %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %u %u %u %u %u %u %d %d",
                  m->flow_ended.ended_ns, m->flow_ended.duration_ns, m->flow_ended.n_bytes,
                  m->flow_ended.n_segments, m->flow_ended.n_reordered,
                  m->flow_ended.n_lost_upstream, m->flow_ended.n_repeats,
                  m->flow_ended.n_holes_unfilled, m->flow_ended.n_holes_open, m->flow_ended.end,
                  m->flow_ended.from_syn, m->flow_ended.two_way);
        return;
    case MESSAGE_AGGREGATE_WANTED:
        trace_say(" wanted %" PRIu32 " %u.%u.%u/%u %d", m->wanted.slice,
                  m->wanted.prefix.address.bytes[12], m->wanted.prefix.address.bytes[13],
                  m->wanted.prefix.address.bytes[14], m->wanted.prefix.length, m->wanted.is_armed);
        return;
    case MESSAGE_STALL:
        trace_say(" stall %" PRIu64 " %" PRIu64, m->stall.ended_ns, m->stall.duration_ns);
        return;
    case MESSAGE_EPOCH:
        trace_say(" epoch %" PRIu64, m->epoch.epoch);
        return;
    default:
        return;
    }
}

/* IPv4 and TCP headers as mode passive reads them: TTL, identification, window, timestamps, and a
 * block of SACK now and then. */
static const uint8_t *headers(uint8_t flags, uint32_t sequence, const struct sender *s)
{
    static uint8_t data[80];
    uint8_t *tcp = data + 20, *option = tcp + 20;

    memset(data, 0, sizeof(data));
    data[0] = 0x45;
    store_be16(data + 4, (uint16_t)below(4));
    data[8] = (uint8_t)(below(20) == 0 ? 200 : 64);
    data[9] = 6;
    store_be32(tcp + 4, sequence);
    store_be32(tcp + 8, s->back - (below(3) == 0 ? 0 : below(3000)));
    tcp[12] = 0xf0;
    tcp[13] = flags;
    store_be16(tcp + 14, (uint16_t)(1000 + below(2)));
    memcpy(option, (uint8_t[]){1, 1, 8, 10}, 4);
    store_be32(option + 4,
               (uint32_t)(play.l->now_ns / NS_PER_MS) - (below(8) == 0 ? below(300) : 0));
    store_be32(option + 8, 1 + below(1000));
    if (below(4) == 0) {
        memcpy(option + 12, (uint8_t[]){1, 1, 5, 10}, 4);
        store_be32(option + 16, s->back - below(4000));
        store_be32(option + 20, s->back + below(4000));
    }
    return data;
}

static void send(uint32_t flow, bool back, uint8_t flags, uint32_t sequence, uint32_t n_bytes)
{
    struct sender *s = &play.senders[flow];
    const uint8_t *data = below(5) == 0 ? NULL : headers(flags, sequence, s);
    enum engine_action action = lab_packet_way(play.l, flow, back, flags, sequence, n_bytes, data);

    trace_say("flow %" PRIu32 "%s %02x %" PRIu32 "+%" PRIu32 " %d", flow, back ? " back" : "",
              flags, sequence, n_bytes, action);
}

static void send_data(uint32_t flow, uint32_t turn)
{
    struct sender *s = &play.senders[flow];
    uint32_t n = below(12) == 0 ? 1 + below(3) : 1000 + below(2) * 460;

    switch (turn) {
    default: /* in order */
        send(flow, false, TCP_FLAG_ACK, s->next, n);
        s->unanswered = s->next;
        s->n_last = n;
        s->next += n;
        return;
    case 0: /* beyond a hole */
        s->next += below(40) == 0 ? 900000 + below(200000) : 1 + below(5000);
        send(flow, false, TCP_FLAG_ACK, s->next, n);
        s->next += n;
        return;
    case 1: /* the last one again */
        send(flow, false, TCP_FLAG_ACK, s->unanswered, s->n_last);
        return;
    case 2: /* some of before, cut otherwise */
        n = 1 + below(3000);
        send(flow, false, TCP_FLAG_ACK, s->next - below(6000), n);
        return;
    case 3: /* a keepalive */
        send(flow, false, TCP_FLAG_ACK, s->next - 1, below(2));
        return;
    case 4: /* far away, now and then */
        if (below(8) != 0)
            return;
        send(flow, false, TCP_FLAG_ACK, s->next + (UINT32_C(1) << (20 + below(12))), n);
        return;
    }
}

static void send_other(uint32_t flow)
{
    static const uint8_t flags[] = {
        TCP_FLAG_SYN, TCP_FLAG_SYN | TCP_FLAG_ACK, TCP_FLAG_FIN | TCP_FLAG_ACK,
        TCP_FLAG_RST, TCP_FLAG_RST | TCP_FLAG_ACK, TCP_FLAG_ACK};
    struct sender *s = &play.senders[flow];
    uint8_t f = flags[below(sizeof(flags))];
    uint32_t n_bytes;

    if ((f & TCP_FLAG_SYN) != 0 && below(2) == 0)
        s->next = random_u32(&play.chance);
    n_bytes = below(6) == 0 ? below(100) : 0;
    send(flow, false, f, s->next - (below(4) == 0 ? below(3000) : 0), n_bytes);
    s->next += (f & (TCP_FLAG_SYN | TCP_FLAG_FIN)) != 0;
}

static void send_back(uint32_t flow)
{
    struct sender *s = &play.senders[flow];
    uint32_t n = below(2) * 1000;

    send(flow, true, below(20) == 0 ? TCP_FLAG_RST : TCP_FLAG_ACK, s->back, n);
    s->back += n;
}

static void order(void)
{
    static const enum aggregate_phase phases[] = {AGGREGATE_IDLE,   AGGREGATE_POOLED,
                                                  AGGREGATE_POOLED, AGGREGATE_POOLED,
                                                  AGGREGATE_FLOWS,  AGGREGATE_SETTLING};
    static const uint32_t thresholds[] = {LAB_ALWAYS, LAB_ALWAYS / 2, LAB_ALWAYS / 20, 0};
    struct aggregate_order o = {
        .threshold = thresholds[below(4)],
    };
    int32_t budget = (int32_t)below(12);

    o.phase = (uint8_t)phases[below(6)];
    o.n_repairs = below(2) == 0;

    play.test_id = (uint8_t)(play.test_id + (below(3) == 0) + (play.test_id == 0));
    o.test_id = play.test_id;
    o.screening = below(2) == 0;
    aggregate_control_order(aggregate_table_control(play.l->aggregates, 0), o);
    lab_set_budget(play.l, budget, (int32_t)below(4));
    trace_say("order %u %u %" PRIu32, o.phase, o.test_id, o.threshold);
}

static void turn_the_gate(void)
{
    struct engine_gate *g = &play.l->gate;

    switch (below(6)) {
    case 0:
        atomic_store(&g->kill_switch, below(2));
        return;
    case 1:
        atomic_store(&g->suspended, below(2));
        return;
    case 2:
        atomic_store(&g->own_loss_ns, play.l->now_ns);
        return;
    case 3:
        atomic_store(&g->sheds_tracking, below(8) == 0);
        return;
    case 4:
        atomic_store(&aggregate_table_control(play.l->aggregates, 0)->silent_ns, play.l->now_ns);
        return;
    default:
        play.l->room = below(4);
        return;
    }
}

static void wait(void)
{
    static const uint32_t ms[] = {0, 0, 1, 1, 1, 2, 5, 5, 30, 30, 150, 250, 400, 700};
    uint32_t t = ms[below(sizeof(ms) / sizeof(ms[0]))];

    if (below(40) == 0)
        t = below(3) == 0 ? 12000 : 1100 + below(3000);
    lab_wait_ms(play.l, t);
    if (below(3) == 0) {
        play.l->room = UINT32_MAX;
        atomic_store(&play.l->gate.sheds_tracking, 0);
    }
    if (below(30) == 0)
        engine_catch_up(play.l->engine, play.l->now_ns);
    /* A manager that is late. */
    if (below(60) == 0)
        atomic_store(&play.l->gate.manager_seen_ns, play.l->now_ns - 2 * NS_PER_S);
}

/* As the manager would, for sub-prefixes that were asked for. */
static void add_aggregate(void)
{
    const uint8_t bytes[4] = {10, 0, 0, (uint8_t)(below(3) * 8)};
    struct aggregate_identity i = {
        .has_prefix = true,
        .prefix = {.address = ip_address_from_ipv4(bytes), .length = 29, .is_ipv4 = true}};
    int64_t number = aggregate_table_add(play.l->aggregates, &i);

    if (number >= 0)
        aggregate_control_order(aggregate_table_control(play.l->aggregates, (uint32_t)number),
                                (struct aggregate_order){.phase = AGGREGATE_POOLED,
                                                         .test_id = 1,
                                                         .threshold = LAB_ALWAYS / 3});
    if (number >= 0)
        atomic_store(&aggregate_table_control(play.l->aggregates, (uint32_t)number)->budget, 3);
}

static void adjust(struct test_parameters *p)
{
    p->retransmission_timeout_ms = 300;
    p->flow_idle_timeout_ms = 2000;
    p->passive_flow_idle_timeout_ms = 2000;
    p->admission_grace_ms = below(2) * 50;
    p->protect_first_packets = below(4);
    p->max_drops_per_flow = 1 + below(4);
    p->max_jump_bytes = 1000000;
    p->units = below(3) == 0
                   ? TEST_UNITS_DATA | TEST_UNITS_OF(UNIT_HANDSHAKE) | TEST_UNITS_OF(UNIT_QUIC)
                   : TEST_UNITS_DATA;
    p->report_flows = below(2) * 5;
}

static void say_all(void)
{
    const struct worker_counters *w = engine_counters(play.l->engine);
    const struct flow_table_counters *t = engine_flow_counters(play.l->engine);
    struct flow_table_counters flows = *t;
    char text[1024];
    int used = 0;

    for (size_t i = 0; i < sizeof(flows) / sizeof(uint64_t); i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, " %" PRIu64,
                         ((const uint64_t *)&flows)[i]);
    trace_say("pending %" PRIu32 " table%s", engine_n_pending(play.l->engine), text);
    say_counters("worker", (const uint64_t *)w, worker_counter_rows, n_worker_counter_rows);
    for (int i = 0; i < 4; i++) {
        say_aggregate("sum", &play.l->sums[i]);
        say_passive("watched", &play.l->passive[i]);
    }
}

/* All aggregates' counters. */
static void post(void)
{
    atomic_fetch_add(&play.l->gate.epoch, 1);
    engine_post_epoch(play.l->engine);
    for (int i = 0; i < 4; i++) {
        assert_null(aggregate_counters_check(&play.l->sums[i]));
        assert_null(passive_counters_check(&play.l->passive[i]));
    }
}

static void step(void)
{
    uint32_t flow = below(8) == 0 ? below(N_FLOWS) : below(4);

    switch (below(16)) {
    case 0:
        wait();
        return;
    case 1:
        send_other(flow);
        return;
    case 2:
        send_back(flow);
        return;
    case 3:
        if (below(4) == 0)
            order();
        return;
    case 6:
        if (below(2) == 0)
            trace_say("initial %d", lab_initial(play.l, flow, (uint8_t)below(4)));
        return;
    case 4:
        if (below(12) == 0)
            turn_the_gate();
        return;
    case 5:
        if (play.number % 4 == 3 && below(4) == 0)
            add_aggregate();
        if (below(3) == 0 && play.l->room == UINT32_MAX)
            post();
        return;
    default:
        send_data(flow, below(play.number % 2 == 0 ? 12 : 60));
    }
}

static void play_engine(uint64_t n)
{
    static const enum slice_mode modes[] = {SLICE_ACTIVE, SLICE_PASSIVE, SLICE_ACTIVE,
                                            SLICE_ACTIVE, SLICE_PASSIVE, SLICE_OFF};
    struct lab_options options = {0};

    memset(&play, 0, sizeof(play));
    play.number = n;
    random_seed_fixed(&play.chance, n, 1);
    options.seed = n;
    options.n_flows = n % 5 == 0 ? 64 : 0;
    options.n_pending_drops = n % 3 == 0 ? 4 : 0;
    options.n_places = n % 7 == 0 ? 1 : 0;
    options.max_stall_ms = n % 2 == 0 ? 1000 : 0;
    options.granularity_ipv4 = n % 4 == 3 ? 29 : 0;
    options.mode = modes[n % 6];
    options.adjust = adjust;
    play.l = lab_open(&options);
    play.l->on_message = say_message;
    for (uint32_t i = 0; i < N_FLOWS; i++)
        play.senders[i] =
            (struct sender){.next = i == 0 ? UINT32_MAX - 3000 : 1000 * i, .n_last = 1};
    order();
    for (uint32_t i = 0; i < N_STEPS; i++)
        step();
    play.l->room = UINT32_MAX;
    engine_stop(play.l->engine);
    post();
    say_all();
    lab_close(play.l);
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play_engine, N_PLAYS);
}

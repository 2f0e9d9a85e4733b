/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/box.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/time.h"
#include "engine/engine.h"
#include "manager/passive.h"

#define EPOCH_MS 10
/* Until what the engines posted when they stopped has come. */
#define EPOCHS_AFTER_PASSIVE 4
#define IPV4_BYTES           20
#define UDP_BYTES            8
#define MOST_DATAGRAM_BYTES  1500
#define HEADER_BYTES         52
#define N_QUEUED             512
#define N_PENDING            1024
#define N_DROP_RECORDS       256
#define BROKEN_BYTES         160
#define BETWEEN_TESTS_NS     (1 * NS_PER_S)
/* How much later each lcore notices a new epoch than the one before it: an R of one must not be
 * judged beside a staler D of another. */
#define EPOCH_SKEW_NS (2 * NS_PER_MS)

/* As in the appliance. */
#define MAX_STALL_MS 100
/* Where nothing arrives, threads have their turns all the same, and epochs their time. */
#define TURN_NS EPOCH_SKEW_NS

struct worker {
    struct engine *engine;
    void *memory;
    struct message *queue; /* what the manager does not take yet */
    uint32_t n_queued;
    uint64_t posted_epoch;
    struct box *box;
};

struct box {
    struct box_options options;
    struct slice slice;
    struct aggregate_table *aggregates;
    struct engine_gate gate;
    struct worker workers[BOX_MAX_LCORES];
    struct manager *manager;
    void *table_memory;
    size_t n_engine_bytes;
    struct packet_view view; /* what all packets share */
    struct box_doings doings;
    uint64_t base_ns, now_ns, epoch_began_ns, epoch;
    uint64_t verdict_ns, n_segments, verdict_segments;
    bool has_verdict, is_done, was_provisional, watch;
    double max_log10_e, max_log10_e_pooled, max_log10_e_joint, max_log10_e_kind;
    struct passive_counters passive_before; /* all trials before this one */
    float repairs_ms[BOX_MAX_REPAIRS];
    uint32_t n_repairs;
    char broken[BROKEN_BYTES];
};

static int post(void *context, const struct message *message)
{
    struct worker *w = context;

    if (w->n_queued == 0 && manager_accepts(w->box->manager, message->worker)) {
        manager_receive(w->box->manager, message);
        return 0;
    }
    if (w->n_queued == N_QUEUED)
        return -ENOBUFS;
    w->queue[w->n_queued++] = *message;
    return 0;
}

static void drain(struct box *b, uint16_t worker)
{
    struct worker *w = &b->workers[worker];
    uint32_t n = 0;

    while (n < w->n_queued && manager_accepts(b->manager, worker))
        manager_receive(b->manager, &w->queue[n++]);
    if (n != 0)
        memmove(w->queue, w->queue + n, (w->n_queued - n) * sizeof(*w->queue));
    w->n_queued -= n;
}

static void note_repair(struct box *b, const struct drop_record *drop)
{
    if (drop->state == DROP_RETRANSMITTED && b->n_repairs < BOX_MAX_REPAIRS)
        b->repairs_ms[b->n_repairs++] = (float)(drop->ended_ns - drop->time_ns) / (float)NS_PER_MS;
}

/* The first identity that did not hold, kept for box_end(). */
static void check(struct box *b)
{
    const char *broken = b->broken[0] == '\0' ? manager_check(b->manager) : NULL;

    if (broken != NULL)
        snprintf(b->broken, sizeof(b->broken), "%s", broken);
}

static void on_event(void *context, const struct manager_event *event)
{
    struct box *b = context;

    if (b->watch && event->kind != EVENT_AGGREGATE_ADDED)
        check(b);
    if (event->kind == EVENT_VERDICT) {
        b->has_verdict = true;
        b->verdict_ns = b->now_ns;
        b->verdict_segments = b->n_segments;
    }
    if (event->kind == EVENT_DROP_ENDED)
        note_repair(b, event->drop);
    if (event->kind == EVENT_PROVISIONAL)
        b->was_provisional = true;
    if (event->kind == EVENT_TEST_ENDED)
        b->is_done = true;
}

static struct engine_config engine_config_of(struct box *b, uint16_t worker)
{
    return (struct engine_config){
        .slices = &b->slice,
        .n_slices = 1,
        .aggregates = b->aggregates,
        .gate = &b->gate,
        .worker = worker,
        .n_flows = b->options.n_flows,
        .n_pending_drops = N_PENDING,
        .n_places = TEST_MAX_INDIVIDUAL_FLOWS,
        .max_manager_lateness_ms = 1000,
        .max_stall_ms = MAX_STALL_MS,
        .post = post,
        .post_context = &b->workers[worker],
    };
}

static bool make_workers(struct box *b)
{
    for (uint16_t i = 0; i < b->options.n_lcores; i++) {
        const struct engine_config config = engine_config_of(b, i);
        size_t n = engine_memory_bytes(&config);

        b->n_engine_bytes = (n + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
        b->workers[i].box = b;
        b->workers[i].memory = aligned_alloc(CACHE_LINE_BYTES, b->n_engine_bytes);
        b->workers[i].queue = calloc(N_QUEUED, sizeof(struct message));
        if (b->workers[i].memory == NULL || b->workers[i].queue == NULL)
            return false;
    }
    return true;
}

static bool make_manager(struct box *b)
{
    const struct manager_config config = {
        .slices = &b->slice,
        .n_slices = 1,
        .aggregates = b->aggregates,
        .gate = &b->gate,
        .n_workers = (uint16_t)b->options.n_lcores,
        .epoch_ms = EPOCH_MS,
        .n_drop_records = N_DROP_RECORDS,
        .n_concurrent_flow_phases = 1,
        .max_own_loss_ratio = 1,
        .on_event = on_event,
        .event_context = b,
    };

    b->manager = manager_create(&config);
    return b->manager != NULL;
}

struct box *box_create(const struct box_options *options)
{
    static struct ip_prefix any = {.is_ipv4 = true};
    static const uint64_t secret[2] = {3, 5};
    size_t n_bytes = aggregate_table_memory_bytes(1);
    struct box *b = aligned_alloc(CACHE_LINE_BYTES, (sizeof(*b) + CACHE_LINE_BYTES - 1) &
                                                        ~(size_t)(CACHE_LINE_BYTES - 1));

    if (b == NULL)
        return NULL;
    memset(b, 0, sizeof(*b));
    b->options = *options;
    b->slice.mode = options->is_passive ? SLICE_PASSIVE : SLICE_ACTIVE;
    b->slice.parameters = options->test;
    b->slice.sources = b->slice.destinations = &any;
    b->slice.n_sources = b->slice.n_destinations = 1;
    b->view = (struct packet_view){
        .destination = ip_address_from_ipv4((const uint8_t[]){198, 51, 100, 1}),
        .source = ip_address_from_ipv4((const uint8_t[]){10, 0, 0, 0}),
        .destination_port = 443,
        .l4_offset = IPV4_BYTES,
        .vlan_id = {PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        .reason = PACKET_TCP,
        .is_ipv4 = true,
        .has_ip = true,
    };
    n_bytes = (n_bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
    b->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    if (b->table_memory != NULL)
        b->aggregates = aggregate_table_init(b->table_memory, n_bytes, 1, secret);
    if (b->aggregates == NULL || options->n_lcores == 0 || options->n_lcores > BOX_MAX_LCORES ||
        !make_manager(b) || !make_workers(b)) {
        box_destroy(b);
        return NULL;
    }
    manager_set_kill_switch(b->manager, options->no_drops, 0);
    return b;
}

void box_destroy(struct box *b)
{
    if (b == NULL)
        return;
    for (uint32_t i = 0; i < BOX_MAX_LCORES; i++) {
        free(b->workers[i].memory);
        free(b->workers[i].queue);
    }
    if (b->manager != NULL)
        manager_destroy(b->manager);
    free(b->table_memory);
    free(b);
}

/* NULL: not yet known. */
static const struct passive_counters *passive_total(const struct box *b)
{
    struct passive_report r;

    return manager_passive_report(b->manager, 0, &r) ? r.total : NULL;
}

void box_passive(const struct box *b, struct passive_counters *out)
{
    *out = (struct passive_counters){0};
    if (passive_total(b) != NULL)
        passive_counters_subtract(out, passive_total(b), &b->passive_before);
}

void box_begin(struct box *b, uint64_t seed, uint64_t stream)
{
    b->doings = (struct box_doings){0};
    b->base_ns = b->now_ns + BETWEEN_TESTS_NS;
    b->now_ns = b->base_ns;
    b->has_verdict = b->is_done = b->was_provisional = false;
    b->verdict_ns = b->n_segments = b->verdict_segments = 0;
    b->n_repairs = 0;
    if (passive_total(b) != NULL)
        b->passive_before = *passive_total(b);
    b->max_log10_e = b->max_log10_e_pooled = b->max_log10_e_joint = b->max_log10_e_kind = -INFINITY;
    for (uint16_t i = 0; i < b->options.n_lcores; i++) {
        struct engine_config config = engine_config_of(b, i);

        random_seed_fixed(&config.random, seed, stream * BOX_MAX_LCORES + i);
        b->workers[i].engine = engine_init(b->workers[i].memory, b->n_engine_bytes, &config);
    }
    manager_tick(b->manager, b->now_ns);
    manager_test_start(b->manager, 0, NULL, b->now_ns);
}

void box_set_doings(struct box *b, const struct box_doings *doings)
{
    b->doings = *doings;
}

static bool is_within(const struct box *b, uint64_t now_ns)
{
    uint64_t time_ns = now_ns - b->base_ns;

    return time_ns >= b->doings.from_ns && time_ns < b->doings.to_ns;
}

bool box_is_stalled(const struct box *b, uint64_t time_ns)
{
    return b->doings.workers_stall && is_within(b, b->base_ns + time_ns);
}

/* What time it is to the workers. Their clock never goes back: one that is ahead stands, one that
 * fell behind does, too. */
static uint64_t workers_now_ns(const struct box *b, uint64_t now_ns)
{
    uint64_t from_ns = b->base_ns + b->doings.from_ns, ahead_ns;

    if (b->doings.clock_jump_ns == 0 || now_ns < from_ns)
        return now_ns;
    ahead_ns = from_ns + (uint64_t)(b->doings.clock_jump_ns > 0 ? b->doings.clock_jump_ns : 0);
    if (b->doings.clock_jump_ns < 0 && now_ns >= from_ns + (uint64_t)-b->doings.clock_jump_ns)
        return now_ns;
    return now_ns > ahead_ns && b->doings.clock_jump_ns > 0 ? now_ns : ahead_ns;
}

static void watch_evidence(struct box *b)
{
    struct aggregate_report r;

    manager_report(b->manager, 0, &r);
    b->max_log10_e = fmax(b->max_log10_e, r.anytime.log10_e);
    b->max_log10_e_pooled = fmax(b->max_log10_e_pooled, r.anytime.log10_e_pooled);
    b->max_log10_e_joint = fmax(b->max_log10_e_joint, r.anytime.log10_e_joint);
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        if ((r.kinds >> k & 1) != 0)
            b->max_log10_e_kind = fmax(b->max_log10_e_kind, r.units[k].log10_e);
}

/* Begins an epoch when it is due, and lets workers post it, one after the other. */
static void turn(struct box *b, uint64_t now_ns)
{
    bool has_news = false;
    uint64_t epoch;

    b->now_ns = now_ns;
    if (!b->doings.manager_stalls || !is_within(b, now_ns))
        manager_tick(b->manager, now_ns);
    if (b->doings.workers_stall && is_within(b, now_ns))
        return;
    epoch = manager_epoch(b->manager);
    if (epoch != b->epoch) {
        b->epoch = epoch;
        b->epoch_began_ns = now_ns;
    }
    for (uint16_t i = 0; i < b->options.n_lcores; i++) {
        struct worker *w = &b->workers[i];

        if (w->posted_epoch == epoch || now_ns - b->epoch_began_ns < i * EPOCH_SKEW_NS)
            continue;
        engine_begin_burst(w->engine, workers_now_ns(b, now_ns));
        if (engine_post_epoch(w->engine))
            w->posted_epoch = epoch;
        has_news = true;
        for (uint16_t j = 0; j < b->options.n_lcores; j++)
            drain(b, j);
    }
    if (b->watch && has_news)
        check(b);
    if (b->watch && has_news && !b->is_done)
        watch_evidence(b);
}

static void go_on(struct box *b, uint64_t now_ns)
{
    while (now_ns - b->now_ns > TURN_NS)
        turn(b, b->now_ns + TURN_NS);
    turn(b, now_ns);
}

/* As RSS does: by a hash of the flow. */
static uint32_t lcore_of(const struct box *b, uint32_t flow)
{
    return b->options.n_lcores == 1 ? 0 : (flow * UINT32_C(2654435761) >> 16) % b->options.n_lcores;
}

/* IPv4 and TCP with the timestamps option. */
static void write_headers(uint8_t data[HEADER_BYTES], const struct box_packet *packet)
{
    memset(data, 0, HEADER_BYTES);
    data[0] = 0x45;
    store_be16(data + 4, packet->ip_id);
    data[IPV4_BYTES + 12] = (HEADER_BYTES - IPV4_BYTES) / 4 << 4;
    if (packet->timestamp == 0)
        return;
    memcpy(data + IPV4_BYTES + 20, "\x01\x01\x08\x0a", 4);
    store_be32(data + IPV4_BYTES + 24, packet->timestamp);
}

static void set_tuple(struct box *b, uint32_t flow)
{
    store_be32(b->view.source.bytes + 12, 0x0a000000 + (flow & 0xffff));
    b->view.source_port = (uint16_t)(1024 + (flow >> 16));
}

/* IPv4 and UDP, the headers that are looked at. */
static bool take_datagram(struct box *b, struct engine *engine, const struct box_packet *packet)
{
    const uint16_t n_bytes = datagram_bytes(packet->datagram);
    uint8_t data[IPV4_BYTES + UDP_BYTES + MOST_DATAGRAM_BYTES] = {0x45};
    struct packet_view view;

    set_tuple(b, packet->flow);
    view = b->view;
    view.reason = PACKET_UDP;
    view.protocol = PACKET_PROTOCOL_UDP;
    view.payload_bytes = n_bytes;
    datagram_write(packet->datagram, packet->sequence, data + IPV4_BYTES + UDP_BYTES, n_bytes);
    engine_count_untestable(engine, 0, &view, 1);
    return engine_note_datagram(engine, 0, &view, data, IPV4_BYTES + UDP_BYTES + n_bytes, 1) ==
           ENGINE_DROP;
}

bool box_packet(struct box *b, uint64_t time_ns, const struct box_packet *packet)
{
    uint64_t now_ns = b->base_ns + time_ns;
    struct engine *engine = b->workers[lcore_of(b, packet->flow)].engine;
    struct engine_packet p = {.view = &b->view, .n_bytes = 54u + packet->payload_bytes};
    uint8_t data[HEADER_BYTES];

    if (b->options.is_passive) {
        write_headers(data, packet);
        p.data = data;
    }
    go_on(b, now_ns);
    b->n_segments += packet->payload_bytes != 0;
    if (packet->datagram != DATAGRAM_NONE) {
        engine_begin_burst(engine, workers_now_ns(b, now_ns));
        return take_datagram(b, engine, packet);
    }
    set_tuple(b, packet->flow);
    b->view.sequence = packet->sequence;
    b->view.payload_bytes = packet->payload_bytes;
    b->view.tcp_flags = packet->tcp_flags;
    engine_begin_burst(engine, workers_now_ns(b, now_ns));
    engine_lookup_bulk(engine, &p, 1);
    return engine_packet(engine, &p) == ENGINE_DROP;
}

void box_wait(struct box *b, uint64_t time_ns)
{
    go_on(b, b->base_ns + time_ns);
}

bool box_has_verdict(const struct box *b)
{
    return b->has_verdict;
}

bool box_is_done(const struct box *b)
{
    return b->is_done;
}

bool box_was_provisional(const struct box *b)
{
    return b->was_provisional;
}

uint64_t box_verdict_ns(const struct box *b)
{
    return b->verdict_ns - b->base_ns;
}

uint64_t box_verdict_segments(const struct box *b)
{
    return b->verdict_segments;
}

void box_stop(struct box *b)
{
    manager_test_stop(b->manager, 0, REASON_DURATION, b->now_ns);
}

bool box_end(struct box *b)
{
    box_stop(b);
    for (uint32_t i = 0; i < b->options.n_lcores; i++)
        engine_stop(b->workers[i].engine);
    for (int i = 0; b->options.is_passive ? i < EPOCHS_AFTER_PASSIVE : !b->is_done; i++)
        go_on(b, b->now_ns + EPOCH_MS * NS_PER_MS);
    check(b);
    if (b->broken[0] != '\0')
        fprintf(stderr, "pennyline-sim: %s\n", b->broken);
    return b->broken[0] == '\0';
}

void box_report(const struct box *b, struct aggregate_report *out)
{
    manager_report(b->manager, 0, out);
}

uint32_t box_repairs_ms(const struct box *b, float out[BOX_MAX_REPAIRS])
{
    memcpy(out, b->repairs_ms, b->n_repairs * sizeof(*out));
    return b->n_repairs;
}

void box_watch_evidence(struct box *b, bool on)
{
    b->watch = on;
}

double box_max_log10_e(const struct box *b)
{
    return b->max_log10_e;
}

double box_max_log10_e_pooled(const struct box *b)
{
    return b->max_log10_e_pooled;
}

double box_max_log10_e_kind(const struct box *b)
{
    return b->max_log10_e_kind;
}

double box_max_log10_e_joint(const struct box *b)
{
    return b->max_log10_e_joint;
}

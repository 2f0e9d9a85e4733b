/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "config/classify.h"

/* In a silence of the capture an epoch lasts at most this part of the silence so far: what is due
 * in it is late by so much at most (6 ms of a retransmission timeout of 3 s), and a gap of years
 * costs no time. Nor is it more than half of what is left, so that the last one ends just before
 * the packet. */
#define COARSENING_FACTOR 512

#define DROP_RECORDS 65536

static int post(void *context, const struct message *message)
{
    manager_receive(context, message);
    return 0;
}

static void *take(struct replay *r, size_t n_bytes)
{
    size_t whole_lines = (n_bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *memory = aligned_alloc(CACHE_LINE_BYTES, whole_lines);

    if (memory != NULL) {
        memset(memory, 0, whole_lines);
        r->memory_bytes += whole_lines;
    }
    return memory;
}

/* A seed makes a run repeatable; any slice may bring it, and the first one that does counts. */
static int seed(struct random_source *random, const struct config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (config->slices[i].parameters.has_seed) {
            random_seed_fixed(random, config->slices[i].parameters.seed, 0);
            return 0;
        }
    return random_seed_from_kernel(random);
}

static int open_aggregates(struct replay *r, struct random_source *random)
{
    uint32_t capacity = r->config->instance.max_aggregates;
    size_t n = aggregate_table_memory_bytes(capacity);
    const uint64_t secret[2] = {random_u64(random), random_u64(random)};

    r->aggregates_memory = take(r, n);
    if (r->aggregates_memory == NULL)
        return -ENOMEM;
    r->aggregates = aggregate_table_init(r->aggregates_memory, n, capacity, secret);
    return r->aggregates != NULL ? 0 : -EINVAL;
}

/* All of a capture came in by one port. */
static int open_ingresses(struct replay *r, struct random_source *random)
{
    size_t n = ingress_table_memory_bytes(INGRESS_MOST);
    const uint64_t secret[2] = {random_u64(random), random_u64(random)};

    r->ingresses_memory = take(r, n);
    if (r->ingresses_memory == NULL)
        return -ENOMEM;
    r->ingresses = ingress_table_init(r->ingresses_memory, n, INGRESS_MOST, 1, secret);
    return r->ingresses != NULL ? 0 : -EINVAL;
}

static int open_engine(struct replay *r, const struct random_source *random)
{
    const struct config_instance *instance = &r->config->instance;
    struct engine_config config = {
        .slices = r->config->slices,
        .n_slices = r->config->n_slices,
        .never_drop = &r->config->never_drop,
        .aggregates = r->aggregates,
        .gate = r->gate,
        .n_flows = instance->flows_per_lcore,
        .admissions_per_second = instance->flow_admissions_per_second,
        .n_pending_drops = instance->max_pending_drops,
        .n_places = instance->max_flow_places < 65534 ? instance->max_flow_places : 65534,
        .max_manager_lateness_ms = instance->max_manager_lateness_ms,
        .random = *random,
        .post = post,
        .post_context = r->manager,
    };
    size_t n = engine_memory_bytes(&config);

    r->engine_memory = take(r, n);
    if (r->engine_memory == NULL)
        return -ENOMEM;
    r->engine = engine_init(r->engine_memory, n, &config);
    return r->engine != NULL ? 0 : -EINVAL;
}

static int open_manager(struct replay *r,
                        void (*on_event)(void *context, const struct manager_event *event),
                        void *context)
{
    const struct config_instance *instance = &r->config->instance;
    const struct manager_config config = {
        .slices = r->config->slices,
        .n_slices = r->config->n_slices,
        .aggregates = r->aggregates,
        .gate = r->gate,
        .n_workers = 1,
        .epoch_ms = instance->epoch_ms,
        .n_drop_records = DROP_RECORDS,
        .n_concurrent_flow_phases = r->config->n_slices > 0 ? r->config->n_slices : 1,
        .max_own_loss_ratio = instance->max_own_loss_ratio,
        .on_event = on_event,
        .event_context = context,
    };

    r->manager = manager_create(&config);
    return r->manager != NULL ? 0 : -errno;
}

int replay_open(struct replay *r, const struct config *config,
                void (*on_event)(void *context, const struct manager_event *event), void *context)
{
    struct random_source random;
    int error = seed(&random, config);

    *r = (struct replay){.config = config};
    if (error != 0)
        return error;
    r->gate = take(r, sizeof(*r->gate));
    error = r->gate == NULL ? -ENOMEM : open_aggregates(r, &random);
    if (error == 0)
        error = open_ingresses(r, &random);
    if (error == 0)
        error = open_manager(r, on_event, context);
    if (error == 0)
        error = open_engine(r, &random);
    if (error != 0)
        replay_close(r);
    return error;
}

/* An epoch: begun by the manager, closed by the worker, and evaluated in the same breath. */
static void step(struct replay *r, uint64_t now_ns)
{
    r->now_ns = now_ns;
    r->n_epochs++;
    manager_tick(r->manager, now_ns);
    engine_catch_up(r->engine, now_ns);
    engine_begin_burst(r->engine, now_ns);
    engine_post_epoch(r->engine);
}

static void advance(struct replay *r, uint64_t to_ns)
{
    uint64_t epoch_ns = r->config->instance.epoch_ms * NS_PER_MS, began_ns = r->now_ns;

    while (to_ns - r->now_ns >= epoch_ns) {
        uint64_t step_ns = (r->now_ns - began_ns) / COARSENING_FACTOR;

        if (step_ns > (to_ns - r->now_ns) / 2)
            step_ns = (to_ns - r->now_ns) / 2;
        step(r, r->now_ns + (step_ns > epoch_ns ? step_ns : epoch_ns));
    }
}

static void begin(struct replay *r, uint64_t now_ns)
{
    r->first_ns = now_ns;
    r->clock = (struct report_clock){.started_ns = now_ns, .has_wall = true};
    step(r, now_ns);
    manager_start(r->manager, now_ns);
}

static void to_time_of(struct replay *r, const struct capture_packet *packet)
{
    /* 0 means "not yet" to the manager. */
    uint64_t time_ns = packet->time_ns > 0 ? packet->time_ns : 1;

    if (r->first_ns == 0)
        begin(r, time_ns);
    if (time_ns < r->last_ns) {
        r->n_went_back++;
        time_ns = r->last_ns;
    }
    r->last_ns = time_ns;
    advance(r, time_ns);
}

static int slice_of(const struct replay *r, const struct packet_view *view, uint16_t ingress)
{
    struct ingress own;
    const struct ingress *at = &own;

    if (!view->has_ip)
        return -1;
    if (ingress != INGRESS_NONE)
        at = ingress_table_at(r->ingresses, ingress);
    else
        own = ingress_of_packet(view, 0);
    return slice_classify_linear(r->config->slices, r->config->n_slices, view, at);
}

static enum engine_action act(struct replay *r, const struct capture_packet *captured,
                              uint32_t slice, uint16_t ingress)
{
    const struct packet_view *view = &captured->view;
    struct engine_packet packet = {
        .view = view,
        .slice = slice,
        .ingress = ingress,
        .n_bytes = captured->frame_bytes,
        .data = captured->data,
    };

    engine_begin_burst(r->engine, r->last_ns);
    engine_lookup_bulk(r->engine, &packet, 1);
    return engine_packet(r->engine, &packet);
}

enum engine_action replay_packet(struct replay *r, const struct capture_packet *packet)
{
    struct worker_counters *c = engine_counters_mutable(r->engine);
    enum engine_action action = ENGINE_FORWARD;
    uint16_t ingress = ingress_number(r->ingresses, &r->latest_ingress, &packet->view, 0);
    int slice = slice_of(r, &packet->view, ingress);

    to_time_of(r, packet);
    r->latest_slice = slice;
    c->rx_packets++;
    c->rx_bytes += packet->frame_bytes;
    r->packet_reasons[packet->view.reason]++;
    if (slice < 0) {
        c->untested++;
    } else {
        c->slice_packets++;
        if (packet->view.reason != PACKET_TCP) {
            c->slice_not_tcp++;
            engine_count_untestable(r->engine, (uint32_t)slice, &packet->view, 1);
            if (packet_is_first_fragment(&packet->view, PACKET_PROTOCOL_TCP))
                engine_note_fragment(r->engine, (uint32_t)slice, &packet->view, ingress);
            else if (packet->view.reason == PACKET_UDP && ingress != INGRESS_NONE)
                action = engine_note_datagram(r->engine, (uint32_t)slice, &packet->view,
                                              packet->data, packet->captured_bytes, ingress);
        } else if (ingress == INGRESS_NONE)
            c->no_ingress++;
        else if (r->config->slices[slice].mode != SLICE_OFF)
            action = act(r, packet, (uint32_t)slice, ingress);
    }
    if (action == ENGINE_DROP) {
        c->dropped++;
    } else {
        c->tx_packets++;
        c->tx_bytes += packet->frame_bytes;
    }
    return action;
}

void replay_finish(struct replay *r)
{
    uint64_t epoch_ns = r->config->instance.epoch_ms * NS_PER_MS;

    if (r->first_ns == 0) {
        begin(r, 1);
        r->last_ns = r->first_ns;
    }
    /* What ended last is evaluated before tests are stopped for want of packets. What is pending
     * still becomes void: whether it would have come back, the capture does not say. */
    step(r, r->now_ns + epoch_ns);
    manager_stop(r->manager, REASON_STOPPED, r->now_ns);
    engine_stop(r->engine);
    for (int i = 0; i < 3; i++)
        step(r, r->now_ns + epoch_ns);
    manager_finish(r->manager);
}

const char *replay_check(const struct replay *r)
{
    const char *broken = worker_counters_check(engine_counters(r->engine));

    return broken != NULL ? broken : manager_check(r->manager);
}

void replay_close(struct replay *r)
{
    manager_destroy(r->manager);
    free(r->engine_memory);
    free(r->aggregates_memory);
    free(r->ingresses_memory);
    free(r->gate);
    *r = (struct replay){0};
}

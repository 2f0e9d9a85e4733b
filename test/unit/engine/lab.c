/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/quic.h"

static int keep_message(void *context, const struct message *message)
{
    struct lab *l = context;

    if (l->room == 0)
        return -ENOBUFS;
    l->room--;
    if (l->on_message != NULL)
        l->on_message(l, message);
    if (message->kind == MESSAGE_COUNTERS)
        aggregate_counters_add(&l->sums[message->aggregate], &message->counters);
    if (message->kind == MESSAGE_PASSIVE)
        passive_counters_add(&l->passive[message->aggregate], &message->passive);
    for (int k = 0; message->kind == MESSAGE_UNITS && k < UNIT_N_KINDS; k++)
        unit_counters_add(&l->units[message->aggregate][k], &message->units[k]);
    if (l->n_messages < LAB_N_MESSAGES)
        l->messages[l->n_messages++] = *message;
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

struct lab *lab_open(const struct lab_options *options)
{
    static const uint64_t secret[2] = {1, 2};
    struct lab *l = calloc(1, sizeof(*l));
    size_t n_table = aggregate_table_memory_bytes(4);
    struct engine_config config;
    size_t n;

    assert_non_null(l);
    test_parameters_default(&l->slice.parameters);
    if (options->adjust != NULL)
        options->adjust(&l->slice.parameters);
    l->slice.mode = options->mode;
    l->slice.granularity.ipv4 = options->granularity_ipv4;
    l->aggregate_memory = aligned_alloc(CACHE_LINE_BYTES, n_table);
    l->aggregates = aggregate_table_init(l->aggregate_memory, n_table, 4, secret);
    if (options->granularity_ipv4 == 0)
        assert_int_equal(
            aggregate_table_add(l->aggregates, &(struct aggregate_identity){.slice = 0}), 0);
    config = (struct engine_config){.slices = &l->slice,
                                    .n_slices = 1,
                                    .never_drop = options->never_drop,
                                    .aggregates = l->aggregates,
                                    .gate = &l->gate,
                                    .n_flows = or_default(options->n_flows, 1024),
                                    .n_pending_drops = or_default(options->n_pending_drops, 256),
                                    .n_places = or_default(options->n_places, 64),
                                    .max_manager_lateness_ms = 1000,
                                    .max_stall_ms = options->max_stall_ms,
                                    .post = keep_message,
                                    .post_context = l};
    random_seed_fixed(&config.random, options->seed, 0);
    n = engine_memory_bytes(&config);
    n = (n + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
    l->engine_memory = aligned_alloc(CACHE_LINE_BYTES, n);
    l->engine = engine_init(l->engine_memory, n, &config);
    assert_non_null(l->engine);
    l->room = UINT32_MAX;
    l->now_ns = 100 * NS_PER_S;
    lab_wait_ms(l, 0);
    return l;
}

void lab_close(struct lab *l)
{
    free(l->engine_memory);
    free(l->aggregate_memory);
    free(l);
}

void lab_order(struct lab *l, enum aggregate_phase phase, uint8_t test_id, uint32_t threshold)
{
    aggregate_control_order(aggregate_table_control(l->aggregates, 0),
                            (struct aggregate_order){.threshold = threshold,
                                                     .test_id = test_id,
                                                     .phase = (uint8_t)phase});
}

void lab_set_budget(struct lab *l, int32_t budget, int32_t places)
{
    struct aggregate_control *c = aggregate_table_control(l->aggregates, 0);

    atomic_store(&c->budget, budget);
    atomic_store(&c->places, places);
    atomic_store(&c->screening, budget);
}

void lab_wait_ms(struct lab *l, uint64_t ms)
{
    l->now_ns += ms * NS_PER_MS;
    atomic_store(&l->gate.manager_seen_ns, l->now_ns);
    engine_begin_burst(l->engine, l->now_ns);
}

enum engine_action lab_packet(struct lab *l, uint32_t flow, uint8_t flags, uint32_t sequence,
                              uint32_t n_bytes)
{
    return lab_packet_way(l, flow, false, flags, sequence, n_bytes, NULL);
}

enum engine_action lab_packet_way(struct lab *l, uint32_t flow, bool back, uint8_t flags,
                                  uint32_t sequence, uint32_t n_bytes, const uint8_t *data)
{
    uint8_t source[4], destination[4] = {198, 51, 100, 1};
    struct packet_view view = {.source_port = 1024,
                               .destination_port = 443,
                               .sequence = sequence,
                               .payload_bytes = n_bytes,
                               .tcp_flags = flags,
                               .is_ipv4 = true,
                               .has_ip = true};
    struct engine_packet packet = {.view = &view, .n_bytes = 54 + n_bytes, .data = data};

    store_be32(source, 0x0a000000 + flow);
    view.source = ip_address_from_ipv4(back ? destination : source);
    view.destination = ip_address_from_ipv4(back ? source : destination);
    if (back) {
        view.source_port = 443;
        view.destination_port = 1024;
    }
    /* In `data` the IP header stands first. */
    view.l4_offset = 20;
    engine_begin_burst(l->engine, l->now_ns);
    engine_lookup_bulk(l->engine, &packet, 1);
    return engine_packet(l->engine, &packet);
}

enum engine_action lab_data(struct lab *l, uint32_t flow, uint32_t sequence, uint32_t n_bytes)
{
    return lab_packet(l, flow, TCP_FLAG_ACK, sequence, n_bytes);
}

void lab_syn(struct lab *l, uint32_t flow, uint32_t sequence)
{
    assert_int_equal(lab_packet(l, flow, TCP_FLAG_SYN, sequence, 0), ENGINE_FORWARD);
}

enum engine_action lab_initial(struct lab *l, uint32_t flow, uint8_t attempt)
{
    uint8_t packet[20 + 8 + PACKET_QUIC_LEAST_BYTES] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17};
    struct packet_view view;

    store_be16(packet + 2, sizeof(packet));
    memcpy(packet + 12, (uint8_t[]){10, 0, 0, 1, 192, 0, 2, 1}, 8);
    store_be16(packet + 20, (uint16_t)(1000 + flow));
    store_be16(packet + 22, 443);
    store_be16(packet + 24, 8 + PACKET_QUIC_LEAST_BYTES);
    memcpy(packet + 28, (uint8_t[]){0xc0, 0, 0, 0, 1, 8}, 6);
    packet[34] = attempt;
    packet_parse_l3(0, packet, sizeof(packet), sizeof(packet), &view);
    assert_int_equal(view.reason, PACKET_UDP);
    engine_begin_burst(l->engine, l->now_ns);
    engine_count_untestable(l->engine, 0, &view, 1);
    return engine_note_datagram(l->engine, 0, &view, packet, sizeof(packet), 1);
}

const struct aggregate_counters *lab_counters(struct lab *l)
{
    const char *broken;

    atomic_fetch_add(&l->gate.epoch, 1);
    assert_true(engine_post_epoch(l->engine));
    broken = aggregate_counters_check(&l->sums[0]);
    if (broken != NULL)
        fail_msg("%s", broken);
    broken = passive_counters_check(&l->passive[0]);
    if (broken != NULL)
        fail_msg("%s", broken);
    for (int k = 0; k < UNIT_N_KINDS; k++)
        if ((broken = unit_counters_check(&l->units[0][k])) != NULL)
            fail_msg("%s", broken);
    assert_int_equal(aggregate_counters_pending(&l->sums[0]) +
                         unit_counters_pending(&l->units[0][UNIT_HANDSHAKE]) +
                         unit_counters_pending(&l->units[0][UNIT_QUIC]),
                     engine_n_pending(l->engine));
    return &l->sums[0];
}

const struct message *lab_last(const struct lab *l, enum message_kind kind)
{
    for (unsigned int i = l->n_messages; i-- > 0;)
        if (l->messages[i].kind == kind)
            return &l->messages[i];
    return NULL;
}

unsigned int lab_n_messages(const struct lab *l, enum message_kind kind)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < l->n_messages; i++)
        n += l->messages[i].kind == kind;
    return n;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whoever sends from ever new sources does not take the aggregates that others need, and does not
 * fill the ring to the manager by asking for them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/time.h"
#include "engine/engine.h"
#include "manager/manager.h"
#include "tcp/flags.h"

enum { N_AGGREGATES = 1024, GENUINE = 60000 };

struct lab {
    struct slice slice;
    struct ip_prefix any[2];
    struct engine_gate gate;
    struct aggregate_table *table;
    struct manager *manager;
    struct engine *engine;
    void *table_memory, *engine_memory;
    uint64_t now_ns;
    bool is_ipv4;
    uint32_t n_asked, n_asked_in_epoch, most_in_epoch, n_full;
};

/* The manager's answer comes at once. */
static int post(void *context, const struct message *m)
{
    struct lab *l = context;

    if (m->kind == MESSAGE_AGGREGATE_WANTED) {
        l->n_asked++;
        l->n_asked_in_epoch++;
    }
    manager_receive(l->manager, m);
    return 0;
}

static void on_event(void *context, const struct manager_event *event)
{
    struct lab *l = context;

    l->n_full += event->kind == EVENT_AGGREGATES_FULL;
}

static void open_lab(struct lab *l, bool is_ipv4)
{
    static const uint64_t secret[2] = {3, 4};
    size_t n_bytes = aggregate_table_memory_bytes(N_AGGREGATES);
    struct manager_config manager = {.slices = &l->slice,
                                     .n_slices = 1,
                                     .gate = &l->gate,
                                     .n_workers = 1,
                                     .epoch_ms = 10,
                                     .n_drop_records = 256,
                                     .n_concurrent_flow_phases = 4,
                                     .max_own_loss_ratio = 0.001,
                                     .on_event = on_event,
                                     .event_context = l};
    struct engine_config engine = {.slices = &l->slice,
                                   .n_slices = 1,
                                   .gate = &l->gate,
                                   .n_flows = 1 << 16,
                                   .n_pending_drops = 256,
                                   .n_places = 64,
                                   .max_manager_lateness_ms = 60000,
                                   .post = post,
                                   .post_context = l};

    *l = (struct lab){.is_ipv4 = is_ipv4, .now_ns = NS_PER_S};
    l->any[0] = ip_prefix_any(true);
    l->any[1] = ip_prefix_any(false);
    l->slice.sources = l->slice.destinations = l->any;
    l->slice.n_sources = l->slice.n_destinations = 2;
    l->slice.granularity = (struct slice_granularity){.ipv4 = 24, .ipv6 = 64};
    test_parameters_default(&l->slice.parameters);
    l->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    l->table = aggregate_table_init(l->table_memory, n_bytes, N_AGGREGATES, secret);
    manager.aggregates = engine.aggregates = l->table;
    l->manager = manager_create(&manager);
    assert_non_null(l->manager);
    n_bytes = (engine_memory_bytes(&engine) + CACHE_LINE_BYTES) & ~(size_t)(CACHE_LINE_BYTES - 1);
    l->engine_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    random_seed_fixed(&engine.random, 1, 0);
    l->engine = engine_init(l->engine_memory, n_bytes, &engine);
    assert_non_null(l->engine);
    manager_tick(l->manager, l->now_ns);
    manager_start(l->manager, l->now_ns);
}

static void close_lab(struct lab *l)
{
    assert_null(manager_check(l->manager));
    manager_destroy(l->manager);
    free(l->engine_memory);
    free(l->table_memory);
}

static struct ip_address address_of(const struct lab *l, uint32_t prefix, uint8_t host)
{
    uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};

    if (!l->is_ipv4) {
        store_be32(bytes + 4, prefix);
        bytes[15] = host;
        return ip_address_from_ipv6(bytes);
    }
    store_be32(bytes, 0x0a000000 + (prefix << 8) + host);
    return ip_address_from_ipv4(bytes);
}

static void send_packet(struct lab *l, uint32_t prefix, uint8_t flags, uint32_t sequence,
                        uint32_t n_bytes)
{
    const struct packet_view view = {.source = address_of(l, prefix, 9),
                                     .destination = address_of(l, 99999, 1),
                                     .source_port = 1024,
                                     .destination_port = 443,
                                     .sequence = sequence,
                                     .payload_bytes = n_bytes,
                                     .tcp_flags = flags,
                                     .is_ipv4 = l->is_ipv4,
                                     .has_ip = true};
    struct engine_packet p = {.view = &view, .ingress = 1, .n_bytes = 54 + n_bytes};

    engine_begin_burst(l->engine, l->now_ns);
    engine_lookup_bulk(l->engine, &p, 1);
    engine_packet(l->engine, &p);
}

static void pass_ms(struct lab *l, uint64_t ms)
{
    for (; ms > 0; ms -= ms < 10 ? ms : 10) {
        l->now_ns += 10 * NS_PER_MS;
        manager_tick(l->manager, l->now_ns);
        engine_begin_burst(l->engine, l->now_ns);
        engine_post_epoch(l->engine);
        if (l->n_asked_in_epoch > l->most_in_epoch)
            l->most_in_epoch = l->n_asked_in_epoch;
        l->n_asked_in_epoch = 0;
    }
}

static uint32_t aggregate_of(const struct lab *l, uint32_t prefix)
{
    const struct ip_address address = address_of(l, prefix, 0);
    const struct ip_prefix whole = ip_prefix_of_address(&address, l->is_ipv4 ? 24 : 64);

    return aggregate_table_find(l->table, 0, &whole);
}

static void send_connection(struct lab *l, uint32_t prefix, uint32_t n_segments)
{
    send_packet(l, prefix, TCP_FLAG_SYN, 999, 0);
    for (uint32_t i = 0; i < n_segments; i++)
        send_packet(l, prefix, TCP_FLAG_ACK, 1000 + 100 * i, 100);
}

static void assert_genuine_is_tested(struct lab *l)
{
    struct aggregate_report report;

    send_connection(l, GENUINE, 30);
    pass_ms(l, 20);
    assert_true(manager_report(l->manager, aggregate_of(l, GENUINE), &report));
    assert_int_not_equal(report.state, TEST_IDLE);
    assert_true(report.total->packets > 20);
}

static void spoofed_syns(bool is_ipv4)
{
    struct lab l;

    open_lab(&l, is_ipv4);
    for (uint32_t i = 0; i < 16 * N_AGGREGATES; i++) {
        send_packet(&l, i, TCP_FLAG_SYN, 1, 0);
        if (i % 16 == 0)
            pass_ms(&l, 10);
    }
    /* They are shown as far as there is plenty of room, and not one of them is tested. */
    assert_int_equal(manager_n_live_aggregates(l.manager), N_AGGREGATES / 2);
    assert_false(manager_any_tested(l.manager));
    assert_genuine_is_tested(&l);
    close_lab(&l);
}

static void spoofed_syns_from_all_over_do_not_shut_out_a_prefix(void **state)
{
    (void)state;
    spoofed_syns(true);
}

static void spoofed_syns_from_all_of_ipv6_do_not_shut_out_a_prefix(void **state)
{
    (void)state;
    spoofed_syns(false);
}

/* With data behind their SYNs they are taken for flows that can be tested, and fill the table; when
 * they moved on, it is given to others. */
static void a_flood_of_short_connections_gives_the_table_back(void **state)
{
    struct lab l;

    (void)state;
    open_lab(&l, true);
    for (uint32_t i = 0; i < 3 * N_AGGREGATES; i++) {
        send_connection(&l, i, 3);
        if (i % 16 == 0)
            pass_ms(&l, 10);
    }
    pass_ms(&l, 100);
    assert_int_equal(aggregate_table_n_free(l.table), 0);
    assert_int_equal(l.n_full, 1);
    send_connection(&l, GENUINE, 30);
    assert_int_equal(aggregate_of(&l, GENUINE), AGGREGATE_NONE);
    pass_ms(&l, 70 * 1000);
    assert_genuine_is_tested(&l);
    close_lab(&l);
}

/* However many packets have no aggregate: a few messages an epoch, and none when the table is full.
 */
static void asking_does_not_fill_the_ring(void **state)
{
    uint32_t n_asked;
    struct lab l;

    (void)state;
    open_lab(&l, true);
    for (uint32_t i = 0; i < 3 * N_AGGREGATES; i++) {
        send_connection(&l, i, 3);
        if (i % 300 == 0)
            pass_ms(&l, 10);
    }
    assert_true(l.most_in_epoch > 192);
    assert_true(l.most_in_epoch <= 256);
    for (uint32_t i = 40000; aggregate_table_n_free(l.table) > 0; i++) {
        send_connection(&l, i, 3);
        pass_ms(&l, 10);
    }
    n_asked = l.n_asked;
    for (uint32_t i = 0; i < 1000; i++)
        send_packet(&l, 50000 + i % 50, TCP_FLAG_ACK, 1000 + 100 * i, 100);
    pass_ms(&l, 100);
    assert_int_equal(l.n_asked, n_asked);
    close_lab(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spoofed_syns_from_all_over_do_not_shut_out_a_prefix),
        cmocka_unit_test(spoofed_syns_from_all_of_ipv6_do_not_shut_out_a_prefix),
        cmocka_unit_test(a_flood_of_short_connections_gives_the_table_back),
        cmocka_unit_test(asking_does_not_fill_the_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

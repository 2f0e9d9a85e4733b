/* SPDX-License-Identifier: BSD-3-Clause */
/* A map with one mirror port, three VLANs of which have a name each, and packets for it. */
#ifndef TEST_MAP_FIXTURE_H
#define TEST_MAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/time.h"
#include "expect/build.h"
#include "map/map.h"

struct fixture {
    struct config *config;
    void *ingresses_memory;
    struct ingress_table *ingresses;
    struct map *map;
    struct map_turn turn;
};

static inline struct ip_prefix prefix_of(const char *text)
{
    struct ip_prefix p;

    if (ip_prefix_parse(text, &p) != 0)
        fail_msg("%s", text);
    return p;
}

static inline struct config *make_config(void)
{
    static const char text[] =
        "{\"map\":{\"own\":[\"198.51.100.0/"
        "24\"]},\"ports\":[{\"name\":\"m\",\"device\":\"net_null0\",\"role\":\"mirror\"}],"
        "\"ingresses\":["
        "{\"name\":\"customer\",\"port\":\"m\",\"vlan\":1,\"relation\":\"customer\",\"neighbors\":["
        "64501]},"
        "{\"name\":\"peer\",\"port\":\"m\",\"vlan\":2,\"relation\":\"peer\",\"neighbors\":[64502]},"
        "{\"name\":\"transit\",\"port\":\"m\",\"vlan\":3,\"relation\":\"transit\",\"neighbors\":["
        "64503]}]}";
    struct config_error error;
    struct config *config;

    if (config_load_text(text, &config, &error) != 0)
        fail_msg("%s", error.text);
    return config;
}

/* A route from a neighbor of the fixture's: AS 64501 is the customer, and so on. */
static inline void add_route(struct expect_builder *b, const char *prefix, uint32_t as)
{
    const uint32_t numbers[] = {as, as + 100};
    const struct mrt_path_part part = {MRT_SEQUENCE, 2, 0};
    const struct mrt_route route = {.prefix = prefix_of(prefix),
                                    .peer = prefix_of("192.0.2.1").address,
                                    .peer_as = as,
                                    .path = {numbers, &part, 2, 1}};

    assert_int_equal(expect_builder_add_route(b, &route), 0);
}

static inline struct map_expectation *finish_expectation(struct expect_builder *b)
{
    struct map_expectation *out;
    struct expectation e;
    char error[EXPECT_ERROR_BYTES];
    void *bytes;
    size_t n;

    assert_int_equal(expect_builder_finish(b, 1, &bytes, &n), 0);
    expect_builder_destroy(b);
    if (expect_open_memory(bytes, n, &e, error) != 0)
        fail_msg("%s", error);
    e.owned = bytes;
    out = map_expectation_create(&e);
    assert_non_null(out);
    return out;
}

static inline struct expect_builder *begin_expectation(const struct config *config)
{
    struct expect_builder *b;

    assert_int_equal(expect_builder_create(config, &b), 0);
    assert_int_equal(expect_builder_begin_file(b, EXPECT_FILE_ROUTES, "table", 1), 0);
    return b;
}

static inline void fixture_open(struct fixture *f, uint32_t n_entries, uint32_t n_workers)
{
    struct map_setup setup = {
        .n_entries = n_entries,
        .n_workers = n_workers,
        .secret = {UINT64_C(0x123456789abcdef1), UINT64_C(0xfedcba987654321f)},
        .random_seed = 7};
    const size_t n = ingress_table_memory_bytes(64);

    *f = (struct fixture){.config = make_config()};
    f->ingresses_memory = aligned_alloc(CACHE_LINE_BYTES, n);
    f->ingresses = ingress_table_init(f->ingresses_memory, n, 64, 1, setup.secret);
    assert_non_null(f->ingresses);
    setup.config = f->config;
    setup.ingresses = f->ingresses;
    assert_int_equal(map_create(&setup, &f->map), 0);
    f->turn = (struct map_turn){.now_ns = NS_PER_S, .now_s = 1000, .epoch = 2, .closed = 1};
}

static inline void fixture_close(struct fixture *f)
{
    map_destroy(f->map);
    free(f->ingresses_memory);
    config_free(f->config);
}

/* The number of lib/ingress of a VLAN; 0: untagged. */
static inline uint16_t ingress_of_vlan(struct fixture *f, uint16_t vlan)
{
    struct packet_view view = {.has_ip = true, .vlan_id = {vlan, PACKET_VLAN_NONE}};
    struct ingress who;

    view.n_vlans = vlan != 0;
    who = ingress_of_packet(&view, 0);
    return ingress_table_find_or_add(f->ingresses, &who);
}

static inline uint16_t place_of(const struct fixture *f, const char *name)
{
    return map_places_find(map_places(f->map), name);
}

/* A turn of 10 ms; all workers have begun one. */
static inline void fixture_turn(struct fixture *f)
{
    f->turn.now_ns += 10 * NS_PER_MS;
    f->turn.epoch++;
    f->turn.closed = f->turn.epoch - 1;
    map_turn(f->map, &f->turn);
}

static inline struct packet_view segment_from(const struct ip_address *source)
{
    return (struct packet_view){.source = *source,
                                .destination = prefix_of("198.51.100.1").address,
                                .payload_bytes = 100,
                                .reason = PACKET_TCP,
                                .protocol = PACKET_PROTOCOL_TCP,
                                .has_ip = true,
                                .is_ipv4 = ip_address_is_ipv4(source)};
}

static inline struct ip_address ipv4(uint32_t a)
{
    const uint8_t bytes[4] = {(uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8),
                              (uint8_t)a};

    return ip_address_from_ipv4(bytes);
}

/* n equal segments by a worker, at the time of the turn. */
static inline void send_from(struct fixture *f, uint32_t worker, const struct ip_address *source,
                             uint16_t ingress, unsigned int n)
{
    const struct packet_view view = segment_from(source);
    const uint32_t n_bytes = 154;
    const struct map_burst burst = {&view, &ingress, &n_bytes, 1};

    map_worker_begin(map_worker(f->map, worker), f->turn.now_ns);
    for (unsigned int i = 0; i < n; i++)
        map_worker_count(map_worker(f->map, worker), &burst);
}

static inline const struct map_entry *entry_of(const struct fixture *f, const char *prefix,
                                               uint16_t place)
{
    const struct ip_prefix p = prefix_of(prefix);
    const struct map_key key = map_key_of(&p.address, p.is_ipv4, p.length, place);
    const uint32_t slot = map_find(f->map, &key);

    return slot == MAP_NO_SLOT ? NULL : map_at(f->map, slot);
}

static inline void must_fit(const struct fixture *f)
{
    const char *wrong = map_check(f->map);

    if (wrong != NULL)
        fail_msg("%s", wrong);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Classification in bulk against its naive twin, on random slices and packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "config/classify.h"
#include "eal.h"
#include "prefix/prefix.h"

#define MAX_SLICES  40
#define N_PORTS     3
#define N_VLANS     3
#define N_SESSIONS  2
#define N_MARKS     2
#define N_TCP_PORTS 3

struct world {
    struct slice slices[MAX_SLICES];
    uint32_t n;
};

static uint32_t below(struct random_source *r, uint32_t n)
{
    return random_u32(r) % n;
}

/* Few different bytes, so that prefixes nest and addresses hit them. */
static struct ip_address random_address(struct random_source *r, bool is_ipv4)
{
    uint8_t bytes[16];

    for (unsigned int i = 0; i < sizeof(bytes); i++)
        bytes[i] = below(r, 2) ? 0x20 : (uint8_t)(0x20 | 1 << below(r, 3));
    return is_ipv4 ? ip_address_from_ipv4(bytes) : ip_address_from_ipv6(bytes);
}

static struct ip_prefix random_prefix(struct random_source *r)
{
    static const uint8_t lengths4[] = {0, 1, 8, 15, 16, 20, 23, 24, 25, 28, 31, 32};
    static const uint8_t lengths6[] = {0, 1, 16, 24, 25, 32, 44, 48, 56, 64, 65, 127, 128};
    bool is_ipv4 = below(r, 2);
    struct ip_address a = random_address(r, is_ipv4);

    return ip_prefix_of_address(&a, is_ipv4 ? lengths4[below(r, sizeof(lengths4))]
                                            : lengths6[below(r, sizeof(lengths6))]);
}

static struct ip_prefix *random_prefixes(struct random_source *r, uint32_t n, bool any)
{
    struct ip_prefix *p = calloc(n, sizeof(*p));

    assert_non_null(p);
    for (uint32_t i = 0; i < n; i++)
        p[i] = any ? ip_prefix_any(i == 0) : random_prefix(r);
    return p;
}

static uint8_t random_tunnel(struct random_source *r)
{
    return below(r, 2) ? PACKET_TUNNEL_ERSPAN_2 : PACKET_TUNNEL_NONE;
}

/* One port or two in a row, of a few; at either end, at both or at none. */
static void random_ports(struct random_source *r, struct slice_ports *out)
{
    out->n_source = below(r, 2);
    out->n_destination = below(r, 3);
    for (unsigned int i = 0; i < 2; i++) {
        uint16_t first = (uint16_t)(1 + below(r, N_TCP_PORTS));

        out->source[i] = (struct slice_port_range){first, (uint16_t)(first + below(r, 2))};
        out->destination[i] = (struct slice_port_range){first, (uint16_t)(first + below(r, 2))};
    }
}

static void make_world(struct world *w, struct random_source *r)
{
    *w = (struct world){.n = 1 + below(r, MAX_SLICES)};
    for (uint32_t i = 0; i < w->n; i++) {
        struct slice *s = &w->slices[i];
        bool any = below(r, 2);

        s->n_sources = 1 + below(r, 6);
        s->sources = random_prefixes(r, s->n_sources, false);
        s->n_destinations = any ? 2 : 1 + below(r, 4);
        s->destinations = random_prefixes(r, s->n_destinations, any);
        s->ingress.port = below(r, 3) ? SLICE_ANY_PORT : (uint16_t)below(r, N_PORTS);
        s->ingress.vlan = below(r, 3) ? SLICE_ANY_VLAN : (uint16_t)below(r, N_VLANS);
        s->ingress.tunnel = below(r, 3) ? SLICE_ANY_TUNNEL : SLICE_TUNNEL(random_tunnel(r));
        s->ingress.has_tunnel_id = below(r, 3) == 0;
        s->ingress.tunnel_id = s->ingress.has_tunnel_id ? below(r, N_SESSIONS) : 0;
        if (below(r, 2))
            random_ports(r, &s->ports);
        s->has_mark = below(r, 3) == 0;
        s->mark = s->has_mark ? below(r, N_MARKS) : 0;
    }
}

static void free_world(struct world *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        free(w->slices[i].sources);
        free(w->slices[i].destinations);
    }
}

/* Inside a random prefix of a slice as often as anywhere. */
static struct packet_view random_view(struct random_source *r)
{
    struct packet_view v = {.has_ip = below(r, 20) != 0, .is_ipv4 = below(r, 2)};

    v.source = random_address(r, v.is_ipv4);
    v.destination = random_address(r, v.is_ipv4);
    v.n_vlans = (uint8_t)below(r, 2);
    v.vlan_id[0] = v.n_vlans > 0 ? (uint16_t)below(r, N_VLANS) : PACKET_VLAN_NONE;
    v.vlan_id[1] = PACKET_VLAN_NONE;
    v.reason = below(r, 4) ? PACKET_TCP : below(r, 2) ? PACKET_NOT_TCP : PACKET_IPV4_FRAGMENT;
    v.l4_offset = below(r, 2) ? 34 : 0;
    v.protocol = below(r, 4) ? PACKET_PROTOCOL_TCP : PACKET_PROTOCOL_UDP;
    v.source_port = (uint16_t)(1 + below(r, N_TCP_PORTS));
    v.destination_port = (uint16_t)(1 + below(r, N_TCP_PORTS));
    v.tunnel = random_tunnel(r);
    v.tunnel_id = v.tunnel != PACKET_TUNNEL_NONE ? below(r, N_SESSIONS) : 0;
    return v;
}

static int32_t naive(const struct world *w, const struct packet_view *v, uint16_t port,
                     uint32_t mark)
{
    const struct ingress at = ingress_of_packet(v, port);

    if (!v->has_ip)
        return PREFIX_NO_SLICE;
    return slice_classify_marked(w->slices, w->n, v, &at, mark);
}

/* Too few numbers for all: what has none is classified all the same. */
static struct ingress_table *few_ingresses(void)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n_bytes = ingress_table_memory_bytes(N_PORTS + 3);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    struct ingress_table *t = ingress_table_init(memory, n_bytes, N_PORTS + 3, N_PORTS, secret);

    assert_non_null(t);
    return t;
}

static unsigned int compare_burst(const struct world *w, const struct prefix_table *t,
                                  struct ingress_table *ingresses, struct random_source *r)
{
    struct packet_view views[PREFIX_MAX_BURST];
    uint16_t numbers[PREFIX_MAX_BURST];
    uint32_t marks[PREFIX_MAX_BURST];
    int32_t slices[PREFIX_MAX_BURST];
    unsigned int n = 1 + below(r, PREFIX_MAX_BURST), n_hits = 0;
    uint16_t port = (uint16_t)below(r, N_PORTS);
    const struct prefix_ways ways = {ingresses, numbers, port, below(r, 2) ? marks : NULL};
    struct ingress_memo memo = {.number = INGRESS_NONE};

    for (unsigned int i = 0; i < n; i++) {
        views[i] = random_view(r);
        numbers[i] = ingress_number(ingresses, &memo, &views[i], port);
        marks[i] = below(r, 3) && ways.marks != NULL ? below(r, N_MARKS) : SLICE_NO_MARK;
    }
    prefix_classify_bulk(t, views, n, &ways, slices);
    for (unsigned int i = 0; i < n; i++) {
        assert_int_equal(slices[i], naive(w, &views[i], port, marks[i]));
        n_hits += slices[i] >= 0;
    }
    return n_hits;
}

static void bulk_answers_as_the_linear_search(void **state)
{
    struct random_source r;
    unsigned int n_hits = 0;

    (void)state;
    random_seed_fixed(&r, 1, 0);
    for (int world = 0; world < 60; world++) {
        struct world w;
        struct ingress_table *ingresses = few_ingresses();
        struct prefix_table *t;

        make_world(&w, &r);
        t = prefix_table_create("twin", w.slices, w.n, SOCKET_ID_ANY);
        assert_non_null(t);
        for (int burst = 0; burst < 100; burst++)
            n_hits += compare_burst(&w, t, ingresses, &r);
        prefix_table_destroy(t);
        free(ingresses);
        free_world(&w);
    }
    assert_true(n_hits > 10000); /* the packets do reach the slices */
}

static void no_slice_takes_no_packet(void **state)
{
    struct prefix_table *t = prefix_table_create("none", NULL, 0, SOCKET_ID_ANY);
    struct packet_view v = {.has_ip = true, .is_ipv4 = true};
    const uint16_t number = ingress_number_of_port(0);
    const struct prefix_ways ways = {NULL, &number, 0, NULL};
    int32_t slice = 7;

    (void)state;
    assert_non_null(t);
    prefix_classify_bulk(t, &v, 1, &ways, &slice);
    assert_int_equal(slice, PREFIX_NO_SLICE);
    prefix_table_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_answers_as_the_linear_search),
        cmocka_unit_test(no_slice_takes_no_packet),
    };

    if (test_eal_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slice a packet belongs to, and which slices could tie. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "config/classify.h"
#include "config/config.h"

/* Ports "a", "b" (0, 1) and the slices s0, s1, ... of the options given. */
static int load_slices(const char *const *options, size_t n, struct config **out,
                       struct config_error *error)
{
    json_t *root =
        json_loads("{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"decapsulate\":true},"
                   "{\"name\":\"b\",\"device\":\"eth1\"}],\"slices\":[]}",
                   0, NULL);
    int status;

    for (size_t i = 0; i < n; i++) {
        json_t *slice = json_loads(options[i], 0, NULL);

        assert_non_null(slice);
        json_object_set_new(slice, "name", json_sprintf("s%zu", i));
        json_object_set_new(slice, "mode", json_string("off"));
        json_array_append_new(json_object_get(root, "slices"), slice);
    }
    status = config_load_json(root, out, error);
    json_decref(root);
    return status;
}

#define FROM(sources)   "{\"sources\":[" sources "]}"
#define TO(s, d)        "{\"sources\":[" s "],\"destinations\":[" d "]}"
#define VIA(s, ingress) "{\"sources\":[" s "],\"ingress\":{" ingress "}}"
#define PORTS(source, destination)                                                                 \
    "{\"sources\":[" TEN "],\"ports\":{\"source\":" source ",\"destination\":" destination "}}"
#define VXLAN(vni) "\"tunnel\":\"vxlan\",\"tunnel_id\":" #vni
#define TEN        "\"10.0.0.0/8\""
#define ELEVEN     "\"11.0.0.0/8\""
#define V6         "\"2001:db8::/32\""

static void slices_that_tie_are_refused_and_others_are_not(void **state)
{
    static const struct {
        const char *first, *second;
        bool tie;
    } cases[] = {
        {FROM(TEN), FROM(ELEVEN), false},
        {FROM(TEN), FROM(TEN), true},
        {FROM(TEN), FROM("\"10.0.0.0/9\""), false},
        {FROM(TEN "," ELEVEN), FROM("\"12.0.0.0/8\"," ELEVEN), true},
        {FROM(TEN), "{}", false},
        {"{}", "{}", true},
        {"{}", FROM("\"0.0.0.0/0\""), true},
        {"{}", FROM("\"::/0\""), true},
        {FROM("\"0.0.0.0/0\""), FROM("\"::/0\""), false},
        {FROM(V6), FROM(V6), true},
        {TO(TEN, ELEVEN), TO(TEN, "\"12.0.0.0/8\""), false},
        {TO(TEN, ELEVEN), TO(TEN, ELEVEN), true},
        {TO(TEN, ELEVEN), FROM(TEN), false},
        {TO(TEN, ELEVEN), TO(TEN, "\"11.0.0.0/9\""), false},
        {TO(TEN, "\"0.0.0.0/0\""), FROM(TEN), true},
        /* They share only a destination that their source cannot send to. */
        {TO(TEN, ELEVEN "," V6), TO(TEN, "\"12.0.0.0/8\"," V6), false},
        {VIA(TEN, "\"port\":\"a\""), VIA(TEN, "\"port\":\"b\""), false},
        {VIA(TEN, "\"port\":\"a\""), VIA(TEN, "\"port\":\"a\""), true},
        {VIA(TEN, "\"port\":\"a\""), FROM(TEN), false},
        {VIA(TEN, "\"port\":\"a\""), VIA(TEN, "\"vlan\":5"), false},
        {VIA(TEN, "\"vlan\":5"), VIA(TEN, "\"vlan\":6"), false},
        {VIA(TEN, "\"vlan\":5"), VIA(TEN, "\"vlan\":5"), true},
        {VIA(TEN, "\"vlan\":0"), FROM(TEN), false},
        {VIA(TEN, "\"port\":\"a\",\"vlan\":5"), VIA(TEN, "\"port\":\"a\""), false},
        {VIA(TEN, "\"port\":\"a\",\"vlan\":5"), VIA(TEN, "\"port\":\"a\",\"vlan\":5"), true},
        {VIA(TEN, "\"tunnel\":\"none\""), FROM(TEN), false},
        {VIA(TEN, "\"tunnel\":\"none\""), VIA(TEN, "\"tunnel\":\"none\""), true},
        {VIA(TEN, "\"tunnel\":\"any\""), FROM(TEN), true},
        {VIA(TEN, "\"tunnel\":\"gre\""), VIA(TEN, "\"tunnel\":\"gretap\""), false},
        {VIA(TEN, "\"tunnel\":\"vxlan\""), VIA(TEN, VXLAN(0)), false},
        {VIA(TEN, VXLAN(7)), VIA(TEN, VXLAN(8)), false},
        {VIA(TEN, VXLAN(7)), VIA(TEN, VXLAN(7)), true},
        {PORTS("[443]", "null"), PORTS("[80]", "null"), false},
        {PORTS("[443]", "null"), PORTS("[\"400-500\"]", "null"), true},
        {PORTS("[443]", "null"), PORTS("[\"400-442\",\"444-500\"]", "null"), false},
        {PORTS("[443]", "null"), PORTS("null", "null"), false},
        {PORTS("[443]", "null"), PORTS("null", "[443]"), false},
        {PORTS("[443]", "[80]"), PORTS("null", "[80]"), false},
        {PORTS("[443]", "[80]"), PORTS("[443]", "[81]"), false},
        {PORTS("[443]", "[80]"), PORTS("[443]", "[\"1-1024\"]"), true},
        {PORTS("[1]", "[80]"), PORTS("[443]", "[\"1-1024\"]"), false},
        {"{\"mark\":7}", "{}", false},
        {"{\"mark\":7}", "{\"mark\":8}", false},
        {"{\"mark\":7}", "{\"mark\":7}", true},
        {"{\"mark\":null}", "{}", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *options[] = {cases[i].first, cases[i].second};
        struct config *config = NULL;
        struct config_error error;
        int status = load_slices(options, 2, &config, &error);

        if (status != (cases[i].tie ? -EINVAL : 0))
            fail_msg("case %zu: %s", i, status == 0 ? "a tie was let in" : error.text);
        if (cases[i].tie)
            assert_string_equal(error.path, "$.slices[1]");
        config_free(config);
    }
}

/* VLAN 0: untagged. */
static struct ingress came_in(uint16_t port, uint16_t vlan, uint8_t tunnel, uint32_t tunnel_id)
{
    return (struct ingress){.port = port,
                            .vlan = {vlan == 0 ? PACKET_VLAN_NONE : vlan, PACKET_VLAN_NONE},
                            .tunnel = tunnel,
                            .tunnel_id = tunnel_id};
}

static void most_specific_slice_wins(void **state)
{
    static const char *const options[] = {
        "{}",                                      /* 0 */
        FROM(TEN),                                 /* 1 */
        TO(TEN, "\"192.0.2.0/24\""),               /* 2 */
        FROM("\"10.1.0.0/16\""),                   /* 3 */
        VIA(TEN, "\"vlan\":5"),                    /* 4 */
        VIA(TEN, "\"port\":\"b\""),                /* 5 */
        VIA(TEN, "\"port\":\"b\",\"vlan\":5"),     /* 6 */
        TO("\"10.1.2.0/24\"", "\"192.0.2.1\""),    /* 7 */
        FROM("\"10.9.0.0/16\",\"2001:db8::/32\""), /* 8 */
        VIA(TEN, "\"tunnel\":\"vxlan\""),          /* 9 */
        VIA(TEN, VXLAN(7)),                        /* 10 */
        VIA(TEN, "\"vlan\":8," VXLAN(7)),          /* 11 */
    };
    static const struct {
        const char *source, *destination;
        uint16_t port, vlan;
        int winner;
        uint8_t tunnel;
        uint32_t tunnel_id;
    } cases[] = {
        {"203.0.113.1", "198.51.100.1", 0, 0, 0, 0, 0},
        {"10.2.0.1", "198.51.100.1", 0, 0, 1, 0, 0},
        {"10.2.0.1", "192.0.2.9", 0, 0, 2, 0, 0},
        {"10.2.0.1", "192.0.2.9", 1, 5, 2, 0, 0}, /* a destination before any ingress */
        {"10.1.0.1", "192.0.2.9", 1, 5, 3, 0, 0}, /* a source before all else */
        {"10.2.0.1", "198.51.100.1", 0, 5, 4, 0, 0},
        {"10.2.0.1", "198.51.100.1", 1, 6, 5, 0, 0},
        {"10.2.0.1", "198.51.100.1", 1, 5, 6, 0, 0},
        {"10.1.2.3", "192.0.2.1", 0, 0, 7, 0, 0},
        {"10.1.2.3", "192.0.2.2", 0, 0, 3, 0, 0}, /* the longest source does not match as a whole */
        {"10.9.0.1", "198.51.100.1", 0, 0, 8, 0, 0},
        {"2001:db8::1", "2001:db8::2", 0, 0, 8, 0, 0},
        {"2001:db9::1", "2001:db8::2", 0, 0, 0, 0, 0},
        {"10.2.0.1", "198.51.100.1", 0, 0, 1, PACKET_TUNNEL_GRE, 7},
        {"10.2.0.1", "198.51.100.1", 0, 0, 9, PACKET_TUNNEL_VXLAN, 6},
        {"10.2.0.1", "198.51.100.1", 0, 0, 10, PACKET_TUNNEL_VXLAN, 7},
        {"10.2.0.1", "198.51.100.1", 0, 5, 4, PACKET_TUNNEL_VXLAN, 7}, /* a VLAN before a tunnel */
        {"10.2.0.1", "198.51.100.1", 0, 8, 11, PACKET_TUNNEL_VXLAN, 7},
        {"10.2.0.1", "192.0.2.9", 0, 0, 2, PACKET_TUNNEL_VXLAN, 7},
    };
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    if (load_slices(options, ARRAY_LENGTH(options), &config, &error) != 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct ingress at =
            came_in(cases[i].port, cases[i].vlan, cases[i].tunnel, cases[i].tunnel_id);
        struct packet_view v = {.reason = PACKET_NOT_TCP};

        assert_int_equal(ip_address_parse(cases[i].source, &v.source), 0);
        assert_int_equal(ip_address_parse(cases[i].destination, &v.destination), 0);
        assert_int_equal(slice_classify_linear(config->slices, config->n_slices, &v, &at),
                         cases[i].winner);
    }
    assert_int_equal(
        slice_classify_linear(config->slices, 0, &(struct packet_view){0}, &(struct ingress){0}),
        -1);
    config_free(config);
}

/* A small world, so that random prefixes meet: addresses 10.0.0.0 to 10.0.0.255. */
static struct ip_address small_address(struct random_source *r)
{
    uint8_t bytes[4] = {10, 0, 0, (uint8_t)random_u32(r)};

    return ip_address_from_ipv4(bytes);
}

static struct ip_prefix small_prefix(struct random_source *r)
{
    struct ip_address a = small_address(r);

    return ip_prefix_of_address(&a, (uint8_t)(24 + random_u32(r) % 9));
}

/* Of one source, one destination and any ingress: only the ports tell. */
static void ports_of_the_destination_come_before_those_of_the_source(void **state)
{
    static const char *const options[] = {
        PORTS("null", "null"),              /* 0 */
        PORTS("[7,\"1000-1999\"]", "null"), /* 1 */
        PORTS("null", "[80]"),              /* 2 */
        PORTS("[1500]", "[80]"),            /* 3 */
    };
    static const struct {
        enum packet_reason reason;
        uint8_t protocol;
        uint16_t l4_offset, source_port, destination_port;
        int winner;
    } cases[] = {
        {PACKET_TCP, 6, 34, 6, 443, 0},
        {PACKET_TCP, 6, 34, 7, 443, 1},
        {PACKET_TCP, 6, 34, 999, 443, 0},
        {PACKET_TCP, 6, 34, 1000, 443, 1},
        {PACKET_TCP, 6, 34, 1999, 443, 1},
        {PACKET_TCP, 6, 34, 2000, 443, 0},
        {PACKET_TCP, 6, 34, 7, 80, 2},
        {PACKET_TCP, 6, 34, 1500, 80, 3},
        {PACKET_TCP, 6, 34, 1500, 81, 1},
        {PACKET_NOT_TCP, 1, 34, 0, 0, 0},
        {PACKET_UDP, 17, 34, 7, 80, 0},
        {PACKET_IPV4_FRAGMENT, 6, 34, 7, 80, 2}, /* the first one, which has them */
        {PACKET_IPV4_FRAGMENT, 17, 34, 7, 80, 0},
        {PACKET_IPV4_FRAGMENT, 6, 0, 0, 0, 0},
        {PACKET_TRUNCATED_TCP, 6, 34, 0, 0, 0},
    };
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    if (load_slices(options, ARRAY_LENGTH(options), &config, &error) != 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v = {.reason = cases[i].reason,
                                .protocol = cases[i].protocol,
                                .l4_offset = cases[i].l4_offset,
                                .source_port = cases[i].source_port,
                                .destination_port = cases[i].destination_port};

        assert_int_equal(ip_address_parse("10.0.0.1", &v.source), 0);
        assert_int_equal(ip_address_parse("192.0.2.1", &v.destination), 0);
        assert_int_equal(
            slice_classify_linear(config->slices, config->n_slices, &v, &(struct ingress){0}),
            cases[i].winner);
    }
    config_free(config);
}

static void ports_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *options, *words;
    } cases[] = {
        {PORTS("[0]", "null"), "ports.source[0]: 0"},
        {PORTS("[65536]", "null"), "ports.source[0]: 65536"},
        {PORTS("[-1]", "null"), "ports.source[0]: -1"},
        {PORTS("[4294967297]", "null"), "ports.source[0]: 4294967297"},
        {PORTS("null", "[80,\"9-8\"]"), "ports.destination[1]: \"9-8\""},
        {PORTS("null", "[\"-8\"]"), "a range of them like"},
        {PORTS("null", "[\"8-\"]"), "a range of them like"},
        {PORTS("null", "[\"8-9x\"]"), "a range of them like"},
        {PORTS("null", "[\"8 - 9\"]"), "a range of them like"},
        {PORTS("null", "[\"http\"]"), "a range of them like"},
        {PORTS("null", "[\"1-99999999999999999999\"]"), "a range of them like"},
        {PORTS("null", "[true]"), "a range of them like"},
        {PORTS("[]", "null"), "a list of 1 to 16 TCP ports"},
        {PORTS("443", "null"), "a list of 1 to 16 TCP ports"},
        {PORTS("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "null"),
         "a list of 1 to 16 TCP ports"},
        {PORTS("[443,\"400-500\"]", "null"), "each port once"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config *config = NULL;
        struct config_error error;

        assert_int_equal(load_slices(&cases[i].options, 1, &config, &error), -EINVAL);
        if (strstr(error.text, cases[i].words) == NULL)
            fail_msg("case %zu: %s", i, error.text);
    }
}

static uint8_t random_tunnel(struct random_source *r)
{
    return random_u32(r) % 2 ? PACKET_TUNNEL_VXLAN : PACKET_TUNNEL_NONE;
}

struct random_slices {
    struct slice slices[8];
    struct ip_prefix sources[8][3], destinations[8][3];
};

/* Of ports 1 to 4, and ranges that do not overlap. */
static void draw_ports(struct random_source *r, struct slice_ports *out)
{
    struct slice_port_range ranges[] = {{1, 1 + random_u32(r) % 2}, {3, 3 + random_u32(r) % 2}};

    out->n_source = random_u32(r) % 2 * (random_u32(r) % 3);
    out->n_destination = random_u32(r) % 2 * (random_u32(r) % 3);
    for (size_t k = 0; k < 2; k++) {
        out->source[k] = ranges[k];
        out->destination[k] = ranges[1 - k];
    }
}

static void draw_slices(struct random_source *r, struct random_slices *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(out->slices); i++) {
        struct slice *s = &out->slices[i];

        memset(s, 0, sizeof(*s));
        s->sources = out->sources[i];
        s->destinations = out->destinations[i];
        s->n_sources = 1 + random_u32(r) % 3;
        s->n_destinations = 1 + random_u32(r) % 3;
        s->ingress.port = random_u32(r) % 2 ? SLICE_ANY_PORT : (uint16_t)(random_u32(r) % 2);
        s->ingress.vlan = random_u32(r) % 2 ? SLICE_ANY_VLAN : (uint16_t)(random_u32(r) % 2);
        s->ingress.tunnel = random_u32(r) % 2 ? SLICE_ANY_TUNNEL : SLICE_TUNNEL(random_tunnel(r));
        s->ingress.has_tunnel_id =
            s->ingress.tunnel == SLICE_TUNNEL(PACKET_TUNNEL_VXLAN) && random_u32(r) % 2;
        s->ingress.tunnel_id = s->ingress.has_tunnel_id ? random_u32(r) % 2 : 0;
        draw_ports(r, &s->ports);
        s->has_mark = random_u32(r) % 4 == 0;
        s->mark = s->has_mark ? random_u32(r) % 2 : 0;
        for (size_t k = 0; k < 3; k++) {
            out->sources[i][k] = small_prefix(r);
            out->destinations[i][k] = small_prefix(r);
        }
    }
}

static bool is_in(const struct slice_port_range *ranges, uint32_t n, uint16_t port)
{
    for (uint32_t i = 0; i < n; i++)
        for (unsigned int p = ranges[i].first; p <= ranges[i].last; p++)
            if (p == port)
                return true;
    return false;
}

#define N_RULES 9

/* The order of slice.h, taken one rule at a time: every pair of prefixes of every slice is a
 * candidate, and each rule leaves only the best of those that the rules before it left. */
static int classify_by_elimination(const struct random_slices *all, const struct packet_view *v,
                                   const struct ingress *at, uint32_t mark)
{
    int best[N_RULES] = {-1, -1, -1, -1, -1, -1, -1, -1, -1}, winner = -1;

    for (size_t i = 0; i < ARRAY_LENGTH(all->slices); i++)
        for (uint32_t s = 0; s < all->slices[i].n_sources; s++)
            for (uint32_t d = 0; d < all->slices[i].n_destinations; d++) {
                const struct slice_ingress *in = &all->slices[i].ingress;
                const struct slice_ports *ports = &all->slices[i].ports;
                int rank[N_RULES] = {all->sources[i][s].length,      all->destinations[i][d].length,
                                     in->port != SLICE_ANY_PORT,     in->vlan != SLICE_ANY_VLAN,
                                     in->tunnel != SLICE_ANY_TUNNEL, in->has_tunnel_id,
                                     ports->n_destination > 0,       ports->n_source > 0,
                                     all->slices[i].has_mark};
                size_t rule = 0;

                if (!ip_prefix_contains(&all->sources[i][s], &v->source) ||
                    !ip_prefix_contains(&all->destinations[i][d], &v->destination) ||
                    (rank[2] && in->port != at->port) ||
                    (rank[3] && in->vlan != ingress_outer_vlan(at)) ||
                    (rank[4] && in->tunnel != 1u + at->tunnel) ||
                    (rank[5] && in->tunnel_id != at->tunnel_id) ||
                    ((rank[6] || rank[7]) && v->reason != PACKET_TCP) ||
                    (rank[6] &&
                     !is_in(ports->destination, ports->n_destination, v->destination_port)) ||
                    (rank[7] && !is_in(ports->source, ports->n_source, v->source_port)) ||
                    (rank[8] && all->slices[i].mark != mark))
                    continue;
                while (rule < N_RULES && rank[rule] == best[rule])
                    rule++;
                if (rule == N_RULES || rank[rule] < best[rule])
                    continue;
                memcpy(best, rank, sizeof(best));
                winner = (int)i;
            }
    return winner;
}

static void random_packets_are_classified_as_by_elimination(void **state)
{
    struct random_source r;
    unsigned int n_matched = 0;

    (void)state;
    random_seed_fixed(&r, 20240804, 0);
    for (unsigned int round = 0; round < 2000; round++) {
        struct random_slices all;

        draw_slices(&r, &all);
        for (unsigned int packet = 0; packet < 20; packet++) {
            const struct packet_view v = {.source = small_address(&r),
                                          .destination = small_address(&r),
                                          .reason =
                                              random_u32(&r) % 4 == 0 ? PACKET_NOT_TCP : PACKET_TCP,
                                          .source_port = (uint16_t)(1 + random_u32(&r) % 4),
                                          .destination_port = (uint16_t)(1 + random_u32(&r) % 4)};
            uint16_t port = random_u32(&r) % 2, vlan = random_u32(&r) % 2;
            uint8_t tunnel = random_tunnel(&r);
            const struct ingress at = came_in(port, vlan, tunnel, random_u32(&r) % 2);
            uint32_t mark = random_u32(&r) % 3 == 0 ? SLICE_NO_MARK : random_u32(&r) % 2;
            int expected = classify_by_elimination(&all, &v, &at, mark);

            assert_int_equal(
                slice_classify_marked(all.slices, ARRAY_LENGTH(all.slices), &v, &at, mark),
                expected);
            n_matched += expected >= 0;
        }
    }
    assert_true(n_matched > 2000);
}

static json_t *prefix_texts(const struct ip_prefix *prefixes, uint32_t n)
{
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(ip_prefix_format(&prefixes[i], text)));
    return list;
}

static json_t *port_texts(const struct slice_port_range *ranges, uint32_t n)
{
    json_t *list = n > 0 ? json_array() : json_null();

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, json_sprintf("%u-%u", ranges[i].first, ranges[i].last));
    return list;
}

static json_t *document_of(const struct random_slices *all, size_t n)
{
    json_t *root =
        json_loads("{\"ports\":[{\"name\":\"p0\",\"device\":\"eth0\",\"decapsulate\":true},"
                   "{\"name\":\"p1\",\"device\":\"eth1\",\"decapsulate\":true}],\"slices\":[]}",
                   0, NULL);

    for (size_t i = 0; i < n; i++) {
        const struct slice *s = &all->slices[i];
        json_t *ingress = json_object();

        if (s->ingress.port != SLICE_ANY_PORT)
            json_object_set_new(ingress, "port", json_sprintf("p%u", s->ingress.port));
        if (s->ingress.vlan != SLICE_ANY_VLAN)
            json_object_set_new(ingress, "vlan", json_integer(s->ingress.vlan));
        if (s->ingress.tunnel != SLICE_ANY_TUNNEL)
            json_object_set_new(ingress, "tunnel",
                                json_string(s->ingress.tunnel == SLICE_TUNNEL(PACKET_TUNNEL_VXLAN)
                                                ? "vxlan"
                                                : "none"));
        if (s->ingress.has_tunnel_id)
            json_object_set_new(ingress, "tunnel_id", json_integer(s->ingress.tunnel_id));
        json_array_append_new(
            json_object_get(root, "slices"),
            json_pack("{s:o, s:s, s:o, s:o, s:o, s:{s:o, s:o}}", "name", json_sprintf("s%zu", i),
                      "mode", "off", "sources", prefix_texts(s->sources, s->n_sources),
                      "destinations", prefix_texts(s->destinations, s->n_destinations), "ingress",
                      ingress, "ports", "source", port_texts(s->ports.source, s->ports.n_source),
                      "destination", port_texts(s->ports.destination, s->ports.n_destination)));
    }
    return root;
}

static bool have_common_port(const struct slice_port_range *a, uint32_t n_a,
                             const struct slice_port_range *b, uint32_t n_b)
{
    for (uint16_t port = 1; port <= 4; port++)
        if (is_in(a, n_a, port) && is_in(b, n_b, port))
            return true;
    return false;
}

/* Every pair of slices, every pair of prefixes. */
static bool ties_by_comparing_all(const struct random_slices *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const struct slice *a = &all->slices[i], *b = &all->slices[j];
            bool same_source = false, same_destination = false;

            for (uint32_t s = 0; s < a->n_sources * b->n_sources; s++)
                same_source |=
                    ip_prefix_equal(&a->sources[s / b->n_sources], &b->sources[s % b->n_sources]);
            for (uint32_t d = 0; d < a->n_destinations * b->n_destinations; d++)
                same_destination |= ip_prefix_equal(&a->destinations[d / b->n_destinations],
                                                    &b->destinations[d % b->n_destinations]);
            if (same_source && same_destination && a->ingress.port == b->ingress.port &&
                a->ingress.vlan == b->ingress.vlan && a->ingress.tunnel == b->ingress.tunnel &&
                a->ingress.has_tunnel_id == b->ingress.has_tunnel_id &&
                a->ingress.tunnel_id == b->ingress.tunnel_id &&
                (a->ports.n_source > 0) == (b->ports.n_source > 0) &&
                (a->ports.n_destination > 0) == (b->ports.n_destination > 0) &&
                (a->ports.n_source == 0 || have_common_port(a->ports.source, a->ports.n_source,
                                                            b->ports.source, b->ports.n_source)) &&
                (a->ports.n_destination == 0 ||
                 have_common_port(a->ports.destination, a->ports.n_destination,
                                  b->ports.destination, b->ports.n_destination)))
                return true;
        }
    return false;
}

static bool repeats_itself(const struct random_slices *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < 3; k++)
            for (uint32_t l = 0; l < k; l++)
                if ((k < all->slices[i].n_sources &&
                     ip_prefix_equal(&all->sources[i][k], &all->sources[i][l])) ||
                    (k < all->slices[i].n_destinations &&
                     ip_prefix_equal(&all->destinations[i][k], &all->destinations[i][l])))
                    return true;
    return false;
}

/* Prefixes of /24 to /26 only and seldom an ingress, so that many of the draws tie. */
static void shorten(struct random_slices *all)
{
    for (size_t i = 0; i < ARRAY_LENGTH(all->slices); i++) {
        if (i > 0)
            all->slices[i].ingress =
                (struct slice_ingress){SLICE_ANY_PORT, SLICE_ANY_VLAN, SLICE_ANY_TUNNEL, false, 0};
        for (size_t k = 0; k < 3; k++) {
            struct ip_prefix *p = &all->sources[i][k], *q = &all->destinations[i][k];

            *p = ip_prefix_of_address(&p->address, 24 + p->length % 3);
            *q = ip_prefix_of_address(&q->address, 24 + q->length % 3);
        }
    }
}

static void random_slices_tie_as_by_comparing_all_pairs(void **state)
{
    struct random_source r;
    unsigned int n_ties = 0, n_good = 0;

    (void)state;
    random_seed_fixed(&r, 20240805, 0);
    for (unsigned int round = 0; round < 30000; round++) {
        struct random_slices all;
        struct config *config = NULL;
        struct config_error error;
        json_t *root;
        bool tie;

        draw_slices(&r, &all);
        shorten(&all);
        if (repeats_itself(&all, 4))
            continue;
        root = document_of(&all, 4);
        tie = ties_by_comparing_all(&all, 4);
        assert_int_equal(config_load_json(root, &config, &error), tie ? -EINVAL : 0);
        n_ties += tie;
        n_good += !tie;
        config_free(config);
        json_decref(root);
    }
    assert_true(n_ties > 100 && n_good > 100);
}

/* The most slices there may be, all of one source, told apart by their destinations. */
static void as_many_slices_as_allowed_load(void **state)
{
    json_t *root = json_pack("{s:[]}", "slices"), *last;
    json_t *list = json_object_get(root, "slices");
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    for (unsigned int i = 0; i < SLICE_MAX; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:[s], s:[o]}", "name", json_sprintf("s%u", i),
                                        "mode", "off", "sources", "10.0.0.0/8", "destinations",
                                        json_sprintf("172.16.%u.%u/32", i / 256, i % 256)));
    assert_int_equal(config_load_json(root, &config, &error), 0);
    assert_int_equal(config->n_slices, SLICE_MAX);
    config_free(config);
    last = json_array_get(list, SLICE_MAX - 1);
    json_object_set_new(last, "destinations", json_pack("[s]", "172.16.0.7/32"));
    config = NULL;
    assert_int_equal(config_load_json(root, &config, &error), -EINVAL);
    assert_string_equal(error.found, "10.0.0.0/8 to 172.16.0.7/32, as slice \"s7\" has it");
    assert_string_equal(error.path, "$.slices[4095]");
    json_array_append(list, last);
    assert_int_equal(config_load_json(root, &config, &error), -EINVAL);
    assert_string_equal(error.text, "$.slices: a list of 4097; allowed: a list of at most 4096 "
                                    "objects, each of them a slice");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_that_tie_are_refused_and_others_are_not),
        cmocka_unit_test(most_specific_slice_wins),
        cmocka_unit_test(ports_of_the_destination_come_before_those_of_the_source),
        cmocka_unit_test(ports_that_are_none_are_refused),
        cmocka_unit_test(random_packets_are_classified_as_by_elimination),
        cmocka_unit_test(random_slices_tie_as_by_comparing_all_pairs),
        cmocka_unit_test(as_many_slices_as_allowed_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* One address and port, two ways in, two modes: whatever a sender writes into tags and tunnel
 * headers, an active and a passive slice never write one flow record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "config/classify.h"
#include "engine/internal.h"
#include "pennyline-replay/replay.h"
#include "segments.h"

static const char document[] =
    "{\"instance\": {\"max_aggregates\": 4, \"flows_per_lcore\": 1024},"
    "\"ports\": [{\"name\": \"p\", \"device\": \"eth0\", \"decapsulate\": true}],"
    "\"defaults\": {\"seed\": 3, \"drop_probability\": 0.5},"
    "\"slices\": [{\"name\": \"plain\", \"mode\": \"active\", \"ingress\": {\"tunnel\": \"none\"}},"
    " {\"name\": \"wrapped\", \"mode\": \"passive\", \"ingress\": {\"tunnel\": \"vxlan\"}}]}";

struct lab {
    struct config *config;
    struct replay replay;
    uint64_t now_ns;
};

static void open_lab(struct lab *l)
{
    struct config_error error;

    if (config_load_text(document, &l->config, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(replay_open(&l->replay, l->config, NULL, NULL), 0);
    l->now_ns = NS_PER_S;
}

static void close_lab(struct lab *l)
{
    replay_finish(&l->replay);
    assert_null(replay_check(&l->replay));
    replay_close(&l->replay);
    config_free(l->config);
}

/* Plain, or in VXLAN with this number and two tags inside. */
static void send_segment(struct lab *l, bool wrapped, uint32_t sequence, uint16_t n, uint8_t flags)
{
    const struct segment s = {l->now_ns, sequence, 2000, n, flags, 1};
    uint8_t bytes[SEGMENT_FRAME_BYTES];
    struct capture_packet packet = {.time_ns = l->now_ns, .data = bytes};

    packet.captured_bytes = packet.frame_bytes = (uint32_t)segment_build(&s, bytes);
    packet_parse_l3(0, bytes, packet.captured_bytes, packet.frame_bytes, &packet.view);
    if (wrapped) {
        packet.view.tunnel = PACKET_TUNNEL_VXLAN;
        packet.view.tunnel_id = 3;
        packet.view.n_vlans = 2;
        packet.view.vlan_id[0] = 1097;
        packet.view.vlan_id[1] = 447;
    }
    replay_packet(&l->replay, &packet);
    l->now_ns += NS_PER_MS;
}

static void send_connection(struct lab *l, bool wrapped)
{
    uint32_t sequence = 1001;

    send_segment(l, wrapped, 1000, 0, SEGMENT_SYN);
    for (int i = 0; i < 40; i++, sequence += 100)
        send_segment(l, wrapped, sequence, 100, SEGMENT_ACK);
    /* A hole, a repeat, and the end: what each mode writes most of. */
    send_segment(l, wrapped, sequence + 500, 100, SEGMENT_ACK);
    send_segment(l, wrapped, sequence, 100, SEGMENT_ACK);
    send_segment(l, wrapped, sequence, 100, SEGMENT_ACK);
    send_segment(l, wrapped, sequence + 600, 0, SEGMENT_FIN | SEGMENT_ACK);
}

/* Tags and number are such that a 26-bit hash of them, as a key may have, is that of no tag and no
 * tunnel. */
static void two_modes_never_share_a_flow(bool wrapped_first)
{
    struct lab l;

    open_lab(&l);
    send_connection(&l, wrapped_first);
    send_connection(&l, !wrapped_first);
    send_connection(&l, wrapped_first);
    assert_int_equal(engine_flow_counters(l.replay.engine)->n_flows, 2);
    close_lab(&l);
}

static void a_passive_flow_is_not_taken_by_an_active_slice(void **state)
{
    (void)state;
    two_modes_never_share_a_flow(true);
}

static void an_active_flow_is_not_taken_by_a_passive_slice(void **state)
{
    (void)state;
    two_modes_never_share_a_flow(false);
}

/* The key alone keeps modes apart, also where a caller gives two ways one number. */
static void modes_are_kept_apart_where_ingresses_are_not(void **state)
{
    struct engine_packet p = {.ingress = 7, .n_bytes = 60};
    struct lab l;

    (void)state;
    open_lab(&l);
    engine_begin_burst(l.replay.engine, l.now_ns);
    for (int i = 0; i < 100; i++) {
        struct packet_view v = {.source_port = 1,
                                .sequence = 100u * (unsigned int)i,
                                .payload_bytes = 100,
                                .tcp_flags = TCP_FLAG_ACK,
                                .has_ip = true,
                                .is_ipv4 = true};

        p.view = &v;
        p.slice = i % 2;
        engine_lookup_bulk(l.replay.engine, &p, 1);
        engine_packet(l.replay.engine, &p);
    }
    assert_int_equal(engine_flow_counters(l.replay.engine)->n_flows, 2);
    close_lab(&l);
}

static struct packet_view random_way(struct random_source *r)
{
    static const uint16_t vlans[] = {PACKET_VLAN_NONE, 0, 1, 447, 1097};
    static const uint8_t source[4] = {192, 0, 2, 1}, destination[4] = {198, 51, 100, 1};
    struct packet_view v = {.source = ip_address_from_ipv4(source),
                            .destination = ip_address_from_ipv4(destination),
                            .has_ip = true,
                            .is_ipv4 = true,
                            .n_vlans = random_u32(r) % 3};

    v.vlan_id[0] = v.n_vlans > 0 ? vlans[1 + random_u32(r) % 4] : PACKET_VLAN_NONE;
    v.vlan_id[1] = v.n_vlans > 1 ? vlans[1 + random_u32(r) % 4] : PACKET_VLAN_NONE;
    v.tunnel = random_u32(r) % 2 ? PACKET_TUNNEL_VXLAN : PACKET_TUNNEL_NONE;
    v.tunnel_id = v.tunnel != PACKET_TUNNEL_NONE ? random_u32(r) % 3 : 0;
    return v;
}

static struct slice random_slice(struct random_source *r, struct ip_prefix *any)
{
    struct slice s = {.sources = any, .n_sources = 1, .destinations = any, .n_destinations = 1};

    s.mode = random_u32(r) % 2 ? SLICE_PASSIVE : SLICE_ACTIVE;
    s.ingress.port = random_u32(r) % 2 ? SLICE_ANY_PORT : random_u32(r) % 2;
    s.ingress.vlan = random_u32(r) % 2 ? SLICE_ANY_VLAN : random_u32(r) % 2 * 447;
    s.ingress.tunnel = random_u32(r) % 2 ? SLICE_ANY_TUNNEL
                                         : SLICE_TUNNEL(random_u32(r) % 2 ? PACKET_TUNNEL_VXLAN
                                                                          : PACKET_TUNNEL_NONE);
    s.ingress.has_tunnel_id = random_u32(r) % 3 == 0;
    s.ingress.tunnel_id = s.ingress.has_tunnel_id ? random_u32(r) % 3 : 0;
    return s;
}

/* Without a number: what tells two ways apart, field by field. */
static bool is_same_way(const struct packet_view *a, uint16_t port_a, const struct packet_view *b,
                        uint16_t port_b)
{
    uint16_t named[2][2] = {{0, 0}, {0, 0}};
    const struct packet_view *both[2] = {a, b};

    for (int k = 0; k < 2; k++)
        for (unsigned int i = 0, n = 0; i < both[k]->n_vlans; i++)
            if (both[k]->vlan_id[i] != 0)
                named[k][n++] = both[k]->vlan_id[i];
    return port_a == port_b && memcmp(named[0], named[1], sizeof(named[0])) == 0 &&
           a->tunnel == b->tunnel && a->tunnel_id == b->tunnel_id;
}

/* Of random slices and ways: two packets of one connection have the same key if, and only if, their
 * ingress and mode are the same; and the same ingress gives the same slice. */
static void keys_are_equal_where_ingress_and_mode_are(void **state)
{
    enum { N_ROUNDS = 300, N_PACKETS = 40, N_SLICES = 4 };
    static uint64_t memory[1 << 18];
    static const uint64_t secret[2] = {5, 6};
    struct ip_prefix any = ip_prefix_any(true);
    unsigned int n_equal = 0, n_modes = 0;
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 3, 1097);
    for (int round = 0; round < N_ROUNDS; round++) {
        struct ingress_table *t = ingress_table_init(memory, sizeof(memory), 4096, 2, secret);
        struct slice slices[N_SLICES];
        struct packet_view views[N_PACKETS];
        struct flow_key keys[N_PACKETS];
        uint16_t ports[N_PACKETS];
        int found[N_PACKETS];

        assert_non_null(t);
        for (int i = 0; i < N_SLICES; i++)
            slices[i] = random_slice(&r, &any);
        for (int i = 0; i < N_PACKETS; i++) {
            struct ingress_memo memo = {.number = INGRESS_NONE};
            struct engine_packet p = {.view = &views[i]};
            struct slice_rules rules = {0};

            views[i] = random_way(&r);
            ports[i] = random_u32(&r) % 2;
            p.ingress = ingress_number(t, &memo, &views[i], ports[i]);
            found[i] =
                slice_classify_linear(slices, N_SLICES, &views[i], ingress_table_at(t, p.ingress));
            rules.is_passive = found[i] >= 0 && slices[found[i]].mode == SLICE_PASSIVE;
            rules.mode = rules.is_passive ? FLOW_MODE_PASSIVE : FLOW_MODE_ACTIVE;
            keys[i] = engine_key_of(&p, &rules);
            for (int k = 0; k < i; k++) {
                bool same = is_same_way(&views[i], ports[i], &views[k], ports[k]);

                assert_int_equal(keys[i].ingress == keys[k].ingress, same);
                assert_int_equal(flow_key_equal(&keys[i], &keys[k]),
                                 same && keys[i].mode == keys[k].mode);
                if (same)
                    assert_int_equal(found[i], found[k]);
                n_equal += same;
                n_modes += keys[i].mode != keys[k].mode;
            }
        }
    }
    print_message("%u pairs of one ingress, %u of two modes\n", n_equal, n_modes);
    assert_true(n_equal > 1000);
    assert_true(n_modes > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passive_flow_is_not_taken_by_an_active_slice),
        cmocka_unit_test(an_active_flow_is_not_taken_by_a_passive_slice),
        cmocka_unit_test(modes_are_kept_apart_where_ingresses_are_not),
        cmocka_unit_test(keys_are_equal_where_ingress_and_mode_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

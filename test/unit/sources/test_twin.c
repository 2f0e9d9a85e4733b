/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets over several lanes, and what the keeper makes of them, beside a list of all that was sent
 * that is searched from its beginning each time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "sources/keeper.h"

#define MOST_LANES  3
#define N_WINDOWS   4
#define N_BURSTS    40
#define N_SOURCES   300 /* of each family */
#define MOST_PAIRS  8192
#define FIRST_PORT  70
#define N_PORTS     40 /* that are sent to */
#define ROOM_OF_ALL 100000

struct pair {
    struct ip_address source;
    int32_t port; /* as it is told */
    uint16_t sent_to;
    bool is_udp, is_ipv6;
};

/* Naive: what was seen in a window. */
struct twin {
    struct pair pairs[MOST_PAIRS];
    uint32_t n;
    struct sources_counters counters;
    uint64_t n_packets[SOURCES_MOST_PORTS + 1][4];
    uint16_t own_ports[SOURCES_MOST_PORTS]; /* in the order in which they came */
    uint32_t n_own;
};

struct world {
    struct sources_plan plan;
    struct sources *s;
    struct sources_lane *lanes[MOST_LANES];
    uint32_t n_lanes;
    struct sources_keeper *keeper;
    struct sources_time now;
    struct random_source random;
    struct twin twins[2]; /* of this window, and of the one before */
};

static void *zeroed(size_t n)
{
    void *memory = aligned_alloc(CACHE_LINE_BYTES,
                                 (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);

    assert_non_null(memory);
    return memset(memory, 0, n);
}

static void open_world(struct world *w, const struct sources_plan *plan, uint32_t n_lanes,
                       uint64_t seed)
{
    uint64_t key[2];

    memset(w, 0, sizeof(*w));
    random_seed_fixed(&w->random, seed, 0);
    key[0] = random_u64(&w->random);
    key[1] = random_u64(&w->random);
    w->plan = *plan;
    w->s = sources_init(zeroed(sizeof(*w->s)), plan, key);
    w->n_lanes = n_lanes;
    for (uint32_t i = 0; i < n_lanes; i++)
        w->lanes[i] = sources_lane_init(zeroed(sources_lane_memory_bytes(plan)), plan);
    w->now = (struct sources_time){1700000000 * (int64_t)NS_PER_S, 5 * NS_PER_S};
    w->now.wall_ns -= w->now.wall_ns % ((int64_t)plan->window_s * (int64_t)NS_PER_S);
    w->keeper = sources_keeper_create(w->s, w->lanes, n_lanes, &w->now, false);
    assert_non_null(w->keeper);
}

static void close_world(struct world *w)
{
    sources_keeper_destroy(w->keeper);
    for (uint32_t i = 0; i < w->n_lanes; i++)
        free(w->lanes[i]);
    free(w->s);
}

/* Few addresses, so that they come again, at other workers, too; local ones and global ones. */
static struct packet_view packet(struct random_source *random)
{
    const uint32_t n = random_u32(random) % N_SOURCES, kind = random_u32(random) % 20;
    const uint8_t four[4] = {n % 3 == 0 ? 192 : 11, 168, (uint8_t)(n >> 8), (uint8_t)n};
    const uint8_t sixteen[16] = {
        0x20, 0x01, 0x0d, n % 2 != 0 ? 0xb8 : 0xb9, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n};
    struct packet_view v = {.is_ipv4 = random_u32(random) % 2 != 0, .has_ip = true};

    v.source = v.is_ipv4 ? ip_address_from_ipv4(four) : ip_address_from_ipv6(sixteen);
    v.destination = v.is_ipv4 ? ip_address_from_ipv4((uint8_t[]){192, 0, 2, (uint8_t)(n % 2)})
                              : ip_address_from_ipv6(sixteen);
    v.reason = kind < 9 ? PACKET_TCP : kind < 16 ? PACKET_UDP : PACKET_NOT_TCP;
    v.protocol = kind % 2 != 0 ? PACKET_PROTOCOL_TCP : PACKET_PROTOCOL_UDP;
    if (kind >= 18)
        v.reason = v.is_ipv4 ? PACKET_IPV4_FRAGMENT : PACKET_IPV6_FRAGMENT;
    if (kind == 19)
        v.l4_offset = 34; /* the first one */
    v.destination_port = (uint16_t)(FIRST_PORT + random_u32(random) % N_PORTS);
    return v;
}

/* -2: it is not counted; -1: in the place of all others. */
static int32_t port_of(const struct world *w, struct twin *t, uint16_t port)
{
    for (uint32_t i = 0; i < w->plan.n_ports && !w->plan.takes_any_port; i++)
        if (w->plan.ports[i] == port)
            return port;
    if (!w->plan.takes_any_port)
        return -2;
    for (uint32_t i = 0; i < t->n_own; i++)
        if (t->own_ports[i] == port)
            return port;
    if (t->n_own == w->plan.n_ports)
        return -1;
    t->own_ports[t->n_own++] = port;
    return port;
}

static bool is_asked_for(const struct world *w, const struct packet_view *v)
{
    for (uint32_t i = 0; i < w->plan.n_destinations; i++)
        if (ip_prefix_contains(&w->plan.destinations[i], &v->destination))
            return true;
    return w->plan.n_destinations == 0;
}

static bool is_local(const struct packet_view *v)
{
    static const char *const texts[] = {"192.168.0.0/16", "2001:db8::/32"};
    struct ip_prefix p;

    for (unsigned int i = 0; i < 2; i++)
        if (ip_prefix_parse(texts[i], &p) == 0 && ip_prefix_contains(&p, &v->source))
            return true;
    return false;
}

static bool has_pair(const struct twin *t, const struct pair *p, bool with_sent_to)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (ip_address_equal(&t->pairs[i].source, &p->source) && t->pairs[i].port == p->port &&
            t->pairs[i].is_udp == p->is_udp && t->pairs[i].is_ipv6 == p->is_ipv6 &&
            (!with_sent_to || t->pairs[i].sent_to == p->sent_to))
            return true;
    return false;
}

static void count_naively(struct world *w, const struct packet_view *v)
{
    struct twin *t = &w->twins[0];
    struct pair p = {.source = v->source, .is_ipv6 = !v->is_ipv4, .sent_to = v->destination_port};
    const bool is_fragment = v->reason == PACKET_IPV4_FRAGMENT || v->reason == PACKET_IPV6_FRAGMENT;

    if (!is_asked_for(w, v)) {
        t->counters.other_destination++;
    } else if (w->plan.hides_local && is_local(v)) {
        t->counters.local++;
    } else if (is_fragment && v->l4_offset == 0) {
        t->counters.later_fragments++;
    } else if (v->reason == PACKET_NOT_TCP) {
        t->counters.other_protocol++;
    } else {
        p.is_udp = is_fragment ? v->protocol == PACKET_PROTOCOL_UDP : v->reason == PACKET_UDP;
        if (p.is_udp ? !w->plan.udp : !w->plan.tcp) {
            t->counters.other_protocol++;
            return;
        }
        p.port = port_of(w, t, v->destination_port);
        if (p.port == -2) {
            t->counters.other_port++;
            return;
        }
        t->counters.counted++;
        t->n_packets[p.port + 1][p.is_udp * 2 + p.is_ipv6]++;
        if (!has_pair(t, &p, true))
            t->pairs[t->n++] = p;
        assert_true(t->n < MOST_PAIRS);
    }
}

static void send_bursts(struct world *w)
{
    struct packet_view views[SOURCES_MOST_PACKETS];

    for (unsigned int i = 0; i < N_BURSTS; i++) {
        const uint64_t which = random_u64(&w->random) | random_u64(&w->random);

        for (unsigned int k = 0; k < SOURCES_MOST_PACKETS; k++) {
            views[k] = packet(&w->random);
            if ((which >> k & 1) != 0)
                count_naively(w, &views[k]);
        }
        sources_count(w->s, w->lanes[i % w->n_lanes], views, which);
    }
}

/* Sources of a cell: of the last place, whatever port they came to. */
static uint64_t count_sources(const struct twin *t, const struct sources_cell_count *c,
                              const struct twin *before)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct pair *p = &t->pairs[i];
        bool is_first = true;

        if (p->port != c->port || p->is_udp != c->is_udp || p->is_ipv6 != c->is_ipv6)
            continue;
        for (uint32_t k = 0; k < i && is_first; k++)
            is_first = !(t->pairs[k].port == p->port && t->pairs[k].is_udp == p->is_udp &&
                         ip_address_equal(&t->pairs[k].source, &p->source));
        n += is_first && (before == NULL || !has_pair(before, p, false));
    }
    return n;
}

static void assert_cells(const struct world *w, const struct sources_result *r)
{
    const struct twin *t = &w->twins[0], *before = &w->twins[1];
    uint64_t n_packets = 0, n_held = 0;

    for (uint32_t i = 0; i < r->n_cells; i++) {
        const struct sources_cell_count *c = &r->cells[i];
        const uint64_t n = count_sources(t, c, NULL);

        assert_int_equal(c->packets, t->n_packets[c->port + 1][c->is_udp * 2 + c->is_ipv6]);
        n_packets += c->packets;
        n_held += n;
        if (r->is_estimate)
            assert_true(fabs((double)c->sources - (double)n) <= 2 + 5 * r->error * (double)n);
        else
            assert_int_equal(c->sources, n);
        if (r->has_new && c->port >= 0)
            assert_int_equal(c->n_new, count_sources(t, c, before));
    }
    assert_int_equal(n_packets, t->counters.counted);
    if (!r->is_estimate)
        assert_int_equal(sources_keeper_n_seen(w->keeper), n_held);
}

static void assert_seen(const struct world *w)
{
    for (uint32_t i = 0; i < sources_keeper_n_seen(w->keeper); i++) {
        const struct sources_seen s = sources_keeper_seen(w->keeper, i);
        const struct pair p = {
            .source = s.source, .port = s.port, .is_udp = s.is_udp, .is_ipv6 = s.is_ipv6};

        assert_true(has_pair(&w->twins[0], &p, false));
    }
}

static void end_window(struct world *w)
{
    const uint64_t key[2] = {random_u64(&w->random), random_u64(&w->random)};
    unsigned int n_results = 0;

    w->now.wall_ns += (int64_t)w->plan.window_s * (int64_t)NS_PER_S;
    w->now.now_ns += w->plan.window_s * NS_PER_S;
    assert_true(sources_keeper_turn(w->keeper, &w->now, key));
    sources_keeper_left(w->keeper);
    /* In pieces of any size. */
    for (unsigned int i = 0; i < 100000; i++)
        n_results += sources_keeper_work(w->keeper, 1 + random_u32(&w->random) % 50);
    assert_int_equal(n_results, 1);
}

static void play(const struct sources_plan *plan, uint32_t n_lanes, uint64_t seed)
{
    static struct world world;
    struct world *w = &world;

    open_world(w, plan, n_lanes, seed);
    for (unsigned int i = 0; i < N_WINDOWS; i++) {
        const struct sources_result *r;

        send_bursts(w);
        end_window(w);
        r = sources_keeper_result(w->keeper);
        assert_non_null(r);
        assert_int_equal(r->number, i + 1);
        assert_int_equal(r->is_estimate, plan->n_exact < ROOM_OF_ALL);
        assert_memory_equal(&r->counters, &w->twins[0].counters, sizeof(r->counters));
        assert_cells(w, r);
        assert_seen(w);
        assert_true(fabs(r->pairs / w->twins[0].n - 1) < 5 * r->error + 0.01);
        w->twins[1] = w->twins[0];
        memset(&w->twins[0], 0, sizeof(w->twins[0]));
    }
    close_world(w);
}

static const struct sources_plan listed = {.window_s = 10,
                                           .n_exact = ROOM_OF_ALL,
                                           .precision = 12,
                                           .n_ports = 4,
                                           .tcp = true,
                                           .udp = true,
                                           .ports = {80, 75, 90, 22}};

static void listed_ports_are_counted_as_the_twin_does(void **state)
{
    (void)state;
    for (uint32_t n_lanes = 1; n_lanes <= MOST_LANES; n_lanes++)
        play(&listed, n_lanes, n_lanes);
}

static void any_port_has_a_place_until_there_are_none_and_the_rest_has_one(void **state)
{
    struct sources_plan plan = listed;

    (void)state;
    plan.takes_any_port = true;
    for (plan.n_ports = 1; plan.n_ports < 64; plan.n_ports += 12)
        play(&plan, MOST_LANES, 10 + plan.n_ports);
}

static void what_is_filtered_is_counted_under_its_name(void **state)
{
    struct sources_plan plan = listed;

    (void)state;
    plan.hides_local = true;
    plan.udp = false;
    play(&plan, 2, 20);
    plan.udp = true;
    plan.tcp = false;
    plan.n_destinations = 2;
    assert_int_equal(ip_prefix_parse("192.0.2.1/32", &plan.destinations[0]), 0);
    assert_int_equal(ip_prefix_parse("2001:db9::/32", &plan.destinations[1]), 0);
    play(&plan, 2, 21);
}

/* One worker's set, the union of two, and no set at all. */
static void beyond_the_room_numbers_are_estimates_and_say_so(void **state)
{
    static const uint32_t rooms[] = {0, 100, 700};
    struct sources_plan plan = listed;

    (void)state;
    plan.takes_any_port = true;
    plan.n_ports = 10;
    for (unsigned int i = 0; i < 3; i++) {
        plan.n_exact = rooms[i];
        play(&plan, MOST_LANES, 30 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_ports_are_counted_as_the_twin_does),
        cmocka_unit_test(any_port_has_a_place_until_there_are_none_and_the_rest_has_one),
        cmocka_unit_test(what_is_filtered_is_counted_under_its_name),
        cmocka_unit_test(beyond_the_room_numbers_are_estimates_and_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries under random packets, expectations and times, beside a naive twin: it holds what the map
 * said came and left, goes through all of it for each packet, and counts. */
#include "base/random.h"
#include "fixture.h"

#define N_ENTRIES 24
#define N_WORKERS 3
#define N_SLOTS   (N_ENTRIES + 1)

struct twin {
    struct fixture f;
    struct random_source rng;
    bool is_live[N_SLOTS];
    struct map_key keys[N_SLOTS];
    uint64_t packets[N_SLOTS], bytes[N_SLOTS];
    uint16_t ingresses[4];
    const char *places[4];
    uint64_t n_sent, n_mapped;
    struct map_expectation *expected;
};

static unsigned int below(struct twin *t, unsigned int n)
{
    return (unsigned int)(random_u64(&t->rng) % n);
}

static void follow_changes(struct twin *t)
{
    struct map_change c;

    while (map_next_change(t->f.map, &c)) {
        if (c.kind == MAP_CHANGE_ENTRY_NEW) {
            assert_false(t->is_live[c.slot]);
            t->is_live[c.slot] = true;
            t->keys[c.slot] = c.key;
            t->packets[c.slot] = t->bytes[c.slot] = 0;
        } else if (c.kind == MAP_CHANGE_ENTRY_GONE) {
            assert_true(t->is_live[c.slot]);
            t->is_live[c.slot] = false;
        }
    }
}

/* The live entry of this place and length that holds the source. */
static int find(const struct twin *t, const struct ip_address *source, uint16_t place,
                uint8_t length)
{
    for (int i = 1; i < N_SLOTS; i++) {
        const struct ip_prefix p = map_key_prefix(&t->keys[i]);

        if (t->is_live[i] && t->keys[i].ingress == place && p.length == length &&
            ip_prefix_contains(&p, source))
            return i;
    }
    return 0;
}

static void send(struct twin *t)
{
    const uint32_t net = below(t, 3) == 0 ? 0x14000000 : 0x14010000 + below(t, 3) * 0x10000;
    const struct ip_address source =
        below(t, 6) == 0 ? prefix_of("2a00::1").address : ipv4(net + below(t, 4) * 256 + 7);
    const bool is_ipv4 = ip_address_is_ipv4(&source);
    const unsigned int at = below(t, 4), n = 1 + below(t, 12);
    const uint16_t place = map_places_find(map_places(t->f.map), t->places[at]);
    const uint8_t finest = map_finest(is_ipv4);
    const uint8_t coarse =
        t->expected == NULL
            ? finest
            : map_grain_at(t->expected->grain, map_top_bits(&source, is_ipv4), is_ipv4);
    int slot = find(t, &source, place, coarse);

    if (slot == 0)
        slot = find(t, &source, place, finest);
    send_from(&t->f, below(t, N_WORKERS), &source, t->ingresses[at], n);
    t->packets[slot] += n;
    t->bytes[slot] += n * 154;
    t->n_sent += n;
    t->n_mapped += slot != 0 ? n : 0;
}

static void expect_anew(struct twin *t)
{
    static const char *const routes[] = {"20.0.0.0/16", "20.1.0.0/16", "20.2.0.0/15",
                                         "20.1.1.0/24", "20.1.0.0/22", "0.0.0.0/0",
                                         "2a00::/32",   "20.0.2.0/23"};
    struct expect_builder *b = begin_expectation(t->f.config);
    struct map_expectation *e;

    for (unsigned int i = 0; i < ARRAY_LENGTH(routes); i++)
        if (below(t, 2) == 0)
            add_route(b, routes[i], 64501 + below(t, 3));
    e = finish_expectation(b);
    if (map_expect(t->f.map, e, t->f.turn.epoch) == 0)
        t->expected = e;
    else
        map_expectation_destroy(e);
}

/* After all rows were read, of which some entries may have left. */
static void compare(struct twin *t)
{
    t->f.turn.now_ns += NS_PER_MS;
    map_read_all(t->f.map, &t->f.turn);
    follow_changes(t);
    must_fit(&t->f);
    for (uint32_t i = 1; i < N_SLOTS; i++) {
        const struct map_entry *e = map_at(t->f.map, i);

        assert_int_equal(e->life == MAP_LIVE, t->is_live[i]);
        if (e->life != MAP_LIVE)
            continue;
        assert_memory_equal(&e->key, &t->keys[i], sizeof(e->key));
        assert_int_equal(e->packets, t->packets[i]);
        assert_int_equal(e->bytes, t->bytes[i]);
        assert_int_equal(e->payload_segments, t->packets[i]);
    }
    assert_int_equal(map_worker_totals(t->f.map).packets, t->n_sent);
    assert_int_equal(map_worker_totals(t->f.map).mapped, t->n_mapped);
    assert_int_equal(map_worker_totals(t->f.map).stray, t->n_sent - t->n_mapped);
}

static void mark(struct twin *t)
{
    const uint32_t slot = 1 + below(t, N_ENTRIES);
    const struct map_entry *e = map_at(t->f.map, slot);
    const struct map_reality reality = {.state = (uint8_t)below(t, MAP_N_REALITIES)};

    map_set_flags(t->f.map, slot, e->generation, MAP_PINNED, below(t, 3) == 0);
    map_set_reality(t->f.map, slot, e->generation, &reality);
}

/* Epochs close late now and then, so that slots are not free at once. */
static void turn(struct twin *t)
{
    static const uint64_t gaps_ns[] = {10 * NS_PER_MS, 100 * NS_PER_MS, 20 * NS_PER_S,
                                       90 * NS_PER_S, 90000 * NS_PER_S};
    struct map_expectation *e;

    t->f.turn.now_ns += gaps_ns[below(t, 12) == 0 ? below(t, ARRAY_LENGTH(gaps_ns)) : below(t, 2)];
    t->f.turn.epoch++;
    if (below(t, 3) == 0)
        t->f.turn.closed = t->f.turn.epoch - 1 - below(t, 2);
    map_turn(t->f.map, &t->f.turn);
    follow_changes(t);
    e = map_take_retired(t->f.map);
    map_expectation_destroy(e);
}

static void play(uint64_t seed)
{
    static struct twin t;
    static const uint16_t vlans[] = {0, 1, 2, 3};
    static const char *const places[] = {"m", "customer", "peer", "transit"};

    memset(&t, 0, sizeof(t));
    random_seed_fixed(&t.rng, seed, 0);
    fixture_open(&t.f, N_ENTRIES, N_WORKERS);
    for (unsigned int i = 0; i < 4; i++) {
        t.ingresses[i] = ingress_of_vlan(&t.f, vlans[i]);
        t.places[i] = places[i];
    }
    fixture_turn(&t.f);
    for (int i = 0; i < 1500; i++) {
        const unsigned int what = below(&t, 100);

        if (what < 70)
            send(&t);
        else if (what < 94)
            turn(&t);
        else if (what < 98)
            mark(&t);
        else if (what < 99)
            expect_anew(&t);
        else
            compare(&t);
    }
    compare(&t);
    assert_true(map_counters(t.f.map).admitted > N_ENTRIES);
    fixture_close(&t.f);
}

static void test_counts_are_those_of_the_entry_that_was_there(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++)
        play(seed);
}

/* A worker that stands in the middle of a burst may still count for it. */
static void test_a_slot_is_given_again_after_every_worker_began_a_turn(void **state)
{
    const struct ip_address a = prefix_of("20.0.5.1").address;
    struct map_key key;
    struct fixture f;
    uint32_t slot;

    (void)state;
    fixture_open(&f, 4, 2);
    fixture_turn(&f);
    send_from(&f, 0, &a, 1, 8);
    fixture_turn(&f);
    key = map_key_of(&a, true, 24, place_of(&f, "m"));
    slot = map_find(f.map, &key);
    assert_int_not_equal(slot, MAP_NO_SLOT);
    f.turn.now_ns += 86400 * NS_PER_S;
    map_read_all(f.map, &f.turn);
    assert_int_equal(map_find(f.map, &key), MAP_NO_SLOT);
    for (int i = 0; i < 3; i++) {
        f.turn.closed = f.turn.epoch;
        map_turn(f.map, &f.turn);
        assert_int_equal(map_at(f.map, slot)->life, MAP_LEAVING);
    }
    f.turn.closed = f.turn.epoch + 1;
    map_turn(f.map, &f.turn);
    assert_int_equal(map_at(f.map, slot)->life, MAP_FREE);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_is_given_again_after_every_worker_began_a_turn),
        cmocka_unit_test(test_counts_are_those_of_the_entry_that_was_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

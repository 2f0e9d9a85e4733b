/* SPDX-License-Identifier: BSD-3-Clause */
/* Random sources, two millions of them, beside senders that are there: who gets entries, who keeps
 * them, and what is said about it. */
#include "base/random.h"
#include "fixture.h"

#define N_ENTRIES 4096
#define N_SENDERS 300
#define N_RANDOM  2000000

static struct random_source rng;

static struct ip_address sender(unsigned int i)
{
    return ipv4(0x14000000 + i * 256 + 9);
}

/* One second of the senders: ten segments each. */
static void send_all(struct fixture *f, uint16_t ingress)
{
    for (unsigned int i = 0; i < N_SENDERS; i++) {
        const struct ip_address a = sender(i);

        send_from(f, i % 2, &a, ingress, 10);
    }
}

static void flood(struct fixture *f, uint16_t ingress, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        const struct ip_address a = ipv4(random_u32(&rng));

        send_from(f, i % 2, &a, ingress, 1);
    }
}

static unsigned int count_senders(const struct fixture *f, uint16_t place)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < N_SENDERS; i++) {
        const struct ip_address a = sender(i);
        const struct map_key key = map_key_of(&a, true, 24, place);

        n += map_find(f->map, &key) != MAP_NO_SLOT;
    }
    return n;
}

static void pass_a_second(struct fixture *f)
{
    for (int i = 0; i < 100; i++)
        fixture_turn(f);
}

static void test_random_sources_push_out_nobody_and_keep_nobody_out(void **state)
{
    struct fixture f;
    uint16_t peer;

    (void)state;
    random_seed_fixed(&rng, 3, 0);
    fixture_open(&f, N_ENTRIES, 2);
    peer = ingress_of_vlan(&f, 2);
    fixture_turn(&f);
    /* They come while the flood is on: 100,000 a second for 20 seconds. */
    for (int second = 0; second < 20; second++) {
        for (int part = 0; part < 100; part++) {
            flood(&f, peer, N_RANDOM / 2000);
            fixture_turn(&f);
        }
        if (second >= 5)
            send_all(&f, peer);
    }
    pass_a_second(&f);
    assert_int_equal(count_senders(&f, place_of(&f, "peer")), N_SENDERS);
    /* Of the random ones hardly any sent enough: eight segments out of 2,000,000 / 2^24 a prefix.
     */
    assert_true(map_counters(f.map).admitted < N_SENDERS + 20);
    must_fit(&f);
    fixture_close(&f);
}

/* Who sends eight segments from each of many prefixes gets entries, up to a quota. */
static void test_one_ingress_leaves_room_for_the_others(void **state)
{
    struct fixture f;
    uint16_t peer, customer;

    (void)state;
    fixture_open(&f, N_ENTRIES, 2);
    peer = ingress_of_vlan(&f, 2);
    customer = ingress_of_vlan(&f, 1);
    fixture_turn(&f);
    for (uint32_t i = 0; i < 3 * N_ENTRIES; i++) {
        const struct ip_address a = ipv4(0x30000000 + i * 256);

        send_from(&f, 0, &a, peer, 8);
        if (i % 16 == 0)
            fixture_turn(&f);
    }
    pass_a_second(&f);
    assert_int_equal(map_counters(f.map).entries, N_ENTRIES - N_ENTRIES / 4);
    assert_true(map_counters(f.map).refused_ingress > 0);
    /* Until what was counted of the others is halved often enough. */
    for (int second = 0; second < 20; second++) {
        send_all(&f, customer);
        pass_a_second(&f);
    }
    assert_int_equal(count_senders(&f, place_of(&f, "customer")), N_SENDERS);
    must_fit(&f);
    fixture_close(&f);
}

static bool was_told(struct fixture *f, enum map_change_kind kind)
{
    struct map_change c;
    bool found = false;

    while (map_next_change(f->map, &c))
        found |= c.kind == kind;
    return found;
}

static void expect_senders_at_customer(struct fixture *f)
{
    struct expect_builder *b = begin_expectation(f->config);

    add_route(b, "20.0.0.0/12", 64501);
    add_route(b, "30.0.0.0/8", 64502);
    add_route(b, "0.0.0.0/0", 64503);
    assert_int_equal(map_expect(f->map, finish_expectation(b), f->turn.epoch), 0);
}

static void test_many_prefixes_with_few_packets_are_a_finding(void **state)
{
    struct fixture f;
    uint16_t peer, customer;

    (void)state;
    random_seed_fixed(&rng, 4, 0);
    fixture_open(&f, N_ENTRIES, 2);
    peer = ingress_of_vlan(&f, 2);
    customer = ingress_of_vlan(&f, 1);
    expect_senders_at_customer(&f);
    fixture_turn(&f);
    /* Where they are expected they are nothing special, and one entry: their route's. */
    for (int second = 0; second < 25; second++) {
        send_all(&f, customer);
        pass_a_second(&f);
    }
    assert_false(was_told(&f, MAP_CHANGE_DIFFUSE));
    assert_int_equal(map_counters(f.map).entries, 1);
    for (int second = 0; second < 25; second++) {
        for (int part = 0; part < 100; part++) {
            flood(&f, peer, 100);
            fixture_turn(&f);
        }
    }
    assert_true(was_told(&f, MAP_CHANGE_DIFFUSE));
    assert_true(map_places(f.map)->places[place_of(&f, "peer")].is_diffuse);
    for (int second = 0; second < 45; second++)
        pass_a_second(&f);
    assert_true(was_told(&f, MAP_CHANGE_DIFFUSE_OVER));
    fixture_close(&f);
}

/* As in the figure of a stealthy hijack: a /24 of a route of another ingress. */
static void test_what_is_unexpected_is_told_apart_by_24(void **state)
{
    const struct ip_address a = prefix_of("20.0.5.1").address, b = prefix_of("20.0.6.1").address;
    struct fixture f;
    const struct map_entry *e;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 1);
    ingress_of_vlan(&f, 2);
    expect_senders_at_customer(&f);
    fixture_turn(&f);
    send_from(&f, 0, &a, ingress_of_vlan(&f, 2), 8);
    send_from(&f, 0, &a, ingress_of_vlan(&f, 1), 4);
    send_from(&f, 0, &b, ingress_of_vlan(&f, 1), 4);
    pass_a_second(&f);
    e = entry_of(&f, "20.0.5.0/24", place_of(&f, "peer"));
    assert_non_null(e);
    assert_int_equal(e->grade, EXPECT_UNEXPECTED);
    assert_int_equal(e->route_length, 12);
    assert_int_equal(e->origin_as, 64601);
    e = entry_of(&f, "20.0.0.0/12", place_of(&f, "customer"));
    assert_non_null(e);
    assert_int_equal(e->grade, EXPECT_ROUTE);
    must_fit(&f);
    fixture_close(&f);
}

/* What came before the file was read is told apart by /24; then it is one route. */
static void test_entries_follow_what_is_expected(void **state)
{
    const struct ip_address a = prefix_of("20.0.5.1").address;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 1);
    fixture_turn(&f);
    send_from(&f, 0, &a, ingress_of_vlan(&f, 1), 8);
    fixture_turn(&f);
    assert_non_null(entry_of(&f, "20.0.5.0/24", place_of(&f, "customer")));
    expect_senders_at_customer(&f);
    for (int second = 0; second < 11; second++) {
        send_from(&f, 0, &a, ingress_of_vlan(&f, 1), 8);
        pass_a_second(&f);
    }
    assert_null(entry_of(&f, "20.0.5.0/24", place_of(&f, "customer")));
    assert_non_null(entry_of(&f, "20.0.0.0/12", place_of(&f, "customer")));
    must_fit(&f);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_sources_push_out_nobody_and_keep_nobody_out),
        cmocka_unit_test(test_one_ingress_leaves_room_for_the_others),
        cmocka_unit_test(test_many_prefixes_with_few_packets_are_a_finding),
        cmocka_unit_test(test_what_is_unexpected_is_told_apart_by_24),
        cmocka_unit_test(test_entries_follow_what_is_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

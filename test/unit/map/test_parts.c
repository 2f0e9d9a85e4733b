/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of an entry: addresses, destinations, presence, rates, names of places, memory. */
#include <math.h>

#include "base/random.h"
#include "fixture.h"
#include "map/destinations.h"
#include "map/distinct.h"

/* The bound: four standard errors of 1.04/sqrt(64), of an estimator with a normal error; 400 tries
 * of each size leave 400 * 6e-5 that one is beyond. */
static void test_different_values_are_estimated_within_the_error_of_64_registers(void **state)
{
    static const unsigned int sizes[] = {1, 10, 50, 100, 1000, 20000};
    struct random_source rng;

    (void)state;
    random_seed_fixed(&rng, 17, 0);
    for (unsigned int i = 0; i < ARRAY_LENGTH(sizes); i++) {
        double sum = 0;
        const unsigned int n_tries = 200;

        for (unsigned int try = 0; try < n_tries; try++) {
            uint8_t bytes[MAP_DISTINCT_BYTES] = {0};

            for (unsigned int k = 0; k < sizes[i]; k++) {
                const uint64_t hash = random_u64(&rng);

                map_distinct_add(bytes, hash);
                map_distinct_add(bytes, hash);
            }
            sum += map_distinct_estimate(bytes);
        }
        /* The mean of 200 has an error of 0.13 / sqrt(200) = 1 %, and the estimator a bias below
         * 5 % where it changes from one to the other way of counting. */
        assert_true(sum / n_tries > 0.91 * sizes[i] && sum / n_tries < 1.09 * sizes[i]);
    }
}

static void test_hosts_of_a_24_are_counted_exactly(void **state)
{
    uint8_t bytes[32] = {0};

    (void)state;
    map_hosts_add(bytes, 0);
    map_hosts_add(bytes, 255);
    map_hosts_add(bytes, 255);
    map_hosts_add(bytes, 7);
    assert_int_equal(map_hosts_count(bytes), 3);
}

static void pass(struct fixture *f, unsigned int seconds)
{
    for (unsigned int i = 0; i < seconds; i++) {
        f->turn.now_ns += 990 * NS_PER_MS;
        fixture_turn(f);
        map_read_all(f->map, &f->turn);
    }
}

static void test_presence_follows_the_packets(void **state)
{
    const struct ip_address a = prefix_of("20.0.5.1").address;
    const struct map_entry *e;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    fixture_turn(&f);
    send_from(&f, 0, &a, 1, 8);
    pass(&f, 1);
    e = entry_of(&f, "20.0.5.0/24", place_of(&f, "m"));
    assert_non_null(e);
    assert_int_equal(e->presence, MAP_NEW);
    send_from(&f, 0, &a, 1, 8);
    pass(&f, 61);
    assert_int_equal(e->presence, MAP_ACTIVE);
    pass(&f, 600);
    assert_int_equal(e->presence, MAP_QUIET);
    send_from(&f, 0, &a, 1, 1);
    pass(&f, 1);
    assert_int_equal(e->presence, MAP_ACTIVE);
    f.turn.now_ns += 86400 * NS_PER_S;
    pass(&f, 1);
    assert_null(entry_of(&f, "20.0.5.0/24", place_of(&f, "m")));
    fixture_close(&f);
}

static void test_rates_are_of_the_time_that_they_say(void **state)
{
    const struct ip_address a = prefix_of("2a00::1").address;
    const struct map_entry *e;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    fixture_turn(&f);
    send_from(&f, 0, &a, 1, 8);
    pass(&f, 1);
    for (int i = 0; i < 100; i++) {
        send_from(&f, 0, &a, 1, 10);
        pass(&f, 1);
    }
    e = entry_of(&f, "2a00::/48", place_of(&f, "m"));
    assert_non_null(e);
    /* After 100 s of ten a second: all but e^-10, 1 - e^-(1/3), 1 - e^-(1/36). */
    assert_float_equal(e->packets_per_s[MAP_RATE_10_S], 10, 0.01);
    assert_float_equal(e->packets_per_s[MAP_RATE_5_MIN], 10 * (1 - exp(-1.0 / 3)), 0.02);
    assert_float_equal(e->packets_per_s[MAP_RATE_1_H], 10 * (1 - exp(-1.0 / 36)), 0.02);
    assert_float_equal(e->bytes_per_s[MAP_RATE_10_S], 1540, 2);
    fixture_close(&f);
}

static void test_samples_say_where_it_goes_and_from_how_many(void **state)
{
    const struct ip_address a = ipv4(0x14000501);
    struct fixture f;
    const struct map_entry *e;
    uint32_t n;

    (void)state;
    fixture_open(&f, 64, 1);
    fixture_turn(&f);
    for (int i = 0; i < 4000; i++) {
        const struct ip_address one = ipv4(0x14000500 + (uint32_t)i % 20);

        send_from(&f, 0, &one, 1, 8);
        fixture_turn(&f);
    }
    e = entry_of(&f, "20.0.5.0/24", place_of(&f, "m"));
    assert_non_null(e);
    /* Few enough that all of them are: but the eight that asked. */
    assert_int_equal(e->n_sampled, 4000 * 8 - 8);
    assert_int_equal(e->destinations[MAP_TO_OWN], e->n_sampled);
    assert_true(map_n_addresses(e) == 20);
    /* All up to half of the messages of a worker, then one in 64: with a standard deviation of 37
     * between two (of 0 to 126) that is within four of them. */
    n = e->n_sampled;
    send_from(&f, 0, &a, 1, 128 + 64 * 400);
    fixture_turn(&f);
    n = e->n_sampled - n;
    assert_true(n > 128 + 120 - 4 * 12 && n < 128 + 120 + 4 * 12);
    fixture_close(&f);
}

/* As what is announced by whom, and the network's own. */
static void test_destinations_are_of_who_announces_them(void **state)
{
    static const struct {
        const char *to;
        enum map_destination class;
    } rows[] = {{"198.51.100.1", MAP_TO_OWN},  {"198.51.101.1", MAP_TO_OTHER},
                {"20.0.0.1", MAP_TO_CUSTOMER}, {"30.0.0.1", MAP_TO_PEER},
                {"40.0.0.1", MAP_TO_TRANSIT},  {"40.1.0.1", MAP_TO_PEER},
                {"2a00::1", MAP_TO_CUSTOMER},  {"2a01::1", MAP_TO_OTHER}};
    const struct ip_prefix prefixes[] = {prefix_of("198.51.100.0/24"), prefix_of("192.0.2.0/25")};
    struct config *config = make_config();
    struct expect_builder *b = begin_expectation(config);
    struct map_expectation *e;
    struct map_own own;

    (void)state;
    add_route(b, "20.0.0.0/8", 64503);
    add_route(b, "20.0.0.0/8", 64501);
    add_route(b, "30.0.0.0/8", 64502);
    add_route(b, "40.0.0.0/8", 64503);
    add_route(b, "40.1.0.0/16", 64502);
    add_route(b, "2a00::/32", 64501);
    e = finish_expectation(b);
    assert_int_equal(map_own_init(&own, prefixes, 2), 0);
    for (unsigned int i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct ip_address to = prefix_of(rows[i].to).address;

        assert_int_equal(map_destination_of(&own, &e->expectation, &to), rows[i].class);
    }
    assert_int_equal(map_destination_of(&own, NULL, &prefixes[1].address), MAP_TO_OWN);
    map_own_free(&own);
    map_expectation_destroy(e);
    config_free(config);
}

static void test_what_has_no_name_is_described_and_told(void **state)
{
    struct map_change change;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 77);
    ingress_of_vlan(&f, 2);
    fixture_turn(&f);
    assert_true(map_next_change(f.map, &change));
    assert_int_equal(change.kind, MAP_CHANGE_PLACE_NEW);
    assert_string_equal(map_places(f.map)->places[change.key.ingress].name, "m/vlan77");
    assert_false(map_next_change(f.map, &change));
    fixture_close(&f);
}

static void test_ports_of_a_map_that_is_off_are_none(void **state)
{
    static const struct config_map off = {0}, off_with_ports = {.ports = {1}, .n_ports = 1},
                                   all = {.entries = 1},
                                   one = {.entries = 1, .ports = {1}, .n_ports = 1};

    (void)state;
    assert_false(config_map_has_port(&off, 0));
    assert_false(config_map_has_port(&off_with_ports, 1));
    assert_true(config_map_has_port(&all, 0) && config_map_has_port(&all, 1));
    assert_true(config_map_has_port(&one, 1));
    assert_false(config_map_has_port(&one, 0));
}

/* What is promised: a million entries at 16 workers, with 200 MB for what is expected. */
static void test_a_million_entries_at_16_workers_fit_into_a_gigabyte(void **state)
{
    const struct map_memory m = map_memory_bytes(1000000, 16);

    (void)state;
    assert_true(m.workers + m.manager < 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_different_values_are_estimated_within_the_error_of_64_registers),
        cmocka_unit_test(test_hosts_of_a_24_are_counted_exactly),
        cmocka_unit_test(test_presence_follows_the_packets),
        cmocka_unit_test(test_rates_are_of_the_time_that_they_say),
        cmocka_unit_test(test_samples_say_where_it_goes_and_from_how_many),
        cmocka_unit_test(test_destinations_are_of_who_announces_them),
        cmocka_unit_test(test_what_has_no_name_is_described_and_told),
        cmocka_unit_test(test_ports_of_a_map_that_is_off_are_none),
        cmocka_unit_test(test_a_million_entries_at_16_workers_fit_into_a_gigabyte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

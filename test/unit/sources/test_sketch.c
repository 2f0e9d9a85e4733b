/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/sketch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/random.h"
#include "sources/window.h"

#define N_RUNS    1000
#define PRECISION 12

/* The nth address of 10.0.0.0/8: as regular as senders can be. */
static struct ip_address address(uint32_t n)
{
    const uint8_t bytes[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

    return ip_address_from_ipv4(bytes);
}

static void draw_key(struct sources_window *w, struct random_source *random)
{
    w->key[0] = random_u64(random);
    w->key[1] = random_u64(random);
}

/* Rank and register, bit by bit. */
static void naive_add(uint8_t *registers, unsigned int precision, uint64_t hash)
{
    unsigned int index = 0;
    uint8_t rank = 1;

    for (unsigned int i = 0; i < precision; i++)
        index = index * 2 + (hash >> (63 - i) & 1);
    for (int bit = 63 - (int)precision; bit >= 0 && (hash >> bit & 1) == 0; bit--)
        rank++;
    if (registers[index] < rank)
        registers[index] = rank;
}

static void a_register_holds_the_greatest_rank(void **state)
{
    static uint8_t ours[1 << SOURCES_MOST_PRECISION], naive[1 << SOURCES_MOST_PRECISION];
    struct random_source random;

    (void)state;
    random_seed_fixed(&random, 1, 0);
    for (unsigned int p = SOURCES_LEAST_PRECISION; p <= SOURCES_MOST_PRECISION; p++) {
        memset(ours, 0, sizeof(ours));
        memset(naive, 0, sizeof(naive));
        for (unsigned int i = 0; i < 20000; i++) {
            /* Of long runs of zeros, too. */
            const uint64_t hash = random_u64(&random) >> random_u32(&random) % 65 % 64;

            sources_sketch_add(ours, p, i == 0 ? 0 : hash);
            naive_add(naive, p, i == 0 ? 0 : hash);
        }
        assert_memory_equal(ours, naive, sizeof(ours));
    }
}

static void nothing_is_nothing_and_one_is_one(void **state)
{
    uint8_t registers[1 << PRECISION] = {0};

    (void)state;
    assert_true(sources_sketch_estimate(registers, PRECISION) == 0);
    for (int i = 0; i < 1000; i++)
        sources_sketch_add(registers, PRECISION, UINT64_C(0x123456789abcdef));
    assert_int_equal(lround(sources_sketch_estimate(registers, PRECISION)), 1);
    assert_float_equal(sources_sketch_error(PRECISION), 0.01625, 1e-9);
}

static void the_maximum_of_two_is_the_sketch_of_the_union(void **state)
{
    uint8_t a[1 << PRECISION] = {0}, b[1 << PRECISION] = {0}, both[1 << PRECISION] = {0};
    struct random_source random;

    (void)state;
    random_seed_fixed(&random, 2, 0);
    for (unsigned int i = 0; i < 30000; i++) {
        const uint64_t hash = random_u64(&random);

        sources_sketch_add(both, PRECISION, hash);
        if (i % 3 != 0)
            sources_sketch_add(a, PRECISION, hash);
        if (i % 3 != 1)
            sources_sketch_add(b, PRECISION, hash);
    }
    sources_sketch_merge(a, b, PRECISION);
    assert_memory_equal(a, both, sizeof(a));
}

/* Runs whose estimate is off by more than three standard errors. With far more sources than
 * registers the errors are normal, and 2.7 of 1,000 runs are expected; with fewer sources the
 * estimate is better than the standard error says. Below some 60 a single collision is more than
 * that. */
static unsigned int count_far(uint32_t n_sources, struct random_source *random)
{
    static struct sources_window w;
    uint8_t registers[1 << PRECISION];
    unsigned int n_far = 0;

    for (unsigned int run = 0; run < N_RUNS; run++) {
        double estimate;

        draw_key(&w, random);
        memset(registers, 0, sizeof(registers));
        for (uint32_t i = 0; i < n_sources; i++) {
            const struct ip_address a = address(i);

            sources_sketch_add(registers, PRECISION, sources_hash(&w, &a));
        }
        estimate = sources_sketch_estimate(registers, PRECISION);
        n_far += fabs(estimate / n_sources - 1) > 3 * sources_sketch_error(PRECISION);
    }
    return n_far;
}

static void an_estimate_is_within_three_standard_errors_in_997_of_1000_runs(void **state)
{
    static const uint32_t sizes[] = {300, 1000, 3000, 10000, 20000, 100000};
    struct random_source random;
    unsigned int n_far = 0;

    (void)state;
    random_seed_fixed(&random, 3, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        n_far += count_far(sizes[i], &random);
    assert_true(n_far <= ARRAY_LENGTH(sizes) * (N_RUNS - 997));
}

/* Who knew the key could fill one register alone, or none anew; who had it from the last window has
 * an ordinary crowd in this one. */
static void addresses_that_were_chosen_for_one_key_are_ordinary_under_the_next(void **state)
{
    static struct sources_window then, now;
    uint8_t seen_then[1 << PRECISION] = {0}, seen_now[1 << PRECISION] = {0};
    struct random_source random;
    uint32_t n = 0;

    (void)state;
    random_seed_fixed(&random, 4, 0);
    draw_key(&then, &random);
    draw_key(&now, &random);
    for (uint32_t i = 0; i < 1 << 24; i++) {
        const struct ip_address a = address(i);
        const uint64_t hash = sources_hash(&then, &a);

        if (hash >> (64 - PRECISION) != 7)
            continue;
        n++;
        sources_sketch_add(seen_then, PRECISION, hash);
        sources_sketch_add(seen_now, PRECISION, sources_hash(&now, &a));
    }
    assert_true(n > 3000);
    assert_true(sources_sketch_estimate(seen_then, PRECISION) < 2);
    assert_true(fabs(sources_sketch_estimate(seen_now, PRECISION) / n - 1) <
                3 * sources_sketch_error(PRECISION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_register_holds_the_greatest_rank),
        cmocka_unit_test(nothing_is_nothing_and_one_is_one),
        cmocka_unit_test(the_maximum_of_two_is_the_sketch_of_the_union),
        cmocka_unit_test(an_estimate_is_within_three_standard_errors_in_997_of_1000_runs),
        cmocka_unit_test(addresses_that_were_chosen_for_one_key_are_ordinary_under_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_seed_gives_the_same_numbers_again(void **state)
{
    struct random_source a, b, other_stream;
    int differ = 0;

    (void)state;
    random_seed_fixed(&a, 42, 1);
    random_seed_fixed(&b, 42, 1);
    random_seed_fixed(&other_stream, 42, 2);
    for (int i = 0; i < 100; i++) {
        uint64_t x = random_u64(&a);

        assert_true(x == random_u64(&b));
        differ += x != random_u64(&other_stream);
    }
    assert_true(differ > 90);
}

static void kernel_seeds_differ(void **state)
{
    struct random_source a, b;

    (void)state;
    assert_int_equal(random_seed_from_kernel(&a), 0);
    assert_int_equal(random_seed_from_kernel(&b), 0);
    assert_false(random_u64(&a) == random_u64(&b));
}

/* 2^20 coins of p = 1/20: the count lies within 6 standard deviations of its mean. */
static void coins_fall_with_their_probability(void **state)
{
    const uint32_t threshold = (uint32_t)(0.05 * 4294967296.0), n = 1u << 20;
    const double mean = n * 0.05,
                 deviation = 222.4; /* sqrt(n p (1-p)) = 223.2; floor of the threshold */
    struct random_source r;
    uint32_t hits = 0;

    (void)state;
    random_seed_fixed(&r, 7, 0);
    for (uint32_t i = 0; i < n; i++)
        hits += random_u32(&r) < threshold;
    assert_true(hits > mean - 6 * deviation && hits < mean + 6 * deviation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_numbers_again),
        cmocka_unit_test(kernel_seeds_differ),
        cmocka_unit_test(coins_fall_with_their_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

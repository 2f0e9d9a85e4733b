/* SPDX-License-Identifier: BSD-3-Clause */
/* How coarse sources are told apart, beside a naive twin that goes through all routes. */
#include "base/random.h"
#include "fixture.h"

#define MOST 60

static struct random_source rng;

static unsigned int below(unsigned int n)
{
    return (unsigned int)(random_u64(&rng) % n);
}

static struct ip_address draw_address(void)
{
    struct ip_address a = prefix_of(below(2) ? "20.0.0.0" : below(8) ? "2a00::" : "4000::").address;

    if (ip_address_is_ipv4(&a)) {
        a.bytes[13] = (uint8_t)below(3);
        a.bytes[14] = (uint8_t)below(4);
        a.bytes[15] = (uint8_t)below(256);
    } else {
        a.bytes[1] = (uint8_t)below(2);
        a.bytes[3] = (uint8_t)below(3);
        a.bytes[5] = (uint8_t)below(4);
        a.bytes[6] = (uint8_t)below(2);
    }
    return a;
}

static struct ip_prefix draw_prefix(void)
{
    static const uint8_t lengths4[] = {0, 1, 8, 14, 15, 16, 21, 22, 23, 24, 25, 32};
    static const uint8_t lengths6[] = {0,  1,  3,  15, 16, 23, 24, 31,
                                       32, 45, 46, 47, 48, 49, 56, 128};
    struct ip_address a = draw_address();

    return ip_prefix_of_address(&a, ip_address_is_ipv4(&a)
                                        ? lengths4[below(ARRAY_LENGTH(lengths4))]
                                        : lengths6[below(ARRAY_LENGTH(lengths6))]);
}

/* The longest that holds the /24 or /48 of the address, or lies within it. */
static uint8_t naive_grain(const struct ip_prefix *prefixes, unsigned int n,
                           const struct ip_address *a)
{
    const bool is_ipv4 = ip_address_is_ipv4(a);
    const uint8_t finest = map_finest(is_ipv4);
    const struct ip_prefix own = ip_prefix_of_address(a, finest);
    uint8_t best = 0;

    for (unsigned int i = 0; i < n; i++) {
        const struct ip_prefix *p = &prefixes[i];

        if (p->is_ipv4 != is_ipv4 || p->length == 0)
            continue;
        if (p->length > finest ? ip_prefix_contains(&own, &p->address) : ip_prefix_contains(p, a))
            best = p->length > best ? p->length : best;
    }
    return best == 0 || best > finest ? finest : best;
}

static void play(const struct config *config)
{
    struct ip_prefix prefixes[MOST];
    struct expect_builder *b = begin_expectation(config);
    struct map_expectation *e;
    const unsigned int n = below(MOST + 1);
    char text[IP_TEXT_BYTES];

    for (unsigned int i = 0; i < n; i++) {
        prefixes[i] = draw_prefix();
        if (below(4) == 0)
            assert_int_equal(expect_builder_add_accept(b, &prefixes[i], 0, 0, 0, i, ""), 0);
        else
            add_route(b, ip_prefix_format(&prefixes[i], text), 64501);
    }
    e = finish_expectation(b);
    for (unsigned int i = 0; i < 300; i++) {
        const struct ip_address a = draw_address();
        const bool is_ipv4 = ip_address_is_ipv4(&a);

        assert_int_equal(map_grain_at(e->grain, map_top_bits(&a, is_ipv4), is_ipv4),
                         naive_grain(prefixes, n, &a));
    }
    map_expectation_destroy(e);
}

static void test_an_address_is_as_coarse_as_its_longest_route(void **state)
{
    struct config *config = make_config();

    (void)state;
    random_seed_fixed(&rng, 11, 0);
    for (int round = 0; round < 150; round++)
        play(config);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_as_coarse_as_its_longest_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

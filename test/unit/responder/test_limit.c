/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "responder/limit.h"

static const uint64_t secret[2] = {5, 6};

static struct ip_address address_of(const char *text)
{
    struct ip_address a;

    assert_int_equal(ip_address_parse(text, &a), 0);
    return a;
}

static struct responder_limit *make(uint32_t per_prefix, uint32_t in_all, uint32_t now_ms)
{
    struct responder_limit *l = malloc(sizeof(*l));

    assert_non_null(l);
    responder_limit_init(l, per_prefix, in_all, now_ms, secret);
    return l;
}

/* In any time t no more than the burst and t times the rate, and of what is asked for steadily no
 * less; also where the clock comes round. */
static void a_prefix_gets_its_rate_and_no_more(void **state)
{
    const uint32_t starts[] = {0, 5000, UINT32_MAX - 700};
    const struct ip_address a = address_of("198.51.100.7"), b = address_of("198.51.100.200");

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        struct responder_limit *l = make(10, 1000, starts[i]);
        unsigned int n = 0;

        for (uint32_t ms = 0; ms < 10000; ms++)
            n += responder_limit_take(l, ms % 2 == 0 ? &a : &b, starts[i] + ms) ==
                 RESPONDER_MAY_ANSWER;
        assert_true(n >= 108 && n <= 110);
        free(l);
    }
}

static void all_together_get_theirs(void **state)
{
    struct responder_limit *l = make(1000, 50, 0);
    unsigned int n = 0, n_all = 0;

    (void)state;
    for (uint32_t ms = 0; ms < 2000; ms++) {
        struct ip_address a = address_of("10.0.0.1");
        enum responder_permission p;

        a.bytes[13] = (uint8_t)ms;
        a.bytes[14] = (uint8_t)(ms >> 8);
        p = responder_limit_take(l, &a, ms);
        n += p == RESPONDER_MAY_ANSWER;
        n_all += p == RESPONDER_LIMIT;
    }
    assert_true(n >= 148 && n <= 150);
    assert_int_equal(n + n_all, 2000);
    free(l);
}

static void other_prefixes_have_limits_of_their_own(void **state)
{
    static const char *const others[] = {"198.51.101.7", "2001:db8:0:100::1", "2001:db8:0:200::1"};
    struct responder_limit *l = make(1, 1000, 0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct ip_address a = address_of(others[i]);

        assert_int_equal(responder_limit_take(l, &a, 0), RESPONDER_MAY_ANSWER);
        assert_int_equal(responder_limit_take(l, &a, 0), RESPONDER_PREFIX_LIMIT);
        a.bytes[15]++;
        assert_int_equal(responder_limit_take(l, &a, 0), RESPONDER_PREFIX_LIMIT);
    }
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_gets_its_rate_and_no_more),
        cmocka_unit_test(all_together_get_theirs),
        cmocka_unit_test(other_prefixes_have_limits_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

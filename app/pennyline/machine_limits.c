/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/time.h"
#include "machine_notes.h"

bool machine_limits_event(struct machine_running *r, uint64_t now_ns)
{
    const uint64_t second = now_ns / NS_PER_S;

    if (r->second != second) {
        r->second = second;
        r->n_told = 0;
    }
    if (r->n_told == MACHINE_EVENTS_PER_S) {
        r->n_left_out++;
        return false;
    }
    r->n_told++;
    return true;
}

static bool was_tested(const struct machine_limits *l, const struct ip_prefix *p, uint64_t now_ns)
{
    for (uint32_t i = 0; i < MACHINE_TESTED_PREFIXES; i++)
        if (l->tested[i].when_ns != 0 && ip_prefix_equal(&l->tested[i].prefix, p) &&
            now_ns - l->tested[i].when_ns < MACHINE_TEST_AGAIN_S * NS_PER_S)
            return true;
    return false;
}

bool machine_limits_test(struct machine_limits *l, const struct ip_address *source, uint64_t now_ns,
                         struct ip_prefix *prefix)
{
    const uint64_t minute = now_ns / (60 * NS_PER_S);

    *prefix = ip_prefix_of_address(source, ip_address_is_ipv4(source) ? MACHINE_TEST_LENGTH4
                                                                      : MACHINE_TEST_LENGTH6);
    if (l->minute != minute) {
        l->minute = minute;
        l->n_tests = 0;
    }
    if (l->n_tests == MACHINE_TESTS_PER_MINUTE || was_tested(l, prefix, now_ns)) {
        l->n_tests_refused++;
        return false;
    }
    l->n_tests++;
    l->tested[l->next_tested].prefix = *prefix;
    l->tested[l->next_tested].when_ns = now_ns;
    l->next_tested = (l->next_tested + 1) % MACHINE_TESTED_PREFIXES;
    return true;
}

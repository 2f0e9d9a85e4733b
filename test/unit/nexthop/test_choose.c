/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "nexthop/nexthop.h"

enum { N_FLOWS = 20000 };

/* Next hop `number` of a world of many: routers behind four ports. */
static struct next_hop make_hop(unsigned int number)
{
    return (struct next_hop){
        .port = (uint16_t)(number % 4),
        .vlan_id = NEXTHOP_VLAN_KEEP,
        .rewrite_mac = true,
        .destination_mac = {0x02, 0, 0, 0, 1, (uint8_t)number},
        .source_mac = {0x02, 0, 0, 0, 2, (uint8_t)(number % 4)},
    };
}

static void make_group(struct next_hop_group *group, unsigned int first, unsigned int n_members)
{
    struct next_hop hops[NEXTHOP_MAX_MEMBERS];

    for (unsigned int i = 0; i < n_members; i++)
        hops[i] = make_hop(first + i);
    assert_int_equal(nexthop_group_init(group, hops, n_members), 0);
}

/* The number that make_hop() was given; -1: no next hop. */
static int chosen(const struct next_hop_group *group, uint64_t flow_hash)
{
    const struct next_hop *hop = nexthop_choose(group, flow_hash);

    return hop == NULL ? -1 : hop->destination_mac[5];
}

static void groups_are_refused_by_kind(void **state)
{
    struct next_hop hops[NEXTHOP_MAX_MEMBERS + 1];
    struct next_hop_group group;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_LENGTH(hops); i++)
        hops[i] = make_hop(i);
    assert_int_equal(nexthop_group_init(&group, hops, 0), -EINVAL);
    assert_int_equal(nexthop_group_init(&group, hops, NEXTHOP_MAX_MEMBERS + 1), -EINVAL);
    assert_int_equal(nexthop_group_init(&group, hops, NEXTHOP_MAX_MEMBERS), 0);

    hops[1].vlan_id = 4095;
    assert_int_equal(nexthop_group_init(&group, hops, 2), -EINVAL);
    hops[1].vlan_id = 4094;
    assert_int_equal(nexthop_group_init(&group, hops, 2), 0);

    hops[1] = hops[0];
    assert_int_equal(nexthop_group_init(&group, hops, 2), -EEXIST);
    /* Addresses that are not written make no difference. */
    hops[0].rewrite_mac = hops[1].rewrite_mac = false;
    hops[1].destination_mac[5]++;
    assert_int_equal(nexthop_group_init(&group, hops, 2), -EEXIST);
    hops[1].port++;
    assert_int_equal(nexthop_group_init(&group, hops, 2), 0);
}

static void one_usable_member_takes_all_and_none_takes_nothing(void **state)
{
    struct next_hop_group group;

    (void)state;
    make_group(&group, 0, NEXTHOP_MAX_MEMBERS);
    for (unsigned int i = 0; i < NEXTHOP_MAX_MEMBERS; i++) {
        nexthop_set_usable(&group, 1u << i);
        for (uint64_t flow = 0; flow < 100; flow++)
            assert_int_equal(chosen(&group, flow), i);
    }
    nexthop_set_usable(&group, 0);
    assert_int_equal(chosen(&group, 7), -1);
    make_group(&group, 0, 3);
    nexthop_set_usable(&group, ~7u); /* bits of members that are not there */
    assert_int_equal(chosen(&group, 7), -1);
}

static void a_member_that_goes_down_moves_its_own_flows_only(void **state)
{
    struct next_hop_group group;
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 1, 1);
    make_group(&group, 0, NEXTHOP_MAX_MEMBERS);
    for (unsigned int i = 0; i < N_FLOWS; i++) {
        uint64_t flow = random_u64(&r);
        unsigned int down = random_u32(&r) % NEXTHOP_MAX_MEMBERS;
        int before, during;

        nexthop_set_usable(&group, ~0u);
        before = chosen(&group, flow);
        nexthop_set_usable(&group, ~(1u << down));
        during = chosen(&group, flow);
        assert_int_not_equal(during, down);
        if (before != (int)down)
            assert_int_equal(during, before);
        nexthop_set_usable(&group, ~0u);
        assert_int_equal(chosen(&group, flow), before);
    }
}

static void a_new_member_takes_flows_and_moves_none_between_others(void **state)
{
    struct next_hop_group before, after;
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 1, 2);
    make_group(&before, 5, 7); /* 5..11 */
    make_group(&after, 4, 8);  /* 4..11: all places shifted by one */
    for (unsigned int i = 0; i < N_FLOWS; i++) {
        uint64_t flow = random_u32(&r);
        int now = chosen(&after, flow);

        if (now != 4)
            assert_int_equal(now, chosen(&before, flow));
    }
}

/* Every member gets N/n flows, within six standard deviations of the binomial distribution: a
 * uniform choice misses that once in 5e8 times, and the seeds are fixed. */
static void assert_even_spread(const struct next_hop_group *group, uint64_t (*flow)(uint64_t))
{
    const double n_flows = N_FLOWS, share = 1.0 / group->n_members;
    unsigned int counts[NEXTHOP_MAX_MEMBERS] = {0};

    for (uint64_t i = 0; i < N_FLOWS; i++)
        counts[chosen(group, flow(i))]++;
    for (uint32_t i = 0; i < group->n_members; i++)
        assert_true(fabs(counts[i] - n_flows * share) <= 6 * sqrt(n_flows * share * (1 - share)));
}

static uint64_t one_by_one(uint64_t i)
{
    return i;
}

/* What one of 16 RSS queues sees: the low bits of the 32-bit hash chose the queue. */
static uint64_t same_low_bits(uint64_t i)
{
    return (uint32_t)(i * 2654435761u) << 4 | 5;
}

static uint64_t high_bits_only(uint64_t i)
{
    return i << 49;
}

static uint64_t bit_reversed_steps(uint64_t i)
{
    uint64_t reversed = 0;

    for (int bit = 0; bit < 32; bit++)
        reversed |= (i >> bit & 1) << (31 - bit);
    return reversed;
}

static void flows_spread_evenly_whatever_their_hashes_share(void **state)
{
    uint64_t (*const flows[])(uint64_t) = {one_by_one, same_low_bits, high_bits_only,
                                           bit_reversed_steps};
    (void)state;
    for (uint32_t n = 1; n <= NEXTHOP_MAX_MEMBERS; n++) {
        struct next_hop_group group;

        make_group(&group, 0, n);
        for (size_t i = 0; i < ARRAY_LENGTH(flows); i++)
            assert_even_spread(&group, flows[i]);
    }
}

static void flows_of_a_lost_member_spread_evenly_over_the_rest(void **state)
{
    enum { N_MEMBERS = 4, LOST = 2 };
    unsigned int counts[N_MEMBERS] = {0}, n_moved = 0;
    struct next_hop_group group;

    (void)state;
    make_group(&group, 0, N_MEMBERS);
    for (uint64_t flow = 0; flow < N_FLOWS; flow++) {
        nexthop_set_usable(&group, ~0u);
        if (chosen(&group, flow) != LOST)
            continue;
        nexthop_set_usable(&group, ~(1u << LOST));
        counts[chosen(&group, flow)]++;
        n_moved++;
    }
    for (int i = 0; i < N_MEMBERS; i++) {
        double share = i == LOST ? 0 : 1.0 / 3;

        assert_true(fabs(counts[i] - n_moved * share) <= 6 * sqrt(n_moved * share * (1 - share)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_refused_by_kind),
        cmocka_unit_test(one_usable_member_takes_all_and_none_takes_nothing),
        cmocka_unit_test(a_member_that_goes_down_moves_its_own_flows_only),
        cmocka_unit_test(a_new_member_takes_flows_and_moves_none_between_others),
        cmocka_unit_test(flows_spread_evenly_whatever_their_hashes_share),
        cmocka_unit_test(flows_of_a_lost_member_spread_evenly_over_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

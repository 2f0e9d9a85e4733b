/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "service/service.h"

enum { N_MEMBERS = 8, ALL = (1 << N_MEMBERS) - 1 };

static const uint64_t secret[2] = {21, 22};

static struct ip_address address_of(const char *text)
{
    struct ip_address a;

    assert_int_equal(ip_address_parse(text, &a), 0);
    return a;
}

static struct service_plan make_plan(bool is_sticky)
{
    struct service_plan plan = {.is_present = true, .identity = 5, .is_sticky = is_sticky};

    plan.members.n = N_MEMBERS;
    for (uint32_t i = 0; i < N_MEMBERS; i++) {
        char name[8];

        snprintf(name, sizeof(name), "m%u", i);
        plan.members.keys[i] = service_member_key(name);
        plan.members.weights[i] = 1 + i % 3;
    }
    return plan;
}

static struct service_set *make_set(bool is_sticky)
{
    const struct service_plan plans[2] = {make_plan(is_sticky)};
    const struct service_place place = {address_of("192.0.2.1"), 80, PACKET_PROTOCOL_TCP, 0};
    void *memory = aligned_alloc(64, (service_set_bytes(2, 1) + 63) / 64 * 64);

    assert_non_null(memory);
    return service_set_init(memory, plans, 2, &place, 1, secret);
}

static struct service_memory *make_memory(uint32_t n_flows)
{
    void *memory = aligned_alloc(64, (service_memory_bytes(n_flows) + 63) / 64 * 64);

    assert_non_null(memory);
    return service_memory_init(memory, n_flows, secret);
}

static struct service_ask make_ask(uint32_t number)
{
    struct service_ask ask = {.client = address_of("198.51.100.0"),
                              .address = address_of("192.0.2.1"),
                              .client_port = (uint16_t)number,
                              .port = 80,
                              .protocol = PACKET_PROTOCOL_TCP};

    ask.client.bytes[15] = (uint8_t)(number >> 16);
    return ask;
}

static bool is_over(const void *context, uint64_t epoch)
{
    return epoch < *(const uint64_t *)context;
}

static void work(struct service_set *set)
{
    static uint64_t epoch = 1000;

    epoch += 2;
    assert_true(service_set_work(set, 2 * SERVICE_ROWS, epoch, is_over, &epoch));
}

static uint8_t choose(const struct service_set *set, uint32_t number)
{
    struct service_ask ask = make_ask(number);
    struct service_counters counters = {0};

    return service_set_choose(set, 0, &ask, NULL, 0, &counters);
}

static void a_packet_asks_for_the_service_of_its_place(void **state)
{
    struct service_set *set = make_set(false);
    struct service_ask ask = make_ask(1);

    (void)state;
    assert_int_equal(service_set_find(set, &ask), 0);
    ask.port = 81;
    assert_int_equal(service_set_find(set, &ask), SERVICE_NONE);
    free(set);
}

/* Through any changes and however far the tables are, nothing goes to a member that may not have
 * it, and what the tables say in the end is what they would have said if made so from the start. */
static void members_that_may_not_have_a_packet_never_get_one(void **state)
{
    struct service_set *set = make_set(false);
    const struct service_plan plan = make_plan(false);
    struct random_source r;
    uint64_t takes = ALL, now = 10, over = 10;

    (void)state;
    random_seed_fixed(&r, 9, 9);
    for (unsigned int round = 0; round < 4000; round++) {
        struct service_ask ask;
        uint8_t member;

        if (random_u32(&r) % 40 == 0) {
            takes = random_u64(&r) & ALL;
            service_set_follow(set, 0, takes, takes);
        }
        if (random_u32(&r) % 50 == 0)
            over = now++;
        service_set_work(set, random_u32(&r) % 30000, now, is_over, &over);
        ask = make_ask(random_u32(&r) % 100000);
        member = choose(set, ask.client_port | (uint32_t)ask.client.bytes[15] << 16);
        if (takes == 0)
            assert_int_equal(member, SERVICE_NO_MEMBER);
        else
            assert_true(member < N_MEMBERS && (takes >> member & 1) != 0);
    }
    work(set);
    for (uint32_t i = 0; i < 20000; i++) {
        struct service_ask ask = make_ask(i);

        assert_int_equal(
            choose(set, i),
            service_choose_member(&plan.members, takes, service_row(&ask, SERVICE_HASH_FLOW, 0)));
    }
    free(set);
}

static void a_lost_member_moves_its_flows_once_and_no_others(void **state)
{
    struct service_set *set = make_set(false);
    uint8_t before[5000], during[5000];

    (void)state;
    for (uint32_t i = 0; i < 5000; i++)
        before[i] = choose(set, i);
    service_set_follow(set, 0, ALL & ~4, ALL & ~4);
    for (uint32_t i = 0; i < 5000; i++) {
        during[i] = choose(set, i);
        assert_int_not_equal(during[i], 2);
        if (before[i] != 2)
            assert_int_equal(during[i], before[i]);
    }
    work(set);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(choose(set, i), during[i]);
    service_set_follow(set, 0, ALL, ALL);
    work(set);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(choose(set, i), before[i]);
    free(set);
}

/* A worker may be in the table that was in use before the last one. */
static void a_table_is_written_when_nobody_can_be_in_it_any_more(void **state)
{
    struct service_set *set = make_set(false);
    uint64_t over = 0;

    (void)state;
    service_set_follow(set, 0, 1, 1);
    assert_true(
        service_set_work(set, SERVICE_ROWS, 7, is_over, &over)); /* the other was never in use */
    service_set_follow(set, 0, 2, 2);
    over = 7;
    assert_false(service_set_work(set, SERVICE_ROWS, 8, is_over, &over));
    over = 8;
    assert_true(service_set_work(set, SERVICE_ROWS, 8, is_over, &over));
    free(set);
}

static void a_change_that_is_taken_back_needs_no_table(void **state)
{
    struct service_set *set = make_set(false);
    uint64_t over = 0;
    uint8_t before = choose(set, 1);

    (void)state;
    service_set_follow(set, 0, ALL & ~(1u << before), ALL);
    assert_false(service_set_work(set, 100, 7, is_over, &over));
    service_set_follow(set, 0, ALL, ALL);
    assert_true(service_set_work(set, 0, 7, is_over, &over));
    assert_int_equal(choose(set, 1), before);
    free(set);
}

static void known_flows_stay_with_a_member_that_is_drained_or_returns(void **state)
{
    struct service_set *set = make_set(true);
    struct service_memory *memory = make_memory(1 << 16);
    struct service_counters counters = {0};
    uint8_t before[3000];

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        struct service_ask ask = make_ask(i);

        before[i] = service_set_choose(set, 0, &ask, memory, 1, &counters);
    }
    assert_int_equal(counters.packets, 3000);
    assert_int_equal(counters.remembered, 0);
    service_set_follow(set, 0, ALL & ~4, ALL); /* drained */
    work(set);
    for (uint32_t i = 0; i < 3000; i++) {
        struct service_ask ask = make_ask(i);

        assert_int_equal(service_set_choose(set, 0, &ask, memory, 2, &counters), before[i]);
        ask = make_ask(10000 + i);
        assert_int_not_equal(service_set_choose(set, 0, &ask, memory, 2, &counters), 2);
    }
    assert_int_equal(counters.remembered, 3000);
    assert_int_equal(counters.not_in_memory, 0);
    /* Down: its flows go elsewhere, and stay there when it returns. */
    service_set_follow(set, 0, ALL & ~4, ALL & ~4);
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < 3000; i++) {
            struct service_ask ask = make_ask(i);
            uint8_t member = service_set_choose(set, 0, &ask, memory, 3, &counters);

            if (before[i] == 2)
                assert_int_not_equal(member, 2);
            else
                assert_int_equal(member, before[i]);
        }
        service_set_follow(set, 0, ALL, ALL);
        work(set);
    }
    free(memory);
    free(set);
}

static void without_room_in_memory_flows_go_by_their_rows(void **state)
{
    struct service_set *set = make_set(true);
    struct service_memory *memory = make_memory(8);
    struct service_counters counters = {0};
    uint64_t n_members = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct service_ask ask = make_ask(i);

        assert_int_equal(service_set_choose(set, 0, &ask, memory, 1, &counters), choose(set, i));
    }
    assert_int_equal(counters.not_in_memory, 1000 - 8);
    for (unsigned int i = 0; i < SERVICE_MOST_MEMBERS; i++)
        n_members += counters.member_packets[i];
    assert_int_equal(n_members + counters.no_member, counters.packets);
    free(memory);
    free(set);
}

/* No member has a packet that nobody may have: it is counted, and its caller decides. */
static void without_members_it_is_counted(void **state)
{
    struct service_set *set = make_set(true);
    struct service_memory *memory = make_memory(8);
    struct service_counters counters = {0};
    struct service_ask ask = make_ask(1);

    (void)state;
    service_set_follow(set, 0, 0, 0);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(service_set_choose(set, 0, &ask, memory, 1, &counters), SERVICE_NO_MEMBER);
        work(set);
    }
    assert_int_equal(counters.no_member, 2);
    assert_int_equal(counters.packets, 2);
    free(memory);
    free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_asks_for_the_service_of_its_place),
        cmocka_unit_test(members_that_may_not_have_a_packet_never_get_one),
        cmocka_unit_test(a_lost_member_moves_its_flows_once_and_no_others),
        cmocka_unit_test(a_table_is_written_when_nobody_can_be_in_it_any_more),
        cmocka_unit_test(a_change_that_is_taken_back_needs_no_table),
        cmocka_unit_test(known_flows_stay_with_a_member_that_is_drained_or_returns),
        cmocka_unit_test(without_room_in_memory_flows_go_by_their_rows),
        cmocka_unit_test(without_members_it_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

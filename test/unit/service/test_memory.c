/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "service/memory.h"
#include "service/rows.h"

static const uint64_t secret[2] = {UINT64_C(0x1234567890abcdef), UINT64_C(0xfedcba0987654321)};

static struct service_memory *make(uint32_t n_flows)
{
    void *memory = aligned_alloc(64, (service_memory_bytes(n_flows) + 63) / 64 * 64);

    assert_non_null(memory);
    return service_memory_init(memory, n_flows, secret);
}

static uint64_t flow_of(const struct service_memory *m, uint32_t number)
{
    struct service_ask ask = {.client_port = (uint16_t)number, .port = 80, .protocol = 6};

    ask.client.bytes[15] = (uint8_t)(number >> 16);
    return service_memory_flow(m, &ask, 1);
}

static void each_part_of_a_flow_counts(void **state)
{
    struct service_memory *m = make(8);
    const struct service_ask ask = {.client_port = 1, .port = 2, .protocol = 6};
    struct service_ask other;
    uint64_t flow = service_memory_flow(m, &ask, 1);

    (void)state;
    assert_int_equal(service_memory_flow(m, &ask, 1), flow);
    assert_int_not_equal(service_memory_flow(m, &ask, 2), flow);
    for (unsigned int i = 0; i < 16; i++) {
        other = ask;
        other.client.bytes[i] ^= 1;
        assert_int_not_equal(service_memory_flow(m, &other, 1), flow);
        other = ask;
        other.address.bytes[i] ^= 1;
        assert_int_not_equal(service_memory_flow(m, &other, 1), flow);
    }
    other = ask;
    other.client_port++;
    assert_int_not_equal(service_memory_flow(m, &other, 1), flow);
    other = ask;
    other.port++;
    assert_int_not_equal(service_memory_flow(m, &other, 1), flow);
    other = ask;
    other.protocol++;
    assert_int_not_equal(service_memory_flow(m, &other, 1), flow);
    free(m);
}

static void a_flow_keeps_its_member_and_may_get_another(void **state)
{
    struct service_memory *m = make(1024);

    (void)state;
    assert_int_equal(service_memory_find(m, flow_of(m, 1), 10), SERVICE_NO_MEMBER);
    for (uint8_t member = 0; member < SERVICE_MOST_MEMBERS; member++) {
        assert_true(service_memory_put(m, flow_of(m, 1), member, 10));
        assert_int_equal(service_memory_find(m, flow_of(m, 1), 10), member);
        assert_int_equal(service_memory_find(m, flow_of(m, 2), 10), SERVICE_NO_MEMBER);
    }
    free(m);
}

/* Also where the 15 bits of the second come round. */
static void flows_end_by_time_and_those_seen_once_end_soon(void **state)
{
    const uint32_t starts[] = {0, 100, 32760, 32767, UINT32_MAX - 3};

    (void)state;
    for (unsigned int i = 0; i < 5; i++) {
        struct service_memory *m = make(8);
        uint64_t flow = flow_of(m, 1);
        uint32_t now = starts[i];

        service_memory_put(m, flow, 3, now);
        assert_int_equal(service_memory_find(m, flow, now), 3);
        now += SERVICE_BEGUN_S + 1;
        assert_int_equal(service_memory_find(m, flow, now), SERVICE_NO_MEMBER);

        service_memory_put(m, flow, 3, now);
        now += SERVICE_BEGUN_S;
        assert_int_equal(service_memory_find(m, flow, now), 3); /* known from here on */
        now += SERVICE_KNOWN_S;
        assert_int_equal(service_memory_find(m, flow, now), 3);
        now += SERVICE_KNOWN_S + 1;
        assert_int_equal(service_memory_find(m, flow, now), SERVICE_NO_MEMBER);
        free(m);
    }
}

static void a_full_line_takes_nobody_in_and_forgets_nobody(void **state)
{
    struct service_memory *m = make(8);

    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        assert_true(service_memory_put(m, flow_of(m, i), (uint8_t)i, 50));
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(service_memory_find(m, flow_of(m, i), 51), i);
    for (uint32_t i = 8; i < 1000; i++)
        assert_false(service_memory_put(m, flow_of(m, i), 1, 51 + SERVICE_BEGUN_S));
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(service_memory_find(m, flow_of(m, i), 51 + SERVICE_KNOWN_S), i);
    free(m);
}

static void flows_of_a_flood_make_room_after_seconds(void **state)
{
    struct service_memory *m = make(8);

    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        service_memory_put(m, flow_of(m, i), 2, 50);
    assert_false(service_memory_put(m, flow_of(m, 100), 1, 50 + SERVICE_BEGUN_S));
    assert_true(service_memory_put(m, flow_of(m, 100), 1, 51 + SERVICE_BEGUN_S));
    free(m);
}

/* Half as many flows as there are places: the flows of a line have the Poisson distribution of mean
 * 4, of which 0.0336 are beyond the eighth, with a standard deviation of 0.262. In 2^14 lines that
 * is 551 and 33.6; within six of them. */
static void at_half_of_its_size_few_find_no_room(void **state)
{
    enum { N = 1 << 16 };
    struct service_memory *m = make(2 * N);
    unsigned int n_refused = 0;

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        n_refused += !service_memory_put(m, flow_of(m, i), (uint8_t)(i % 64), 7);
    assert_true(n_refused >= 551 - 202 && n_refused <= 551 + 202);
    for (uint32_t i = 0, n = 0; i < N; i++) {
        uint8_t member = service_memory_find(m, flow_of(m, i), 8);

        n += member == SERVICE_NO_MEMBER;
        assert_true(member == SERVICE_NO_MEMBER || member == i % 64);
        assert_true(n <= n_refused);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_of_a_flow_counts),
        cmocka_unit_test(a_flow_keeps_its_member_and_may_get_another),
        cmocka_unit_test(flows_end_by_time_and_those_seen_once_end_soon),
        cmocka_unit_test(a_full_line_takes_nobody_in_and_forgets_nobody),
        cmocka_unit_test(flows_of_a_flood_make_room_after_seconds),
        cmocka_unit_test(at_half_of_its_size_few_find_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What cannot be tested is counted for the aggregate of its source, so that it can be told why
 * nothing was dropped. */
#include "lab.h"

static void came_times(struct lab *l, uint8_t prefix, enum packet_reason reason, uint32_t n)
{
    const struct packet_view view = {.source = ip_address_from_ipv4((uint8_t[]){10, 0, prefix, 1}),
                                     .destination = ip_address_from_ipv4((uint8_t[]){10, 9, 9, 9}),
                                     .reason = (uint8_t)reason,
                                     .is_ipv4 = true,
                                     .has_ip = true};

    engine_count_untestable(l->engine, 0, &view, n);
}

static void came(struct lab *l, uint8_t prefix, enum packet_reason reason)
{
    came_times(l, prefix, reason, 1);
}

static void each_kind_has_a_counter(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    const struct packet_view tcp = {.reason = PACKET_TCP, .is_ipv4 = true, .has_ip = true};
    const struct aggregate_counters *c;

    (void)state;
    for (int i = 0; i < 3; i++)
        came(l, 0, PACKET_NOT_TCP);
    came_times(l, 0, PACKET_NOT_TCP, 16); /* one for others of its burst */
    came(l, 0, PACKET_IPV4_FRAGMENT);
    came(l, 0, PACKET_IPV6_FRAGMENT);
    came(l, 0, PACKET_TRUNCATED_TCP);
    engine_count_checksum(l->engine, 0, &tcp, true);
    engine_count_checksum(l->engine, 0, &tcp, false);
    c = lab_counters(l);
    assert_int_equal(c->not_tcp, 19);
    assert_int_equal(c->fragments, 2);
    assert_int_equal(c->unreadable, 1);
    assert_int_equal(c->checksums_sampled, 2);
    assert_int_equal(c->checksums_wrong, 1);
    assert_int_equal(c->packets, 0);
    lab_close(l);
}

static void add_wanted(struct lab *l)
{
    const struct aggregate_identity identity = {
        .prefix = lab_last(l, MESSAGE_AGGREGATE_WANTED)->wanted.prefix, .has_prefix = true};

    assert_true(aggregate_table_add(l->aggregates, &identity) >= 0);
}

/* A sample of 192 an epoch is asked for, while more than half of the table, which has room for
 * four, is free. */
static void a_prefix_without_tcp_is_asked_for_but_fills_no_table(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.granularity_ipv4 = 24});

    (void)state;
    for (uint8_t i = 0; i < 200; i++)
        came(l, i, PACKET_NOT_TCP);
    assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 192);
    lab_wait_ms(l, 100);
    came(l, 1, PACKET_NOT_TCP);
    assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 192);
    atomic_fetch_add(&l->gate.epoch, 1);
    came(l, 1, PACKET_NOT_TCP);
    assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 193);
    assert_false(lab_last(l, MESSAGE_AGGREGATE_WANTED)->wanted.is_armed);
    add_wanted(l);
    came(l, 1, PACKET_NOT_TCP);
    assert_int_equal(lab_counters(l)->not_tcp, 1);
    came(l, 2, PACKET_NOT_TCP);
    assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 194);
    add_wanted(l);
    atomic_fetch_add(&l->gate.epoch, 1);
    came(l, 3, PACKET_NOT_TCP);
    assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 194);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_a_counter),
        cmocka_unit_test(a_prefix_without_tcp_is_asked_for_but_fills_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* How many segments a retransmission counts as, and how long segments may be. */
#include "bench.h"

#define START  UINT32_C(5000)
#define BYTES  1000u
#define RTT_US 40000

/* A sender may put several lost segments together. How long each was, nobody knows. */
static void a_retransmission_over_many_lost_segments_counts_as_one(void **state)
{
    struct bench b;
    uint32_t next;

    (void)state;
    next = bench_open_with_hole(&b, START, RTT_US) + 2 * BYTES;
    bench_data(&b, next + 3 * BYTES, BYTES);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, next, 3 * BYTES), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, 1);
    assert_int_equal(b.c.lost_upstream_repairs, 1);
    assert_int_equal(b.line.n_retransmitted, 1);
    bench_check(&b);
}

/* And one that comes in pieces counts as so many. */
static void each_piece_of_a_retransmission_counts(void **state)
{
    struct bench b;
    uint32_t hole;
    uint64_t n_observed;

    (void)state;
    hole = bench_open_with_hole(&b, START, RTT_US);
    bench_wait_us(&b, RTT_US);
    n_observed = b.c.observed;
    assert_int_equal(bench_data(&b, hole, BYTES / 2), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.holes_retransmitted, 0);
    assert_int_equal(bench_data(&b, hole + BYTES / 2, BYTES / 2), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.holes_retransmitted, 1);
    assert_int_equal(b.c.lost_upstream, 2);
    assert_int_equal(b.c.observed, n_observed + 2);
    assert_int_equal(b.line.n_holes, 0);
    bench_check(&b);
}

/* BIG TCP, as a capture on the host has it: lengths that are multiples of 64 KiB, and others. */
static void a_segment_may_be_longer_than_an_ip_packet(void **state)
{
    static const uint32_t bytes[] = {65535, 65536, 65537, 131072, 200000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bytes); i++) {
        struct bench b;
        const struct passive_flow f = bench_flow(&b);

        bench_open(&b, START);
        bench_wait_us(&b, RTT_US);
        bench_data(&b, START + bytes[i], bytes[i]);
        bench_data(&b, START + 3 * bytes[i], bytes[i]);
        bench_wait_us(&b, RTT_US);
        assert_int_equal(bench_data(&b, START, bytes[i]), PASSIVE_RETRANSMITTED);
        assert_int_equal(b.c.lost_upstream, 1);
        assert_int_equal(b.c.payload_bytes, 3 * bytes[i]);
        passive_flow_end(&f, PASSIVE_END_IDLE, &b.c);
        assert_int_equal(b.c.missing_bytes, bytes[i]);
        bench_check(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retransmission_over_many_lost_segments_counts_as_one),
        cmocka_unit_test(each_piece_of_a_retransmission_counts),
        cmocka_unit_test(a_segment_may_be_longer_than_an_ip_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows that go many times around the sequence space: what was left behind must never come up
 * again. */
#include "tcp/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

#define WINDOW (16u << 20)

struct long_flow {
    uint32_t snd_max;
    struct tcp_holes holes;
    struct tcp_gap gap;
    uint32_t window;
    unsigned int n_left_behind;
};

static struct tcp_observation observe(struct long_flow *f, uint32_t sequence, uint32_t n_bytes)
{
    struct tcp_observation seen =
        tcp_coverage_observe(&f->snd_max, &f->holes, &f->gap, sequence, n_bytes, f->window);

    f->n_left_behind += seen.n_holes_left_behind;
    return seen;
}

/* In order, in steps of `step`, for `n_bytes` in all. */
static void go_on(struct long_flow *f, uint64_t n_bytes, uint32_t step)
{
    for (uint64_t done = 0; done < n_bytes; done += step)
        assert_int_equal(observe(f, f->snd_max, step).kind, TCP_IN_ORDER);
}

/* A flow with a hole at start..start+1000 and a gap in the 1000 bytes after it. */
static struct long_flow flow_with_hole_and_gap(uint32_t start, uint32_t window)
{
    struct long_flow f = {.snd_max = start, .window = window};

    assert_int_equal(observe(&f, start + 1000, 1000).kind, TCP_IN_ORDER);
    tcp_gap_open(&f.gap, start + 1000, 1000);
    return f;
}

static const uint32_t starts[] = {0, 0x0ffffe00, 0x7ffffe00, 0xfffffe00, 0x12345678};
static const uint32_t steps[] = {64000, 1u << 20, (1u << 28) - 1, 1u << 28, 0x7fffffff};
static const uint32_t windows[] = {1000, WINDOW, (1u << 30) - 1};

static void one_turn_later_an_old_hole_and_gap_count_as_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++)
        for (size_t k = 0; k < ARRAY_LENGTH(steps); k++)
            for (size_t w = 0; w < ARRAY_LENGTH(windows); w++) {
                struct long_flow f = flow_with_hole_and_gap(starts[i], windows[w]);

                go_on(&f, UINT64_C(1) << 32, steps[k]);
                f.snd_max = starts[i] + 2000; /* one turn later, whatever the step */
                assert_int_equal(observe(&f, starts[i] + 1000, 1000).kind, TCP_DUPLICATE);
                assert_int_equal(observe(&f, starts[i] + 1200, 400).kind, TCP_DUPLICATE);
                if (windows[w] >= 2000)
                    assert_int_equal(observe(&f, starts[i], 1000).kind, TCP_DUPLICATE);
                assert_int_equal(f.n_left_behind, 1);
                assert_int_equal(f.holes.n, 0);
                assert_int_equal(f.gap.n_open, 0);
            }
}

/* While the flow goes on in order, at any distance from the old hole, a step above snd_max opens
 * one hole and no segment meets the old one. */
static void an_old_hole_never_mixes_with_new_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        struct long_flow f = flow_with_hole_and_gap(starts[i], WINDOW);

        for (uint64_t done = 0; done < UINT64_C(3) << 32; done += 300u << 20) {
            uint32_t hole;

            go_on(&f, 300u << 20, 1u << 20);
            hole = f.snd_max;
            assert_int_equal(observe(&f, hole + 500, 500).kind, TCP_IN_ORDER);
            assert_int_equal(f.holes.n, 1);
            assert_int_equal(f.holes.hole[0].start, hole);
            assert_int_equal(observe(&f, hole - 1, 1).kind, TCP_DUPLICATE);
            assert_int_equal(observe(&f, hole, 100).kind, TCP_OUT_OF_ORDER);
            assert_int_equal(f.gap.n_open, 0);
        }
        assert_true(f.n_left_behind > 10);
    }
}

/* As far as the window reaches, nothing is given up. */
static void inside_the_window_a_hole_and_a_gap_stay(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        struct long_flow f = flow_with_hole_and_gap(starts[i], WINDOW);

        observe(&f, f.snd_max, WINDOW - 2000);
        assert_int_equal(f.snd_max - starts[i], WINDOW);
        assert_int_equal(observe(&f, starts[i], 1000).kind, TCP_OUT_OF_ORDER);
        assert_int_equal(observe(&f, starts[i] + 1000, 1000).kind, TCP_REPAIR);
        assert_int_equal(f.n_left_behind, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_turn_later_an_old_hole_and_gap_count_as_seen),
        cmocka_unit_test(an_old_hole_never_mixes_with_new_ones),
        cmocka_unit_test(inside_the_window_a_hole_and_a_gap_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

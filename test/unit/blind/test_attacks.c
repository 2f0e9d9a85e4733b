/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/time.h"
#include "blind/unit_attacks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../within.h"

#define MAX_PLAYED 20000

struct play {
    struct sender_options options;
    struct segment segments[MAX_PLAYED];
    unsigned int n_segments;
    unsigned int n_repeats;
};

/* Plays an attack by its row's defaults: one flow, 1000 steps of 1000 bytes, one per millisecond.
 */
static struct play *prepare(const char *name)
{
    struct play *p = calloc(1, sizeof(*p));
    const struct attack *attack = any_attack_by_name(name);

    assert_non_null(p);
    assert_non_null(attack);
    p->options = (struct sender_options){.attack = attack,
                                         .n_flows = 1,
                                         .n_segments = 1000,
                                         .segments_per_second = 1000,
                                         .payload_bytes = 1000,
                                         .duplicate_ratio = attack->duplicate_ratio,
                                         .delay_ns = attack->delay_ms * NS_PER_MS,
                                         .n_flood = attack->n_flood,
                                         .seed = 1};
    return p;
}

static void run(struct play *p)
{
    struct sender sender;
    int rc;

    assert_int_equal(sender_init(&sender, &p->options), 0);
    while ((rc = sender_next(&sender, &p->segments[p->n_segments])) == 1) {
        p->n_repeats += p->segments[p->n_segments].is_repeat;
        p->n_segments++;
        assert_true(p->n_segments < MAX_PLAYED);
    }
    assert_int_equal(rc, 0);
    sender_free(&sender);
}

static struct play *play(const char *name)
{
    struct play *p = prepare(name);

    run(p);
    return p;
}

static void every_attack_keeps_time_and_its_seed(void **state)
{
    const struct attack *attack;
    unsigned int i;

    (void)state;
    for (i = 0; (attack = attack_by_index(i)); i++) {
        struct play *a = prepare(attack->name), *b = prepare(attack->name);

        a->options.n_flows = b->options.n_flows = 7;
        run(a);
        run(b);
        assert_true(a->n_segments >= 1000);
        assert_int_equal(a->n_segments, b->n_segments);
        assert_memory_equal(a->segments, b->segments, a->n_segments * sizeof(a->segments[0]));
        for (unsigned int k = 1; k < a->n_segments; k++)
            assert_true(a->segments[k].time_ns >= a->segments[k - 1].time_ns);
        free(a);
        free(b);
    }
    assert_int_equal(i, 17);
}

/* Each step is on a flow of its own; what is repeated is the same, but for its ECN bits. */
static void units_are_sent_again_as_they_are(void **state)
{
    const struct attack *attack;
    unsigned int i;

    (void)state;
    for (i = 0; (attack = unit_attack_by_index(i)); i++) {
        struct play *p = prepare(attack->name);
        unsigned int n_repeats = 0, n_same = 0;

        p->options.duplicate_ratio = 1;
        run(p);
        for (unsigned int k = 0; k < p->n_segments; k++) {
            const struct segment *repeat = &p->segments[k];
            unsigned int first = 0;

            assert_true(k == 0 || repeat->time_ns >= p->segments[k - 1].time_ns);
            assert_int_equal(repeat->datagram == DATAGRAM_NONE, attack->name[0] == 's');
            if (!repeat->is_repeat)
                continue;
            while (p->segments[first].flow != repeat->flow)
                first++;
            n_repeats++;
            n_same += p->segments[first].seq == repeat->seq &&
                      (p->segments[first].tcp_flags & ~0xc0) == repeat->tcp_flags &&
                      p->segments[first].datagram == repeat->datagram;
            assert_true(repeat->time_ns - p->segments[first].time_ns >= NS_PER_S);
        }
        assert_true(n_repeats >= 1000);
        assert_int_equal(n_same, strcmp(attack->name, "syn-sequence") == 0 ? 0 : n_repeats);
        free(p);
    }
    assert_int_equal(i, 9);
}

static void plain_spoofing_is_in_order_and_repeats_nothing(void **state)
{
    struct play *p = play("none");

    (void)state;
    assert_int_equal(p->n_segments, 1000);
    assert_int_equal(p->n_repeats, 0);
    for (unsigned int i = 1; i < p->n_segments; i++) {
        assert_int_equal(p->segments[i].time_ns, i * NS_PER_MS);
        assert_int_equal(p->segments[i].seq, p->segments[i - 1].seq + 1000);
    }
    free(p);
}

static void duplicates_come_at_the_ratio_asked_for(void **state)
{
    static const double ratios[] = {0.05, 0.10, 0.149, 0.50};

    (void)state;
    for (unsigned int k = 0; k < 4; k++) {
        struct play *p = prepare("duplicates");
        /* sqrt(n p (1-p)) is at most 50 for n = 10000; six of them are allowed. */
        double mean = 10000 * ratios[k];

        p->options.n_segments = 10000;
        p->options.duplicate_ratio = ratios[k];
        run(p);
        assert_true(p->n_repeats > mean - 300 && p->n_repeats < mean + 300);
        for (unsigned int i = 1; i < p->n_segments; i++)
            if (p->segments[i].is_repeat) {
                assert_int_equal(p->segments[i].seq, p->segments[i - 1].seq);
                assert_int_equal(p->segments[i].time_ns, p->segments[i - 1].time_ns);
            }
        free(p);
    }
}

static void delay_repeats_every_segment_exactly_so_late(void **state)
{
    struct play *p = play("delay");
    uint32_t first_seq = p->segments[0].seq;
    unsigned int n_repeats = 0;

    (void)state;
    assert_int_equal(p->n_segments, 2000);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        uint32_t index = (p->segments[i].seq - first_seq) / 1000;

        assert_int_equal(p->segments[i].time_ns,
                         index * NS_PER_MS + (p->segments[i].is_repeat ? 2500 * NS_PER_MS : 0));
        n_repeats += p->segments[i].is_repeat;
    }
    assert_int_equal(n_repeats, 1000);
    free(p);
}

static void sweep_covers_the_last_hundred_segments_by_one_packet(void **state)
{
    struct play *p = play("sweep");
    unsigned int n_tiny = 0;
    uint32_t starts[1000];

    (void)state;
    for (unsigned int i = 0; i < p->n_segments; i++) {
        if (!p->segments[i].is_repeat) {
            assert_int_equal(p->segments[i].n_bytes, 10);
            starts[n_tiny++] = p->segments[i].seq;
            continue;
        }
        assert_int_equal(n_tiny % SWEEP_SEGMENTS, 0);
        assert_int_equal(p->segments[i].seq, starts[n_tiny - SWEEP_SEGMENTS]);
        assert_int_equal(p->segments[i].n_bytes, 1000);
    }
    assert_int_equal(p->n_repeats, 10);
    free(p);
}

static void the_width_of_a_sweep_is_free(void **state)
{
    struct play *p = prepare("sweep");

    (void)state;
    p->options.n_covered = 4;
    run(p);
    assert_int_equal(p->n_repeats, 250);
    for (unsigned int i = 0; i < p->n_segments; i++)
        assert_int_equal(p->segments[i].n_bytes, p->segments[i].is_repeat ? 1000 : 250);
    free(p);
}

/* Each step but the first: one packet beyond a hole, perhaps twice, and four that fill the hole. */
static void dilution_fills_each_hole_by_four_segments(void **state)
{
    struct play *p = play("dilution");
    unsigned int i = 1, n_steps = 0;

    (void)state;
    while (i < p->n_segments) {
        uint32_t ahead = p->segments[i].seq;

        assert_int_equal(p->segments[i++].n_bytes, 1000);
        if (p->segments[i].is_repeat)
            assert_int_equal(p->segments[i++].seq, ahead);
        for (unsigned int k = 0; k < 4; k++, i++) {
            assert_int_equal(p->segments[i].seq, ahead - 1000 + 250 * k);
            assert_int_equal(p->segments[i].n_bytes, 250);
            assert_false(p->segments[i].is_repeat);
        }
        n_steps++;
    }
    assert_int_equal(n_steps, 999);
    /* 999 coins of 0.8: the deviation is 12.6, six of them 76. */
    assert_within(p->n_repeats, 799 - 76, 799 + 76);
    free(p);
}

static void split_repeats_each_segment_by_its_two_halves(void **state)
{
    struct play *p = play("split");

    (void)state;
    assert_int_equal(p->n_segments, 3000);
    for (unsigned int i = 0; i < p->n_segments; i += 3) {
        assert_int_equal(p->segments[i].n_bytes, 1000);
        assert_int_equal(p->segments[i + 1].seq, p->segments[i].seq);
        assert_int_equal(p->segments[i + 1].n_bytes, 500);
        assert_int_equal(p->segments[i + 2].seq, p->segments[i].seq + 500);
        assert_int_equal(p->segments[i + 2].n_bytes, 500);
    }
    free(p);
}

static void merge_repeats_two_segments_by_one(void **state)
{
    struct play *p = play("merge");

    (void)state;
    assert_int_equal(p->n_segments, 1500);
    for (unsigned int i = 0; i < p->n_segments; i += 3) {
        assert_int_equal(p->segments[i].n_bytes, 500);
        assert_int_equal(p->segments[i + 1].seq, p->segments[i].seq + 500);
        assert_true(p->segments[i + 2].is_repeat);
        assert_int_equal(p->segments[i + 2].seq, p->segments[i].seq);
        assert_int_equal(p->segments[i + 2].n_bytes, 1000);
    }
    free(p);
}

static void reset_ends_bursts_by_rst_and_fin_in_turn(void **state)
{
    struct play *p = play("reset");
    unsigned int n_in_burst = 0, n_ends = 0;

    (void)state;
    for (unsigned int i = 0; i < p->n_segments; i++) {
        if (p->segments[i].n_bytes) {
            n_in_burst++;
            continue;
        }
        assert_int_equal(n_in_burst, RESET_BURST_SEGMENTS);
        assert_int_equal(p->segments[i].tcp_flags & ~TCP_FLAG_ACK,
                         n_ends % 2 ? TCP_FLAG_FIN : TCP_FLAG_RST);
        assert_int_equal(p->segments[i].seq, p->segments[i - 1].seq + 1000);
        n_in_burst = 0;
        n_ends++;
    }
    assert_int_equal(n_ends, 100);
    free(p);
}

static void concentration_repeats_in_one_flow_of_ten_only(void **state)
{
    struct play *p = prepare("concentration");

    (void)state;
    p->options.n_flows = 20;
    p->options.n_segments = 10000;
    p->options.duplicate_ratio = 0.25; /* 2.5 copies of each segment of flows 0 and 1 */
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++)
        assert_true(!p->segments[i].is_repeat || p->segments[i].flow < 2);
    /* 1000 hot segments, 2 copies and a coin of 0.5 each: the deviation is 15.8, six are 95. */
    assert_within(p->n_repeats, 2500 - 95, 2500 + 95);
    free(p);
}

static void floods_never_use_a_flow_twice(void **state)
{
    static const char *const names[] = {"tuple-flood", "syn-flood"};

    (void)state;
    for (unsigned int k = 0; k < 2; k++) {
        struct play *p = play(names[k]);

        assert_int_equal(p->n_segments, 1000);
        for (unsigned int i = 0; i < p->n_segments; i++) {
            assert_int_equal(p->segments[i].flow, 1 + i);
            assert_int_equal(p->segments[i].tcp_flags == TCP_FLAG_SYN, k == 1);
            assert_int_equal(p->segments[i].n_bytes, k == 1 ? 0 : 1000);
        }
        free(p);
    }
}

static void eviction_repeats_after_a_second_of_flood(void **state)
{
    struct play *p = play("eviction");
    unsigned int n_flood = 0;
    uint32_t first_seq = p->segments[0].seq;

    (void)state;
    for (unsigned int i = 0; i < p->n_segments; i++) {
        if (p->segments[i].flow > 0) {
            n_flood++;
            continue;
        }
        if (p->segments[i].is_repeat)
            assert_int_equal(p->segments[i].time_ns,
                             NS_PER_S + (p->segments[i].seq - first_seq) / 1000 * NS_PER_MS);
    }
    assert_int_equal(n_flood, 8000);
    assert_int_equal(p->n_repeats, 1000);
    free(p);
}

/* Of all that it sends once, a tenth or less can be dropped, and all of that comes again. */
static void undroppable_repeats_all_that_can_be_dropped(void **state)
{
    (void)state;
    for (enum sender_between between = SENDER_ONE_BYTE; between < SENDER_N_BETWEEN; between++) {
        struct play *p = prepare("undroppable");
        unsigned int n_whole = 0, n_between = 0, n_syn = 0;
        uint32_t next = p->segments[0].seq;

        p->options.between = between;
        p->options.n_between = between == SENDER_URGENT ? 3 : 0;
        run(p);
        next = p->segments[0].seq;
        for (unsigned int i = 0; i < p->n_segments; i++) {
            const struct segment *s = &p->segments[i];

            if (s->is_repeat) {
                assert_int_equal(s->n_bytes, 1000);
                assert_int_equal(s->tcp_flags, TCP_FLAG_ACK | TCP_FLAG_PSH);
                continue;
            }
            assert_int_equal(s->seq, next);
            next += s->n_bytes + ((s->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_FIN)) != 0);
            if (s->n_bytes == 0)
                n_syn += s->tcp_flags == TCP_FLAG_SYN;
            else if (s->n_bytes == 1000 && s->tcp_flags == (TCP_FLAG_ACK | TCP_FLAG_PSH))
                n_whole++;
            else
                n_between++;
        }
        assert_int_equal(n_whole, 1000);
        assert_int_equal(p->n_repeats, 1000);
        assert_int_equal(n_between, between == SENDER_ONE_BYTE ? 1000 * UNDROPPABLE_BETWEEN
                                    : between == SENDER_URGENT ? 3000
                                                               : 1000);
        assert_int_equal(n_syn, between == SENDER_FIN ? 1000 : 0);
        free(p);
    }
}

static void blocked_sends_most_in_the_flow_that_repeats_nothing(void **state)
{
    struct play *p = prepare("blocked");
    unsigned int n[10] = {0}, n_repeats[10] = {0};

    (void)state;
    p->options.n_flows = 10;
    p->options.n_between = 30;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        n[p->segments[i].flow] += !p->segments[i].is_repeat;
        n_repeats[p->segments[i].flow] += p->segments[i].is_repeat;
    }
    for (unsigned int i = 0; i < 9; i++) {
        assert_int_equal(n[i], 100);
        assert_int_equal(n_repeats[i], 100);
    }
    assert_int_equal(n[9], 3000);
    assert_int_equal(n_repeats[9], 0);
    free(p);
}

static void pulses_repeat_in_the_first_part_of_each_period(void **state)
{
    struct play *p = prepare("pulses");
    unsigned int n_repeats = 0;

    (void)state;
    p->options.period_ns = 40 * NS_PER_MS;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++)
        if (p->segments[i].is_repeat) {
            assert_true((p->segments[i].time_ns - p->options.delay_ns) % (40 * NS_PER_MS) <
                        4 * NS_PER_MS);
            n_repeats++;
        }
    assert_int_equal(n_repeats, 100);
    free(p);
}

static void two_attacks_take_the_steps_by_a_coin(void **state)
{
    struct play *p = prepare("none");
    unsigned int n_syn = 0;

    (void)state;
    p->options.also = attack_by_name("syn-flood");
    p->options.n_segments = 10000;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++)
        n_syn += p->segments[i].tcp_flags == TCP_FLAG_SYN;
    assert_int_equal(p->n_segments, 10000);
    /* The deviation is 50; six are allowed. */
    assert_true(n_syn > 4700 && n_syn < 5300);
    free(p);
}

static void wrap_passes_sequence_number_zero_in_every_flow(void **state)
{
    struct play *p = prepare("wrap");
    bool high[5] = {false}, low[5] = {false};

    (void)state;
    p->options.n_flows = 5;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        high[p->segments[i].flow] |= p->segments[i].seq > UINT32_MAX - 100000;
        low[p->segments[i].flow] |= high[p->segments[i].flow] && p->segments[i].seq < 200000;
    }
    for (unsigned int f = 0; f < 5; f++)
        assert_true(high[f] && low[f]);
    free(p);
}

static void jump_leaps_a_gigabyte_and_comes_back(void **state)
{
    struct play *p = play("jump");
    unsigned int n_jumps = 0;

    (void)state;
    for (unsigned int i = 1; i + 1 < p->n_segments; i++)
        if (p->segments[i].seq != p->segments[i - 1].seq + 1000) {
            assert_int_equal(p->segments[i].seq, p->segments[i - 1].seq + 1000 + JUMP_BYTES);
            assert_int_equal(p->segments[i + 1].seq, p->segments[i - 1].seq + 1000);
            i++;
            n_jumps++;
        }
    assert_int_equal(n_jumps, 9); /* and a tenth at the very end */
    assert_int_equal(p->n_segments, 1010);
    free(p);
}

static void a_handshake_puts_a_syn_before_the_first_byte(void **state)
{
    struct play *p = prepare("none");

    (void)state;
    p->options.handshake = true;
    p->options.n_flows = 10;
    run(p);
    assert_int_equal(p->n_segments, 1010);
    for (unsigned int f = 0; f < 10; f++) {
        assert_int_equal(p->segments[2 * f].tcp_flags, TCP_FLAG_SYN);
        assert_int_equal(p->segments[2 * f + 1].flow, f);
        assert_int_equal(p->segments[2 * f + 1].seq, p->segments[2 * f].seq + 1);
    }
    free(p);
}

static void staggered_flows_begin_one_after_the_other(void **state)
{
    struct play *p = prepare("none");
    uint64_t begins[10] = {0};
    bool has_begun[10] = {false};

    (void)state;
    p->options.n_flows = 10;
    p->options.stagger_ns = 50 * NS_PER_MS;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        uint64_t flow = p->segments[i].flow;

        if (!has_begun[flow])
            begins[flow] = p->segments[i].time_ns;
        has_begun[flow] = true;
    }
    for (unsigned int i = 0; i < 10; i++) {
        assert_true(has_begun[i]);
        assert_true(begins[i] >= i * p->options.stagger_ns);
        /* Within a round of the flows that are there. */
        assert_true(begins[i] <= i * p->options.stagger_ns + 10 * NS_PER_MS);
    }
    free(p);
}

static void jitter_delays_and_keeps_the_order_of_each_flow(void **state)
{
    struct play *steady = prepare("none"), *p = prepare("none");
    uint32_t last_seq[4] = {0};
    unsigned int n_seen[4] = {0}, n_late = 0, n_between = 0;

    (void)state;
    steady->options.n_flows = p->options.n_flows = 4;
    p->options.jitter_ns = 5 * NS_PER_MS;
    run(steady);
    run(p);
    assert_int_equal(p->n_segments, steady->n_segments);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        const struct segment *s = &p->segments[i];
        uint64_t steady_ns = 0;

        assert_true(n_seen[s->flow]++ == 0 || (int32_t)(s->seq - last_seq[s->flow]) > 0);
        last_seq[s->flow] = s->seq;
        for (unsigned int k = 0; k < steady->n_segments; k++)
            if (steady->segments[k].flow == s->flow && steady->segments[k].seq == s->seq)
                steady_ns = steady->segments[k].time_ns;
        n_late += s->time_ns > steady_ns;
        n_between += i > 0 && s->time_ns - p->segments[i - 1].time_ns != NS_PER_MS;
    }
    assert_true(n_late > 0 && n_between > 500); /* of 1000 gaps that were all alike */
    free(steady);
    free(p);
}

static void each_flow_ends_with_a_fin_behind_its_last_byte_when_asked(void **state)
{
    struct play *p = prepare("duplicates");
    uint32_t next_seq[3] = {0};
    unsigned int n_fins = 0;

    (void)state;
    p->options.n_flows = 3;
    p->options.fin = true;
    run(p);
    for (unsigned int i = 0; i < p->n_segments; i++) {
        const struct segment *s = &p->segments[i];

        if ((s->tcp_flags & TCP_FLAG_FIN) != 0) {
            assert_int_equal(s->seq, next_seq[s->flow]);
            n_fins++;
        } else {
            assert_int_equal(n_fins, 0);
            if (!s->is_repeat)
                next_seq[s->flow] = s->seq + s->n_bytes;
        }
    }
    assert_int_equal(n_fins, 3);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attack_keeps_time_and_its_seed),
        cmocka_unit_test(units_are_sent_again_as_they_are),
        cmocka_unit_test(plain_spoofing_is_in_order_and_repeats_nothing),
        cmocka_unit_test(duplicates_come_at_the_ratio_asked_for),
        cmocka_unit_test(delay_repeats_every_segment_exactly_so_late),
        cmocka_unit_test(sweep_covers_the_last_hundred_segments_by_one_packet),
        cmocka_unit_test(the_width_of_a_sweep_is_free),
        cmocka_unit_test(dilution_fills_each_hole_by_four_segments),
        cmocka_unit_test(split_repeats_each_segment_by_its_two_halves),
        cmocka_unit_test(merge_repeats_two_segments_by_one),
        cmocka_unit_test(reset_ends_bursts_by_rst_and_fin_in_turn),
        cmocka_unit_test(concentration_repeats_in_one_flow_of_ten_only),
        cmocka_unit_test(floods_never_use_a_flow_twice),
        cmocka_unit_test(eviction_repeats_after_a_second_of_flood),
        cmocka_unit_test(undroppable_repeats_all_that_can_be_dropped),
        cmocka_unit_test(blocked_sends_most_in_the_flow_that_repeats_nothing),
        cmocka_unit_test(pulses_repeat_in_the_first_part_of_each_period),
        cmocka_unit_test(two_attacks_take_the_steps_by_a_coin),
        cmocka_unit_test(wrap_passes_sequence_number_zero_in_every_flow),
        cmocka_unit_test(jump_leaps_a_gigabyte_and_comes_back),
        cmocka_unit_test(a_handshake_puts_a_syn_before_the_first_byte),
        cmocka_unit_test(staggered_flows_begin_one_after_the_other),
        cmocka_unit_test(jitter_delays_and_keeps_the_order_of_each_flow),
        cmocka_unit_test(each_flow_ends_with_a_fin_behind_its_last_byte_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

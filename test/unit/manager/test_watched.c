/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows beside a list of all that came, flows one by one, and findings at their limits. */
#include "box.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

/* Slices of mode passive, side by side. */
static struct box *open_slices(uint32_t n_slices, uint32_t report_flows)
{
    struct box *b = box_new(1);

    b->n_slices = n_slices;
    for (uint32_t i = 0; i < n_slices; i++) {
        if (i > 0)
            b->slices[i] = b->slices[0];
        b->slices[i].mode = SLICE_PASSIVE;
        b->slices[i].parameters.report_flows = report_flows;
        b->slices[i].parameters.min_flows_to_finish = 0;
        b->slices[i].parameters.max_flows = 0;
        b->slices[i].parameters.max_duration_ms = 0;
    }
    box_open(b);
    return b;
}

static void tell(struct box *b, uint32_t aggregate, struct passive_counters delta)
{
    struct message m = {.kind = MESSAGE_PASSIVE, .aggregate = aggregate, .passive = delta};

    manager_receive(b->manager, &m);
}

#define N_TOLD 300

/* All that was told, and when. */
struct told {
    uint64_t at_ns, n_lost, n_repeats, n_all;
};

static void window_is_sum_of(const struct box *b, const struct told *told, unsigned int n,
                             enum passive_window window, uint64_t slot_ns)
{
    const struct passive_report r = box_passive_report(b);
    /* Slots lie side by side from the first that was told on; twelve of them are a window. */
    uint64_t newest = (b->now_ns - told[0].at_ns) / slot_ns;
    struct told sum = {0};

    for (unsigned int i = 0; i < n; i++)
        if ((told[i].at_ns - told[0].at_ns) / slot_ns + 12 > newest) {
            sum.n_lost += told[i].n_lost;
            sum.n_repeats += told[i].n_repeats;
            sum.n_all += told[i].n_all;
        }
    assert_int_equal(r.windows[window][0].n_hits, sum.n_lost);
    assert_int_equal(r.windows[window][0].n_observations, sum.n_all);
    assert_int_equal(r.windows[window][1].n_hits, sum.n_repeats);
    assert_int_equal(r.windows[window][1].n_observations, sum.n_all + sum.n_repeats);
}

/* Pauses from a part of a slot up to several windows. */
static void windows_are_the_sum_of_what_was_told_in_them(void **state)
{
    struct box *b = open_slices(1, 0);
    struct told told[N_TOLD];
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 11, 0);
    for (unsigned int i = 0; i < N_TOLD; i++) {
        uint64_t n_all = 100 + random_u32(&r) % 100;

        told[i] = (struct told){b->now_ns, random_u32(&r) % 10, random_u32(&r) % 20, n_all};
        tell(b, 0, box_passive_segments(told[i].n_lost, told[i].n_repeats, n_all));
        window_is_sum_of(b, told, i + 1, PASSIVE_MINUTE, 5 * NS_PER_S);
        window_is_sum_of(b, told, i + 1, PASSIVE_5_MINUTES, 25 * NS_PER_S);
        window_is_sum_of(b, told, i + 1, PASSIVE_HOUR, 300 * NS_PER_S);
        b->now_ns += (random_u32(&r) % 10 != 0 ? random_u32(&r) % 9000 : random_u32(&r) % 200000) *
                     NS_PER_MS;
        box_epoch(b);
        window_is_sum_of(b, told, i + 1, PASSIVE_MINUTE, 5 * NS_PER_S);
        window_is_sum_of(b, told, i + 1, PASSIVE_HOUR, 300 * NS_PER_S);
    }
    box_close(b);
}

static void end_flow(struct box *b, uint32_t aggregate, uint16_t port)
{
    struct message m = {.kind = MESSAGE_FLOW_ENDED, .aggregate = aggregate};

    m.flow_ended.key.source_port = port;
    manager_receive(b->manager, &m);
}

/* The ports of the flows that are told of an aggregate, one after the other. */
static void assert_flows(const struct box *b, uint32_t aggregate, const uint16_t *ports,
                         unsigned int n)
{
    const struct ended_flow *flow = NULL;

    for (unsigned int i = 0; i < n; i++) {
        flow = manager_next_ended_flow(b->manager, aggregate, flow);
        assert_non_null(flow);
        assert_int_equal(flow->key.source_port, ports[i]);
    }
    assert_null(manager_next_ended_flow(b->manager, aggregate, flow));
}

static void each_slice_keeps_the_first_flows_that_end(void **state)
{
    struct box *b = open_slices(3, 2);

    (void)state;
    assert_flows(b, 1, NULL, 0);
    end_flow(b, 1, 11);
    end_flow(b, 2, 21);
    end_flow(b, 1, 12);
    end_flow(b, 1, 13); /* one too many */
    end_flow(b, 0, 1);
    assert_flows(b, 0, (const uint16_t[]){1}, 1);
    assert_flows(b, 1, (const uint16_t[]){11, 12}, 2);
    assert_flows(b, 2, (const uint16_t[]){21}, 1);
    assert_null(manager_next_ended_flow(b->manager, 3, NULL));
    box_close(b);
}

static void flows_are_kept_only_where_they_are_asked_for(void **state)
{
    struct box *b = open_slices(1, 0);

    (void)state;
    end_flow(b, 0, 1);
    assert_flows(b, 0, NULL, 0);
    box_close(b);
}

/* Finished flows, some of which show one thing. */
struct limit {
    enum passive_finding finding;
    uint64_t hits, flows;
    bool is_raised;
};

static struct passive_counters counters_of(const struct limit *l)
{
    struct passive_counters c = {
        .flows_finished = l->flows, .flows_two_way = l->flows, .ended_fin = l->flows};

    switch (l->finding) {
    case FINDING_ABRUPT_RESETS:
        c.ended_rst = c.resets_out_of_line = l->hits;
        c.ended_fin = l->flows - l->hits;
        break;
    case FINDING_SYN_ONLY:
        c.ended_syn_only = l->hits;
        c.ended_fin = c.flows_two_way = l->flows - l->hits;
        break;
    case FINDING_ONE_WAY_ONLY:
        c.flows_two_way = l->flows - l->hits;
        break;
    default:
        return box_passive_segments(l->finding == FINDING_UPSTREAM_LOSS ? l->hits : 0,
                                    l->finding == FINDING_DOWNSTREAM_LOSS ? l->hits : 0,
                                    l->flows -
                                        (l->finding == FINDING_DOWNSTREAM_LOSS ? l->hits : 0));
    }
    return c;
}

/* As many as are asked for, and one less; a share whose interval begins above the limit, and one
 * below. Clopper and Pearson: 5 of 5 begin at 0.478, 4 of 4 at 0.398; 20 of 20 at 0.832, 20 of 23
 * at 0.664; 20 of 25 at 0.593, 20 of 30 at 0.472; 5 of 80 at 0.0206, 5 of 90 at 0.0183. */
static void findings_begin_at_their_limits(void **state)
{
    static const struct limit limits[] = {
        {FINDING_UPSTREAM_LOSS, 5, 1000, true},     {FINDING_UPSTREAM_LOSS, 4, 1000, false},
        {FINDING_UPSTREAM_LOSS, 5, 1000000, false}, {FINDING_DOWNSTREAM_LOSS, 5, 1000, true},
        {FINDING_DOWNSTREAM_LOSS, 4, 1000, false},  {FINDING_ABRUPT_RESETS, 5, 5, true},
        {FINDING_ABRUPT_RESETS, 4, 4, false},       {FINDING_ABRUPT_RESETS, 5, 80, true},
        {FINDING_ABRUPT_RESETS, 5, 90, false},      {FINDING_SYN_ONLY, 20, 20, true},
        {FINDING_SYN_ONLY, 19, 19, false},          {FINDING_SYN_ONLY, 20, 25, true},
        {FINDING_SYN_ONLY, 20, 30, false},          {FINDING_ONE_WAY_ONLY, 20, 20, true},
        {FINDING_ONE_WAY_ONLY, 19, 19, false},      {FINDING_ONE_WAY_ONLY, 20, 23, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        struct box *b = open_slices(1, 0);

        tell(b, 0, counters_of(&limits[i]));
        box_epochs_for(b, NS_PER_S + BOX_EPOCH_NS);
        if (box_passive_report(b).findings[limits[i].finding].is_raised != limits[i].is_raised)
            fail_msg("row %zu", i);
        box_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_the_sum_of_what_was_told_in_them),
        cmocka_unit_test(each_slice_keeps_the_first_flows_that_end),
        cmocka_unit_test(flows_are_kept_only_where_they_are_asked_for),
        cmocka_unit_test(findings_begin_at_their_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Blind bookkeeping, which the proof of rule anytime needs: whether a repeat is noticed never
 * depends on the coin of what it repeats.
 *
 * The same blind traffic goes through two engines, one of which drops. A blind sender does not
 * react, so the traffic is the same; then each packet that is a duplicate where nothing was dropped
 * must be a duplicate or a repair where something was, and all else must be equal:   duplicates (no
 * drops) = duplicates + repairs (drops). The traffic is as hostile as a random walk makes it:
 * repeats whole, split, merged and late, holes, jumps, keepalives, FIN, RST, SYN, and a flow table
 * so small that flows are evicted, refused and aged all the time. */
#include "lab.h"

#include "base/random.h"

#define N_STEPS 1000000
#define N_FLOWS 300

struct sender {
    uint32_t start, next;
};

static void send_both(struct lab *quiet, struct lab *dropping, uint32_t flow, uint8_t flags,
                      uint32_t sequence, uint32_t n_bytes)
{
    assert_int_equal(lab_packet(quiet, flow, flags, sequence, n_bytes), ENGINE_FORWARD);
    lab_packet(dropping, flow, flags, sequence, n_bytes);
}

/* One packet of one flow. */
static void step(struct lab *quiet, struct lab *dropping, struct sender *s, uint32_t flow,
                 struct random_source *r)
{
    uint32_t sent = s->next - s->start, back, n_bytes = 1 + random_u32(r) % 1460;

    switch (random_u32(r) % 32) {
    case 0:
        s->start = s->next = random_u32(r);
        send_both(quiet, dropping, flow, TCP_FLAG_SYN, s->next - 1, 0);
        return;
    case 1:
        send_both(quiet, dropping, flow, random_u32(r) % 2 ? TCP_FLAG_FIN : TCP_FLAG_RST, s->next,
                  0);
        return;
    case 2:
        send_both(quiet, dropping, flow, TCP_FLAG_ACK, s->next - 1, random_u32(r) % 2);
        return;
    case 3: /* a hole */
        s->next += n_bytes;
        return;
    case 4:
        send_both(quiet, dropping, flow, TCP_FLAG_ACK, random_u32(r), n_bytes);
        return;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: /* a repeat of something sent, at any boundaries */
        if (sent == 0)
            return;
        back = 1 + random_u32(r) % (sent < 20000 ? sent : 20000);
        send_both(quiet, dropping, flow, TCP_FLAG_ACK, s->next - back, n_bytes);
        return;
    case 11:
    case 12:
    case 13: /* the latest once more */
        if (sent >= 100)
            send_both(quiet, dropping, flow, TCP_FLAG_ACK, s->next - 100, 100);
        return;
    default:
        n_bytes = random_u32(r) % 2 ? 100 : n_bytes;
        send_both(quiet, dropping, flow, TCP_FLAG_ACK, s->next, n_bytes);
        s->next += n_bytes;
    }
}

static void compare(struct lab *quiet, struct lab *dropping)
{
    const struct aggregate_counters *q = lab_counters(quiet), *d = lab_counters(dropping);

    assert_int_equal(q->duplicates, d->duplicates + d->repairs);
    assert_int_equal(q->test_duplicates, d->test_duplicates + d->repairs);
    assert_int_equal(q->packets, d->packets);
    assert_int_equal(q->segments, d->segments);
    assert_int_equal(q->in_order, d->in_order);
    assert_int_equal(q->out_of_order, d->out_of_order);
    assert_int_equal(q->population_in_order, d->population_in_order);
    assert_int_equal(q->unarmed, d->unarmed);
    assert_int_equal(q->jumps, d->jumps);
    assert_int_equal(q->keepalives, d->keepalives);
    assert_int_equal(q->flows_seen, d->flows_seen);
    assert_int_equal(q->holes_closed, d->holes_closed);
    assert_int_equal(engine_flow_counters(quiet->engine)->n_flows,
                     engine_flow_counters(dropping->engine)->n_flows);
}

/* Flows age while their drops are pending. */
static void age_fast(struct test_parameters *p)
{
    p->flow_idle_timeout_ms = p->passive_flow_idle_timeout_ms = 400;
}

/* `phase`: the phase in which the engine drops. Tests follow each other, so that flows get new
 * budgets. */
static void run(enum aggregate_phase phase, uint32_t n_table, uint32_t n_flows, uint64_t seed)
{
    struct lab_options options = {
        .n_flows = n_table, .seed = 5, .adjust = n_table < n_flows ? age_fast : NULL};
    struct lab *quiet = lab_open(&options), *dropping = lab_open(&options);
    struct sender senders[N_FLOWS] = {{0}};
    struct random_source r;

    random_seed_fixed(&r, seed, 0);
    for (int i = 0; i < N_STEPS; i++) {
        uint32_t flow = random_u32(&r) % n_flows;
        uint8_t test_id = (uint8_t)(i / 1000);

        lab_order(quiet, phase, test_id, 0);
        lab_order(dropping, phase, test_id, UINT32_MAX / 3);
        lab_set_budget(dropping, 100, 100);
        step(quiet, dropping, &senders[flow], flow, &r);
        if (random_u32(&r) % 8 == 0) {
            uint64_t ms = random_u32(&r) % 20;

            lab_wait_ms(quiet, ms);
            lab_wait_ms(dropping, ms);
        }
        if (i % 10000 == 0)
            compare(quiet, dropping);
        quiet->n_messages = dropping->n_messages = 0;
    }
    compare(quiet, dropping);
    print_message("R %lu, ambiguous %lu, closed %lu, evicted %lu, N %lu\n",
                  (unsigned long)dropping->sums[0].retransmitted,
                  (unsigned long)dropping->sums[0].void_ambiguous,
                  (unsigned long)dropping->sums[0].void_closed,
                  (unsigned long)dropping->sums[0].void_evicted,
                  (unsigned long)dropping->sums[0].expired);
    /* All ends of a drop must have been visited, or the comparison says little. */
    assert_true(dropping->sums[0].retransmitted > 100);
    assert_true(dropping->sums[0].void_ambiguous > 50);
    assert_true(dropping->sums[0].void_closed > 50);
    assert_true(dropping->sums[0].expired > 50);
    assert_true(n_table >= n_flows || dropping->sums[0].void_evicted > 50);
    lab_close(quiet);
    lab_close(dropping);
}

static void a_roomy_table_in_the_pooled_phase(void **state)
{
    (void)state;
    run(AGGREGATE_POOLED, 1024, N_FLOWS, 1);
}

static void an_overfull_table_in_the_pooled_phase(void **state)
{
    (void)state;
    run(AGGREGATE_POOLED, 64, 90, 2);
}

static void a_roomy_table_in_the_flows_phase(void **state)
{
    (void)state;
    run(AGGREGATE_FLOWS, 1024, N_FLOWS, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_roomy_table_in_the_pooled_phase),
        cmocka_unit_test(an_overfull_table_in_the_pooled_phase),
        cmocka_unit_test(a_roomy_table_in_the_flows_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

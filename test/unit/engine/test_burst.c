/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way of ordinary segments beside the long way.
 *
 * The same hostile traffic goes through two engines: one takes it in bursts, the way of the
 * appliance, with its short ways for ordinary segments and for refused flows; the other takes
 * packet after packet the long way, which the other tests are about. Actions, counters, messages,
 * coins and every flow record must be equal, whatever the phase, the number of aggregates and the
 * room in the table. */
#include "../within.h"
#include "lab.h"

#include <stdlib.h>

#include <string.h>

#include "base/bytes.h"
#include "base/random.h"
#include "engine/internal.h"

#define N_BURSTS    40000
#define N_FLOWS     200
#define FULL_FLOWS  64
#define MAX_SEGMENT 1460

struct sender {
    uint32_t start, next;
    uint32_t latest; /* bytes of its latest segment in order */
};

struct burst {
    unsigned int n;
    struct packet_view views[ENGINE_MAX_BURST];
    struct engine_packet packets[ENGINE_MAX_BURST];
    uint8_t which[ENGINE_MAX_BURST];
};

struct twins {
    struct lab *bursts, *singles;
    struct sender senders[N_FLOWS];
    struct random_source random;
    uint32_t n_flows;
    uint64_t n_refused;
    bool is_calm; /* most segments in order */
};

/* Flows are of four aggregates when there is a granularity, and of either family. */
static void add_packet(struct burst *b, uint32_t flow, uint8_t flags, uint32_t sequence,
                       uint32_t n_bytes)
{
    static const uint8_t destination4[4] = {198, 51, 100, 1};
    static const uint8_t destination6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 1, 2,
                                             3,    4,    5,    6,    7,    8,    9, 10};
    uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8};
    struct packet_view *v = &b->views[b->n];
    bool is_ipv4 = flow % 5 != 0;

    store_be32(address + 12, 0x0a000000 + ((flow % 4) << 8) + flow);
    *v = (struct packet_view){.source_port = (uint16_t)(1024 + flow % 7),
                              .destination_port = 443,
                              .sequence = sequence,
                              .payload_bytes = n_bytes,
                              .tcp_flags = flags,
                              .is_ipv4 = is_ipv4,
                              .has_ip = true};
    v->source = is_ipv4 ? ip_address_from_ipv4(address + 12) : ip_address_from_ipv6(address);
    v->destination =
        is_ipv4 ? ip_address_from_ipv4(destination4) : ip_address_from_ipv6(destination6);
    b->packets[b->n] =
        (struct engine_packet){.view = v, .n_bytes = 54 + n_bytes, .ingress = (uint16_t)flow};
    b->which[b->n] = (uint8_t)b->n;
    b->n++;
}

static void add_in_order(struct twins *t, struct burst *b, uint32_t flow)
{
    struct sender *s = &t->senders[flow];
    uint32_t n_bytes = 1 + random_u32(&t->random) % MAX_SEGMENT;

    add_packet(b, flow, TCP_FLAG_ACK | (n_bytes % 64 == 0 ? TCP_FLAG_URG : 0), s->next, n_bytes);
    s->next += n_bytes;
    s->latest = n_bytes;
}

static void add_any(struct twins *t, struct burst *b, uint32_t flow)
{
    struct sender *s = &t->senders[flow];
    struct random_source *r = &t->random;
    uint32_t sent = s->next - s->start, n_bytes = 1 + random_u32(r) % MAX_SEGMENT;

    switch (random_u32(r) % 16) {
    case 0:
        /* Some numbers soon pass a multiple of 2^28, others wrap. */
        s->start = s->next = (random_u32(r) & 0xf0000000) - random_u32(r) % 20000;
        add_packet(b, flow, TCP_FLAG_SYN, s->next - 1, 0);
        return;
    case 1:
        add_packet(b, flow, random_u32(r) % 2 ? TCP_FLAG_FIN : TCP_FLAG_RST, s->next, 0);
        return;
    case 2:
        add_packet(b, flow, TCP_FLAG_ACK, s->next - 1, random_u32(r) % 2);
        return;
    case 3: /* a hole, and perhaps its bytes */
        s->next += n_bytes;
        add_in_order(t, b, flow);
        if (random_u32(r) % 2 == 0)
            add_packet(b, flow, TCP_FLAG_ACK, s->next - s->latest - n_bytes, n_bytes);
        return;
    case 4:
        add_packet(b, flow, TCP_FLAG_ACK, random_u32(r), n_bytes);
        return;
    case 5:
        add_packet(b, flow, TCP_FLAG_ACK | TCP_FLAG_FIN, s->next, n_bytes);
        return;
    case 6:
    case 7:
    case 8:
        if (s->latest > 0)
            add_packet(b, flow, TCP_FLAG_ACK, s->next - s->latest, s->latest);
        return;
    case 9:
        if (sent > 0)
            add_packet(b, flow, TCP_FLAG_ACK,
                       s->next - 1 - random_u32(r) % (sent < 20000 ? sent : 20000), n_bytes);
        return;
    default:
        add_in_order(t, b, flow);
    }
}

static void fill(struct twins *t, struct burst *b)
{
    unsigned int most = 1 + random_u32(&t->random) % (ENGINE_MAX_BURST - 1);

    b->n = 0;
    while (b->n < most) {
        uint32_t flow = random_u32(&t->random) % t->n_flows;

        if (t->is_calm && random_u32(&t->random) % 32 != 0)
            add_in_order(t, b, flow);
        else
            add_any(t, b, flow);
    }
}

static void go(struct twins *t, struct burst *b)
{
    enum engine_action actions[ENGINE_MAX_BURST];
    unsigned int n_dropped, n = 0;

    engine_begin_burst(t->bursts->engine, t->bursts->now_ns);
    for (unsigned int i = 0; i < b->n; i++)
        engine_ask(t->bursts->engine, &b->packets[i]);
    n_dropped = engine_packets(t->bursts->engine, b->packets, b->which, b->n, actions);
    engine_begin_burst(t->singles->engine, t->singles->now_ns);
    for (unsigned int i = 0; i < b->n; i++) {
        struct engine_packet p = b->packets[i];
        enum engine_action action;

        engine_lookup_bulk(t->singles->engine, &p, 1);
        action = engine_packet(t->singles->engine, &p);
        assert_int_equal(action, actions[i]);
        n += action == ENGINE_DROP;
    }
    assert_int_equal(n, n_dropped);
}

static void post_counters(struct lab *l)
{
    atomic_fetch_add(&l->gate.epoch, 1);
    assert_true(engine_post_epoch(l->engine));
    for (uint32_t i = 0; i < aggregate_table_count(l->aggregates); i++)
        assert_null(aggregate_counters_check(&l->sums[i]));
}

static void compare_flows(const struct twins *t)
{
    struct engine *a = t->bursts->engine, *b = t->singles->engine;

    for (uint32_t i = 0; i < a->config.n_flows; i++) {
        assert_memory_equal(flow_table_at(a->flows, i), flow_table_at(b->flows, i),
                            sizeof(struct flow));
        assert_memory_equal(flow_table_rare(a->flows, flow_table_at(a->flows, i)),
                            flow_table_rare(b->flows, flow_table_at(b->flows, i)),
                            sizeof(struct flow_rare));
    }
}

static void compare(struct twins *t)
{
    struct engine *a = t->bursts->engine, *b = t->singles->engine;

    post_counters(t->bursts);
    post_counters(t->singles);
    assert_memory_equal(t->bursts->sums, t->singles->sums, sizeof(t->bursts->sums));
    assert_memory_equal(engine_counters(a), engine_counters(b), sizeof(struct worker_counters));
    assert_memory_equal(engine_flow_counters(a), engine_flow_counters(b),
                        sizeof(struct flow_table_counters));
    assert_memory_equal(&a->random, &b->random, sizeof(a->random));
    compare_flows(t);
}

static void compare_messages(struct twins *t)
{
    assert_int_equal(t->bursts->n_messages, t->singles->n_messages);
    for (unsigned int i = 0; i < t->bursts->n_messages; i++) {
        const struct message *a = &t->bursts->messages[i], *b = &t->singles->messages[i];

        assert_int_equal(a->kind, b->kind);
        if (a->kind == MESSAGE_COUNTERS)
            continue; /* of an epoch, in any order; their sums are compared */
        assert_int_equal(a->aggregate, b->aggregate);
        assert_int_equal(a->test_id, b->test_id);
        if (a->kind == MESSAGE_DROP_MADE)
            assert_int_equal(a->drop_made.sequence, b->drop_made.sequence);
        if (a->kind == MESSAGE_DROP_ENDED)
            assert_int_equal(a->drop_ended.id, b->drop_ended.id);
    }
    t->bursts->n_messages = t->singles->n_messages = 0;
}

/* What the manager does when it is asked for an aggregate. */
static void make_wanted(struct lab *l)
{
    for (unsigned int i = 0; i < l->n_messages; i++)
        if (l->messages[i].kind == MESSAGE_AGGREGATE_WANTED)
            aggregate_table_add(l->aggregates,
                                &(struct aggregate_identity){.slice = 0,
                                                             .prefix = l->messages[i].wanted.prefix,
                                                             .has_prefix = true});
}

static void order_all(struct lab *l, enum aggregate_phase phase, uint8_t test_id,
                      uint32_t threshold)
{
    for (uint32_t i = 0; i < aggregate_table_count(l->aggregates); i++) {
        struct aggregate_control *c = aggregate_table_control(l->aggregates, i);

        aggregate_control_order(c, (struct aggregate_order){.threshold = threshold + i,
                                                            .test_id = test_id,
                                                            .screening = test_id % 2,
                                                            .phase = (uint8_t)phase});
        atomic_store(&c->budget, 50);
        atomic_store(&c->screening, 5);
        atomic_store(&c->places, 5);
    }
}

/* Each limit is to be met often. */
static void low_limits(struct test_parameters *p)
{
    p->flow_idle_timeout_ms = p->passive_flow_idle_timeout_ms = 400;
    p->admission_grace_ms = 100;
    p->protect_first_packets = 3;
    p->max_reordering_ratio = 0.02;
}

static void run(struct lab_options options, struct twins *t)
{
    /* With and without chosen flows. */
    static const enum aggregate_phase phases[2][5] = {
        {AGGREGATE_POOLED, AGGREGATE_POOLED, AGGREGATE_FLOWS, AGGREGATE_SETTLING, AGGREGATE_IDLE},
        {AGGREGATE_POOLED, AGGREGATE_POOLED, AGGREGATE_SETTLING, AGGREGATE_SETTLING,
         AGGREGATE_IDLE}};
    struct aggregate_counters sum = {0};
    static struct burst b;

    options.adjust = low_limits;
    options.seed = 5;
    t->bursts = lab_open(&options);
    t->singles = lab_open(&options);
    random_seed_fixed(&t->random, 7, t->n_flows);
    for (uint32_t i = 0; i < N_BURSTS; i++) {
        uint32_t threshold = random_u32(&t->random) % 2 ? UINT32_MAX / 20 : UINT32_MAX / 3;
        uint64_t ms = random_u32(&t->random) % 8;

        if (i % 50 == 0) {
            enum aggregate_phase phase = phases[i / 250 % 2][i / 50 % 5];

            order_all(t->bursts, phase, (uint8_t)(i / 250), threshold);
            order_all(t->singles, phase, (uint8_t)(i / 250), threshold);
        }
        t->is_calm = i / 1000 % 2 == 0;
        fill(t, &b);
        go(t, &b);
        lab_wait_ms(t->bursts, ms);
        lab_wait_ms(t->singles, ms);
        make_wanted(t->bursts);
        make_wanted(t->singles);
        compare_messages(t);
        if (i % 100 == 0)
            compare(t);
    }
    compare(t);
    t->n_refused = engine_counters(t->bursts->engine)->flow_refused;
    for (size_t i = 0; i < ARRAY_LENGTH(t->bursts->sums); i++)
        aggregate_counters_add(&sum, &t->bursts->sums[i]);
    print_message("droppable %lu, dropped %lu, retransmitted %lu, refused %lu\n",
                  (unsigned long)sum.droppable, (unsigned long)sum.dropped,
                  (unsigned long)sum.retransmitted, (unsigned long)t->n_refused);
    assert_true(sum.droppable > 5000);
    assert_true(sum.population_in_order > 2 * sum.population_droppable);
    assert_true(sum.retransmitted > 50);
    lab_close(t->bursts);
    lab_close(t->singles);
}

static void one_aggregate(void **state)
{
    static struct twins t = {.n_flows = N_FLOWS};

    (void)state;
    run((struct lab_options){.n_flows = 1024}, &t);
}

static void aggregates_take_turns(void **state)
{
    static struct twins t = {.n_flows = N_FLOWS};

    (void)state;
    run((struct lab_options){.n_flows = 1024, .granularity_ipv4 = 24}, &t);
}

static void a_table_that_is_too_small(void **state)
{
    static struct twins t = {.n_flows = N_FLOWS};

    (void)state;
    run((struct lab_options){.n_flows = FULL_FLOWS}, &t);
    assert_true(t.n_refused > 10000);
}

static void aggregates_of_a_table_that_is_too_small(void **state)
{
    static struct twins t = {.n_flows = N_FLOWS};

    (void)state;
    run((struct lab_options){.n_flows = FULL_FLOWS, .granularity_ipv4 = 24}, &t);
    assert_true(t.n_refused > 10000);
}

static void a_mirror(void **state)
{
    static struct twins t = {.n_flows = N_FLOWS};
    static struct burst b;
    struct lab_options options = {.n_flows = 128, .mode = SLICE_PASSIVE};

    (void)state;
    t.bursts = lab_open(&options);
    t.singles = lab_open(&options);
    random_seed_fixed(&t.random, 9, 0);
    for (uint32_t i = 0; i < 2000; i++) {
        fill(&t, &b);
        go(&t, &b);
        lab_wait_ms(t.bursts, 5);
        lab_wait_ms(t.singles, 5);
    }
    compare(&t);
    assert_memory_equal(t.bursts->passive, t.singles->passive, sizeof(t.bursts->passive));
    lab_close(t.bursts);
    lab_close(t.singles);
}

/* All flows of a burst are looked up first, and the second engine looks up each in its turn. A
 * table that had to take flows out soon admits fewer, so there are many short runs. */
static void flows_that_leave_within_a_burst_are_looked_up_again(void **state)
{
    static struct twins t;
    static struct burst b;
    uint64_t n_evicted = 0;

    (void)state;
    random_seed_fixed(&t.random, 11, 0);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const struct lab_options options = {.n_flows = FULL_FLOWS, .seed = seed};

        t.bursts = lab_open(&options);
        t.singles = lab_open(&options);
        for (int i = 0; i < 5; i++) {
            for (b.n = 0; b.n < ENGINE_MAX_BURST;) {
                uint32_t flow = random_u32(&t.random) % N_FLOWS;

                add_packet(&b, flow, TCP_FLAG_SYN, flow * 1000, 0);
            }
            engine_lookup_bulk(t.bursts->engine, b.packets, b.n);
            for (unsigned int k = 0; k < b.n; k++) {
                struct engine_packet p = b.packets[k];

                assert_int_equal(engine_packet(t.bursts->engine, &b.packets[k]), ENGINE_FORWARD);
                engine_lookup_bulk(t.singles->engine, &p, 1);
                assert_int_equal(engine_packet(t.singles->engine, &p), ENGINE_FORWARD);
            }
            compare_flows(&t);
            lab_wait_ms(t.bursts, 1);
            lab_wait_ms(t.singles, 1);
        }
        n_evicted += engine_flow_counters(t.bursts->engine)->evicted_syn_only;
        lab_close(t.bursts);
        lab_close(t.singles);
    }
    assert_true(n_evicted > 100);
}

static void stop_dropping(struct lab *l, const struct message *message)
{
    if (message->kind == MESSAGE_DROP_MADE)
        lab_order(l, AGGREGATE_SETTLING, 1, 0);
}

/* Each segment has a flow of its own, and its coin says drop. */
static void an_order_that_changes_within_a_burst_takes_effect_at_once(void **state)
{
    enum engine_action actions[ENGINE_MAX_BURST];
    struct lab *l = lab_open(&(struct lab_options){0});
    struct burst b = {0};

    (void)state;
    for (uint32_t flow = 1; flow < 5; flow++) {
        add_packet(&b, flow, TCP_FLAG_SYN, 0, 0);
        add_packet(&b, flow, TCP_FLAG_ACK, 1, 1000);
    }
    for (unsigned int i = 0; i < b.n; i++)
        engine_ask(l->engine, &b.packets[i]);
    assert_int_equal(engine_packets(l->engine, b.packets, b.which, b.n, actions), 0);
    l->on_message = stop_dropping;
    lab_set_budget(l, 100, 0);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    b.n = 0;
    /* The first segment of a test takes the long way; the second of each flow is an ordinary one.
     */
    for (uint32_t flow = 1; flow < 5; flow++)
        add_packet(&b, flow, TCP_FLAG_ACK | TCP_FLAG_URG, 1001, 1000);
    for (uint32_t flow = 1; flow < 5; flow++)
        add_packet(&b, flow, TCP_FLAG_ACK, 2001, 1000);
    for (unsigned int i = 0; i < b.n; i++)
        engine_ask(l->engine, &b.packets[i]);
    assert_int_equal(engine_packets(l->engine, b.packets, b.which, b.n, actions), 1);
    assert_int_equal(actions[4], ENGINE_DROP);
    assert_int_equal(lab_counters(l)->dropped, 1);
    lab_close(l);
}

static void allow_one(struct lab *l, const struct message *message)
{
    if (message->kind == MESSAGE_DROP_ENDED)
        lab_set_budget(l, 1, 0);
}

static unsigned int send(struct lab *l, struct burst *b)
{
    enum engine_action actions[ENGINE_MAX_BURST];
    unsigned int n_dropped;

    for (unsigned int i = 0; i < b->n; i++)
        engine_ask(l->engine, &b->packets[i]);
    n_dropped = engine_packets(l->engine, b->packets, b->which, b->n, actions);
    b->n = 0;
    return n_dropped;
}

/* Nobody tells a run when its budget came: for its segments before there was none. */
static void a_budget_that_comes_within_a_burst_is_for_what_follows(void **state)
{
    unsigned int n_dropped = 0, n_runs_without = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct lab *l = lab_open(&(struct lab_options){.seed = seed});
        struct aggregate_counters before;
        uint32_t sequence = 2001;
        struct burst b = {0};
        unsigned int n;

        for (uint32_t flow = 1; flow <= 2; flow++) {
            add_packet(&b, flow, TCP_FLAG_SYN, 0, 0);
            add_packet(&b, flow, TCP_FLAG_ACK, 1, 1000);
        }
        send(l, &b);
        lab_set_budget(l, 1, 0);
        lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
        add_packet(&b, 1, TCP_FLAG_ACK, 1001, 1000);
        assert_int_equal(send(l, &b), 1);
        add_packet(&b, 2, TCP_FLAG_ACK, 1001, 1000); /* the first of a test is no ordinary one */
        send(l, &b);
        before = *lab_counters(l);

        lab_order(l, AGGREGATE_POOLED, 1, UINT32_MAX / 12);
        l->on_message = allow_one;
        for (unsigned int i = 0; i < 12; i++, sequence += 1000) {
            if (i == 6)
                add_packet(&b, 1, TCP_FLAG_ACK, 1001, 1000);
            add_packet(&b, 2, TCP_FLAG_ACK, sequence, 1000);
        }
        n = send(l, &b);
        l->on_message = NULL;
        assert_within(lab_counters(l)->population_droppable - before.population_droppable, n, 6);
        assert_int_equal(lab_counters(l)->dropped - before.dropped, n);
        assert_int_equal(lab_counters(l)->in_order - before.in_order, 12);
        n_dropped += n;
        n_runs_without += n == 0;
        lab_close(l);
    }
    assert_within(n_dropped, 20, 180);
    assert_within(n_runs_without, 20, 180);
}

/* No slot beyond the last is read: the sanitizers watch. */
static void a_burst_may_lie_at_the_end_of_its_memory(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    for (unsigned int n = 1; n <= 14; n++) {
        struct engine_packet *packets = aligned_alloc(CACHE_LINE_BYTES, n * sizeof(*packets));
        enum engine_action *actions = malloc(n * sizeof(*actions));
        uint8_t *which = malloc(n);
        struct burst b = {0};

        assert_non_null(packets);
        assert_non_null(actions);
        assert_non_null(which);
        for (unsigned int i = 0; i < n; i++) {
            add_packet(&b, i, TCP_FLAG_SYN, 1, 0);
            packets[i] = b.packets[i];
            which[i] = b.which[i];
            engine_ask(l->engine, &packets[i]);
        }
        assert_int_equal(engine_packets(l->engine, packets, which, n, actions), 0);
        free(packets);
        free(actions);
        free(which);
    }
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_aggregate),
        cmocka_unit_test(aggregates_take_turns),
        cmocka_unit_test(a_table_that_is_too_small),
        cmocka_unit_test(aggregates_of_a_table_that_is_too_small),
        cmocka_unit_test(a_mirror),
        cmocka_unit_test(a_budget_that_comes_within_a_burst_is_for_what_follows),
        cmocka_unit_test(flows_that_leave_within_a_burst_are_looked_up_again),
        cmocka_unit_test(an_order_that_changes_within_a_burst_takes_effect_at_once),
        cmocka_unit_test(a_burst_may_lie_at_the_end_of_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets go on without a look at their flows while the box cannot keep up. */
#include "lab.h"

#include "base/bytes.h"

/* A burst of one data segment of flow 1. */
static enum engine_action segment(struct lab *l, uint32_t sequence)
{
    static const uint8_t source[4] = {10, 0, 0, 1}, destination[4] = {198, 51, 100, 1};
    const uint8_t which[] = {0};
    struct packet_view view = {.source_port = 1024,
                               .destination_port = 443,
                               .sequence = sequence,
                               .payload_bytes = 1000,
                               .tcp_flags = TCP_FLAG_ACK,
                               .is_ipv4 = true,
                               .has_ip = true};
    struct engine_packet packet = {.view = &view, .n_bytes = 1054};
    enum engine_action action = ENGINE_DROP;
    unsigned int n_dropped;

    view.source = ip_address_from_ipv4(source);
    view.destination = ip_address_from_ipv4(destination);
    engine_begin_burst(l->engine, l->now_ns);
    engine_ask(l->engine, &packet);
    n_dropped = engine_packets(l->engine, &packet, which, 1, &action);
    assert_int_equal(n_dropped, action == ENGINE_DROP);
    return action;
}

static void shed(struct lab *l, bool on)
{
    atomic_store(&l->gate.sheds_tracking, on);
}

static uint64_t n_shed(const struct lab *l)
{
    return engine_counters(l->engine)->tracking_shed;
}

/* Whatever coin falls: not tracked, not dropped, and counted. */
static void what_is_shed_is_forwarded_and_counted(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 5);
    lab_syn(l, 1, 100);
    shed(l, true);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(segment(l, 101 + 1000 * i), ENGINE_FORWARD);
    assert_int_equal(n_shed(l), 10);
    assert_int_equal(lab_counters(l)->segments, 0);
    shed(l, false);
    assert_int_equal(segment(l, 10101), ENGINE_DROP);
    assert_int_equal(lab_counters(l)->dropped, 1);
    assert_int_equal(n_shed(l), 10);
    lab_close(l);
}

/* Its repair may have gone by unseen, so that it did not come is no evidence. */
static void a_drop_that_was_pending_meanwhile_is_void(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 1, 5);
    lab_syn(l, 1, 100);
    assert_int_equal(segment(l, 101), ENGINE_DROP);
    lab_wait_ms(l, 100);
    shed(l, true);
    atomic_store(&l->gate.own_loss_ns, l->now_ns);
    assert_int_equal(segment(l, 101), ENGINE_FORWARD);
    shed(l, false);
    lab_wait_ms(l, 7000); /* doubled, as nothing was sent after it */
    assert_int_equal(lab_counters(l)->void_own_loss, 1);
    assert_int_equal(lab_counters(l)->expired, 0);
    assert_int_equal(lab_counters(l)->retransmitted, 0);
    lab_close(l);
}

/* A gap in what is watched would look like loss before the box. */
static void what_is_watched_is_tracked_all_the_same(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE});

    (void)state;
    shed(l, true);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(segment(l, 101 + 1000 * i), ENGINE_FORWARD);
    assert_int_equal(n_shed(l), 0);
    assert_int_equal(lab_counters(l)->packets, 10);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shed_is_forwarded_and_counted),
        cmocka_unit_test(a_drop_that_was_pending_meanwhile_is_void),
        cmocka_unit_test(what_is_watched_is_tracked_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

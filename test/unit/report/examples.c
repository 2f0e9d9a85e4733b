/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints real summaries and events, one {"schema": name, "document": ...} per line, for
 * check_schemas.py. */
#include "../manager/box.h"
#include "report/report.h"

static const struct report_clock with_wall = {
    .started_ns = NS_PER_S, .has_wall = true, .wall_offset_ns = INT64_C(1767355200) * 1000000000};
static const struct report_clock without_wall = {.started_ns = NS_PER_S};

static void print(const char *schema, json_t *document)
{
    json_t *line = json_pack("{s:s, s:o}", "schema", schema, "document", document);

    assert_non_null(line);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void print_event(void *context, const struct manager_event *event)
{
    const struct box *b = context;

    print("event", report_event(b->manager, event, &with_wall));
    print("event", report_event(b->manager, event, &without_wall));
}

static void drop_and_end(struct box *b, uint32_t aggregate, unsigned n, enum drop_state end)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t id = box_drop(b, 0, aggregate);

        if (id == 0)
            break;
        b->now_ns += NS_PER_MS;
        box_end(b, 0, aggregate, id, end);
        box_epoch(b);
    }
    box_settle(b);
}

/* A genuine slice, a spoofed one by rule penny with flows, one with sub-prefixes, a passive one. */
static struct box *make_box(void)
{
    struct box *b = box_new(1);

    b->n_slices = 4;
    b->slices[1].parameters.rule = TEST_RULE_PENNY;
    b->slices[2].granularity.ipv4 = 24;
    b->slices[3].mode = SLICE_PASSIVE;
    b->slices[3].parameters.min_flows_to_finish = 10;
    b->slices[3].escalation = (struct slice_escalation){
        .when = 1u << FINDING_UPSTREAM_LOSS, .test = 0, .max_per_hour = 1};
    b->max_tests_by_command = 4;
    b->on_event = print_event;
    b->event_context = b;
    box_open(b);
    return b;
}

static void want_prefix(struct box *b, uint32_t slice)
{
    const uint8_t bytes[4] = {10, 1, 2, 0};
    struct ip_address address = ip_address_from_ipv4(bytes);
    struct message m = {
        .kind = MESSAGE_AGGREGATE_WANTED,
        .wanted = {.slice = slice, .prefix = ip_prefix_of_address(&address, 24), .is_armed = true}};

    manager_receive(b->manager, &m);
}

/* The aggregate of the passive slice: one with sub-prefixes has none of its own. */
static void watch(struct box *b)
{
    struct message m = {.kind = MESSAGE_PASSIVE,
                        .aggregate = 2,
                        .passive = {.passed = 1000,
                                    .first_time = 900,
                                    .lost_upstream_repairs = 100,
                                    .holes_opened = 100,
                                    .holes_retransmitted = 100,
                                    .lost_upstream = 100,
                                    .observed = 1000,
                                    .payload_bytes = 1000000,
                                    .rtt_source_samples = 1,
                                    .rtt_source_us = 1500,
                                    .flows_finished = 12,
                                    .ended_fin = 12}};

    manager_receive(b->manager, &m);
    box_epochs_for(b, 2 * NS_PER_S);
}

/* A finding, and five minutes without its cause. */
static void watch_a_loss_go_away(void)
{
    struct message m = {.kind = MESSAGE_PASSIVE,
                        .passive = {.holes_opened = 100, .lost_upstream = 100, .observed = 1000}};
    struct box *b = box_new(1);

    b->slices[0].mode = SLICE_PASSIVE;
    b->on_event = print_event;
    b->event_context = b;
    box_open(b);
    manager_receive(b->manager, &m);
    m.passive = (struct passive_counters){.passed = 10000, .first_time = 10000, .observed = 10000};
    box_epochs_for(b, 2 * NS_PER_S);
    manager_receive(b->manager, &m);
    box_epochs_for(b, 301 * NS_PER_S);
    manager_receive(b->manager, &m);
    box_close(b);
}

/* One aggregate fills the table, and makes room when nothing came of it. */
static void fill_the_table(void)
{
    struct box *b = box_new(1);

    b->slices[0].granularity.ipv4 = 24;
    b->capacity = 1;
    b->on_event = print_event;
    b->event_context = b;
    box_open(b);
    want_prefix(b, 0);
    box_epochs_for(b, 61 * NS_PER_S);
    box_close(b);
}

static void print_summaries(const struct box *b)
{
    struct worker_counters totals = {.rx_packets = 3, .tx_packets = 3, .untested = 3};
    json_t *ports =
        json_pack("[{s:s, s:i, s:i}]", "name", "portA", "rx_packets", 3, "tx_packets", 3);
    struct report_run run = {.mode = "test",
                             .manager = b->manager,
                             .clock = &with_wall,
                             .now_ns = b->now_ns,
                             .totals = &totals,
                             .ports = ports,
                             .with_drops = true};

    print("summary", report_summary(&run));
    run = (struct report_run){
        .mode = "replay", .manager = b->manager, .clock = &without_wall, .now_ns = b->now_ns};
    print("summary", report_summary(&run));
    json_decref(ports);
}

static void fail_to_keep_up(struct box *b)
{
    for (unsigned int i = 0; i < 62; i++) {
        b->now_ns += 100 * NS_PER_MS;
        manager_report_overload(b->manager, 99, i < 11, b->now_ns);
        manager_report_own_loss(b->manager, 99, i < 11, "rx_missed", b->now_ns);
    }
}

/* Two tests want more than the box may drop; when the hour is over, there is enough. */
static void spend_the_drops_of_the_hour(void)
{
    struct box *b = box_new(1);

    b->n_slices = 2;
    b->max_drops_per_hour = 12;
    b->on_event = print_event;
    b->event_context = b;
    for (uint32_t s = 0; s < 2; s++)
        b->slices[s].parameters.fallback_to_individual = false;
    box_open(b);
    for (int hour = 0; hour < 2; hour++) {
        for (int i = 0; i < 20; i++) {
            for (uint32_t s = 0; s < 2; s++) {
                box_forward(b, 0, s, 1);
                drop_and_end(b, s, 1, DROP_VOID_CLOSED);
            }
            box_epoch(b);
        }
        print_summaries(b);
        b->now_ns += 63 * 60 * NS_PER_S;
        box_tick(b);
    }
    box_close(b);
}

int main(void)
{
    struct box *b = make_box();

    print_summaries(b);
    b->workers[0].deltas[1].not_tcp = 5;
    box_epochs_for(b, 11 * NS_PER_S);
    drop_and_end(b, 0, 100, DROP_RETRANSMITTED);
    manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns);
    box_settle(b);
    manager_test_start(b->manager, 0, &(struct test_request){TEST_BY_COMMAND, "ticket 4711"},
                       b->now_ns);
    drop_and_end(b, 0, 1, DROP_RETRANSMITTED);
    box_forward(b, 0, 1, 300);
    drop_and_end(b, 1, 12, DROP_EXPIRED);
    box_epochs_for(b, 3100 * NS_PER_MS); /* rule penny waits so long for repeats */
    box_place(b, 0, 1, 0, (struct flow_counts){.droppable = 9, .dropped = 1}, false);
    box_epoch(b);
    drop_and_end(b, 1, 2, DROP_RETRANSMITTED);
    want_prefix(b, 2);
    drop_and_end(b, 3, 3, DROP_VOID_AMBIGUOUS);
    watch(b);
    print_summaries(b);
    manager_report_own_loss(b->manager, 1, 1, "rx_missed", b->now_ns);
    fail_to_keep_up(b);
    manager_report_own_loss(b->manager, 1, 1, "rx_missed", b->now_ns);
    manager_receive(b->manager,
                    &(struct message){.kind = MESSAGE_STALL,
                                      .worker = 1,
                                      .stall = {.ended_ns = b->now_ns, .duration_ns = NS_PER_S}});
    manager_set_kill_switch(b->manager, true, b->now_ns);
    print_summaries(b);
    manager_set_kill_switch(b->manager, false, b->now_ns);
    manager_report_own_loss(b->manager, 1, 0, NULL, b->now_ns);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    print_summaries(b);
    box_close(b);
    watch_a_loss_go_away();
    fill_the_table();
    spend_the_drops_of_the_hour();
    return 0;
}

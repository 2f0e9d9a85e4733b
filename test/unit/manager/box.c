/* SPDX-License-Identifier: BSD-3-Clause */
#include "box.h"

#include <stdio.h>
#include <stdlib.h>

struct box *box_new(uint16_t n_workers)
{
    struct box *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->any = ip_prefix_any(true);
    b->n_slices = 1;
    b->capacity = 16;
    b->n_workers = n_workers;
    b->n_concurrent_flow_phases = 4;
    b->n_drop_records = 1024;
    b->now_ns = NS_PER_S;
    for (uint32_t i = 0; i < BOX_MAX_SLICES; i++) {
        struct slice *s = &b->slices[i];

        snprintf(s->name, sizeof(s->name), "slice%u", i);
        s->sources = s->destinations = &b->any;
        s->n_sources = s->n_destinations = 1;
        s->ingress = (struct slice_ingress){.port = SLICE_ANY_PORT, .vlan = SLICE_ANY_VLAN};
        test_parameters_default(&s->parameters);
    }
    return b;
}

static void on_event(void *context, const struct manager_event *event)
{
    struct box *b = context;
    struct box_event *e = &b->events[b->n_events % BOX_MAX_EVENTS];
    struct aggregate_report report;

    b->n_events++;
    e->kind = event->kind;
    e->aggregate = event->aggregate;
    e->cause = event->finding;
    e->tested = event->tested;
    e->worker = event->worker;
    e->duration_ns = event->duration_ns;
    e->verdict = VERDICT_UNDECIDED;
    /* At manager_create() the box has no manager yet, and no event comes. */
    if (manager_report(b->manager, event->aggregate, &report))
        e->verdict = report.verdict;
    snprintf(e->text, sizeof(e->text), "%s", event->text == NULL ? "" : event->text);
    if (b->on_event != NULL)
        b->on_event(b->event_context, event);
}

void box_open(struct box *b)
{
    const uint64_t secret[2] = {1, 2};
    size_t n_bytes = aggregate_table_memory_bytes(b->capacity);
    struct manager_config config = {
        .slices = b->slices,
        .n_slices = b->n_slices,
        .gate = &b->gate,
        .n_workers = b->n_workers,
        .epoch_ms = 10,
        .n_drop_records = b->n_drop_records,
        .n_concurrent_flow_phases = b->n_concurrent_flow_phases,
        .max_own_loss_ratio = 0.001,
        .max_drops_per_hour = b->max_drops_per_hour,
        .max_tests_by_command = b->max_tests_by_command,
        .max_stall_ms = b->max_stall_ms,
        .may_escalate = !b->may_not_escalate,
        .may_shed = true,
        .on_event = on_event,
        .event_context = b,
    };

    b->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    b->table = aggregate_table_init(b->table_memory, n_bytes, b->capacity, secret);
    config.aggregates = b->table;
    for (uint16_t w = 0; w < b->n_workers; w++) {
        b->workers[w].deltas = calloc(b->capacity, sizeof(struct aggregate_counters));
    }
    b->manager = manager_create(&config);
    assert_non_null(b->manager);
    manager_tick(b->manager, b->now_ns);
    manager_start(b->manager, b->now_ns);
}

void assert_identities_hold(const struct box *b)
{
    const char *broken = manager_check(b->manager);

    if (broken != NULL)
        fail_msg("%s", broken);
}

void box_close(struct box *b)
{
    assert_identities_hold(b);
    manager_destroy(b->manager);
    for (uint16_t w = 0; w < b->n_workers; w++) {
        free(b->workers[w].deltas);
    }
    free(b->table_memory);
    free(b);
}

static struct flow_key key_of(uint16_t number)
{
    const uint8_t source[4] = {192, 0, 2, 1}, destination[4] = {198, 51, 100, 1};

    return (struct flow_key){.source = ip_address_from_ipv4(source),
                             .destination = ip_address_from_ipv4(destination),
                             .source_port = number,
                             .destination_port = 443};
}

static struct message message_of(const struct box *b, enum message_kind kind, uint16_t worker,
                                 uint32_t aggregate)
{
    return (struct message){.kind = (uint8_t)kind,
                            .test_id = box_order(b, aggregate).test_id,
                            .worker = worker,
                            .aggregate = aggregate};
}

uint64_t box_drop(struct box *b, uint16_t worker, uint32_t aggregate)
{
    return box_drop_of(b, worker, aggregate, &aggregate_table_control(b->table, aggregate)->budget);
}

uint64_t box_drop_of(struct box *b, uint16_t worker, uint32_t aggregate, _Atomic int32_t *budget)
{
    struct aggregate_control *c = aggregate_table_control(b->table, aggregate);
    struct aggregate_order order = aggregate_control_read(c);
    struct message m = message_of(b, MESSAGE_DROP_MADE, worker, aggregate);
    struct box_worker *w = &b->workers[worker];
    struct aggregate_counters *delta = &w->deltas[aggregate];

    box_forward(b, worker, aggregate, 1);
    if ((order.phase != AGGREGATE_POOLED && order.phase != AGGREGATE_FLOWS) ||
        !aggregate_take(budget))
        return 0;
    delta->dropped++;
    m.drop_made.key = key_of((uint16_t)(1000 + w->n_drops));
    m.drop_made.id = ++w->n_drops;
    m.drop_made.time_ns = b->now_ns;
    m.drop_made.sequence = (uint32_t)(1000 * w->n_drops);
    m.drop_made.n_bytes = 1000;
    m.drop_made.individual = order.phase == AGGREGATE_FLOWS;
    manager_receive(b->manager, &m);
    return w->n_drops;
}

static void count_end(struct aggregate_counters *delta, enum drop_state state)
{
    switch (state) {
    case DROP_RETRANSMITTED:
        delta->retransmitted++;
        delta->segments++;
        delta->repairs++;
        return;
    case DROP_EXPIRED:
        delta->expired++;
        return;
    case DROP_VOID_AMBIGUOUS:
        delta->void_ambiguous++;
        break;
    case DROP_VOID_CLOSED:
        delta->void_closed++;
        break;
    case DROP_VOID_EVICTED:
        delta->void_evicted++;
        break;
    case DROP_VOID_STALL:
        delta->void_stall++;
        break;
    case DROP_VOID_SILENCE:
        delta->void_silence++;
        break;
    default:
        delta->void_own_loss++;
        break;
    }
    delta->voided++;
}

void box_end(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t id, enum drop_state state)
{
    struct message m = message_of(b, MESSAGE_DROP_ENDED, worker, aggregate);

    assert_int_not_equal(id, 0);
    count_end(&b->workers[worker].deltas[aggregate], state);
    m.drop_ended.id = id;
    m.drop_ended.time_ns = b->now_ns;
    m.drop_ended.state = (uint8_t)state;
    manager_receive(b->manager, &m);
}

void box_forward(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n_droppable)
{
    struct aggregate_counters *delta = &b->workers[worker].deltas[aggregate];
    uint8_t phase = box_order(b, aggregate).phase;

    delta->packets += n_droppable;
    delta->bytes += 1040 * n_droppable;
    delta->segments += n_droppable;
    delta->in_order += n_droppable;
    if (phase == AGGREGATE_POOLED || phase == AGGREGATE_FLOWS)
        delta->droppable += n_droppable;
    if (phase == AGGREGATE_POOLED)
        delta->population_droppable = delta->population_in_order += n_droppable;
}

void box_repair_late(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n)
{
    struct aggregate_counters *delta = &b->workers[worker].deltas[aggregate];

    delta->packets += n;
    delta->segments += n;
    delta->repairs += n;
    delta->expired_repaired_late += n;
}

void box_duplicate(struct box *b, uint16_t worker, uint32_t aggregate, uint64_t n)
{
    struct aggregate_counters *delta = &b->workers[worker].deltas[aggregate];
    uint8_t phase = box_order(b, aggregate).phase;

    delta->packets += n;
    delta->segments += n;
    delta->duplicates += n;
    if (phase != AGGREGATE_IDLE)
        delta->test_duplicates += n;
    if (phase == AGGREGATE_POOLED)
        delta->population_duplicates += n;
}

bool box_take_place(struct box *b, uint32_t aggregate)
{
    return box_order(b, aggregate).phase == AGGREGATE_FLOWS &&
           aggregate_take(&aggregate_table_control(b->table, aggregate)->places);
}

void box_place(struct box *b, uint16_t worker, uint32_t aggregate, uint32_t place,
               struct flow_counts counts, bool ended)
{
    struct message m = message_of(b, MESSAGE_PLACE, worker, aggregate);

    m.place.key = key_of((uint16_t)place);
    m.place.counts = counts;
    m.place.place = place;
    m.place.ended = ended;
    manager_receive(b->manager, &m);
}

void box_post(struct box *b, uint16_t worker)
{
    static const struct aggregate_counters none;
    struct message m = message_of(b, MESSAGE_EPOCH, worker, 0);

    assert_true(manager_accepts(b->manager, worker));
    for (uint32_t i = 0; i < manager_n_aggregates(b->manager); i++) {
        struct aggregate_counters *delta = &b->workers[worker].deltas[i];
        struct message counters = message_of(b, MESSAGE_COUNTERS, worker, i);

        if (memcmp(delta, &none, sizeof(none)) == 0)
            continue;
        counters.counters = *delta;
        manager_receive(b->manager, &counters);
        *delta = none;
    }
    m.epoch.epoch = b->gate.epoch;
    manager_receive(b->manager, &m);
}

void box_tick(struct box *b)
{
    b->now_ns += BOX_EPOCH_NS;
    manager_tick(b->manager, b->now_ns);
}

void box_epoch(struct box *b)
{
    for (uint16_t w = 0; w < b->n_workers; w++)
        if (manager_accepts(b->manager, w))
            box_post(b, w);
    box_tick(b);
}

void box_epochs_for(struct box *b, uint64_t ns)
{
    for (uint64_t end_ns = b->now_ns + ns; b->now_ns < end_ns;)
        box_epoch(b);
}

void box_settle(struct box *b)
{
    for (int i = 0; i < 5; i++)
        box_epoch(b);
}

struct aggregate_report box_report(const struct box *b, uint32_t aggregate)
{
    struct aggregate_report report;

    assert_true(manager_report(b->manager, aggregate, &report));
    return report;
}

uint32_t box_count(const struct box *b, enum manager_event_kind kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->n_events && i < BOX_MAX_EVENTS; i++)
        n += b->events[i].kind == kind;
    return n;
}

struct aggregate_order box_order(const struct box *b, uint32_t aggregate)
{
    return aggregate_control_read(aggregate_table_control(b->table, aggregate));
}

int32_t box_budget(const struct box *b, uint32_t aggregate)
{
    return aggregate_table_control(b->table, aggregate)->budget;
}

/* Spends the pooled phase on drops that never come back. Rule penny waits for repeats, too. */
void box_go_to_flows(struct box *b, uint32_t aggregate)
{
    const struct test_parameters *p = &b->slices[aggregate].parameters;

    box_forward(b, 0, aggregate, 200);
    for (int i = 0; i < 20 && box_order(b, aggregate).phase != AGGREGATE_FLOWS; i++) {
        uint64_t id = box_drop(b, 0, aggregate);

        if (id != 0)
            box_end(b, 0, aggregate, id, DROP_EXPIRED);
        box_epoch(b);
    }
    box_settle(b);
    if (p->rule == TEST_RULE_PENNY)
        box_epochs_for(b, p->retransmission_timeout_ms * NS_PER_MS);
}

struct passive_report box_passive_report(const struct box *b)
{
    struct passive_report r;

    assert_true(manager_passive_report(b->manager, 0, &r));
    return r;
}

struct passive_counters box_passive_segments(uint64_t n_lost, uint64_t n_repeats, uint64_t n_all)
{
    return (struct passive_counters){.passed = n_all + n_repeats,
                                     .first_time = n_all - n_lost,
                                     .lost_upstream_repairs = n_lost,
                                     .holes_opened = n_lost,
                                     .holes_retransmitted = n_lost,
                                     .repeats = n_repeats,
                                     .repeat_runs = n_repeats,
                                     .repeatable = n_all + n_repeats,
                                     .lost_upstream = n_lost,
                                     .observed = n_all,
                                     .payload_bytes = 1000 * n_all};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers tell, added up. */
#include "manager/internal.h"

/* It was made for what passed by, and now shows a flow that can be tested. */
static void show_armed(struct manager *m, struct aggregate_state *a)
{
    if (a->is_armed)
        return;
    a->is_armed = true;
    test_begin_by_itself(m, a);
}

static void receive_counters(struct manager *m, struct aggregate_state *a,
                             const struct message *message)
{
    aggregate_counters_add(&a->total, &message->counters);
    a->test.changed = true;
    if (message->counters.dropped > 0)
        budget_spend(m, &a->test, message->counters.dropped);
    if (message->counters.packets == 0 && message->counters.not_tcp == 0 &&
        message->counters.fragments == 0 && message->counters.unreadable == 0)
        return;
    if (a->first_seen_ns == 0)
        a->first_seen_ns = m->now_ns;
    a->last_seen_ns = m->now_ns;
    if (message->counters.segments > 0) {
        show_armed(m, a);
        /* The test's number outlives an aggregate that was given back; its parameters do not. */
        a->test.segment_ns = m->now_ns;
        if (a->test.state != TEST_IDLE)
            silence_count_segments(&a->test, message->counters.segments, m->now_ns);
    }
}

static void receive_units(struct manager *m, struct aggregate_state *a,
                          const struct message *message)
{
    uint64_t n_seen = 0, n_dropped = 0, n_packets = 0;

    if (m->units == NULL)
        return;
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        unit_counters_add(&m->units[a->number].total[k], &message->units[k]);
        n_seen += message->units[k].seen;
        n_dropped += message->units[k].dropped;
        n_packets += message->units[k].dropped_packets;
    }
    a->test.changed = true;
    if (n_packets > 0)
        budget_spend_units(m, &a->test, n_dropped, n_packets);
    if (n_seen == 0)
        return;
    show_armed(m, a);
    a->test.segment_ns = m->now_ns;
}

static void receive_place(struct manager *m, struct aggregate_state *a,
                          const struct message *message)
{
    if (message->test_id == a->test_id)
        room_receive(m, &a->test, message);
}

static void receive_drop_made(struct manager *m, struct aggregate_state *a,
                              const struct message *message)
{
    if (message->test_id == a->test_id)
        drops_made(m, a, message);
}

static void receive_wanted(struct manager *m, const struct message *message)
{
    const struct aggregate_identity identity = {
        .prefix = message->wanted.prefix, .slice = message->wanted.slice, .has_prefix = true};
    struct aggregate_state *a;
    int64_t number;

    /* A worker asked before it knew that the slice is gone. */
    if (identity.slice >= m->config.n_slices ||
        !slice_is_present(&m->config.slices[identity.slice]))
        return;
    number = aggregate_table_add(m->config.aggregates, &identity);
    if (number < 0) {
        m->n_aggregates_refused++;
        return;
    }
    if (!m->aggregates[number].is_live) {
        manager_adopt_aggregate(m, (uint32_t)number);
        manager_emit(m, EVENT_AGGREGATE_ADDED, (uint32_t)number, NULL, NULL);
    }
    a = &m->aggregates[number];
    if (message->wanted.is_armed)
        show_armed(m, a);
}

static void receive_stall(const struct manager *m, const struct message *message)
{
    manager_emit_stall(m, message->worker, message->stall.ended_ns, message->stall.duration_ns);
}

static void (*const receive_of_aggregate[])(struct manager *, struct aggregate_state *,
                                            const struct message *) = {
    [MESSAGE_COUNTERS] = receive_counters,
    [MESSAGE_PASSIVE] = passive_receive,
    [MESSAGE_UNITS] = receive_units,
    [MESSAGE_PLACE] = receive_place,
    [MESSAGE_DROP_MADE] = receive_drop_made,
    [MESSAGE_DROP_ENDED] = drops_ended,
    [MESSAGE_FLOW_ENDED] = ended_flows_receive,
};

void manager_receive(struct manager *m, const struct message *message)
{
    switch ((enum message_kind)message->kind) {
    case MESSAGE_AGGREGATE_WANTED:
        receive_wanted(m, message);
        return;
    case MESSAGE_STALL:
        receive_stall(m, message);
        return;
    case MESSAGE_EPOCH:
        manager_close_epoch(m, message->worker, message->epoch.epoch);
        return;
    case MESSAGE_COUNTERS:
    case MESSAGE_PASSIVE:
    case MESSAGE_UNITS:
    case MESSAGE_PLACE:
    case MESSAGE_DROP_MADE:
    case MESSAGE_DROP_ENDED:
    case MESSAGE_FLOW_ENDED:
        if (message->aggregate < m->n_aggregates)
            receive_of_aggregate[message->kind](m, &m->aggregates[message->aggregate], message);
        return;
    }
}

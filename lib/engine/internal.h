/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the engine share. Nobody else includes this. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/ledger.h"
#include "engine/places.h"
#include "passive/copies.h"
#include "passive/jumps.h"
#include "passive/passive.h"
#include "tcp/flags.h"
#include "unit/unit.h"

/* struct flow.flags */
#define FLOW_REPAIRED        0x01 /* a drop of this test came back */
#define FLOW_MARKED          0x02 /* its rare line says where its frozen population ends */
#define FLOW_HAD_PLACE       0x04 /* in this test; or it may have none */
#define FLOW_PAST_PROTECTION 0x08 /* more than protect_first_packets segments went by */
#define FLOW_NEVER_ARM       0x10 /* first seen in the middle, and FIN or RST since */
#define FLOW_TESTED          0x20 /* a segment of it was dropped in this test */
#define FLOW_SPARED          0x40 /* no test drops from it (never_drop) */
#define FLOW_OF_TEST         (FLOW_REPAIRED | FLOW_MARKED | FLOW_HAD_PLACE | FLOW_TESTED)

/* In the lowest bit of struct flow_key.mode. Active ones are 0, so that engines that only know
 * these need not care. Above it is what a slice asks for beside addresses, ports and ingress: its
 * mark, from 1. So packets of a connection that are marked differently, and belong to different
 * slices, are different flows, and no slice's test meets what another one keeps of them. */
enum flow_mode { FLOW_MODE_ACTIVE, FLOW_MODE_PASSIVE };
#define FLOW_MODE_MARK_SHIFT 1
static_assert((SLICE_MOST_MARK + 1u) << FLOW_MODE_MARK_SHIFT <= UINT16_MAX, "it fits");

/* The parameters of a slice in the units of the packet path. */
struct slice_rules {
    uint64_t key_mode; /* the mode, where the last word of a flow's key has it */
    uint64_t retransmission_timeout_ns;
    uint32_t admission_grace_ms;
    uint32_t window_bytes;
    uint32_t max_reordering_256; /* ratio times 256 */
    uint32_t aggregate; /* the slice's one aggregate; AGGREGATE_NONE: look in the directory */
    uint32_t report_flows;
    uint8_t granularity_ipv4, granularity_ipv6; /* 0: none for this family */
    uint8_t max_drops_per_flow;
    uint8_t protect_first_packets;
    uint8_t kinds; /* bit enum unit_kind: units beside data segments that tests drop */
    uint16_t mode; /* of the keys of its flows */
    bool is_passive;
    bool is_new; /* in its slot, since the rules before */
};

struct engine_rules {
    uint32_t n_slices;
    uint32_t idle_timeout_ms;
    uint32_t admissions_per_second;
    uint32_t max_manager_lateness_ms;
    uint32_t sparing;
    struct never_drop never_drop;
    alignas(CACHE_LINE_BYTES) struct slice_rules slices[];
};

/* What one aggregate counted since it was posted, from the start of a line on: an ordinary segment
 * touches the first only. */
struct delta {
    alignas(CACHE_LINE_BYTES) struct aggregate_counters counters;
};

/* In `listed`: is the aggregate in one of the lists of those to post, and are counts of units to be
 * posted, too? */
#define LISTED       1
#define LISTED_UNITS 2

struct engine {
    /* Set at each burst. */
    uint64_t now_ns;
    uint32_t now_ms;
    bool open;             /* deliberate drops are allowed */
    bool had_several_runs; /* the last burst was of several aggregates: see burst.c */
    bool manager_is_late;
    bool sheds; /* flows are not tracked, but those of mode passive */
    uint64_t own_loss_ns;
    uint64_t stall_ns;  /* when this worker last stood still, to the end of it; 0: never */
    uint64_t settle_ns; /* no drop is ended for its time before */
    uint64_t max_stall_ns;
    uint64_t n_leaves; /* flows that left the table: flow pointers found before may be stale */
    uint64_t n_leaves_at_lookup;

    struct flow_table *flows;
    const uint64_t *flow_secret;
    struct aggregate_control *controls; /* of all aggregates */
    struct delta *deltas;               /* per aggregate, since posted */
    uint32_t n_deltas;
    const struct slice_rules *rules; /* those of `generation` */
    struct aggregate_table *aggregates;
    struct random_source random;
    struct worker_counters counters;

    /* Touched by events and once per burst only. */
    struct ledger ledger;
    struct places places;
    uint32_t *changed; /* aggregates with something to post in the next epoch */
    uint32_t n_changed;
    uint32_t *posting; /* and those of `posting_epoch` still to post */
    uint32_t n_posting;
    uint64_t asked_epoch; /* for aggregates, so often: see attribution.h */
    uint32_t n_asked, n_sampled;
    bool is_late; /* it had to wait for room */
    uint8_t *listed;
    uint64_t posting_epoch, posted_epoch; /* the same when all of it is posted */
    uint64_t aged_ns;
    uint64_t age_interval_ns; /* in which every flow record is looked at once */
    const struct engine_rules *generation;
    uint32_t n_to_sweep, swept; /* flow records that look again whether they are spared */
    struct engine_config config;

    /* Mode passive; NULL without memory for it. */
    struct passive_counters *passive_deltas; /* per aggregate, beside `deltas` */
    struct passive_line *passive_lines;      /* per flow record */
    struct passive_jumps *passive_jumps;
    struct passive_copies *passive_copies;
    struct unit_table *units;    /* also where an active slice has units beside data segments */
    uint32_t *n_flows_to_report; /* per slice: so many more, when they end */
    uint32_t idle_timeout_ms;

    /* Tests of units beside data segments; NULL when no slice has such. */
    struct unit_counters *unit_deltas; /* UNIT_N_KINDS for each aggregate, beside `deltas` */
    struct unit_table *tested_units;
};

static inline size_t round_to_line(size_t n_bytes)
{
    return (n_bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
}

/* Remembered at once: half as many as flows. Each has one record, or two with QUIC. */
static inline uint32_t engine_n_units(const struct engine_config *config)
{
    return config->n_flows / 2 + 1;
}

static inline struct flow_key engine_key_of(const struct engine_packet *p,
                                            const struct slice_rules *rules)
{
    return (struct flow_key){.source = p->view->source,
                             .destination = p->view->destination,
                             .source_port = p->view->source_port,
                             .destination_port = p->view->destination_port,
                             .ingress = p->ingress,
                             .mode = rules->mode};
}

/* engine.c: a packet whose flow, if it has one, was just looked up. */
enum engine_action engine_take(struct engine *e, struct engine_packet *p);

/* segment.c */
enum engine_action engine_segment(struct engine *e, const struct engine_packet *p,
                                  const struct slice_rules *rules, struct flow *f);

/* engine.c: a packet that belongs to no flow: a pure ACK of the other direction, or a flow not
 * admitted. */
void engine_count_flowless(struct engine *e, const struct engine_packet *p,
                           const struct slice_rules *rules);

/* flows.c: finding, admitting and leaving. */
struct flow *engine_find_or_admit(struct engine *e, struct engine_packet *p,
                                  const struct slice_rules *rules);

/* A pure ACK or a lone RST makes no flow: there is nothing in it to test. */
static inline bool engine_may_begin_a_flow(const struct packet_view *v)
{
    if ((v->tcp_flags & TCP_FLAG_RST) != 0)
        return false;
    return (v->tcp_flags & TCP_FLAG_SYN) != 0 || v->payload_bytes > 0;
}
void engine_on_flow_leave(void *context, struct flow *f);

/* drops.c */
/* Control bits whose segments are never dropped: the harm would be to the connection, not to a
 * segment. */
#define NEVER_DROPPED (TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST | TCP_FLAG_URG)

/* One byte of payload may be a zero-window probe or come back looking like a keepalive, which
 * proves nothing. */
#define MIN_DROPPED_BYTES 2

/* Too much of the flow comes out of order: its holes and ours could not be told apart. */
static inline bool flow_is_left_alone(unsigned int n_segments, unsigned int n_out_of_order,
                                      const struct slice_rules *rules)
{
    return n_out_of_order * 256u > n_segments * rules->max_reordering_256;
}

/* Would a coin that says drop be obeyed, from this budget? Only then its segment counts in U. */
bool engine_may_book(const struct engine *e, const _Atomic int32_t *budget);

/* Decides by the coin, the budgets and the flow's state whether this droppable segment is dropped,
 * and if so books it. */
enum engine_action engine_try_drop(struct engine *e, const struct engine_packet *p,
                                   const struct slice_rules *rules, struct flow *f,
                                   struct aggregate_order order);
/* The second half of it, when the coin said drop: from `budget`. */
enum engine_action engine_spend_coin(struct engine *e, const struct engine_packet *p,
                                     const struct slice_rules *rules, struct flow *f,
                                     struct aggregate_order order, _Atomic int32_t *budget);
/* A coin that said drop is not obeyed: counts why, in *n_refused when it is the budget. */
void engine_refuse_coin(struct engine *e, uint64_t *n_refused);
/* The same of a unit beside data segments, seen for the first time and now; its coin said drop. */
enum engine_action engine_drop_unit(struct engine *e, const struct engine_packet *p,
                                    const struct slice_rules *rules, enum unit_kind kind,
                                    struct unit *unit, uint32_t aggregate,
                                    struct aggregate_order order);
/* Its unit came again in time: told at once, counted when the time is over (units.c). */
void engine_note_return(struct engine *e, uint32_t entry);
/* Ends a pending drop, and forgets it. Of one that ended by its time already, and is kept to see
 * whether its repair comes late, only that is counted. */
void engine_end_drop(struct engine *e, uint32_t entry, enum drop_state state);
/* Ends, extends or forgets a drop whose deadline is over, unless it is too early for that. */
void engine_settle_due(struct engine *e, uint32_t entry);

/* After the worker stood still, what waits in its receive queues comes first. */
static inline bool engine_may_settle(const struct engine *e)
{
    return e->now_ns >= e->settle_ns;
}
/* Ends the flow's place when nothing more can happen there. */
void engine_leave_place(struct engine *e, struct flow *f);

/* Does mode passive write this record? The key says so already: who would write the other mode's
 * fields asks all the same. */
static inline bool flow_is_passive(const struct flow *f)
{
    return (f->flags & PASSIVE_FLOW) != 0;
}

/* passive.c: all of a packet of a passive slice; false: it belongs to no flow, and is to be counted
 * so. */
bool engine_passive(struct engine *e, struct engine_packet *p, const struct slice_rules *rules);
/* A first fragment. */
void engine_passive_fragment(struct engine *e, const struct engine_packet *p,
                             const struct slice_rules *rules);
void engine_passive_leave(struct engine *e, struct flow *f);
/* passive_units.c: a TCP packet with SYN, and a UDP datagram, of which so many bytes are at its
 * data. */
void engine_passive_handshake(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules);
void engine_passive_datagram(struct engine *e, const struct engine_packet *p,
                             uint32_t captured_bytes, const struct slice_rules *rules);
void engine_passive_stop(struct engine *e);

/* units.c: a TCP packet with SYN, whose flow (NULL: it has none) knows of it already, and a UDP
 * datagram, of slices with `kinds`. */
enum engine_action engine_handshake(struct engine *e, const struct engine_packet *p,
                                    const struct slice_rules *rules, struct flow *f);
enum engine_action engine_first_flight(struct engine *e, const struct engine_packet *p,
                                       uint32_t captured_bytes, const struct slice_rules *rules);

/* What was counted of an aggregate since it was posted. What belongs to none is counted in the last
 * delta, which is never posted. */
static inline struct aggregate_counters *engine_delta(struct engine *e, uint32_t aggregate)
{
    if (likely_false(aggregate == AGGREGATE_NONE))
        return &e->deltas[e->n_deltas - 1].counters;
    if (likely_false(!e->listed[aggregate])) {
        e->listed[aggregate] = LISTED;
        e->changed[e->n_changed++] = aggregate;
    }
    return &e->deltas[aggregate].counters;
}

/* The same of mode passive. */
static inline struct passive_counters *engine_passive_delta(struct engine *e, uint32_t aggregate)
{
    if (aggregate == AGGREGATE_NONE)
        return &e->passive_deltas[e->n_deltas - 1];
    engine_delta(e, aggregate); /* lists it */
    return &e->passive_deltas[aggregate];
}

/* The same of a kind of units. */
static inline struct unit_counters *engine_unit_delta(struct engine *e, uint32_t aggregate,
                                                      enum unit_kind kind)
{
    if (aggregate == AGGREGATE_NONE)
        return &e->unit_deltas[(size_t)(e->n_deltas - 1) * UNIT_N_KINDS + kind];
    engine_delta(e, aggregate);
    e->listed[aggregate] |= LISTED_UNITS;
    return &e->unit_deltas[(size_t)aggregate * UNIT_N_KINDS + kind];
}

/* flows.c: by addresses and ports alone, so that no coin, and nothing that came of one, has a say
 * in who is spared. */
bool engine_is_spared(const struct engine *e, const struct flow_key *key);

/* rules.c: the first ones of an engine whose table is not made yet, or others. */
void engine_take_rules(struct engine *e, const struct engine_rules *rules);
/* Some of the records that look again; no drop is made while there are any. */
void engine_sweep(struct engine *e);

/* epoch.c */
int engine_post(struct engine *e, const struct message *m);

static inline bool flow_counts(const struct flow *f)
{
    return f->state == FLOW_ARMED || f->state == FLOW_CLOSING;
}

/* The entry of a drop that is pending, or that ended by its time and may come back late, or
 * LEDGER_NONE. While OBSERVED the field holds a time. */
static inline uint32_t flow_pending(const struct flow *f)
{
    return flow_counts(f) ? f->drop : LEDGER_NONE;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory, the burst, and the way of a packet to its flow. */
#include "engine/attribution.h"
#include "engine/internal.h"

#include <string.h>

#include "base/time.h"
#include "tcp/flags.h"

/* Due drops settled and flow records aged per burst, at most: a burst's cost stays bounded. */
#define MAX_SETTLED_PER_BURST 32
#define MAX_AGED_PER_BURST    64

/* The parts of an engine's memory, in order. */
struct layout {
    size_t engine, ledger, places, deltas, changed, posting, listed, rules, to_report, flows,
        passive, units, end;
};

static bool any_slice_is_passive(const struct engine_config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (config->slices[i].mode == SLICE_PASSIVE)
            return true;
    return false;
}

static bool any_slice_has_kinds(const struct engine_config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (slice_has_more_units(&config->slices[i]))
            return true;
    return false;
}

/* The engine's first rules lie in its own memory. */
static struct engine_rules_config rules_config_of(const struct engine_config *config)
{
    return (struct engine_rules_config){
        .slices = config->slices,
        .n_slices = config->n_slices,
        .never_drop = config->never_drop,
        .admissions_per_second = config->admissions_per_second,
        .max_manager_lateness_ms = config->max_manager_lateness_ms,
    };
}

static struct layout lay_out(const struct engine_config *config)
{
    const struct engine_rules_config rules = rules_config_of(config);
    size_t n_aggregates = aggregate_table_capacity(config->aggregates);
    struct layout l = {0};

    l.ledger = l.engine + round_to_line(sizeof(struct engine));
    l.places = l.ledger + round_to_line(ledger_memory_bytes(config->n_pending_drops));
    l.deltas = l.places + round_to_line(places_memory_bytes((uint16_t)config->n_places));
    l.changed = l.deltas + round_to_line((n_aggregates + 1) * sizeof(struct delta));
    l.posting = l.changed + round_to_line(n_aggregates * sizeof(uint32_t));
    l.listed = l.posting + round_to_line(n_aggregates * sizeof(uint32_t));
    l.rules = l.listed + round_to_line(n_aggregates);
    l.to_report = l.rules + engine_rules_memory_bytes(&rules);
    l.flows = l.to_report + round_to_line(config->n_slices * sizeof(uint32_t));
    l.end = l.passive = l.flows + round_to_line(flow_table_memory_bytes(config->n_flows));
    if (any_slice_is_passive(config))
        l.end += engine_passive_memory_bytes(config);
    l.units = l.end;
    if (any_slice_has_kinds(config))
        l.end += engine_units_memory_bytes(config);
    return l;
}

size_t engine_memory_bytes(const struct engine_config *config)
{
    return lay_out(config).end;
}

static bool config_is_valid(const struct engine_config *c)
{
    return c->n_pending_drops >= 1 && c->n_pending_drops <= UINT32_C(1) << 20 && c->n_places >= 1 &&
           c->n_places < FLOW_NO_PLACE && c->post != NULL && c->slices != NULL && c->n_slices >= 1;
}

/* Under a key of its own, which takes nothing from the coins. */
static void init_passive(struct engine *e, void *memory)
{
    const uint64_t key[2] = {~e->flow_secret[0], ~e->flow_secret[1]};

    engine_passive_memory_init(memory, &e->config, key);
    engine_take_passive_memory(e, memory);
}

static void init_units(struct engine *e, void *memory)
{
    const uint64_t key[2] = {~e->flow_secret[1], e->flow_secret[0]};

    engine_units_memory_init(memory, &e->config, key);
    engine_take_units_memory(e, memory);
}

struct engine *engine_init(void *memory, size_t n_bytes, const struct engine_config *config)
{
    struct layout l;
    uint8_t *base = memory;
    struct engine *e = memory;
    struct flow_table_config table;
    const struct engine_rules_config first = rules_config_of(config);
    struct engine_rules *rules;

    if (!config_is_valid(config))
        return NULL;
    l = lay_out(config);
    if (n_bytes < l.end)
        return NULL;
    memset(memory, 0, l.flows);
    e->config = *config;
    e->aggregates = config->aggregates;
    e->random = config->random;
    e->max_stall_ns = config->max_stall_ms != 0 ? config->max_stall_ms * NS_PER_MS : UINT64_MAX;
    e->controls = aggregate_table_control(config->aggregates, 0);
    e->deltas = (void *)(base + l.deltas);
    e->n_deltas = aggregate_table_capacity(config->aggregates) + 1;
    e->changed = (void *)(base + l.changed);
    e->posting = (void *)(base + l.posting);
    e->listed = base + l.listed;
    e->n_flows_to_report = (void *)(base + l.to_report);
    rules = engine_rules_init(base + l.rules, &first);
    engine_rules_find_aggregates(rules, config->aggregates);
    engine_take_rules(e, rules);
    ledger_init(&e->ledger, base + l.ledger, config->n_pending_drops, 0);
    places_init(&e->places, base + l.places, (uint16_t)config->n_places);
    table = (struct flow_table_config){
        .n_flows = config->n_flows,
        .idle_timeout_ms = e->idle_timeout_ms,
        .admissions_per_second = config->admissions_per_second,
        .secret = {random_u64(&e->random), random_u64(&e->random)},
        .on_leave = engine_on_flow_leave,
        .context = e,
    };
    e->flows = flow_table_init(base + l.flows, l.passive - l.flows, &table);
    if (e->flows == NULL)
        return NULL;
    e->flow_secret = flow_table_secret(e->flows);
    if (l.units > l.passive)
        init_passive(e, base + l.passive);
    if (l.end > l.units)
        init_units(e, base + l.units);
    return e;
}

/* Every record is looked at once per age interval, spread evenly over time, but no more than `most`
 * at once: what that leaves is made up for by the rounds that follow. */
static void age_some_flows(struct engine *e, uint64_t most)
{
    uint64_t elapsed_ns = e->now_ns - e->aged_ns;
    uint64_t per_flow_ns = e->age_interval_ns / e->config.n_flows;
    uint64_t n = elapsed_ns / (per_flow_ns != 0 ? per_flow_ns : 1);

    if (n == 0)
        return;
    if (n > most) {
        n = most;
        e->aged_ns = e->now_ns;
    } else {
        e->aged_ns += n * per_flow_ns;
    }
    flow_table_age(e->flows, (unsigned int)n, e->now_ms);
}

/* From then until now nobody took packets: repairs wait in the receive queues, or found them full.
 * So what waits is taken first, and drops that were made before and do not come back are void. */
static never_inlined void note_stall(struct engine *e, uint64_t now_ns)
{
    const struct message m = {.kind = MESSAGE_STALL,
                              .worker = e->config.worker,
                              .stall = {.ended_ns = now_ns, .duration_ns = now_ns - e->now_ns}};

    e->stall_ns = now_ns;
    e->settle_ns = now_ns + e->max_stall_ns;
    e->counters.stalls++;
    e->counters.stalled_ns += m.stall.duration_ns;
    engine_post(e, &m);
}

/* The clock never goes back. */
static void set_clock(struct engine *e, uint64_t now_ns)
{
    if (now_ns > e->now_ns) {
        if (likely_false(now_ns - e->now_ns > e->max_stall_ns) && e->now_ns != 0)
            note_stall(e, now_ns);
        e->now_ns = now_ns;
    }
    e->now_ms = time_ms_of_ns(e->now_ns);
}

static bool manager_is_late(const struct engine *e)
{
    uint64_t seen_ns = atomic_load_explicit(&e->config.gate->manager_seen_ns, memory_order_relaxed);

    /* The manager's clock may have been read after ours. */
    return e->now_ns > seen_ns &&
           e->now_ns - seen_ns > e->generation->max_manager_lateness_ms * NS_PER_MS;
}

void engine_begin_burst(struct engine *e, uint64_t now_ns)
{
    const struct engine_gate *gate = e->config.gate;
    uint32_t due;
    int n = 0;

    set_clock(e, now_ns);
    e->manager_is_late = manager_is_late(e);
    e->open = atomic_load_explicit(&gate->kill_switch, memory_order_relaxed) == 0 &&
              atomic_load_explicit(&gate->suspended, memory_order_relaxed) == 0 &&
              !e->manager_is_late && e->n_to_sweep == 0;
    e->sheds = atomic_load_explicit(&gate->sheds_tracking, memory_order_relaxed) != 0;
    e->open &= !e->sheds;
    e->own_loss_ns = atomic_load_explicit(&gate->own_loss_ns, memory_order_relaxed);
    while (n++ < MAX_SETTLED_PER_BURST && engine_may_settle(e) &&
           (due = ledger_next_due(&e->ledger, e->now_ns)) != LEDGER_NONE)
        engine_settle_due(e, due);
    age_some_flows(e, MAX_AGED_PER_BURST);
    if (likely_false(e->n_to_sweep > 0))
        engine_sweep(e);
}

void engine_catch_up(struct engine *e, uint64_t now_ns)
{
    uint32_t due;

    set_clock(e, now_ns);
    while ((due = ledger_next_due(&e->ledger, e->now_ns)) != LEDGER_NONE)
        engine_settle_due(e, due);
    if (flow_table_counters(e->flows)->n_flows > 0)
        age_some_flows(e, e->config.n_flows);
}

void engine_count_flowless(struct engine *e, const struct engine_packet *p,
                           const struct slice_rules *rules)
{
    uint32_t aggregate = engine_find_aggregate(e, p, rules, WANT_NOTHING);
    struct aggregate_counters *c = engine_delta(e, aggregate);

    if (aggregate == AGGREGATE_NONE)
        e->counters.no_aggregate++;
    c->packets++;
    c->bytes += p->n_bytes;
    if ((p->view->tcp_flags & TCP_FLAG_CONTROL) != 0)
        c->control_packets++;
    else if (p->view->payload_bytes == 0)
        c->pure_acks++;
    else
        c->unarmed++;
}

enum engine_action engine_take(struct engine *e, struct engine_packet *p)
{
    const struct slice_rules *rules = &e->rules[p->slice];
    struct flow *f = p->flow;

    /* Never, since the mode is part of the key; the record's fields are not the same in both. */
    if (likely_false(f != NULL && flow_is_passive(f) != rules->is_passive)) {
        engine_count_flowless(e, p, rules);
        return ENGINE_FORWARD;
    }
    if (rules->is_passive) {
        if (!engine_passive(e, p, rules))
            engine_count_flowless(e, p, rules);
        return ENGINE_FORWARD;
    }
    if (f == NULL)
        f = engine_find_or_admit(e, p, rules);
    if (f == NULL) {
        engine_count_flowless(e, p, rules);
        return rules->kinds == 0 ? ENGINE_FORWARD : engine_handshake(e, p, rules, NULL);
    }
    return engine_segment(e, p, rules, f);
}

void engine_stop(struct engine *e)
{
    uint32_t entry;

    while ((entry = ledger_any(&e->ledger)) != LEDGER_NONE)
        engine_end_drop(e, entry, DROP_VOID_EVICTED);
    engine_passive_stop(e);
}

const struct worker_counters *engine_counters(const struct engine *e)
{
    return &e->counters;
}

struct worker_counters *engine_counters_mutable(struct engine *e)
{
    return &e->counters;
}

const struct flow_table_counters *engine_flow_counters(const struct engine *e)
{
    return flow_table_counters(e->flows);
}

uint32_t engine_n_pending(const struct engine *e)
{
    return e->ledger.n_used - e->ledger.n_over;
}

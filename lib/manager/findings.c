/* SPDX-License-Identifier: BSD-3-Clause */
/* When counters of mode passive make a finding: one row each. A finding is raised once enough was
 * seen, and stays until its cause is gone. Limits are in doc/passive.md. */
#include <stddef.h>

#include "manager/passive_internal.h"

/* Of one path among sixteen balanced ones, more than this comes here; of a sampled mirror, mostly
 * much less. */
#define LEAST_BALANCED_SHARE 0.05
#define ENOUGH_FLOWS         20
/* Is a cause gone? That is asked so often, of what was seen since it was asked last. */
#define CHECK_EVERY_NS (300 * NS_PER_S)
/* No share is as large. */
#define NEVER 2

static bool is_sampled(const struct passive_counters *c)
{
    double all = (double)c->payload_bytes + (double)c->missing_bytes;

    return (double)c->payload_bytes < LEAST_BALANCED_SHARE * all;
}

static struct passive_losses share_of(uint64_t n_hits, uint64_t n_observations)
{
    return (struct passive_losses){
        .n_lost = n_hits, .n_observations = n_observations, .n_runs = (int64_t)n_hits};
}

/* Of flows that carried data: those that only partly come here. */
static struct passive_losses partly_here(const struct passive_counters *c, bool sampled)
{
    uint64_t n_flows = c->flows_finished + c->flows_stopped - c->flows_without_data;

    if (is_sampled(c) != sampled)
        return share_of(0, n_flows);
    return share_of(c->flows_balanced, n_flows > c->flows_balanced ? n_flows : c->flows_balanced);
}

static struct passive_losses balancing(const struct passive_counters *c)
{
    return partly_here(c, false);
}

static struct passive_losses sampling(const struct passive_counters *c)
{
    return partly_here(c, true);
}

static struct passive_losses abrupt_resets(const struct passive_counters *c)
{
    uint64_t n = c->resets_out_of_line + c->resets_with_open_holes;

    return share_of(n < c->ended_rst ? n : c->ended_rst, c->flows_finished);
}

static struct passive_losses syn_only(const struct passive_counters *c)
{
    return share_of(c->ended_syn_only, c->flows_finished);
}

/* A flow of which nothing but SYNs was seen says nothing about its other direction. */
static struct passive_losses one_way(const struct passive_counters *c)
{
    uint64_t n = c->flows_finished - c->ended_syn_only;

    return share_of(n > c->flows_two_way ? n - c->flows_two_way : 0, n);
}

/* A flow is counted as partly here once, however long it lives; bytes are missing all the while. */
static struct passive_losses missing_kilobytes(const struct passive_counters *c)
{
    return share_of(c->missing_bytes / 1000, (c->missing_bytes + c->payload_bytes) / 1000);
}

/* Raised when the interval's lower end is above `above`, with at least so many hits; more severe
 * from the other limits on. Gone when what `lately` measures is no longer above `gone_below`. */
static const struct {
    struct passive_losses (*measure)(const struct passive_counters *c);
    uint64_t least_hits;
    double above, warning, critical;
    struct passive_losses (*lately)(const struct passive_counters *c); /* NULL: the same */
    double gone_below; /* 0: where the interval begins that raised it */
} rules[PASSIVE_N_FINDINGS] = {
    [FINDING_UPSTREAM_LOSS] = {passive_upstream, 5, 0.0005, 0.005, 0.05, NULL, 0},
    [FINDING_DOWNSTREAM_LOSS] = {passive_downstream, 5, 0.0005, 0.005, 0.05, NULL, 0},
    [FINDING_PER_PACKET_BALANCING] = {balancing, 1, 0, 0, NEVER, missing_kilobytes, 0.01},
    [FINDING_ABRUPT_RESETS] = {abrupt_resets, 5, 0.02, 0.1, 0.5, NULL, 0},
    [FINDING_SYN_ONLY] = {syn_only, ENOUGH_FLOWS, 0.5, 0.5, 0.9, NULL, 0},
    [FINDING_ONE_WAY_ONLY] = {one_way, ENOUGH_FLOWS, 0.8, NEVER, NEVER, NULL, 0},
    [FINDING_SAMPLING_SUSPECTED] = {sampling, 1, 0, NEVER, NEVER, missing_kilobytes, 0.01},
};

static uint64_t grown(uint64_t now, uint64_t then)
{
    return now > then ? now - then : 0;
}

/* What was taken back since, may have been counted before: none then. */
static struct passive_losses since(const struct passive_losses *now,
                                   const struct passive_losses *then)
{
    return (struct passive_losses){
        .n_lost = grown(now->n_lost, then->n_lost),
        .n_observations = grown(now->n_observations, then->n_observations),
        .n_doubtful = grown(now->n_doubtful, then->n_doubtful),
        .n_runs = now->n_runs - then->n_runs,
        .are_repeats = now->are_repeats,
    };
}

static struct passive_losses measure_lately(enum passive_finding finding,
                                            const struct passive_counters *c)
{
    return (rules[finding].lately != NULL ? rules[finding].lately : rules[finding].measure)(c);
}

static enum passive_severity severity_of(enum passive_finding finding, double low)
{
    return low > rules[finding].critical  ? SEVERITY_CRITICAL
           : low > rules[finding].warning ? SEVERITY_WARNING
                                          : SEVERITY_INFO;
}

static void raise(struct manager *m, uint32_t aggregate, struct passive_state *s,
                  enum passive_finding finding)
{
    s->findings[finding].is_raised = true;
    s->findings[finding].since_ns = m->now_ns;
    s->watches[finding].checked = measure_lately(finding, &s->total);
    s->watches[finding].checked_ns = m->now_ns;
    manager_emit_finding(m, EVENT_FINDING, aggregate, finding);
    escalate(m, aggregate, finding);
}

static void take_back(struct manager *m, uint32_t aggregate, struct passive_state *s,
                      enum passive_finding finding)
{
    if (!s->findings[finding].is_raised)
        return;
    manager_emit_finding(m, EVENT_FINDING_CLEARED, aggregate, finding);
    s->findings[finding] = (struct passive_evidence){0};
    s->watches[finding].from = rules[finding].measure(&s->total);
}

/* What was seen since the last look would have shown it, had it gone on as it was. Seen so little
 * that this cannot be said: the look takes longer. */
static void look_whether_gone(struct manager *m, uint32_t aggregate, struct passive_state *s,
                              enum passive_finding finding)
{
    struct passive_losses now = measure_lately(finding, &s->total), lately;
    struct passive_watch *w = &s->watches[finding];
    double gone_below = rules[finding].gone_below;
    struct passive_rate rate;

    if (m->now_ns - w->checked_ns < CHECK_EVERY_NS)
        return;
    lately = since(&now, &w->checked);
    rate = passive_rate_of_losses(&lately);
    if (gone_below > 0
            ? rate.high < gone_below
            : rate.low <= rules[finding].above && rate.high < s->findings[finding].rate.low) {
        take_back(m, aggregate, s, finding);
        return;
    }
    w->checked_ns = m->now_ns;
    if (passive_sure_losses(&lately) > 0)
        w->checked = now;
}

static void judge(struct manager *m, uint32_t aggregate, struct passive_state *s,
                  enum passive_finding finding)
{
    struct passive_losses all = rules[finding].measure(&s->total),
                          fresh = since(&all, &s->watches[finding].from);
    struct passive_evidence *e = &s->findings[finding];
    struct passive_rate rate = passive_rate_of_losses(&fresh);

    if (passive_sure_losses(&fresh) >= rules[finding].least_hits &&
        rate.low > rules[finding].above && (!e->is_raised || rate.low > e->rate.low)) {
        e->rate = rate;
        e->severity = severity_of(finding, rate.low);
    }
    if (e->is_raised)
        look_whether_gone(m, aggregate, s, finding);
    else if (e->rate.n_hits > 0)
        raise(m, aggregate, s, finding);
}

void passive_judge(struct manager *m, uint32_t aggregate, struct passive_state *s)
{
    const struct slice *slice = slice_of_aggregate(m, aggregate);
    const struct aggregate_counters *all = &m->aggregates[aggregate].total;
    struct passive_sampling sampling;

    s->n_unread = all->fragments + all->unreadable;
    sampling = passive_sampling_of(slice->parameters.sampling, s);
    if (slice->parameters.sampling <= 1 &&
        !passive_is_withheld(s, &sampling, FINDING_SAMPLING_SUSPECTED))
        judge(m, aggregate, s, FINDING_SAMPLING_SUSPECTED);
    sampling = passive_sampling_of(slice->parameters.sampling, s);
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++) {
        if (passive_is_withheld(s, &sampling, (enum passive_finding)i))
            take_back(m, aggregate, s, (enum passive_finding)i);
        else if (i != FINDING_SAMPLING_SUSPECTED)
            judge(m, aggregate, s, (enum passive_finding)i);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* When counters of mode passive make a finding: one row each. A finding is raised once enough was
 * seen, and stays: what was found once is worth knowing. Limits are in doc/passive.md. */
#include <stddef.h>

#include "manager/passive_internal.h"

/* Of one path among sixteen balanced ones, more than this comes here; of a sampled mirror, mostly
 * much less. */
#define LEAST_BALANCED_SHARE 0.05
#define ENOUGH_FLOWS         20

static const struct {
    const char *name, *words;
} findings[PASSIVE_N_FINDINGS] = {
#define FINDING_ROW(suffix, name, words) [FINDING_##suffix] = {name, words},
    PASSIVE_FINDINGS(FINDING_ROW)
#undef FINDING_ROW
};

static const char *const severities[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_CRITICAL] = "critical",
};

const char *passive_finding_name(enum passive_finding finding)
{
    return (unsigned int)finding < PASSIVE_N_FINDINGS ? findings[finding].name : NULL;
}

const char *passive_finding_words(enum passive_finding finding)
{
    return (unsigned int)finding < PASSIVE_N_FINDINGS ? findings[finding].words : NULL;
}

const char *passive_severity_name(enum passive_severity severity)
{
    return severities[severity];
}

struct share {
    uint64_t n_hits, n_observations;
};

static bool is_sampled(const struct passive_counters *c)
{
    double all = (double)c->payload_bytes + (double)c->missing_bytes;

    return (double)c->payload_bytes < LEAST_BALANCED_SHARE * all;
}

/* Of flows that carried data: those that only partly come here. */
static struct share partly_here(const struct passive_counters *c, bool sampled)
{
    uint64_t n_flows = c->flows_finished + c->flows_stopped - c->flows_without_data;

    if (is_sampled(c) != sampled)
        return (struct share){0, n_flows};
    return (struct share){c->flows_balanced,
                          n_flows > c->flows_balanced ? n_flows : c->flows_balanced};
}

static struct share balancing(const struct passive_counters *c)
{
    return partly_here(c, false);
}

static struct share sampling(const struct passive_counters *c)
{
    return partly_here(c, true);
}

static struct share abrupt_resets(const struct passive_counters *c)
{
    uint64_t n = c->resets_out_of_line + c->resets_with_open_holes;

    return (struct share){n < c->ended_rst ? n : c->ended_rst, c->flows_finished};
}

static struct share syn_only(const struct passive_counters *c)
{
    return (struct share){c->ended_syn_only, c->flows_finished};
}

/* A flow of which nothing but SYNs was seen says nothing about its other direction. */
static struct share one_way(const struct passive_counters *c)
{
    uint64_t n = c->flows_finished - c->ended_syn_only;

    return (struct share){n > c->flows_two_way ? n - c->flows_two_way : 0, n};
}

/* Raised when the interval's lower end is above `above`, with at least so many hits; more severe
 * from the other limits on. */
static const struct {
    struct share (*share)(const struct passive_counters *c);           /* either this */
    struct passive_losses (*losses)(const struct passive_counters *c); /* or this */
    uint64_t least_hits;
    double above, warning, critical;
} rules[PASSIVE_N_FINDINGS] = {
    [FINDING_UPSTREAM_LOSS] = {NULL, passive_upstream, 5, 0.0005, 0.005, 0.05},
    [FINDING_DOWNSTREAM_LOSS] = {NULL, passive_downstream, 5, 0.0005, 0.005, 0.05},
    [FINDING_PER_PACKET_BALANCING] = {balancing, NULL, 1, 0, 0, 2},
    [FINDING_ABRUPT_RESETS] = {abrupt_resets, NULL, 5, 0.02, 0.1, 0.5},
    [FINDING_SYN_ONLY] = {syn_only, NULL, ENOUGH_FLOWS, 0.5, 0.5, 0.9},
    [FINDING_ONE_WAY_ONLY] = {one_way, NULL, ENOUGH_FLOWS, 0.8, 2, 2},
    [FINDING_SAMPLING_SUSPECTED] = {sampling, NULL, 1, 0, 2, 2},
};

static struct passive_rate rate_of(const struct passive_counters *c, enum passive_finding finding)
{
    struct passive_losses losses;
    struct share share;

    if (rules[finding].losses != NULL) {
        losses = passive_sure_losses(rules[finding].losses(c), c);
        return passive_rate_of_losses(&losses);
    }
    share = rules[finding].share(c);
    return passive_rate_of(share.n_hits, share.n_observations);
}

static void judge(struct manager *m, uint32_t aggregate, struct passive_state *s,
                  enum passive_finding finding)
{
    struct passive_evidence *e = &s->findings[finding];
    struct passive_rate rate = rate_of(&s->total, finding);
    double low;

    if (rate.n_hits < rules[finding].least_hits || rate.low <= rules[finding].above)
        return;
    e->rate = rate;
    low = e->rate.low;
    if (e->is_raised)
        return;
    e->is_raised = true;
    e->since_ns = m->now_ns;
    e->severity = low > rules[finding].critical  ? SEVERITY_CRITICAL
                  : low > rules[finding].warning ? SEVERITY_WARNING
                                                 : SEVERITY_INFO;
    manager_emit_finding(m, aggregate, finding);
    escalate(m, aggregate, finding);
}

void passive_judge(struct manager *m, uint32_t aggregate, struct passive_state *s)
{
    const struct slice *slice = passive_slice_of(m, aggregate);
    struct passive_sampling sampling;

    if (slice->parameters.sampling <= 1)
        judge(m, aggregate, s, FINDING_SAMPLING_SUSPECTED);
    sampling = passive_sampling_of(slice->parameters.sampling, s);
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++) {
        if (passive_is_withheld(&sampling, (enum passive_finding)i))
            s->findings[i].is_raised = false;
        else if (i != FINDING_SAMPLING_SUSPECTED)
            judge(m, aggregate, s, (enum passive_finding)i);
    }
}

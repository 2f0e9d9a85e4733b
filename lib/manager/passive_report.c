/* SPDX-License-Identifier: BSD-3-Clause */
/* What mode passive knows of an aggregate, for whoever asks. */
#include "manager/passive_internal.h"

static struct passive_rate share_here(const struct passive_counters *c)
{
    uint64_t all = c->payload_bytes + c->missing_bytes;

    return (struct passive_rate){.n_hits = c->payload_bytes,
                                 .n_observations = all,
                                 .rate = all > 0 ? (double)c->payload_bytes / (double)all : 1,
                                 .high = 1};
}

const char *passive_check(const struct manager *m, uint32_t aggregate)
{
    return m->passive == NULL ? NULL : passive_counters_check(&m->passive[aggregate].total);
}

static void forget_rates_of_losses(struct passive_report *r)
{
    r->upstream = r->downstream = passive_rate_of(0, 0);
    for (int w = 0; w < PASSIVE_N_WINDOWS; w++)
        r->windows[w][0] = r->windows[w][1] = r->upstream;
}

bool manager_passive_report(const struct manager *m, uint32_t aggregate, struct passive_report *out)
{
    struct passive_losses upstream, downstream;
    const struct passive_state *s;
    const struct passive_counters *c;

    if (m->passive == NULL || !aggregate_is_live(m, aggregate) ||
        slice_of_aggregate(m, aggregate)->mode != SLICE_PASSIVE)
        return false;
    s = &m->passive[aggregate];
    c = &s->total;
    upstream = passive_upstream(c);
    downstream = passive_downstream(c);
    *out = (struct passive_report){
        .total = c,
        .stop = s->ended_ns != 0 ? s->stop : PASSIVE_GOES_ON,
        .began_ns = s->began_ns,
        .ended_ns = s->ended_ns,
        .upstream = passive_rate_of_losses(&upstream),
        .downstream = passive_rate_of_losses(&downstream),
        .reordered = passive_rate_of(c->reordered + c->late, c->passed),
        .share_here = share_here(c),
        .sampling = passive_sampling_of(slice_of_aggregate(m, aggregate)->parameters.sampling, s),
    };
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++) {
        out->findings[i] = s->findings[i];
        out->withheld[i] = passive_is_withheld(s, &out->sampling, (enum passive_finding)i);
    }
    for (int w = 0; w < PASSIVE_N_WINDOWS; w++) {
        struct passive_losses sum[2];

        window_sum(&s->windows[w], (enum passive_window)w, m->now_ns, sum);
        out->windows[w][0] = passive_rate_of_losses(&sum[0]);
        out->windows[w][1] = passive_rate_of_losses(&sum[1]);
    }
    if (out->sampling.rate < 1)
        out->reordered = passive_rate_of(0, 0);
    if (out->withheld[FINDING_UPSTREAM_LOSS])
        forget_rates_of_losses(out);
    return true;
}

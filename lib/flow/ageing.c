/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/layout.h"

static bool is_aged(const struct flow_table *t, const struct flow *flow, uint32_t now_ms)
{
    uint32_t timeout_ms = t->config.idle_timeout_ms;

    if (flow->state == FLOW_FREE)
        return false;
    if (flow->state == FLOW_SYN_ONLY)
        timeout_ms /= FLOW_SYN_ONLY_SHARE;
    return silence_ms(flow->last_seen_ms, now_ms) >= timeout_ms;
}

void flow_table_age(struct flow_table *t, unsigned int n, uint32_t now_ms)
{
    while (n-- > 0) {
        struct flow *flow = &t->flows[t->next_to_age];

        if (++t->next_to_age == t->config.n_flows)
            t->next_to_age = 0;
        if (likely_true(!is_aged(t, flow, now_ms)))
            continue;
        flow_take_out(t, flow);
        t->counters.aged++;
    }
}

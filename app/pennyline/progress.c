/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"
#include "base/time.h"

#include <stdio.h>

#include "lanes.h"
#include "manager/manager.h"

#define INTERVAL_NS (250 * NS_PER_MS)
#define MAX_ROWS    16

static const char header[] = "aggregate            packets  dropped  came back  expired  void  "
                             "pending  duplicates  log10 E  "
                             "log10 F  state\n";

static void show_row(const struct aggregate_report *r)
{
    const struct aggregate_counters *t = &r->test;
    char prefix[IP_TEXT_BYTES];

    if (r->identity->has_prefix)
        ip_prefix_format(&r->identity->prefix, prefix);
    fprintf(stderr, "%-18.18s %9lu %8lu %10lu %8lu %5lu %8lu %11lu %8.1f %8.1f  %s %s\n",
            r->identity->has_prefix ? prefix : r->slice->name, (unsigned long)r->total->packets,
            (unsigned long)t->dropped, (unsigned long)t->retransmitted, (unsigned long)t->expired,
            (unsigned long)t->voided, (unsigned long)aggregate_counters_pending(t),
            (unsigned long)t->duplicates, r->anytime.log10_e, r->anytime.log10_f,
            test_state_name(r->state),
            r->verdict != VERDICT_UNDECIDED ? verdict_name_outcome(r->verdict) : "");
}

void progress_end(struct progress *p)
{
    if (p->n_lines > 0)
        fprintf(stderr, "\033[%uA\033[J", p->n_lines);
    p->n_lines = 0;
}

void progress_show(struct progress *p, const struct appliance *a, uint64_t now_ns)
{
    struct worker_counters c;
    struct aggregate_report report;
    uint32_t n = manager_n_aggregates(a->manager);

    if (now_ns < p->next_ns)
        return;
    p->next_ns = now_ns + INTERVAL_NS;
    progress_end(p);
    c = lanes_counters_sum(a);
    fprintf(stderr, "%.1f s: %lu packets received, %lu sent, %lu dropped on purpose, %lu lost\n%s",
            (double)(now_ns - a->started_ns) / (double)NS_PER_S, (unsigned long)c.rx_packets,
            (unsigned long)c.tx_packets, (unsigned long)c.dropped,
            (unsigned long)(c.lost_tx_full + c.lost_no_headroom), header);
    p->n_lines = 2;
    for (uint32_t i = 0; i < n && i < MAX_ROWS; i++)
        if (manager_report(a->manager, i, &report)) {
            show_row(&report);
            p->n_lines++;
        }
}

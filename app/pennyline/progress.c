/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lanes.h"
#include "manager/manager.h"

#define INTERVAL_NS (250 * NS_PER_MS)
#define MAX_ROWS    16

static const char header[] = "aggregate            packets  dropped  came back  expired  pending  "
                             "duplicates  log10 E  log10 F  "
                             "state";

/* One line, cut at the terminal's edge, so that the cursor finds its way back. */
__attribute__((format(printf, 2, 3))) static void show_line(struct progress *p, const char *format,
                                                            ...)
{
    struct winsize size = {0};
    char text[512];
    va_list arguments;
    int width;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    fprintf(stderr, "%.*s\n", width - 1, text);
    p->n_lines++;
}

static void show_row(struct progress *p, const struct aggregate_report *r)
{
    const struct aggregate_counters *t = &r->test;
    char prefix[IP_TEXT_BYTES];

    if (r->identity->has_prefix)
        ip_prefix_format(&r->identity->prefix, prefix);
    show_line(p, "%-18.18s %9lu %8lu %10lu %8lu %8lu %11lu %8.1f %8.1f  %s %s",
              r->identity->has_prefix ? prefix : r->slice->name, (unsigned long)r->total->packets,
              (unsigned long)t->dropped, (unsigned long)t->retransmitted, (unsigned long)t->expired,
              (unsigned long)aggregate_counters_pending(t), (unsigned long)t->duplicates,
              r->anytime.log10_e, r->anytime.log10_f, test_state_name(r->state),
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

    if (now_ns < p->next_ns)
        return;
    p->next_ns = now_ns + INTERVAL_NS;
    progress_end(p);
    c = lanes_counters_sum(a);
    show_line(p, "%.1f s: %lu packets received, %lu sent, %lu dropped on purpose, %lu lost",
              (double)(now_ns - a->started_ns) / (double)NS_PER_S, (unsigned long)c.rx_packets,
              (unsigned long)c.tx_packets, (unsigned long)c.dropped,
              (unsigned long)(c.lost_tx_full + c.lost_no_headroom + c.lost_cut));
    show_line(p, "%s", header);
    for (uint32_t i = 0, next = 0; i < MAX_ROWS && manager_next_report(a->manager, &next, &report);
         i++)
        show_row(p, &report);
}

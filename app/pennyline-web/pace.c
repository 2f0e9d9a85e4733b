/* SPDX-License-Identifier: BSD-3-Clause */
#include "pace.h"

/* Two clocks need not agree on the length of a second. */
#define MARGIN_S      0.5
#define MOST_SHARE    0.1
#define LEAST_PAUSE_S 0.02
#define MOST_PAUSE_S  2.0

bool pace_take_uptime(struct pace_start *start, double asked_s, double answered_s, double uptime_s)
{
    bool is_other = start->is_known && asked_s - uptime_s > start->latest_s + MARGIN_S;

    *start = (struct pace_start){true, answered_s - uptime_s};
    return is_other;
}

double pace_pause_s(double took_s)
{
    double pause_s = took_s / MOST_SHARE;

    if (pause_s > MOST_PAUSE_S)
        return MOST_PAUSE_S;
    return pause_s > LEAST_PAUSE_S ? pause_s : LEAST_PAUSE_S;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* How the feed goes on after an answer of pennyline's. Pure: time comes in as arguments, in seconds
 * of one clock. */
#ifndef WEB_PACE_H
#define WEB_PACE_H

#include <stdbool.h>

/* When the pennyline that answers began, at the latest. All zero: none was heard of. */
struct pace_start {
    bool is_known;
    double latest_s;
};

/* It was asked at `asked_s`, and by `answered_s` came that it has run for `uptime_s`. True: it is
 * another one than before. An answer that comes late leaves open when in between it was given, so
 * only one that began later than the one before can have begun at all counts as another. */
bool pace_take_uptime(struct pace_start *start, double asked_s, double answered_s, double uptime_s);

/* How long to leave it alone after a question that took so long: answering takes at most a tenth of
 * the manager's time, but after a hang it is asked again soon. */
double pace_pause_s(double took_s);

#endif

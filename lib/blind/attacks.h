/* SPDX-License-Identifier: BSD-3-Clause */
/* The attacks by name: one row is all that there is to know of one. */
#ifndef BLIND_ATTACKS_H
#define BLIND_ATTACKS_H

#include "blind/sender.h"

struct attack {
    const char *name;
    const char *help;
    /* One step of the plan, on the flow whose turn it is. */
    void (*step)(struct sender *s, uint32_t flow);
    double duplicate_ratio; /* unless the options say otherwise */
    uint32_t delay_ms;
    uint32_t n_flood;
    bool wraps; /* sequence numbers start just below 2^32 */
};

/* How many tiny segments one packet of `sweep` covers. */
#define SWEEP_SEGMENTS 100
/* `reset` ends each burst of this many segments of a flow with RST and FIN in turn. */
#define RESET_BURST_SEGMENTS 10
/* `jump` sends every so manieth segment of a flow again, this far ahead. */
#define JUMP_EVERY_SEGMENTS 100
#define JUMP_BYTES          (UINT32_C(1) << 30)
/* How many segments that nobody drops `undroppable` sends after each; how many times as much as
 * each other the one flow of `blocked` sends that repeats nothing. */
#define UNDROPPABLE_BETWEEN 10
#define BLOCKED_BETWEEN     100
/* `pulses` repeats in the first part of each such period. */
#define PULSES_PERIOD_MS 10

/* NULL when there is none of that name. */
const struct attack *attack_by_name(const char *name);

/* The rows in order; NULL after the last one. */
const struct attack *attack_by_index(unsigned int index);

#endif

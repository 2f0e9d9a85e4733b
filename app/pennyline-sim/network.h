/* SPDX-License-Identifier: BSD-3-Clause */
/* What the network does to packets. Draws come from one source per trial, apart from the box's
 * coins. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

struct network_options {
    double loss_upstream;   /* before the box */
    double loss_downstream; /* behind it */
    double loss_ack;
    double burst; /* mean length of a run of losses (Gilbert); up to 1: independent */
    double delay_upstream_ms, delay_downstream_ms, delay_back_ms; /* one way each */
    double jitter_ms; /* uniform, on the way to the box and behind it: reorders */
    double reorder;   /* share of segments that arrive at the box reorder_ms late */
    double reorder_ms;
    double unseen;        /* share of packets that take a path without the box */
    double path_change_s; /* when all genuine traffic leaves the box for another path; 0: never */
    double path_return_s; /* and when it is back; 0: never */
};

/* A two-state chain (Gilbert): all is lost while bad. */
struct loss {
    uint32_t begin, end; /* thresholds of 2^32 */
    bool independent, bad;
};

void loss_init(struct loss *l, double share, double burst);
bool loss_takes(struct loss *l, struct random_source *random);

/* True with the probability. */
bool network_chance(struct random_source *random, double probability);

/* A delay: fixed, and uniform up to `jitter_ms` more. */
uint64_t network_delay_ns(struct random_source *random, double fixed_ms, double jitter_ms);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* How busy a worker's lcore is, and with what: time in turns of its loop that brought packets and
 * in those that brought none, how full bursts are, and what the stages of a burst take.
 *
 * Cycles are ticks of the TSC. Turns are all measured, by the one reading of the clock that each
 * turn begins with anyway. Stages are measured in one burst of LOAD_SAMPLE_PERIOD only, since a
 * reading costs about as much as a packet's parsing.
 *
 * The worker writes, any thread may read: each number is whole, and together they are as of some
 * moment within the same turn. */
#ifndef STATS_LOAD_H
#define STATS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* A prime, so that a worker that asks several queues in turn samples all of them. */
#define LOAD_SAMPLE_PERIOD 1021

/* Bursts by their packets: 1, 2-3, 4-7, 8-15, 16-31, 32-63, 64. The last are full ones: more waits
 * in the queue. */
#define LOAD_N_FILLS 7

/* The stages of a burst, in their order: X(stage, "name", "help"). */
#define LOAD_STAGES(X)                                                                             \
    X(LOAD_RECEIVE, "receive", "taking packets from the receive queue")                            \
    X(LOAD_CLASSIFY, "parse_classify", "parsing headers and finding slices")                       \
    X(LOAD_PORT_STAGES, "stages", "the stages of the port (stats/stages.h)")                       \
    X(LOAD_DECIDE, "lookup_engine", "finding flows and deciding what to do")                       \
    X(LOAD_SEND, "transmit", "rewriting, and handing packets to transmit queues")

enum load_stage {
#define X(stage, name, help) stage,
    LOAD_STAGES(X)
#undef X
        LOAD_N_STAGES
};

struct load_turns {
    uint64_t n, cycles;
};

struct worker_load {
    uint64_t packets;
    struct load_turns turns[2]; /* those that brought nothing, those that brought packets */
    uint64_t bursts[LOAD_N_FILLS];
    uint64_t sampled_bursts, sampled_packets;
    uint64_t stage_cycles[LOAD_N_STAGES]; /* of sampled bursts */
    uint64_t long_turn_cycles;            /* of a millisecond; written before the first turn */
    struct load_turns long_turns;         /* those that took that long */
    /* Those in which another configuration was taken up, and the longest of them. */
    struct load_turns reload_turns;
    uint64_t longest_reload_turn_cycles;
};

/* What one worker did between two readings, per packet and as shares. All 0 without packets. */
struct load_rates {
    double seconds; /* between the readings */
    double packets_per_second;
    double busy_share; /* of the lcore's time, 0..1 */
    double cycles_per_packet;
    double packets_per_burst;
    double stage_cycles_per_packet[LOAD_N_STAGES]; /* NaN when no burst was sampled */
};

const char *load_stage_name(enum load_stage stage);
const char *load_stage_help(enum load_stage stage);

/* The least and the most packets of a burst that bursts[fill] counts. */
uint32_t load_fill_least(unsigned int fill);
uint32_t load_fill_most(unsigned int fill);

/* Bursts that brought packets. */
uint64_t load_n_bursts(const struct worker_load *load);

/* `before` all zero: since the start. `tsc_hz`: ticks per second. */
struct load_rates load_rates_between(const struct worker_load *now,
                                     const struct worker_load *before, uint64_t tsc_hz);

/* Worker: the turn that was counted last took up another configuration. */
void load_count_reload(struct worker_load *load, uint64_t n_cycles);

void load_count_long_turn(struct worker_load *load, uint64_t n_cycles);

/* Worker: a turn of its loop ended, `n_packets` came in it. */
static inline void load_count_turn(struct worker_load *load, unsigned int n_packets,
                                   uint64_t n_cycles)
{
    struct load_turns *turns = &load->turns[n_packets != 0];

    load->packets += n_packets;
    turns->n++;
    turns->cycles += n_cycles;
    if (likely_false(n_cycles >= load->long_turn_cycles))
        load_count_long_turn(load, n_cycles);
}

/* Worker: a burst of 1 to 64 packets. */
static inline void load_count_burst(struct worker_load *load, unsigned int n_packets)
{
    load->bursts[31 - __builtin_clz(n_packets)]++;
}

#endif

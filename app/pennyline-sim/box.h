/* SPDX-License-Identifier: BSD-3-Clause */
/* The box: the engines and the manager of the appliance themselves, driven by virtual time. One
 * aggregate, any number of lcores. Made once, used for many trials: the engines start anew for
 * each, the manager begins a new test. One thread. */
#ifndef SIM_BOX_H
#define SIM_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "blind/datagram.h"
#include "config/test_parameters.h"
#include "manager/manager.h"
#include "stats/passive.h"

#define BOX_MAX_LCORES 16

struct box_options {
    struct test_parameters test;
    uint32_t n_lcores; /* 1..BOX_MAX_LCORES */
    uint32_t n_flows;  /* of each lcore's table */
    bool no_drops;     /* the kill switch is on: for comparison */
    bool is_passive;   /* nothing is tested: mode passive */
};

/* A packet as the box sees it. The flow's number stands for its addresses and ports. */
struct box_packet {
    uint32_t flow;
    uint32_t sequence;
    uint16_t payload_bytes;
    uint8_t tcp_flags;
    /* 0: none. Mode passive tells the order of sending by them. */
    uint16_t ip_id;
    uint32_t timestamp;
    uint8_t datagram; /* enum datagram; its connection ID is made of `sequence` */
};

/* What the box does to itself in a trial: from `from_ns` to `to_ns` threads of it stand still, or
 * the clock of its workers is wrong. All zero: nothing. */
struct box_doings {
    uint64_t from_ns, to_ns;
    bool workers_stall, manager_stalls;
    int64_t clock_jump_ns; /* at from_ns; workers' time then stands until it is right again */
};

struct box;

/* NULL: out of memory, or the options are out of bounds. */
struct box *box_create(const struct box_options *options);
void box_destroy(struct box *b);

/* Begins a trial: empty tables, a new test, time 0, coins of this seed and stream. */
void box_begin(struct box *b, uint64_t seed, uint64_t stream);

/* Right after box_begin(). */
void box_set_doings(struct box *b, const struct box_doings *doings);

/* Do workers stand still? Then no packet may be handed over: it waits in a queue of the caller's.
 */
bool box_is_stalled(const struct box *b, uint64_t time_ns);

/* A packet arrives. True: dropped deliberately. Times since box_begin(), never going back. */
bool box_packet(struct box *b, uint64_t time_ns, const struct box_packet *packet);

/* Time goes on without a packet. */
void box_wait(struct box *b, uint64_t time_ns);

/* Is the verdict known, and final? */
bool box_has_verdict(const struct box *b);
bool box_is_done(const struct box *b);
/* Was not_closed_loop said on the way? */
bool box_was_provisional(const struct box *b);

/* When the verdict was known, since box_begin(); and how many packets with payload came by then. */
uint64_t box_verdict_ns(const struct box *b);
uint64_t box_verdict_segments(const struct box *b);

/* Ends the test if it still runs, as "duration over". */
void box_stop(struct box *b);

/* Ends what is pending; after that the next trial may begin. False: an identity does not hold,
 * which is a bug of the engine or the manager; it was printed. */
bool box_end(struct box *b);

/* Mode passive: what this trial counted, after box_end(). */
void box_passive(const struct box *b, struct passive_counters *out);

/* The report. Until the next call of any of the above. */
void box_report(const struct box *b, struct aggregate_report *out);

/* Milliseconds from a drop to its repair, of the first BOX_MAX_REPAIRS of this trial. */
#define BOX_MAX_REPAIRS 16
uint32_t box_repairs_ms(const struct box *b, float out[BOX_MAX_REPAIRS]);

/* The greatest evidence after any epoch of this trial, while `watch` was on; identities are then
 * held against every event and every epoch, too. */
void box_watch_evidence(struct box *b, bool on);
double box_max_log10_e(const struct box *b);
double box_max_log10_e_pooled(const struct box *b);
double box_max_log10_e_joint(const struct box *b);
double box_max_log10_e_kind(const struct box *b); /* of any kind of units beside data segments */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* All that one trial depends on, but its number. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "blind/attacks.h"
#include "config/test_parameters.h"
#include "pennyline-sim/handshake_model.h"
#include "pennyline-sim/network.h"
#include "pennyline-sim/tcp_model.h"

#define SCENARIO_MAX_GENUINE_FLOWS 1024

struct genuine_options {
    uint32_t n_flows;
    uint32_t n_segments; /* of each flow; 0: endless */
    uint16_t segment_bytes;
    bool timestamps, ip_ids;  /* the sender's packets tell in which order they were sent */
    bool renew;               /* a flow that is done is followed by another one */
    bool from_middle;         /* the box sees no SYN of them */
    double from_middle_share; /* or of so many */
    double pace;     /* segments per second that the application writes; 0: as fast as TCP goes */
    double start_ms; /* flows begin within so long */
    struct tcp_options tcp;
    /* Tests of handshakes and QUIC only: else no SYN is lost. A stack of QUIC sends first flights
     * and nothing else. */
    enum handshake_stack stack;
    bool all_stacks;      /* of TCP, or of QUIC, in turn */
    uint32_t n_datagrams; /* of a first flight */
    double moves_on;      /* share of flows that never repeat: they go on by another address */
};

struct blind_options {
    const struct attack *attack; /* NULL: nobody is blind */
    uint32_t n_flows;
    double segments_per_second; /* of all flows; 0: as the packet share says */
    double share;               /* of the packets, when genuine flows are paced */
    double duplicate_ratio;     /* negative: by the attack's row */
    double delay_ms;            /* likewise */
    double n_flood;             /* likewise */
    uint32_t n_covered;         /* by one packet of the attack sweep; 0: by the attack */
    const struct attack *also;  /* mixed in; NULL: none */
    uint32_t n_between;         /* 0: by the attack */
    enum sender_between between;
    double period_ms; /* 0: by the attack */
    double start_ms;  /* they begin within so long: in any phase of the box's epoch */
    uint32_t n_steps; /* of the attack, at most; 0: until the trial ends */
    uint16_t payload_bytes;
    bool from_middle;
    bool ends_with_genuine; /* no segment more when all genuine flows are done */
};

/* What the box does to itself, once in each trial, at a time drawn anew. */
struct own_options {
    double stall_s;      /* so long it stands still; 0: never */
    double within_s;     /* beginning within so long from the start */
    uint32_t queue;      /* packets that wait meanwhile; more are lost */
    bool spares_workers; /* only the manager stands still */
    bool spares_manager; /* only the workers do */
    double clock_jump_s; /* the workers' clock jumps, or stands for so long if negative */
};

struct scenario {
    struct test_parameters test;
    struct genuine_options genuine;
    struct blind_options blind;
    struct network_options network;
    struct own_options own;
    uint32_t n_lcores;
    uint32_t n_table_flows; /* 0: room for all flows */
    double max_s;           /* the test is stopped then */
    bool to_completion;     /* go on until all genuine flows are done */
    bool no_drops;
    bool is_passive;
    bool watch; /* keep the greatest E of each trial */
};

/* Ten bulk flows, no loss, the defaults of the test. */
void scenario_default(struct scenario *s);

/* The blind sender's rate: as given, or by the share of packets. */
double scenario_blind_rate(const struct scenario *s);

/* Room in the flow table of each lcore. */
uint32_t scenario_table_flows(const struct scenario *s);

/* NULL, or what does not fit together. */
const char *scenario_check(const struct scenario *s);

#endif

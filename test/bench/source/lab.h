/* SPDX-License-Identifier: BSD-3-Clause */
/* The source as a sender in a lab: with a pace, and with the time of sending in each data segment,
 * so that what comes back says how long it took. testpmd forwards what the source makes on port 0
 * (net_null) to port 1 (the box); what comes back by any port but 0 is measured. tools/lab100g
 * drives it through one file, BENCH_LAB. */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "source.h"

/* The payload of a data segment is the time of sending: the low bytes of the TSC. */
#define LAB_STAMP_BYTES 5

/* Latency in TSC cycles, in ranges of a thirty-second of their octave: below 32 each value its own;
 * above, range (octave - 4) * 32 + the five bits after the highest. */
#define LAB_SUB_BITS 5
#define LAB_RANGES   ((8 * LAB_STAMP_BYTES - LAB_SUB_BITS + 1) << LAB_SUB_BITS)

/* One for each queue, in the file. */
struct lab_queue {
    /* The kit writes it: so many packets a second, none when 0. */
    uint64_t rate_pps;
    uint64_t zero[7];
    /* The thread of the queue that received writes it: how many took so long. */
    uint64_t latencies[LAB_RANGES];
};

struct lab_pace {
    struct lab_queue *queue;
    uint64_t filled_tsc;
    double tokens;
};

/* NULL without BENCH_LAB; else the queues, mapped from that file. */
struct lab_queue *lab_map(void);

/* How many of `n` packets may be sent now. */
uint16_t lab_pace(struct lab_pace *pace, uint16_t n, uint64_t now_tsc);

static inline void lab_stamp(uint8_t *payload, uint64_t now_tsc)
{
    memcpy(payload, &now_tsc, LAB_STAMP_BYTES);
}

/* Measures what comes back by this port; for each port but 0. */
void lab_watch_port(struct lab_queue *queues, uint16_t port, uint16_t n_queues);

#endif

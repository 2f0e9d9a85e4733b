/* SPDX-License-Identifier: BSD-3-Clause */
/* A synthetic source of TCP for measurements, and the meter: preloaded into a DPDK program, it
 * installs a first receive callback on the queues of port 0, which writes the headers of N flows
 * into the blank packets of net_null. A packet costs no memory but its mbuf, so what is measured is
 * the program, not the memory of a capture. For benchmarks only; the appliance knows nothing of it.
 *
 * Order. Flows come in rounds. In each, every flow sends once, in an order that is scattered anew
 * (a bijection of the flow numbers): what is random to caches and tables, and yet each flow's
 * sequence numbers rise without any state here. The first rounds send SYNs.
 *
 * Repeats. Of the pairs of rounds (2k, 2k+1) of a flow, a share is irregular, in one of two ways:
 * the first segment covers both, so that the second one is a duplicate; or the two come in the
 * wrong order, so that one makes a hole and the other fills it.
 *
 * Flood. Two rounds after the SYNs each packet is of a flow never seen before, but for a share of
 * known ones.
 */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <stdint.h>

/* From the environment:
 *   BENCH_METER            file for struct meter, required
 *   BENCH_FLOWS            64 to 2^28 (1048576)
 *   BENCH_QUEUES           receive queues of port 0 (1); each has flows of its own
 *   BENCH_IP               4 or 6
 *   BENCH_SYN_ROUNDS       how often each flow sends its SYN (1): what limits admissions may take
 *                          time to let all in
 *   BENCH_VLANS            0, 1, 2: tags
 *   BENCH_IRREGULAR_PPM    share of pairs of rounds that are irregular, in millionths
 *   BENCH_FLOOD_KNOWN_PPM  present: flood; the share of packets of known flows, in millionths
 *   BENCH_BARE             present: packets stay as they came, only the meter runs (net_pcap)
 *   BENCH_OFFER_CHECKSUM   present: ports offer to check checksums, as a NIC does and as the
 * packets' flags say; l3fwd insists on it
 *   BENCH_LAB              file of a lab (lab.h): the source has a pace, its segments the time
 *   BENCH_IMIX             present, in a lab: sizes 7:4:1 of 64, 594 and 1518; packets of port 0
 * must hold the largest */

/* One line for each queue, in the file. Written by the queue's thread about every 10 ms, all
 * fields between two increments of `version` (odd: being written). */
struct meter {
    uint64_t version;
    uint64_t tsc;
    uint64_t cpu_ns; /* of the polling thread: what it did not run does not count */
    uint64_t n_packets;
    uint64_t n_polls;
    uint64_t n_rounds; /* that are complete */
    uint64_t tsc_hz;
    uint64_t n_known; /* data segments of known flows */
};

#define METER_MAX_QUEUES 64

#endif

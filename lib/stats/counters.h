/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters, each one row: X(field, "name", "unit", "help"). Names in JSON, telemetry and
 * metrics come from here.
 *
 * A worker keeps for each aggregate what it counted since it last posted (a delta); the manager
 * keeps the sums. Identities that hold for every delta and every sum, checked by
 * aggregate_counters_check(): dropped = retransmitted + expired + voided + pending, where pending
 * is not counted but is what is left voided = void_ambiguous + void_closed + void_evicted +
 * void_own_loss + void_stall + void_silence segments = in_order + out_of_order + repairs +
 * duplicates */
#ifndef STATS_COUNTERS_H
#define STATS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* The first eight share the cache line that an in-order segment touches. */
#define AGGREGATE_COUNTERS(X)                                                                      \
    X(packets, "packets", "packets", "TCP packets of its flows")                                   \
    X(bytes, "bytes", "bytes", "bytes of those packets, as frames")                                \
    X(segments, "segments", "segments", "segments of armed flows")                                 \
    X(in_order, "in_order", "segments", "segments at snd_max or beyond it")                        \
    X(droppable, "droppable", "segments", "U: its coin was thrown, and would have been obeyed")    \
    X(population_droppable, "population_droppable", "segments",                                    \
      "droppable ones of the population that rule penny looks at: until its last drop")            \
    X(population_in_order, "population_in_order", "segments",                                      \
      "in order, flow armed: that population with its segments that had no coin")                  \
    X(pure_acks, "pure_acks", "packets", "packets without payload or SYN, FIN, RST")               \
    X(control_packets, "control_packets", "packets", "SYN, FIN and RST")                           \
    X(keepalives, "keepalives", "packets", "one byte at snd_max-1: proves nothing")                \
    X(out_of_order, "out_of_order", "segments", "segments that fill natural holes only")           \
    X(repairs, "repairs", "segments", "segments that bring back dropped bytes, cleanly")           \
    X(duplicates, "duplicates", "segments", "D: repeats that are no clean repair")                 \
    X(ambiguous, "ambiguous", "segments", "duplicates that also touched a gap and made it void")   \
    X(test_duplicates, "test_duplicates", "segments",                                              \
      "D of the running test: duplicates seen while a test was on")                                \
    X(population_duplicates, "population_duplicates", "segments",                                  \
      "duplicates of the population that rule penny looks at")                                     \
    X(jumps, "jumps", "segments", "segments too far from snd_max to be believed")                  \
    X(unarmed, "unarmed", "segments", "segments of flows not armed yet: count for nothing")        \
    X(holes_closed, "holes_closed", "holes", "natural holes given up for want of room")            \
    X(dropped, "dropped", "segments", "K: segments deliberately dropped")                          \
    X(retransmitted, "retransmitted", "segments", "R: dropped, and repaired in time")              \
    X(expired, "expired", "segments", "N: dropped, and not repaired in time")                      \
    X(voided, "void", "segments", "V: dropped, but neither for nor against")                       \
    X(void_ambiguous, "void_ambiguous", "segments",                                                \
      "void: repaired together with forwarded bytes")                                              \
    X(void_closed, "void_closed", "segments", "void: FIN or RST, and not repaired")                \
    X(void_evicted, "void_evicted", "segments", "void: the flow left the table")                   \
    X(void_own_loss, "void_own_loss", "segments", "void: the box itself lost packets meanwhile")   \
    X(void_stall, "void_stall", "segments", "void: the box itself stood still meanwhile")          \
    X(void_silence, "void_silence", "segments", "void: the whole aggregate fell silent meanwhile") \
    X(expired_repaired_late, "expired_repaired_late", "segments",                                  \
      "of those expired: repaired after all, within one more timeout")                             \
    X(coins_refused, "coins_refused", "segments", "the coin said drop, but no budget was left")    \
    X(spared, "spared", "segments",                                                                \
      "in order while a test dropped, but of flows that never_drop spares: no coin was thrown")    \
    X(flows_seen, "flows_seen", "flows", "flows admitted to the table")                            \
    X(flows_tested, "flows_tested", "flows", "flows with at least one drop in a test")             \
    X(flows_repaired, "flows_repaired", "flows",                                                   \
      "flows with at least one repaired drop in a test")                                           \
    X(not_tcp, "not_tcp", "packets",                                                               \
      "of another protocol than TCP: never tested; of a full burst a sample, scaled")              \
    X(fragments, "fragments", "packets", "IP fragments: never tested")                             \
    X(unreadable, "unreadable", "packets", "headers cut, malformed or not looked through")         \
    X(checksums_sampled, "checksums_sampled", "packets",                                           \
      "TCP packets whose checksum was looked at: one in a millisecond at most")                    \
    X(checksums_wrong, "checksums_wrong", "packets", "of those: the checksum was wrong")

struct aggregate_counters {
#define X(field, name, unit, help) uint64_t field;
    AGGREGATE_COUNTERS(X)
#undef X
};

/* P: made and not ended yet. */
static inline uint64_t aggregate_counters_pending(const struct aggregate_counters *c)
{
    return c->dropped - c->retransmitted - c->expired - c->voided;
}

/* What became of the packets that a worker received: each ends in exactly one of
 * forwarded_*, dropped and lost_*. The rest says why. One instance per worker; any thread may read.
 */
#define WORKER_COUNTERS(X)                                                                         \
    X(rx_packets, "rx_packets", "packets", "taken from receive queues")                            \
    X(rx_bytes, "rx_bytes", "bytes", "bytes of those packets")                                     \
    X(tx_packets, "tx_packets", "packets", "handed to transmit queues")                            \
    X(tx_bytes, "tx_bytes", "bytes", "bytes of those packets")                                     \
    X(dropped, "dropped", "packets", "deliberate drops")                                           \
    X(lost_tx_full, "lost_tx_full", "packets",                                                     \
      "the transmit queue took them neither at once nor on the retry")                             \
    X(lost_no_headroom, "lost_no_headroom", "packets", "no room to push a VLAN tag")               \
    X(lost_cut, "lost_cut", "packets",                                                             \
      "longer than the port's receive ring holds, so only their beginning came")                   \
    X(absorbed_mirror, "absorbed_mirror", "packets", "of mirror ports: never forwarded")           \
    X(dropped_by_stage, "dropped_by_stage", "packets", "dropped by a stage of their port")         \
    X(answered, "answered", "packets", "kept by a stage of their port, to answer them")            \
    X(generated, "generated", "packets", "made by a stage of a port: answers and copies")          \
    X(untested, "untested", "packets", "of no slice")                                              \
    X(slice_packets, "slice_packets", "packets", "of some slice")                                  \
    X(slice_not_tcp, "slice_not_tcp", "packets", "of a slice, but no whole TCP packet")            \
    X(no_ingress, "no_ingress", "packets",                                                         \
      "TCP of a slice, not tested: no number was left for the VLANs or the tunnel it came in by")  \
    X(no_aggregate, "no_aggregate", "packets",                                                     \
      "of a slice, aggregate not made yet, or none to be had")                                     \
    X(flow_refused, "flow_refused", "packets", "of a slice, flow not admitted")                    \
    X(tracking_shed, "tracking_shed", "packets",                                                   \
      "TCP of a slice, forwarded without a look at its flow, since the box could not keep up")     \
    X(ledger_full, "ledger_full", "segments",                                                      \
      "the coin said drop, but the ledger of drops was full")                                      \
    X(gate_closed, "gate_closed", "segments",                                                      \
      "the coin said drop, but kill switch, suspension or a late manager forbade it")              \
    X(stalls, "stalls", "stalls", "times that the worker stood still")                             \
    X(stalled_ns, "stalled_ns", "ns", "for so long in all")                                        \
    X(events_lost, "events_lost", "events", "events not posted: the ring was full")                \
    X(epochs_late, "epochs_late", "epochs", "epochs that had to wait: the ring was full")

struct worker_counters {
#define X(field, name, unit, help) uint64_t field;
    WORKER_COUNTERS(X)
#undef X
};

/* A row of either list, for code that walks all counters. */
struct counter_row {
    const char *name, *unit, *help;
    size_t offset; /* of the uint64_t in its struct */
};

extern const struct counter_row aggregate_counter_rows[];
extern const size_t n_aggregate_counter_rows;
extern const struct counter_row worker_counter_rows[];
extern const size_t n_worker_counter_rows;

static inline uint64_t counter_value(const void *counters, const struct counter_row *row)
{
    return *(const uint64_t *)(const void *)((const uint8_t *)counters + row->offset);
}

/* sum += delta, difference = a - b, field by field. */
void aggregate_counters_add(struct aggregate_counters *sum, const struct aggregate_counters *delta);
void aggregate_counters_subtract(struct aggregate_counters *difference,
                                 const struct aggregate_counters *a,
                                 const struct aggregate_counters *b);
void worker_counters_add(struct worker_counters *sum, const struct worker_counters *other);

/* NULL, or the identity that does not hold, in words. `c` counts from the start of the process. */
const char *aggregate_counters_check(const struct aggregate_counters *c);

/* The same for a worker whose burst is done: rx + generated = tx + dropped + dropped_by_stage +
 * answered + lost + absorbed. */
const char *worker_counters_check(const struct worker_counters *c);

#endif

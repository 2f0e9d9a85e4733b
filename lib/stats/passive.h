/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters of mode passive, each one row as in counters.h. A worker keeps deltas of them for
 * each aggregate of a passive slice, beside the aggregate's other counters; the manager keeps sums.
 *
 * Identities, checked by passive_counters_check():
 *   passed = first_time + reordered + lost_upstream_repairs + late + repeats + needless +
 *   unknown
 *   holes_opened = holes_reordered + holes_retransmitted + holes_unfilled + holes_unknown +
 *   holes_merged + holes_fragmented + those still open
 *   flows_finished = ended_fin + ended_rst + ended_idle + ended_evicted + ended_syn_only */
#ifndef STATS_PASSIVE_H
#define STATS_PASSIVE_H

#include <stdint.h>

#include "stats/counters.h"

#define PASSIVE_COUNTERS(X)                                                                        \
    X(passed, "passed", "segments", "segments that went by, repeats too")                          \
    X(first_time, "first_time", "segments", "segments at snd_max or beyond it")                    \
    X(observed, "observed", "segments",                                                            \
      "segments whose loss before us would have shown: soon followed by others, or really lost")   \
    X(lost_upstream, "lost_upstream", "segments",                                                  \
      "of those observed: missing at first, and repaired by a retransmission")                     \
    X(lost_upstream_repairs, "lost_upstream_repairs", "segments",                                  \
      "retransmissions that filled a hole")                                                        \
    X(reordered, "reordered", "segments", "segments that filled a hole, but were only late")       \
    X(late, "late", "segments",                                                                    \
      "first copies that came after their retransmission: late, and no longer counted as lost")    \
    X(repeats, "repeats", "segments", "repeats of bytes that went by before: lost after us")       \
    X(repeat_runs, "repeat_runs", "repeats",                                                       \
      "of them, and of needless ones: those that do not follow on the one before")                 \
    X(needless, "needless", "segments",                                                            \
      "repeats that the receiver reported as duplicates (RFC 2883): nothing was lost")             \
    X(repeatable, "repeatable", "segments",                                                        \
      "segments that went by while nothing was missing, soon followed by others, and repeats: "    \
      "only of them a repeat tells of a loss")                                                     \
    X(unknown, "unknown", "segments",                                                              \
      "segments below snd_max that tell nothing: of bytes not known, or while others are missing") \
    X(maybe_late, "maybe_late", "segments",                                                        \
      "of them: as late, perhaps, but nothing tells which copy was sent first")                    \
    X(mirror_copies, "mirror_copies", "packets",                                                   \
      "the same packet once more: copied twice by the mirror, and counted nowhere else")           \
    X(payload_bytes, "payload_bytes", "bytes", "TCP payload that went by")                         \
    X(missing_bytes, "missing_bytes", "bytes", "bytes of holes that nobody filled")                \
    X(holes_opened, "holes_opened", "holes", "ranges of bytes that did not come in their turn")    \
    X(holes_reordered, "holes_reordered", "holes", "holes filled by segments that were late")      \
    X(holes_retransmitted, "holes_retransmitted", "holes", "holes filled by retransmissions")      \
    X(holes_unfilled, "holes_unfilled", "holes", "holes never filled, while the flow went on")     \
    X(holes_unknown, "holes_unknown", "holes", "holes given up before their end for want of room") \
    X(holes_merged, "holes_merged", "holes",                                                       \
      "holes that went up in the next one for want of room")                                       \
    X(holes_fragmented, "holes_fragmented", "holes",                                               \
      "holes of segments that came in fragments, which are not read: nothing is known to miss")    \
    X(extent_1, "extent_1", "segments", "reordered segments of extent 1 (RFC 4737 4.2.1)")         \
    X(extent_2, "extent_2", "segments", "of extent 2")                                             \
    X(extent_3_7, "extent_3_7", "segments",                                                        \
      "of extent 3 to 7, enough for a needless retransmission; or more, of a merged hole")         \
    X(extent_8_31, "extent_8_31", "segments", "of extent 8 to 31")                                 \
    X(extent_32, "extent_32", "segments", "of extent 32 or more")                                  \
    X(flows_finished, "flows_finished", "flows", "flows that ended")                               \
    X(ended_fin, "ended_fin", "flows", "flows ended by FIN")                                       \
    X(ended_rst, "ended_rst", "flows", "flows ended by RST")                                       \
    X(ended_idle, "ended_idle", "flows", "flows that fell silent")                                 \
    X(ended_evicted, "ended_evicted", "flows", "flows that had to make room, or began anew")       \
    X(ended_syn_only, "ended_syn_only", "flows", "flows that showed nothing but SYNs")             \
    X(flows_stopped, "flows_stopped", "flows", "flows that were still there when we stopped")      \
    X(flows_without_data, "flows_without_data", "flows", "ended flows that carried no data")       \
    X(flows_with_open_holes, "flows_with_open_holes", "flows", "flows that ended with holes open") \
    X(holes_open_at_end, "holes_open_at_end", "holes",                                             \
      "holes that were open when their flow ended; unfilled ones too")                             \
    X(resets_out_of_line, "resets_out_of_line", "flows",                                           \
      "flows ended by an RST whose sequence, TTL or window is not the flow's")                     \
    X(resets_with_open_holes, "resets_with_open_holes", "flows", "RST while holes were open")      \
    X(silences_with_open_holes, "silences_with_open_holes", "flows",                               \
      "flows that fell silent while holes were open")                                              \
    X(syns_repeated, "syns_repeated", "packets", "SYNs sent again")                                \
    X(handshakes, "handshakes", "handshakes", "SYNs, with and without ACK, when first seen")       \
    X(handshakes_unanswered, "handshakes_unanswered", "handshakes",                                \
      "of them: came again after 200 ms to 10 s, so nobody answered, or the answer was lost")      \
    X(quic_flows, "quic_flows", "flows",                                                           \
      "addresses and ports with a first flight of a QUIC client; anew after 10 s")                 \
    X(quic_attempts, "quic_attempts", "attempts",                                                  \
      "first flights of QUIC clients, told apart by their connection ID")                          \
    X(quic_attempts_unanswered, "quic_attempts_unanswered", "attempts",                            \
      "of them: came again after 100 ms to 10 s, so nobody answered, or the answer was lost")      \
    X(units_without_room, "units_without_room", "packets",                                         \
      "SYNs and first flights that could not be remembered, so they are in none of these")         \
    X(flows_two_way, "flows_two_way", "flows", "flows whose other direction was seen as well")     \
    X(flows_balanced, "flows_balanced", "flows", "flows of which only a share seems to pass here") \
    X(rtt_source_samples, "rtt_source_samples", "samples",                                         \
      "times from here to the source and back")                                                    \
    X(rtt_source_us, "rtt_source_us", "us", "sum of them")                                         \
    X(rtt_destination_samples, "rtt_destination_samples", "samples",                               \
      "times from here to the destination and back")                                               \
    X(rtt_destination_us, "rtt_destination_us", "us", "sum of them")

struct passive_counters {
#define X(field, name, unit, help) uint64_t field;
    PASSIVE_COUNTERS(X)
#undef X
};

extern const struct counter_row passive_counter_rows[];
extern const size_t n_passive_counter_rows;

/* sum += delta, difference = a - b, field by field. */
void passive_counters_add(struct passive_counters *sum, const struct passive_counters *delta);
void passive_counters_subtract(struct passive_counters *difference,
                               const struct passive_counters *a, const struct passive_counters *b);

/* NULL, or the identity that does not hold, in words. `c` counts from the start of the process. */
const char *passive_counters_check(const struct passive_counters *c);

#endif

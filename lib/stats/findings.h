/* SPDX-License-Identifier: BSD-3-Clause */
/* What mode passive may find: hints, never verdicts. When each is raised is in
 * lib/manager/findings.c. */
#ifndef STATS_FINDINGS_H
#define STATS_FINDINGS_H

/* X(enum suffix, name, words) */
#define PASSIVE_FINDINGS(X)                                                                        \
    X(UPSTREAM_LOSS, "upstream_loss",                                                              \
      "Segments are lost before they come here: holes that retransmissions fill.")                 \
    X(DOWNSTREAM_LOSS, "downstream_loss",                                                          \
      "Segments, or what answers them, are lost after they went by here: they come again.")        \
    X(PER_PACKET_BALANCING, "per_packet_balancing",                                                \
      "Flows go on although part of them never comes here: packets seem to be spread over paths "  \
      "one by one.")                                                                               \
    X(ABRUPT_RESETS, "abrupt_resets",                                                              \
      "Flows are cut off by RSTs that are out of line with them, or while bytes were missing: a "  \
      "middlebox may be at work.")                                                                 \
    X(SYN_ONLY, "syn_only",                                                                        \
      "Most flows show nothing but SYNs: a scan, a flood, or the rest goes another way.")          \
    X(ONE_WAY_ONLY, "one_way_only",                                                                \
      "No flow's other direction is seen: routing is asymmetric, or the mirror copies one "        \
      "direction.")                                                                                \
    X(SAMPLING_SUSPECTED, "sampling_suspected",                                                    \
      "Only a small share of each flow comes here: the mirror seems to be sampled.")

enum passive_finding {
#define PASSIVE_FINDING_ENUM(suffix, name, words) FINDING_##suffix,
    PASSIVE_FINDINGS(PASSIVE_FINDING_ENUM)
#undef PASSIVE_FINDING_ENUM
        PASSIVE_N_FINDINGS
};

#endif

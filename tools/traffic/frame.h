/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments to Ethernet frames, with correct lengths and checksums. */
#ifndef TRAFFIC_FRAME_H
#define TRAFFIC_FRAME_H

#include "base/address.h"
#include "blind/schedule.h"

/* Ethernet, one VLAN tag, and a 1500-byte packet. */
#define FRAME_MAX_BYTES (14 + 4 + 1500)

/* What all frames of a run share. Both prefixes are of one family. */
struct frame_path {
    uint8_t source_mac[6];
    uint8_t destination_mac[6];
    uint16_t vlan_id; /* 0: no tag */
    struct ip_prefix sources;
    struct ip_address destination;
    uint16_t destination_port;
};

struct frame_tuple {
    struct ip_address source;
    uint16_t source_port;
};

/* The most payload that a packet of 1500 bytes holds. */
uint16_t frame_path_max_payload(const struct frame_path *path);

/* The addresses of flow number `flow`: sources take turns, and after each round the port moves on.
 * So the first 2^(host bits) * 64512 flows differ (at most 2^16 addresses are used). */
struct frame_tuple frame_path_tuple(const struct frame_path *path, uint64_t flow);

/* Writes one frame and returns its length. `packet_id` goes into the IPv4 identification. The
 * payload's bytes are a function of their sequence numbers, so a repeat repeats them. `n_bytes` of
 * the segment is at most frame_path_max_payload(). */
uint16_t frame_build(const struct frame_path *path, const struct segment *segment,
                     uint16_t packet_id, uint8_t out[FRAME_MAX_BYTES]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a frame: nothing is read beyond the captured bytes (libFuzzer's block is of exact
 * size), and the naive parser agrees about every field. Tunnels are taken off, by both parsers.
 *
 * Input: one control byte (bit 7: raw IP start, bits 0..6: bytes on the wire that were not
 * captured), then the frame. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/packet/naive_parser.h"
#include "packet/checksum.h"
#include "packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct packet_view fast, naive;
    uint32_t captured_bytes, frame_bytes;
    const char *difference;

    if (n_bytes < 1)
        return 0;
    captured_bytes = (uint32_t)n_bytes - 1;
    frame_bytes = captured_bytes + (data[0] & 0x7f);
    if (data[0] & 0x80) {
        packet_parse_l3(0, data + 1, captured_bytes, frame_bytes, &fast);
        naive_parse_l3(0, data + 1, captured_bytes, frame_bytes, &naive);
    } else {
        packet_parse_ethernet(data + 1, captured_bytes, frame_bytes, &fast);
        naive_parse_ethernet(data + 1, captured_bytes, frame_bytes, &naive);
    }
    if (packet_is_offloaded(data + 1, captured_bytes, &fast)) {
        struct packet_view offloaded = fast;

        packet_parse_offloaded(data + 1, captured_bytes, frame_bytes, &offloaded);
    }
    packet_decapsulate(data + 1, captured_bytes, &fast);
    naive_decapsulate(data + 1, captured_bytes, &naive);
    difference = packet_view_difference(&fast, &naive);
    if (difference != NULL) {
        fprintf(stderr, "%s differs: %s, naive %s\n", difference, packet_reason_name(fast.reason),
                packet_reason_name(naive.reason));
        abort();
    }
    if (fast.reason == PACKET_TCP) {
        struct packet_detail detail;
        uint32_t start;

        packet_read_detail(data + 1, &fast, &detail);
        packet_read_duplicate(data + 1, &fast, &start);
        packet_tcp_checksum(&fast, data + 1, captured_bytes);
    }
    return 0;
}

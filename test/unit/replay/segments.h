/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP segments as frames, and captures of them. */
#ifndef REPLAY_SEGMENTS_H
#define REPLAY_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#define SEGMENT_FRAME_BYTES 256

enum { SEGMENT_FIN = 0x01, SEGMENT_SYN = 0x02, SEGMENT_RST = 0x04, SEGMENT_ACK = 0x10 };

struct segment {
    uint64_t time_ns;
    uint32_t sequence;
    uint16_t source_port;
    uint16_t payload_bytes;
    uint8_t flags;
    uint8_t source_host; /* 192.0.2.x */
};

/* The IPv4 packet; its bytes. `out` holds SEGMENT_FRAME_BYTES. */
size_t segment_build(const struct segment *s, uint8_t *out);

/* The same behind the header of a link; `out` holds 32 bytes more. */
size_t segment_frame(const struct segment *s, int dlt, uint8_t *out);

/* Writes the segments as a capture of the link type, each cut to `snap_bytes` (0: whole). */
void segments_write(const char *path, int dlt, uint32_t snap_bytes, const struct segment *segments,
                    size_t n);

#endif

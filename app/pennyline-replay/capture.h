/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture file, packet by packet: pcap and pcapng by libpcap, in constant memory, also out of
 * gzip. */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"
#include "pennyline-replay/input.h"

#define CAPTURE_ERROR_BYTES 1024

struct link_type;

struct capture {
    const char *path;
    struct input input;
    pcap_t *pcap;
    const struct link_type *link;
    bool is_mirror;                  /* set by the caller: packets may be cut, and in tunnels */
    uint64_t n_packets;              /* read so far */
    char error[CAPTURE_ERROR_BYTES]; /* one sentence, when a call failed */
};

struct capture_packet {
    uint64_t time_ns;
    uint32_t captured_bytes;
    uint32_t frame_bytes;
    struct packet_view view;
    const uint8_t *data; /* what the view was made of; until the next packet */
};

/* "-" is standard input. 0, or -1 with c->error set. `c` stays where it is until it is closed. */
int capture_open(struct capture *c, const char *path);

/* 1: a packet; 0: the end; -1: no further packet can be read, and c->error says where and why. The
 * packets before it are good. */
int capture_next(struct capture *c, struct capture_packet *out);

void capture_close(struct capture *c);

#endif

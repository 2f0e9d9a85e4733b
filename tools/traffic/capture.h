/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames into a pcap file with nanosecond times. */
#ifndef TRAFFIC_CAPTURE_H
#define TRAFFIC_CAPTURE_H

#include <stdint.h>

struct capture;

/* NULL when the file cannot be written; then *reason says why (static or owned by libpcap). */
struct capture *capture_open(const char *path, const char **reason);

void capture_write(struct capture *c, uint64_t time_ns, const uint8_t *frame, uint16_t n_bytes);

/* 0, or -EIO when not all could be written. */
int capture_close(struct capture *c);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames onto an interface in real time, through a raw packet socket. */
#ifndef TRAFFIC_WIRE_H
#define TRAFFIC_WIRE_H

#include <stdint.h>

struct wire;

/* Opens the interface (CAP_NET_RAW) and gives its own MAC address. 0; -ENODEV when there is no such
 * interface; -EPERM; -ENOMEM; another negative errno of socket(2) or bind(2). */
int wire_open(const char *interface, struct wire **out, uint8_t mac[6]);

/* Sends the frame at `time_ns` after the first call, or at once when that is past; frames that are
 * late go together. May sleep. 0; -EINTR when a signal came; a negative errno of sendmmsg(2). */
int wire_send(struct wire *w, uint64_t time_ns, const uint8_t *frame, uint16_t n_bytes);

/* Sends what is left and closes. 0, or as wire_send(). */
int wire_close(struct wire *w);

#endif

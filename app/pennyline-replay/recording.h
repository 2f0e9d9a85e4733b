/* SPDX-License-Identifier: BSD-3-Clause */
/* What a recording can and cannot show. No drop of a replay ever reached a sender, so no segment
 * comes back because of one; and where the capture has the other direction, too, its ACKs tell that
 * the receiver had what the replay "dropped": then there was nothing to send again, and a verdict
 * against the sender says nothing. */
#ifndef REPLAY_RECORDING_H
#define REPLAY_RECORDING_H

#include <stdint.h>

#include "packet/packet.h"

/* "Dropped" segments that are looked for at once; of more, the oldest are forgotten. */
#define RECORDING_MOST_DROPS 256

struct recording {
    struct recorded_drop {
        struct ip_address source, destination;
        uint16_t source_port, destination_port;
        uint32_t end; /* the first sequence number behind it */
        uint32_t slice;
    } drops[RECORDING_MOST_DROPS];
    uint64_t n_drops;
    uint64_t *n_acknowledged; /* per slice; the caller's */
};

/* The replay "dropped" this segment. */
void recording_drop(struct recording *r, const struct packet_view *view, uint32_t slice);

/* A TCP packet of any slice or none: does it acknowledge what was "dropped"? `data` is what the
 * view was made of. */
void recording_packet(struct recording *r, const struct packet_view *view, const uint8_t *data);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/recording.h"

#include <string.h>

#include "base/bytes.h"
#include "tcp/flags.h"
#include "tcp/serial.h"

#define ACKNOWLEDGMENT_OFFSET 8 /* in the TCP header, RFC 9293 3.1 */

void recording_drop(struct recording *r, const struct packet_view *view, uint32_t slice)
{
    r->drops[r->n_drops++ % RECORDING_MOST_DROPS] = (struct recorded_drop){
        .source = view->source,
        .destination = view->destination,
        .source_port = view->source_port,
        .destination_port = view->destination_port,
        .end = view->sequence + view->payload_bytes,
        .slice = slice,
    };
}

static bool is_of_the_other_side(const struct recorded_drop *d, const struct packet_view *view)
{
    return d->source_port == view->destination_port && d->destination_port == view->source_port &&
           ip_address_equal(&d->source, &view->destination) &&
           ip_address_equal(&d->destination, &view->source);
}

void recording_packet(struct recording *r, const struct packet_view *view, const uint8_t *data)
{
    uint64_t n = r->n_drops < RECORDING_MOST_DROPS ? r->n_drops : RECORDING_MOST_DROPS;
    uint32_t acknowledged;

    if (n == 0 || (view->tcp_flags & TCP_FLAG_ACK) == 0)
        return;
    acknowledged = load_be32(data + view->l4_offset + ACKNOWLEDGMENT_OFFSET);
    for (uint64_t i = 0; i < n; i++) {
        struct recorded_drop *d = &r->drops[i];

        if (d->source_port == 0 || !is_of_the_other_side(d, view) ||
            serial_before(acknowledged, d->end))
            continue;
        r->n_acknowledged[d->slice]++;
        d->source_port = 0; /* nothing more to look for */
    }
}

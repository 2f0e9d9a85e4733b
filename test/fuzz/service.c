/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a frame: what a packet asks of a service is read within the frame, speaks of its own
 * destination address, and has ports only where it says
 * so; a service for all that comes to that address is found. */
#include <stdlib.h>
#include <string.h>

#include "service/ask.h"
#include "service/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const uint64_t secret[2] = {1, 2};
    uint8_t *frame = malloc(n_bytes + 1);
    struct packet_view view;
    struct service_ask ask;

    if (frame == NULL)
        return 0;
    memcpy(frame, data, n_bytes);
    packet_parse_ethernet(frame, (uint32_t)n_bytes, (uint32_t)n_bytes, &view);
    if (service_read_ask(&view, frame, (uint32_t)n_bytes, &ask)) {
        struct service_place place = {ask.address, ask.port, SERVICE_ANY_PROTOCOL, 3};
        uint8_t *memory = aligned_alloc(64, (service_directory_bytes(1) + 63) / 64 * 64);

        require(view.has_ip);
        require(ip_address_equal(&ask.address, &view.destination));
        require(ask.kind == SERVICE_ASK_PORTS || (ask.port == 0 && ask.client_port == 0));
        require(ask.kind != SERVICE_ASK_PORTS || ask.protocol == PACKET_PROTOCOL_TCP ||
                ask.protocol == PACKET_PROTOCOL_UDP);
        require((view.reason != PACKET_TCP && view.reason != PACKET_UDP) ||
                (ask.kind == SERVICE_ASK_PORTS && ask.port == view.destination_port));
        require(memory != NULL);
        require(service_find(service_directory_init(memory, &place, 1, secret), &ask) == 3);
        free(memory);
        service_row(&ask, SERVICE_HASH_FLOW, 0);
    }
    free(frame);
    return 0;
}

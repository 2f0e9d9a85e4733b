/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a frame: what is answered is answered by a frame that is no longer, that the parser
 * takes for what was meant, with a right checksum, and that nobody answers again. */
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "responder/reply.h"
#include "tcp/flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void answer(uint8_t *frame, uint32_t n_bytes, const struct packet_view *view, uint8_t flags)
{
    const struct responder_reply reply = {
        .sequence = 7, .acknowledgement = view->sequence + 1, .flags = flags, .mss = 1220};
    const uint32_t n = responder_write(frame, n_bytes, view, &reply);
    enum responder_silence silence;
    struct packet_view answered;

    require(n <= n_bytes);
    require(packet_parse_ethernet(frame, n, n, &answered) == PACKET_TCP);
    require(ip_address_equal(&answered.destination, &view->source));
    require(answered.payload_bytes == 0 && answered.sequence == 7);
    require(packet_tcp_checksum(&answered, frame, n) == PACKET_CHECKSUM_RIGHT);
    require(responder_read(&answered, frame, n, &silence) == RESPONDER_ASK_NOTHING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    uint8_t *frame = malloc(n_bytes + 1);
    struct packet_view view;
    enum responder_silence silence;
    enum responder_ask ask;

    if (frame == NULL)
        return 0;
    memcpy(frame, data, n_bytes);
    packet_parse_ethernet(frame, (uint32_t)n_bytes, (uint32_t)n_bytes, &view);
    ask = responder_read(&view, frame, (uint32_t)n_bytes, &silence);
    if (ask == RESPONDER_ASK_SYN)
        answer(frame, (uint32_t)n_bytes, &view, TCP_FLAG_SYN | TCP_FLAG_ACK);
    else if (ask == RESPONDER_ASK_ACK)
        answer(frame, (uint32_t)n_bytes, &view, TCP_FLAG_RST);
    free(frame);
    return 0;
}

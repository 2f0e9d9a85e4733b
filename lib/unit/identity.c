/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/hash.h"
#include "packet/quic.h"
#include "tcp/flags.h"
#include "unit/unit.h"

/* In whole words, without padding, so that it can be hashed as it lies. `what` tells the kinds
 * apart, and what of a kind is not its number. */
struct identity {
    struct ip_address source, destination;
    uint16_t source_port, destination_port, ingress, what;
    uint64_t number[3];
};

static struct identity identity_of(const struct packet_view *view, uint16_t ingress, uint16_t what)
{
    return (struct identity){.source = view->source,
                             .destination = view->destination,
                             .source_port = view->source_port,
                             .destination_port = view->destination_port,
                             .ingress = ingress,
                             .what = what};
}

static uint64_t hash_identity(const struct identity *i, const uint64_t key[2])
{
    return hash_words(i, sizeof(*i) / sizeof(uint64_t), key);
}

uint64_t unit_identity_of_flow(const struct packet_view *view, uint16_t ingress,
                               const uint64_t key[2])
{
    const struct identity i =
        identity_of(view, ingress, (uint16_t)(UNIT_N_KINDS << 8 | view->protocol));

    return hash_identity(&i, key);
}

bool unit_identify_handshake(const struct packet_view *view, uint16_t ingress,
                             const uint64_t key[2], uint64_t *identity)
{
    const uint8_t flags = view->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK);
    struct identity i;

    if (view->reason != PACKET_TCP || (flags & TCP_FLAG_SYN) == 0 ||
        (view->tcp_flags & (TCP_FLAG_FIN | TCP_FLAG_RST)) != 0)
        return false;
    i = identity_of(view, ingress, (uint16_t)(UNIT_HANDSHAKE << 8 | flags));
    i.number[0] = view->sequence;
    *identity = hash_identity(&i, key);
    return true;
}

bool unit_identify_quic(const struct packet_view *view, const uint8_t *data,
                        uint32_t captured_bytes, uint16_t ingress, const uint64_t key[2],
                        uint64_t *identity)
{
    struct packet_quic_initial initial;
    struct identity i;

    if (!packet_read_quic_initial(view, data, captured_bytes, &initial))
        return false;
    /* The length, since the zeros behind a shorter ID may be those of a longer one. */
    i = identity_of(view, ingress, (uint16_t)(UNIT_QUIC << 8 | initial.n_id_bytes));
    static_assert(sizeof(initial.id) + sizeof(uint32_t) == sizeof(i.number), "all of both");
    memcpy(i.number, initial.id, sizeof(initial.id));
    memcpy((uint8_t *)i.number + sizeof(initial.id), &initial.version, sizeof(uint32_t));
    *identity = hash_identity(&i, key);
    return true;
}

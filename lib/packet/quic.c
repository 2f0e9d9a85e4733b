/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/quic.h"

#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"

/* RFC 9000 17.2: header form, fixed bit, type of two bits; then version, length of the Destination
 * Connection ID, that ID, length of the Source Connection ID. */
enum {
    UDP_BYTES = 8,
    AT_VERSION = 1,
    AT_ID_LENGTH = 5,
    AT_ID = 6,
    TYPE_MASK = 0xf0, /* with the two bits above, which are set: the bit is fixed before a
                         transport parameter of the server says otherwise (RFC 9287 3) */
};

/* RFC 9000 17.2.2, RFC 9369 3.2: an Initial's type is 0 in version 1, and 1 in version 2. */
static const struct {
    uint32_t version;
    uint8_t first; /* under TYPE_MASK */
} versions[] = {{1, 0xc0}, {0x6b3343cf, 0xd0}};

static bool is_initial(const uint8_t *quic)
{
    const uint32_t version = load_be32(quic + AT_VERSION);

    for (unsigned int i = 0; i < ARRAY_LENGTH(versions); i++)
        if (version == versions[i].version)
            return (quic[0] & TYPE_MASK) == versions[i].first;
    return false;
}

bool packet_read_quic_initial(const struct packet_view *view, const uint8_t *data,
                              uint32_t captured_bytes, struct packet_quic_initial *out)
{
    const uint8_t *quic;
    uint32_t n_here, n_id_bytes;

    if (view->reason != PACKET_UDP || view->payload_bytes < PACKET_QUIC_LEAST_BYTES ||
        captured_bytes < view->l4_offset + UDP_BYTES + (uint32_t)AT_ID)
        return false;
    quic = data + view->l4_offset + UDP_BYTES;
    n_here = captured_bytes - view->l4_offset - UDP_BYTES;
    n_id_bytes = quic[AT_ID_LENGTH];
    /* With the length of the other ID behind it, which an honest header has within bounds, too. */
    if (!is_initial(quic) || n_id_bytes < PACKET_QUIC_LEAST_ID_BYTES ||
        n_id_bytes > PACKET_QUIC_MOST_ID_BYTES || n_here < AT_ID + n_id_bytes + 1 ||
        quic[AT_ID + n_id_bytes] > PACKET_QUIC_MOST_ID_BYTES)
        return false;
    *out = (struct packet_quic_initial){.version = load_be32(quic + AT_VERSION),
                                        .n_id_bytes = (uint8_t)n_id_bytes};
    memcpy(out->id, quic + AT_ID, n_id_bytes);
    return true;
}

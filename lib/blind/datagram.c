/* SPDX-License-Identifier: BSD-3-Clause */
#include "blind/datagram.h"

#include <string.h>

#include "base/bytes.h"

#define VERSION_1       1u
#define VERSION_2       0x6b3343cfu
#define VERSION_UNKNOWN 0x0a0a0a0au /* of those reserved to force negotiation, RFC 9000 15 */
#define WHOLE_BYTES     1200
#define SHORT_BYTES     600
#define AT_SECOND       (WHOLE_BYTES / 2) /* where the coalesced one begins */
#define ID_BYTES        8

/* First byte and version, by enum datagram. */
static const struct {
    uint8_t first;
    uint32_t version;
    uint16_t n_bytes;
} kinds[DATAGRAM_N_KINDS] = {
    [DATAGRAM_INITIAL] = {0xc3, VERSION_1, WHOLE_BYTES},
    [DATAGRAM_INITIAL_2] = {0xd3, VERSION_2, WHOLE_BYTES},
    [DATAGRAM_SHORT_INITIAL] = {0xc3, VERSION_1, SHORT_BYTES},
    [DATAGRAM_UNKNOWN_VERSION] = {0xc3, VERSION_UNKNOWN, WHOLE_BYTES},
    [DATAGRAM_VERSION_NEGOTIATION] = {0xc3, 0, WHOLE_BYTES},
    [DATAGRAM_0RTT] = {0xd3, VERSION_1, WHOLE_BYTES},
    [DATAGRAM_COALESCED] = {0xc3, VERSION_1, WHOLE_BYTES},
};

uint16_t datagram_bytes(enum datagram kind)
{
    return kinds[kind].n_bytes;
}

/* RFC 9000 17.2: form, version, and the two connection IDs, the second one empty. */
static void write_header(uint8_t *out, uint8_t first, uint32_t version, uint32_t id)
{
    out[0] = first;
    store_be32(out + 1, version);
    out[5] = ID_BYTES;
    store_be32(out + 6, id);
    store_be32(out + 10, ~id);
    out[14] = 0;
}

void datagram_write(enum datagram kind, uint32_t id, uint8_t *out, uint16_t n_bytes)
{
    memset(out, 0xa5, n_bytes);
    write_header(out, kinds[kind].first, kinds[kind].version, id);
    if (kind == DATAGRAM_COALESCED && n_bytes > AT_SECOND + 32)
        write_header(out + AT_SECOND, 0xe3, VERSION_1, id);
}

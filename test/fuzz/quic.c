/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as the payload of a UDP datagram: what packet_read_quic_initial() takes for a client's
 * first flight, a reader that goes field by field takes for one, too, with the same ID; and nothing
 * is read beyond what was captured.
 *
 * Input: two bytes (big-endian) of payload on the wire, at least those that follow; the rest is
 * what was captured of it. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/quic.h"
#include "unit/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

struct cursor {
    const uint8_t *at, *end;
    bool is_over;
};

static uint32_t take(struct cursor *c, unsigned int n_bytes)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < n_bytes; i++) {
        if (c->at == c->end) {
            c->is_over = true;
            return 0;
        }
        value = value << 8 | *c->at++;
    }
    return value;
}

static bool naive_is_initial(const uint8_t *payload, size_t n_here, size_t n_on_wire,
                             struct packet_quic_initial *out)
{
    struct cursor c = {payload, payload + n_here, false};
    uint32_t first = take(&c, 1), type;

    *out = (struct packet_quic_initial){.version = take(&c, 4)};
    out->n_id_bytes = (uint8_t)take(&c, 1);
    if (n_on_wire < 1200 || first < 128 || first % 128 < 64)
        return false;
    type = first % 64 / 16;
    if (!(out->version == 1 && type == 0) && !(out->version == 0x6b3343cf && type == 1))
        return false;
    if (out->n_id_bytes < 8 || out->n_id_bytes > 20)
        return false;
    for (unsigned int i = 0; i < out->n_id_bytes; i++)
        out->id[i] = (uint8_t)take(&c, 1);
    return take(&c, 1) <= 20 && !c.is_over;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const uint64_t key[2] = {1, 2};
    struct packet_quic_initial fast, naive;
    struct packet_view view = {.reason = PACKET_UDP};
    size_t n_here, n_on_wire;
    uint8_t *copy;
    uint64_t identity;
    bool is_initial;

    if (n_bytes < 2)
        return 0;
    n_here = n_bytes - 2;
    n_on_wire = load_be16(data) > n_here ? load_be16(data) : n_here;
    /* The header of UDP before it, in a block of exactly its size. */
    copy = malloc(8 + n_here);
    if (copy == NULL)
        return 0;
    memset(copy, 0, 8);
    memcpy(copy + 8, data + 2, n_here);
    view.payload_bytes = (uint32_t)n_on_wire;
    is_initial = packet_read_quic_initial(&view, copy, (uint32_t)(8 + n_here), &fast);
    if (is_initial != naive_is_initial(copy + 8, n_here, n_on_wire, &naive))
        abort();
    if (is_initial && memcmp(&fast, &naive, sizeof(fast)) != 0)
        abort();
    if (unit_identify_quic(&view, copy, (uint32_t)(8 + n_here), 3, key, &identity) != is_initial)
        abort();
    free(copy);
    return 0;
}

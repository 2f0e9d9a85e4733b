/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parser says of each kind of frame with bytes changed, cut and claimed longer by chance.
 */
#include <inttypes.h>
#include <string.h>

#include "../common/trace.h"
#include "base/random.h"
#include "frames.h"
#include "packet/checksum.h"
#include "packet/quic.h"

#define N_VARIANTS 400
#define N_HEADS    160 /* bytes from the start, where changes tell most */

static struct random_source chance;

static uint32_t below(uint32_t n)
{
    return random_u32(&chance) % n;
}

static void say_view(const char *what, const struct packet_view *v)
{
    const uint8_t *s = v->source.bytes, *d = v->destination.bytes;

    trace_say(" %s %s %u ip %d%d tunnel %u %u id %" PRIu32 " at %u %u vlans %u %04x %04x cut %u",
              what, packet_reason_name((enum packet_reason)v->reason), v->protocol, v->has_ip,
              v->is_ipv4, v->tunnel, v->n_tunnels, v->tunnel_id, v->l3_offset, v->l4_offset,
              v->n_vlans, v->vlan_id[0], v->vlan_id[1], v->options_cut);
    trace_say("  %02x%02x%02x %02x%02x%02x %u %u %" PRIu32 "+%" PRIu32 " %02x", s[0], s[13], s[15],
              d[0], d[13], d[15], v->source_port, v->destination_port, v->sequence,
              v->payload_bytes, v->tcp_flags);
}

static void say_tcp(const uint8_t *data, uint32_t captured, const struct packet_view *v)
{
    struct packet_detail detail;
    uint32_t start = 0;

    packet_read_detail(data, v, &detail);
    trace_say("  ack %" PRIu32 " window %u id %u ttl %u timestamp %d %" PRIu32,
              detail.acknowledgement, detail.window, detail.ip_id, detail.ttl, detail.has_timestamp,
              detail.has_timestamp ? detail.timestamp : 0);
    if (packet_read_duplicate(data, v, &start))
        trace_say("  duplicate %" PRIu32, start);
    trace_say("  checksum %d", packet_tcp_checksum(v, data, captured));
}

static void say_parts(const uint8_t *data, uint32_t captured, const struct packet_view *v)
{
    struct packet_quic_initial q;

    if (v->reason == PACKET_TCP)
        say_tcp(data, captured, v);
    if (packet_read_quic_initial(v, data, captured, &q))
        trace_say("  quic %" PRIx32 " %u %02x%02x", q.version, q.n_id_bytes, q.id[0], q.id[7]);
}

static void say_frame(const uint8_t *data, uint32_t captured, uint32_t frame_bytes)
{
    struct packet_view v;

    packet_parse_ethernet(data, captured, frame_bytes, &v);
    trace_say("frame %" PRIu32 " of %" PRIu32 " cut %d offloaded %d fragment %d%d", captured,
              frame_bytes, packet_is_cut(data, captured, frame_bytes),
              packet_is_offloaded(data, captured, &v),
              packet_is_first_fragment(&v, PACKET_PROTOCOL_TCP),
              packet_is_first_fragment(&v, PACKET_PROTOCOL_UDP));
    say_view("view", &v);
    say_parts(data, captured, &v);
    if (packet_is_offloaded(data, captured, &v)) {
        struct packet_view whole = v;

        packet_parse_offloaded(data, captured, frame_bytes, &whole);
        say_view("whole", &whole);
    }
    packet_decapsulate(data, captured, &v);
    say_view("inner", &v);
    say_parts(data, captured, &v);
    packet_parse_l3(v.is_ipv4 ? 0x0800 : 0x86dd, data + 14, captured > 14 ? captured - 14 : 0,
                    frame_bytes > 14 ? frame_bytes - 14 : 0, &v);
    say_view("l3", &v);
}

static void vary(const struct frame *from)
{
    static const uint8_t telling[] = {0,  1,  4,  5,  6,    8,    16,   17,   41,
                                      47, 50, 51, 60, 0x45, 0x60, 0x80, 0x88, 0xff};
    uint32_t n_heads = from->n_bytes < N_HEADS ? from->n_bytes : N_HEADS;

    for (uint32_t i = 0; i < N_VARIANTS; i++) {
        /* What the parser may not read is not there: sanitizers see to it. */
        struct frame f = *from;
        uint32_t captured = below(3) == 0 ? below(n_heads + 1) : f.n_bytes;
        uint32_t frame_bytes = below(4) == 0   ? captured + below(3000)
                               : below(8) == 0 ? PACKET_FRAME_SLICED
                                               : f.frame_bytes;

        for (uint32_t k = i == 0 ? 0 : below(4); k > 0 && n_heads > 12; k--)
            f.bytes[12 + below(n_heads - 12)] =
                below(2) == 0 ? telling[below(sizeof(telling))] : (uint8_t)below(256);
        say_frame(f.bytes, captured, frame_bytes < captured ? captured : frame_bytes);
    }
}

static void play(uint64_t n)
{
    const struct frame_case *c =
        n <= n_frame_cases ? &frame_cases[n - 1] : &tunnel_cases[n - 1 - n_frame_cases];
    struct frame frame;

    random_seed_fixed(&chance, n, 2);
    memset(&frame, 0, sizeof(frame));
    frame_build(c, &frame);
    vary(&frame);
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play, n_frame_cases + n_tunnel_cases);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "segments.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/time.h"

#define IPV4_BYTES 20
#define TCP_BYTES  20

size_t segment_build(const struct segment *s, uint8_t *out)
{
    size_t n = IPV4_BYTES + TCP_BYTES + s->payload_bytes;
    uint8_t *tcp = out + IPV4_BYTES;

    memset(out, 0, n);
    out[0] = 0x45;
    store_be16(out + 2, (uint16_t)n);
    out[8] = 64;
    out[9] = 6;
    store_be32(out + 12, UINT32_C(0xc0000200) + s->source_host);
    store_be32(out + 16, UINT32_C(0xc6336401));
    store_be16(tcp, s->source_port);
    store_be16(tcp + 2, 443);
    store_be32(tcp + 4, s->sequence);
    tcp[12] = 5 << 4;
    tcp[13] = s->flags;
    return n;
}

/* What stands before the IP packet on this link; its bytes. */
static size_t link_header(int dlt, uint8_t *out)
{
    switch (dlt) {
    case DLT_EN10MB:
        memset(out, 2, 12);
        store_be16(out + 12, 0x0800);
        return 14;
    case DLT_LINUX_SLL:
        memset(out, 0, 16);
        store_be16(out + 14, 0x0800);
        return 16;
    case DLT_LINUX_SLL2:
        memset(out, 0, 20);
        store_be16(out, 0x0800);
        return 20;
    case DLT_NULL:
    case DLT_LOOP:
        memset(out, 2, 4);
        return 4;
    default:
        return 0;
    }
}

size_t segment_frame(const struct segment *s, int dlt, uint8_t *out)
{
    size_t header = link_header(dlt, out);

    return header + segment_build(s, out + header);
}

void segments_write(const char *path, int dlt, uint32_t snap_bytes, const struct segment *segments,
                    size_t n)
{
    pcap_t *pcap = pcap_open_dead_with_tstamp_precision(dlt, 65535, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *dumper = pcap_dump_open(pcap, path);
    uint8_t frame[SEGMENT_FRAME_BYTES + 32];

    if (dumper == NULL)
        abort();
    for (size_t i = 0; i < n; i++) {
        bpf_u_int32 length = (bpf_u_int32)segment_frame(&segments[i], dlt, frame);
        const struct pcap_pkthdr packet = {
            .ts = {(time_t)(segments[i].time_ns / NS_PER_S),
                   (suseconds_t)(segments[i].time_ns % NS_PER_S)},
            .caplen = snap_bytes != 0 && snap_bytes < length ? snap_bytes : length,
            .len = length,
        };

        pcap_dump((u_char *)dumper, &packet, frame);
    }
    pcap_dump_close(dumper);
    pcap_close(pcap);
}

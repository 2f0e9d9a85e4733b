/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/capture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/time.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

/* How frames of a link type begin (https://www.tcpdump.org/linktypes.html). */
struct link_type {
    int dlt;
    bool is_ethernet;
    uint16_t header_bytes;   /* before the network layer */
    int16_t protocol_offset; /* of the EtherType in that header; -1: `ethertype` holds */
    uint16_t ethertype;      /* 0: the version of IP tells */
};

static const struct link_type link_types[] = {
    {DLT_EN10MB, true, 0, -1, 0},
    {DLT_RAW, false, 0, -1, 0},
    {DLT_IPV4, false, 0, -1, ETHERTYPE_IPV4},
    {DLT_IPV6, false, 0, -1, ETHERTYPE_IPV6},
    {DLT_LINUX_SLL, false, 16, 14, 0},
    {DLT_LINUX_SLL2, false, 20, 0, 0},
    {DLT_NULL, false, 4, -1, 0},
    {DLT_LOOP, false, 4, -1, 0},
};

static int fail(struct capture *c, const char *what)
{
    snprintf(c->error, sizeof(c->error), "%s: %s", c->path, what);
    return -1;
}

static const struct link_type *find_link_type(int dlt)
{
    for (size_t i = 0; i < ARRAY_LENGTH(link_types); i++)
        if (link_types[i].dlt == dlt)
            return &link_types[i];
    return NULL;
}

static int refuse_link_type(struct capture *c, int dlt)
{
    const char *name = pcap_datalink_val_to_name(dlt);
    char text[256];

    snprintf(text, sizeof(text),
             "link type %s (%d) is not read; capture on an Ethernet interface or on \"any\", or "
             "convert it (Ethernet, raw IP, Linux cooked v1 and v2, and loopback are read)",
             name != NULL ? name : "unknown", dlt);
    return fail(c, text);
}

static uint64_t size_of(FILE *file)
{
    struct stat status;

    if (file == NULL || fstat(fileno(file), &status) < 0 || !S_ISREG(status.st_mode))
        return 0;
    return (uint64_t)status.st_size;
}

int capture_open(struct capture *c, const char *path)
{
    char error[PCAP_ERRBUF_SIZE] = "";

    *c = (struct capture){.path = strcmp(path, "-") == 0 ? "standard input" : path};
    c->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    if (c->pcap == NULL) {
        /* libpcap names the file itself when it cannot be opened, and only then. */
        const char *rest = strncmp(error, path, strlen(path)) == 0 ? error + strlen(path) : NULL;

        return fail(c, rest != NULL && strncmp(rest, ": ", 2) == 0 ? rest + 2 : error);
    }
    c->link = find_link_type(pcap_datalink(c->pcap));
    if (c->link == NULL) {
        refuse_link_type(c, pcap_datalink(c->pcap));
        capture_close(c);
        return -1;
    }
    c->file_bytes = size_of(pcap_file(c->pcap));
    return 0;
}

static void parse(const struct capture *c, const uint8_t *data, struct capture_packet *p)
{
    const struct link_type *link = c->link;
    uint32_t frame_bytes = c->is_mirror ? PACKET_FRAME_SLICED : p->frame_bytes;
    uint32_t header = link->is_ethernet ? 0 : link->header_bytes;
    uint16_t ethertype = link->ethertype;

    /* A frame that ends inside the link header holds no IP header either. */
    if (p->captured_bytes < header)
        header = p->captured_bytes;
    else if (!link->is_ethernet && link->protocol_offset >= 0)
        ethertype = load_be16(data + link->protocol_offset);
    p->data = data + header;
    if (link->is_ethernet)
        packet_parse_ethernet(data, p->captured_bytes, frame_bytes, &p->view);
    else
        packet_parse_l3(ethertype, p->data, p->captured_bytes - header, frame_bytes - header,
                        &p->view);
    if (c->is_mirror)
        packet_decapsulate(p->data, p->captured_bytes - header, &p->view);
}

static int broken(struct capture *c)
{
    char text[512];

    snprintf(text, sizeof(text),
             "packet %llu, before byte %llu: %s; --limit %llu replays what precedes it",
             (unsigned long long)c->n_packets + 1, (unsigned long long)capture_position(c),
             pcap_geterr(c->pcap), (unsigned long long)c->n_packets);
    return fail(c, text);
}

/* tv_usec holds nanoseconds in this precision. The file's seconds are 32 bits without a sign, which
 * libpcap extends as if they had one: from 2038 on they look negative. */
static uint64_t time_of(const struct pcap_pkthdr *header)
{
    uint64_t seconds =
        header->ts.tv_sec < 0 ? (uint32_t)header->ts.tv_sec : (uint64_t)header->ts.tv_sec;

    return seconds * NS_PER_S + (uint64_t)header->ts.tv_usec;
}

int capture_next(struct capture *c, struct capture_packet *out)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    int result = pcap_next_ex(c->pcap, &header, &data);

    if (result == PCAP_ERROR_BREAK)
        return 0;
    if (result != 1)
        return broken(c);
    c->n_packets++;
    out->time_ns = time_of(header);
    out->captured_bytes = header->caplen;
    out->frame_bytes = header->len < header->caplen ? header->caplen : header->len;
    parse(c, data, out);
    return 1;
}

uint64_t capture_position(const struct capture *c)
{
    FILE *file = pcap_file(c->pcap);
    off_t position = file != NULL ? ftello(file) : -1;

    return position > 0 ? (uint64_t)position : 0;
}

void capture_close(struct capture *c)
{
    if (c->pcap != NULL)
        pcap_close(c->pcap);
    c->pcap = NULL;
}

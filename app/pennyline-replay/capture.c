/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
             "link type %s (%d) is not read; capture on an Ethernet interface, or convert it "
             "(Ethernet, raw IP, Linux cooked v1 and v2, and loopback are read)",
             name != NULL ? name : "unknown", dlt);
    return fail(c, text);
}

/* What libpcap (1.10) does not read, by its own words, and who writes it anew. FILE is the file. */
static const struct {
    const char *words, *purpose, *command;
} remedies[] = {
    {"different from the snapshot length of the first interface", "", "editcap -F pcap FILE -"},
    {"different from the type of the first interface",
     "for its first interface, if that is Ethernet, ",
     "tshark -r FILE -Y 'frame.interface_id == 0' -w - | editcap -T ether -F pcap - -"},
    {"sections with different byte orders", "", "editcap -F pcap FILE -"},
    {"unknown file format", "if it is a capture of another format, ", "editcap -F pcap FILE -"},
};

/* In words, with the remedy where there is one. */
static int fail_reading(struct capture *c, const char *where, const char *words)
{
    const char *purpose = "", *name,
               *command = c->n_packets == 0 ? input_other_compression(&c->input, &name) : NULL;
    char text[768];

    if (command != NULL) {
        snprintf(text, sizeof(text), "it is compressed by %s; pipe it: %s | %s --pcap - ...", name,
                 command, program_invocation_short_name);
        return fail(c, text);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(remedies); i++)
        if (strstr(words, remedies[i].words) != NULL) {
            purpose = remedies[i].purpose;
            command = remedies[i].command;
        }
    if (command == NULL)
        snprintf(text, sizeof(text), "%s%s", where, words);
    else
        snprintf(text, sizeof(text), "%s%s; %spipe it: %s | %s --pcap - ...", where, words, purpose,
                 command, program_invocation_short_name);
    return fail(c, text);
}

static void close_input(struct capture *c)
{
    if (c->input.stream != NULL)
        fclose(c->input.stream);
}

int capture_open(struct capture *c, const char *path)
{
    char error[PCAP_ERRBUF_SIZE] = "";

    *c = (struct capture){.path = strcmp(path, "-") == 0 ? "standard input" : path};
    if (input_open(&c->input, path, error, sizeof(error)) < 0)
        return fail(c, error);
    c->pcap = pcap_fopen_offline_with_tstamp_precision(c->input.stream, PCAP_TSTAMP_PRECISION_NANO,
                                                       error);
    if (c->pcap == NULL) {
        fail_reading(c, "", c->input.problem[0] != '\0' ? c->input.problem : error);
        close_input(c);
        return -1;
    }
    c->link = find_link_type(pcap_datalink(c->pcap));
    if (c->link == NULL) {
        refuse_link_type(c, pcap_datalink(c->pcap));
        capture_close(c);
        return -1;
    }
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
    if (packet_is_offloaded(p->data, p->captured_bytes - header, &p->view))
        packet_parse_offloaded(p->data, p->captured_bytes - header, p->frame_bytes - header,
                               &p->view);
    if (c->is_mirror)
        packet_decapsulate(p->data, p->captured_bytes - header, &p->view);
}

static int broken(struct capture *c, const char *words)
{
    char where[128];

    snprintf(where, sizeof(where),
             "packet %llu, before byte %lld: ", (unsigned long long)c->n_packets + 1,
             (long long)ftello(c->input.stream));
    return fail_reading(c, where, words);
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

    if (result != 1 && c->input.problem[0] != '\0')
        return broken(c, c->input.problem);
    if (result == PCAP_ERROR_BREAK)
        return 0;
    if (result != 1)
        return broken(c, pcap_geterr(c->pcap));
    c->n_packets++;
    out->time_ns = time_of(header);
    out->captured_bytes = header->caplen;
    out->frame_bytes = header->len < header->caplen ? header->caplen : header->len;
    parse(c, data, out);
    return 1;
}

void capture_close(struct capture *c)
{
    if (c->pcap != NULL)
        pcap_close(c->pcap);
    c->pcap = NULL;
}

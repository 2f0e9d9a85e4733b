/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include "base/time.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>

/* A fixed start keeps files of one seed equal to the byte: 2024-08-04 00:00 UTC. */
#define CAPTURE_EPOCH_S 1722729600

struct capture {
    pcap_t *handle;
    pcap_dumper_t *dumper;
};

struct capture *capture_open(const char *path, const char **reason)
{
    struct capture *c = calloc(1, sizeof(*c));

    *reason = "out of memory";
    if (!c)
        return NULL;
    c->handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO);
    c->dumper = c->handle ? pcap_dump_open(c->handle, path) : NULL;
    if (c->dumper)
        return c;
    if (c->handle)
        *reason = pcap_geterr(c->handle);
    free(c); /* the handle stays: the reason is its */
    return NULL;
}

void capture_write(struct capture *c, uint64_t time_ns, const uint8_t *frame, uint16_t n_bytes)
{
    struct pcap_pkthdr header = {.caplen = n_bytes, .len = n_bytes};

    header.ts.tv_sec = CAPTURE_EPOCH_S + (time_t)(time_ns / NS_PER_S);
    header.ts.tv_usec = (suseconds_t)(time_ns % NS_PER_S); /* nanoseconds, by the precision */
    pcap_dump((u_char *)c->dumper, &header, frame);
}

int capture_close(struct capture *c)
{
    int rc = pcap_dump_flush(c->dumper) == 0 && !ferror(pcap_dump_file(c->dumper)) ? 0 : -EIO;

    pcap_dump_close(c->dumper);
    pcap_close(c->handle);
    free(c);
    return rc;
}

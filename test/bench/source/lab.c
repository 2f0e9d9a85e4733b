/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab.h"

#include <fcntl.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_TOKENS    64 /* a sender that could not run must not catch up in one burst */
#define STAMPED_PORT   443
#define MAX_TAGS_BYTES 8

struct lab_queue *lab_map(void)
{
    const char *path = getenv("BENCH_LAB");
    size_t n_bytes = METER_MAX_QUEUES * sizeof(struct lab_queue);
    int file = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *memory = MAP_FAILED;

    if (path == NULL)
        return NULL;
    if (file >= 0 && ftruncate(file, (off_t)n_bytes) == 0)
        memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "bench source: BENCH_LAB must name a file that can be written\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

uint16_t lab_pace(struct lab_pace *pace, uint16_t n, uint64_t now_tsc)
{
    uint64_t rate = __atomic_load_n(&pace->queue->rate_pps, __ATOMIC_RELAXED);
    double most = (double)rate / 1000;

    if (most < MOST_TOKENS)
        most = MOST_TOKENS;
    pace->tokens += (double)(now_tsc - pace->filled_tsc) * (double)rate / (double)rte_get_tsc_hz();
    if (pace->tokens > most)
        pace->tokens = most;
    if (rate == 0)
        pace->tokens = 0;
    pace->filled_tsc = now_tsc;
    if (n > pace->tokens)
        n = (uint16_t)pace->tokens;
    pace->tokens -= n;
    return n;
}

static unsigned int range_of(uint64_t ticks)
{
    unsigned int octave;

    if (ticks < 1u << LAB_SUB_BITS)
        return (unsigned int)ticks;
    octave = 63 - (unsigned int)__builtin_clzll(ticks);
    return ((octave - LAB_SUB_BITS + 1) << LAB_SUB_BITS) +
           (unsigned int)(ticks >> (octave - LAB_SUB_BITS) & ((1u << LAB_SUB_BITS) - 1));
}

/* The payload of one of the source's data segments, or NULL. Tags and both families, no options. */
static const uint8_t *stamp_of(const struct rte_mbuf *m)
{
    const uint8_t *at = rte_pktmbuf_mtod_offset(m, const uint8_t *, 12);
    const uint8_t *end = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->data_len);
    const struct rte_tcp_hdr *tcp;
    bool is_ipv4;

    if (m->data_len < RTE_ETHER_HDR_LEN + MAX_TAGS_BYTES + sizeof(struct rte_ipv4_hdr))
        return NULL;
    for (int i = 0; i < 2 && (at[0] == 0x81 || at[0] == 0x88) && (at[1] == 0 || at[1] == 0xa8); i++)
        at += 4;
    is_ipv4 = at[0] == 8 && at[1] == 0;
    at += 2 + (is_ipv4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr));
    tcp = (const void *)at;
    at += sizeof(*tcp);
    if (at + LAB_STAMP_BYTES > end || tcp->dst_port != rte_cpu_to_be_16(STAMPED_PORT) ||
        (tcp->tcp_flags & RTE_TCP_PSH_FLAG) == 0)
        return NULL;
    return at;
}

static uint16_t on_return(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n,
                          uint16_t max, void *context)
{
    struct lab_queue *q = context;
    uint64_t now = rte_rdtsc(), mask = (UINT64_C(1) << 8 * LAB_STAMP_BYTES) - 1;

    (void)port;
    (void)queue;
    (void)max;
    for (uint16_t i = 0; i < n; i++) {
        const uint8_t *stamp = stamp_of(mbufs[i]);
        uint64_t then = 0;

        if (stamp == NULL)
            continue;
        memcpy(&then, stamp, LAB_STAMP_BYTES);
        q->latencies[range_of((now - then) & mask)]++;
    }
    return n;
}

void lab_watch_port(struct lab_queue *queues, uint16_t port, uint16_t n_queues)
{
    for (uint16_t q = 0; q < n_queues; q++)
        if (rte_eth_add_first_rx_callback(port, q, on_return, &queues[q]) == NULL) {
            fprintf(stderr, "bench source: no receive callback on port %u\n", port);
            exit(EXIT_FAILURE);
        }
}

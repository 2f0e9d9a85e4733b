/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

#define STEP_BYTES            5 /* that a flow sends in a round */
#define N_ROUNDS_BEFORE_FLOOD 2
#define METER_TICKS           (rte_get_tsc_hz() / 100)
#define MAX_HEADERS           96
#define ETHERNET_BYTES        14
#define TCP_BYTES             20
#define TCP_SYN               0x02
#define TCP_ACK_PSH           0x18
#define N_FLOODED_TAG         0x80000000u

/* How every packet begins, and where its fields are. */
struct shape {
    uint8_t bytes[MAX_HEADERS];
    unsigned int n_bytes, ip_offset, tcp_offset;
    bool is_ipv4;
    uint32_t checksum; /* of the IPv4 header, without length and addresses */
};

struct source {
    uint32_t flow_bits, flow_mask, first_flow;
    uint32_t n_flows;          /* of the mask's, that are there */
    uint32_t position, n_sent; /* in the round */
    uint64_t round;
    uint32_t multiplier[2], offset; /* of this round's order */
    uint64_t random;
    uint32_t irregular_limit; /* of 2^32 */
    bool is_flood, is_bare;
    uint64_t n_syn_rounds;
    uint32_t known_limit;
    uint32_t n_flooded;
    struct shape shape;
    struct lab_pace pace;
    bool is_imix;
    uint32_t n_sized;
    struct meter *meter;
    uint64_t metered_tsc, n_packets, n_polls, n_known;
} __rte_cache_aligned;

static struct source sources[METER_MAX_QUEUES];

/* A bijection of 32-bit numbers (Wellons, "Prospecting for hash functions"). */
static inline uint32_t scatter(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ x >> 16;
}

static uint64_t next_random(struct source *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

static void begin_round(struct source *s)
{
    s->position = s->n_sent = 0;
    s->multiplier[0] = (uint32_t)next_random(s) | 1;
    s->multiplier[1] = (uint32_t)next_random(s) | 1;
    s->offset = (uint32_t)next_random(s);
}

static inline uint32_t next_number(struct source *s)
{
    unsigned int half = s->flow_bits / 2 + 1;
    uint32_t v = (s->position * s->multiplier[0] + s->offset) & s->flow_mask;

    v ^= v >> half;
    v = (v * s->multiplier[1]) & s->flow_mask;
    v ^= v >> half;
    return v;
}

/* The bijection is of a power of two; numbers beyond the flows are passed over. A round ends with
 * the last flow, so that each sends in it once. */
static inline uint32_t next_flow(struct source *s)
{
    uint32_t v = next_number(s);

    while (unlikely(v >= s->n_flows)) {
        s->position++;
        v = next_number(s);
    }
    s->position++;
    if (++s->n_sent == s->n_flows) {
        s->round++;
        begin_round(s);
    }
    return v;
}

static inline void write_ipv4(const struct shape *shape, uint8_t *ip, uint32_t name,
                              uint32_t number, uint32_t n_payload)
{
    uint32_t source = 0x0a000000 | (name & 0xffffff);
    uint32_t destination = 0xc6120000 | ((number * 40503u) & 0x1ffff);
    uint16_t n_total = (uint16_t)(20 + TCP_BYTES + n_payload);
    uint32_t sum = shape->checksum + n_total + (source >> 16) + (source & 0xffff) +
                   (destination >> 16) + (destination & 0xffff);

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    *(unaligned_uint16_t *)(ip + 2) = rte_cpu_to_be_16(n_total);
    *(unaligned_uint16_t *)(ip + 10) = rte_cpu_to_be_16((uint16_t)~sum);
    *(unaligned_uint32_t *)(ip + 12) = rte_cpu_to_be_32(source);
    *(unaligned_uint32_t *)(ip + 16) = rte_cpu_to_be_32(destination);
}

static inline void write_ipv6(uint8_t *ip, uint32_t name, uint32_t number, uint32_t n_payload)
{
    *(unaligned_uint16_t *)(ip + 4) = rte_cpu_to_be_16((uint16_t)(TCP_BYTES + n_payload));
    /* A /64 for each 256 hosts, spread over a /32. */
    *(unaligned_uint32_t *)(ip + 12) = rte_cpu_to_be_32(name & 0xffff00);
    *(unaligned_uint32_t *)(ip + 20) = rte_cpu_to_be_32(name & 0xff);
    *(unaligned_uint32_t *)(ip + 36) = rte_cpu_to_be_32((number * 40503u) & 0x1ffff);
}

/* `number` names the flow: addresses and ports. Different numbers differ in them. */
static inline void write_packet(const struct shape *shape, struct rte_mbuf *m, uint32_t number,
                                uint32_t sequence, uint8_t flags, uint32_t n_payload)
{
    uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *);
    uint32_t name = scatter(number);
    uint8_t *tcp = d + shape->tcp_offset;

    memcpy(d, shape->bytes, 64);
    if (shape->n_bytes > 64)
        memcpy(d + 64, shape->bytes + 64, 32);
    if (shape->is_ipv4)
        write_ipv4(shape, d + shape->ip_offset, name, number, n_payload);
    else
        write_ipv6(d + shape->ip_offset, name, number, n_payload);
    *(unaligned_uint16_t *)tcp =
        rte_cpu_to_be_16((uint16_t)(1024 + (name >> 24) * 128 + (number & 127)));
    *(unaligned_uint32_t *)(tcp + 4) = rte_cpu_to_be_32(sequence);
    tcp[13] = flags;
    m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

static inline uint32_t first_sequence(uint32_t number)
{
    return number * 2654435761u;
}

static inline void write_irregular(struct source *s, struct rte_mbuf *m, uint32_t number,
                                   uint32_t sequence, uint64_t round, bool is_duplicate)
{
    bool is_second = round & 1;
    uint32_t n = STEP_BYTES;

    if (is_duplicate && !is_second)
        n = 2 * STEP_BYTES;
    else if (!is_duplicate)
        sequence += is_second ? -(uint32_t)STEP_BYTES : STEP_BYTES;
    write_packet(&s->shape, m, number, sequence, TCP_ACK_PSH, n);
}

static inline void write_known(struct source *s, struct rte_mbuf *m)
{
    uint64_t round = s->round;
    uint32_t number = s->first_flow + next_flow(s);
    uint32_t sequence = first_sequence(number) + (uint32_t)round * STEP_BYTES;
    uint32_t draw;

    if (unlikely(round < s->n_syn_rounds)) {
        sequence += (uint32_t)(s->n_syn_rounds - round) * STEP_BYTES - 1;
        write_packet(&s->shape, m, number, sequence, TCP_SYN, 0);
        return;
    }
    s->n_known++;
    if (s->irregular_limit > 0 && round > s->n_syn_rounds) {
        draw = scatter(number ^ scatter((uint32_t)(round >> 1)));
        if (draw < s->irregular_limit) {
            write_irregular(s, m, number, sequence, round, draw < s->irregular_limit / 2);
            return;
        }
    }
    write_packet(&s->shape, m, number, sequence, TCP_ACK_PSH, STEP_BYTES);
}

static inline void write_next(struct source *s, struct rte_mbuf *m)
{
    if (s->is_flood && s->round >= s->n_syn_rounds + N_ROUNDS_BEFORE_FLOOD &&
        (uint32_t)next_random(s) >= s->known_limit)
        write_packet(&s->shape, m, N_FLOODED_TAG | s->n_flooded++, 1, TCP_ACK_PSH, STEP_BYTES);
    else
        write_known(s, m);
}

static void write_meter(struct source *s, uint64_t now)
{
    struct meter *m = s->meter;
    struct timespec cpu;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    __atomic_store_n(&m->version, m->version + 1, __ATOMIC_RELEASE);
    m->tsc = now;
    m->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
    m->n_packets = s->n_packets;
    m->n_polls = s->n_polls;
    m->n_rounds = s->round;
    m->tsc_hz = rte_get_tsc_hz();
    m->n_known = s->n_known;
    __atomic_store_n(&m->version, m->version + 1, __ATOMIC_RELEASE);
    s->metered_tsc = now;
}

/* Of twelve frames seven of 64 bytes, four of 594, one of 1518, without their check sequence. */
static void size_as_imix(struct source *s, struct rte_mbuf *m)
{
    static const uint16_t sizes[12] = {60, 590, 60, 60, 590, 60, 1514, 60, 590, 60, 590, 60};

    m->data_len = sizes[s->n_sized++ % 12];
    m->pkt_len = m->data_len;
}

static uint16_t write_for_lab(struct source *s, struct rte_mbuf **mbufs, uint16_t n, uint64_t now)
{
    uint16_t n_sent = lab_pace(&s->pace, n, now);

    for (uint16_t i = 0; i < n_sent; i++) {
        write_next(s, mbufs[i]);
        lab_stamp(rte_pktmbuf_mtod_offset(mbufs[i], uint8_t *, s->shape.n_bytes), now);
        if (s->is_imix)
            size_as_imix(s, mbufs[i]);
    }
    rte_pktmbuf_free_bulk(mbufs + n_sent, n - n_sent);
    return n_sent;
}

static uint16_t on_receive(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n,
                           uint16_t max, void *context)
{
    struct source *s = context;
    uint64_t now = rte_rdtsc();

    (void)port;
    (void)queue;
    (void)max;
    if (s->pace.queue != NULL)
        n = write_for_lab(s, mbufs, n, now);
    else
        for (uint16_t i = 0; i < n && !s->is_bare; i++)
            write_next(s, mbufs[i]);
    s->n_packets += n;
    s->n_polls++;
    if (now - s->metered_tsc > METER_TICKS)
        write_meter(s, now);
    return n;
}

static uint64_t number_of(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 0) : fallback;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static struct shape make_shape(bool is_ipv4, unsigned int n_vlans)
{
    struct shape s = {.is_ipv4 = is_ipv4, .bytes = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}};
    uint8_t *next = s.bytes + 12;
    uint8_t *ip, *tcp;

    for (unsigned int i = 0; i < n_vlans; i++, next += 4) {
        put16(next, i + 1 < n_vlans ? 0x88a8 : 0x8100);
        put16(next + 2, (uint16_t)(100 + i));
    }
    put16(next, is_ipv4 ? 0x0800 : 0x86dd);
    ip = next + 2;
    tcp = ip + (is_ipv4 ? 20 : 40);
    s.ip_offset = (unsigned int)(ip - s.bytes);
    s.tcp_offset = (unsigned int)(tcp - s.bytes);
    s.n_bytes = s.tcp_offset + TCP_BYTES;
    if (is_ipv4) {
        ip[0] = 0x45;
        ip[6] = 0x40;
        ip[8] = 64;
        ip[9] = 6;
        s.checksum = 0x4500 + 0x4000 + 0x4006;
    } else {
        ip[0] = 0x60;
        ip[6] = 6;
        ip[7] = 64;
        memcpy(ip + 8, (const uint8_t[]){0x20, 0x01, 0x0d, 0xb8}, 4);
        memcpy(ip + 24, (const uint8_t[]){0x20, 0x01, 0, 2}, 4);
    }
    put16(tcp + 2, 443);
    tcp[12] = 0x50;
    put16(tcp + 14, 8192);
    return s;
}

static struct meter *map_meters(void)
{
    const char *path = getenv("BENCH_METER");
    size_t n_bytes = METER_MAX_QUEUES * sizeof(struct meter);
    int file = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *memory = MAP_FAILED;

    if (file >= 0 && ftruncate(file, (off_t)n_bytes) == 0)
        memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "bench source: BENCH_METER must name a file that can be written\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static uint32_t limit_of_ppm(uint64_t ppm)
{
    return ppm >= 1000000 ? UINT32_MAX : (uint32_t)((ppm << 32) / 1000000);
}

static void install(uint16_t port)
{
    uint64_t n_queues = number_of("BENCH_QUEUES", 1), n_flows = number_of("BENCH_FLOWS", 1 << 20);
    struct meter *meters = map_meters();
    struct lab_queue *lab = lab_map();

    if (n_queues > METER_MAX_QUEUES || n_flows < 64 || n_flows > 1 << 28) {
        fprintf(stderr, "bench source: BENCH_FLOWS must be from 64 to 2^28\n");
        exit(EXIT_FAILURE);
    }
    for (uint16_t q = 0; q < n_queues; q++) {
        struct source *s = &sources[q];

        *s = (struct source){
            .flow_bits = rte_log2_u64(n_flows),
            .flow_mask = (uint32_t)(rte_align64pow2(n_flows) - 1),
            .n_flows = (uint32_t)n_flows,
            .first_flow = (uint32_t)(q * n_flows),
            .random = 88172645463325252 + q,
            .irregular_limit = limit_of_ppm(number_of("BENCH_IRREGULAR_PPM", 0)),
            .is_flood = getenv("BENCH_FLOOD_KNOWN_PPM") != NULL,
            .known_limit = limit_of_ppm(number_of("BENCH_FLOOD_KNOWN_PPM", 0)),
            .n_flooded = (uint32_t)q << 24,
            .n_syn_rounds = number_of("BENCH_SYN_ROUNDS", 1),
            .is_bare = getenv("BENCH_BARE") != NULL,
            .shape = make_shape(number_of("BENCH_IP", 4) == 4,
                                (unsigned int)number_of("BENCH_VLANS", 0)),
            .pace = {.queue = lab != NULL ? &lab[q] : NULL},
            .is_imix = getenv("BENCH_IMIX") != NULL,
            .meter = &meters[q],
        };
        begin_round(s);
        if (rte_eth_add_first_rx_callback(port, q, on_receive, s) == NULL) {
            fprintf(stderr, "bench source: no receive callback on queue %u\n", q);
            exit(EXIT_FAILURE);
        }
    }
}

/* Called, this one and the next, before the library's own. */
int rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
    int (*get)(uint16_t, struct rte_eth_dev_info *) =
        (int (*)(uint16_t, struct rte_eth_dev_info *))dlsym(RTLD_NEXT, "rte_eth_dev_info_get");
    int error = get(port, info);

    if (error == 0 && getenv("BENCH_OFFER_CHECKSUM") != NULL)
        info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_CHECKSUM;
    return error;
}

int rte_eth_dev_start(uint16_t port)
{
    int (*start)(uint16_t) = (int (*)(uint16_t))dlsym(RTLD_NEXT, "rte_eth_dev_start");
    int error = start(port);

    if (error != 0)
        return error;
    if (port == 0)
        install(port);
    else if (getenv("BENCH_LAB") != NULL)
        lab_watch_port(lab_map(), port, (uint16_t)number_of("BENCH_QUEUES", 1));
    return 0;
}

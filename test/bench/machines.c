/* SPDX-License-Identifier: BSD-3-Clause */
/* What a state machine costs a packet, in ticks of the TSC: by the number of rules, of keys in its
 * table, and with registers. The median of bursts as a worker takes them, over some rounds of all
 * keys: who interrupts one of them does not change it. The headers are parsed already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "base/time.h"
#include "machine/machine.h"

#define BURST      64
#define ROUNDS     7
#define HUGE_BYTES (2u << 20)

static uint64_t ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return monotonic_now_ns();
#endif
}

struct bench {
    struct machine_program *program;
    struct machine_table *table;
    struct machine_lane *lane;
    struct machine *machines;
    uint32_t n_machines, n_keys;
    uint64_t n_dropped;
    struct packet_view views[BURST];
    struct machine_packet packets[BURST];
};

static void *take(size_t n)
{
    void *memory;

    n = (n + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
    memory = aligned_alloc(HUGE_BYTES, n);
    if (memory == NULL)
        exit(1);
    madvise(memory, n, MADV_HUGEPAGE); /* as DPDK's memory is */
    return memset(memory, 0, n);
}

/* Knocks of UDP: states in a row, each with its share of the rules, all of which look at the port.
 */
static char *text_of(unsigned int n_rules, uint32_t n_keys, bool has_registers)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    fprintf(to,
            "{\"machines\":[{\"name\":\"m\",\"lookup\":[\"ip.source\"],\"max_keys\":%u,"
            "\"states\":[\"new\",\"on\"]%s,\"rules\":[",
            n_keys, has_registers ? ",\"registers\":[\"n\",\"m\"]" : "");
    for (unsigned int i = 0; i + 2 < n_rules; i++)
        fprintf(to, "{\"state\":\"on\",\"match\":{\"udp.destination\":%u},\"do\":\"drop\"},",
                1000 + i);
    fprintf(to,
            "{\"state\":\"new\",\"next\":\"on\"},"
            "{\"state\":\"on\",\"match\":{\"ip.protocol\":\"udp\"}%s}]}]}",
            has_registers ? ",\"if\":[\"n < 1000000000\"],\"update\":[\"n = n + 1\",\"m = now_us\"]"
                          : "");
    fclose(to);
    return text;
}

static void open_bench(struct bench *b, unsigned int n_rules, uint32_t n_keys, bool has_registers)
{
    static const uint64_t secret[2] = {UINT64_C(0x2d358dccaa6c78a5), UINT64_C(0x8bb84b93962eacc9)};
    struct config_error error;
    char *text = text_of(n_rules, n_keys, has_registers);

    *b = (struct bench){.n_keys = n_keys};
    if (machine_list_load_text(text, &b->machines, &b->n_machines, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    free(text);
    b->program = machine_compile(b->machines);
    b->table =
        machine_table_init(take(machine_table_memory_bytes(b->program)), b->program, secret, 0);
    b->lane = machine_lane_init(take(machine_lane_memory_bytes(b->program)), b->program);
}

static void close_bench(struct bench *b)
{
    free(b->table);
    free(b->lane);
    machine_program_free(b->program);
    machine_list_free(b->machines, b->n_machines);
}

static void fill_burst(struct bench *b, uint32_t first)
{
    for (uint32_t i = 0; i < BURST; i++) {
        /* In no order that memory would know. */
        uint32_t address = (first + i) % b->n_keys * 2654435761u;

        b->views[i] = (struct packet_view){.source = ip_address_from_ipv4(&address),
                                           .reason = PACKET_UDP,
                                           .protocol = PACKET_PROTOCOL_UDP,
                                           .destination_port = (uint16_t)(2000 + i),
                                           .has_ip = true,
                                           .is_ipv4 = true};
        b->packets[i] = (struct machine_packet){.view = &b->views[i], .frame_bytes = 64};
    }
}

static uint64_t run_burst(struct bench *b, uint64_t now_ns)
{
    uint64_t began = ticks();

    for (uint32_t i = 0; i < BURST; i++)
        machine_ask(b->program, b->table, &b->packets[i]);
    for (uint32_t i = 0; i < BURST; i++)
        machine_ask_entry(b->table, &b->packets[i]);
    for (uint32_t i = 0; i < BURST; i++) {
        struct machine_verdict v;

        machine_decide(b->program, b->table, b->lane, &b->packets[i], now_ns, &v);
        b->n_dropped += v.where == MACHINE_DROP;
    }
    return ticks() - began;
}

static int compare_ticks(const void *a, const void *b)
{
    const uint64_t *p = a, *q = b;

    return (*p > *q) - (*p < *q);
}

static double measure(unsigned int n_rules, uint32_t n_keys, bool has_registers)
{
    const uint32_t n_bursts = (n_keys > 65536 ? n_keys : 65536) / BURST;
    uint64_t *took = calloc((size_t)n_bursts * (ROUNDS - 1), sizeof(*took));
    size_t n = 0;
    double median;
    struct bench b;

    if (took == NULL)
        exit(1);
    open_bench(&b, n_rules, n_keys, has_registers);
    for (unsigned int round = 0; round < ROUNDS; round++)
        for (uint32_t i = 0; i < n_bursts; i++) {
            uint64_t ticks_of_burst;

            fill_burst(&b, i * BURST);
            ticks_of_burst = run_burst(&b, round * NS_PER_S);
            if (round > 0)
                took[n++] = ticks_of_burst;
        }
    qsort(took, n, sizeof(*took), compare_ticks);
    median = (double)took[n / 2] / BURST;
    free(took);
    close_bench(&b);
    return median;
}

int main(void)
{
    static const struct {
        unsigned int n_rules;
        uint32_t n_keys;
        bool has_registers;
    } cases[] = {{4, 1024, false},     {256, 1024, false},     {1024, 1024, false}, {4, 1024, true},
                 {4, 1u << 20, false}, {256, 1u << 20, false}, {4, 1u << 20, true}};

    printf("rules     keys registers  ticks a packet\n");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        printf("%5u %8u %9s %15.1f\n", cases[i].n_rules, cases[i].n_keys,
               cases[i].has_registers ? "2" : "none",
               measure(cases[i].n_rules, cases[i].n_keys, cases[i].has_registers));
    return 0;
}

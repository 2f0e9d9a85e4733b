/* SPDX-License-Identifier: BSD-3-Clause */
/* play MACHINES CAPTURE PLAN THREADS: the first machine of a file over a capture, by some threads
 * that share its table, while another one sweeps it.
 *
 * PLAN has a line for each packet: the port that it came in by, and the thread that takes it. Two
 * packets with a key in common keep their order, whoever takes them; all others do not. Prints what
 * became of each packet, then each key with its state, then the counters. Exit code 3: the file was
 * refused. */
#include <pcap/pcap.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "machine/machine.h"

#define MOST_THREADS 8

struct played {
    uint8_t *data;
    uint32_t n;
    uint64_t time_ns;
    struct packet_view view;
    unsigned int thread;
    struct machine_packet packet;
    struct machine_verdict verdict;
    uint32_t after[MACHINE_MAX_SCOPES]; /* packets that come first, 1 + index */
    _Atomic bool is_done;
};

static struct played *packets;
static uint32_t n_packets;
static struct machine *machines;
static uint32_t n_machines;
static struct machine_program *program;
static struct machine_table *table;
static struct machine_lane *lanes[MOST_THREADS];
static _Atomic uint64_t epoch, seen[MOST_THREADS];
static _Atomic uint64_t times[MOST_THREADS]; /* of the packet at hand */

static void end(const char *what)
{
    fprintf(stderr, "play: %s\n", what);
    exit(1);
}

static void *take(size_t n)
{
    void *memory = aligned_alloc(CACHE_LINE_BYTES,
                                 (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);

    if (memory == NULL)
        end("no memory");
    return memory;
}

static void read_capture(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    struct pcap_pkthdr *header;
    const u_char *data;
    uint32_t n_most = 1024;

    if (pcap == NULL)
        end(error);
    packets = calloc(n_most, sizeof(*packets));
    while (pcap_next_ex(pcap, &header, &data) == 1) {
        struct played *p;

        if (n_packets == n_most) {
            struct played *more = calloc(2 * (size_t)n_most, sizeof(*packets));

            memcpy(more, packets, n_most * sizeof(*packets));
            free(packets);
            packets = more;
            n_most *= 2;
        }
        p = &packets[n_packets++];
        p->n = header->caplen;
        p->data = malloc(p->n + 1);
        memcpy(p->data, data, p->n);
        p->time_ns = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec;
    }
    pcap_close(pcap);
}

static void read_plan(const char *path)
{
    FILE *file = fopen(path, "r");

    if (file == NULL)
        end(path);
    for (uint32_t i = 0; i < n_packets; i++) {
        struct played *p = &packets[i];
        unsigned int port;

        if (fscanf(file, "%u %u", &port, &p->thread) != 2)
            end("the plan is too short");
        packet_parse_ethernet(p->data, p->n, p->n, &p->view);
        p->packet = (struct machine_packet){.view = &p->view,
                                            .data = p->data,
                                            .n_data = p->n,
                                            .frame_bytes = p->n,
                                            .port = (uint16_t)port};
    }
    fclose(file);
}

/* Who had this key last. */
struct owner {
    uint64_t key[MACHINE_KEY_WORDS];
    uint32_t packet; /* 1 + index; 0: free */
};

static void find_order(void)
{
    static const uint64_t no_secret[2] = {1, 2};
    const uint32_t n_slots = 1u << 22;
    struct owner *owners = calloc(n_slots, sizeof(*owners));

    for (uint32_t i = 0; i < n_packets; i++)
        for (uint32_t s = 0; s < machines[0].n_scopes; s++) {
            uint64_t key[MACHINE_KEY_WORDS];
            uint32_t at;

            if (machines[0].n_globals > 0) {
                packets[i].after[s] = i;
                continue;
            }
            if (!machine_key_of(program, s, &packets[i].packet, key))
                continue;
            at = (uint32_t)hash_words(key, MACHINE_KEY_WORDS, no_secret) & (n_slots - 1);
            while (owners[at].packet != 0 && memcmp(owners[at].key, key, sizeof(key)) != 0)
                at = (at + 1) & (n_slots - 1);
            memcpy(owners[at].key, key, sizeof(key));
            if (owners[at].packet != i + 1)
                packets[i].after[s] = owners[at].packet;
            owners[at].packet = i + 1;
        }
    free(owners);
}

static void *run(void *argument)
{
    const unsigned int me = (unsigned int)(uintptr_t)argument;

    for (uint32_t i = 0; i < n_packets; i++) {
        struct played *p = &packets[i];

        if (p->thread != me)
            continue;
        for (uint32_t s = 0; s < MACHINE_MAX_SCOPES; s++)
            while (p->after[s] != 0 &&
                   !atomic_load_explicit(&packets[p->after[s] - 1].is_done, memory_order_acquire))
                sched_yield();
        atomic_store(&times[me], p->time_ns);
        atomic_store(&seen[me], atomic_load(&epoch));
        machine_ask(program, table, &p->packet);
        machine_ask_entry(table, &p->packet);
        machine_decide(program, table, lanes[me], &p->packet, p->time_ns, &p->verdict);
        atomic_store_explicit(&p->is_done, true, memory_order_release);
    }
    atomic_store(&seen[me], UINT64_MAX);
    atomic_store(&times[me], UINT64_MAX);
    return NULL;
}

static uint64_t least(_Atomic uint64_t *of, unsigned int n)
{
    uint64_t value = UINT64_MAX;

    for (unsigned int i = 0; i < n; i++) {
        uint64_t one = atomic_load(&of[i]);

        value = one < value ? one : value;
    }
    return value;
}

static bool print_key(void *context, const struct machine_key_state *state)
{
    (void)context;
    printf("key ");
    for (uint8_t i = 0; i < machines[0].scopes[0].n_bytes; i++)
        printf("%02x", ((const uint8_t *)state->key)[i]);
    printf(" %u", state->state);
    for (uint32_t i = 0; i < machines[0].n_registers; i++)
        printf(" %llu", (unsigned long long)state->registers[i]);
    printf("\n");
    return true;
}

static void print_all(unsigned int n_threads)
{
    struct machine_counters sum = {0};

    for (uint32_t i = 0; i < n_packets; i++) {
        const struct machine_verdict *v = &packets[i].verdict;

        printf("%u %u %u %u %d %d %u\n", v->where,
               v->where == MACHINE_OUTPUT_STATE ? v->out_port : 0, v->state, v->rule,
               v->has_mark ? (int)v->mark : -1, v->event == MACHINE_NO_NOTE ? -1 : v->event,
               v->test);
    }
    machine_table_visit(table, program, packets[n_packets - 1].time_ns, print_key, NULL);
    for (unsigned int i = 0; i < n_threads; i++) {
        const struct machine_counters *c = machine_lane_counters(lanes[i]);

#define ADD(name, help) sum.name += c->name;
        MACHINE_COUNTERS(ADD)
#undef ADD
    }
#define PRINT(name, help) printf("counter " #name " %llu\n", (unsigned long long)sum.name);
    MACHINE_COUNTERS(PRINT)
#undef PRINT
}

int main(int argc, char **argv)
{
    static const uint64_t secret[2] = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)};
    struct config_error error;
    pthread_t threads[MOST_THREADS];
    unsigned int n_threads = argc == 5 ? (unsigned int)atoi(argv[4]) : 0;
    uint64_t now_ns;

    if (n_threads < 1 || n_threads > MOST_THREADS)
        end("play MACHINES CAPTURE PLAN THREADS");
    if (machine_list_load_file(argv[1], &machines, &n_machines, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 3;
    }
    program = machine_compile(&machines[0]);
    if (program == NULL)
        end("compile");
    read_capture(argv[2]);
    read_plan(argv[3]);
    find_order();
    table = machine_table_init(take(machine_table_memory_bytes(program)), program, secret,
                               packets[0].time_ns);
    for (unsigned int i = 0; i < n_threads; i++)
        lanes[i] = machine_lane_init(take(machine_lane_memory_bytes(program)), program);
    for (unsigned int i = 0; i < n_threads; i++)
        pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i);
    while ((now_ns = least(times, n_threads)) != UINT64_MAX) {
        machine_table_sweep(table, program, now_ns, atomic_load(&epoch), least(seen, n_threads),
                            64);
        atomic_fetch_add(&epoch, 1);
        sched_yield();
    }
    for (unsigned int i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    print_all(n_threads);
    for (uint32_t i = 0; i < n_packets; i++)
        free(packets[i].data);
    for (unsigned int i = 0; i < n_threads; i++)
        free(lanes[i]);
    free(packets);
    free(table);
    machine_program_free(program);
    machine_list_free(machines, n_machines);
    return 0;
}

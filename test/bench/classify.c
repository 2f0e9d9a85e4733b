/* SPDX-License-Identifier: BSD-3-Clause */
/* What it costs to say which of 4,096 slices a packet belongs to: as a port's burst, sources spread
 * over all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "dpdk/eal.h"
#include "operation.h"
#include "prefix/prefix.h"

#define N_SLICES  4096
#define N_PACKETS 1024

struct bench {
    struct slice slices[N_SLICES];
    struct ip_prefix sources[N_SLICES][2], any[2];
    struct prefix_table *table;
    struct packet_view views[N_PACKETS];
    uint32_t next;
    uint64_t n_found;
};

static struct ip_address address(bool is_ipv4, uint32_t slice, uint8_t host)
{
    uint8_t bytes[16] = {0x20, 1, 0xd, 0xb8};

    if (!is_ipv4) {
        store_be32(bytes + 4, slice << 16);
        bytes[15] = host;
        return ip_address_from_ipv6(bytes);
    }
    store_be32(bytes, 0x0a000000 | slice << 8 | host);
    return ip_address_from_ipv4(bytes);
}

static void classify(void *state)
{
    static const uint16_t numbers[OPERATION_BURST];
    static const struct prefix_ways ways = {.numbers = numbers};
    struct bench *b = state;
    int32_t slices[OPERATION_BURST];

    b->n_found +=
        prefix_classify_bulk(b->table, &b->views[b->next], OPERATION_BURST, &ways, slices);
    b->next = (b->next + OPERATION_BURST) % N_PACKETS;
}

static void *open_slices(bool is_ipv4)
{
    struct bench *b = operation_memory(sizeof(*b));

    b->any[0] = ip_prefix_any(true);
    b->any[1] = ip_prefix_any(false);
    for (uint32_t i = 0; i < N_SLICES; i++) {
        struct ip_address ipv4 = address(true, i, 0), ipv6 = address(false, i, 0);
        struct slice *s = &b->slices[i];

        b->sources[i][0] = ip_prefix_of_address(&ipv4, 24);
        b->sources[i][1] = ip_prefix_of_address(&ipv6, 48);
        snprintf(s->name, sizeof(s->name), "%u", i);
        s->sources = b->sources[i];
        s->destinations = b->any;
        s->n_sources = s->n_destinations = 2;
        s->ingress = (struct slice_ingress){
            .port = SLICE_ANY_PORT, .vlan = SLICE_ANY_VLAN, .tunnel = SLICE_ANY_TUNNEL};
    }
    for (uint32_t i = 0; i < N_PACKETS; i++)
        b->views[i] =
            (struct packet_view){.source = address(is_ipv4, i * 2654435761u % N_SLICES, (uint8_t)i),
                                 .destination = address(is_ipv4, 1, 1),
                                 .is_ipv4 = is_ipv4,
                                 .has_ip = true};
    b->table = prefix_table_create(is_ipv4 ? "ipv4" : "ipv6", b->slices, N_SLICES, SOCKET_ID_ANY);
    if (b->table == NULL)
        abort();
    classify(b);
    if (b->n_found != OPERATION_BURST)
        abort();
    return b;
}

static void *open_ipv4(void)
{
    return open_slices(true);
}

static void *open_ipv6(void)
{
    return open_slices(false);
}

int main(int argc, char **argv)
{
    static const struct operation operations[] = {{"classify_ipv4", open_ipv4, classify},
                                                  {"classify_ipv6", open_ipv6, classify}};

    if (test_eal_init() < 0)
        return EXIT_FAILURE;
    return operation_main(operations, ARRAY_LENGTH(operations), argc, argv);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "rte_hash_beside.h"

#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_memory.h>
#include <stdio.h>
#include <stdlib.h>

#define NEEDED_PAGES 256 /* of 2 MB */
#define FREE_PAGES   "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

static bool has_hugepages(void)
{
    FILE *file = fopen(FREE_PAGES, "r");
    unsigned long n = 0;

    if (file == NULL)
        return false;
    if (fscanf(file, "%lu", &n) != 1)
        n = 0;
    fclose(file);
    return n >= NEEDED_PAGES;
}

void beside_start(void)
{
    bool huge = has_hugepages();
    char *arguments[] = {(char *)"flow_lookup",
                         (char *)(huge ? "--in-memory" : "--no-huge"),
                         (char *)"-m",
                         (char *)"512",
                         (char *)"--no-pci",
                         (char *)"--no-telemetry",
                         (char *)"--lcores",
                         (char *)"0@0",
                         (char *)"--log-level=*:error"};

    if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0)
        exit(EXIT_FAILURE);
    printf("rte_hash has %s\n", huge ? "hugepages" : "plain pages: none of 2 MB are free");
}

struct rte_hash *beside_create(uint32_t n_entries)
{
    struct rte_hash_parameters p = {.name = "beside",
                                    .entries = n_entries,
                                    .key_len = sizeof(struct beside_key),
                                    .hash_func = rte_hash_crc,
                                    .socket_id = SOCKET_ID_ANY};

    return rte_hash_create(&p);
}

void beside_destroy(struct rte_hash *h)
{
    rte_hash_free(h);
}

void beside_insert(struct rte_hash *h, struct beside_key key)
{
    if (rte_hash_add_key_data(h, &key, h) < 0) {
        fprintf(stderr, "rte_hash takes no more\n");
        exit(EXIT_FAILURE);
    }
}

unsigned int beside_look_up(struct rte_hash *h, const struct beside_key *keys, uint32_t n)
{
    const void *pointers[RTE_HASH_LOOKUP_BULK_MAX];
    void *data[RTE_HASH_LOOKUP_BULK_MAX];
    uint64_t hits;

    for (uint32_t i = 0; i < n; i++)
        pointers[i] = &keys[i];
    return (unsigned int)rte_hash_lookup_bulk_data(h, pointers, n, &hits, data);
}

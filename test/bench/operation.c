/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "base/compiler.h"
#include "base/time.h"

#define N_RUNS     7
#define N_MEASURED (1u << 16)

uint64_t operation_cycles(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
#endif
}

void *operation_memory(size_t n_bytes)
{
    size_t n = (n_bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n);

    if (memory == NULL)
        abort();
    return memset(memory, 0, n);
}

/* Not inlined: the instruction counter knows it by its name. */
__attribute__((noinline)) static void measured(const struct operation *o, void *state, uint32_t n)
{
    for (uint32_t done = 0; done < n; done += OPERATION_BURST)
        o->burst(state);
}

static int count_one(const struct operation *operations, size_t n, const char *name,
                     const char *count)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(operations[i].name, name) == 0) {
            measured(&operations[i], operations[i].open(), (uint32_t)strtoul(count, NULL, 10));
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "no operation is called %s\n", name);
    return EXIT_FAILURE;
}

static void time_one(const struct operation *o)
{
    void *state = o->open();
    uint64_t best = UINT64_MAX;

    for (int run = 0; run < N_RUNS; run++) {
        uint64_t start = operation_cycles(), took;

        measured(o, state, N_MEASURED);
        took = operation_cycles() - start;
        best = took < best ? took : best;
    }
    printf("%-18s %6.1f\n", o->name, (double)best / N_MEASURED);
}

int operation_main(const struct operation *operations, size_t n, int argc, char **argv)
{
    if (argc == 3)
        return count_one(operations, n, argv[1], argv[2]);
    if (argc == 1)
        printf("%-18s cycles an operation, best of %d runs; all in cache, packets made within\n",
               "operation", N_RUNS);
    for (size_t i = 0; i < n; i++)
        if (argc == 1)
            time_one(&operations[i]);
        else
            printf("%s\n", operations[i].name);
    return EXIT_SUCCESS;
}

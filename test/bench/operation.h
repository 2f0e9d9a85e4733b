/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs of microbenchmarks have in common:
 *
 *   PROGRAM              cycles of all its operations, the best of some runs
 *   PROGRAM NAME N       does N of one, for an instruction counter that looks at measured()
 *   PROGRAM names        lists them */
#ifndef BENCH_OPERATION_H
#define BENCH_OPERATION_H

#include <stddef.h>
#include <stdint.h>

#define OPERATION_BURST 64

struct operation {
    const char *name;
    /* Makes what the operation works on, ready to be measured. */
    void *(*open)(void);
    /* OPERATION_BURST of it. */
    void (*burst)(void *state);
};

/* TSC cycles; nanoseconds where there is no TSC. */
uint64_t operation_cycles(void);

/* Zeroed, in whole cache lines. Ends the process when there is none. */
void *operation_memory(size_t n_bytes);

/* What main() returns. */
int operation_main(const struct operation *operations, size_t n, int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The input of the coverage fuzzer: one head, then steps, as they lie in memory. */
#ifndef TEST_FUZZ_COVERAGE_STEPS_H
#define TEST_FUZZ_COVERAGE_STEPS_H

#include <stdint.h>

struct head {
    uint32_t start, window;
};

enum {
    FROM = 3, /* where `delta` counts from: snd_max, the gap, the lowest hole, zero */
    FROM_GAP = 1,
    FROM_HOLE = 2,
    FROM_ZERO = 3,
    DROP = 4,   /* open a gap when the segment was in order and none is pending */
    FORGET = 8, /* the gap's time is up */
    FAR = 16,   /* delta counts 16 KiB */
    LONG = 32,  /* length counts 32 KiB */
};

struct step {
    uint8_t what, unused;
    int16_t delta;
    uint16_t n_bytes;
};

#endif

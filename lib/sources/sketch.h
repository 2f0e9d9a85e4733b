/* SPDX-License-Identifier: BSD-3-Clause */
/* How many different things were seen, in a few kilobytes: HyperLogLog (Flajolet, Fusy, Gandouet,
 * Meunier, AofA 2007).
 *
 * Model: a hash of 64 uniform bits for each thing; the same thing always has the same hash. The
 * first p bits choose one of m = 2^p registers, and of the 64 - p others the place of the first one
 * counts: rank r comes with probability 2^-r, so the greatest rank of a register tells how many
 * different hashes it met. A thing that comes again changes nothing, and the register-wise maximum
 * of two sketches is the sketch of the union.
 *
 * The estimate is Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv 1702.01284, algorithm 6): one formula from no thing at all to 2^60, without the tables that
 * HyperLogLog++ needs where the old formula is biased. Its standard error is at most 1.04 /
 * sqrt(m).
 *
 * Who knows the hash can choose things that leave the sketch as it is, or drive it to any value
 * (Paterson and Raynal, eprint 2021/1139; Reviriego and Ting, arXiv 2011.10355). So it must be
 * keyed, and the key must change before its effect is shown. */
#ifndef SOURCES_SKETCH_H
#define SOURCES_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SOURCES_LEAST_PRECISION 4
#define SOURCES_MOST_PRECISION  16

/* Bytes of a sketch of precision p: one register each. */
static inline size_t sources_sketch_bytes(unsigned int precision)
{
    return (size_t)1 << precision;
}

/* `registers` are zero at first. Any thread that owns them. */
static inline void sources_sketch_add(uint8_t *registers, unsigned int precision, uint64_t hash)
{
    /* The one behind the 64 - p bits ends the search. */
    const uint64_t rest = hash << precision | UINT64_C(1) << (precision - 1);
    const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *r = &registers[hash >> (64 - precision)];

    if (*r < rank)
        *r = rank;
}

/* `into` becomes the sketch of both. */
void sources_sketch_merge(uint8_t *into, const uint8_t *from, unsigned int precision);

double sources_sketch_estimate(const uint8_t *registers, unsigned int precision);

/* The standard error of an estimate, as a part of it. */
double sources_sketch_error(unsigned int precision);

#endif

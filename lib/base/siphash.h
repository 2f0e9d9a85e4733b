/* SPDX-License-Identifier: BSD-3-Clause */
/* SipHash-2-4 (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012): who does not know the
 * key learns nothing of what was hashed, not even with many hashes of what he chose. For names that
 * leave the process; for tables base/hash.h is quicker. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Of `n` bytes under the key, whose words are little endian in the paper's vectors. */
uint64_t siphash(const void *data, size_t n, const uint64_t key[2]);

/* The same of `n` words: of their bytes, little endian. Quicker. */
uint64_t siphash_words(const uint64_t *words, size_t n, const uint64_t key[2]);

#endif

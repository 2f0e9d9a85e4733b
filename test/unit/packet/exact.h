/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the parser share. */
#ifndef TEST_PACKET_EXACT_H
#define TEST_PACKET_EXACT_H

#include "base/random.h"
#include "frames.h"

/* A copy in a block of exactly its size, so that AddressSanitizer sees one byte read too many.
 * Given back by free(). */
uint8_t *exact_copy(const uint8_t *bytes, uint32_t n_bytes);

/* One to four bytes of the headers changed, to anything or to a value with a meaning somewhere. */
void frame_mutate(struct frame *f, struct random_source *r);

#endif

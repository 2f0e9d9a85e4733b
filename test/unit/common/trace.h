/* SPDX-License-Identifier: BSD-3-Clause */
/* What a library does with much that happens by chance, held against what it did before.
 *
 * Tests of their own say what must be true of one thing; a trace says of everything that is told
 * that it stays. A play says line by line what it sees. Of each play a file holds some marks:
 * hashes of the lines up to there. What is meant to change is written anew, after its lines were
 * looked at:
 *
 *   PROGRAM FILE            0 when all plays are as they were; else it says which is not
 *   PROGRAM FILE --write    writes the marks
 *   PROGRAM --show PLAY     prints the lines, to be held beside those of the tree before */
#ifndef TEST_COMMON_TRACE_H
#define TEST_COMMON_TRACE_H

#include <stdint.h>

/* One line, without its end. Real numbers by %.4g: compilers differ in the last digits. */
void trace_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Play number `n` from 1 on: the same lines every time. */
typedef void (*trace_play)(uint64_t n);

int trace_main(int argc, char **argv, trace_play play, uint64_t n_plays);

#endif

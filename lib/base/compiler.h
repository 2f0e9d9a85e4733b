/* SPDX-License-Identifier: BSD-3-Clause */
/* The few compiler extensions that the ground floor uses, each under one name. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define CACHE_LINE_BYTES 64

#define likely_true(x)  __builtin_expect(!!(x), 1)
#define likely_false(x) __builtin_expect(!!(x), 0)

/* Ask for the cache line at `address` before it is read. */
#define prefetch_line(address) __builtin_prefetch((address), 0, 3)

/* For what is hardly ever called from the packet path, so that it takes no registers there. */
#define never_inlined __attribute__((noinline))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* An initializer that a macro stands for: versions of clang-format lay braces in a macro out in
 * different ways. */
/* clang-format off */
#define INITIALIZER(...) {__VA_ARGS__}
/* clang-format on */

#endif

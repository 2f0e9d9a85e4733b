/* SPDX-License-Identifier: BSD-3-Clause */
/* "Did you mean ...?" Pure: any thread. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include <stddef.h>

/* Of `n` words, which at(from, 0) to at(from, n - 1) give, the one nearest to `word`, or NULL when
 * none is near. */
const char *option_nearest(const char *word, const char *(*at)(const void *from, size_t i),
                           const void *from, size_t n);

#endif

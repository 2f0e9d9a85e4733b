/* SPDX-License-Identifier: BSD-3-Clause */
/* What lib/expect/why.h says, in words. */
#ifndef COMMON_WHY_WORDS_H
#define COMMON_WHY_WORDS_H

#include <jansson.h>
#include <stdio.h>

void why_words_print(FILE *out, const json_t *why);

#endif

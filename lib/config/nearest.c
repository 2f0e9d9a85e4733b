/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/nearest.h"

#include <string.h>

#define MOST_WORD_BYTES 64

static unsigned int least_of(unsigned int a, unsigned int b, unsigned int c)
{
    unsigned int least = a < b ? a : b;

    return least < c ? least : c;
}

/* Levenshtein's distance, one row of the matrix at a time. */
static unsigned int distance(const char *a, const char *b)
{
    unsigned int row[MOST_WORD_BYTES + 1];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned int)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned int diagonal = row[0];

        row[0] = (unsigned int)i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned int replaced = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            row[j + 1] = least_of(replaced, row[j] + 1, diagonal + 1);
        }
    }
    return row[n];
}

const char *option_nearest(const char *word, const char *(*at)(const void *from, size_t i),
                           const void *from, size_t n)
{
    size_t length = strlen(word);
    /* A third of the word may be wrong; beyond that a suggestion is a guess. */
    unsigned int best = (unsigned int)(length / 3 > 2 ? length / 3 : 2) + 1;
    const char *nearest = NULL;

    if (length > MOST_WORD_BYTES)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const char *candidate = at(from, i);
        unsigned int d;

        if (strlen(candidate) > MOST_WORD_BYTES)
            continue;
        d = distance(word, candidate);
        if (d < best && d < length) {
            best = d;
            nearest = candidate;
        }
    }
    return nearest;
}

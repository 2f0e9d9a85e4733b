/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/sketch.h"

#include <math.h>

#define MOST_RANKS 66

void sources_sketch_merge(uint8_t *into, const uint8_t *from, unsigned int precision)
{
    for (size_t i = 0; i < sources_sketch_bytes(precision); i++)
        if (into[i] < from[i])
            into[i] = from[i];
}

/* x + sum of x^(2^k) 2^(k-1) over k >= 1: what empty registers tell. */
static double sigma(double x)
{
    double y = 1, z = x, before;

    if (x == 1)
        return INFINITY;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

/* (1 - x - sum of (1 - x^(2^-k))^2 2^-k over k >= 1) / 3: what full ones tell. */
static double tau(double x)
{
    double y = 1, z = 1 - x, before;

    if (x == 0 || x == 1)
        return 0;
    do {
        x = sqrt(x);
        before = z;
        y /= 2;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

double sources_sketch_estimate(const uint8_t *registers, unsigned int precision)
{
    const size_t n = sources_sketch_bytes(precision);
    const unsigned int most = 64 - precision;
    const double m = (double)n;
    uint64_t counts[MOST_RANKS] = {0};
    double z;

    for (size_t i = 0; i < n; i++)
        counts[registers[i]]++;
    z = m * tau(1 - (double)counts[most + 1] / m);
    for (unsigned int k = most; k >= 1; k--)
        z = 0.5 * (z + (double)counts[k]);
    z += m * sigma((double)counts[0] / m);
    return m * m / (2 * log(2) * z);
}

double sources_sketch_error(unsigned int precision)
{
    return 1.04 / sqrt((double)sources_sketch_bytes(precision));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/rise.h"

#include <stdlib.h>

#define SHARE   0.125
#define N_CELLS ((UINT16_MAX + 2) * 4)

struct past {
    float average;
    uint32_t window; /* that it is as of */
};

struct sources_rise {
    uint32_t window;
    struct past pasts[N_CELLS]; /* pages of it are taken when they are first written */
};

struct sources_rise *sources_rise_create(void)
{
    return calloc(1, sizeof(struct sources_rise));
}

void sources_rise_destroy(struct sources_rise *r)
{
    free(r);
}

void sources_rise_next(struct sources_rise *r)
{
    r->window++;
}

/* The first windows count for equal parts. */
static double share_of(uint32_t window)
{
    return window < 1 / SHARE ? 1.0 / window : SHARE;
}

bool sources_rise_look(struct sources_rise *r, const struct sources_cell_count *c, uint32_t factor,
                       uint32_t least, double *average)
{
    const uint32_t port = c->port < 0 ? UINT16_MAX + 1 : (uint32_t)c->port;
    struct past *p = &r->pasts[port * 4 + c->is_udp * 2 + c->is_ipv6];

    for (uint32_t w = p->window + 1; w < r->window && p->average > 0.01F; w++)
        p->average -= (float)share_of(w) * p->average;
    *average = p->average;
    p->average += (float)(share_of(r->window) * ((double)c->sources - p->average));
    p->window = r->window;
    return r->window > SOURCES_RISE_WINDOWS && c->sources >= least &&
           (double)c->sources >= factor * *average;
}

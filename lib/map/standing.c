/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/standing.h"

#include <stdlib.h>
#include <string.h>

size_t map_standing_bytes(uint32_t n_places)
{
    return 2 * n_places * sizeof(struct map_stand);
}

bool map_standing_init(struct map_standing *s, uint32_t n_places)
{
    s->whole = calloc(n_places, sizeof(*s->whole));
    s->gathering = calloc(n_places, sizeof(*s->gathering));
    return s->whole != NULL && s->gathering != NULL;
}

void map_standing_free(struct map_standing *s)
{
    free(s->whole);
    free(s->gathering);
}

void map_standing_add(struct map_standing *s, const struct map_entry *e)
{
    struct map_stood *c = &s->gathering[e->key.ingress].cells[e->grade][e->reality.state];

    c->entries++;
    c->packets_per_s += e->packets_per_s[MAP_RATE_10_S];
    c->bytes_per_s += e->bytes_per_s[MAP_RATE_10_S];
}

void map_standing_end_round(struct map_standing *s, uint32_t n_places)
{
    struct map_stand *before = s->whole;

    s->whole = s->gathering;
    s->gathering = before;
    memset(before, 0, n_places * sizeof(*before));
}

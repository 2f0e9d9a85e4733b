/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "map/map.h"

struct map_expectation *map_expectation_create(struct expectation *opened)
{
    struct map_expectation *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        expect_close(opened);
        return NULL;
    }
    e->expectation = *opened;
    e->grain = map_grain_create(&e->expectation);
    e->n_unexpected = calloc((size_t)e->expectation.n_routes + 1, sizeof(*e->n_unexpected));
    if (e->grain == NULL || e->n_unexpected == NULL) {
        map_expectation_destroy(e);
        return NULL;
    }
    return e;
}

void map_expectation_destroy(struct map_expectation *e)
{
    if (e == NULL)
        return;
    expect_close(&e->expectation);
    map_grain_destroy(e->grain);
    free(e->n_unexpected);
    free(e);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "seed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int seed_check(const struct config *config, char *error, size_t n_error)
{
    for (uint32_t i = 0; i < config->n_slices; i++) {
        const struct slice *s = &config->slices[i];

        if (!slice_is_present(s) || !s->parameters.has_seed)
            continue;
        snprintf(error, n_error,
                 "seed %" PRIu64 " of slice \"%s\": whoever knows it knows which segments are "
                 "dropped, so it is for pennyline-replay only; leave it out",
                 s->parameters.seed, s->name);
        return -EINVAL;
    }
    return 0;
}

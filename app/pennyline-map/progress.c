/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/monotonic.h"

#define ROUTES_PER_LOOK 65536
#define SHOW_EVERY_S    0.5

void progress_begin(struct progress *p)
{
    *p = (struct progress){.is_on = isatty(STDERR_FILENO) == 1, .shown_s = monotonic_s()};
}

void progress_route(struct progress *p, const struct input *in)
{
    if (!p->is_on || ++p->n_looks % ROUTES_PER_LOOK != 0 ||
        monotonic_s() - p->shown_s < SHOW_EVERY_S)
        return;
    p->shown_s = monotonic_s();
    p->is_shown = true;
    fprintf(stderr, "\r\033[K%s: %llu routes", in->path,
            (unsigned long long)mrt_counters(in->reader)->routes);
    if (in->file_bytes > 0)
        fprintf(stderr, ", %.0f %% of the file",
                100.0 * (double)mrt_position(in->reader) / (double)in->file_bytes);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fprintf(stderr, "\r\033[K");
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/monotonic.h"

#define STEPS_PER_LOOK 65536
#define SHOW_EVERY_S   0.5

void progress_begin(struct progress *p)
{
    *p = (struct progress){.is_on = isatty(STDERR_FILENO) == 1};
    p->started_s = p->shown_s = monotonic_s();
}

static void show(const struct progress *p, const struct capture *c)
{
    double elapsed_s = p->shown_s - p->started_s, position = (double)input_position(&c->input);
    double rate = (double)c->n_packets / elapsed_s, share = 0;

    fprintf(stderr, "\r\033[K");
    if (c->input.file_bytes > 0) {
        share = position / (double)c->input.file_bytes;
        fprintf(stderr, "%.0f of %.0f MB (%.0f %%), ", position / 1e6,
                (double)c->input.file_bytes / 1e6, 100 * share);
    }
    fprintf(stderr, "%llu packets, %.2f M/s", (unsigned long long)c->n_packets, rate / 1e6);
    if (share > 0)
        fprintf(stderr, ", %.0f s to go", elapsed_s * (1 - share) / share);
    fflush(stderr);
}

void progress_packet(struct progress *p, const struct capture *c, uint64_t n_epochs)
{
    double t;

    if (!p->is_on || c->n_packets + n_epochs - p->n_steps < STEPS_PER_LOOK)
        return;
    p->n_steps = c->n_packets + n_epochs;
    t = monotonic_s();
    if (t - p->shown_s < SHOW_EVERY_S)
        return;
    p->shown_s = t;
    p->is_shown = true;
    show(p, c);
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fprintf(stderr, "\r\033[K");
}

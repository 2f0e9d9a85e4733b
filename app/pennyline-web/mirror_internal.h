/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the mirror share. */
#ifndef WEB_MIRROR_INTERNAL_H
#define WEB_MIRROR_INTERNAL_H

#include <pthread.h>

#include "history.h"
#include "mirror.h"
#include "stats/counters.h"

#define STATE_BYTES   16
#define VERDICT_BYTES 24
#define N_COUNTERS    (sizeof(struct aggregate_counters) / sizeof(uint64_t))

struct mirrored_slice {
    char *name;
    json_t *described; /* as "slices" gave it; NULL: not described */
    uint64_t totals[N_COUNTERS];
    uint64_t units[MIRROR_N_UNIT_TOTALS];
    bool has_units; /* an aggregate had some */
    uint32_t n_aggregates, n_by_verdict[MIRROR_N_VERDICTS];
    bool has_left; /* the configuration has it no more */
};

/* One that left is shown as long as there are aggregates of it. */
static inline bool mirrored_slice_is_there(const struct mirrored_slice *s)
{
    return !s->has_left || s->n_aggregates > 0;
}

struct mirrored_aggregate {
    uint64_t revision; /* of the last change; 0: not heard of */
    uint32_t slice;
    uint8_t verdict; /* index in mirror_verdicts */
    char state[STATE_BYTES];
    double verdict_s; /* 0: none yet */
    char *name;
    char *row; /* a JSON object */
    uint64_t totals[N_COUNTERS];
    uint64_t *units; /* MIRROR_N_UNIT_TOTALS, or NULL */
};

struct mirror {
    pthread_rwlock_t lock;
    bool connected, complete;
    char trouble[512];
    uint64_t generation, revision;
    json_t *status;
    double status_at_s;
    double epoch_at_s; /* when a status first told of its epoch */
    json_t *parts[MIRROR_N_PARTS];
    struct mirrored_slice *slices;
    uint32_t n_slices;
    struct mirrored_aggregate *aggregates;
    uint32_t n_aggregates; /* greatest number heard of, and one */
    uint32_t n_left_out;   /* of greater numbers, at least */
    uint32_t aggregates_size;
    struct history *history;
};

/* Their index; one that was not known is added. UINT32_MAX when memory is short. */
uint32_t mirror_slice_index(struct mirror *m, const char *name);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A copy of what pennyline said last. Whoever asks over HTTP is answered from here, so that
 * pennyline is asked just as often with no reader as with a thousand.
 *
 * One thread writes (the feed), any number read. Texts that are written to a FILE are JSON. */
#ifndef WEB_MIRROR_H
#define WEB_MIRROR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "stats/units.h"
#include "unit/unit.h"

/* Some 1.4 KB each: with all that clients may hold, within MemoryMax= of the unit. */
#define MIRROR_MAX_AGGREGATES (3u << 17)

/* A status that is older says nothing of now. It is asked for twice a second, and after an answer
 * that took long within two; so a pennyline that hangs is known within three seconds. */
#define MIRROR_STATUS_OLD_S 2.5

struct mirror;

struct mirror *mirror_create(void); /* NULL when memory is short */
void mirror_destroy(struct mirror *m);

/* The feed's: what came stays the caller's. Aggregates as "aggregates" and "aggregate" give them.
 */
void mirror_set_status(struct mirror *m, const json_t *status, double now_s);
void mirror_set_slices(struct mirror *m, const json_t *slices);
void mirror_set_aggregate(struct mirror *m, const json_t *aggregate, double now_s);

/* Parts of pennyline that are asked for as a whole: X(name in capitals, command). */
#define MIRROR_PARTS(X)                                                                            \
    X(MACHINES, "machines")                                                                        \
    X(MAP, "map summary")
enum mirror_part {
#define MIRROR_PART_ENUM(name, command) MIRROR_##name,
    MIRROR_PARTS(MIRROR_PART_ENUM)
#undef MIRROR_PART_ENUM
        MIRROR_N_PARTS
};
/* NULL: there is none. */
void mirror_set_part(struct mirror *m, enum mirror_part part, const json_t *answer);
/* There are none (any more) with numbers from `first` up to `end`, which is not one of them. */
void mirror_forget_aggregates(struct mirror *m, uint32_t first, uint32_t end);
/* All aggregates were heard of once. */
void mirror_set_complete(struct mirror *m);
/* The connection to pennyline is there, or is gone for the reason `why`. */
void mirror_set_connected(struct mirror *m, bool connected, const char *why);
/* Another pennyline, or the same one started anew: what is known is of the past. */
void mirror_clear(struct mirror *m);

struct mirror_filter {
    const char *slice, *verdict, *state, *search; /* NULL: any; `search` is part of the name */
    uint64_t changed_since;                       /* a revision of before; 0: all */
    uint32_t offset, count;
};

/* Is there such a slice? */
bool mirror_has_slice(struct mirror *m, const char *name);
/* {"generation", "revision", "total", "offset", "aggregates": [row...]} in the order of numbers. */
void mirror_write_aggregates(struct mirror *m, const struct mirror_filter *filter, FILE *out);
/* {"verdicts": [row...]}: the latest `count`, latest first. */
void mirror_write_verdicts(struct mirror *m, uint32_t count, FILE *out);
/* {"slices": [...]} with counts of aggregates by verdict. */
void mirror_write_slices(struct mirror *m, FILE *out);
/* {"connected", "trouble", "age_s", "complete", "left_out", "status"}. */
void mirror_write_status(struct mirror *m, double now_s, FILE *out);
/* The command's result; null as long as it is not known. */
void mirror_write_part(struct mirror *m, enum mirror_part part, FILE *out);
/* The points of its evidence. */
void mirror_write_history(struct mirror *m, uint32_t aggregate, FILE *out);

/* For metrics and health: holds the reader's lock from begin to end. */
struct mirror_view {
    bool connected, complete;
    double age_s;               /* of the status */
    double epoch_age_s;         /* since a status told of a new one */
    const json_t *status;       /* NULL: none yet */
    const json_t *const *parts; /* by enum mirror_part; NULL: none yet */
    uint32_t n_aggregates;
    uint32_t n_left_out; /* beyond MIRROR_MAX_AGGREGATES: it is not complete then */
    uint32_t n_slices;
};
struct mirror_view mirror_begin(struct mirror *m, double now_s);
void mirror_end(struct mirror *m);

/* Between begin and end: slice i. `totals` are by aggregate_counter_rows, `units` by enum unit_kind
 * and then unit_counter_rows, or NULL. */
#define MIRROR_N_UNIT_COUNTERS (sizeof(struct unit_counters) / sizeof(uint64_t))
#define MIRROR_N_UNIT_TOTALS   (UNIT_N_KINDS * MIRROR_N_UNIT_COUNTERS)
#define MIRROR_N_VERDICTS      5
struct mirror_slice_view {
    const char *name;
    bool is_there; /* else the configuration has it no more, and nothing is left of it */
    const uint64_t *totals, *units;
    uint32_t n_aggregates;
    uint32_t n_by_verdict[MIRROR_N_VERDICTS];
};
extern const char *const mirror_verdicts[MIRROR_N_VERDICTS];
struct mirror_slice_view mirror_slice(struct mirror *m, uint32_t i);

#endif

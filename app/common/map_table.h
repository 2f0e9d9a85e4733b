/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of the map, as lib/report/map.h tells them, for eyes and for spreadsheets. */
#ifndef COMMON_MAP_TABLE_H
#define COMMON_MAP_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* In what order entries are shown. */
#define MAP_SORTS(X)                                                                               \
    X(BYTES, "bytes")                                                                              \
    X(PACKETS, "packets")                                                                          \
    X(RATE, "rate") /* bits a second, of the last minutes */                                       \
    X(NEWEST, "newest")                                                                            \
    X(PREFIX, "prefix")

enum map_sort {
#define X(suffix, name) MAP_SORT_##suffix,
    MAP_SORTS(X)
#undef X
        MAP_N_SORTS
};

/* By its name; -1. */
int map_sort_of_name(const char *name);

/* The largest first; prefixes as text. The array is put in order in place. */
void map_table_sort(json_t *rows, enum map_sort sort);

void map_table_print(FILE *out, const json_t *rows);
void map_table_csv(FILE *out, const json_t *rows);

/* What came of no entry, by ingress, and the findings: the rest of a summary. */
void map_table_places(FILE *out, const json_t *summary);

#endif

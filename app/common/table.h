/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON objects as rows of a table, each column as wide as it must be. */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_MAX_COLUMNS 16
#define CELL_BYTES        128

struct column {
    const char *title;
    const char *key; /* "counters.rx_packets": inside objects by dots */
    /* Instead of a key: writes the cell. */
    void (*cell)(const json_t *row, char out[CELL_BYTES]);
    bool left; /* text; numbers stand to the right */
};

/* Ends with a NULL title. */
void table_print(FILE *out, const struct column *columns, const json_t *rows);

/* The value at a dotted key as text: "-" when it is not there or null. Returns `out`. */
const char *table_value(const json_t *object, const char *key, char out[CELL_BYTES]);

/* A number; 0 when it is not there or null. */
double table_number(const json_t *object, const char *key);

/* The value itself; NULL when it is not there. Borrowed. */
json_t *table_find(const json_t *object, const char *key);

#endif

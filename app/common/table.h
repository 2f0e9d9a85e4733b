/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON objects as rows of a table, each column as wide as it must be. */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "json/json.h"

#define TABLE_MAX_COLUMNS 16
#define CELL_BYTES        JSON_TEXT_BYTES

struct column {
    const char *title;
    const char *key; /* "counters.rx_packets": inside objects by dots */
    /* Instead of a key: writes the cell. */
    void (*cell)(const json_t *row, char out[CELL_BYTES]);
    bool left; /* text; numbers stand to the right */
};

/* Ends with a NULL title. */
void table_print(FILE *out, const struct column *columns, const json_t *rows);

#endif

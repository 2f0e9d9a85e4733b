/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the store share. */
#ifndef PENNYLINE_MAP_STORE_INTERNAL_H
#define PENNYLINE_MAP_STORE_INTERNAL_H

#include <sqlite3.h>

#include "pennyline-map/store.h"

#define STORE_STATEMENTS 24

struct store {
    sqlite3 *db;
    /* Those that were prepared once, by their text. */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[STORE_STATEMENTS];
    bool is_in_transaction;
    char path[256];
};

/* A statement with texts bound to its parameters in order; NULL values are NULL. NULL: it failed.
 * `sql` is a literal; the values stay until store_release(). */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, const char *const *values, int n);
void store_release(sqlite3_stmt *statement); /* NULL is allowed */
/* The same, run to its end. 0, -EIO and said. */
int store_run(struct store *s, const char *sql, const char *const *values, int n);
/* Its first column as a number; `otherwise` without a row. */
int64_t store_number(struct store *s, const char *sql, int64_t otherwise);
/* Says what the database says of its last failure. -EIO. */
int store_fail(struct store *s, const char *what);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is read: alarms, and what happened. */
#include <stdio.h>
#include <stdlib.h>

#include "alert/alert.h"
#include "pennyline-map/store_internal.h"

static json_t *column_json(sqlite3_stmt *statement, int i)
{
    const char *name = sqlite3_column_name(statement, i);
    const char *text = (const char *)sqlite3_column_text(statement, i);

    if (sqlite3_column_type(statement, i) == SQLITE_INTEGER)
        return json_integer(sqlite3_column_int64(statement, i));
    if (text == NULL)
        return json_null();
    return name[0] == 'e' && name[1] == 'v' ? json_loads(text, 0, NULL) : json_string(text);
}

/* Rows as objects by the names of their columns; of one column, what it holds. */
static json_t *rows(struct store *s, const char *sql, const char *const *values, int n,
                    char error[STORE_ERROR_BYTES])
{
    sqlite3_stmt *statement = store_prepare(s, sql, values, n);
    int result = statement != NULL ? SQLITE_ROW : SQLITE_ERROR;
    json_t *out = json_array();

    while (result == SQLITE_ROW && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        const int n_columns = sqlite3_column_count(statement);
        json_t *row = n_columns == 1 ? column_json(statement, 0) : json_object();

        for (int i = 0; i < n_columns && n_columns > 1; i++)
            json_object_set_new(row, sqlite3_column_name(statement, i), column_json(statement, i));
        json_array_append_new(out, row);
    }
    if (result != SQLITE_DONE) {
        snprintf(error, STORE_ERROR_BYTES, "%s: %s", s->path, sqlite3_errmsg(s->db));
        json_decref(out);
        out = NULL;
    }
    store_release(statement);
    return out;
}

json_t *store_alarms(struct store *s, bool only_active, uint32_t n, char error[STORE_ERROR_BYTES])
{
    char count[16];
    const char *const values[] = {only_active ? "1" : "0", count};

    snprintf(count, sizeof(count), "%u", n);
    return rows(s,
                "SELECT event FROM alarm WHERE active >= CAST(?1 AS INTEGER) "
                "ORDER BY active DESC, changed DESC LIMIT CAST(?2 AS INTEGER)",
                values, 2, error);
}

json_t *store_alarms_since(struct store *s, const char *since, char error[STORE_ERROR_BYTES])
{
    return rows(s,
                "SELECT event FROM alarm WHERE active OR changed >= ?1 ORDER BY changed LIMIT "
                "10000",
                &since, 1, error);
}

json_t *store_history(struct store *s, const char *prefix, uint32_t n,
                      char error[STORE_ERROR_BYTES])
{
    char count[16];
    const char *const values[] = {count, prefix};

    snprintf(count, sizeof(count), "%u", n);
    return rows(s,
                prefix != NULL
                    ? "SELECT at, prefix, ingress, what, value, event FROM transition WHERE "
                      "prefix = ?2 ORDER BY number DESC LIMIT CAST(?1 AS INTEGER)"
                    : "SELECT at, prefix, ingress, what, value, event FROM transition ORDER BY "
                      "number DESC LIMIT CAST(?1 AS INTEGER)",
                values, prefix != NULL ? 2 : 1, error);
}

json_t *store_unsent(struct store *s, const char *output, uint32_t n, char error[STORE_ERROR_BYTES])
{
    char count[16];
    const char *const values[] = {output, count};

    snprintf(count, sizeof(count), "%u", n);
    return rows(s,
                "SELECT number, event FROM transition WHERE what = '" ALERT_EVENT "' AND number > "
                "coalesce((SELECT number FROM sent WHERE output = ?1), 0) ORDER BY number LIMIT "
                "CAST(?2 AS INTEGER)",
                values, 2, error);
}

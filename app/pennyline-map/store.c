/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pennyline-map/say.h"
#include "pennyline-map/store_internal.h"
#include "pennyline-map/store_schema.h"

#define WAIT_MS 5000

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

int store_fail(struct store *s, const char *what)
{
    say("store %s: %s: %s", s->path, what, sqlite3_errmsg(s->db));
    return -EIO;
}

/* By its text, which is a literal, so its address says which it is. */
static sqlite3_stmt *find(struct store *s, const char *sql)
{
    unsigned int i = 0;

    while (i < STORE_STATEMENTS && s->statements[i].sql != sql && s->statements[i].sql != NULL)
        i++;
    if (i == STORE_STATEMENTS)
        return NULL;
    if (s->statements[i].sql == NULL &&
        sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->statements[i].statement,
                           NULL) == SQLITE_OK)
        s->statements[i].sql = sql;
    return s->statements[i].sql == NULL ? NULL : s->statements[i].statement;
}

void store_release(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, const char *const *values, int n)
{
    sqlite3_stmt *statement = find(s, sql);

    for (int i = 0; i < n && statement != NULL; i++)
        if (sqlite3_bind_text(statement, i + 1, values[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            store_release(statement);
            return NULL;
        }
    return statement;
}

int store_run(struct store *s, const char *sql, const char *const *values, int n)
{
    sqlite3_stmt *statement = store_prepare(s, sql, values, n);
    int result = statement != NULL ? SQLITE_ROW : SQLITE_ERROR;

    while (result == SQLITE_ROW)
        result = sqlite3_step(statement);
    if (result != SQLITE_DONE)
        store_fail(s, "a write failed");
    store_release(statement);
    return result == SQLITE_DONE ? 0 : -EIO;
}

int64_t store_number(struct store *s, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *statement = store_prepare(s, sql, NULL, 0);
    int64_t number = otherwise;

    if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    store_release(statement);
    return number;
}

static bool is_whole(struct store *s)
{
    sqlite3_stmt *statement = store_prepare(s, "PRAGMA quick_check(1)", NULL, 0);
    const unsigned char *text = NULL;
    bool is_good;

    if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        text = sqlite3_column_text(statement, 0);
    is_good = text != NULL && strcmp((const char *)text, "ok") == 0;
    store_release(statement);
    return is_good;
}

static int execute(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

static struct store *open_file(const char *path, int flags, char error[STORE_ERROR_BYTES])
{
    struct store *s = calloc(1, sizeof(*s));
    int result = s != NULL ? sqlite3_open_v2(path, &s->db, flags, NULL) : SQLITE_NOMEM;

    if (result != SQLITE_OK) {
        snprintf(error, STORE_ERROR_BYTES, "%s: %s", path, sqlite3_errstr(result));
        store_close(s);
        return NULL;
    }
    /* For what is said. */
    snprintf(s->path, sizeof(s->path), "%s", path);
    sqlite3_busy_timeout(s->db, WAIT_MS);
    return s;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (unsigned int i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(s->statements[i].statement);
    sqlite3_close(s->db);
    free(s);
}

/* What is wrong with a file that is there; NULL: nothing. */
static const char *trouble_of(struct store *s, bool *is_new)
{
    int64_t version, n_tables;

    *is_new = false;
    if (!is_whole(s))
        return "it is broken";
    version = store_number(s, "PRAGMA user_version", -1);
    n_tables = store_number(s, "SELECT count(*) FROM sqlite_schema", -1);
    *is_new = version == 0 && n_tables == 0;
    return *is_new || version == STORE_VERSION ? NULL : "it is of another version, or no store";
}

/* The files that belong together keep belonging together. */
static int set_aside(const char *path, const char *why, char error[STORE_ERROR_BYTES])
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    const long now_s = (long)time(NULL);
    char from[512], to[512];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(from, sizeof(from), "%s%s", path, parts[i]);
        snprintf(to, sizeof(to), "%s.set-aside-%ld%s", path, now_s, parts[i]);
        if (rename(from, to) != 0 && (i == 0 || errno != ENOENT)) {
            snprintf(error, STORE_ERROR_BYTES, "%s: %s, and it cannot be renamed: %s", path, why,
                     strerror(errno));
            return -1;
        }
    }
    say("store %s: %s. It is kept as %s.set-aside-%ld, and ANOTHER ONE IS BEGUN: verdicts and "
        "alarms from before are not in it",
        path, why, path, now_s);
    return 0;
}

static int make_tables(struct store *s)
{
    return execute(s,
                   "PRAGMA auto_vacuum = INCREMENTAL;"
                   "PRAGMA journal_mode = WAL;"
                   "BEGIN;" STORE_SCHEMA "PRAGMA user_version = " TEXT_OF(STORE_VERSION) ";"
                                                                                         "COMMIT;");
}

struct store *store_open(const char *path, char error[STORE_ERROR_BYTES])
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    struct store *s = open_file(path, flags, error);
    const char *trouble;
    bool is_new;

    if (s == NULL)
        return NULL;
    trouble = trouble_of(s, &is_new);
    if (trouble != NULL) {
        store_close(s);
        if (set_aside(path, trouble, error) != 0)
            return NULL;
        s = open_file(path, flags, error);
        is_new = true;
    }
    if (s == NULL)
        return NULL;
    if ((!is_new || make_tables(s) == 0) &&
        execute(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;") == 0)
        return s;
    snprintf(error, STORE_ERROR_BYTES, "%s: %s", path, sqlite3_errmsg(s->db));
    store_close(s);
    return NULL;
}

struct store *store_attach(const char *path, bool for_writing, char error[STORE_ERROR_BYTES])
{
    struct store *s = open_file(
        path, (for_writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX,
        error);

    if (s == NULL)
        return NULL;
    if (store_number(s, "PRAGMA user_version", -1) == STORE_VERSION)
        return s;
    snprintf(error, STORE_ERROR_BYTES, "%s: it is broken, of another version, or no store", path);
    store_close(s);
    return NULL;
}

int store_commit(struct store *s, const struct place *place)
{
    char inode[24], offset[24], sum[24];
    const char *values[] = {inode, offset, sum};
    int result = 0;

    if (place != NULL) {
        snprintf(inode, sizeof(inode), "%lld", (long long)place->inode);
        snprintf(offset, sizeof(offset), "%lld", (long long)place->offset);
        snprintf(sum, sizeof(sum), "%lld", (long long)place->sum);
        if (!s->is_in_transaction)
            result = store_run(s, "BEGIN IMMEDIATE", NULL, 0);
        s->is_in_transaction = s->is_in_transaction || result == 0;
        if (result == 0)
            result = store_run(s,
                               "INSERT OR REPLACE INTO place VALUES(1, CAST(?1 AS INTEGER), "
                               "CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), unixepoch())",
                               values, 3);
    }
    if (!s->is_in_transaction)
        return result;
    if (result == 0)
        result = store_run(s, "COMMIT", NULL, 0);
    if (result != 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->is_in_transaction = false;
    return result;
}

int store_load_place(struct store *s, struct place *place, struct timespec *at)
{
    sqlite3_stmt *statement = store_prepare(s, "SELECT inode, offset, sum, at FROM place", NULL, 0);
    int result = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;

    if (result == SQLITE_ROW) {
        place->inode = (uint64_t)sqlite3_column_int64(statement, 0);
        place->offset = (uint64_t)sqlite3_column_int64(statement, 1);
        place->sum = (uint64_t)sqlite3_column_int64(statement, 2);
        at->tv_sec = (time_t)sqlite3_column_int64(statement, 3);
    }
    store_release(statement);
    return result == SQLITE_ROW ? 0 : result == SQLITE_DONE ? -ENOENT : -EIO;
}

struct store_size store_size(struct store *s)
{
    return (struct store_size){
        .n_alarms = store_number(s, "SELECT count(*) FROM alarm WHERE active", 0),
        .n_transitions = store_number(s, "SELECT count(*) FROM transition", 0),
        .n_bytes = store_number(s, "PRAGMA page_count", 0) * store_number(s, "PRAGMA page_size", 0),
    };
}

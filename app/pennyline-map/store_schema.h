/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of the store. Times are texts of RFC 3339 in UTC, which sort as what they say. */
#ifndef PENNYLINE_MAP_STORE_SCHEMA_H
#define PENNYLINE_MAP_STORE_SCHEMA_H

/* PRAGMA user_version. A file of another one is set aside. */
#define STORE_VERSION 1

#define STORE_SCHEMA                                                                               \
    "CREATE TABLE place(one INTEGER PRIMARY KEY CHECK(one = 1), inode INTEGER, offset INTEGER,"    \
    " sum INTEGER, at INTEGER);"                                                                   \
    "CREATE TABLE alarm(id TEXT PRIMARY KEY, active INTEGER, changed TEXT, prefix TEXT,"           \
    " ingress TEXT, kind TEXT, event TEXT) WITHOUT ROWID;"                                         \
    "CREATE INDEX alarm_changed ON alarm(active, changed);"                                        \
    "CREATE TABLE transition(number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, prefix TEXT,"      \
    " ingress TEXT, what TEXT, value TEXT, event TEXT);"                                           \
    "CREATE INDEX transition_prefix ON transition(prefix, number);"                                \
    "CREATE INDEX transition_alarm ON transition(number) WHERE what = 'ingress_alarm';"            \
    "CREATE TABLE entry(prefix TEXT, ingress TEXT, seen TEXT, grade TEXT, reality TEXT,"           \
    " tested TEXT, row TEXT, PRIMARY KEY(prefix, ingress)) WITHOUT ROWID;"                         \
    "CREATE INDEX entry_seen ON entry(seen);"                                                      \
    "CREATE TABLE usage_hour(prefix TEXT, ingress TEXT, hour TEXT, packets INTEGER,"               \
    " bytes INTEGER, PRIMARY KEY(prefix, ingress, hour)) WITHOUT ROWID;"                           \
    "CREATE INDEX usage_hour_hour ON usage_hour(hour);"                                            \
    "CREATE TABLE sent(output TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;"

#endif

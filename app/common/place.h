/* SPDX-License-Identifier: BSD-3-Clause */
/* A place in a log that may be renamed: kept in a file, and found again. One thread. */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct place {
    uint64_t inode, offset;
    uint64_t sum; /* of what lies right before the offset */
};

/* The sum at this offset of an open log. */
uint64_t place_sum(int log, uint64_t offset);

/* Does an open log have that place? */
bool place_is_in(const struct place *p, int log);

/* Opens the log that has the place: the path itself, or a file beside it whose name begins alike.
 * -1: there is none. */
int place_find(const struct place *p, const char *path);

/* Opens the log that was written on after `since`: the one that was written last the longest ago;
 * the path itself comes last. `inode` is not it (0: any may be). -1: there is none. */
int place_next(const char *path, const struct timespec *since, uint64_t inode);

/* 0; -ENOENT there is no such file; -EINVAL it holds no place; what read(2) says. `at` is when it
 * was written. */
int place_read(const char *file, struct place *p, struct timespec *at);
/* On the disk when it returns 0; else what write(2) says. */
int place_write(const char *file, const struct place *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which member of a service takes a packet, as a table: 65,536 rows, each with the number of a
 * member. A packet costs one hash and one byte of the table, whatever the number of members.
 *
 * The rows are filled by weighted rendezvous hashing (Thaler and Ravishankar, IEEE/ACM ToN 1998;
 * with weights: Schindelhauer and Schomaker, SPAA 2005): in each row, every member draws a number
 * from what the row and the member *are*, and the best draw takes the row. So a row keeps its
 * member until that one leaves, then goes to the next best, and comes back when it returns: no
 * other row moves. Nothing but the members decides, so several boxes agree, and so does one box
 * with itself after a restart. All arithmetic is on integers, for the same reason.
 *
 * Threads: pure; a build is its owner's. */
#ifndef SERVICE_ROWS_H
#define SERVICE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_ROWS         65536
#define SERVICE_MOST_MEMBERS 64
#define SERVICE_MOST_WEIGHT  1000
#define SERVICE_NO_MEMBER    UINT8_MAX

/* Who takes part, by its number. */
struct service_members {
    uint64_t keys[SERVICE_MOST_MEMBERS];    /* what each one is; no two are the same */
    uint32_t weights[SERVICE_MOST_MEMBERS]; /* up to SERVICE_MOST_WEIGHT; 0: takes no row */
    uint32_t n;                             /* at most SERVICE_MOST_MEMBERS */
};

/* Bits for members 0 to n - 1. */
static inline uint64_t service_all_members(uint32_t n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* The member of one row among those whose bits are in `usable`, or SERVICE_NO_MEMBER. What the
 * table says for that row, without the table. */
uint8_t service_choose_member(const struct service_members *members, uint64_t usable, uint16_t row);

/* A table that is being filled. */
struct service_rows_build {
    const struct service_members *members;
    uint64_t usable;
    uint8_t *rows;   /* SERVICE_ROWS of them */
    uint32_t n_done; /* rows that are filled */
};

/* Begins to fill `rows`; members and rows are the caller's and stay until the build is whole. */
void service_rows_begin(struct service_rows_build *build, const struct service_members *members,
                        uint64_t usable, uint8_t *rows);

/* Fills `n_rows` more. True: the table is whole. */
bool service_rows_continue(struct service_rows_build *build, uint32_t n_rows);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of BGP routes, one route after the other, out of a file of any size in constant memory.
 *
 * Read are MRT table dumps (RFC 6396: TABLE_DUMP, TABLE_DUMP_V2; with ADD-PATH, RFC 8050) and the
 * text that `bgpdump -m` makes of them, each also in gzip or bzip2; what it is, its first bytes
 * say. Nothing in a file is believed: each length is compared with what is there before it is used,
 * and a file that contradicts itself is refused with the place and the reason. What is no unicast
 * route of IPv4 or IPv6 is counted and passed over.
 *
 * A reader belongs to one thread. */
#ifndef MRT_MRT_H
#define MRT_MRT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

/* A record may have up to 65535 routes, and a route's attributes 65535 bytes; none that was written
 * by a router comes near the product. What is longer is refused. */
#define MRT_MOST_RECORD_BYTES (16u << 20)

/* AS numbers of one path: what fits into an attribute. */
#define MRT_MOST_NUMBERS (UINT16_MAX / 2)

#define MRT_ERROR_BYTES 256

enum mrt_part_kind {
    MRT_SET = 1, /* as in AS_PATH: RFC 4271 section 4.3, RFC 5065 section 3 */
    MRT_SEQUENCE = 2,
    MRT_CONFED_SEQUENCE = 3,
    MRT_CONFED_SET = 4,
};

struct mrt_path_part {
    uint8_t kind;   /* enum mrt_part_kind */
    uint8_t n;      /* AS numbers, at least 1 */
    uint16_t first; /* index of its first one in `numbers` */
};

/* An AS_PATH, nearest AS first. The arrays are the reader's, until the next route is read. */
struct mrt_path {
    const uint32_t *numbers;
    const struct mrt_path_part *parts;
    uint32_t n_numbers, n_parts;
};

struct mrt_route {
    struct ip_prefix prefix;
    struct ip_address peer; /* who announced it */
    uint32_t peer_as;
    bool has_next_hop; /* false: the file says none */
    struct ip_address next_hop;
    uint32_t time_s;       /* when the table was written (UNIX time) */
    uint32_t originated_s; /* since when the peer has it; as time_s in text */
    bool has_path_id;      /* ADD-PATH */
    uint32_t path_id;
    struct mrt_path path; /* empty: of the writer's own AS */
};

/* What was read, and what was passed over: name, help. */
#define MRT_COUNTERS(X)                                                                            \
    X(records, "Records of MRT, or lines of text.")                                                \
    X(routes, "Unicast routes of IPv4 and IPv6.")                                                  \
    X(multicast, "Passed over: routes for multicast.")                                             \
    X(other_families, "Passed over: records of other address families.")                           \
    X(updates, "Passed over: records of updates or of sessions, which are no table.")              \
    X(other_records, "Passed over: records of other protocols, and what only describes a table.")  \
    X(not_routable, "Passed over: routes of ::ffff:0:0/96, which no packet can have come from.")

struct mrt_counters {
#define X(name, help) uint64_t name;
    MRT_COUNTERS(X)
#undef X
};

struct mrt_reader;

/* Reads from a descriptor, which is the reader's from now on, also after failure. 0 and *out, to be
 * given to mrt_close(); -ENOMEM; what read(2) says; -EINVAL when the first bytes are of no kind
 * that is read here; then `error` says it in words. */
int mrt_open(int file, struct mrt_reader **out, char error[MRT_ERROR_BYTES]);

/* NULL is allowed. */
void mrt_close(struct mrt_reader *reader);

/* 1: a route; 0: the file ended, and all of it was good; -EINVAL (and for good): the file is cut,
 * contradicts itself, or has no table; what read(2) says; -ENOMEM. mrt_error() says it in words. */
int mrt_next(struct mrt_reader *reader, struct mrt_route *route);

/* What was wrong and where, or "". */
const char *mrt_error(const struct mrt_reader *reader);

const struct mrt_counters *mrt_counters(const struct mrt_reader *reader);

/* "TABLE_DUMP", "TABLE_DUMP_V2", "text": of what was read so far. */
const char *mrt_kind(const struct mrt_reader *reader);

/* "", "gzip", "bzip2" */
const char *mrt_compression(const struct mrt_reader *reader);

/* Bytes of the file read so far, as they lie there: of what fstat(2) says. */
uint64_t mrt_position(const struct mrt_reader *reader);

/* The path as `bgpdump -m` writes it: "64500 64501 {64502,64503}", confederations in () and [].
 * Returns the bytes it has, without NUL; cut to n - 1 bytes. */
uint32_t mrt_path_format(const struct mrt_path *path, char *out, uint32_t n);

/* The ASes that the route began with: the last one of a sequence, all of a set (RFC 6907 section
 * 7.1 knows no one origin of a set); none of a path that never left the writer's AS or
 * confederation. Returns how many; *first is theirs, in path->numbers. */
uint32_t mrt_path_origins(const struct mrt_path *path, const uint32_t **first);

/* The neighbouring AS: the first one that is of no confederation; 0: none, or a set. */
uint32_t mrt_path_neighbor(const struct mrt_path *path);

#endif

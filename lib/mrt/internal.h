/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the reader share. Internal to the library. */
#ifndef MRT_INTERNAL_H
#define MRT_INTERNAL_H

#include <stddef.h>

#include "mrt/mrt.h"
#include "mrt/stream.h"

/* What is left of a record, an entry, an attribute. */
struct mrt_span {
    const uint8_t *at;
    size_t n;
};

/* Why a record is refused, for a person. */
struct mrt_complaint {
    char text[160];
};

int mrt_complain(struct mrt_complaint *complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What of a route's attributes is looked at. */
struct mrt_attributes {
    bool has_next_hop;
    struct ip_address next_hop;
    uint32_t n_numbers, n_parts;
    uint32_t numbers[MRT_MOST_NUMBERS];
    struct mrt_path_part parts[MRT_MOST_NUMBERS];
    /* Of AS4_PATH, before it is merged: RFC 6793. */
    uint32_t n_new_numbers, n_new_parts;
    uint32_t new_numbers[MRT_MOST_NUMBERS];
    struct mrt_path_part new_parts[MRT_MOST_NUMBERS];
};

/* The path attributes of one route (RFC 4271 section 4.3). `as_bytes`: what an AS number has in
 * AS_PATH, 2 or 4. `is_abbreviated`: MP_REACH_NLRI may be the next hop alone (RFC 6396 section
 * 4.3.4). 0, or -EINVAL. */
int mrt_read_attributes(struct mrt_span in, bool is_ipv4, unsigned int as_bytes,
                        struct mrt_attributes *out, struct mrt_complaint *complaint);

/* The prefix of `length` bits, of which as many bytes stand in `in` as it has. 0; -EINVAL. */
int mrt_take_prefix(struct mrt_span *in, bool is_ipv4, struct ip_prefix *out,
                    struct mrt_complaint *complaint);

struct mrt_peer {
    struct ip_address address;
    uint32_t as;
};

/* A RIB record of TABLE_DUMP_V2 whose routes are being given. */
struct mrt_rib {
    struct mrt_span rest;
    uint32_t n_left, n_all;
    struct ip_prefix prefix;
    bool has_path_ids;
};

struct mrt_reader {
    struct stream *stream;
    bool is_text, is_v2, has_table;
    int error; /* for good */
    char error_text[MRT_ERROR_BYTES];
    struct mrt_counters counters;
    uint64_t record_at; /* bytes before the record, as they are without compression */
    uint32_t time_s;    /* of the record */
    uint8_t *record;
    size_t record_room;
    struct mrt_peer *peers; /* PEER_INDEX_TABLE; NULL: none yet */
    uint32_t n_peers;
    struct mrt_rib rib;
    struct mrt_attributes attributes;
};

/* The bodies of records. Each: 1: *route is one, and rib may hold more; 0: no route in it; -EINVAL
 * with a complaint; -ENOMEM. */
int mrt_read_table_dump(struct mrt_reader *r, unsigned int subtype, struct mrt_span body,
                        struct mrt_route *route, struct mrt_complaint *complaint);
int mrt_read_table_dump_v2(struct mrt_reader *r, unsigned int subtype, struct mrt_span body,
                           struct mrt_route *route, struct mrt_complaint *complaint);
/* The next route of r->rib, which has one. */
int mrt_next_of_rib(struct mrt_reader *r, struct mrt_route *route, struct mrt_complaint *complaint);
/* A line of `length` bytes, which is changed. */
int mrt_read_line(struct mrt_reader *r, char *line, size_t length, struct mrt_route *route,
                  struct mrt_complaint *complaint);

/* What the attributes say of the route. */
void mrt_set_attributes(struct mrt_route *route, const struct mrt_attributes *attributes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that says where traffic should come in: a header, then tables one behind the other, in
 * the byte order of the machine that wrote it. It is written whole, checked whole, and then read in
 * place; nothing in it is a pointer. Whoever changes a struct here raises the version. */
#ifndef EXPECT_LAYOUT_H
#define EXPECT_LAYOUT_H

#include <stdint.h>

#include "base/address.h"

#define EXPECT_MAGIC          "PENNYEXP"
#define EXPECT_LAYOUT_VERSION 1
#define EXPECT_BYTE_ORDER     0x01020304u

/* An index that points nowhere. */
#define EXPECT_NONE       UINT32_MAX
#define EXPECT_NO_INGRESS UINT16_MAX

#define EXPECT_NAME_BYTES 64
#define EXPECT_PATH_BYTES 256
#define EXPECT_NOTE_BYTES 96

/* Rows of prefixes are sorted by family (IPv4 first), address and length; `parent` is the row
 * before this one that holds it and lies nearest to it: the next shorter prefix, or the same one
 * again. So all that hold an address are one chain. */
struct expect_prefix {
    struct ip_address address;
    uint32_t parent;
    uint8_t length;
    uint8_t is_ipv4;
    uint8_t zero[2];
};

struct expect_ingress {
    char name[EXPECT_NAME_BYTES];
    uint32_t relation;    /* enum ingress_relation */
    uint32_t n_neighbors; /* that the configuration names */
    uint32_t n_routes;    /* prefixes of which a route was received here */
    uint32_t zero;
};

enum expect_file_kind { EXPECT_FILE_ROUTES, EXPECT_FILE_ACCEPT, EXPECT_FILE_VRPS };

struct expect_file {
    char path[EXPECT_PATH_BYTES];
    uint64_t changed_s; /* UNIX time; 0: not known */
    uint64_t written_s; /* what the table itself says; 0: nothing */
    uint64_t n_rows;
    uint32_t kind; /* enum expect_file_kind */
    uint32_t zero;
};

/* How an ingress was found. */
enum expect_by { EXPECT_BY_NOTHING, EXPECT_BY_NEXT_HOP, EXPECT_BY_PEER, EXPECT_BY_AS };

/* From whom a route came. Routes that differ in none of these have the same sender. */
struct expect_sender {
    struct ip_address peer, next_hop;
    uint32_t peer_as;
    uint32_t first_as; /* of the path; 0: none */
    uint32_t file;
    uint16_t ingress; /* EXPECT_NO_INGRESS: of no neighbor that the configuration names */
    uint8_t has_next_hop;
    uint8_t by; /* enum expect_by */
};

/* A route without its prefix. */
struct expect_member {
    uint32_t sender;
    uint32_t origin; /* AS; 0: none, as of the network's own */
};

struct expect_route {
    struct expect_prefix prefix;
    uint32_t set; /* who announces it: members set_starts[set] to set_starts[set + 1] */
};

/* An AS, and the ingresses of its row: as_ingresses[first] and n - 1 more, in ascending order. */
struct expect_as {
    uint32_t as;
    uint32_t first, n;
};

/* The operator's word. */
struct expect_accept {
    struct expect_prefix prefix; /* all zero where `as` says it */
    uint32_t as;                 /* every route of this origin; 0: the prefix */
    uint32_t file, line;
    uint16_t ingress;
    uint8_t zero[2];
    uint64_t until_s; /* UNIX time; 0: for good */
    char note[EXPECT_NOTE_BYTES];
};

/* A validated ROA payload (RFC 6811). */
struct expect_vrp {
    struct expect_prefix prefix;
    uint32_t as;
    uint32_t max_length;
};

/* The tables, in this order: name, type of a row. `accept_ases` is sorted by AS. */
#define EXPECT_TABLES(X)                                                                           \
    X(ingresses, struct expect_ingress)                                                            \
    X(files, struct expect_file)                                                                   \
    X(senders, struct expect_sender)                                                               \
    X(set_starts, uint32_t)                                                                        \
    X(members, struct expect_member)                                                               \
    X(routes, struct expect_route)                                                                 \
    X(origins, struct expect_as)                                                                   \
    X(cones, struct expect_as)                                                                     \
    X(as_ingresses, uint16_t)                                                                      \
    X(accepts, struct expect_accept)                                                               \
    X(accept_ases, struct expect_accept)                                                           \
    X(vrps, struct expect_vrp)

enum expect_table {
#define X(name, type) EXPECT_TABLE_##name,
    EXPECT_TABLES(X)
#undef X
        EXPECT_N_TABLES
};

struct expect_extent {
    uint64_t at; /* bytes from the beginning of the file, a multiple of 8 */
    uint64_t n;  /* rows */
};

struct expect_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version;
    uint64_t n_bytes;  /* of the file, with this header */
    uint64_t built_s;  /* UNIX time */
    uint32_t checksum; /* CRC-32 of the file, with zero in this place */
    uint32_t zero;
    struct expect_extent tables[EXPECT_N_TABLES];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the builder share. Internal to the library. */
#ifndef EXPECT_BUILDER_H
#define EXPECT_BUILDER_H

#include "expect/build.h"
#include "expect/index.h"

/* Who is behind which ingress, sorted by neighbor. */
struct expect_neighbor {
    struct config_neighbor who;
    uint16_t ingress;
};

/* Distinct pairs of an AS and an ingress. */
struct expect_pairs {
    uint64_t *pairs; /* AS << 16 | ingress */
    uint32_t n, room;
    struct expect_index index;
};

/* Distinct sets of members. */
struct expect_sets {
    uint32_t *starts; /* of set i; starts[n] is the end of the last one */
    uint32_t n, room;
    struct expect_member *members;
    uint32_t n_members, members_room;
    struct expect_index index;
};

struct expect_builder {
    const struct config *config;
    struct expect_neighbor *neighbors;
    uint32_t n_neighbors;
    uint64_t as_filter[1024]; /* a bit for the last 16 bits of each AS among them */
    struct expect_file *files;
    uint32_t n_files, files_room;
    struct expect_sender *senders;
    uint32_t n_senders, senders_room, last_sender;
    struct expect_index sender_index;
    struct expect_sets sets;
    struct expect_route *routes;
    uint32_t n_routes, routes_room;
    struct expect_index route_index;
    struct expect_pairs cones;
    struct expect_accept *accepts;
    uint32_t n_accepts, accepts_room;
    struct expect_vrp *vrps;
    uint32_t n_vrps, vrps_room;
    /* Routes of one prefix, as they follow each other in a file. */
    struct ip_prefix prefix;
    struct expect_member *pending;
    uint32_t n_pending, pending_room;
    struct expect_build_counts counts;
};

/* neighbors.c */
int expect_neighbors_create(struct expect_builder *b);
/* Sets ingress and by. */
void expect_neighbors_resolve(const struct expect_builder *b, struct expect_sender *sender);
/* The customer or peer that this AS is; EXPECT_NO_INGRESS. */
uint16_t expect_neighbors_of_as(const struct expect_builder *b, uint32_t as);

/* sets.c. The members are sorted and distinct. 0 and the number; -ENOMEM. */
int expect_sets_intern(struct expect_sets *sets, const struct expect_member *members, uint32_t n,
                       uint32_t *number);
/* Sorts, and takes out what is there twice. Returns how many are left. */
uint32_t expect_members_sort(struct expect_member *members, uint32_t n);
void expect_sets_free(struct expect_sets *sets);

/* pairs.c */
int expect_pairs_add(struct expect_pairs *pairs, uint32_t as, uint16_t ingress);
void expect_pairs_sort(struct expect_pairs *pairs);
void expect_pairs_free(struct expect_pairs *pairs);

/* build.c: what is pending goes to its route. */
int expect_builder_flush(struct expect_builder *b);

#endif

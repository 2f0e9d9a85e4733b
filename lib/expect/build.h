/* SPDX-License-Identifier: BSD-3-Clause */
/* Putting tables of routes, the operator's word and VRPs together into one file (layout.h).
 *
 * Whose route is it? Its ingress is that of whom its next hop is a neighbor; else of whom announced
 * it; else of the first AS of its path, else of the AS of whom announced it. The next hop comes
 * first since route servers and reflectors announce for others.
 *
 * A builder belongs to one thread. Its memory grows with what it is given. */
#ifndef EXPECT_BUILD_H
#define EXPECT_BUILD_H

#include <stddef.h>

#include "config/config.h"
#include "expect/layout.h"
#include "mrt/mrt.h"

struct expect_builder;

/* Knows the ingresses of the configuration, which must outlive it. 0, -ENOMEM. */
int expect_builder_create(const struct config *config, struct expect_builder **out);

/* NULL is allowed. */
void expect_builder_destroy(struct expect_builder *b);

/* From here on what is added is of this file. A path that is too long keeps its end. 0, -ENOMEM. */
int expect_builder_begin_file(struct expect_builder *b, enum expect_file_kind kind,
                              const char *path, uint64_t changed_s);

/* 0, -ENOMEM; -E2BIG: more different senders or prefixes than there are numbers. */
int expect_builder_add_route(struct expect_builder *b, const struct mrt_route *route);

/* `prefix` NULL: every route of the AS. 0, -ENOMEM. */
int expect_builder_add_accept(struct expect_builder *b, const struct ip_prefix *prefix, uint32_t as,
                              uint16_t ingress, uint64_t until_s, uint32_t line, const char *note);

/* 0, -ENOMEM. */
int expect_builder_add_vrp(struct expect_builder *b, const struct ip_prefix *prefix, uint32_t as,
                           uint32_t max_length);

/* The file, in memory that is the caller's, to be freed. Nothing may be added behind it. 0,
 * -ENOMEM.
 */
int expect_builder_finish(struct expect_builder *b, uint64_t built_s, void **bytes, size_t *n);

/* What was found out, for a person: routes of each file lie in layout.h's tables; these do not. */
struct expect_build_counts {
    uint64_t n_routes;    /* that were added */
    uint64_t n_unmatched; /* of those: behind no ingress */
};
struct expect_build_counts expect_builder_counts(const struct expect_builder *b);

/* Puts the bytes in the place of the file, at once: whoever reads finds the old one or the new one.
 * 0, or a negative errno with the name of what failed in *what. */
int expect_replace_file(const char *path, const void *bytes, size_t n, const char **what);

#endif

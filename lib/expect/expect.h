/* SPDX-License-Identifier: BSD-3-Clause */
/* Where traffic from a source should come in.
 *
 * The way to a source is not the way from it, so what is expected is a set: every ingress from
 * whose neighbors a route to the source was received (feasible path, RFC 3704 section 2.3), and
 * more weakly those that know other prefixes of the same origin (RFC 8704 section 3.1). How
 * strongly is a grade; `unexpected` is the only one that says somebody is where no route led.
 *
 * What was opened is not written to: any thread may read it, until it is closed. */
#ifndef EXPECT_EXPECT_H
#define EXPECT_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "expect/layout.h"

#define EXPECT_ERROR_BYTES 512

/* Best first: name, meaning. */
#define EXPECT_GRADES(X)                                                                           \
    X(LISTED, "listed", "The operator says so.")                                                   \
    X(ROUTE, "route", "The longest route to the source was received here.")                        \
    X(LESS_SPECIFIC, "less_specific",                                                              \
      "A shorter route to the source was received here, or this is transit and no customer has "   \
      "the source.")                                                                               \
    X(ORIGIN, "origin", "Other prefixes of the AS that the route began with were received here.")  \
    X(CONE, "cone", "A neighbor's AS stands on a path to that AS.")                                \
    X(UNEXPECTED, "unexpected", "There is a route to the source, and none of it leads here.")      \
    X(UNROUTED, "unrouted", "There is no route to the source.")                                    \
    X(BOGON, "bogon", "No packet may have such a source: RFC 6890 and its registries.")            \
    X(UNKNOWN, "unknown", "Nothing is known that could say it.")

enum expect_grade {
#define X(suffix, name, meaning) EXPECT_##suffix,
    EXPECT_GRADES(X)
#undef X
        EXPECT_N_GRADES
};

/* Why it is not better: for a person. */
#define EXPECT_REASONS(X)                                                                          \
    X(PLAIN, "")                                                                                   \
    X(NO_ROUTES, "no table of routes was loaded")                                                  \
    X(NO_NEIGHBORS, "no neighbor of this ingress is configured")                                   \
    X(NO_ROUTES_HERE, "no table has a route of a neighbor of this ingress")                        \
    X(BY_DEFAULT, "this is transit, and no customer has the source")                               \
    X(CUSTOMERS, "this is transit, and the source is a customer's or the network's own")           \
    X(DEFAULT_ONLY, "only the default route covers the source, and this is not transit")

enum expect_reason {
#define X(suffix, words) EXPECT_REASON_##suffix,
    EXPECT_REASONS(X)
#undef X
};

/* RFC 6811 section 2, of the longest route and its origins: the best of them counts. */
enum expect_rpki { EXPECT_RPKI_NOT_FOUND, EXPECT_RPKI_INVALID, EXPECT_RPKI_VALID };

struct expect_answer {
    enum expect_grade grade;
    enum expect_reason reason;
    enum expect_rpki rpki;
    uint32_t accept; /* LISTED: row of accepts, or of accept_ases when is_as; else EXPECT_NONE */
    bool is_as;
    uint32_t route;  /* the longest one that covers all of it; EXPECT_NONE: none */
    uint32_t here;   /* ROUTE, LESS_SPECIFIC: the one that was received here; else EXPECT_NONE */
    uint32_t sender; /* and by whom; else EXPECT_NONE */
    uint32_t origin; /* ORIGIN, CONE: the AS; else 0 */
};

struct expectation {
    const struct expect_header *header;
    size_t n_bytes;
    void *owned; /* the bytes, when they were read from a file */
#define X(name, type) const type *name;
    EXPECT_TABLES(X)
#undef X
#define X(name, type) uint32_t n_##name;
    EXPECT_TABLES(X)
#undef X
};

/* Opens a file and checks all of it: size, version, checksum, and that every number in it points to
 * what is there. 0; -EINVAL; what open(2) and read(2) say, -ENOMEM. */
int expect_open(const char *path, struct expectation *out, char error[EXPECT_ERROR_BYTES]);

/* The same of bytes in memory, aligned to 8, which stay the caller's and stay as they are. */
int expect_open_memory(const void *bytes, size_t n, struct expectation *out,
                       char error[EXPECT_ERROR_BYTES]);

void expect_close(struct expectation *e);

/* How well sources of the prefix fit to an ingress (an index of e->ingresses) at the time (UNIX).
 */
void expect_grade(const struct expectation *e, const struct ip_prefix *source, uint16_t ingress,
                  uint64_t now_s, struct expect_answer *out);

/* The index of an ingress; EXPECT_NO_INGRESS. */
uint16_t expect_find_ingress(const struct expectation *e, const char *name);

/* The longest route that covers all of the prefix; EXPECT_NONE. */
uint32_t expect_find_route(const struct expectation *e, const struct ip_prefix *source);

const char *expect_grade_name(enum expect_grade grade);
const char *expect_grade_meaning(enum expect_grade grade);
const char *expect_reason_words(enum expect_reason reason);
const char *expect_rpki_name(enum expect_rpki rpki);

/* A prefix of a row as the others have it. */
struct ip_prefix expect_ip_prefix(const struct expect_prefix *p);

/* Is a table of so many rows a suspicious successor of one of so many? When it lost over a fifth.
 */
static inline bool expect_is_shrunk(uint64_t before, uint64_t after)
{
    return after < before - before / 5;
}

#endif

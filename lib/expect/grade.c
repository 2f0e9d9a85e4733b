/* SPDX-License-Identifier: BSD-3-Clause */
/* The grades, from the best down: the first whose condition holds. */
#include <string.h>

#include "base/special.h"
#include "config/named_ingress.h"
#include "expect/expect.h"
#include "expect/search.h"

struct query {
    const struct expectation *e;
    struct expect_prefix source;
    uint16_t ingress;
    uint64_t now_s;
};

static bool is_transit(const struct query *q)
{
    return q->e->ingresses[q->ingress].relation == INGRESS_TRANSIT;
}

static uint32_t set_begin(const struct expectation *e, uint32_t route)
{
    return e->set_starts[e->routes[route].set];
}

static uint32_t set_end(const struct expectation *e, uint32_t route)
{
    return e->set_starts[e->routes[route].set + 1];
}

/* Who announced the route here; EXPECT_NONE. */
static uint32_t sender_here(const struct query *q, uint32_t route)
{
    for (uint32_t i = set_begin(q->e, route); i < set_end(q->e, route); i++)
        if (q->e->senders[q->e->members[i].sender].ingress == q->ingress)
            return q->e->members[i].sender;
    return EXPECT_NONE;
}

static bool is_valid(const struct expect_accept *a, uint64_t now_s)
{
    return a->until_s == 0 || now_s < a->until_s;
}

static bool accepts_prefix(const struct query *q, struct expect_answer *out)
{
    const struct expectation *e = q->e;
    uint32_t at = expect_search(e->accepts, e->n_accepts, sizeof(*e->accepts), &q->source);

    for (; at != EXPECT_NONE; at = e->accepts[at].prefix.parent)
        if (e->accepts[at].ingress == q->ingress && is_valid(&e->accepts[at], q->now_s)) {
            out->accept = at;
            return true;
        }
    return false;
}

static bool accepts_as(const struct query *q, uint32_t as, struct expect_answer *out)
{
    const struct expectation *e = q->e;
    uint32_t low = 0, high = e->n_accept_ases;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (e->accept_ases[middle].as < as)
            low = middle + 1;
        else
            high = middle;
    }
    for (; as != 0 && low < e->n_accept_ases && e->accept_ases[low].as == as; low++)
        if (e->accept_ases[low].ingress == q->ingress && is_valid(&e->accept_ases[low], q->now_s)) {
            out->accept = low;
            out->is_as = true;
            return true;
        }
    return false;
}

/* Does the operator say so, of the prefix or of an AS that its longest route began with? */
static bool is_listed(const struct query *q, struct expect_answer *out)
{
    if (accepts_prefix(q, out))
        return true;
    if (out->route == EXPECT_NONE || q->e->n_accept_ases == 0)
        return false;
    for (uint32_t i = set_begin(q->e, out->route); i < set_end(q->e, out->route); i++)
        if (accepts_as(q, q->e->members[i].origin, out))
            return true;
    return false;
}

static bool has_ingress(const struct expectation *e, const struct expect_as *rows, uint32_t n,
                        uint32_t as, uint16_t ingress)
{
    uint32_t low = 0, high = n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (rows[middle].as < as)
            low = middle + 1;
        else
            high = middle;
    }
    if (as == 0 || low == n || rows[low].as != as)
        return false;
    for (uint32_t i = 0; i < rows[low].n; i++)
        if (e->as_ingresses[rows[low].first + i] == ingress)
            return true;
    return false;
}

/* The first of the route's origins that the rows have at this ingress; 0. */
static uint32_t origin_here(const struct query *q, uint32_t route, const struct expect_as *rows,
                            uint32_t n)
{
    const struct expectation *e = q->e;

    for (uint32_t i = set_begin(e, route); i < set_end(e, route); i++)
        if (has_ingress(e, rows, n, e->members[i].origin, q->ingress))
            return e->members[i].origin;
    return 0;
}

/* Was the route received from a customer, or within the own network? */
static bool is_of_customer(const struct expectation *e, uint32_t route)
{
    for (uint32_t i = set_begin(e, route); i < set_end(e, route); i++) {
        uint16_t ingress = e->senders[e->members[i].sender].ingress;
        uint32_t relation;

        if (ingress == EXPECT_NO_INGRESS)
            continue;
        relation = e->ingresses[ingress].relation;
        if (relation == INGRESS_CUSTOMER || relation == INGRESS_INTERNAL)
            return true;
    }
    return false;
}

static enum expect_grade say(struct expect_answer *out, enum expect_grade grade,
                             enum expect_reason reason)
{
    out->reason = reason;
    return grade;
}

/* A route here that covers the source: the longest one, or a shorter one. The default route covers
 * everything, which says something of transit only. */
static enum expect_grade grade_by_route(const struct query *q, struct expect_answer *out)
{
    const struct expectation *e = q->e;

    for (uint32_t at = out->route; at != EXPECT_NONE; at = e->routes[at].prefix.parent) {
        uint32_t sender = sender_here(q, at);

        if (sender == EXPECT_NONE || (e->routes[at].prefix.length == 0 && !is_transit(q)))
            continue;
        out->here = at;
        out->sender = sender;
        return at == out->route ? EXPECT_ROUTE : EXPECT_LESS_SPECIFIC;
    }
    return EXPECT_UNEXPECTED;
}

static enum expect_grade grade_of_transit(const struct query *q, struct expect_answer *out)
{
    return is_of_customer(q->e, out->route)
               ? say(out, EXPECT_UNEXPECTED, EXPECT_REASON_CUSTOMERS)
               : say(out, EXPECT_LESS_SPECIFIC, EXPECT_REASON_BY_DEFAULT);
}

/* Of a source that some route covers. */
static enum expect_grade grade_routed(const struct query *q, struct expect_answer *out)
{
    const struct expectation *e = q->e;
    const struct expect_ingress *ingress = &e->ingresses[q->ingress];
    enum expect_grade grade = grade_by_route(q, out);

    if (grade != EXPECT_UNEXPECTED)
        return grade;
    if (is_transit(q))
        return grade_of_transit(q, out);
    if (ingress->n_neighbors == 0)
        return say(out, EXPECT_UNKNOWN, EXPECT_REASON_NO_NEIGHBORS);
    if (ingress->n_routes == 0)
        return say(out, EXPECT_UNKNOWN, EXPECT_REASON_NO_ROUTES_HERE);
    if (e->routes[out->route].prefix.length == 0)
        return say(out, EXPECT_UNEXPECTED, EXPECT_REASON_DEFAULT_ONLY);
    out->origin = origin_here(q, out->route, e->origins, e->n_origins);
    if (out->origin != 0)
        return EXPECT_ORIGIN;
    out->origin = origin_here(q, out->route, e->cones, e->n_cones);
    return out->origin != 0 ? EXPECT_CONE : EXPECT_UNEXPECTED;
}

static enum expect_grade grade(const struct query *q, const struct ip_prefix *source,
                               struct expect_answer *out)
{
    int bogon = ip_prefix_special_bits(source);

    if (is_listed(q, out))
        return EXPECT_LISTED;
    /* A network may route such sources within itself: then its routes decide. */
    if (bogon >= 0 &&
        (out->route == EXPECT_NONE || q->e->routes[out->route].prefix.length < (unsigned int)bogon))
        return EXPECT_BOGON;
    if (q->e->n_routes == 0)
        return say(out, EXPECT_UNKNOWN, EXPECT_REASON_NO_ROUTES);
    if (out->route == EXPECT_NONE)
        return EXPECT_UNROUTED;
    return grade_routed(q, out);
}

/* RFC 6811 section 2 of one origin. */
static enum expect_rpki validate(const struct expectation *e, const struct expect_prefix *route,
                                 uint32_t origin)
{
    uint32_t at = expect_search(e->vrps, e->n_vrps, sizeof(*e->vrps), route);
    enum expect_rpki state = EXPECT_RPKI_NOT_FOUND;

    for (; at != EXPECT_NONE; at = e->vrps[at].prefix.parent) {
        if (origin != 0 && e->vrps[at].as == origin && route->length <= e->vrps[at].max_length)
            return EXPECT_RPKI_VALID;
        state = EXPECT_RPKI_INVALID;
    }
    return state;
}

static enum expect_rpki validate_all(const struct expectation *e, uint32_t route)
{
    enum expect_rpki best = EXPECT_RPKI_NOT_FOUND;

    for (uint32_t i = set_begin(e, route); i < set_end(e, route); i++) {
        enum expect_rpki state = validate(e, &e->routes[route].prefix, e->members[i].origin);

        if (state > best)
            best = state;
    }
    return best;
}

uint32_t expect_find_route(const struct expectation *e, const struct ip_prefix *source)
{
    struct expect_prefix p = expect_prefix_of(source);

    return expect_search(e->routes, e->n_routes, sizeof(*e->routes), &p);
}

void expect_grade(const struct expectation *e, const struct ip_prefix *source, uint16_t ingress,
                  uint64_t now_s, struct expect_answer *out)
{
    const struct query q = {e, expect_prefix_of(source), ingress, now_s};

    *out = (struct expect_answer){.accept = EXPECT_NONE,
                                  .route = expect_find_route(e, source),
                                  .here = EXPECT_NONE,
                                  .sender = EXPECT_NONE};
    if (out->route != EXPECT_NONE && e->n_vrps > 0)
        out->rpki = validate_all(e, out->route);
    out->grade = grade(&q, source, out);
}

uint16_t expect_find_ingress(const struct expectation *e, const char *name)
{
    for (uint32_t i = 0; i < e->n_ingresses; i++)
        if (strcmp(e->ingresses[i].name, name) == 0)
            return (uint16_t)i;
    return EXPECT_NO_INGRESS;
}

static const char *const grade_names[] = {
#define X(suffix, name, meaning) name,
    EXPECT_GRADES(X)
#undef X
};

static const char *const grade_meanings[] = {
#define X(suffix, name, meaning) meaning,
    EXPECT_GRADES(X)
#undef X
};

static const char *const reasons[] = {
#define X(suffix, words) words,
    EXPECT_REASONS(X)
#undef X
};

static const char *const rpki_names[] = {
    [EXPECT_RPKI_NOT_FOUND] = "not_found",
    [EXPECT_RPKI_INVALID] = "invalid",
    [EXPECT_RPKI_VALID] = "valid",
};

const char *expect_grade_name(enum expect_grade grade)
{
    return grade_names[grade];
}

const char *expect_grade_meaning(enum expect_grade grade)
{
    return grade_meanings[grade];
}

const char *expect_reason_words(enum expect_reason reason)
{
    return reasons[reason];
}

const char *expect_rpki_name(enum expect_rpki rpki)
{
    return rpki_names[rpki];
}

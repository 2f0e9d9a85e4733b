/* SPDX-License-Identifier: BSD-3-Clause */
/* Grades of random tables beside a naive twin, which goes through all routes for each question. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "expect/build.h"
#include "expect/expect.h"

#define N_INGRESSES 5
#define N_WHO       8 /* addresses, and ASes */
#define MOST_ROUTES 120
#define MOST_ROWS   8
#define NOW_S       1000

struct naive_route {
    struct ip_prefix prefix;
    int ingress; /* -1: none */
    uint32_t numbers[4];
    unsigned int n, n_set; /* the last n_set of n numbers are a set */
};

struct naive_row {
    struct ip_prefix prefix;
    uint32_t as; /* of an accept row: 0: the prefix */
    uint16_t ingress;
    uint64_t until_s;
    uint32_t max_length;
};

struct naive {
    struct config *config;
    struct naive_route routes[MOST_ROUTES];
    struct naive_row accepts[MOST_ROWS], vrps[MOST_ROWS];
    unsigned int n_routes, n_accepts, n_vrps;
};

static struct random_source rng;

static unsigned int below(unsigned int n)
{
    return (unsigned int)(random_u64(&rng) % n);
}

static struct ip_address who(unsigned int i)
{
    struct ip_address a;
    char text[32];

    snprintf(text, sizeof(text), i % 2 ? "192.0.2.%u" : "2001:db8::%u", i);
    assert_int_equal(ip_address_parse(text, &a), 0);
    return a;
}

/* Each neighbor is behind one ingress at most. */
static struct config *make_config(void)
{
    static const char *const relations[] = {"customer", "peer", "transit", "internal"};
    struct config_error error;
    struct config *config;
    char text[4096], address[IP_TEXT_BYTES];
    int n = snprintf(text, sizeof(text), "{\"ingresses\":[");
    unsigned int owner_of_address[N_WHO], owner_of_as[N_WHO];

    for (unsigned int i = 0; i < N_WHO; i++) {
        owner_of_address[i] = below(N_INGRESSES + 4);
        owner_of_as[i] = below(N_INGRESSES + 4);
    }
    for (unsigned int i = 0; i < N_INGRESSES; i++) {
        const char *comma = "";

        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "%s{\"name\":\"i%u\",\"vlan\":%u,\"relation\":\"%s\",\"neighbors\":[",
                      i > 0 ? "," : "", i, i, relations[below(4)]);
        for (unsigned int k = 0; k < N_WHO; k++) {
            const struct ip_address a = who(k);

            if (owner_of_address[k] == i)
                n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"%s\"", comma,
                              ip_address_format(&a, address));
            comma = owner_of_address[k] == i ? "," : comma;
            if (owner_of_as[k] == i)
                n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%u", comma, k + 1);
            comma = owner_of_as[k] == i ? "," : comma;
        }
        n += snprintf(text + n, sizeof(text) - (size_t)n, "]}");
    }
    snprintf(text + n, sizeof(text) - (size_t)n, "]}");
    if (config_load_text(text, &config, &error) != 0)
        fail_msg("%s", error.text);
    return config;
}

/* Few enough that they meet: of a network of its own, of a private one, and of IPv6. */
static struct ip_prefix make_prefix(void)
{
    static const char *const bases[] = {"20.0.0.0", "20.0.0.0", "10.0.0.0", "2a00::"};
    static const uint8_t lengths4[] = {0, 8, 14, 15, 16, 22, 23, 24, 24, 32};
    static const uint8_t lengths6[] = {0, 16, 30, 32, 46, 48, 48, 128};
    unsigned int base = below(4);
    struct ip_address a;

    assert_int_equal(ip_address_parse(bases[base], &a), 0);
    if (base < 3) {
        a.bytes[13] = (uint8_t)below(3);
        a.bytes[14] = (uint8_t)below(3);
        a.bytes[15] = (uint8_t)below(2);
        return ip_prefix_of_address(&a, lengths4[below(ARRAY_LENGTH(lengths4))]);
    }
    a.bytes[3] = (uint8_t)below(3);
    a.bytes[5] = (uint8_t)below(3);
    return ip_prefix_of_address(&a, lengths6[below(ARRAY_LENGTH(lengths6))]);
}

static int ingress_of(const struct config *c, bool is_as, const struct ip_address *a, uint32_t as)
{
    for (uint32_t i = 0; i < c->n_ingresses; i++)
        for (uint32_t k = 0; k < c->ingresses[i].n_neighbors; k++) {
            const struct config_neighbor *n = &c->ingresses[i].neighbors[k];

            if (n->is_as == is_as && (is_as ? n->as == as : ip_address_equal(&n->address, a)))
                return (int)i;
        }
    return -1;
}

static void add_route(struct naive *t, struct expect_builder *b)
{
    struct naive_route *r = &t->routes[t->n_routes];
    struct mrt_path_part parts[2] = {{MRT_SEQUENCE, 0, 0}, {MRT_SET, 0, 0}};
    struct mrt_route route = {.time_s = 1, .peer = who(below(N_WHO)), .peer_as = 1 + below(N_WHO)};

    *r = (struct naive_route){.prefix = make_prefix(), .ingress = -1, .n = below(5)};
    for (unsigned int i = 0; i < r->n; i++)
        r->numbers[i] = 1 + below(2 * N_WHO);
    r->n_set = r->n > 1 && below(5) == 0 ? 1 + below(r->n - 1) : 0;
    parts[0].n = (uint8_t)(r->n - r->n_set);
    parts[1].n = (uint8_t)r->n_set;
    parts[1].first = parts[0].n;
    route.prefix = r->prefix;
    route.has_next_hop = below(3) > 0;
    if (route.has_next_hop)
        route.next_hop = who(below(N_WHO));
    route.path = (struct mrt_path){r->numbers, parts, r->n, (r->n > 0) + (r->n_set > 0)};
    if (route.has_next_hop)
        r->ingress = ingress_of(t->config, false, &route.next_hop, 0);
    if (r->ingress < 0)
        r->ingress = ingress_of(t->config, false, &route.peer, 0);
    if (r->ingress < 0 && r->n > 0)
        r->ingress = ingress_of(t->config, true, NULL, r->numbers[0]);
    if (r->ingress < 0)
        r->ingress = ingress_of(t->config, true, NULL, route.peer_as);
    assert_int_equal(expect_builder_add_route(b, &route), 0);
    t->n_routes++;
}

static void add_rows(struct naive *t, struct expect_builder *b)
{
    unsigned int n = below(MOST_ROWS);

    expect_builder_begin_file(b, EXPECT_FILE_ACCEPT, "accept", 0);
    for (t->n_accepts = 0; t->n_accepts < n; t->n_accepts++) {
        struct naive_row *row = &t->accepts[t->n_accepts];

        *row =
            (struct naive_row){make_prefix(), below(3) == 0 ? 1 + below(2 * N_WHO) : 0,
                               (uint16_t)below(N_INGRESSES), below(2) * (NOW_S - 1 + below(3)), 0};
        assert_int_equal(expect_builder_add_accept(b, row->as == 0 ? &row->prefix : NULL, row->as,
                                                   row->ingress, row->until_s, t->n_accepts, ""),
                         0);
    }
    expect_builder_begin_file(b, EXPECT_FILE_VRPS, "vrps", 0);
    for (t->n_vrps = 0; t->n_vrps < n; t->n_vrps++) {
        struct naive_row *row = &t->vrps[t->n_vrps];
        unsigned int most;

        *row = (struct naive_row){.prefix = make_prefix(), .as = below(2 * N_WHO)};
        most = row->prefix.is_ipv4 ? 32 : 128;
        row->max_length = row->prefix.length + below(most - row->prefix.length + 1);
        assert_int_equal(expect_builder_add_vrp(b, &row->prefix, row->as, row->max_length), 0);
    }
}

static bool covers(const struct ip_prefix *p, const struct ip_prefix *q)
{
    return p->length <= q->length && ip_prefix_contains(p, &q->address);
}

static unsigned int n_origins(const struct naive_route *r)
{
    return r->n_set > 0 ? r->n_set : r->n > 0;
}

static bool begins_with(const struct naive_route *r, uint32_t as)
{
    for (unsigned int i = 0; i < n_origins(r); i++)
        if (r->numbers[r->n - 1 - i] == as)
            return true;
    return false;
}

static bool is_special(const struct ip_prefix *p)
{
    return p->is_ipv4 && p->length >= 8 && p->address.bytes[12] == 10;
}

/* The longest length among the routes that cover it; -1. */
static int longest(const struct naive *t, const struct ip_prefix *p)
{
    int best = -1;

    for (unsigned int i = 0; i < t->n_routes; i++)
        if (covers(&t->routes[i].prefix, p) && t->routes[i].prefix.length > best)
            best = t->routes[i].prefix.length;
    return best;
}

#define EACH_LONGEST(r)                                                                            \
    for (const struct naive_route *r = t->routes; r < t->routes + t->n_routes; r++)                \
        if (covers(&r->prefix, p) && r->prefix.length == length)

static bool is_listed(const struct naive *t, const struct ip_prefix *p, int length, int ingress)
{
    for (unsigned int i = 0; i < t->n_accepts; i++) {
        const struct naive_row *row = &t->accepts[i];

        if (row->ingress != ingress || (row->until_s != 0 && NOW_S >= row->until_s))
            continue;
        if (row->as == 0 && covers(&row->prefix, p))
            return true;
        EACH_LONGEST(r)
        if (row->as != 0 && begins_with(r, row->as))
            return true;
    }
    return false;
}

/* Has any route of the ingress, or any path through one of its ASes, an origin of the longest? */
static bool knows_origin(const struct naive *t, const struct ip_prefix *p, int length, int ingress,
                         bool by_path)
{
    const struct named_ingress *g = &t->config->ingresses[ingress];

    if (by_path && g->relation != INGRESS_CUSTOMER && g->relation != INGRESS_PEER)
        return false;
    EACH_LONGEST(r)
    for (unsigned int o = 0; o < n_origins(r); o++)
        for (const struct naive_route *s = t->routes; s < t->routes + t->n_routes; s++) {
            bool is_here = s->ingress == ingress;

            if (by_path)
                is_here = false;
            for (unsigned int i = 0; by_path && i < s->n; i++)
                is_here |= ingress_of(t->config, true, NULL, s->numbers[i]) == ingress;
            if (is_here && begins_with(s, r->numbers[r->n - 1 - o]))
                return true;
        }
    return false;
}

static enum expect_grade naive_grade(const struct naive *t, const struct ip_prefix *p, int ingress)
{
    const struct named_ingress *g = &t->config->ingresses[ingress];
    bool is_transit = g->relation == INGRESS_TRANSIT, has_routes = false, is_customers = false;
    int length = longest(t, p);

    if (is_listed(t, p, length, ingress))
        return EXPECT_LISTED;
    if (is_special(p) && length < 8)
        return EXPECT_BOGON;
    if (t->n_routes == 0)
        return EXPECT_UNKNOWN;
    if (length < 0)
        return EXPECT_UNROUTED;
    EACH_LONGEST(r)
    {
        if (r->ingress == ingress && (r->prefix.length > 0 || is_transit))
            return EXPECT_ROUTE;
        is_customers |=
            r->ingress >= 0 && (t->config->ingresses[r->ingress].relation == INGRESS_CUSTOMER ||
                                t->config->ingresses[r->ingress].relation == INGRESS_INTERNAL);
    }
    for (unsigned int i = 0; i < t->n_routes; i++) {
        const struct naive_route *r = &t->routes[i];

        has_routes |= r->ingress == ingress;
        if (r->ingress == ingress && covers(&r->prefix, p) && (r->prefix.length > 0 || is_transit))
            return EXPECT_LESS_SPECIFIC;
    }
    if (is_transit)
        return is_customers ? EXPECT_UNEXPECTED : EXPECT_LESS_SPECIFIC;
    if (!has_routes)
        return EXPECT_UNKNOWN;
    if (length > 0 && knows_origin(t, p, length, ingress, false))
        return EXPECT_ORIGIN;
    if (length > 0 && knows_origin(t, p, length, ingress, true))
        return EXPECT_CONE;
    return EXPECT_UNEXPECTED;
}

static enum expect_rpki naive_rpki(const struct naive *t, const struct ip_prefix *p)
{
    enum expect_rpki best = EXPECT_RPKI_NOT_FOUND;
    int length = longest(t, p);

    EACH_LONGEST(r)
    for (unsigned int i = 0; i < t->n_vrps; i++) {
        const struct naive_row *v = &t->vrps[i];

        if (!covers(&v->prefix, &r->prefix))
            continue;
        if (best == EXPECT_RPKI_NOT_FOUND)
            best = EXPECT_RPKI_INVALID;
        if (v->as != 0 && begins_with(r, v->as) && r->prefix.length <= (int)v->max_length)
            best = EXPECT_RPKI_VALID;
    }
    return best;
}

static void check_answer(const struct naive *t, const struct expectation *e, uint64_t *n_of_grade)
{
    struct ip_prefix p = make_prefix();
    uint16_t ingress = (uint16_t)below(N_INGRESSES);
    enum expect_grade expected = naive_grade(t, &p, ingress);
    char text[IP_TEXT_BYTES];
    struct expect_answer a;

    expect_grade(e, &p, ingress, NOW_S, &a);
    if (a.grade != expected)
        fail_msg("%s at i%u: %s, and the twin says %s", ip_prefix_format(&p, text), ingress,
                 expect_grade_name(a.grade), expect_grade_name(expected));
    assert_int_equal(a.rpki, naive_rpki(t, &p));
    assert_int_equal(a.route == EXPECT_NONE ? -1 : e->routes[a.route].prefix.length,
                     longest(t, &p));
    if (a.sender != EXPECT_NONE)
        assert_int_equal(e->senders[a.sender].ingress, ingress);
    assert_int_equal(a.accept != EXPECT_NONE, a.grade == EXPECT_LISTED);
    assert_int_equal(a.origin != 0, a.grade == EXPECT_ORIGIN || a.grade == EXPECT_CONE);
    n_of_grade[a.grade]++;
}

static void check_table(struct naive *t, struct expect_builder *b, uint64_t *n_of_grade)
{
    char error[EXPECT_ERROR_BYTES];
    struct expectation e;
    void *bytes;
    size_t n;

    assert_int_equal(expect_builder_finish(b, 1, &bytes, &n), 0);
    if (expect_open_memory(bytes, n, &e, error) != 0)
        fail_msg("%s", error);
    for (int i = 0; i < 300; i++)
        check_answer(t, &e, n_of_grade);
    expect_close(&e);
    free(bytes);
}

/* Whatever byte is changed, and wherever it is cut. */
static void check_refusals(uint8_t *bytes, size_t n)
{
    char error[EXPECT_ERROR_BYTES];
    struct expectation e;

    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= (uint8_t)(1 + i % 255);
        assert_int_equal(expect_open_memory(bytes, n, &e, error), -EINVAL);
        bytes[i] ^= (uint8_t)(1 + i % 255);
        assert_int_equal(expect_open_memory(bytes, i, &e, error), -EINVAL);
    }
    assert_int_equal(expect_open_memory(bytes, n, &e, error), 0);
}

static void a_file_that_was_changed_or_cut_is_refused(void **state)
{
    struct naive t = {0};
    struct expect_builder *b;
    void *bytes;
    size_t n;

    (void)state;
    random_seed_fixed(&rng, 13, 0);
    t.config = make_config();
    assert_int_equal(expect_builder_create(t.config, &b), 0);
    expect_builder_begin_file(b, EXPECT_FILE_ROUTES, "first", 0);
    while (t.n_routes < 10)
        add_route(&t, b);
    add_rows(&t, b);
    assert_int_equal(expect_builder_finish(b, 1, &bytes, &n), 0);
    check_refusals(bytes, n);
    free(bytes);
    expect_builder_destroy(b);
    config_free(t.config);
}

static void grades_are_those_of_the_twin(void **state)
{
    uint64_t n_of_grade[EXPECT_N_GRADES] = {0};

    (void)state;
    random_seed_fixed(&rng, 12, 0);
    for (int round = 0; round < 300; round++) {
        struct naive t = {.config = make_config()};
        unsigned int n = below(10) == 0 ? 0 : below(MOST_ROUTES);
        struct expect_builder *b;

        assert_int_equal(expect_builder_create(t.config, &b), 0);
        expect_builder_begin_file(b, EXPECT_FILE_ROUTES, "first", 0);
        while (t.n_routes < n) {
            if (below(30) == 0)
                expect_builder_begin_file(b, EXPECT_FILE_ROUTES, "next", 0);
            add_route(&t, b);
        }
        add_rows(&t, b);
        check_table(&t, b, n_of_grade);
        expect_builder_destroy(b);
        config_free(t.config);
    }
    /* What never came up was not tested. */
    for (int i = 0; i < EXPECT_N_GRADES; i++)
        assert_true(n_of_grade[i] > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grades_are_those_of_the_twin),
        cmocka_unit_test(a_file_that_was_changed_or_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

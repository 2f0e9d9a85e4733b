/* SPDX-License-Identifier: BSD-3-Clause */
/* From what was gathered to the file: sorted, without what nobody refers to any more. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "expect/builder.h"
#include "expect/search.h"

/* The tables that are made at the end. */
struct tables {
    struct expect_ingress *ingresses;
    uint32_t n_ingresses;
    uint32_t *set_starts; /* one more than there are sets */
    uint32_t n_set_starts;
    struct expect_member *members;
    uint32_t n_members;
    struct expect_pairs origin_pairs;
    struct expect_as *origins, *cones;
    uint32_t n_origins, n_cones;
    uint16_t *as_ingresses;
    uint32_t n_as_ingresses;
    uint32_t n_accepts; /* of b->accepts, those of prefixes, which come first */
};

static void free_tables(struct tables *t)
{
    free(t->ingresses);
    free(t->set_starts);
    free(t->members);
    free(t->origins);
    free(t->cones);
    free(t->as_ingresses);
    expect_pairs_free(&t->origin_pairs);
}

static int compare_routes(const void *a, const void *b)
{
    return expect_compare_prefixes(&((const struct expect_route *)a)->prefix,
                                   &((const struct expect_route *)b)->prefix);
}

static int compare_vrps(const void *a, const void *b)
{
    const struct expect_vrp *p = a, *q = b;
    int order = expect_compare_prefixes(&p->prefix, &q->prefix);

    order = order != 0 ? order : (p->as > q->as) - (p->as < q->as);
    return order != 0 ? order : (p->max_length > q->max_length) - (p->max_length < q->max_length);
}

/* Those of prefixes first; equal ones in the order of their files. */
static int compare_accepts(const void *a, const void *b)
{
    const struct expect_accept *p = a, *q = b;
    int order = (p->as > q->as) - (p->as < q->as);

    order = order != 0 ? order : expect_compare_prefixes(&p->prefix, &q->prefix);
    order = order != 0 ? order : (p->file > q->file) - (p->file < q->file);
    return order != 0 ? order : (p->line > q->line) - (p->line < q->line);
}

static void sort(void *rows, uint32_t n, size_t row_bytes,
                 int (*compare)(const void *a, const void *b))
{
    if (n > 0)
        qsort(rows, n, row_bytes, compare);
}

static void sort_rows(struct expect_builder *b, struct tables *t)
{
    sort(b->routes, b->n_routes, sizeof(*b->routes), compare_routes);
    expect_link_parents(b->routes, b->n_routes, sizeof(*b->routes));
    sort(b->vrps, b->n_vrps, sizeof(*b->vrps), compare_vrps);
    expect_link_parents(b->vrps, b->n_vrps, sizeof(*b->vrps));
    sort(b->accepts, b->n_accepts, sizeof(*b->accepts), compare_accepts);
    while (t->n_accepts < b->n_accepts && b->accepts[t->n_accepts].as == 0)
        t->n_accepts++;
    expect_link_parents(b->accepts, t->n_accepts, sizeof(*b->accepts));
}

/* Sets that some route has, in the order of the routes. */
static int keep_sets(struct expect_builder *b, struct tables *t)
{
    uint32_t *new_numbers = malloc((b->sets.n + 1) * sizeof(*new_numbers)), n = 0;

    t->set_starts = malloc((b->sets.n + 1) * sizeof(*t->set_starts));
    t->members = malloc((b->sets.n_members + 1) * sizeof(*t->members));
    if (new_numbers == NULL || t->set_starts == NULL || t->members == NULL) {
        free(new_numbers);
        return -ENOMEM;
    }
    memset(new_numbers, 0xff, (b->sets.n + 1) * sizeof(*new_numbers));
    for (uint32_t i = 0; i < b->n_routes; i++) {
        uint32_t old = b->routes[i].set;

        if (new_numbers[old] == EXPECT_NONE) {
            uint32_t first = b->sets.starts[old], n_here = b->sets.starts[old + 1] - first;

            memcpy(t->members + t->n_members, b->sets.members + first,
                   n_here * sizeof(*t->members));
            new_numbers[old] = n;
            t->set_starts[n++] = t->n_members;
            t->n_members += n_here;
        }
        b->routes[i].set = new_numbers[old];
    }
    t->set_starts[n] = t->n_members;
    t->n_set_starts = n + 1;
    free(new_numbers);
    return 0;
}

static int pair_origins(const struct expect_builder *b, struct tables *t)
{
    int error = 0;

    for (uint32_t i = 0; i < t->n_members && error == 0; i++) {
        uint16_t ingress = b->senders[t->members[i].sender].ingress;

        if (ingress != EXPECT_NO_INGRESS && t->members[i].origin != 0)
            error = expect_pairs_add(&t->origin_pairs, t->members[i].origin, ingress);
    }
    return error;
}

/* Rows of ASes from sorted pairs. */
static int make_ases(struct tables *t, const struct expect_pairs *pairs, struct expect_as **out,
                     uint32_t *n)
{
    *out = calloc(pairs->n + 1, sizeof(**out));
    if (*out == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < pairs->n; i++) {
        uint32_t as = (uint32_t)(pairs->pairs[i] >> 16);

        if (*n == 0 || (*out)[*n - 1].as != as)
            (*out)[(*n)++] = (struct expect_as){as, t->n_as_ingresses, 0};
        (*out)[*n - 1].n++;
        t->as_ingresses[t->n_as_ingresses++] = (uint16_t)pairs->pairs[i];
    }
    return 0;
}

static int make_as_tables(struct expect_builder *b, struct tables *t)
{
    int error = pair_origins(b, t);

    if (error != 0)
        return error;
    expect_pairs_sort(&t->origin_pairs);
    expect_pairs_sort(&b->cones);
    t->as_ingresses = calloc((size_t)t->origin_pairs.n + b->cones.n + 1, sizeof(*t->as_ingresses));
    if (t->as_ingresses == NULL)
        return -ENOMEM;
    error = make_ases(t, &t->origin_pairs, &t->origins, &t->n_origins);
    return error != 0 ? error : make_ases(t, &b->cones, &t->cones, &t->n_cones);
}

/* How many prefixes were received at each ingress. */
static int count_routes(const struct expect_builder *b, struct tables *t)
{
    uint32_t *n_of_set = calloc(t->n_set_starts, sizeof(*n_of_set));
    uint32_t *last_set = calloc(t->n_ingresses + 1, sizeof(*last_set));

    if (n_of_set != NULL && last_set != NULL) {
        for (uint32_t i = 0; i < b->n_routes; i++)
            n_of_set[b->routes[i].set]++;
        for (uint32_t set = 0; set + 1 < t->n_set_starts; set++)
            for (uint32_t i = t->set_starts[set]; i < t->set_starts[set + 1]; i++) {
                uint16_t ingress = b->senders[t->members[i].sender].ingress;

                if (ingress == EXPECT_NO_INGRESS || last_set[ingress] == set + 1)
                    continue;
                last_set[ingress] = set + 1;
                t->ingresses[ingress].n_routes += n_of_set[set];
            }
    }
    free(last_set);
    free(n_of_set);
    return n_of_set != NULL && last_set != NULL ? 0 : -ENOMEM;
}

static int make_ingresses(const struct expect_builder *b, struct tables *t)
{
    const struct config *c = b->config;

    t->ingresses = calloc(c->n_ingresses + 1, sizeof(*t->ingresses));
    if (t->ingresses == NULL)
        return -ENOMEM;
    t->n_ingresses = c->n_ingresses;
    for (uint32_t i = 0; i < c->n_ingresses; i++) {
        snprintf(t->ingresses[i].name, sizeof(t->ingresses[i].name), "%s", c->ingresses[i].name);
        t->ingresses[i].relation = c->ingresses[i].relation;
        t->ingresses[i].n_neighbors = c->ingresses[i].n_neighbors;
    }
    return count_routes(b, t);
}

/* The rows of each table of the file. */
struct part {
    const void *rows;
    uint64_t n;
    size_t row_bytes;
};

static void list_parts(const struct expect_builder *b, const struct tables *t,
                       struct part parts[EXPECT_N_TABLES])
{
#define PART(table, from, count)                                                                   \
    parts[EXPECT_TABLE_##table] = (struct part){(from), (count), sizeof(*(from))}
    PART(ingresses, t->ingresses, t->n_ingresses);
    PART(files, b->files, b->n_files);
    PART(senders, b->senders, b->n_senders);
    PART(set_starts, t->set_starts, t->n_set_starts);
    PART(members, t->members, t->n_members);
    PART(routes, b->routes, b->n_routes);
    PART(origins, t->origins, t->n_origins);
    PART(cones, t->cones, t->n_cones);
    PART(as_ingresses, t->as_ingresses, t->n_as_ingresses);
    PART(accepts, b->accepts, t->n_accepts);
    PART(accept_ases, b->n_accepts > 0 ? b->accepts + t->n_accepts : NULL,
         b->n_accepts - t->n_accepts);
    PART(vrps, b->vrps, b->n_vrps);
#undef PART
}

static int compose(const struct expect_builder *b, const struct tables *t, uint64_t built_s,
                   void **bytes, size_t *n)
{
    struct part parts[EXPECT_N_TABLES];
    struct expect_header header = {.byte_order = EXPECT_BYTE_ORDER,
                                   .version = EXPECT_LAYOUT_VERSION,
                                   .n_bytes = sizeof(header),
                                   .built_s = built_s};

    list_parts(b, t, parts);
    memcpy(header.magic, EXPECT_MAGIC, sizeof(header.magic));
    for (int i = 0; i < EXPECT_N_TABLES; i++) {
        header.tables[i] = (struct expect_extent){header.n_bytes, parts[i].n};
        header.n_bytes += (parts[i].n * parts[i].row_bytes + 7) & ~(uint64_t)7;
    }
    *n = header.n_bytes;
    *bytes = calloc(1, header.n_bytes);
    if (*bytes == NULL)
        return -ENOMEM;
    memcpy(*bytes, &header, sizeof(header));
    for (int i = 0; i < EXPECT_N_TABLES; i++)
        if (parts[i].n > 0)
            memcpy((char *)*bytes + header.tables[i].at, parts[i].rows,
                   parts[i].n * parts[i].row_bytes);
    ((struct expect_header *)*bytes)->checksum =
        (uint32_t)crc32_z(crc32_z(0, NULL, 0), *bytes, header.n_bytes);
    return 0;
}

int expect_builder_finish(struct expect_builder *b, uint64_t built_s, void **bytes, size_t *n)
{
    int error = expect_builder_flush(b);
    struct tables t = {0};

    if (error == 0) {
        sort_rows(b, &t);
        error = keep_sets(b, &t);
    }
    if (error == 0)
        error = make_as_tables(b, &t);
    if (error == 0)
        error = make_ingresses(b, &t);
    if (error == 0)
        error = compose(b, &t, built_s, bytes, n);
    free_tables(&t);
    return error;
}

static int write_all(int file, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(file, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        bytes += done;
        n -= (size_t)done;
    }
    return fsync(file) == 0 ? 0 : -errno;
}

int expect_replace_file(const char *path, const void *bytes, size_t n, const char **what)
{
    char new[4096 + 8];
    int file, error;

    *what = "its new name";
    if ((size_t)snprintf(new, sizeof(new), "%s.new", path) >= sizeof(new))
        return -ENAMETOOLONG;
    *what = "to create it";
    file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return -errno;
    *what = "to write it";
    error = write_all(file, bytes, n);
    if (close(file) != 0 && error == 0)
        error = -errno;
    if (error == 0) {
        *what = "to put it in its place";
        error = rename(new, path) == 0 ? 0 : -errno;
    }
    if (error != 0)
        unlink(new);
    return error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "expect/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "expect/builder.h"
#include "expect/search.h"

static const uint64_t key[2] = {UINT64_C(0x3d5a9c17e8b2460f), UINT64_C(0x97e1f4a6c05d2b83)};

int expect_builder_create(const struct config *config, struct expect_builder **out)
{
    struct expect_builder *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return -ENOMEM;
    b->config = config;
    b->last_sender = EXPECT_NONE;
    if (expect_neighbors_create(b) != 0) {
        free(b);
        return -ENOMEM;
    }
    *out = b;
    return 0;
}

void expect_builder_destroy(struct expect_builder *b)
{
    if (b == NULL)
        return;
    free(b->neighbors);
    free(b->files);
    free(b->senders);
    expect_index_free(&b->sender_index);
    expect_sets_free(&b->sets);
    free(b->routes);
    expect_index_free(&b->route_index);
    expect_pairs_free(&b->cones);
    free(b->accepts);
    free(b->vrps);
    free(b->pending);
    free(b);
}

int expect_builder_begin_file(struct expect_builder *b, enum expect_file_kind kind,
                              const char *path, uint64_t changed_s)
{
    int error = expect_builder_flush(b);
    struct expect_file *file;
    size_t n = strlen(path);

    if (error != 0)
        return error;
    file = expect_grow((void **)&b->files, b->n_files, &b->files_room, sizeof(*file));
    if (file == NULL)
        return -ENOMEM;
    *file = (struct expect_file){.changed_s = changed_s, .kind = kind};
    if (n >= sizeof(file->path))
        path += n - (sizeof(file->path) - 1);
    memcpy(file->path, path, strlen(path));
    b->n_files++;
    b->last_sender = EXPECT_NONE;
    return 0;
}

static bool is_same_sender(const void *rows, uint32_t number, const void *wanted)
{
    const struct expect_sender *a = &((const struct expect_sender *)rows)[number], *w = wanted;

    return ip_address_equal(&a->peer, &w->peer) && ip_address_equal(&a->next_hop, &w->next_hop) &&
           a->peer_as == w->peer_as && a->first_as == w->first_as && a->file == w->file &&
           a->has_next_hop == w->has_next_hop;
}

static uint64_t sender_hash(const struct expect_sender *s)
{
    uint64_t words[6];

    memcpy(words, s->peer.bytes, 16);
    memcpy(words + 2, s->next_hop.bytes, 16);
    words[4] = (uint64_t)s->peer_as << 32 | s->first_as;
    words[5] = (uint64_t)s->file << 8 | s->has_next_hop;
    return hash_words(words, 6, key);
}

static int find_sender(struct expect_builder *b, const struct mrt_route *route, uint32_t *number)
{
    struct expect_sender wanted = {
        .peer = route->peer,
        .next_hop = route->next_hop,
        .peer_as = route->peer_as,
        .first_as = mrt_path_neighbor(&route->path),
        .file = b->n_files - 1,
        .has_next_hop = route->has_next_hop,
    };
    struct expect_sender *new;
    uint64_t hash;

    hash = sender_hash(&wanted);
    *number = expect_index_find(&b->sender_index, hash, is_same_sender, b->senders, &wanted);
    if (*number != EXPECT_NONE)
        return 0;
    new = expect_grow((void **)&b->senders, b->n_senders, &b->senders_room, sizeof(*new));
    if (new == NULL)
        return b->n_senders > INT32_MAX ? -E2BIG : -ENOMEM;
    expect_neighbors_resolve(b, &wanted);
    *new = wanted;
    *number = b->n_senders++;
    return expect_index_add(&b->sender_index, hash, *number);
}

static int add_pending(struct expect_builder *b, uint32_t sender, uint32_t origin)
{
    struct expect_member *m =
        expect_grow((void **)&b->pending, b->n_pending, &b->pending_room, sizeof(*m));

    if (m == NULL)
        return -ENOMEM;
    *m = (struct expect_member){sender, origin};
    b->n_pending++;
    return 0;
}

/* Each customer or peer whose AS stands on the path knows a way to where the path ends. */
static int add_cones(struct expect_builder *b, const struct mrt_path *path, const uint32_t *origins,
                     uint32_t n_origins)
{
    int error = 0;

    for (uint32_t i = 0; i < path->n_numbers; i++) {
        uint16_t ingress = expect_neighbors_of_as(b, path->numbers[i]);

        if (ingress == EXPECT_NO_INGRESS)
            continue;
        for (uint32_t k = 0; k < n_origins && error == 0; k++)
            if (origins[k] != 0)
                error = expect_pairs_add(&b->cones, origins[k], ingress);
    }
    return error;
}

int expect_builder_add_route(struct expect_builder *b, const struct mrt_route *route)
{
    struct expect_file *file = &b->files[b->n_files - 1];
    const uint32_t *origins = NULL;
    uint32_t n_origins = mrt_path_origins(&route->path, &origins), sender;
    int error = 0;

    if (b->n_pending > 0 && !ip_prefix_equal(&b->prefix, &route->prefix))
        error = expect_builder_flush(b);
    if (error == 0)
        error = find_sender(b, route, &sender);
    if (error != 0)
        return error;
    b->prefix = route->prefix;
    if (n_origins == 0)
        error = add_pending(b, sender, 0);
    for (uint32_t i = 0; i < n_origins && error == 0; i++)
        error = add_pending(b, sender, origins[i]);
    if (error == 0)
        error = add_cones(b, &route->path, origins, n_origins);
    if (error != 0)
        return error;
    file->n_rows++;
    if (route->time_s > file->written_s)
        file->written_s = route->time_s;
    b->counts.n_routes++;
    b->counts.n_unmatched += b->senders[sender].ingress == EXPECT_NO_INGRESS;
    return 0;
}

static bool is_same_route(const void *rows, uint32_t number, const void *wanted)
{
    const struct expect_prefix *a = &((const struct expect_route *)rows)[number].prefix;
    const struct ip_prefix *w = wanted;

    return a->length == w->length && (a->is_ipv4 != 0) == w->is_ipv4 &&
           ip_address_equal(&a->address, &w->address);
}

static uint64_t route_hash(const struct ip_prefix *p)
{
    uint64_t words[3];

    memcpy(words, p->address.bytes, 16);
    words[2] = p->length;
    return hash_words(words, 3, key);
}

/* What another file, or another part of this one, said of the same prefix. */
static int add_known(struct expect_builder *b, uint32_t set)
{
    int error = 0;

    for (uint32_t i = b->sets.starts[set]; i < b->sets.starts[set + 1] && error == 0; i++)
        error = add_pending(b, b->sets.members[i].sender, b->sets.members[i].origin);
    return error;
}

int expect_builder_flush(struct expect_builder *b)
{
    uint64_t hash = route_hash(&b->prefix);
    struct expect_route *route;
    uint32_t number, set;
    int error = 0;

    if (b->n_pending == 0)
        return 0;
    number = expect_index_find(&b->route_index, hash, is_same_route, b->routes, &b->prefix);
    if (number != EXPECT_NONE)
        error = add_known(b, b->routes[number].set);
    if (error == 0) {
        b->n_pending = expect_members_sort(b->pending, b->n_pending);
        error = expect_sets_intern(&b->sets, b->pending, b->n_pending, &set);
    }
    b->n_pending = 0;
    if (error != 0)
        return error;
    if (number != EXPECT_NONE) {
        b->routes[number].set = set;
        return 0;
    }
    route = expect_grow((void **)&b->routes, b->n_routes, &b->routes_room, sizeof(*route));
    if (route == NULL)
        return b->n_routes > INT32_MAX ? -E2BIG : -ENOMEM;
    *route = (struct expect_route){expect_prefix_of(&b->prefix), set};
    return expect_index_add(&b->route_index, hash, b->n_routes++);
}

int expect_builder_add_accept(struct expect_builder *b, const struct ip_prefix *prefix, uint32_t as,
                              uint16_t ingress, uint64_t until_s, uint32_t line, const char *note)
{
    struct expect_accept *row =
        expect_grow((void **)&b->accepts, b->n_accepts, &b->accepts_room, sizeof(*row));
    size_t n = strnlen(note, sizeof(row->note) - 1);

    if (row == NULL)
        return -ENOMEM;
    *row = (struct expect_accept){.as = prefix == NULL ? as : 0,
                                  .file = b->n_files - 1,
                                  .line = line,
                                  .ingress = ingress,
                                  .until_s = until_s};
    if (prefix != NULL)
        row->prefix = expect_prefix_of(prefix);
    memcpy(row->note, note, n);
    b->n_accepts++;
    b->files[b->n_files - 1].n_rows++;
    return 0;
}

int expect_builder_add_vrp(struct expect_builder *b, const struct ip_prefix *prefix, uint32_t as,
                           uint32_t max_length)
{
    struct expect_vrp *row = expect_grow((void **)&b->vrps, b->n_vrps, &b->vrps_room, sizeof(*row));

    if (row == NULL)
        return -ENOMEM;
    *row = (struct expect_vrp){expect_prefix_of(prefix), as, max_length};
    b->n_vrps++;
    b->files[b->n_files - 1].n_rows++;
    return 0;
}

struct expect_build_counts expect_builder_counts(const struct expect_builder *b)
{
    return b->counts;
}

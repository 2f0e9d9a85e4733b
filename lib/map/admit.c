/* SPDX-License-Identifier: BSD-3-Clause */
/* Who gets an entry, and how coarse it is: the route's where it leads here or nothing is known,
 * else a /24 or /48.
 *
 * Quotas, of all entries: no ingress has more than three quarters; those that are unexpected have
 * no more than half in all, of which one ingress has no more than half, and one route no more than
 * 256. So whatever is sent in at one place, there is room for the others, and for what is expected.
 */
#include "map/internal.h"

#define MOST_UNEXPECTED_OF_ROUTE 256

static void grade_prefix(const struct map *m, const struct ip_prefix *prefix, uint16_t place,
                         struct expect_answer *out)
{
    const uint16_t ingress = m->places.places[place].expected;

    *out = (struct expect_answer){
        .grade = EXPECT_UNKNOWN, .route = EXPECT_NONE, .accept = EXPECT_NONE};
    if (m->expected != NULL && ingress != EXPECT_NO_INGRESS)
        expect_grade(&m->expected->expectation, prefix, ingress, m->turn.now_s, out);
}

static bool is_coarse(enum expect_grade grade)
{
    return !map_grade_is_alarming((uint8_t)grade);
}

static void set_route(const struct map *m, struct map_entry *e, uint32_t route)
{
    const struct expectation *x;

    e->route_length = UINT8_MAX;
    e->origin_as = 0;
    if (route == EXPECT_NONE)
        return;
    x = &m->expected->expectation;
    e->route_length = x->routes[route].prefix.length;
    for (uint32_t i = x->set_starts[x->routes[route].set];
         i < x->set_starts[x->routes[route].set + 1] && e->origin_as == 0; i++)
        e->origin_as = x->members[i].origin;
}

/* Numbers of those that are unexpected, which have quotas. */
static void count_unexpected(struct map *m, const struct map_entry *e, uint32_t route, bool comes)
{
    struct map_place *place = &m->places.places[e->key.ingress];

    if (!map_grade_is_alarming(e->grade))
        return;
    place->n_unexpected += comes ? 1 : UINT32_MAX;
    m->n_unexpected += comes ? 1 : UINT32_MAX;
    if (m->expected != NULL && route != EXPECT_NONE && e->expectation == m->expectation)
        m->expected->n_unexpected[route] =
            (uint16_t)(m->expected->n_unexpected[route] + (comes ? 1 : UINT16_MAX));
}

static void apply(struct map *m, struct map_entry *e, const struct expect_answer *answer)
{
    e->grade = (uint8_t)answer->grade;
    e->rpki = (uint8_t)answer->rpki;
    e->expectation = m->expectation;
    set_route(m, e, answer->route);
    count_unexpected(m, e, answer->route, true);
}

void map_grade(struct map *m, struct map_entry *e)
{
    const struct ip_prefix prefix = map_key_prefix(&e->key);
    struct expect_answer answer;

    grade_prefix(m, &prefix, e->key.ingress, &answer);
    apply(m, e, &answer);
}

uint8_t map_grade_key(const struct map *m, const struct map_key *key)
{
    const struct ip_prefix prefix = map_key_prefix(key);
    struct expect_answer answer;

    grade_prefix(m, &prefix, key->ingress, &answer);
    return (uint8_t)answer.grade;
}

void map_ungrade(struct map *m, struct map_entry *e)
{
    const struct ip_prefix prefix = map_key_prefix(&e->key);
    uint32_t route = EXPECT_NONE;

    if (m->expected != NULL && map_grade_is_alarming(e->grade))
        route = expect_find_route(&m->expected->expectation, &prefix);
    count_unexpected(m, e, route, false);
}

static bool has_quota(struct map *m, const struct map_key *key, const struct expect_answer *answer)
{
    const struct map_place *place = &m->places.places[key->ingress];
    const bool is_unexpected = map_grade_is_alarming((uint8_t)answer->grade);

    if (place->n_entries >= map_quota_of_place(m) ||
        (is_unexpected && (place->n_unexpected >= map_quota_of_unexpected_of_place(m) ||
                           m->n_unexpected >= map_quota_of_unexpected(m)))) {
        m->counters.refused_ingress++;
        return false;
    }
    if (is_unexpected && answer->route != EXPECT_NONE &&
        m->expected->n_unexpected[answer->route] >= MOST_UNEXPECTED_OF_ROUTE) {
        m->counters.refused_route++;
        return false;
    }
    return true;
}

/* What the workers have counted in this slot for those that had it before. */
static void begin_counts(const struct map *m, struct map_entry *e, uint32_t slot)
{
    for (uint32_t i = 0; i < m->n_workers; i++) {
        const struct map_row *row = &m->workers[i]->rows[slot];

        e->read_packets += atomic_load_explicit(&row->packets, memory_order_relaxed);
        e->read_bytes += atomic_load_explicit(&row->bytes, memory_order_relaxed);
        e->read_payload_segments +=
            atomic_load_explicit(&row->payload_segments, memory_order_relaxed);
    }
}

static void link_to_prefix(struct map *m, struct map_entry *e, uint32_t slot,
                           const struct map_packed *packed)
{
    struct map_prefix *prefix =
        map_prefixes_find_or_add(&m->prefixes, packed, m->shared->secret, m->turn.now_ns);

    e->next_of_prefix = prefix->first;
    prefix->first = slot;
}

static void tell_of(struct map *m, enum map_change_kind kind, uint32_t slot)
{
    const struct map_entry *e = &m->entries[slot];

    map_tell(m, &(struct map_change){
                    .kind = kind, .slot = slot, .generation = e->generation, .key = e->key});
}

static void admit(struct map *m, const struct map_key *key, const struct expect_answer *answer)
{
    const struct map_packed packed = map_pack_key(key);
    const uint64_t hash = map_hash_of(m, &packed);
    struct map_entry *e;
    uint32_t slot;

    if (map_directory_find(&m->shared->directory, &packed, hash) != MAP_NO_SLOT ||
        !has_quota(m, key, answer))
        return;
    if (m->n_free == 0) {
        m->counters.refused_full++;
        return;
    }
    slot = m->free_slots[m->n_free - 1];
    e = &m->entries[slot];
    *e = (struct map_entry){.key = *key,
                            .generation = e->generation + 1,
                            .life = MAP_LIVE,
                            .first_seen_ns = m->turn.now_ns,
                            .last_seen_ns = m->turn.now_ns,
                            .read_ns = m->turn.now_ns};
    begin_counts(m, e, slot);
    if (!map_directory_add(&m->shared->directory, &packed, hash, slot)) {
        e->life = MAP_FREE;
        m->counters.refused_bucket++;
        return;
    }
    m->n_free--;
    m->n_used = slot > m->n_used ? slot : m->n_used;
    apply(m, e, answer);
    link_to_prefix(m, e, slot, &packed);
    m->places.places[key->ingress].n_entries++;
    m->counters.entries++;
    m->counters.admitted++;
    tell_of(m, MAP_CHANGE_ENTRY_NEW, slot);
}

uint8_t map_right_length(const struct map *m, const struct map_key *key)
{
    const bool is_ipv4 = key->is_ipv4 != 0;
    const uint8_t coarse = map_grain_at(m->grain, map_top_bits(&key->address, is_ipv4), is_ipv4);
    const struct map_key wide = map_key_of(&key->address, is_ipv4, coarse, key->ingress);

    return is_coarse((enum expect_grade)map_grade_key(m, &wide)) ? coarse : map_finest(is_ipv4);
}

void map_take_ask(struct map *m, const struct map_message *ask)
{
    const bool is_ipv4 = ask->is_ipv4;
    const uint8_t finest = map_finest(is_ipv4);
    const uint8_t coarse = map_grain_at(m->grain, map_top_bits(&ask->source, is_ipv4), is_ipv4);
    struct map_key key = map_key_of(&ask->source, is_ipv4, coarse, ask->ingress);
    struct ip_prefix prefix = map_key_prefix(&key);
    struct expect_answer answer;

    grade_prefix(m, &prefix, ask->ingress, &answer);
    if (coarse != finest && !is_coarse(answer.grade)) {
        if (ask->length != finest) {
            m->counters.not_expected++;
            return;
        }
        key = map_key_of(&ask->source, is_ipv4, finest, ask->ingress);
        prefix = map_key_prefix(&key);
        grade_prefix(m, &prefix, ask->ingress, &answer);
    }
    admit(m, &key, &answer);
}

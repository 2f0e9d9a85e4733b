/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "map/queue.h"

/* Each so many picks, any that waits instead of the one with most traffic. */
#define ANY_EVERY 4
/* So many tests in a row were spoofed, and an ingress has a share of the budget only. */
#define SPOOFED_ROW   3
#define SPOOFED_SHARE 4 /* a quarter */
#define BUCKETS       (1u << 14)
#define SWEEP_NS      NS_PER_S

/* What a test draws on. */
enum budget { OF_INGRESS, OF_AS, OF_PREFIX, N_KEYED };

struct running {
    bool is_taken, draws_on_spoofed;
    enum schedule_class class;
    uint16_t ingress;
    uint32_t n_reserved;
    struct bucket *keyed[N_KEYED]; /* NULL: it has none */
};

struct schedule {
    struct schedule_config config;
    enum schedule_refusal why_not;
    struct bucket all, spoofed, control;
    struct bucket_table *buckets;
    struct random_source random;
    struct running running[SCHEDULE_MOST_TESTS];
    uint32_t n_running;
    uint32_t turn; /* the ingress that comes first */
    uint32_t n_picks;
    uint64_t swept_ns;
    uint8_t n_spoofed[UINT16_MAX + 1]; /* in a row, of an ingress */
    struct schedule_counters counters;
    struct queue queue;
};

static uint64_t ms_of(uint64_t now_ns)
{
    return now_ns / NS_PER_MS;
}

/* The shares promise something of the long run alone, so they hold one test at least. A bucket is
 * filled with half of its budget in an hour, so one that is to be filled with the control group's
 * share has twice that. */
static uint32_t control_per_hour(const struct schedule_config *c)
{
    return (uint32_t)(2 * c->control_share * c->max_drops_per_hour);
}

static uint32_t spoofed_per_hour(const struct schedule_config *c)
{
    return c->max_drops_per_hour / SPOOFED_SHARE;
}

struct schedule *schedule_create(const struct schedule_config *config, const uint64_t secret[2],
                                 uint64_t now_ns)
{
    struct schedule *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->config = *config;
    s->why_not = SCHEDULE_NOT_RESTORED;
    s->buckets = bucket_table_create(BUCKETS, secret);
    random_seed_fixed(&s->random, secret[0], secret[1]);
    bucket_init(&s->all, config->max_drops_per_hour, 0, ms_of(now_ns));
    bucket_init(&s->spoofed, spoofed_per_hour(config), config->whole_drops, ms_of(now_ns));
    bucket_init(&s->control, control_per_hour(config), config->pooled_drops, ms_of(now_ns));
    if (s->buckets != NULL)
        return s;
    schedule_destroy(s);
    return NULL;
}

void schedule_destroy(struct schedule *s)
{
    if (s == NULL)
        return;
    bucket_table_destroy(s->buckets);
    free(s);
}

static void advance(struct schedule *s, uint64_t now_ns)
{
    bucket_advance(&s->all, ms_of(now_ns));
    bucket_advance(&s->spoofed, ms_of(now_ns));
    bucket_advance(&s->control, ms_of(now_ns));
}

void schedule_follow(struct schedule *s, const struct schedule_config *config, uint64_t now_ns)
{
    advance(s, now_ns);
    s->config = *config;
    bucket_limit(&s->all, config->max_drops_per_hour, 0);
    bucket_limit(&s->spoofed, spoofed_per_hour(config), config->whole_drops);
    bucket_limit(&s->control, control_per_hour(config), config->pooled_drops);
}

void schedule_allow(struct schedule *s, enum schedule_refusal why_not)
{
    s->why_not = why_not;
}

static bool is_unexpected(const struct schedule_candidate *c)
{
    return !c->is_accepted && (c->grade == EXPECT_UNEXPECTED || c->grade == EXPECT_UNROUTED ||
                               c->grade == EXPECT_BOGON);
}

/* False: there is no reason to test it now. */
static bool class_of(const struct schedule *s, const struct schedule_candidate *c, uint64_t now_ns,
                     enum schedule_class *class)
{
    const bool is_unknown = !c->is_accepted && c->grade == EXPECT_UNKNOWN;

    if (c->reality == MAP_TESTING)
        return false;
    if (c->has_changed || (is_unexpected(c) && c->tested_ns == 0))
        *class = SCHEDULE_FIRST;
    else if (is_unexpected(c) || is_unknown)
        *class = SCHEDULE_STALE;
    else
        *class = SCHEDULE_CONTROL;
    return *class == SCHEDULE_FIRST || c->tested_ns == 0 ||
           schedule_due_ns(&s->config, c->reality, c->n_inconclusive, c->tested_ns) <= now_ns;
}

/* SCHEDULE_N_REFUSALS: nothing is against it. */
static enum schedule_refusal precondition(const struct schedule *s,
                                          const struct schedule_candidate *c)
{
    if (!c->is_forwarded)
        return SCHEDULE_NOT_FORWARDED;
    if (c->is_in_maintenance)
        return SCHEDULE_MAINTENANCE;
    if (c->payload_segments_per_s <= 0)
        return SCHEDULE_UNTESTABLE;
    if (c->payload_segments_per_s < s->config.min_payload_segments_per_s)
        return SCHEDULE_TOO_SLOW;
    return SCHEDULE_N_REFUSALS;
}

bool schedule_offer(struct schedule *s, const struct schedule_candidate *candidate, uint64_t now_ns)
{
    enum schedule_refusal refusal;
    enum schedule_class class;

    s->counters.n_offered++;
    if (!class_of(s, candidate, now_ns, &class)) {
        queue_remove(&s->queue, candidate);
        return false;
    }
    refusal = precondition(s, candidate);
    if (refusal != SCHEDULE_N_REFUSALS)
        queue_remove(&s->queue, candidate);
    else if (!queue_offer(&s->queue, class, candidate, &s->random, now_ns))
        refusal = SCHEDULE_INGRESSES;
    if (refusal == SCHEDULE_N_REFUSALS)
        return true;
    s->counters.n_refused[refusal]++;
    return false;
}

static uint32_t tests_at(const struct schedule *s, uint16_t ingress)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < SCHEDULE_MOST_TESTS; i++)
        n += s->running[i].is_taken && s->running[i].ingress == ingress;
    return n;
}

static bool has_flows(const struct schedule_candidate *c)
{
    return is_unexpected(c) && (c->reality == MAP_SPOOFED || c->reality == MAP_INCONCLUSIVE);
}

static uint64_t word_of_bytes(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static struct bucket_key key_of(enum budget budget, const struct schedule_candidate *c)
{
    const struct map_key *key = &c->key;
    uint64_t rest = budget;

    switch (budget) {
    case OF_INGRESS:
        return (struct bucket_key){{rest, key->ingress, 0}};
    case OF_AS:
        return (struct bucket_key){{rest, c->origin_as, 0}};
    default:
        rest |= (uint64_t)key->length << 8 | (uint64_t)key->is_ipv4 << 16;
        return (struct bucket_key){
            {rest, word_of_bytes(key->address.bytes), word_of_bytes(key->address.bytes + 8)}};
    }
}

/* Reserves of all buckets that a test draws on, or of none. */
static enum schedule_refusal reserve(struct schedule *s, const struct schedule_candidate *c,
                                     uint32_t n_drops, uint64_t now_ns,
                                     struct bucket *keyed[N_KEYED])
{
    static const enum schedule_refusal refusals[N_KEYED] = {
        SCHEDULE_INGRESS_BUDGET, SCHEDULE_AS_BUDGET, SCHEDULE_PREFIX_BUDGET};
    const uint32_t per_hour[N_KEYED] = {s->config.max_drops_per_hour_ingress,
                                        s->config.max_drops_per_hour_as,
                                        s->config.max_drops_per_hour_prefix};
    enum schedule_refusal refusal = SCHEDULE_N_REFUSALS;

    for (int i = 0; i < N_KEYED && refusal == SCHEDULE_N_REFUSALS; i++) {
        const struct bucket_key key = key_of((enum budget)i, c);
        struct bucket *bucket;

        if (per_hour[i] == 0 || (i == OF_AS && c->origin_as == 0))
            continue;
        bucket = bucket_table_get(s->buckets, &key, per_hour[i], ms_of(now_ns));
        if (bucket == NULL)
            refusal = SCHEDULE_NO_ROOM;
        else if (!bucket_reserve(bucket, n_drops))
            refusal = refusals[i];
        else
            keyed[i] = bucket;
    }
    for (int i = 0; i < N_KEYED && refusal != SCHEDULE_N_REFUSALS; i++)
        if (keyed[i] != NULL)
            bucket_settle(keyed[i], n_drops, 0);
    return refusal;
}

static struct running *vacant(struct schedule *s)
{
    for (uint32_t i = 0; i < s->config.max_tests; i++)
        if (!s->running[i].is_taken)
            return &s->running[i];
    return NULL;
}

/* Begins, or says why not. */
static enum schedule_refusal try(struct schedule *s, enum schedule_class class,
                                 const struct schedule_candidate *c, uint64_t now_ns,
                                 struct schedule_pick *out)
{
    const bool draws_on_spoofed = s->n_spoofed[c->key.ingress] >= SPOOFED_ROW;
    const bool with_flows = class != SCHEDULE_CONTROL && has_flows(c);
    const uint32_t n_drops = with_flows ? s->config.whole_drops : s->config.pooled_drops;
    struct bucket *keyed[N_KEYED] = {NULL};
    struct running *running = vacant(s);
    enum schedule_refusal refusal;

    if (running == NULL)
        return SCHEDULE_TESTS;
    if (tests_at(s, c->key.ingress) >= s->config.max_tests_ingress)
        return SCHEDULE_INGRESS_TESTS;
    if (bucket_left(&s->all) < n_drops)
        return SCHEDULE_BUDGET;
    if (draws_on_spoofed && bucket_left(&s->spoofed) < n_drops)
        return SCHEDULE_SPOOFED_BUDGET;
    refusal = reserve(s, c, n_drops, now_ns, keyed);
    if (refusal != SCHEDULE_N_REFUSALS)
        return refusal;
    bucket_reserve(&s->all, n_drops);
    if (draws_on_spoofed)
        bucket_reserve(&s->spoofed, n_drops);
    if (class == SCHEDULE_CONTROL)
        bucket_reserve(&s->control, n_drops);
    *running = (struct running){.is_taken = true,
                                .draws_on_spoofed = draws_on_spoofed,
                                .class = class,
                                .ingress = c->key.ingress,
                                .n_reserved = n_drops};
    memcpy(running->keyed, keyed, sizeof(keyed));
    *out = (struct schedule_pick){.ticket = (uint32_t)(running - s->running),
                                  .class = class,
                                  .with_flows = with_flows,
                                  .n_drops = n_drops,
                                  .candidate = *c};
    return SCHEDULE_N_REFUSALS;
}

static bool try_place(struct schedule *s, enum schedule_class class, struct queue_place *place,
                      uint64_t now_ns, struct schedule_pick *out)
{
    enum schedule_refusal refusal = try(s, class, &place->candidate, now_ns, out);

    place->refused = (uint8_t)refusal;
    if (refusal != SCHEDULE_N_REFUSALS) {
        s->counters.n_refused[refusal]++;
        return false;
    }
    s->n_picks++;
    s->n_running++;
    s->counters.n_begun[class]++;
    queue_remove(&s->queue, &out->candidate);
    return true;
}

static bool try_ingress(struct schedule *s, enum schedule_class class, struct queue_ingress *row,
                        uint64_t now_ns, struct schedule_pick *out)
{
    struct queue_place *ranked[SCHEDULE_QUEUE], *any = &row->places[class][QUEUE_SAMPLE];
    unsigned int n = queue_ranked(row, class, ranked);

    if (s->n_picks % ANY_EVERY == ANY_EVERY - 1 && any->is_taken &&
        try_place(s, class, any, now_ns, out))
        return true;
    for (unsigned int i = 0; i < n; i++)
        if (try_place(s, class, ranked[i], now_ns, out))
            return true;
    return false;
}

/* Ingresses take turns: the next one comes first the next time. */
static bool try_class(struct schedule *s, enum schedule_class class, uint64_t now_ns,
                      struct schedule_pick *out)
{
    const uint32_t n = s->queue.n_ingresses;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = (s->turn + i) % n;

        if (try_ingress(s, class, &s->queue.ingresses[at], now_ns, out)) {
            s->turn = at + 1;
            return true;
        }
    }
    return false;
}

static bool is_control_due(const struct schedule *s)
{
    return s->config.control_share > 0 && s->queue.control.is_taken &&
           bucket_left(&s->control) >= s->config.pooled_drops;
}

/* SCHEDULE_N_REFUSALS: some test may begin. */
static enum schedule_refusal why_none(const struct schedule *s)
{
    if (s->config.off)
        return SCHEDULE_OFF;
    if (s->why_not != SCHEDULE_N_REFUSALS)
        return s->why_not;
    if (s->n_running >= s->config.max_tests)
        return SCHEDULE_TESTS;
    if (bucket_left(&s->all) < s->config.pooled_drops)
        return SCHEDULE_BUDGET;
    return SCHEDULE_N_REFUSALS;
}

bool schedule_next(struct schedule *s, uint64_t now_ns, struct schedule_pick *out)
{
    enum schedule_refusal refusal;

    advance(s, now_ns);
    if (now_ns - s->swept_ns >= SWEEP_NS) {
        queue_sweep(&s->queue, now_ns);
        s->swept_ns = now_ns;
    }
    if (s->queue.n_ingresses == 0 && !s->queue.control.is_taken)
        return false;
    refusal = why_none(s);
    if (refusal != SCHEDULE_N_REFUSALS) {
        s->counters.n_refused[refusal]++;
        return false;
    }
    if (is_control_due(s) && try_place(s, SCHEDULE_CONTROL, &s->queue.control, now_ns, out))
        return true;
    return try_class(s, SCHEDULE_FIRST, now_ns, out) || try_class(s, SCHEDULE_STALE, now_ns, out);
}

static void note_outcome(struct schedule *s, uint16_t ingress, enum map_reality_state outcome)
{
    uint8_t *n = &s->n_spoofed[ingress];

    if (outcome == MAP_SPOOFED)
        *n += *n < UINT8_MAX;
    else if (outcome == MAP_GENUINE || outcome == MAP_MIXED)
        *n = 0;
}

void schedule_end(struct schedule *s, uint32_t ticket, enum map_reality_state outcome,
                  uint32_t n_made, uint64_t now_ns)
{
    struct running *r = &s->running[ticket];

    if (ticket >= SCHEDULE_MOST_TESTS || !r->is_taken)
        return;
    advance(s, now_ns);
    /* More than a test may need were a fault of the caller's; no budget gets anything back then. */
    if (n_made > r->n_reserved)
        n_made = r->n_reserved;
    bucket_settle(&s->all, r->n_reserved, n_made);
    if (r->draws_on_spoofed)
        bucket_settle(&s->spoofed, r->n_reserved, n_made);
    if (r->class == SCHEDULE_CONTROL)
        bucket_settle(&s->control, r->n_reserved, n_made);
    for (int i = 0; i < N_KEYED; i++)
        if (r->keyed[i] != NULL)
            bucket_settle(r->keyed[i], r->n_reserved, n_made);
    if (outcome == MAP_UNTESTED)
        s->counters.n_refused[SCHEDULE_NOT_BEGUN]++;
    s->counters.n_ended[outcome]++;
    s->counters.n_drops[r->class] += n_made;
    note_outcome(s, r->ingress, outcome);
    r->is_taken = false;
    s->n_running--;
}

const struct schedule_counters *schedule_counters(const struct schedule *s)
{
    return &s->counters;
}

uint32_t schedule_n_under_way(const struct schedule *s)
{
    return s->n_running;
}

uint32_t schedule_left(const struct schedule *s)
{
    return bucket_left(&s->all);
}

void schedule_each(const struct schedule *s, uint64_t now_ns, schedule_visit *visit, void *context)
{
    const struct queue_place *control = &s->queue.control;
    struct queue_ingress row;
    struct queue_place *ranked[SCHEDULE_QUEUE];

    for (int class = 0; class < QUEUE_CLASSES; class ++)
        for (uint32_t i = 0; i < s->queue.n_ingresses; i++) {
            unsigned int n;

            row = s->queue.ingresses[i];
            n = queue_ranked(&row, (enum schedule_class) class, ranked);
            for (unsigned int k = 0; k < n; k++)
                if (now_ns - ranked[k]->offered_ns <= SCHEDULE_OFFER_S * NS_PER_S)
                    visit(context, (enum schedule_class) class, &ranked[k]->candidate,
                          (enum schedule_refusal)ranked[k]->refused);
        }
    if (control->is_taken && now_ns - control->offered_ns <= SCHEDULE_OFFER_S * NS_PER_S)
        visit(context, SCHEDULE_CONTROL, &control->candidate,
              (enum schedule_refusal)control->refused);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "responders.h"

#include <errno.h>
#include <math.h>
#include <rte_malloc.h>
#include <string.h>

#include "base/random.h"
#include "drain.h"
#include "say.h"
#include "state.h"
#include "verdict/cookie.h"
#include "verdict/evidence.h"

#define HOUR_S 3600
/* alpha of a verdict: 1e-6, of which cookies have their share. */
#define LOG10_TARGET 6.0
#define MOST_SOURCES 256

/* `n` words, at most four, that nobody can guess. */
static int draw_words(uint64_t *out, unsigned int n)
{
    struct random_source random;
    int error = random_seed_from_kernel(&random);

    if (error == 0)
        memcpy(out, random.state, n * sizeof(*out));
    return error;
}

static int make_shared(struct responding_shared **out)
{
    uint64_t secret[2];
    struct responding_shared *s = rte_zmalloc("responders", sizeof(*s), RTE_CACHE_LINE_SIZE);
    int error;

    if (s == NULL)
        return -ENOMEM;
    *out = s;
    error = draw_words(&s->keys.keys[0][0], 4);
    if (error == 0)
        error = draw_words(secret, 2);
    if (error == 0)
        responder_alive_init(&s->alive, secret);
    return error;
}

static int make_worker(struct appliance *a, struct worker *w)
{
    struct responding *r =
        rte_zmalloc_socket("responding", sizeof(*r), RTE_CACHE_LINE_SIZE, w->socket);

    w->responding = r;
    if (r == NULL)
        return -ENOMEM;
    r->shared = a->responding;
    r->n_workers = a->n_workers;
    for (unsigned int i = 0; i < CONFIG_MAX_RESPONDERS; i++)
        responder_limit_init(&r->limits[i], 1, 1, 0, a->responding->alive.secret);
    return 0;
}

int responders_up(struct appliance *a)
{
    int error = 0;

    if (a->config->n_responders > 0)
        error = make_shared(&a->responding);
    for (uint32_t i = 0; i < a->n_workers && a->responding != NULL && error == 0; i++)
        error = make_worker(a, a->workers[i]);
    if (error != 0) {
        say_error("responders: %s", strerror(-error));
        responders_down(a);
        return error;
    }
    responders_follow(a, a->config);
    return 0;
}

void responders_down(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        if (a->workers[i] != NULL) {
            rte_free(a->workers[i]->responding);
            a->workers[i]->responding = NULL;
        }
    rte_free(a->responding);
    a->responding = NULL;
}

static uint32_t share_of(uint32_t in_all, uint32_t n_workers)
{
    const uint32_t share = in_all / (n_workers > 0 ? n_workers : 1);

    return share > 0 ? share : 1;
}

static struct responding_counters sum_of(const struct appliance *a, uint32_t number)
{
    struct responding_counters sum = {0};

    for (uint32_t i = 0; i < a->n_workers; i++) {
        const struct responding_counters *c = &a->workers[i]->responding->counters[number];

#define X(name, help) sum.name += c->name;
        RESPONDING_COUNTERS(X)
#undef X
        for (unsigned int k = 0; k < RESPONDER_N_SILENCES; k++)
            sum.silences[k] += c->silences[k];
    }
    return sum;
}

static void follow_owner(struct appliance *a, const struct config_responder *c)
{
    struct responding_owner *o = &a->responding->owners[c->number];

    if (strcmp(o->name, c->name) == 0)
        return;
    o->before = sum_of(a, c->number);
    snprintf(o->name, sizeof(o->name), "%s", c->name);
}

void responders_follow(struct appliance *a, const struct config *config)
{
    for (uint32_t k = 0; k < config->n_responders && a->responding != NULL; k++) {
        const struct config_responder *c = &config->responders[k];

        follow_owner(a, c);
        for (uint32_t i = 0; i < a->n_workers; i++) {
            struct responder_limit *l = &a->workers[i]->responding->limits[c->number];

            l->per_prefix = c->max_per_prefix_per_s;
            l->in_all = share_of(c->max_per_s, a->n_workers);
        }
    }
}

/* In the middle of the time in which no cookie of it can be right: so it is done once a key. */
static void renew_key(struct appliance *a, uint64_t now_ns)
{
    const uint32_t slot = responder_slot(now_ns), period = slot / RESPONDER_KEY_SLOTS;
    uint64_t key[2];

    if (!responder_renews_key(slot) || a->key_period == period || draw_words(key, 2) != 0)
        return;
    memcpy(a->responding->keys.keys[1 - responder_key_of_slot(slot)], key, sizeof(key));
    a->key_period = period;
}

void responders_serve(struct appliance *a, uint64_t now_ns)
{
    const bool is_silent = manager_kill_switch(a->manager) || drain_has_begun(a);

    if (a->responding == NULL)
        return;
    renew_key(a, now_ns);
    for (uint32_t i = 0; i < a->n_workers; i++) {
        _Atomic uint32_t *off = &a->workers[i]->stages_off;
        const uint32_t bit = STAGE_BIT(STAGE_RESPONDER);

        if (is_silent)
            atomic_fetch_or_explicit(off, bit, memory_order_relaxed);
        else
            atomic_fetch_and_explicit(off, ~bit, memory_order_relaxed);
    }
}

static json_t *counters_json(const struct responding_counters *sum)
{
    json_t *out = json_object();

#define X(name, help) json_object_set_new(out, #name, json_integer((json_int_t)sum->name));
    RESPONDING_COUNTERS(X)
#undef X
    for (unsigned int i = 0; i < RESPONDER_N_SILENCES; i++) {
        char name[64];

        snprintf(name, sizeof(name), "silent_%s",
                 responder_silence_name((enum responder_silence)i));
        json_object_set_new(out, name, json_integer((json_int_t)sum->silences[i]));
    }
    return out;
}

static json_t *responder_json(const struct appliance *a, const struct config_responder *c)
{
    struct responding_counters counted = {0};

    if (a->responding != NULL) {
        const struct responding_counters *before = &a->responding->owners[c->number].before;

        counted = sum_of(a, c->number);
#define X(name, help) counted.name -= before->name;
        RESPONDING_COUNTERS(X)
#undef X
        for (unsigned int k = 0; k < RESPONDER_N_SILENCES; k++)
            counted.silences[k] -= before->silences[k];
    }
    return json_pack("{s:s, s:o}", "responder", c->name, "counters", counters_json(&counted));
}

/* What one prefix showed to all workers. */
struct source_sum {
    struct ip_address prefix;
    uint64_t n_witnesses, n_misses, n_unseen;
};

static void add_source(struct source_sum *sums, uint32_t *n, const struct responding_source *s)
{
    uint32_t i = 0;

    while (i < *n && !ip_address_equal(&sums[i].prefix, &s->prefix))
        i++;
    if (i == *n) {
        if (*n == MOST_SOURCES)
            return;
        sums[(*n)++] = (struct source_sum){.prefix = s->prefix};
    }
    sums[i].n_witnesses += s->witnesses.n_witnesses;
    sums[i].n_misses += s->witnesses.n_misses;
    sums[i].n_unseen += s->witnesses.n_unseen;
}

static json_t *source_json(const struct source_sum *s, const struct cookie_mixture *m)
{
    const bool is_ipv4 = ip_address_is_ipv4(&s->prefix);
    const struct ip_prefix p =
        ip_prefix_of_address(&s->prefix, is_ipv4 ? RESPONDING_BITS_IPV4 : RESPONDING_BITS_IPV6);
    const double log10_e = cookie_log10_evidence(m, s->n_witnesses, s->n_misses);
    const double share = log10(evidence_share_of_kind(EVIDENCE_COOKIE));
    const unsigned int needed =
        cookie_witnesses_needed(m, s->n_misses, LOG10_TARGET - share, RESPONDER_MOST_WITNESSES);
    char text[IP_TEXT_BYTES];

    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:b, s:b}", "prefix", ip_prefix_format(&p, text),
                     "witnesses", (json_int_t)s->n_witnesses, "wrong", (json_int_t)s->n_misses,
                     "not_looked_at", (json_int_t)s->n_unseen, "evidence_log10", share + log10_e,
                     "genuine", (int)(share + log10_e >= LOG10_TARGET), "silenced_by_flood",
                     (int)(needed > RESPONDER_MOST_WITNESSES));
}

static json_t *sources_json(const struct appliance *a, uint64_t now_ns)
{
    static struct source_sum sums[MOST_SOURCES]; /* the manager's alone */
    const uint32_t hour = (uint32_t)(now_ns / UINT64_C(1000000000) + 1) / HOUR_S;
    struct cookie_mixture m;
    json_t *out = json_array();
    uint32_t n = 0;

    cookie_mixture_init(&m);
    for (uint32_t i = 0; i < a->n_workers && a->responding != NULL; i++)
        for (unsigned int k = 0; k < RESPONDING_SOURCES; k++) {
            const struct responding_source *s = &a->workers[i]->responding->sources[k];

            if (s->is_used && s->witnesses.hour == hour)
                add_source(sums, &n, s);
        }
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(out, source_json(&sums[i], &m));
    return out;
}

json_t *responders_json(struct appliance *a, uint64_t now_ns)
{
    json_t *responders = json_array();
    uint64_t n_full = 0;

    for (uint32_t i = 0; i < a->config->n_responders; i++)
        json_array_append_new(responders, responder_json(a, &a->config->responders[i]));
    for (uint32_t i = 0; i < a->n_workers && a->responding != NULL; i++)
        n_full += a->workers[i]->responding->sources_full;
    return json_pack("{s:o, s:o, s:I}", "responders", responders, "sources",
                     sources_json(a, now_ns), "acks_of_sources_without_a_place",
                     (json_int_t)n_full);
}

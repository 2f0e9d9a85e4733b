/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/alarms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "map/alarm_table.h"

#define MOST_CAUSES (1u << 20)
#define MOST_ALARMS (1u << 14)

/* It is over when it was not so for so many times as long as it takes to be raised. */
#define CLEAR_TIMES 3
#define LEAST_S     60

/* RFC 2439, section 4.2: figures of merit. The suppress threshold is RFC 7196's. */
#define CHANGE_PENALTY   1000.0
#define SUPPRESS_PENALTY 6000.0
#define REUSE_PENALTY    750.0
#define HALF_LIFE_S      900.0
/* Reached, it takes an hour to decay to REUSE_PENALTY: four half-lives. */
#define MOST_PENALTY (REUSE_PENALTY * 16)

static uint32_t power_of_two_above(uint32_t n)
{
    uint32_t power = 1;

    while (power < n)
        power *= 2;
    return power;
}

static void empty(struct alarms *a)
{
    for (uint32_t i = 0; i < a->n_chains; i++)
        a->cause_chains[i] = CAUSE_NONE;
    for (uint32_t i = 0; i < a->n_slot_chains; i++)
        a->slot_chains[i] = SLOT_NONE;
    for (uint32_t i = 0; i < a->config.n_causes; i++)
        a->causes[i].next = i + 1 < a->config.n_causes ? i + 1 : CAUSE_NONE;
    for (uint32_t i = 0; i < a->config.n_alarms; i++)
        a->slots[i].next = i + 1 < a->config.n_alarms ? i + 1 : SLOT_NONE;
}

struct alarms *alarms_create(const struct alarms_config *config)
{
    struct alarms *a = calloc(1, sizeof(*a));

    if (a == NULL || config->n_causes == 0 || config->n_causes > MOST_CAUSES ||
        config->n_alarms == 0 || config->n_alarms > MOST_ALARMS) {
        free(a);
        return NULL;
    }
    a->config = *config;
    a->n_chains = power_of_two_above(config->n_causes);
    a->n_slot_chains = power_of_two_above(config->n_alarms);
    a->causes = calloc(config->n_causes, sizeof(*a->causes));
    a->used = malloc(config->n_causes * sizeof(*a->used));
    a->slots = calloc(config->n_alarms, sizeof(*a->slots));
    a->cause_chains = malloc(a->n_chains * sizeof(*a->cause_chains));
    a->slot_chains = malloc(a->n_slot_chains * sizeof(*a->slot_chains));
    if (a->causes == NULL || a->used == NULL || a->slots == NULL || a->cause_chains == NULL ||
        a->slot_chains == NULL) {
        alarms_destroy(a);
        return NULL;
    }
    empty(a);
    return a;
}

void alarms_destroy(struct alarms *a)
{
    if (a == NULL)
        return;
    free(a->causes);
    free(a->used);
    free(a->slots);
    free(a->cause_chains);
    free(a->slot_chains);
    free(a);
}

void alarms_set_floor(struct alarms *a, double least_bytes_per_s)
{
    a->config.least_bytes_per_s = least_bytes_per_s;
}

static double penalty_now(const struct cause *c, uint64_t now_ns)
{
    return c->penalty * exp2(-(double)(now_ns - c->penalty_ns) / NS_PER_S / HALF_LIFE_S);
}

static void punish(struct cause *c, uint64_t now_ns)
{
    c->penalty = fmin(penalty_now(c, now_ns) + CHANGE_PENALTY, MOST_PENALTY);
    c->penalty_ns = now_ns;
}

/* What is damped is not told, but goes on being punished for what it does. */
static void begin_to_hold(struct cause *c, uint64_t now_ns)
{
    c->holds = true;
    c->since_ns = now_ns;
    if (c->is_damped)
        punish(c, now_ns);
}

static void stop_to_hold(struct cause *c, uint64_t ended_ns, uint64_t now_ns)
{
    c->holds = false;
    c->ended_ns = ended_ns;
    if (c->is_damped)
        punish(c, now_ns);
}

static bool reaches_floor(const struct alarms *a, const struct cause *c, enum alarm_kind kind,
                          double bytes_per_s)
{
    const double floor = a->config.least_bytes_per_s;

    if (!(alarm_kind_parts(kind) & ALARM_OF_PREFIX) || kind == ALARM_FLAPPING ||
        kind == ALARM_INGRESS_GONE)
        return true;
    return bytes_per_s >= (c != NULL && c->slot != SLOT_NONE ? floor / 2 : floor);
}

static void leave(struct alarms *a, struct cause *c, bool is_accepted, uint64_t now_ns)
{
    if (c->slot == SLOT_NONE)
        return;
    alarm_slots_leave(a, c, is_accepted, now_ns);
    if (!is_accepted)
        punish(c, now_ns);
}

/* A prefix that comes in somewhere else now, or came from somewhere else: that is a change, too. */
static void follow_move(struct alarms *a, struct cause *c, const struct alarm_cause *cause,
                        uint64_t now_ns)
{
    if ((alarm_kind_parts(c->cause.kind) & ALARM_AT_INGRESS) ||
        (c->cause.at == cause->at && c->cause.from == cause->from))
        return;
    leave(a, c, false, now_ns);
    c->cause.at = cause->at;
    c->cause.from = cause->from;
    c->since_ns = now_ns;
    c->accept_round = a->accept_round - 1;
}

void alarms_observe(struct alarms *a, const struct alarm_cause *cause,
                    const struct alarm_facts *facts, uint64_t now_ns)
{
    struct cause *c = alarm_causes_find(a, cause);

    if (!reaches_floor(a, c, cause->kind, facts->bytes_per_s)) {
        a->counters.n_below_floor++;
        return;
    }
    if (c == NULL)
        c = alarm_causes_add(a, cause, now_ns);
    if (c == NULL)
        return;
    follow_move(a, c, cause, now_ns);
    if (!c->holds)
        begin_to_hold(c, now_ns);
    if (c->slot != SLOT_NONE)
        alarm_slots_count(a, c, facts, now_ns);
    c->seen_ns = now_ns;
    c->facts = *facts;
}

void alarms_end(struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns)
{
    struct cause *c = alarm_causes_find(a, cause);

    if (c == NULL || !c->holds)
        return;
    stop_to_hold(c, now_ns, now_ns);
}

static uint64_t clear_ns(enum alarm_kind kind)
{
    const uint32_t hold_s = alarm_kind_hold_s(kind);

    return CLEAR_TIMES * (hold_s > LEAST_S ? hold_s : LEAST_S) * NS_PER_S;
}

/* Above SUPPRESS_PENALTY it is damped, and told as flapping until it is below REUSE_PENALTY. */
static void damp(struct alarms *a, struct cause *c, uint64_t now_ns)
{
    struct alarm_cause flapping = c->cause;

    if (c->cause.kind == ALARM_FLAPPING)
        return;
    if (!c->is_damped && c->penalty > SUPPRESS_PENALTY && penalty_now(c, now_ns) > SUPPRESS_PENALTY)
        c->is_damped = true;
    else if (c->is_damped && penalty_now(c, now_ns) < REUSE_PENALTY)
        c->is_damped = false;
    if (!c->is_damped)
        return;
    leave(a, c, false, now_ns);
    flapping.kind = ALARM_FLAPPING;
    flapping.from = ALARM_NO_INGRESS;
    if (flapping.has_prefix)
        alarms_observe(a, &flapping, &c->facts, now_ns);
}

static bool is_accepted(struct alarms *a, struct cause *c)
{
    if (c->accept_round != a->accept_round) {
        c->is_accepted = alarm_accepts_has(a, &c->cause);
        c->accept_round = a->accept_round;
    }
    return c->is_accepted;
}

static bool may_be_raised(struct alarms *a, struct cause *c, uint64_t now_ns)
{
    if (now_ns - c->since_ns < alarm_kind_hold_s(c->cause.kind) * NS_PER_S)
        return false;
    if (is_accepted(a, c)) {
        a->counters.n_accepted++;
        return false;
    }
    if (c->is_damped)
        a->counters.n_damped++;
    return !c->is_damped;
}

static void tick_cause(struct alarms *a, struct cause *c, uint64_t now_ns)
{
    if (c->holds && now_ns - c->seen_ns > ALARMS_RENEW_S * NS_PER_S)
        stop_to_hold(c, c->seen_ns, now_ns);
    damp(a, c, now_ns);
    if (c->slot != SLOT_NONE) {
        if (is_accepted(a, c))
            leave(a, c, true, now_ns);
        else if (!c->holds && now_ns - c->ended_ns >= clear_ns(c->cause.kind))
            leave(a, c, false, now_ns);
    } else if (c->holds && may_be_raised(a, c, now_ns)) {
        if (alarm_slots_join(a, c, now_ns))
            punish(c, now_ns);
    }
    /* What was punished is kept until that is forgotten. */
    if (!c->holds && c->slot == SLOT_NONE && !c->is_damped &&
        penalty_now(c, now_ns) < REUSE_PENALTY)
        alarm_causes_remove(a, c);
}

void alarms_tick(struct alarms *a, uint64_t now_ns)
{
    alarm_accepts_expire(a, now_ns);
    /* From the last one on: one that goes is replaced by one that was looked at. */
    for (uint32_t i = a->n_causes; i-- > 0;)
        tick_cause(a, &a->causes[a->used[i]], now_ns);
    alarm_slots_tick(a, now_ns);
}

const struct alarms_counters *alarms_counters(const struct alarms *a)
{
    return &a->counters;
}

uint32_t alarms_n_causes(const struct alarms *a)
{
    return a->n_causes;
}

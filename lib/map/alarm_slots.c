/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms, and the causes that are members of them. */
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/siphash.h"
#include "base/time.h"
#include "map/alarm_table.h"

/* Others of the same cause join it as long as no more time passes between two of them. */
#define JOIN_NS (60 * NS_PER_S)

static const uint32_t reminders_s[] = {3600, 4 * 3600, 24 * 3600};

/* Of those that a cause may belong to. */
static uint32_t *chain_of(struct alarms *a, const struct alarm_cause *cause)
{
    const uint64_t words[1] = {(uint64_t)cause->kind | (uint64_t)cause->at << 16 |
                               (uint64_t)cause->from << 32};

    return &a->slot_chains[hash_words(words, 1, a->config.secret) & (a->n_slot_chains - 1)];
}

static uint64_t new_id(const struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns)
{
    uint64_t words[5] = {cause->kind, (uint64_t)cause->at << 16 | cause->from, 0, 0, now_ns}, id;

    if (cause->has_prefix) {
        words[1] |= (uint64_t)cause->prefix.length << 40;
        memcpy(&words[2], cause->prefix.address.bytes, 16);
    }
    id = siphash(words, sizeof(words), a->config.secret);
    return id != 0 ? id : 1;
}

void alarm_slots_tell(struct alarms *a, struct slot *s, enum alarm_news news, uint64_t now_ns)
{
    s->alarm.is_muted = alarm_accepts_mutes(a, &s->alarm.cause, now_ns);
    s->alarm.was_told = s->alarm.was_told || !s->alarm.is_muted;
    s->told_ns = now_ns;
    s->n_told = s->alarm.n_members_ever;
    a->config.tell(a->config.context, news, &s->alarm, now_ns);
}

struct slot *alarm_slots_add(struct alarms *a, const struct alarm *alarm, uint64_t now_ns)
{
    uint32_t *chain = chain_of(a, &alarm->cause);
    const uint32_t i = a->free_slot;
    struct slot *s;

    if (i == SLOT_NONE) {
        a->counters.n_refused_alarms++;
        return NULL;
    }
    s = &a->slots[i];
    a->free_slot = s->next;
    *s = (struct slot){
        .alarm = *alarm, .is_used = true, .next = *chain, .opened_ns = now_ns, .joined_ns = now_ns};
    *chain = i;
    a->n_slots++;
    return s;
}

static void remove_slot(struct alarms *a, struct slot *s)
{
    const uint32_t i = (uint32_t)(s - a->slots);
    uint32_t *link = chain_of(a, &s->alarm.cause);

    while (*link != i)
        link = &a->slots[*link].next;
    *link = s->next;
    *s = (struct slot){.next = a->free_slot};
    a->free_slot = i;
    a->n_slots--;
}

static void end_slot(struct alarms *a, struct slot *s, bool is_accepted, int64_t ended_ns,
                     uint64_t now_ns)
{
    s->alarm.ended_ns = ended_ns;
    if (s->alarm.state != ALARM_PENDING) {
        s->alarm.state = is_accepted ? ALARM_ACCEPTED : ALARM_CLEARED;
        a->counters.n_ended[s->alarm.cause.kind]++;
        alarm_slots_tell(a, s, is_accepted ? ALARM_WAS_ACCEPTED : ALARM_ENDED, now_ns);
    }
    remove_slot(a, s);
}

static void raise(struct alarms *a, struct slot *s, uint64_t now_ns)
{
    s->alarm.state = ALARM_RAISED;
    s->alarm.raised_ns = (int64_t)now_ns;
    a->counters.n_begun[s->alarm.cause.kind]++;
    alarm_slots_tell(a, s, ALARM_BEGAN, now_ns);
}

static bool is_example(const struct alarm *alarm, const struct ip_prefix *prefix)
{
    for (uint8_t i = 0; i < alarm->n_examples; i++)
        if (ip_prefix_equal(&alarm->examples[i], prefix))
            return true;
    return false;
}

/* A restored alarm gets back what it had; another one takes what comes within a minute. */
static bool may_join(const struct slot *s, const struct cause *c, uint64_t now_ns)
{
    const struct alarm_cause *own = &s->alarm.cause, *other = &c->cause;

    if (own->kind != other->kind || own->at != other->at || own->from != other->from)
        return false;
    if (s->was_restored && now_ns < s->grace_ns &&
        (!other->has_prefix || is_example(&s->alarm, &other->prefix) ||
         s->alarm.n_members_ever > s->alarm.n_examples))
        return true;
    return now_ns - s->joined_ns <= JOIN_NS;
}

static struct slot *slot_for(struct alarms *a, const struct cause *c, uint64_t now_ns)
{
    struct alarm alarm = {
        .state = ALARM_PENDING, .cause = c->cause, .facts = c->facts, .raised_ns = (int64_t)now_ns};

    for (uint32_t i = *chain_of(a, &c->cause); i != SLOT_NONE; i = a->slots[i].next)
        if (may_join(&a->slots[i], c, now_ns))
            return &a->slots[i];
    alarm.id = new_id(a, &c->cause, now_ns);
    return alarm_slots_add(a, &alarm, now_ns);
}

bool alarm_slots_join(struct alarms *a, struct cause *c, uint64_t now_ns)
{
    struct slot *s = slot_for(a, c, now_ns);
    struct alarm *alarm;

    if (s == NULL)
        return false;
    alarm = &s->alarm;
    c->slot = (uint32_t)(s - a->slots);
    alarm->n_members++;
    if (c->cause.has_prefix && !is_example(alarm, &c->cause.prefix) &&
        alarm->n_examples < ALARM_EXAMPLES)
        alarm->examples[alarm->n_examples++] = c->cause.prefix;
    /* It may be one of those that it had before the restart. */
    if (s->was_restored && now_ns < s->grace_ns && alarm->n_members <= alarm->n_members_ever)
        return true;
    alarm->n_members_ever++;
    s->joined_ns = now_ns;
    if (c->facts.severity > alarm->facts.severity) {
        alarm->facts.severity = c->facts.severity;
        if (alarm->state == ALARM_RAISED || alarm->state == ALARM_ACKNOWLEDGED)
            alarm_slots_tell(a, s, ALARM_BECAME_WORSE, now_ns);
    }
    if (alarm->state == ALARM_PENDING && alarm_kind_gather_s(alarm->cause.kind) == 0)
        raise(a, s, now_ns);
    return true;
}

void alarm_slots_leave(struct alarms *a, struct cause *c, bool is_accepted, uint64_t now_ns)
{
    struct slot *s = &a->slots[c->slot];

    c->slot = SLOT_NONE;
    if (--s->alarm.n_members == 0 && (!s->was_restored || now_ns >= s->grace_ns || is_accepted))
        end_slot(a, s, is_accepted, (int64_t)(c->holds ? now_ns : c->ended_ns), now_ns);
}

static uint64_t grown(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

void alarm_slots_count(struct alarms *a, const struct cause *c, const struct alarm_facts *facts,
                       uint64_t now_ns)
{
    struct slot *s = &a->slots[c->slot];
    struct alarm *alarm = &s->alarm;
    const enum alarm_severity severity = alarm->facts.severity;

    alarm->packets += grown(c->facts.packets, facts->packets);
    alarm->bytes += grown(c->facts.bytes, facts->bytes);
    /* Those of one alarm have the rest alike. */
    if (c->cause.has_prefix == alarm->cause.has_prefix &&
        (!c->cause.has_prefix || ip_prefix_equal(&c->cause.prefix, &alarm->cause.prefix)))
        alarm->facts = *facts;
    alarm->facts.severity = facts->severity > severity ? facts->severity : severity;
    if (alarm->facts.severity > severity &&
        (alarm->state == ALARM_RAISED || alarm->state == ALARM_ACKNOWLEDGED))
        alarm_slots_tell(a, s, ALARM_BECAME_WORSE, now_ns);
}

static void remind(struct alarms *a, struct slot *s, uint64_t now_ns)
{
    const int64_t up_ns = (int64_t)now_ns - s->alarm.raised_ns;
    bool is_due = false;

    while (s->n_reminders < ARRAY_LENGTH(reminders_s) &&
           up_ns >= (int64_t)(reminders_s[s->n_reminders] * NS_PER_S)) {
        s->n_reminders++;
        is_due = true;
    }
    if (is_due)
        alarm_slots_tell(a, s, ALARM_GOES_ON, now_ns);
}

static void tick_slot(struct alarms *a, struct slot *s, uint64_t now_ns)
{
    struct alarm *alarm = &s->alarm;

    if (alarm->n_members == 0 && now_ns >= s->grace_ns) {
        end_slot(a, s, false, (int64_t)now_ns, now_ns);
    } else if (alarm->state == ALARM_PENDING) {
        if (now_ns - s->opened_ns >= alarm_kind_gather_s(alarm->cause.kind) * NS_PER_S)
            raise(a, s, now_ns);
    } else if (alarm->state == ALARM_ACCEPTED) {
        if (alarm->accepted_until_ns != 0 && alarm->accepted_until_ns <= (int64_t)now_ns) {
            alarm->state = ALARM_RAISED;
            alarm_slots_tell(a, s, ALARM_GOES_ON, now_ns);
        }
    } else if (alarm->is_muted && !alarm_accepts_mutes(a, &alarm->cause, now_ns)) {
        alarm_slots_tell(a, s, alarm->was_told ? ALARM_GOES_ON : ALARM_BEGAN, now_ns);
    } else if (alarm->n_members_ever > s->n_told && now_ns - s->joined_ns > JOIN_NS) {
        alarm_slots_tell(a, s, ALARM_GREW, now_ns);
    } else {
        remind(a, s, now_ns);
    }
}

void alarm_slots_tick(struct alarms *a, uint64_t now_ns)
{
    for (uint32_t i = 0, n = a->n_slots; i < a->config.n_alarms && n > 0; i++)
        if (a->slots[i].is_used) {
            n--;
            tick_slot(a, &a->slots[i], now_ns);
        }
}

struct slot *alarm_slots_find(struct alarms *a, uint64_t id)
{
    for (uint32_t i = 0; i < a->config.n_alarms; i++)
        if (a->slots[i].is_used && a->slots[i].alarm.id == id)
            return &a->slots[i];
    return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What people do to alarms, and what is read of them. */
#include <errno.h>
#include <stdio.h>

#include "base/time.h"
#include "map/alarm_table.h"

const char *alarm_news_name(enum alarm_news news)
{
    static const char *const names[] = {"began",        "became_worse", "grew", "goes_on",
                                        "acknowledged", "accepted",     "ended"};

    return names[news];
}

int alarms_acknowledge(struct alarms *a, uint64_t id, const char *who, uint64_t now_ns)
{
    struct slot *s = alarm_slots_find(a, id);

    if (s == NULL || s->alarm.state == ALARM_PENDING)
        return -ENOENT;
    if (s->alarm.state == ALARM_ACKNOWLEDGED)
        return -EALREADY;
    s->alarm.state = ALARM_ACKNOWLEDGED;
    snprintf(s->alarm.who, sizeof(s->alarm.who), "%s", who);
    alarm_slots_tell(a, s, ALARM_WAS_ACKNOWLEDGED, now_ns);
    return 0;
}

/* Causes that a row is for leave their alarms with the next tick. */
int alarms_add_accept(struct alarms *a, const struct alarm_accept_row *row, uint64_t now_ns)
{
    (void)now_ns;
    return alarm_accepts_add(a, row);
}

int alarms_accept(struct alarms *a, uint64_t id, const char *who, int64_t until_ns, uint64_t now_ns)
{
    struct slot *s = alarm_slots_find(a, id);
    struct alarm_accept_row row;

    if (s == NULL || s->alarm.state == ALARM_PENDING)
        return -ENOENT;
    if (s->alarm.state == ALARM_ACCEPTED)
        return -EALREADY;
    row = (struct alarm_accept_row){.kind = s->alarm.cause.kind,
                                    .at = s->alarm.cause.at,
                                    .has_prefix = s->alarm.cause.has_prefix,
                                    .prefix = s->alarm.cause.prefix,
                                    .until_ns = until_ns};
    snprintf(row.who, sizeof(row.who), "%s", who);
    snprintf(s->alarm.who, sizeof(s->alarm.who), "%s", who);
    s->alarm.accepted_until_ns = until_ns;
    if (s->alarm.n_members_ever <= 1)
        return alarm_accepts_add(a, &row);
    s->alarm.state = ALARM_ACCEPTED;
    alarm_slots_tell(a, s, ALARM_WAS_ACCEPTED, now_ns);
    return 0;
}

int alarms_restore(struct alarms *a, const struct alarm *alarm, uint64_t now_ns)
{
    struct slot *s;

    if (alarm->id == 0 || alarm->state == ALARM_PENDING || alarm->state == ALARM_CLEARED)
        return -EINVAL;
    if (alarm_slots_find(a, alarm->id) != NULL)
        return -EEXIST;
    s = alarm_slots_add(a, alarm, now_ns);
    if (s == NULL)
        return -ENOSPC;
    s->was_restored = true;
    s->grace_ns = now_ns + ALARMS_GRACE_S * NS_PER_S;
    s->alarm.n_members = 0;
    s->n_told = s->alarm.n_members_ever;
    return 0;
}

const struct alarm *alarms_at(const struct alarms *a, uint32_t i)
{
    for (uint32_t k = 0; k < a->config.n_alarms && i < a->n_slots; k++)
        if (a->slots[k].is_used && i-- == 0)
            return &a->slots[k].alarm;
    return NULL;
}

const struct alarm *alarms_find(const struct alarms *a, uint64_t id)
{
    for (uint32_t i = 0; i < a->config.n_alarms; i++)
        if (a->slots[i].is_used && a->slots[i].alarm.id == id)
            return &a->slots[i].alarm;
    return NULL;
}

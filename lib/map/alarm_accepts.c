/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody accepted, and maintenance windows. */
#include <errno.h>
#include <string.h>

#include "map/alarm_table.h"

static bool is_over(int64_t until_ns, uint64_t now_ns)
{
    return until_ns != 0 && until_ns <= (int64_t)now_ns;
}

static bool covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
    return outer->is_ipv4 == inner->is_ipv4 && outer->length <= inner->length &&
           ip_prefix_contains(outer, &inner->address);
}

static bool fits(const struct alarm_accept_row *row, const struct alarm_cause *cause)
{
    if (row->kind != ALARM_N_KINDS && row->kind != cause->kind)
        return false;
    if (row->at != ALARM_NO_INGRESS && row->at != cause->at)
        return false;
    return !row->has_prefix || (cause->has_prefix && covers(&row->prefix, &cause->prefix));
}

bool alarm_accepts_has(const struct alarms *a, const struct alarm_cause *cause)
{
    for (uint32_t i = 0; i < a->n_accepts; i++)
        if (fits(&a->accepts[i], cause))
            return true;
    return false;
}

void alarm_accepts_expire(struct alarms *a, uint64_t now_ns)
{
    for (uint32_t i = a->n_accepts; i-- > 0;)
        if (is_over(a->accepts[i].until_ns, now_ns)) {
            a->accepts[i] = a->accepts[--a->n_accepts];
            a->accept_round++;
        }
    for (uint32_t i = a->n_windows; i-- > 0;)
        if (a->windows[i].until_ns <= (int64_t)now_ns)
            a->windows[i] = a->windows[--a->n_windows];
}

bool alarms_is_muted(const struct alarms *a, uint16_t at, uint64_t now_ns)
{
    for (uint32_t i = 0; i < a->n_windows; i++) {
        const struct window *w = &a->windows[i];

        if ((w->at == ALARM_NO_INGRESS || w->at == at) && w->from_ns <= (int64_t)now_ns &&
            (int64_t)now_ns < w->until_ns)
            return true;
    }
    return false;
}

bool alarm_accepts_mutes(const struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns)
{
    return alarms_is_muted(a, cause->at, now_ns) ||
           (cause->from != ALARM_NO_INGRESS && alarms_is_muted(a, cause->from, now_ns));
}

static bool is_for_the_same(const struct alarm_accept_row *x, const struct alarm_accept_row *y)
{
    return x->kind == y->kind && x->at == y->at && x->has_prefix == y->has_prefix &&
           (!x->has_prefix || ip_prefix_equal(&x->prefix, &y->prefix));
}

static uint32_t find(const struct alarms *a, const struct alarm_accept_row *row)
{
    uint32_t i = 0;

    while (i < a->n_accepts && !is_for_the_same(&a->accepts[i], row))
        i++;
    return i;
}

int alarm_accepts_add(struct alarms *a, const struct alarm_accept_row *row)
{
    const uint32_t i = find(a, row);

    if (i == ALARMS_MOST_ACCEPTS)
        return -ENOSPC;
    a->accepts[i] = *row;
    a->accepts[i].who[ALARM_WHO_BYTES - 1] = '\0';
    if (i == a->n_accepts)
        a->n_accepts++;
    a->accept_round++;
    return 0;
}

int alarms_remove_accept(struct alarms *a, const struct alarm_accept_row *row, uint64_t now_ns)
{
    const uint32_t i = find(a, row);

    (void)now_ns;
    if (i == a->n_accepts)
        return -ENOENT;
    a->accepts[i] = a->accepts[--a->n_accepts];
    a->accept_round++;
    return 0;
}

uint32_t alarms_n_accepts(const struct alarms *a)
{
    return a->n_accepts;
}

const struct alarm_accept_row *alarms_accept_at(const struct alarms *a, uint32_t i)
{
    return i < a->n_accepts ? &a->accepts[i] : NULL;
}

int alarms_add_window(struct alarms *a, uint16_t at, int64_t from_ns, int64_t until_ns,
                      uint64_t now_ns)
{
    if (until_ns <= from_ns)
        return -EINVAL;
    alarm_accepts_expire(a, now_ns);
    if (a->n_windows == ALARMS_MOST_WINDOWS)
        return -ENOSPC;
    a->windows[a->n_windows++] = (struct window){at, from_ns, until_ns};
    return 0;
}

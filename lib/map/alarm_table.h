/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the alarms share: causes, the alarms that they are members of, what is accepted
 * or muted. Internal. */
#ifndef MAP_ALARM_TABLE_H
#define MAP_ALARM_TABLE_H

#include "map/alarms.h"

#define CAUSE_NONE UINT32_MAX
#define SLOT_NONE  UINT32_MAX

struct cause {
    struct alarm_cause cause;
    struct alarm_facts facts;
    bool is_used;
    bool holds;            /* it is so */
    bool is_damped;        /* not raised, since it came and went too often */
    bool is_accepted;      /* not raised, since somebody said so */
    uint32_t accept_round; /* of the rows that is_accepted was found out by */
    uint32_t slot;         /* of the alarm that it is a member of; SLOT_NONE */
    uint32_t next;         /* in its chain, or of the free ones */
    uint32_t place;        /* in the list of those that are used */
    uint64_t since_ns, seen_ns, ended_ns;
    double penalty; /* as it was at penalty_ns */
    uint64_t penalty_ns;
};

/* An alarm that is up or pending. */
struct slot {
    struct alarm alarm;
    bool is_used, was_restored;
    uint32_t next; /* in its chain, or of the free ones */
    uint64_t opened_ns, joined_ns, told_ns;
    uint64_t grace_ns; /* restored: until then its causes may still come */
    uint32_t n_told;   /* members when it was told last */
    uint8_t n_reminders;
};

struct window {
    uint16_t at;
    int64_t from_ns, until_ns;
};

struct alarms {
    struct alarms_config config;
    struct alarms_counters counters;
    struct cause *causes;
    uint32_t *used; /* n_causes of them */
    struct slot *slots;
    uint32_t *cause_chains, *slot_chains;
    uint32_t n_chains, n_slot_chains; /* powers of two */
    uint32_t free_cause, free_slot, n_causes, n_slots;
    uint32_t n_causes_of_kind[ALARM_N_KINDS];
    struct alarm_accept_row accepts[ALARMS_MOST_ACCEPTS];
    uint32_t n_accepts, accept_round;
    struct window windows[ALARMS_MOST_WINDOWS];
    uint32_t n_windows;
};

/* alarm_causes.c: the row of a cause; NULL: it has none. */
struct cause *alarm_causes_find(struct alarms *a, const struct alarm_cause *cause);
/* A new row; NULL, and counted: there is no room. */
struct cause *alarm_causes_add(struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns);
void alarm_causes_remove(struct alarms *a, struct cause *c);

/* alarm_accepts.c */
bool alarm_accepts_has(const struct alarms *a, const struct alarm_cause *cause);
/* Takes out rows and windows that are over. */
void alarm_accepts_expire(struct alarms *a, uint64_t now_ns);
bool alarm_accepts_mutes(const struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns);
int alarm_accepts_add(struct alarms *a, const struct alarm_accept_row *row);

/* alarm_slots.c: a cause becomes a member of the alarm that it belongs to, or of a new one. False,
 * and counted: there is no room for a new one. */
bool alarm_slots_join(struct alarms *a, struct cause *c, uint64_t now_ns);
/* It is a member no more, and the alarm ends with the last one: as what was accepted, or as over.
 */
void alarm_slots_leave(struct alarms *a, struct cause *c, bool is_accepted, uint64_t now_ns);
/* The entry has counted on. */
void alarm_slots_count(struct alarms *a, const struct cause *c, const struct alarm_facts *facts,
                       uint64_t now_ns);
/* What is due of each alarm. */
void alarm_slots_tick(struct alarms *a, uint64_t now_ns);
struct slot *alarm_slots_find(struct alarms *a, uint64_t id);
/* A slot for an alarm; NULL: there is no room. */
struct slot *alarm_slots_add(struct alarms *a, const struct alarm *alarm, uint64_t now_ns);
void alarm_slots_tell(struct alarms *a, struct slot *s, enum alarm_news news, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of alarms: from what is so, again and again, to what is told, once.
 *
 * Whoever looks at the map says what is so (alarms_observe()), each time that it looks: at least
 * every ALARMS_RENEW_S. When it is so for as long as its kind asks, it is raised. It is over when
 * it was not so for three times as long, at least three minutes, and that is told, too, with its
 * duration and totals. Traffic has to reach a floor for that, and stays above half of it.
 *
 * What has one cause is one alarm: of the same kind, ingress and place before, as long as no minute
 * passes between two of them. So a link that fails is one alarm and not one for each prefix. It
 * keeps its id to its end; told are its beginning, its end, that it has become worse, once that it
 * has grown, and that it is still so after 1, 4 and 24 hours.
 *
 * What comes and goes is damped (the shape of RFC 2439: 1,000 a change, halved every 15 minutes,
 * silent above 6,000 until below 750, an hour at most), and told as `flapping`.
 *
 * In a maintenance window alarms live as always, and are told as muted; at its end, what is still
 * so is told aloud. What somebody accepted is not raised until that ends.
 *
 * One thread. Memory is taken at creation; when a table is full, what comes new is refused, and
 * counted. Times are nanoseconds of a clock that never goes back. */
#ifndef MAP_ALARMS_H
#define MAP_ALARMS_H

#include "map/alarm.h"

#define ALARMS_RENEW_S      60
#define ALARMS_MOST_ACCEPTS 1024
#define ALARMS_MOST_WINDOWS 64
/* After alarms were restored, their causes have so long to be seen again. */
#define ALARMS_GRACE_S 600

struct alarms;

enum alarm_news {
    ALARM_BEGAN,
    ALARM_BECAME_WORSE,
    ALARM_GREW,
    ALARM_GOES_ON,
    ALARM_WAS_ACKNOWLEDGED,
    ALARM_WAS_ACCEPTED,
    ALARM_ENDED,
};
const char *alarm_news_name(enum alarm_news news);

struct alarms_config {
    uint32_t n_causes;        /* at one time: 1..1,048,576 */
    uint32_t n_alarms;        /* at one time: 1..16,384 */
    double least_bytes_per_s; /* of kinds with a prefix */
    uint64_t secret[2];       /* from getrandom(2), for ids */
    /* What is told; `alarm` is valid during the call. Nothing of this library may be called. */
    void (*tell)(void *context, enum alarm_news news, const struct alarm *alarm, uint64_t now_ns);
    void *context;
};

/* NULL when memory is short, or a number is out of bounds. `config` is copied. */
struct alarms *alarms_create(const struct alarms_config *config);
void alarms_destroy(struct alarms *a); /* NULL is allowed */
/* Another least_bytes_per_s from now on. */
void alarms_set_floor(struct alarms *a, double least_bytes_per_s);

/* It is so. */
void alarms_observe(struct alarms *a, const struct alarm_cause *cause,
                    const struct alarm_facts *facts, uint64_t now_ns);
/* It is not so any more: known sooner than by not being renewed. Nothing when it was not so. */
void alarms_end(struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns);

/* To be called once a second or so. */
void alarms_tick(struct alarms *a, uint64_t now_ns);

/* Commands of a person. 0; -ENOENT no alarm of this id is up; -EALREADY it is that already. `who`
 * is cut to ALARM_WHO_BYTES. */
int alarms_acknowledge(struct alarms *a, uint64_t id, const char *who, uint64_t now_ns);
/* An alarm of one cause becomes a row of what is accepted (-ENOSPC: there is no room for it), and
 * ends with that; one of many stays up, accepted, until they are all over. */
int alarms_accept(struct alarms *a, uint64_t id, const char *who, int64_t until_ns,
                  uint64_t now_ns);

/* What is all right, whether an alarm of it is up or not: of any kind when kind is ALARM_N_KINDS,
 * at any ingress when `at` is ALARM_NO_INGRESS; of the prefix and all in it, or of all without one.
 */
struct alarm_accept_row {
    enum alarm_kind kind;
    uint16_t at;
    bool has_prefix;
    struct ip_prefix prefix;
    int64_t until_ns; /* 0: without end */
    char who[ALARM_WHO_BYTES];
};
/* Another row for the same takes its place. 0; -ENOSPC there are ALARMS_MOST_ACCEPTS. */
int alarms_add_accept(struct alarms *a, const struct alarm_accept_row *row, uint64_t now_ns);
/* -ENOENT there is none for just that. */
int alarms_remove_accept(struct alarms *a, const struct alarm_accept_row *row, uint64_t now_ns);
uint32_t alarms_n_accepts(const struct alarms *a);
const struct alarm_accept_row *alarms_accept_at(const struct alarms *a, uint32_t i);

/* Of an ingress, or of all when `at` is ALARM_NO_INGRESS. 0; -ENOSPC; -EINVAL it ends before it
 * begins. Windows that are over are forgotten. */
int alarms_add_window(struct alarms *a, uint16_t at, int64_t from_ns, int64_t until_ns,
                      uint64_t now_ns);
bool alarms_is_muted(const struct alarms *a, uint16_t at, uint64_t now_ns);

/* An alarm that was up when the process before this one ended: it goes on, and is not told again.
 * 0; -ENOSPC; -EINVAL it is not up, or has no id; -EEXIST. */
int alarms_restore(struct alarms *a, const struct alarm *alarm, uint64_t now_ns);

/* Of alarms that are up or pending, the i-th; NULL beyond the last. Valid until the next call that
 * changes something. */
const struct alarm *alarms_at(const struct alarms *a, uint32_t i);
const struct alarm *alarms_find(const struct alarms *a, uint64_t id);

struct alarms_counters {
    uint64_t n_begun[ALARM_N_KINDS], n_ended[ALARM_N_KINDS];
    uint64_t n_refused_causes, n_refused_alarms; /* tables were full */
    uint64_t n_below_floor, n_damped, n_accepted;
};
const struct alarms_counters *alarms_counters(const struct alarms *a);
uint32_t alarms_n_causes(const struct alarms *a);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms of the map, told: as an event of the log, and out of that as a line of syslog (RFC 5424)
 * and as an alert of Alertmanager (API v2). Whatever is sent is made of the event alone, so that it
 * can be sent by another process, later, and again.
 *
 * Functions have no state: any thread. JSON that is returned is the caller's; NULL when memory is
 * short. */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "map/alarms.h"

/* Names of the events. What began in a maintenance window is told under another one, which nothing
 * but the log and the store takes. */
#define ALERT_EVENT       "ingress_alarm"
#define ALERT_EVENT_MUTED "ingress_alarm_muted"

struct alert_names {
    /* Of an ingress; never NULL. */
    const char *(*name)(void *context, uint16_t ingress);
    /* ALARM_NO_INGRESS: it has no number. */
    uint16_t (*number)(void *context, const char *name);
    void *context;
};

/* "ingress_alarm" or "ingress_alarm_muted". */
const char *alert_event_name(const struct alarm *alarm);

/* The members of the event, but for its name and time. `wall_offset_ns`: to be added to the clock
 * of the alarms for time since 1970. */
json_t *alert_event(const struct alarm *alarm, enum alarm_news news,
                    const struct alert_names *names, int64_t wall_offset_ns, uint64_t now_ns);

/* The alarm that an event tells of, as far as alarms_restore() needs it. 0; -EINVAL with `error`
 * naming the member that is missing or wrong. */
#define ALERT_ERROR_BYTES 128
int alert_read(const json_t *event, const struct alert_names *names, int64_t wall_offset_ns,
               struct alarm *out, char error[ALERT_ERROR_BYTES]);

/* One sentence for a person, about an event's members; "" when it is none. */
#define ALERT_WORDS_BYTES 512
const char *alert_words(const json_t *event, char out[ALERT_WORDS_BYTES]);

/* The event, with "time", as a message of syslog without a line end (RFC 5424 section 6): facility
 * `facility` (0..23), and structured data of the id below. `host`: the name of this machine.
 * Returns its length, or 0 when the event is none of an alarm that is told. */
#define ALERT_SYSLOG_BYTES 4096
/* The number is the one for documentation (RFC 5612). */
#define ALERT_SYSLOG_ID "ingress@32473"
size_t alert_syslog(const json_t *event, const char *host, unsigned int facility,
                    char out[ALERT_SYSLOG_BYTES]);

/* The event as an alert for POST /api/v2/alerts, to be sent in an array, again and again while the
 * alarm is up. Labels alone identify: alertname, box, kind, prefix, ingress. NULL when the event is
 * none of an alarm that is told, too. */
json_t *alert_alertmanager(const json_t *event, const char *box);

/* Is it an alarm that is up, and was not accepted? */
bool alert_is_active(const json_t *event);

#endif

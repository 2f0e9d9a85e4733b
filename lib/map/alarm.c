/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/alarm.h"

#include <string.h>

static const struct {
    const char *name, *meaning;
    unsigned int parts;
    uint32_t hold_s, gather_s;
} kinds[] = {
#define X(suffix, name, hold_s, gather_s, parts, meaning) {name, meaning, parts, hold_s, gather_s},
    ALARM_KINDS(X)
#undef X
};

static const char *const states[] = {
#define X(suffix, name, meaning) name,
    ALARM_STATES(X)
#undef X
};

static const char *const severities[] = {"info", "warning", "critical"};

const char *alarm_kind_name(enum alarm_kind kind)
{
    return kinds[kind].name;
}

const char *alarm_kind_meaning(enum alarm_kind kind)
{
    return kinds[kind].meaning;
}

unsigned int alarm_kind_parts(enum alarm_kind kind)
{
    return kinds[kind].parts;
}

uint32_t alarm_kind_hold_s(enum alarm_kind kind)
{
    return kinds[kind].hold_s;
}

uint32_t alarm_kind_gather_s(enum alarm_kind kind)
{
    return kinds[kind].gather_s;
}

const char *alarm_state_name(enum alarm_state state)
{
    return states[state];
}

const char *alarm_severity_name(enum alarm_severity severity)
{
    return severities[severity];
}

bool alarm_kind_of(const char *name, enum alarm_kind *out)
{
    for (int i = 0; i < ALARM_N_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *out = (enum alarm_kind)i;
            return true;
        }
    return false;
}

bool alarm_state_of(const char *name, enum alarm_state *out)
{
    for (int i = 0; i < ALARM_N_STATES; i++)
        if (strcmp(states[i], name) == 0) {
            *out = (enum alarm_state)i;
            return true;
        }
    return false;
}

bool alarm_severity_of(const char *name, enum alarm_severity *out)
{
    for (int i = 0; i < ALARM_N_SEVERITIES; i++)
        if (strcmp(severities[i], name) == 0) {
            *out = (enum alarm_severity)i;
            return true;
        }
    return false;
}

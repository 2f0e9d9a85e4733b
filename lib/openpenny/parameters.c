/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/parameters.h"

#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "config/bounds.h"

/* What 0 means in OpenPenny, where it is not the number. */
enum zero { ZERO_IS_A_NUMBER, ZERO_IS_NEVER, ZERO_IS_NO_LIMIT };

struct parameter {
    enum setting setting;
    const char *name; /* its own name here */
    double scale;
    double fallback; /* of OpenPenny's code, in its unit */
    bool is_whole;
    enum zero zero;
    const char *zero_note; /* what is done instead, and why */
};

#define NO_LIMIT_NOTE "0 is no limit there; here it keeps its default, which drops less"
#define NEVER_NOTE    "OpenPenny's 0 forgets no flow; here the longest time is taken, an hour"

static const struct parameter of_active[] = {
    {SET_DUPLICATE_RATIO, "max_duplicate_ratio", 1, 0.15, false, ZERO_IS_A_NUMBER, NULL},
    {SET_REORDERING_RATIO, "max_reordering_ratio", 1, 0.8, false, ZERO_IS_A_NUMBER, NULL},
    {SET_MISS_RATE, "p_miss", 1, 0.05, false, ZERO_IS_A_NUMBER, NULL},
    {SET_TIMEOUT_S, "retransmission_timeout_ms", 1000, 3.0, true, ZERO_IS_A_NUMBER, NULL},
    {SET_IDLE_S, "flow_idle_timeout_ms", 1000, 0, true, ZERO_IS_NEVER, NEVER_NOTE},
    {SET_DROPS_PER_FLOW, "max_drops_per_flow", 1, 0, true, ZERO_IS_NO_LIMIT, NO_LIMIT_NOTE},
    {SET_DROPS_IN_ALL, "max_drops_per_aggregate", 1, 0, true, ZERO_IS_NO_LIMIT, NO_LIMIT_NOTE},
    {SET_CLOSED_LOOP_FLOWS, "min_closed_loop_flows", 1, 0, true, ZERO_IS_NO_LIMIT,
     "0 stands for 2 there, as the default here"},
};

static const struct parameter of_passive[] = {
    {SET_FLOWS_TO_FINISH, "min_flows_to_finish", 1, 0, true, ZERO_IS_A_NUMBER, NULL},
};

static const struct parameter watch = {SET_WATCH_S, "max_duration_ms", 1000, 0,
                                       true,        ZERO_IS_A_NUMBER,  NULL};
static const struct parameter grace = {SET_GRACE_S, "admission_grace_ms", 1000, 3.0,
                                       true,        ZERO_IS_A_NUMBER,     NULL};
static const struct parameter passive_grace = {
    SET_PASSIVE_GRACE_S, "admission_grace_ms", 1000, 0, true, ZERO_IS_A_NUMBER, NULL};
static const struct parameter passive_idle = {
    SET_PASSIVE_IDLE_S, "passive_flow_idle_timeout_ms", 1000, 0, true, ZERO_IS_NEVER, NEVER_NOTE};
/* In 1.1.0 one time is for both modes. */
static const struct parameter shared_idle = {
    SET_IDLE_S, "passive_flow_idle_timeout_ms", 1000, 0, true, ZERO_IS_NEVER, NEVER_NOTE};
static const struct parameter stop_after = {
    SET_STOP_AFTER_FLOWS, "max_individual_flows", 1, 0, true, ZERO_IS_NO_LIMIT, NO_LIMIT_NOTE};
static const struct parameter monitored = {SET_MONITORED_FLOWS, "max_individual_flows", 1, 0, true,
                                           ZERO_IS_NO_LIMIT,    NO_LIMIT_NOTE};

/* What a person calls the setting when no key gave it. */
static void note_fallback(struct settings *s, const struct parameter *p, const char *what)
{
    note_absent(s->notes, s->file, "nothing is given for %s: %s", p->name, what);
}

static double least_or_most(const struct parameter *p, double value)
{
    struct config_bounds bounds = config_bounds_of_parameter(p->name);

    return value < bounds.least ? bounds.least : value > bounds.most ? bounds.most : value;
}

/* The value in our unit, within our bounds. A negative one is left out: the default here. */
static double fitted(struct settings *s, const struct parameter *p)
{
    double given = setting_number(s, p->setting, p->fallback);
    double value = p->is_whole ? round(given * p->scale) : given * p->scale;
    double fit = least_or_most(p, value);

    if (given == 0 && p->zero != ZERO_IS_A_NUMBER) {
        if (setting_given(s, p->setting))
            setting_note(s, p->setting, "%s (%s)", p->zero_note, p->name);
        else
            note_fallback(s, p, p->zero_note);
        return p->zero == ZERO_IS_NEVER ? least_or_most(p, INFINITY) : -1;
    }
    if (fit != value && setting_given(s, p->setting))
        setting_note(s, p->setting, "%s is %.15g, the %s that is possible here", p->name, fit,
                     fit > value ? "least" : "most");
    return fit;
}

static void put(json_t *to, const struct parameter *p, double value)
{
    if (value < 0)
        return;
    json_object_set_new(to, p->name,
                        p->is_whole ? json_integer((json_int_t)value) : json_real(value));
}

/* Of the other mode, and of an override, only what is given. */
static void put_all(struct settings *s, json_t *to, const struct parameter *parameters, size_t n,
                    bool is_of_mode)
{
    for (size_t i = 0; i < n; i++)
        if ((is_of_mode && !s->only_given) || setting_given(s, parameters[i].setting))
            put(to, &parameters[i], fitted(s, &parameters[i]));
}

bool parameters_never_drop(const struct settings *s)
{
    return setting_number(s, SET_DROP_PROBABILITY, 0) == 0;
}

/* 0 would be told as the least that is possible, which drops. */
static void put_probability(struct settings *s, json_t *to, bool is_passive)
{
    static const struct parameter p = {
        SET_DROP_PROBABILITY, "drop_probability", 1, 0, false, ZERO_IS_A_NUMBER, NULL};
    static const char never[] =
        "OpenPenny then never drops a packet, whatever its documentation says of 0.05. So here the "
        "kill switch is on (instance.kill_switch); take it off for a test that drops with "
        "drop_probability 0.05";

    if (!parameters_never_drop(s))
        put(to, &p, fitted(s, &p));
    else if (is_passive || s->only_given)
        return;
    else if (setting_given(s, SET_DROP_PROBABILITY))
        setting_note(s, SET_DROP_PROBABILITY, "%s", never);
    else
        note_absent(s->notes, s->file, "nothing is given for packet_drop_probability: %s", never);
}

/* Both are limits on single flows; OpenPenny ends when so many have an outcome. */
static void put_individual_flows(struct settings *s, json_t *to, bool is_of_mode)
{
    bool has_stop = setting_number(s, SET_STOP_AFTER_FLOWS, 0) > 0;
    bool has_monitored = setting_number(s, SET_MONITORED_FLOWS, 0) > 0;

    if (has_monitored && !has_stop)
        put(to, &monitored, fitted(s, &monitored));
    else
        put_all(s, to, &stop_after, 1, is_of_mode);
    if (has_stop && setting_given(s, SET_MONITORED_FLOWS))
        setting_note(s, SET_MONITORED_FLOWS,
                     "no counterpart beside %s, which is max_individual_flows",
                     s->at[SET_STOP_AFTER_FLOWS].key);
}

static void put_times(struct settings *s, json_t *to, bool is_passive)
{
    const struct parameter *idle = s->is_1_0 ? &passive_idle : &shared_idle;

    put_all(s, to, is_passive && s->is_1_0 ? &passive_grace : &grace, 1, true);
    if (is_passive || !s->only_given)
        put_all(s, to, idle, 1, is_passive);
    if (!is_passive && s->is_1_0 && setting_given(s, SET_PASSIVE_GRACE_S))
        setting_note(s, SET_PASSIVE_GRACE_S, "it is of mode passive, which this is not");
    if (is_passive && s->is_1_0 && setting_given(s, SET_GRACE_S))
        setting_note(s, SET_GRACE_S, "it is of mode active, which this is not");
}

static void put_watch(struct settings *s, json_t *to, bool is_passive)
{
    if (is_passive)
        put_all(s, to, &watch, 1, true);
    else if (setting_given(s, SET_WATCH_S))
        setting_note(s, SET_WATCH_S,
                     "it is of mode passive; in mode active max_duration_ms would end "
                     "the test");
}

static json_int_t whole(const json_t *of, const char *name, json_int_t fallback)
{
    const json_t *value = json_object_get(of, name);

    return value != NULL ? json_integer_value(value) : fallback;
}

/* What pennyline asks of two parameters together. */
static void fit_together(struct settings *s, json_t *to)
{
    json_int_t timeout = whole(to, "retransmission_timeout_ms", 3000);
    json_int_t idle = whole(to, "flow_idle_timeout_ms", 30000);
    json_int_t least = whole(to, "min_closed_loop_flows", 2);
    json_int_t flows = whole(to, "max_individual_flows", 10);

    if (idle < 2 * timeout && !s->only_given) {
        json_object_set_new(to, "flow_idle_timeout_ms", json_integer(2 * timeout));
        note_absent(
            s->notes, s->file,
            "flow_idle_timeout_ms is %lld, twice retransmission_timeout_ms: sooner forgotten "
            "flows would take their drops along",
            (long long)(2 * timeout));
    }
    if (flows < least) {
        json_object_set_new(to, "max_individual_flows", json_integer(least));
        note_absent(s->notes, s->file,
                    "max_individual_flows is %lld, since min_closed_loop_flows is",
                    (long long)least);
    }
}

json_t *parameters_compose(struct settings *s, bool is_passive)
{
    json_t *to = json_object();

    if (to == NULL)
        return NULL;
    if (!s->only_given)
        json_object_set_new(to, "rule", json_string("penny"));
    put_probability(s, to, is_passive);
    put_all(s, to, of_active, ARRAY_LENGTH(of_active), !is_passive);
    put_individual_flows(s, to, !is_passive);
    put_times(s, to, is_passive);
    put_all(s, to, of_passive, ARRAY_LENGTH(of_passive), is_passive);
    put_watch(s, to, is_passive);
    if (setting_given(s, SET_FALLBACK))
        json_object_set_new(to, "fallback_to_individual",
                            json_boolean(s->at[SET_FALLBACK].number != 0));
    fit_together(s, to);
    return to;
}

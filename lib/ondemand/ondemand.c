/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wanted becomes what is in force: one build at a time, of all that came meanwhile. When a
 * build of several is refused, they are built one by one, so that only the bad ones go. */
#include "ondemand/ondemand.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "ondemand/internal.h"

#define RETRY_NS NS_PER_S
/* So long the slice of a test that is over waits for other tests that would gain its packets. */
#define LINGER_NS (30 * NS_PER_S)

struct ondemand *ondemand_create(const struct ondemand_config *config)
{
    struct ondemand *o = calloc(1, sizeof(*o));

    if (o != NULL)
        o->config = *config;
    return o;
}

void ondemand_destroy(struct ondemand *o)
{
    if (o == NULL)
        return;
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        slices_forget(&o->slices[i]);
    for (uint32_t i = 0; i < ONDEMAND_MOST_TESTS; i++)
        tests_forget(&o->tests[i]);
    json_decref(o->base);
    free(o);
}

void ondemand_set_config(struct ondemand *o, const struct config *config)
{
    struct config without_slices = *config;

    without_slices.slices = NULL;
    without_slices.n_slices = 0;
    without_slices.countings = NULL; /* they may refer to slices */
    without_slices.n_countings = 0;
    json_decref(o->base);
    o->base = config_to_json(&without_slices);
    o->in_force = config;
}

/* Would a test that is under way gain its packets? Then it stays a while. */
static bool lingers(struct ondemand *o, const struct wanted_slice *w, uint64_t now_ns)
{
    char error[ONDEMAND_ERROR_BYTES];

    if (now_ns - w->over_ns >= LINGER_NS || traffic_is_free(o, &w->made->slices[0], w, error))
        return false;
    o->is_changed = true;
    return true;
}

/* Adds it to the list if it is to be in the next build. */
static void choose(struct ondemand *o, struct wanted_slice *w, json_t *list, uint32_t *n_new,
                   uint64_t now_ns)
{
    bool is_new = w->state == WANTED_ASKED && (o->n_one_by_one == 0 || *n_new == 0);

    if (w->state == WANTED_LEAVING && !lingers(o, w, now_ns))
        w->state = WANTED_GOING;
    if (is_new) {
        w->state = WANTED_BUILDING;
        ++*n_new;
    }
    o->is_changed = o->is_changed || w->state == WANTED_ASKED;
    if (w->state == WANTED_ASKED && w->replaced != NULL)
        json_array_append(list, w->replaced);
    else if (w->state != WANTED_FREE && w->state != WANTED_ASKED && w->state != WANTED_GOING)
        json_array_append(list, w->described);
}

/* The build did not come about: all is as before it. */
static void unchoose(struct ondemand *o, uint64_t now_ns)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++) {
        struct wanted_slice *w = &o->slices[i];

        if (w->state == WANTED_BUILDING)
            w->state = WANTED_ASKED;
        if (w->state == WANTED_GOING)
            w->state = WANTED_LEAVING;
    }
    o->is_changed = true;
    o->not_before_ns = now_ns + RETRY_NS;
}

static void build(struct ondemand *o, uint64_t now_ns)
{
    json_t *list = json_array();
    uint32_t n_new = 0;

    o->is_changed = false;
    o->not_before_ns = now_ns + RETRY_NS / 10;
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        choose(o, &o->slices[i], list, &n_new, now_ns);
    o->is_building = o->config.apply(o->config.context, list);
    if (!o->is_building)
        unchoose(o, now_ns);
}

void ondemand_poll(struct ondemand *o, uint64_t now_ns)
{
    tests_end_overdue(o, now_ns);
    if (o->is_changed && !o->is_building && now_ns >= o->not_before_ns)
        build(o, now_ns);
}

/* Those that survive a restart. */
static void keep(struct ondemand *o)
{
    json_t *slices = json_object();

    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        if (o->slices[i].state != WANTED_FREE && o->slices[i].test == 0)
            json_object_set(slices, slices_name(&o->slices[i]),
                            o->slices[i].state == WANTED_ASKED && o->slices[i].replaced != NULL
                                ? o->slices[i].replaced
                                : o->slices[i].described);
    if (o->config.keep != NULL)
        o->config.keep(o->config.context, slices);
    else
        json_decref(slices);
}

static void tell_slice(struct ondemand *o, const char *kind, const struct wanted_slice *w,
                       const char *reason)
{
    json_t *members = json_pack("{s:s}", "slice", slices_name(w));

    if (reason != NULL)
        json_object_set_new(members, "reason", json_string(reason));
    if (w->test == 0) {
        o->config.tell(o->config.context, kind, members);
        o->is_kept_changed = true;
    } else {
        json_decref(members);
    }
}

static void take_effect(struct ondemand *o, struct wanted_slice *w, uint64_t now_ns)
{
    struct asked_test *t = tests_find(o, w->test);

    if (w->state == WANTED_GOING) {
        tell_slice(o, "slice_removed", w, NULL);
        slices_forget(w);
    } else if (w->state == WANTED_BUILDING) {
        json_decref(w->replaced);
        w->replaced = NULL;
        /* Who let it go while it was built gets it built once more, without. */
        w->state = w->over_ns != 0 ? WANTED_LEAVING : WANTED_IN_FORCE;
        tell_slice(o, "slice_set", w, NULL);
        if (t != NULL && t->state == ASKED_ACCEPTED)
            tests_begin(o, t, now_ns);
    }
}

static void refuse(struct ondemand *o, struct wanted_slice *w, const char *error, uint64_t now_ns)
{
    struct asked_test *t = tests_find(o, w->test);

    tell_slice(o, "slice_refused", w, error);
    if (!slices_put_back(o, w))
        return;
    w->state = WANTED_ASKED;
    if (t != NULL && t->state == ASKED_ACCEPTED)
        tests_refuse(o, t, error, now_ns);
    else
        slices_forget(w);
}

static uint32_t n_in_state(const struct ondemand *o, enum wanted_state state)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        n += o->slices[i].state == state;
    return n;
}

static void come_to_nothing(struct ondemand *o, const char *error, uint64_t now_ns)
{
    uint32_t n = n_in_state(o, WANTED_BUILDING);

    if (n > 1)
        o->n_one_by_one = n + 1;
    for (uint32_t i = 0; n == 1 && i < ONDEMAND_MOST_SLICES; i++)
        if (o->slices[i].state == WANTED_BUILDING)
            refuse(o, &o->slices[i], error, now_ns);
    unchoose(o, now_ns);
    if (n > 0)
        o->not_before_ns = now_ns;
}

void ondemand_applied(struct ondemand *o, const char *error, uint64_t now_ns)
{
    o->is_building = false;
    o->is_kept_changed = false;
    if (error != NULL)
        come_to_nothing(o, error, now_ns);
    for (uint32_t i = 0; error == NULL && i < ONDEMAND_MOST_SLICES; i++)
        take_effect(o, &o->slices[i], now_ns);
    o->n_one_by_one -= o->n_one_by_one > 0;
    if (o->is_kept_changed && error == NULL)
        keep(o);
}

void ondemand_hear(struct ondemand *o, const struct manager_event *event)
{
    struct aggregate_report r;
    struct asked_test *t;

    if ((event->kind != EVENT_TEST_ENDED && event->kind != EVENT_WATCH_ENDED) ||
        !manager_report(o->config.manager, event->aggregate, &r))
        return;
    t = tests_running(o, r.slice->name, event->aggregate);
    if (t != NULL)
        tests_end(o, t, event->time_ns);
}

const char *ondemand_origin(const struct ondemand *o, const char *name)
{
    const struct wanted_slice *w = slices_find((struct ondemand *)(uintptr_t)o, name);

    return w == NULL ? "file" : w->test == 0 ? "run time" : "test";
}

void ondemand_drop(struct ondemand *o, const char *name, const char *reason, uint64_t now_ns)
{
    struct wanted_slice *w = slices_find(o, name);
    struct asked_test *t = w != NULL ? tests_find(o, w->test) : NULL;

    if (w == NULL)
        return;
    o->is_kept_changed = false;
    tell_slice(o, "slice_refused", w, reason);
    slices_forget(w);
    if (t != NULL && t->state == ASKED_ACCEPTED)
        tests_refuse(o, t, reason, now_ns);
    if (o->is_kept_changed)
        keep(o);
}

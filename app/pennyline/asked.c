/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of what is wanted goes to the builder's thread with each change; which slices of the
 * configuration in force are not the file's is known by their names. Both are touched by the
 * manager between builds, and by the builder within one, so `ours` needs no lock; `wanted` may
 * change while the builder reads a file anew. */
#include "asked.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "events.h"
#include "ondemand/ondemand.h"
#include "state_file.h"
#include "json/json.h"

/* Of the file of what is kept. */
#define STATE_VERSION 1

struct asked {
    struct ondemand *ondemand; /* NULL: not there yet, or not any more */
    uint64_t generation;       /* that it knows */
    pthread_mutex_t lock;      /* of `wanted` */
    json_t *wanted;            /* a list: in force, or asked for last */
    json_t *ours;              /* an object by name: those in force */
    json_t *dropped;           /* the builder's, then the manager's: left out of a file read anew */
    struct state_file *file;   /* NULL: none, or it cannot be had */
    bool is_restoring;         /* the next change is what was kept of the last run */
    uint64_t looked_ns;        /* at whether it can be written */
};

int asked_open(struct appliance *a)
{
    a->asked = calloc(1, sizeof(*a->asked));
    if (a->asked == NULL)
        return -ENOMEM;
    pthread_mutex_init(&a->asked->lock, NULL);
    a->asked->wanted = json_array();
    a->asked->ours = json_object();
    a->asked->dropped = json_object();
    return 0;
}

void asked_close(struct appliance *a)
{
    struct asked *s = a->asked;

    json_decref(s->wanted);
    json_decref(s->ours);
    json_decref(s->dropped);
    pthread_mutex_destroy(&s->lock);
    free(s);
    a->asked = NULL;
}

/* A copy, so that no thread counts references of another one's. */
static json_t *copy_of_wanted(struct asked *s)
{
    json_t *copy;

    pthread_mutex_lock(&s->lock);
    copy = json_deep_copy(s->wanted);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

/* One change: what is wanted after it. */
struct asked_change {
    struct appliance *appliance;
    json_t *slices;
};

static json_t *without_ours(const struct asked *s, json_t *slices)
{
    json_t *rest = json_array(), *slice;
    size_t i;

    json_array_foreach (slices, i, slice)
        if (json_object_get(s->ours, json_string_at(slice, "name")) == NULL)
            json_array_append(rest, slice);
    return rest;
}

static int make(void *context, const struct config *in_force, struct config **out,
                struct config_error *error)
{
    const struct asked_change *change = context;
    json_t *root = config_to_json(in_force), *dropped = json_array();
    int result = -EEXIST;

    json_object_set_new(root, "slices",
                        without_ours(change->appliance->asked, json_object_get(root, "slices")));
    ondemand_compose(root, change->slices, dropped);
    if (json_array_size(dropped) > 0)
        snprintf(error->text, sizeof(error->text), "the configuration's file names \"%s\" itself",
                 json_string_value(json_array_get(dropped, 0)));
    else
        result = config_load_json(root, out, error);
    json_decref(dropped);
    json_decref(root);
    return result;
}

/* Names of a list, but those that were left out. */
static void set_ours(struct asked *s, const json_t *slices)
{
    json_t *slice;
    size_t i;

    json_object_clear(s->ours);
    json_array_foreach (slices, i, slice)
        if (json_object_get(s->dropped, json_string_at(slice, "name")) == NULL)
            json_object_set_new(s->ours, json_string_at(slice, "name"), json_true());
}

static void follow_generation(struct appliance *a)
{
    struct asked *s = a->asked;

    if (s->ondemand == NULL || s->generation == change_generation(a))
        return;
    s->generation = change_generation(a);
    ondemand_set_config(s->ondemand, a->config);
    manager_set_max_tests_by_command(a->manager, a->config->instance.max_tests_by_command);
}

static void on_done(void *context, const struct change_result *result)
{
    struct asked_change *change = context;
    struct appliance *a = change->appliance;

    if (a->asked->ondemand != NULL) {
        if (result->error == 0)
            set_ours(a->asked, change->slices);
        follow_generation(a);
        ondemand_applied(a->asked->ondemand, result->error != 0 ? result->text : NULL,
                         appliance_now_ns(a));
    }
    json_decref(change->slices);
    free(change);
}

/* Takes `slices`. */
static bool on_apply(void *context, json_t *slices)
{
    struct appliance *a = context;
    struct asked_change *change = calloc(1, sizeof(*change));
    struct change_request request = {
        .make = make, .done = on_done, .context = change, .way = "slices at run time"};

    if (change == NULL) {
        json_decref(slices);
        return false;
    }
    snprintf(request.who, sizeof(request.who), "%s",
             a->asked->is_restoring ? "the last run, by instance.state_directory"
                                    : "commands and tests");
    *change = (struct asked_change){a, json_deep_copy(slices)};
    if (change_ask(a, &request, appliance_now_ns(a)) != 0) {
        json_decref(change->slices);
        json_decref(slices);
        free(change);
        return false;
    }
    a->asked->is_restoring = false;
    pthread_mutex_lock(&a->asked->lock);
    json_decref(a->asked->wanted);
    a->asked->wanted = slices;
    pthread_mutex_unlock(&a->asked->lock);
    return true;
}

static void on_tell(void *context, const char *kind, json_t *members)
{
    events_asked(context, kind, members, appliance_now_ns(context));
}

/* On the builder's thread. */
static int complete(const struct appliance *a, struct config **config, struct config_error *error)
{
    json_t *slices = copy_of_wanted(a->asked);
    int result;

    json_object_clear(a->asked->dropped);
    result = ondemand_merge(config, slices, a->asked->dropped);
    json_decref(slices);
    if (result != 0)
        snprintf(error->text, sizeof(error->text), "not enough memory");
    return result;
}

/* What was left out does not come back when a later file has room for it. */
static void forget_dropped(struct asked *s)
{
    json_t *rest = json_array(), *slice;
    size_t i;

    pthread_mutex_lock(&s->lock);
    json_array_foreach (s->wanted, i, slice)
        if (json_object_get(s->dropped, json_string_at(slice, "name")) == NULL)
            json_array_append(rest, slice);
    json_decref(s->wanted);
    s->wanted = rest;
    pthread_mutex_unlock(&s->lock);
}

static void completed(struct appliance *a, const struct change_result *result)
{
    struct asked *s = a->asked;
    const char *name;
    json_t *reason;

    if (s->ondemand != NULL && result->error == 0 && !result->dry_run) {
        forget_dropped(s);
        set_ours(s, s->wanted);
        follow_generation(a);
        json_object_foreach (s->dropped, name, reason)
            ondemand_drop(s->ondemand, name, json_string_value(reason), appliance_now_ns(a));
    }
    json_object_clear(s->dropped);
}

/* Takes `slices`. */
static void on_keep(void *context, json_t *slices)
{
    struct asked *s = ((struct appliance *)context)->asked;

    if (s->file != NULL)
        state_file_write(s->file,
                         json_pack("{s:i, s:o}", "version", STATE_VERSION, "slices", slices));
    else
        json_decref(slices);
}

static void tell_trouble(struct appliance *a, const char *trouble)
{
    json_t *members = trouble != NULL ? json_pack("{s:s}", "reason", trouble) : json_object();

    events_asked(a, trouble != NULL ? "state_trouble" : "state_recovered", members,
                 appliance_now_ns(a));
}

/* What was kept comes in force with the first change. */
static void restore(struct appliance *a)
{
    const char *directory = a->config->instance.state_directory;
    char error[512];
    json_t *kept;

    if (directory[0] == '\0')
        return;
    a->asked->file = state_file_open(directory, "slices.json", error, sizeof(error));
    if (a->asked->file == NULL) {
        tell_trouble(a, error);
        return;
    }
    kept = state_file_read(a->asked->file, STATE_VERSION, error, sizeof(error));
    if (error[0] != '\0')
        tell_trouble(a, error);
    a->asked->is_restoring = json_object_size(json_object_get(kept, "slices")) > 0;
    ondemand_restore(a->asked->ondemand, json_object_get(kept, "slices"));
    json_decref(kept);
}

/* Each second. */
static void look_at_file(struct appliance *a, uint64_t now_ns)
{
    struct asked *s = a->asked;
    const char *trouble;

    if (s->file == NULL || now_ns - s->looked_ns < NS_PER_S)
        return;
    s->looked_ns = now_ns;
    if (state_file_has_news(s->file, &trouble))
        tell_trouble(a, trouble);
}

static const struct change_companion companion = {.complete = complete, .completed = completed};

int asked_up(struct appliance *a)
{
    const struct ondemand_config config = {.manager = a->manager,
                                           .clock = &a->report_clock,
                                           .context = a,
                                           .apply = on_apply,
                                           .tell = on_tell,
                                           .keep = on_keep};

    /* A test from the command line is one of what it names. */
    if (a->options->is_test)
        return 0;
    a->asked->ondemand = ondemand_create(&config);
    if (a->asked->ondemand == NULL)
        return -ENOMEM;
    follow_generation(a);
    a->operations.ondemand = a->asked->ondemand;
    change_accompany(a, &companion);
    restore(a);
    return 0;
}

void asked_down(struct appliance *a)
{
    ondemand_destroy(a->asked->ondemand);
    state_file_close(a->asked->file);
    a->asked->file = NULL;
    a->asked->ondemand = a->operations.ondemand = NULL;
}

void asked_serve(struct appliance *a, uint64_t now_ns)
{
    follow_generation(a);
    if (a->asked->ondemand != NULL)
        ondemand_poll(a->asked->ondemand, now_ns);
    look_at_file(a, now_ns);
}

json_t *asked_slices_json(const struct appliance *a)
{
    const struct asked *s = a->asked;
    json_t *out = json_array(), *slice;
    const char *name;

    if (s->ondemand == NULL)
        return out;
    json_object_foreach (s->ours, name, slice) {
        json_t *displaced = json_object_get(s->dropped, name);

        json_array_append_new(out, json_pack("{s:s, s:s, s:O?}", "slice", name, "origin",
                                             ondemand_origin(s->ondemand, name), "displaced",
                                             displaced));
    }
    return out;
}

void asked_hear(struct appliance *a, const struct manager_event *event)
{
    if (a->asked->ondemand != NULL)
        ondemand_hear(a->asked->ondemand, event);
}

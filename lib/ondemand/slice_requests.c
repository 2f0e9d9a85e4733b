/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for slices that stay until they are removed, also over a restart. */
#include <stdio.h>
#include <string.h>

#include "ondemand/internal.h"
#include "json/json.h"

static json_t *refuse(char error[ONDEMAND_ERROR_BYTES], const char *name, const char *text)
{
    snprintf(error, ONDEMAND_ERROR_BYTES, "slice \"%.63s\": %s", name, text);
    return NULL;
}

static bool is_file_s(struct ondemand *o, const char *name)
{
    return slices_find(o, name) == NULL && slices_slot(o, name) != UINT32_MAX;
}

/* A name that a test's slice could have. */
static bool is_of_tests(const char *name)
{
    return strncmp(name, "test-", 5) == 0;
}

/* Another description for one that is there. */
static void replace(struct ondemand *o, struct wanted_slice *w, json_t *described,
                    struct config *made)
{
    if (w->state == WANTED_IN_FORCE) {
        w->replaced = w->described;
        w->state = WANTED_ASKED;
    } else {
        json_decref(w->described);
    }
    config_free(w->made);
    w->described = described;
    w->made = made;
    o->is_changed = true;
}

/* Why this slice may not come, or go by this name now; NULL: it may. */
static const char *obstacle(struct ondemand *o, const char *name, const struct wanted_slice *w,
                            bool set)
{
    if (is_of_tests(name))
        return "names that begin with \"test-\" are those of tests; take another one";
    if (is_file_s(o, name))
        return "the configuration's file names it: edit that, and reload";
    if (!set && w != NULL)
        return "there is one of that name already; \"slice set\" changes it";
    if (set && w == NULL)
        return "there is none of that name; \"slice add\" adds it";
    if (w != NULL && w->state != WANTED_IN_FORCE && w->state != WANTED_ASKED)
        return "a change of it is under way; try again in a second";
    if (w != NULL && w->state == WANTED_ASKED && w->replaced == NULL)
        return "it is not in force yet; try again in a second";
    return NULL;
}

json_t *ondemand_add_slice(struct ondemand *o, const json_t *request, bool set, uint64_t now_ns,
                           char error[ONDEMAND_ERROR_BYTES])
{
    json_t *described = json_object_get(request, "slice");
    struct config *made = compose_alone(o, described, error);
    bool force = json_is_true(json_object_get(request, "force"));
    struct wanted_slice *w;
    const char *name, *why;

    (void)now_ns;
    if (made == NULL)
        return NULL;
    name = made->slices[0].name;
    w = slices_find(o, name);
    why = obstacle(o, name, w, set);
    if (why != NULL)
        refuse(error, name, why);
    /* Neither what it takes nor what it leaves to others may be of a test under way. */
    if (why != NULL || (!force && !traffic_is_free(o, &made->slices[0], w, error)) ||
        (!force && w != NULL && !traffic_is_free(o, &w->made->slices[0], w, error))) {
        config_free(made);
        return NULL;
    }
    if (w != NULL)
        replace(o, w, json_incref(described), made);
    else if (slices_want(o, json_incref(described), made, 0) == NULL) {
        refuse(error, name, "no room for another slice at run time; remove one");
        json_decref(described);
        config_free(made);
        return NULL;
    }
    return json_pack("{s:s, s:s}", "slice", json_string_at(described, "name"), "state", "accepted");
}

json_t *ondemand_remove_slice(struct ondemand *o, const json_t *request,
                              char error[ONDEMAND_ERROR_BYTES])
{
    const char *name = json_string_at(request, "name");
    struct wanted_slice *w = slices_find(o, name);
    bool force = json_is_true(json_object_get(request, "force"));
    uint32_t slot = slices_slot(o, name);

    if (w == NULL && slot == UINT32_MAX)
        return refuse(error, name, "there is none of that name; \"slices\" lists them");
    if (w == NULL)
        return refuse(error, name, "the configuration's file names it: edit that, and reload");
    if (w->test != 0)
        return refuse(error, name, "it is of a test: stop that, and it goes");
    if (w->state != WANTED_IN_FORCE)
        return refuse(error, name, "a change of it is under way; try again in a second");
    if (!force && slot != UINT32_MAX && manager_is_slice_tested(o->config.manager, slot))
        return refuse(error, name,
                      "busy: a test of it is under way; wait for its verdict, or end that test "
                      "(--force)");
    if (!force && !traffic_is_free(o, &w->made->slices[0], w, error))
        return NULL;
    /* Long ago: nothing lingers that somebody wants gone. */
    slices_let_go(o, w, 1);
    return json_pack("{s:s, s:s}", "slice", name, "state", "accepted");
}

/* Why what was kept cannot come back under this name; NULL: it can. */
static const char *obstacle_to_restore(struct ondemand *o, const char *name)
{
    if (is_of_tests(name))
        return "names that begin with \"test-\" are those of tests";
    return is_file_s(o, name) ? "the configuration's file names it, too, and the file wins" : NULL;
}

static void restore(struct ondemand *o, const char *name, json_t *described)
{
    const char *why = obstacle_to_restore(o, name);
    char error[ONDEMAND_ERROR_BYTES];
    struct config *made = why == NULL ? compose_alone(o, described, error) : NULL;

    if (why == NULL && made == NULL)
        why = error;
    else if (why == NULL && strcmp(made->slices[0].name, name) != 0)
        why = "it is kept under another name than its own";
    else if (why == NULL && slices_want(o, json_incref(described), made, 0) != NULL)
        return;
    else if (why == NULL) {
        why = "no room for another slice at run time";
        json_decref(described);
    }
    config_free(made);
    o->config.tell(o->config.context, "slice_refused",
                   json_pack("{s:s, s:s}", "slice", name, "reason", why));
}

void ondemand_restore(struct ondemand *o, const json_t *slices)
{
    const char *name;
    json_t *described;

    json_object_foreach ((json_t *)(uintptr_t)slices, name, described)
        restore(o, name, described);
}

json_t *ondemand_show_slice(struct ondemand *o, const json_t *request,
                            char error[ONDEMAND_ERROR_BYTES])
{
    const char *name = json_string_at(request, "name");
    const struct wanted_slice *w = slices_find(o, name);
    uint32_t slot = slices_slot(o, name);
    json_t *slice = slot != UINT32_MAX ? config_slice_to_json(o->in_force, slot) : NULL;
    bool is_in_force = slice != NULL && (w == NULL || w->state != WANTED_ASKED);

    if (slice == NULL && w == NULL)
        return refuse(error, name, "there is none of that name; \"slices\" lists them");
    return json_pack("{s:s, s:b, s:o}", "origin", ondemand_origin(o, name), "in_force",
                     (int)is_in_force, "slice", slice != NULL ? slice : json_incref(w->described));
}

/* Whoever knows it knows which segments are dropped. Takes `object`. */
static json_t *without_seed(json_t *object)
{
    json_object_del(object, "seed");
    return object;
}

static json_t *config_without_slices(const struct ondemand *o)
{
    json_t *root = json_copy(o->base);

    json_object_del(root, "slices");
    json_object_set_new(root, "defaults",
                        without_seed(json_copy(json_object_get(root, "defaults"))));
    return root;
}

static json_t *slice_with_origin(const struct ondemand *o, uint32_t slot)
{
    return json_pack("{s:s, s:o}", "origin", ondemand_origin(o, o->in_force->slices[slot].name),
                     "slice", without_seed(config_slice_to_json(o->in_force, slot)));
}

json_t *ondemand_show_config(const struct ondemand *o, uint32_t offset, uint32_t count)
{
    json_t *slices = json_array();
    uint32_t total = 0, n_prefixes = 0;

    for (uint32_t i = 0; i < o->in_force->n_slices; i++) {
        const struct slice *s = &o->in_force->slices[i];

        if (!slice_is_present(s) || total++ < offset || json_array_size(slices) >= count ||
            n_prefixes >= ONDEMAND_PAGE_PREFIXES)
            continue;
        n_prefixes += s->n_sources + s->n_destinations;
        json_array_append_new(slices, slice_with_origin(o, i));
    }
    return json_pack("{s:o, s:o, s:I}", "config", config_without_slices(o), "slices", slices,
                     "total", (json_int_t)total);
}

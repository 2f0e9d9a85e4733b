/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices that are wanted beyond the file, each from when it is asked for until it is gone. */
#include <string.h>

#include "ondemand/internal.h"

const char *slices_name(const struct wanted_slice *w)
{
    return w->made->slices[0].name;
}

struct wanted_slice *slices_find(struct ondemand *o, const char *name)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        if (o->slices[i].state != WANTED_FREE && strcmp(slices_name(&o->slices[i]), name) == 0)
            return &o->slices[i];
    return NULL;
}

struct wanted_slice *slices_of_test(struct ondemand *o, uint32_t number)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        if (o->slices[i].state != WANTED_FREE && o->slices[i].test == number)
            return &o->slices[i];
    return NULL;
}

bool slices_is_over(const struct ondemand *o, const char *name)
{
    const struct wanted_slice *w = slices_find((struct ondemand *)(uintptr_t)o, name);

    return w != NULL && w->test != 0 && (w->state == WANTED_LEAVING || w->state == WANTED_GOING);
}

uint32_t slices_slot(const struct ondemand *o, const char *name)
{
    for (uint32_t i = 0; i < o->in_force->n_slices; i++)
        if (slice_is_present(&o->in_force->slices[i]) &&
            strcmp(o->in_force->slices[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

struct wanted_slice *slices_want(struct ondemand *o, json_t *described, struct config *made,
                                 uint32_t test)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++) {
        struct wanted_slice *w = &o->slices[i];

        if (w->state != WANTED_FREE)
            continue;
        *w = (struct wanted_slice){
            .state = WANTED_ASKED, .described = described, .made = made, .test = test};
        o->is_changed = true;
        return w;
    }
    return NULL;
}

void slices_forget(struct wanted_slice *w)
{
    json_decref(w->described);
    json_decref(w->replaced);
    config_free(w->made);
    *w = (struct wanted_slice){.state = WANTED_FREE};
}

/* One that is in no build is not there yet; one in the build under way goes after that. */
void slices_let_go(struct ondemand *o, struct wanted_slice *w, uint64_t now_ns)
{
    if (w->state == WANTED_ASKED && w->replaced == NULL) {
        slices_forget(w);
        return;
    }
    w->over_ns = now_ns;
    if (w->state != WANTED_BUILDING)
        w->state = WANTED_LEAVING;
    o->is_changed = true;
}

bool slices_put_back(struct ondemand *o, struct wanted_slice *w)
{
    char error[ONDEMAND_ERROR_BYTES];
    struct config *made;

    if (w->replaced == NULL)
        return true;
    made = compose_alone(o, w->replaced, error);
    if (made == NULL)
        return true;
    config_free(w->made);
    json_decref(w->described);
    w->made = made;
    w->described = w->replaced;
    w->replaced = NULL;
    w->state = w->over_ns != 0 ? WANTED_LEAVING : WANTED_IN_FORCE;
    return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that was read anew, and what was asked for at run time: the file wins. */
#include <errno.h>
#include <string.h>

#include "ondemand/internal.h"
#include "json/json.h"

static bool has_slice(const json_t *slices, const char *name)
{
    json_t *slice;
    size_t i;

    json_array_foreach (slices, i, slice)
        if (strcmp(json_string_at(slice, "name"), name) == 0)
            return true;
    return false;
}

int ondemand_compose(json_t *root, const json_t *slices, json_t *dropped)
{
    json_t *own = json_copy(json_object_get(root, "slices")), *slice;
    size_t i;

    if (own == NULL)
        own = json_array();
    json_array_foreach (slices, i, slice) {
        json_t *name = json_object_get(slice, "name");

        if (has_slice(json_object_get(root, "slices"), json_string_value(name)))
            json_array_append(dropped, name);
        else
            json_array_append(own, slice);
    }
    return json_object_set_new(root, "slices", own) == 0 ? 0 : -ENOMEM;
}

/* The configuration with more slices, or why not. */
static struct config *with_more(const json_t *root, json_t *more, struct config_error *why)
{
    json_t *longer = json_copy((json_t *)(uintptr_t)root);
    json_t *slices = json_copy(json_object_get(root, "slices"));
    struct config *config = NULL;

    json_array_extend(slices, more);
    json_object_set_new(longer, "slices", slices);
    if (config_load_json(longer, &config, why) != 0)
        config = NULL;
    json_decref(longer);
    return config;
}

static struct config *with_one(const json_t *root, json_t *slice, struct config_error *why)
{
    json_t *list = json_pack("[O]", slice);
    struct config *config = with_more(root, list, why);

    json_decref(list);
    return config;
}

/* All of them, when nothing is the matter with any. */
static struct config *with_all(const json_t *root, json_t *slices)
{
    struct config_error why;
    json_t *slice;
    size_t i;

    json_array_foreach (slices, i, slice)
        if (has_slice(json_object_get(root, "slices"), json_string_at(slice, "name")))
            return NULL;
    return with_more(root, slices, &why);
}

int ondemand_merge(struct config **config, const json_t *slices, json_t *dropped)
{
    json_t *root = json_array_size(slices) > 0 ? config_to_json(*config) : NULL, *slice;
    struct config *all;
    size_t i;

    if (root == NULL)
        return json_array_size(slices) > 0 ? -ENOMEM : 0;
    all = with_all(root, (json_t *)(uintptr_t)slices);
    if (all != NULL) {
        config_free(*config);
        *config = all;
        json_decref(root);
        return 0;
    }
    json_array_foreach (slices, i, slice) {
        const char *name = json_string_at(slice, "name");
        struct config_error why = {.text = "not enough memory"};
        struct config *longer = NULL;

        if (has_slice(json_object_get(root, "slices"), name))
            strcpy(why.text, "the configuration's file names it, too, and the file wins");
        else
            longer = with_one(root, slice, &why);
        if (longer == NULL) {
            json_object_set_new(dropped, name, json_string(why.text));
            continue;
        }
        config_free(*config);
        *config = longer;
        json_array_append(json_object_get(root, "slices"), slice);
    }
    json_decref(root);
    return 0;
}

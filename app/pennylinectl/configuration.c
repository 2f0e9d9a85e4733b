/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration in force: its pages put together, as a file would have it, or in words. */
#include <stdlib.h>

#include "common/exit_codes.h"
#include "pennylinectl/ctl.h"
#include "json/json.h"

/* How often a configuration that changes while its pages come is asked for anew. */
#define MOST_TRIES 10

/* All pages in one, or NULL when the server refused; *changed: they are of several generations. */
static json_t *ask_for_pages(struct control_client *c, json_t *request, bool *changed)
{
    json_t *all = NULL, *slices = json_array();
    bool is_last = false;

    *changed = false;
    while (!is_last && !*changed) {
        json_t *page;
        size_t n;

        json_object_set_new(request, "offset", json_integer((json_int_t)json_array_size(slices)));
        page = control_client_ask(c, request);
        if (page == NULL) {
            json_decref(all);
            json_decref(slices);
            return NULL;
        }
        *changed =
            all != NULL && json_number_at(page, "generation") != json_number_at(all, "generation");
        n = json_array_size(json_object_get(page, "slices"));
        json_array_extend(slices, json_object_get(page, "slices"));
        is_last = n == 0 || (double)json_array_size(slices) >= json_number_at(page, "total");
        json_decref(all);
        all = page;
    }
    json_object_set_new(all, "slices", slices);
    return all;
}

/* As a configuration file. */
static void print_config(const json_t *all)
{
    json_t *config = json_object_get(all, "config"), *slices = json_array(), *row;
    size_t i;

    json_array_foreach (json_object_get(all, "slices"), i, row)
        json_array_append(slices, json_object_get(row, "slice"));
    json_object_set_new(config, "slices", slices);
    show_json(config, false);
}

static void print_origin(const json_t *all)
{
    json_t *row;
    size_t i;

    printf("generation %.0f, in force since %s\n", json_number_at(all, "generation"),
           json_string_at(all, "in_force_since"));
    printf("file %s, read at %s\n", json_has_at(all, "file") ? json_string_at(all, "file") : "none",
           json_string_at(all, "file_read"));
    json_array_foreach (json_object_get(all, "slices"), i, row)
        printf("slice %s: from %s\n", json_string_at(row, "slice.name"),
               json_string_at(row, "origin"));
}

int configuration_run_show(struct control_client *c, const struct options *o)
{
    bool changed = true;
    json_t *all = NULL;

    for (int i = 0; changed && i < MOST_TRIES; i++) {
        json_decref(all);
        all = ask_for_pages(c, o->request, &changed);
        if (all == NULL)
            return fail(c);
    }
    if (changed) {
        fprintf(stderr, "pennylinectl: the configuration changed each time before it was read to "
                        "its end; try again\n");
        json_decref(all);
        return EXIT_ERROR;
    }
    if (o->json)
        show_json(all, false);
    else if (o->origin)
        print_origin(all);
    else
        print_config(all);
    json_decref(all);
    return EXIT_SUCCESS;
}

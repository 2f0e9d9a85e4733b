/* SPDX-License-Identifier: BSD-3-Clause */
/* From what somebody asks for to a slice of the configuration. */
#include <stdio.h>
#include <string.h>

#include "ondemand/internal.h"

/* What a place in the document of one slice is called by who wrote that slice alone. */
static const char *without_place(const char *text)
{
    static const char place[] = "$.slices[0]";
    size_t n = sizeof(place) - 1;

    if (strncmp(text, place, n) != 0)
        return text;
    return text[n] == '.' ? text + n + 1 : text + n;
}

struct config *compose_alone(const struct ondemand *o, json_t *described,
                             char error[ONDEMAND_ERROR_BYTES])
{
    json_t *root = json_copy(o->base);
    struct config_error why = {.text = "not enough memory"};
    struct config *made = NULL;

    json_object_set_new(root, "slices", json_pack("[O]", described));
    if (config_load_json(root, &made, &why) != 0) {
        snprintf(error, ONDEMAND_ERROR_BYTES, "%.*s", ONDEMAND_ERROR_BYTES - 1,
                 without_place(why.text));
        made = NULL;
    } else if (made->slices[0].parameters.has_seed) {
        /* A coin that can be guessed is none: the proof of closed_loop begins with it. */
        snprintf(error, ONDEMAND_ERROR_BYTES,
                 "seed: whoever knows it knows which segments are dropped; leave it out");
        config_free(made);
        made = NULL;
    }
    json_decref(root);
    return made;
}

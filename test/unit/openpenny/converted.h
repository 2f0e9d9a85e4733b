/* SPDX-License-Identifier: BSD-3-Clause */
/* A text of OpenPenny's, converted, for tests to ask about. */
#ifndef TEST_OPENPENNY_CONVERTED_H
#define TEST_OPENPENNY_CONVERTED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "openpenny/convert.h"
#include "json/json.h"

struct converted {
    json_t *config;
    struct openpenny_notes notes;
    char error[OPENPENNY_ERROR_BYTES];
    int status;
};

static inline void convert(struct converted *c, const char *text, const char *out_device)
{
    struct openpenny_options options = {.out_device = out_device};

    c->config = NULL;
    c->status = openpenny_convert_text("op.yaml", text, strlen(text), &options, &c->config,
                                       &c->notes, c->error);
}

static inline void converted_free(struct converted *c)
{
    json_decref(c->config);
    openpenny_notes_free(&c->notes);
}

/* A note that has both texts, or NULL. */
static inline const char *note_with(const struct converted *c, const char *one, const char *other)
{
    for (size_t i = 0; i < c->notes.n; i++)
        if (strstr(c->notes.lines[i], one) != NULL && strstr(c->notes.lines[i], other) != NULL)
            return c->notes.lines[i];
    return NULL;
}

/* What stands at a dotted path of the result, with [i] for items of lists, as JSON. The caller's.
 */
static inline char *result_at(const struct converted *c, const char *path)
{
    json_t *at = c->config;
    char step[64];
    size_t n;

    for (; *path != '\0' && at != NULL; path += n + (path[n] == '.')) {
        n = strcspn(path, ".[]");
        if (n == 0) { /* "[i]" */
            at = json_array_get(at, strtoul(path + 1, NULL, 10));
            n = strcspn(path, "]") + 1;
            continue;
        }
        snprintf(step, sizeof(step), "%.*s", (int)n, path);
        at = json_object_get(at, step);
    }
    return at != NULL ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12))
                      : strdup("nothing");
}

#endif

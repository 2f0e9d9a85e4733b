/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/include.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct include {
    const char *name;    /* the section in the root */
    const char *path;    /* as it stands in the file */
    const char *section; /* in the included file; NULL: `name`, or the whole file */
};

static int refuse(const struct tree_value *at, const char *name, const char *why, char *error)
{
    snprintf(error, OPENPENNY_ERROR_BYTES, "%s:%u: includes.%s: %s", at->file, at->line, name, why);
    return -EINVAL;
}

static const char *text_of(struct tree_value *value)
{
    return value != NULL && value->kind == TREE_TEXT && !tree_is_null(value) ? value->text : NULL;
}

static int read_include(struct tree_value *value, const char *name, struct include *out,
                        char *error)
{
    struct tree_value *section = tree_at(value, "section");

    *out = (struct include){.name = name};
    out->path = text_of(value->kind == TREE_MAP ? tree_at(value, "path") : value);
    out->section = text_of(section);
    if (out->path == NULL)
        return refuse(value, name, "allowed: a path, or a map of path and section", error);
    if (section != NULL && out->section == NULL)
        return refuse(section, name, "section: allowed: the name of a section", error);
    return 0;
}

static int path_of(const struct include *include, const char *from, char out[PATH_MAX])
{
    const char *slash = strrchr(from, '/');
    int n;

    if (*include->path == '/' || slash == NULL)
        n = snprintf(out, PATH_MAX, "%s", include->path);
    else
        n = snprintf(out, PATH_MAX, "%.*s%s", (int)(slash - from + 1), from, include->path);
    return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The map that the include stands for. */
static int find_section(const struct tree_value *at, const struct include *include,
                        struct tree_value *included, struct tree_value **out, char *error)
{
    *out = tree_at(included, include->section != NULL ? include->section : include->name);
    if (*out == NULL && include->section != NULL)
        return refuse(at, include->name, "the file has no such section", error);
    if (*out == NULL)
        *out = included;
    if ((*out)->kind != TREE_MAP)
        return refuse(at, include->name, "its section is no map of keys and values", error);
    return 0;
}

/* What else stands in the included file is not read. */
static void note_rest(struct tree_value *included, const struct tree_value *section,
                      struct note_list *notes)
{
    for (const struct tree_member *m = included->first; section != included && m != NULL;
         m = m->next)
        if (m->value != section)
            note_value(notes, m->key, m->value, "another section of an included file is not read");
}

static int take(struct tree_store *store, struct tree_value *root, struct tree_value *value,
                const struct include *include, const char *from, struct note_list *notes,
                char *error)
{
    struct tree_value *included = NULL, *section = NULL, *mine = tree_at(root, include->name);
    char path[PATH_MAX];
    int status = path_of(include, from, path);

    if (status != 0)
        return refuse(value, include->name, "the path is too long", error);
    status = tree_read_file(store, path, &included, error);
    if (status == 0)
        status = find_section(value, include, included, &section, error);
    if (status != 0)
        return status;
    note_rest(included, section, notes);
    if (mine == NULL || tree_is_null(mine))
        return tree_put(store, root, include->name, section);
    return tree_merge(store, mine, section);
}

int include_resolve(struct tree_store *store, struct tree_value *root, const char *path,
                    struct note_list *notes, char error[OPENPENNY_ERROR_BYTES])
{
    struct tree_value *includes = tree_at(root, "includes");
    int status = 0;

    if (includes == NULL)
        return 0;
    includes->is_read = true;
    if (tree_is_null(includes))
        return 0;
    if (includes->kind != TREE_MAP)
        return refuse(includes, "*", "allowed: a map of sections and paths", error);
    for (struct tree_member *m = includes->first; status == 0 && m != NULL; m = m->next) {
        struct include include;

        status = strchr(m->key, '.') != NULL
                     ? refuse(m->value, m->key, "allowed: the name of a section", error)
                     : read_include(m->value, m->key, &include, error);
        if (status == 0)
            status = take(store, root, m->value, &include, path, notes, error);
    }
    return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A YAML document as a tree, in which every value knows its file and line. Internal to the library.
 *
 * Aliases are unfolded, so the tree has no shared parts; what would unfold to more than
 * TREE_MOST_VALUES, as a bomb of aliases does, is refused while it is read. All of a tree lies in
 * one store, which frees it at once. */
#ifndef OPENPENNY_TREE_H
#define OPENPENNY_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "openpenny/convert.h"

#define TREE_MOST_VALUES  20000
#define TREE_MOST_DEPTH   24
#define TREE_MOST_BYTES   ((size_t)64 << 10) /* of a file; OpenPenny's own have 5 KiB */
#define TREE_MOST_ANCHORS 1000
#define TREE_PATH_BYTES   256

enum tree_kind { TREE_TEXT, TREE_MAP, TREE_LIST };

struct tree_value;

struct tree_member {
    const char *key; /* of a map; NULL in a list */
    struct tree_value *value;
    struct tree_member *next;
};

struct tree_value {
    enum tree_kind kind;
    const char *text; /* of TREE_TEXT, never NULL */
    bool is_plain;    /* without quotes, so that null, ~ and nothing mean "not given" */
    struct tree_member *first, *last;
    const char *file; /* as the user named it */
    unsigned int line;
    bool is_read; /* somebody looked at it and said what became of it */
};

struct tree_store;

/* NULL when memory is short. */
struct tree_store *tree_store_create(void);
void tree_store_free(struct tree_store *store);

/* Text that lives as long as the store. NULL when memory is short. */
const char *tree_keep(struct tree_store *store, const char *text);

/* Reads a file, or a text that is called `name`. 0 and the root, a map; -EINVAL when it is no YAML
 * or not of that shape, -ENOMEM, or what open(2) and read(2) say; then `error` has one line. */
int tree_read_file(struct tree_store *store, const char *path, struct tree_value **root,
                   char error[OPENPENNY_ERROR_BYTES]);
int tree_read_text(struct tree_store *store, const char *name, const char *text, size_t n,
                   struct tree_value **root, char error[OPENPENNY_ERROR_BYTES]);

/* The value at a dotted path below `map`, or NULL. `map` may be NULL. */
struct tree_value *tree_at(struct tree_value *map, const char *path);

/* Nothing was written: `key:`, `key: ~`, `key: null`. */
bool tree_is_null(const struct tree_value *value);

/* Puts `value` at `key`, in place of what is there. 0, or -ENOMEM. */
int tree_put(struct tree_store *store, struct tree_value *map, const char *key,
             struct tree_value *value);

/* Takes the members of `base` that `over` does not have over into `over`, and so for maps below it:
 * what stands in `over` wins. 0, or -ENOMEM. */
int tree_merge(struct tree_store *store, struct tree_value *over, struct tree_value *base);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#define BLOCK_BYTES 16384

struct block {
    struct block *next;
    size_t used, size;
    char bytes[];
};

struct tree_store {
    struct block *blocks;
    size_t n_values;
};

struct tree_store *tree_store_create(void)
{
    return calloc(1, sizeof(struct tree_store));
}

void tree_store_free(struct tree_store *store)
{
    while (store != NULL && store->blocks != NULL) {
        struct block *next = store->blocks->next;

        free(store->blocks);
        store->blocks = next;
    }
    free(store);
}

static void *take(struct tree_store *store, size_t n)
{
    struct block *block = store->blocks;
    void *taken;

    n = (n + 15) & ~(size_t)15;
    if (block == NULL || block->size - block->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;

        block = calloc(1, sizeof(*block) + size);
        if (block == NULL)
            return NULL;
        block->size = size;
        block->next = store->blocks;
        store->blocks = block;
    }
    taken = block->bytes + block->used;
    block->used += n;
    return taken;
}

const char *tree_keep(struct tree_store *store, const char *text)
{
    size_t n = strlen(text) + 1;
    char *kept = take(store, n);

    return kept != NULL ? memcpy(kept, text, n) : NULL;
}

/* A walk through a document. */
struct reader {
    struct tree_store *store;
    yaml_document_t *document;
    const char *file;
    char *error;
};

static int refuse(const struct reader *r, size_t line, const char *what)
{
    snprintf(r->error, OPENPENNY_ERROR_BYTES, "%s:%zu: %s", r->file, line, what);
    return -EINVAL;
}

static int no_memory(char *error)
{
    snprintf(error, OPENPENNY_ERROR_BYTES, "not enough memory");
    return -ENOMEM;
}

static int append(struct reader *r, struct tree_value *to, const char *key,
                  struct tree_value *value)
{
    struct tree_member *member = take(r->store, sizeof(*member));

    if (member == NULL)
        return no_memory(r->error);
    *member = (struct tree_member){.key = key, .value = value};
    if (to->last != NULL)
        to->last->next = member;
    else
        to->first = member;
    to->last = member;
    return 0;
}

static int copy_text(struct reader *r, const yaml_node_t *node, const char **out)
{
    const char *text = (const char *)node->data.scalar.value;

    if (node->type != YAML_SCALAR_NODE)
        return refuse(r, node->start_mark.line + 1, "a key that is no text");
    if (strlen(text) != node->data.scalar.length)
        return refuse(r, node->start_mark.line + 1, "a NUL character in a text");
    *out = tree_keep(r->store, text);
    return *out != NULL ? 0 : no_memory(r->error);
}

static int copy(struct reader *r, int index, unsigned int depth, struct tree_value **out);

static int copy_map(struct reader *r, const yaml_node_t *node, unsigned int depth,
                    struct tree_value *to)
{
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    int error = 0;

    for (; error == 0 && pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(r->document, pair->key);
        struct tree_value *value = NULL;
        const char *key = NULL;
        char what[TREE_PATH_BYTES];

        error = copy_text(r, name, &key);
        for (const struct tree_member *m = to->first; error == 0 && m != NULL; m = m->next)
            if (strcmp(m->key, key) == 0) {
                snprintf(what, sizeof(what), "the key \"%.100s\" a second time", key);
                error = refuse(r, name->start_mark.line + 1, what);
            }
        if (error == 0)
            error = copy(r, pair->value, depth, &value);
        if (error == 0)
            error = append(r, to, key, value);
    }
    return error;
}

static int copy_list(struct reader *r, const yaml_node_t *node, unsigned int depth,
                     struct tree_value *to)
{
    const yaml_node_item_t *item = node->data.sequence.items.start;
    int error = 0;

    for (; error == 0 && item < node->data.sequence.items.top; item++) {
        struct tree_value *value = NULL;

        error = copy(r, *item, depth, &value);
        if (error == 0)
            error = append(r, to, NULL, value);
    }
    return error;
}

/* Node `index` of the document and all below it. An alias of a node around itself never ends, and
 * is stopped by the depth. */
static int copy(struct reader *r, int index, unsigned int depth, struct tree_value **out)
{
    const yaml_node_t *node = yaml_document_get_node(r->document, index);
    struct tree_value *value;
    char what[96];

    if (depth > TREE_MOST_DEPTH) {
        snprintf(what, sizeof(what), "more than %d levels of maps and lists", TREE_MOST_DEPTH);
        return refuse(r, node->start_mark.line + 1, what);
    }
    if (++r->store->n_values > TREE_MOST_VALUES) {
        snprintf(what, sizeof(what), "more than %d values, aliases unfolded", TREE_MOST_VALUES);
        return refuse(r, node->start_mark.line + 1, what);
    }
    value = take(r->store, sizeof(*value));
    if (value == NULL)
        return no_memory(r->error);
    value->file = r->file;
    value->line = (unsigned int)node->start_mark.line + 1;
    *out = value;
    if (node->type == YAML_MAPPING_NODE) {
        value->kind = TREE_MAP;
        return copy_map(r, node, depth + 1, value);
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        value->kind = TREE_LIST;
        return copy_list(r, node, depth + 1, value);
    }
    value->kind = TREE_TEXT;
    value->is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return copy_text(r, node, &value->text);
}

static int refuse_yaml(const char *file, const yaml_parser_t *parser, char *error)
{
    size_t line = parser->problem_mark.line + 1;

    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(error);
    if (parser->error == YAML_READER_ERROR)
        snprintf(error, OPENPENNY_ERROR_BYTES, "%s: byte %zu: bad YAML: %s", file,
                 parser->problem_offset, parser->problem);
    else
        snprintf(error, OPENPENNY_ERROR_BYTES, "%s:%zu: bad YAML: %s", file, line,
                 parser->problem != NULL ? parser->problem : "no reason given");
    return -EINVAL;
}

/* OpenPenny reads the first document of a file; a second one is somebody's mistake. */
static int expect_end(yaml_parser_t *parser, const char *file, char *error)
{
    yaml_document_t next;
    bool is_end;

    if (!yaml_parser_load(parser, &next))
        return refuse_yaml(file, parser, error);
    is_end = yaml_document_get_root_node(&next) == NULL;
    yaml_document_delete(&next);
    if (is_end)
        return 0;
    snprintf(error, OPENPENNY_ERROR_BYTES, "%s: more than one document; only one is read", file);
    return -EINVAL;
}

static int read_document(struct tree_store *store, const char *file, yaml_parser_t *parser,
                         struct tree_value **root, char *error)
{
    yaml_document_t document;
    struct reader r = {.store = store, .document = &document, .file = file, .error = error};
    int status;

    if (!yaml_parser_load(parser, &document))
        return refuse_yaml(file, parser, error);
    if (yaml_document_get_root_node(&document) == NULL)
        status = refuse(&r, 1, "nothing is in it");
    else
        status = copy(&r, 1, 0, root);
    if (status == 0 && (*root)->kind != TREE_MAP)
        status = refuse(&r, (*root)->line, "no map of keys and values");
    yaml_document_delete(&document);
    return status == 0 ? expect_end(parser, file, error) : status;
}

/* What of an event opens a level, closes one, and names an anchor. */
static int level_of(yaml_event_type_t type)
{
    bool opens = type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;

    return opens - (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT);
}

static bool has_anchor(const yaml_event_t *event)
{
    return (event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor != NULL) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor != NULL) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor != NULL);
}

/* libyaml's time grows with the square of levels and of anchors, so both are looked at while it
 * reads, and a file that has too many is read no further. What is bad YAML is told later. */
static int look_ahead(yaml_parser_t *parser, const char *file, char *error)
{
    unsigned int n_anchors = 0;
    bool is_end = false;
    int depth = 0;

    while (!is_end) {
        yaml_event_t event;
        size_t line;

        if (!yaml_parser_parse(parser, &event))
            return 0;
        depth += level_of(event.type);
        n_anchors += has_anchor(&event);
        is_end = event.type == YAML_STREAM_END_EVENT;
        line = event.start_mark.line + 1;
        yaml_event_delete(&event);
        if (depth <= TREE_MOST_DEPTH && n_anchors <= TREE_MOST_ANCHORS)
            continue;
        snprintf(error, OPENPENNY_ERROR_BYTES, "%s:%zu: more than %d %s", file, line,
                 depth > TREE_MOST_DEPTH ? TREE_MOST_DEPTH : TREE_MOST_ANCHORS,
                 depth > TREE_MOST_DEPTH ? "levels of maps and lists" : "anchors");
        return -EINVAL;
    }
    return 0;
}

int tree_read_text(struct tree_store *store, const char *name, const char *text, size_t n,
                   struct tree_value **root, char error[OPENPENNY_ERROR_BYTES])
{
    const char *file = tree_keep(store, name);
    yaml_parser_t parser;
    int status = 0;

    if (n > TREE_MOST_BYTES) {
        snprintf(error, OPENPENNY_ERROR_BYTES, "%s: more than %zu bytes", name, TREE_MOST_BYTES);
        return -EFBIG;
    }
    for (int pass = 0; status == 0 && pass < 2; pass++) {
        if (file == NULL || !yaml_parser_initialize(&parser))
            return no_memory(error);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
        status = pass == 0 ? look_ahead(&parser, file, error)
                           : read_document(store, file, &parser, root, error);
        yaml_parser_delete(&parser);
    }
    return status;
}

static int refuse_file(const char *path, int status, char *error)
{
    snprintf(error, OPENPENNY_ERROR_BYTES, "%s: cannot be read: %s", path, strerror(-status));
    return status;
}

/* A regular file alone: an include may name anything. */
static int read_bytes(const char *path, char *bytes, size_t n_max, size_t *n)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status = file < 0 ? -errno : 0;
    struct stat about;
    ssize_t got = 1;

    *n = 0;
    if (status == 0 && fstat(file, &about) != 0)
        status = -errno;
    else if (status == 0 && !S_ISREG(about.st_mode))
        status = S_ISDIR(about.st_mode) ? -EISDIR : -EINVAL;
    while (status == 0 && got > 0 && *n < n_max) {
        got = read(file, bytes + *n, n_max - *n);
        if (got > 0)
            *n += (size_t)got;
        else if (got < 0 && errno != EINTR)
            status = -errno;
    }
    if (file >= 0)
        close(file);
    return status;
}

int tree_read_file(struct tree_store *store, const char *path, struct tree_value **root,
                   char error[OPENPENNY_ERROR_BYTES])
{
    char *bytes = malloc(TREE_MOST_BYTES + 1);
    size_t n;
    int status;

    if (bytes == NULL)
        return no_memory(error);
    status = read_bytes(path, bytes, TREE_MOST_BYTES + 1, &n);
    status = status != 0 ? refuse_file(path, status, error)
                         : tree_read_text(store, path, bytes, n, root, error);
    free(bytes);
    return status;
}

static struct tree_member *member_of(const struct tree_value *map, const char *key, size_t n)
{
    if (map == NULL || map->kind != TREE_MAP)
        return NULL;
    for (struct tree_member *m = map->first; m != NULL; m = m->next)
        if (strncmp(m->key, key, n) == 0 && m->key[n] == '\0')
            return m;
    return NULL;
}

struct tree_value *tree_at(struct tree_value *map, const char *path)
{
    while (map != NULL) {
        size_t n = strcspn(path, ".");
        struct tree_member *member = member_of(map, path, n);

        map = member != NULL ? member->value : NULL;
        if (path[n] == '\0')
            break;
        path += n + 1;
    }
    return map;
}

bool tree_is_null(const struct tree_value *value)
{
    return value->kind == TREE_TEXT && value->is_plain &&
           (*value->text == '\0' || strcmp(value->text, "~") == 0 ||
            strcasecmp(value->text, "null") == 0);
}

int tree_put(struct tree_store *store, struct tree_value *map, const char *key,
             struct tree_value *value)
{
    struct tree_member *member = member_of(map, key, strlen(key));
    char unused[OPENPENNY_ERROR_BYTES];
    struct reader r = {.store = store, .error = unused};

    if (member == NULL)
        return append(&r, map, key, value);
    member->value = value;
    return 0;
}

int tree_merge(struct tree_store *store, struct tree_value *over, struct tree_value *base)
{
    int error = 0;

    if (over->kind != TREE_MAP || base->kind != TREE_MAP) {
        return 0;
    }
    for (struct tree_member *m = base->first; error == 0 && m != NULL; m = m->next) {
        struct tree_member *mine = member_of(over, m->key, strlen(m->key));

        error = mine == NULL ? tree_put(store, over, m->key, m->value)
                             : tree_merge(store, mine->value, m->value);
    }
    return error;
}

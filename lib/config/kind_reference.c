/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that name an item of an array: stored as its index. */
#include <stdio.h>
#include <string.h>

#include "config/option.h"

struct item_names {
    const char *items;
    size_t item_size;
    uint32_t n;
};

static struct item_names names_of(const struct option_list *list, const struct config *config)
{
    struct item_names names = {.item_size = list->item_size};

    memcpy(&names.items, (const char *)config + list->items, sizeof(names.items));
    memcpy(&names.n, (const char *)config + list->count, sizeof(names.n));
    return names;
}

/* Each item begins with its name. */
static const char *name_at(const void *from, size_t i)
{
    const struct item_names *names = from;

    return names->items + i * names->item_size;
}

/* "the name of a port: one of "left", "right"", the nearest one first when something is near. */
static void describe_names(const struct option_list *list, const struct item_names *names,
                           const char *word, char *out, size_t n)
{
    const char *nearest = word != NULL ? option_nearest(word, name_at, names, names->n) : NULL;
    size_t used = (size_t)snprintf(out, n, "the name of %s", list->noun);

    if (names->n == 0)
        snprintf(out + used, n - used, ", of which there is none");
    else if (nearest != NULL)
        snprintf(out + used, n - used, "; did you mean \"%s\"?", nearest);
    else
        for (uint32_t i = 0; i < names->n && used < n; i++) {
            if (i == 8) {
                snprintf(out + used, n - used, ", ...");
                break;
            }
            used += (size_t)snprintf(out + used, n - used, "%s\"%s\"", i == 0 ? ": " : ", ",
                                     name_at(names, i));
        }
}

static int resolve(struct option_reader *r, const struct option_row *row, json_t *value,
                   uint16_t *out)
{
    struct item_names names = names_of(row->list, r->config);
    const char *word = json_string_value(value);
    char allowed[sizeof(r->error->allowed)];

    for (uint32_t i = 0; word != NULL && i < names.n; i++)
        if (strcmp(name_at(&names, i), word) == 0) {
            *out = (uint16_t)i;
            return 0;
        }
    describe_names(row->list, &names, word, allowed, sizeof(allowed));
    return reader_refuse_value(r, value, allowed);
}

static int read_reference(struct option_reader *r, const struct option_row *row, json_t *value,
                          void *object)
{
    uint16_t *out = (uint16_t *)((char *)object + row->offset);

    if (row->nullable && json_is_null(value)) {
        *out = CONFIG_NONE;
        return 0;
    }
    return resolve(r, row, value, out);
}

static json_t *write_reference(const struct option_row *row, const void *object,
                               const struct config *config)
{
    uint16_t index = *(const uint16_t *)((const char *)object + row->offset);
    struct item_names names = names_of(row->list, config);

    return index == CONFIG_NONE ? json_null() : json_string(name_at(&names, index));
}

static json_t *schema_reference(const struct option_row *row)
{
    if (row->nullable)
        return json_pack("{s:[s,s]}", "type", "string", "null");
    return json_pack("{s:s}", "type", "string");
}

static void describe_reference(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "the name of %s%s", row->list->noun, row->nullable ? ", or null" : "");
}

const struct option_kind kind_reference = {
    "reference",       true, false, read_reference, write_reference, schema_reference,
    describe_reference};

static int read_references(struct option_reader *r, const struct option_row *row, json_t *value,
                           void *object)
{
    uint16_t *out = (uint16_t *)((char *)object + row->offset);
    uint32_t *count = (uint32_t *)((char *)object + row->count);
    size_t n = json_array_size(value);

    if (!json_is_array(value) || n < (size_t)row->least || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    for (size_t i = 0; i < n; i++) {
        json_t *item = json_array_get(value, i);
        size_t mark = reader_enter_item(r, i);
        int error = resolve(r, row, item, &out[i]);

        if (error != 0)
            return error;
        for (size_t j = 0; j < i; j++)
            if (out[j] == out[i])
                return reader_refuse_value(r, item, "each name once");
        reader_leave(r, mark);
    }
    *count = (uint32_t)n;
    return 0;
}

static json_t *write_references(const struct option_row *row, const void *object,
                                const struct config *config)
{
    const uint16_t *indices = (const uint16_t *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    struct item_names names = names_of(row->list, config);
    json_t *list = json_array();

    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_string(name_at(&names, indices[i])));
    return list;
}

static json_t *schema_references(const struct option_row *row)
{
    return json_pack("{s:s, s:{s:s}, s:i, s:i, s:b}", "type", "array", "items", "type", "string",
                     "minItems", (int)row->least, "maxItems", (int)row->most, "uniqueItems", 1);
}

static void describe_references(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of %.0f to %.0f names, each of %s", row->least, row->most,
             row->list->noun);
}

const struct option_kind kind_references = {
    "references",       true, false, read_references, write_references, schema_references,
    describe_references};

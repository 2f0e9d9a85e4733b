/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects and arrays of objects: every key known, every row read, every name once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

static const char *row_name_at(const void *from, size_t i)
{
    return option_row_at(from, i)->name;
}

static size_t row_count(const struct option_object *object)
{
    return object->n_rows + (object->base != NULL ? object->base->n_rows : 0);
}

static bool is_known(const struct option_object *object, const char *key)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_row_at(object, i)) != NULL; i++)
        if (strcmp(row->name, key) == 0)
            return true;
    return false;
}

static int refuse_key(struct option_reader *r, const struct option_object *object, const char *key)
{
    const char *nearest = option_nearest(key, row_name_at, object, row_count(object));
    char allowed[sizeof(r->error->allowed)], text[sizeof(r->error->text)];
    const struct option_row *row;
    size_t used;

    reader_enter_key(r, key);
    if (nearest != NULL) {
        snprintf(allowed, sizeof(allowed), "did you mean \"%s\"?", nearest);
    } else {
        used = (size_t)snprintf(allowed, sizeof(allowed), "%s has", object->noun);
        for (size_t i = 0; (row = option_row_at(object, i)) != NULL && used < sizeof(allowed); i++)
            used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s %s",
                                     i == 0 ? "" : ",", row->name);
    }
    snprintf(text, sizeof(text), "unknown key; %s", allowed);
    return reader_refuse_text(r, "unknown key", allowed, text);
}

static int check_keys(struct option_reader *r, const struct option_object *object, json_t *value)
{
    const char *key;
    json_t *ignored;

    json_object_foreach (value, key, ignored)
        if (!is_known(object, key))
            return refuse_key(r, object, key);
    return 0;
}

static int refuse_missing(struct option_reader *r, const struct option_row *row)
{
    char allowed[sizeof(r->error->allowed)];

    row->kind->describe(row, allowed, sizeof(allowed));
    return reader_refuse(r, "missing", allowed);
}

static int read_fallback(struct option_reader *r, const struct option_row *row, void *out)
{
    json_t *value = json_loads(row->fallback, JSON_DECODE_ANY, NULL);
    int error;

    if (value == NULL)
        return reader_no_memory(r);
    error = row->kind->read(r, row, value, out);
    json_decref(value);
    return error;
}

/* `inherits`: what is absent keeps the value that is there. */
static int read_row(struct option_reader *r, const struct option_row *row, json_t *value, void *out,
                    bool inherits)
{
    size_t mark = reader_enter_key(r, row->name);
    int error = 0;

    if (value != NULL)
        error = row->kind->read(r, row, value, out);
    else if (inherits)
        error = 0;
    else if (row->fallback != NULL)
        error = read_fallback(r, row, out);
    else if (!row->kind->is_ignored)
        error = refuse_missing(r, row);
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

int option_read_object(struct option_reader *r, const struct option_object *object, json_t *value,
                       void *out, enum option_sweep sweep)
{
    const struct option_row *row;
    int error = 0;

    if (!json_is_object(value)) {
        char allowed[128];

        snprintf(allowed, sizeof(allowed), "an object (%s)", object->noun);
        return reader_refuse_value(r, value, allowed);
    }
    if (sweep == SWEEP_VALUES)
        error = check_keys(r, object, value);
    for (size_t i = 0; error == 0 && (row = option_row_at(object, i)) != NULL; i++) {
        bool from_base = i >= object->n_rows;

        if (row->kind->is_reference == (sweep == SWEEP_REFERENCES))
            error = read_row(r, row, json_object_get(value, row->name),
                             (char *)out + (from_base ? object->base_offset : 0), from_base);
    }
    return error;
}

json_t *option_write_object(const struct option_object *object, const void *from,
                            const struct config *config)
{
    json_t *out = json_object();
    const struct option_row *row;

    for (size_t i = 0; (row = option_row_at(object, i)) != NULL; i++) {
        size_t base_offset = i >= object->n_rows ? object->base_offset : 0;
        json_t *value;

        if (row->kind->is_ignored)
            continue;
        value = row->kind->write(row, (const char *)from + base_offset, config);
        if (json_object_set_new(out, row->name, value) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* The two sweeps over an object that stands in no array follow each other at once. */
static int read_object(struct option_reader *r, const struct option_row *row, json_t *value,
                       void *object)
{
    void *out = (char *)object + row->offset;
    int error = option_read_object(r, row->object, value, out, SWEEP_VALUES);

    return error != 0 ? error : option_read_object(r, row->object, value, out, SWEEP_REFERENCES);
}

static json_t *write_object(const struct option_row *row, const void *object,
                            const struct config *config)
{
    return option_write_object(row->object, (const char *)object + row->offset, config);
}

static json_t *schema_object(const struct option_row *row)
{
    return option_schema_object(row->object);
}

static void describe_object(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "an object (%s)", row->object->noun);
}

const struct option_kind kind_object = {"object",     false,         false,          read_object,
                                        write_object, schema_object, describe_object};

const struct option_kind kind_late_object = {
    "object", true, false, read_object, write_object, schema_object, describe_object};

struct named_item {
    const char *name;
    size_t index;
};

static int compare_items(const void *a, const void *b)
{
    const struct named_item *p = a, *q = b;
    int order = strcmp(p->name, q->name);

    return order != 0 ? order : (p->index > q->index) - (p->index < q->index);
}

static int check_names(struct option_reader *r, const struct option_list *list, const char *items,
                       size_t n)
{
    struct named_item *sorted = list->is_unnamed ? NULL : calloc(n + 1, sizeof(*sorted));
    int error = 0;

    if (list->is_unnamed)
        return 0;
    if (sorted == NULL)
        return reader_no_memory(r);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct named_item){items + i * list->item_size, i};
    qsort(sorted, n, sizeof(*sorted), compare_items);
    for (size_t i = 1; i < n && error == 0; i++)
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0) {
            char found[CONFIG_NAME_BYTES + 64], allowed[64];

            snprintf(found, sizeof(found), "\"%s\", the name of item %zu too", sorted[i].name,
                     sorted[i - 1].index);
            snprintf(allowed, sizeof(allowed), "a name that is %s's alone", list->noun);
            reader_enter_item(r, sorted[i].index);
            reader_enter_key(r, "name");
            error = reader_refuse(r, found, allowed);
        }
    free(sorted);
    return error;
}

static int sweep_items(struct option_reader *r, const struct option_list *list, json_t *value,
                       char *items, enum option_sweep sweep)
{
    size_t n = json_array_size(value);

    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = option_read_object(r, list->object, json_array_get(value, i),
                                       items + i * list->item_size, sweep);

        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    return 0;
}

static void inherit(const struct option_object *object, const struct config *config, void *item)
{
    if (object->base != NULL)
        memcpy((char *)item + object->base_offset, (const char *)config + object->inherit_from,
               object->inherit_size);
}

static int read_array(struct option_reader *r, const struct option_row *row, json_t *value,
                      void *object)
{
    const struct option_list *list = row->list;
    size_t n = json_array_size(value);
    uint32_t count = (uint32_t)n;
    char *items;
    int error;

    if (!json_is_array(value) || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    items = calloc(n + 1, list->item_size);
    if (items == NULL)
        return reader_no_memory(r);
    /* From here on config_free() knows of the items and of what they hold. */
    memcpy((char *)object + list->items, &items, sizeof(items));
    memcpy((char *)object + list->count, &count, sizeof(count));
    for (size_t i = 0; i < n; i++)
        inherit(list->object, r->config, items + i * list->item_size);
    error = sweep_items(r, list, value, items, SWEEP_VALUES);
    if (error == 0)
        error = check_names(r, list, items, n);
    return error != 0 ? error : sweep_items(r, list, value, items, SWEEP_REFERENCES);
}

static json_t *write_array(const struct option_row *row, const void *object,
                           const struct config *config)
{
    json_t *out = json_array();
    const struct option_list *list = row->list;
    const char *items;
    uint32_t n;

    memcpy(&items, (const char *)object + list->items, sizeof(items));
    memcpy(&n, (const char *)object + list->count, sizeof(n));
    for (uint32_t i = 0; i < n; i++) {
        const char *item = items + i * list->item_size;

        if (list->is_there == NULL || list->is_there(item))
            option_append(&out, option_write_object(list->object, item, config));
    }
    return out;
}

static json_t *schema_array(const struct option_row *row)
{
    return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", (int)row->most, "items",
                     option_schema_object(row->list->object));
}

static void describe_array(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of at most %.0f objects, each of them %s", row->most, row->list->noun);
}

const struct option_kind kind_array = {"list",      false,        false,         read_array,
                                       write_array, schema_array, describe_array};

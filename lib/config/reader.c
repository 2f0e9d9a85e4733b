/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

/* Enough to recognise a value; the whole of it stands in the file. */
#define MOST_VALUE_BYTES 72

static void append(struct option_reader *r, const char *format, ...)
{
    size_t room = sizeof(r->path) - r->path_length;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(r->path + r->path_length, room, format, arguments);
    va_end(arguments);
    if (n > 0)
        r->path_length += (size_t)n < room ? (size_t)n : room - 1;
}

static bool is_plain_key(const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$-";

    return *key != '\0' && strlen(key) < 64 && key[strspn(key, plain)] == '\0';
}

size_t reader_enter_key(struct option_reader *r, const char *key)
{
    size_t mark = r->path_length;

    if (is_plain_key(key)) {
        append(r, ".%s", key);
    } else {
        char text[MOST_VALUE_BYTES];
        json_t *value = json_string(key);

        append(r, "[%s]", option_value_text(value, text, sizeof(text)));
        json_decref(value);
    }
    return mark;
}

size_t reader_enter_item(struct option_reader *r, size_t index)
{
    size_t mark = r->path_length;

    append(r, "[%zu]", index);
    return mark;
}

void reader_leave(struct option_reader *r, size_t mark)
{
    r->path_length = mark;
    r->path[mark] = '\0';
}

int reader_refuse_text(struct option_reader *r, const char *found, const char *allowed,
                       const char *text)
{
    struct config_error *e = r->error;

    snprintf(e->path, sizeof(e->path), "%s", r->path);
    snprintf(e->found, sizeof(e->found), "%s", found);
    snprintf(e->allowed, sizeof(e->allowed), "%s", allowed);
    snprintf(e->text, sizeof(e->text), "%s: %s", r->path, text);
    return -EINVAL;
}

int reader_refuse(struct option_reader *r, const char *found, const char *allowed)
{
    char text[sizeof(r->error->text)];

    snprintf(text, sizeof(text), "%s; allowed: %s", found, allowed);
    return reader_refuse_text(r, found, allowed, text);
}

int reader_refuse_value(struct option_reader *r, json_t *found, const char *allowed)
{
    char text[MOST_VALUE_BYTES + 8];

    return reader_refuse(r, option_value_text(found, text, sizeof(text)), allowed);
}

int reader_refuse_row(struct option_reader *r, json_t *found, const struct option_row *row)
{
    char allowed[sizeof(r->error->allowed)];

    row->kind->describe(row, allowed, sizeof(allowed));
    return reader_refuse_value(r, found, allowed);
}

int reader_no_memory(struct option_reader *r)
{
    reader_refuse_text(r, "", "", "not enough memory");
    return -ENOMEM;
}

const char *option_value_text(json_t *value, char *out, size_t n)
{
    const size_t flags = JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12);
    char *text;

    if (json_is_object(value) || json_is_array(value)) {
        if (json_is_object(value))
            snprintf(out, n, "an object");
        else
            snprintf(out, n, "a list of %zu", json_array_size(value));
        return out;
    }
    text = json_dumps(value, flags);
    snprintf(out, n, "%s", text != NULL ? text : "?");
    if (text != NULL && strlen(text) >= n && n > 4)
        memcpy(out + n - 4, "...", 4);
    free(text);
    return out;
}

void option_append(json_t **list, json_t *item)
{
    if (json_array_append_new(*list, item) == 0)
        return;
    json_decref(*list);
    *list = NULL;
}

int reader_read_items(struct option_reader *r, const struct option_row *row, json_t *value,
                      void *object, size_t item_bytes,
                      int (*read_item)(struct option_reader *r, json_t *value, void *items,
                                       size_t i))
{
    size_t n = json_array_size(value);
    void *items;

    if (!json_is_array(value) || n < (size_t)row->least || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    items = calloc(n + 1, item_bytes);
    if (items == NULL)
        return reader_no_memory(r);
    memcpy((char *)object + row->offset, &items, sizeof(items));
    *(uint32_t *)((char *)object + row->count) = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = read_item(r, json_array_get(value, i), items, i);

        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    return 0;
}

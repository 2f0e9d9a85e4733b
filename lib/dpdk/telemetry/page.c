/* SPDX-License-Identifier: BSD-3-Clause */
/* A list as pages that telemetry can hold. */
#include <stdio.h>

#include "telemetry/internal.h"

#define KEY_BYTES 24
/* A dictionary of telemetry has 256 entries. */
#define MOST_ITEMS 250

size_t telemetry_length(const json_t *value)
{
    return json_dumpb(value, NULL, 0, 0);
}

static void add(json_t *items, const char *key, uint32_t position, const json_t *item,
                json_t *shaped)
{
    json_int_t number =
        key != NULL ? json_integer_value(json_object_get(item, key)) : (json_int_t)position;
    char name[KEY_BYTES];

    snprintf(name, sizeof(name), "%lld", (long long)number);
    json_object_set_new(items, name, shaped);
}

json_t *telemetry_page(const struct telemetry_list *list, const struct telemetry_parameters *p)
{
    uint32_t end = list->first + (uint32_t)json_array_size(list->items), i = p->offset;
    size_t n_bytes = list->n_bytes_before;
    json_t *items = json_object(), *page;

    if (p->count != 0 && p->count < end && i < end - p->count)
        end = i + p->count;
    if (i < end && end - i > MOST_ITEMS)
        end = i + MOST_ITEMS;
    for (; i < end; i++) {
        json_t *item = json_array_get(list->items, i - list->first), *shaped = list->shape(item);

        n_bytes += telemetry_length(shaped) + KEY_BYTES;
        if (n_bytes > TELEMETRY_PAGE_BYTES) {
            json_decref(shaped);
            break;
        }
        add(items, list->key, i, item, shaped);
    }
    page = json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)list->total, "offset",
                     (json_int_t)p->offset, "shown", (json_int_t)json_object_size(items), "items",
                     items);
    /* One that is too long by itself is passed over, else no page would lead beyond it. */
    if (i < end && i == p->offset)
        i++;
    if (i < list->total)
        json_object_set_new(page, "next", json_integer((json_int_t)i));
    return page;
}

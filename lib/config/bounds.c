/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/bounds.h"

#include <string.h>

#include "config/option.h"

static struct config_bounds bounds_of(const struct option_object *object, const char *name)
{
    for (size_t i = 0; i < object->n_rows; i++) {
        const struct option_row *row = &object->rows[i];

        if (strcmp(row->name, name) == 0 &&
            (row->kind == &kind_u32 || row->kind == &kind_u64 || row->kind == &kind_real))
            return (struct config_bounds){row->least, row->most};
    }
    return (struct config_bounds){0};
}

struct config_bounds config_bounds_of_parameter(const char *name)
{
    return bounds_of(&object_test, name);
}

struct config_bounds config_bounds_of_port(const char *name)
{
    return bounds_of(&object_port, name);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of one object as a JSON Schema. */
#include <stddef.h>

#include "config/option.h"

static json_t *describe(const struct option_row *row, bool inherited)
{
    const char *unit = row->unit != NULL ? row->unit : "";

    return json_sprintf("%s%s%s%s%s%s%s%s", row->help, *unit != '\0' ? " Unit: " : "", unit,
                        *unit != '\0' ? "." : "", row->otherwise != NULL ? " Default: " : "",
                        row->otherwise != NULL ? row->otherwise : "",
                        row->otherwise != NULL ? "." : "",
                        inherited ? " Left out: as in defaults." : "");
}

static json_t *schema_of_row(const struct option_row *row, bool inherited)
{
    json_t *schema = row->kind->schema(row);

    json_object_set_new(schema, "description", describe(row, inherited));
    if (row->fallback != NULL && !inherited)
        json_object_set_new(schema, "default", json_loads(row->fallback, JSON_DECODE_ANY, NULL));
    return schema;
}

json_t *option_schema_object(const struct option_object *object)
{
    json_t *properties = json_object(), *required = json_array();
    const struct option_row *row;

    for (size_t i = 0; (row = option_row_at(object, i)) != NULL; i++) {
        bool inherited = i >= object->n_rows;

        json_object_set_new(properties, row->name,
                            schema_of_row(row, inherited && !row->kind->is_ignored));
        if (row->fallback == NULL && !row->kind->is_ignored)
            json_array_append_new(required, json_string(row->name));
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "type", "object", "description", object->help,
                     "additionalProperties", 0, "required", required, "properties", properties);
}

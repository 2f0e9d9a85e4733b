/* SPDX-License-Identifier: BSD-3-Clause */
/* The two documents, the configuration and what is known of a driver, as JSON Schemas. */
#include "config/driver.h"
#include "config/option.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static json_t *schema_document(const struct option_object *object, const char *title)
{
    json_t *schema = json_pack("{s:s, s:s}", "$schema", DIALECT, "title", title);
    json_t *body = option_schema_object(object);

    if (schema != NULL && body != NULL)
        json_object_update(schema, body);
    json_decref(body);
    return schema;
}

json_t *config_schema(void)
{
    return schema_document(&object_root, "Configuration of pennyline");
}

json_t *driver_config_schema(void)
{
    return schema_document(&object_driver, "What pennyline knows of a poll mode driver");
}

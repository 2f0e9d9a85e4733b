/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/set_option.h"

#include <stdlib.h>
#include <string.h>

bool set_option(json_t *object, const char *argument)
{
    const char *equals = strchr(argument, '=');
    char *name = equals != NULL ? strndup(argument, (size_t)(equals - argument)) : NULL;
    json_t *value;
    bool is_set;

    if (name == NULL || *name == '\0') {
        free(name);
        return false;
    }
    value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    if (value == NULL)
        value = json_string(equals + 1);
    is_set = value != NULL && json_object_set_new(object, name, value) == 0;
    free(name);
    return is_set;
}

bool set_option_list(json_t *list, const char *argument)
{
    char *copy = strdup(argument), *rest = copy;
    bool is_good = copy != NULL;

    for (char *text; is_good && (text = strsep(&rest, ",")) != NULL;)
        is_good = *text != '\0' && json_array_append_new(list, json_string(text)) == 0;
    free(copy);
    return is_good;
}

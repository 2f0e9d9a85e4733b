/* SPDX-License-Identifier: BSD-3-Clause */
/* A request under way: what it says, and how it is refused. */
#include <stdarg.h>
#include <stdio.h>

#include "control/command.h"

json_t *command_refuse(struct command_call *call, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(call->error, sizeof(call->error), format, arguments);
    va_end(arguments);
    return NULL;
}

uint32_t command_count(const struct command_call *call, const char *name, uint32_t otherwise)
{
    json_t *value = json_object_get(call->request, name);

    return value != NULL ? (uint32_t)json_integer_value(value) : otherwise;
}

bool command_switch(const struct command_call *call, const char *name)
{
    return json_is_true(json_object_get(call->request, name));
}

const char *command_text(const struct command_call *call, const char *name)
{
    return json_string_value(json_object_get(call->request, name));
}

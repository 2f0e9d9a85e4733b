/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and tests that are asked for while the box runs. */
#include "control/command.h"
#include "ondemand/ondemand.h"

/* NULL, and the call refused: what is served here cannot. */
static struct ondemand *ondemand_of(struct command_call *call)
{
    struct ondemand *o = call->operations->ondemand;

    if (o == NULL)
        command_refuse(call,
                       "%s: here slices are as they were at the start; that is for "
                       "\"pennyline run\"",
                       call->command->name);
    return o;
}

/* What it says, or that in a refusal; who asked for events gets them from here on. */
static json_t *say(struct command_call *call, json_t *result, const char *error)
{
    if (result == NULL)
        return command_refuse(call, "%s: %.400s", call->command->name, error);
    call->watch = command_switch(call, "watch");
    return result;
}

json_t *command_run_test(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL ? NULL
                     : say(call, ondemand_test(o, call->request, call->now_ns, error), error);
}

json_t *command_run_test_show(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL ? NULL : say(call, ondemand_show_test(o, call->request, error), error);
}

json_t *command_run_test_end(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL ? NULL
                     : say(call, ondemand_stop_test(o, call->request, call->now_ns, error), error);
}

static json_t *add(struct command_call *call, bool set)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL
               ? NULL
               : say(call, ondemand_add_slice(o, call->request, set, call->now_ns, error), error);
}

json_t *command_run_slice_add(struct command_call *call)
{
    return add(call, false);
}

json_t *command_run_slice_set(struct command_call *call)
{
    return add(call, true);
}

json_t *command_run_slice_remove(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL ? NULL : say(call, ondemand_remove_slice(o, call->request, error), error);
}

json_t *command_run_slice_show(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    struct ondemand *o = ondemand_of(call);

    return o == NULL ? NULL : say(call, ondemand_show_slice(o, call->request, error), error);
}

json_t *command_run_config_show(struct command_call *call)
{
    const struct control_operations *operations = call->operations;
    struct ondemand *o = ondemand_of(call);
    json_t *result, *generation;

    if (o == NULL)
        return NULL;
    result = ondemand_show_config(o, command_count(call, "offset", 0),
                                  command_count(call, "count", CONFIG_SHOW_MOST));
    generation =
        operations->generation != NULL ? operations->generation(operations->context) : NULL;
    if (generation != NULL)
        json_object_update(result, generation);
    json_decref(generation);
    return result;
}

json_t *command_state_asked_test(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES];
    struct ondemand *o = call->operations->ondemand;
    json_t *shown = o != NULL ? ondemand_show_test(o, call->request, error) : NULL;
    json_t *state =
        shown != NULL ? json_pack("{s:O}", "state", json_object_get(shown, "state")) : NULL;

    json_decref(shown);
    return state;
}

/* By its name, or as its description has it. */
json_t *command_state_slice(struct command_call *call)
{
    char error[ONDEMAND_ERROR_BYTES];
    struct ondemand *o = call->operations->ondemand;
    json_t *slice = json_object_get(call->request, "slice");
    json_t *name = json_object_get(slice != NULL ? slice : call->request, "name");
    json_t *named = json_is_string(name) ? json_pack("{s:O}", "name", name) : NULL;
    json_t *state = o != NULL && named != NULL ? ondemand_show_slice(o, named, error) : NULL;

    json_decref(named);
    return state;
}

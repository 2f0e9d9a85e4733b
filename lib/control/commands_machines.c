/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about state machines: what their rules did, and in which states keys are. */
#include "control/command.h"

json_t *command_run_machines(struct command_call *call)
{
    const struct control_operations *o = call->operations;

    /* With it, two replies tell rates. */
    return json_pack("{s:f, s:o}", "uptime_s", command_uptime_s(call), "machines",
                     o->machines != NULL ? o->machines(o->context) : json_array());
}

static json_t *keys(struct command_call *call, const char *key, const char *state, uint32_t most)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES];
    json_t *result;

    if (o->machine == NULL)
        return command_refuse(call, "machine: there are no machines here");
    result = o->machine(o->context, command_text(call, "name"), key, state, most, call->now_ns,
                        error, sizeof(error));
    return result != NULL ? result : command_refuse(call, "machine: %s", error);
}

json_t *command_run_machine(struct command_call *call)
{
    return keys(call, command_text(call, "key"), command_text(call, "state"),
                command_count(call, "count", 100));
}

json_t *command_run_machine_set(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES];

    if (o->machine_set == NULL)
        return command_refuse(call, "machine set: there are no machines here");
    if (!o->machine_set(o->context, command_text(call, "name"), command_text(call, "key"),
                        command_text(call, "state"), error, sizeof(error)))
        return command_refuse(call, "machine set: %s", error);
    return command_state_machine(call);
}

/* The key, and its state unless it is forgotten. */
json_t *command_state_machine(struct command_call *call)
{
    json_t *result = keys(call, command_text(call, "key"), NULL, 1), *state;

    if (result == NULL)
        return json_null();
    state = json_object_get(json_array_get(json_object_get(result, "keys"), 0), "state");
    state = json_pack("{s:s, s:s, s:O?}", "machine", command_text(call, "name"), "key",
                      command_text(call, "key"), "state", state);
    json_decref(result);
    return state;
}

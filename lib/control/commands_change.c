/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that change the configuration: what became of them is known later. */
#include "control/command.h"

json_t *command_run_reload(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES];

    if (o->reload == NULL || call->peer->waits == NULL)
        return command_refuse(call, "reload: only over the control socket of pennyline run");
    call->waits = o->reload(o->context, call->peer, command_text(call, "on_behalf_of"),
                            command_switch(call, "dry_run"), call->now_ns, error, sizeof(error));
    return call->waits ? NULL : command_refuse(call, "reload: %s", error);
}

json_t *command_run_config_diff(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES];

    if (o->config_diff == NULL || call->peer->waits == NULL)
        return command_refuse(call, "config diff: only over the control socket of pennyline run");
    call->waits = o->config_diff(o->context, call->peer, call->now_ns, error, sizeof(error));
    return call->waits ? NULL : command_refuse(call, "config diff: %s", error);
}

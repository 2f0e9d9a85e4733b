/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about services: their members, and who of them may have flows; and about responders. */
#include "control/command.h"

json_t *command_run_services(struct command_call *call)
{
    const struct control_operations *o = call->operations;

    return json_pack("{s:o}", "services",
                     o->services != NULL ? o->services(o->context) : json_array());
}

json_t *command_run_responders(struct command_call *call)
{
    const struct control_operations *o = call->operations;

    return o->responders != NULL ? o->responders(o->context, call->now_ns)
                                 : json_pack("{s:[], s:[]}", "responders", "sources");
}

/* Who stands in it in which state; what they got changes all the time. */
json_t *command_state_services(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    json_t *services = o->services != NULL ? o->services(o->context) : json_array(), *service;
    json_t *out = json_object();
    size_t i, k;

    json_array_foreach (services, i, service) {
        json_t *states = json_object(), *member;

        json_array_foreach (json_object_get(service, "members"), k, member)
            json_object_set(states, json_string_value(json_object_get(member, "member")),
                            json_object_get(member, "state"));
        json_object_set_new(out, json_string_value(json_object_get(service, "service")), states);
    }
    json_decref(services);
    return json_pack("{s:o}", "services", out);
}

json_t *command_run_member(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES];

    if (o->member == NULL)
        return command_refuse(call, "member: there are no services here");
    if (!o->member(o->context, command_text(call, "service"), command_text(call, "member"),
                   command_text(call, "order"), call->now_ns, error, sizeof(error)))
        return command_refuse(call, "member: %s", error);
    return command_state_services(call);
}

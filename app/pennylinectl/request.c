/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"

void request_text(struct argp_state *state, struct options *o, const char *key,
                  const char *argument)
{
    if (json_object_set_new(o->request, key, json_string(argument)) != 0)
        argp_error(state, "\"%s\" is no UTF-8", argument);
}

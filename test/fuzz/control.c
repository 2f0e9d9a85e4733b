/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a request: the reply is always an object, and says ok or why not. */
#include <stdlib.h>

#include "../unit/control/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    bool watch = false;
    json_t *reply, *ok;

    if (world.operations.manager == NULL && world_open(&world) != 0)
        abort();
    reply = control_execute(&world.operations, (const char *)data, size, &world_operator,
                            world.now_ns, &watch);
    ok = json_object_get(reply, "ok");
    if (!json_is_boolean(ok) ||
        (json_is_true(ok) ? json_object_get(reply, "result") == NULL
                          : json_string_length(json_object_get(reply, "error")) == 0))
        abort();
    json_decref(reply);
    if (manager_check(world.operations.manager) != NULL)
        abort();
    world_run(&world, 1);
    return 0;
}

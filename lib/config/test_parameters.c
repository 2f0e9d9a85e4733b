/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/test_parameters.h"

#include <stdlib.h>
#include <string.h>

#include "config/option.h"

/* The rows are the one place where defaults stand, so this reads an object in which nothing is set.
 */
void test_parameters_default(struct test_parameters *out)
{
    struct config_error error;
    struct option_reader r = {.error = &error};
    json_t *empty = json_object();

    memset(out, 0, sizeof(*out));
    /* The rows are constant and tested, so only want of memory can fail here. */
    if (option_read_object(&r, &object_test, empty, out, SWEEP_VALUES) != 0)
        abort();
    json_decref(empty);
}

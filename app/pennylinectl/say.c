/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "common/exit_codes.h"
#include "pennylinectl/ctl.h"
#include "json/json.h"

void show_json(const json_t *value, bool in_one_line)
{
    json_dumpf(value, stdout, JSON_ALL_DIGITS | (in_one_line ? 0 : JSON_INDENT(2)));
    printf("\n");
    fflush(stdout);
}

int fail(const struct control_client *c)
{
    fprintf(stderr, "pennylinectl: %s\n", c->error);
    return EXIT_ERROR;
}

int run_once(struct control_client *c, const struct options *o)
{
    json_t *result = control_client_ask(c, o->request);

    if (result == NULL)
        return fail(c);
    if (o->json)
        show_json(result, false);
    else
        o->subcommand->print(stdout, result);
    json_decref(result);
    return EXIT_SUCCESS;
}

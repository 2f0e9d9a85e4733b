/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints what is generated from the tables of options. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/driver.h"
#include "config/reference.h"

static int print_json(json_t *value)
{
    int status = value != NULL ? json_dumpf(value, stdout, CONFIG_SCHEMA_FORMAT) : -1;

    json_decref(value);
    putchar('\n');
    return status == 0 && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";

    if (strcmp(what, "schema") == 0)
        return print_json(config_schema());
    if (strcmp(what, "driver-schema") == 0)
        return print_json(driver_config_schema());
    if (strcmp(what, "reference") == 0) {
        config_reference_print(stdout);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    fputs("Usage: config-reference schema|driver-schema|reference\n"
          "Prints conf/pennyline.schema.json, conf/driver.schema.json or "
          "doc/reference/configuration.md.\n",
          stderr);
    return 2;
}

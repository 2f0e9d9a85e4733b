/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of machines alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/document.h"
#include "config/machine.h"
#include "config/option.h"

static const struct option_row file_rows[] = {
    {.name = "$schema", .kind = &kind_note, .help = "For editors; not read."},
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "machines",
     .kind = &kind_array,
     .list = &option_machine_list,
     .most = MACHINE_MAX,
     .help = "State machines on the packet path."},
};

static const struct option_object object_machine_file = {
    .noun = "a file of machines",
    .help = "State machines.",
    .rows = file_rows,
    .n_rows = ARRAY_LENGTH(file_rows),
};

static int load_json(json_t *root, struct machine **out, uint32_t *n, struct config_error *error)
{
    struct option_reader r = {.error = error, .path = "$", .path_length = 1};
    struct config read = {0};
    int status;

    memset(error, 0, sizeof(*error));
    status = option_read_object(&r, &object_machine_file, root, &read, SWEEP_VALUES);
    if (status == 0)
        status = config_check_machines(&r, read.machines, read.n_machines);
    if (status != 0) {
        machine_list_free(read.machines, read.n_machines);
        return status;
    }
    *out = read.machines;
    *n = read.n_machines;
    return 0;
}

int machine_list_load_text(const char *text, struct machine **out, uint32_t *n,
                           struct config_error *error)
{
    json_t *root = NULL;
    int status = document_parse(text, strlen(text), &root, error);

    if (status == 0)
        status = load_json(root, out, n, error);
    json_decref(root);
    return status;
}

int machine_list_load_file(const char *path, struct machine **out, uint32_t *n,
                           struct config_error *error)
{
    json_t *root = NULL;
    int status = document_load(path, &root, error);

    if (status == 0)
        status = load_json(root, out, n, error);
    if (status != 0)
        document_name_file(path, error);
    json_decref(root);
    return status;
}

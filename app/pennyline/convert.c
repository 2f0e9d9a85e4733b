/* SPDX-License-Identifier: BSD-3-Clause */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/exit_codes.h"
#include "openpenny/convert.h"
#include "say.h"

static int print(const json_t *config)
{
    if (json_dumpf(config, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 &&
        printf("\n") > 0 && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    say_error("standard output: %m");
    return EXIT_ERROR;
}

int convert_from_openpenny(const char *path, const char *out_device)
{
    struct openpenny_options options = {.out_device = out_device};
    struct openpenny_notes notes;
    char error[OPENPENNY_ERROR_BYTES];
    json_t *config = NULL;
    int status = openpenny_convert_file(path, &options, &config, &notes, error), code;

    for (size_t i = 0; i < notes.n; i++)
        fprintf(stderr, "%s\n", notes.lines[i]);
    if (status != 0)
        say_error("%s", error);
    code = status == 0 ? print(config) : EXIT_ERROR;
    json_decref(config);
    openpenny_notes_free(&notes);
    return code;
}

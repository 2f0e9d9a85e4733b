/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a configuration of OpenPenny: what is converted is a configuration that loads, what
 * is refused is refused in one line, and each note is one. Includes are left out: they would name
 * files of this machine. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "openpenny/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect_line(const char *text)
{
    if (*text == '\0' || strchr(text, '\n') != NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct openpenny_options options = {0};
    char error[OPENPENNY_ERROR_BYTES];
    struct openpenny_notes notes;
    struct config_error why;
    struct config *config = NULL;
    json_t *root = NULL;

    if (memmem(data, n, "includes", 8) != NULL)
        return 0;
    if (openpenny_convert_text("fuzz", (const char *)data, n, &options, &root, &notes, error) != 0)
        expect_line(error);
    else if (config_load_json(root, &config, &why) != 0)
        abort();
    for (size_t i = 0; i < notes.n; i++)
        expect_line(notes.lines[i]);
    config_free(config);
    json_decref(root);
    openpenny_notes_free(&notes);
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration text of any kind: it is refused with an error of one line, or it loads, and then
 * what is written out of it loads again. Start it on conf/ and drivers-cfg/ as seeds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void load_what_was_written(const struct config *config)
{
    json_t *written = config_to_json(config);
    struct config *again = NULL;
    struct config_error error;

    if (written == NULL || config_load_json(written, &again, &error) != 0)
        abort();
    json_decref(written);
    config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct config *config = NULL;
    struct config_error error;
    char *text = malloc(n + 1);

    memcpy(text, data, n);
    text[n] = '\0';
    if (config_load_text(text, &config, &error) == 0)
        load_what_was_written(config);
    else if (config != NULL || error.text[0] == '\0' || strchr(error.text, '\n') != NULL)
        abort();
    config_free(config);
    free(text);
    return 0;
}

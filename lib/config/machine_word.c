/* SPDX-License-Identifier: BSD-3-Clause */
/* Names in the text of machines. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/machine_parts.h"

bool machine_is_name(const char *text)
{
    size_t n = 0;

    if (text == NULL || (!isalpha((unsigned char)*text) && *text != '_'))
        return false;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '-')
        n++;
    return n < MACHINE_NAME_BYTES && text[n] == '\0';
}

int machine_refuse_name(struct option_reader *r, const char *found, const char *what,
                        const char *(*at)(const void *from, size_t i), const void *from, size_t n)
{
    const char *nearest = option_nearest(found, at, from, n);
    char quoted[96], allowed[512];
    json_t *text = json_string(found);
    size_t used;

    option_value_text(text, quoted, 80);
    json_decref(text);
    if (nearest != NULL) {
        snprintf(allowed, sizeof(allowed), "%s; did you mean \"%s\"?", what, nearest);
    } else {
        used = (size_t)snprintf(allowed, sizeof(allowed), "%s%s", what,
                                n == 0 ? ", but there is none" : ":");
        for (size_t i = 0; i < n && used < sizeof(allowed); i++)
            used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s %s",
                                     i == 0 ? "" : ",", at(from, i));
    }
    return reader_refuse(r, quoted, allowed);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "mrt/mrt.h"

static const struct {
    const char *open, *close, *between;
} forms[] = {
    [MRT_SET] = {"{", "}", ","},
    [MRT_SEQUENCE] = {"", "", " "},
    [MRT_CONFED_SEQUENCE] = {"(", ")", " "},
    [MRT_CONFED_SET] = {"[", "]", ","},
};

static uint32_t put(char *out, uint32_t n, uint32_t used, const char *text)
{
    for (; *text != '\0'; text++, used++)
        if (used + 1 < n)
            out[used] = *text;
    return used;
}

uint32_t mrt_path_format(const struct mrt_path *path, char *out, uint32_t n)
{
    uint32_t used = 0;
    char number[16];

    for (uint32_t p = 0; p < path->n_parts; p++) {
        const struct mrt_path_part *part = &path->parts[p];

        used = put(out, n, used, p > 0 ? " " : "");
        used = put(out, n, used, forms[part->kind].open);
        for (unsigned int i = 0; i < part->n; i++) {
            snprintf(number, sizeof(number), "%u", path->numbers[part->first + i]);
            used = put(out, n, used, i > 0 ? forms[part->kind].between : "");
            used = put(out, n, used, number);
        }
        used = put(out, n, used, forms[part->kind].close);
    }
    if (n > 0)
        out[used < n ? used : n - 1] = '\0';
    return used;
}

uint32_t mrt_path_origins(const struct mrt_path *path, const uint32_t **first)
{
    const struct mrt_path_part *last;

    if (path->n_parts == 0)
        return 0;
    last = &path->parts[path->n_parts - 1];
    if (last->kind == MRT_SEQUENCE) {
        *first = &path->numbers[last->first + last->n - 1u];
        return 1;
    }
    *first = &path->numbers[last->first];
    return last->kind == MRT_SET ? last->n : 0;
}

uint32_t mrt_path_neighbor(const struct mrt_path *path)
{
    for (uint32_t p = 0; p < path->n_parts; p++)
        if (path->parts[p].kind == MRT_SEQUENCE)
            return path->numbers[path->parts[p].first];
        else if (path->parts[p].kind == MRT_SET)
            return 0;
    return 0;
}

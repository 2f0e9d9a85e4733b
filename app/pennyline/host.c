/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool host_read_line(const char *path, char *out, size_t n)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(out, (int)n, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (read)
        out[strcspn(out, "\n")] = '\0';
    return read;
}

int64_t host_read_number(const char *path)
{
    char text[32], *end;
    int64_t value;

    if (!host_read_line(path, text, sizeof(text)))
        return -1;
    value = strtoll(text, &end, 10);
    return end != text ? value : -1;
}

uint64_t host_available_bytes(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    unsigned long kib = ULONG_MAX;
    char line[128];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib != ULONG_MAX ? (uint64_t)kib << 10 : UINT64_MAX;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <dirent.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGEPAGES_DIRECTORY "/sys/kernel/mm/hugepages"

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

static bool has_hugetlbfs(void)
{
    FILE *mounts = setmntent("/proc/mounts", "re");
    struct mntent *entry;
    bool found = false;

    if (mounts == NULL)
        return false;
    while (!found && (entry = getmntent(mounts)) != NULL)
        found = strcmp(entry->mnt_type, "hugetlbfs") == 0;
    endmntent(mounts);
    return found;
}

static uint64_t page_count(const char *directory, const char *what)
{
    char path[512];
    int64_t n;

    snprintf(path, sizeof(path), HUGEPAGES_DIRECTORY "/%s/%s", directory, what);
    n = host_read_number(path);
    return n > 0 ? (uint64_t)n : 0;
}

void host_read_hugepages(struct host_hugepages *out)
{
    DIR *directory = opendir(HUGEPAGES_DIRECTORY);
    struct dirent *entry;

    *out = (struct host_hugepages){.is_mounted = has_hugetlbfs()};
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        unsigned long kib;

        if (sscanf(entry->d_name, "hugepages-%lukB", &kib) != 1)
            continue;
        out->total_bytes += page_count(entry->d_name, "nr_hugepages") * kib << 10;
        out->free_bytes += page_count(entry->d_name, "free_hugepages") * kib << 10;
    }
    if (directory != NULL)
        closedir(directory);
}

unsigned long host_hugepages_wanted(const struct host_hugepages *have, uint64_t needed_mb)
{
    return (unsigned long)(((have->total_bytes - have->free_bytes) >> 21) + (needed_mb + 1) / 2);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

void runtime_directory(char *out, size_t n)
{
    const char *own = getenv("RUNTIME_DIRECTORY");

    if (own == NULL && getuid() != 0)
        own = getenv("XDG_RUNTIME_DIR");
    snprintf(out, n, "%s/dpdk", own != NULL ? own : getuid() == 0 ? "/var/run" : "/tmp");
}

pid_t runtime_owner(const char *directory, const char *prefix)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[PATH_MAX];
    pid_t owner = 0;
    int fd;

    snprintf(path, sizeof(path), "%s/%s/config", directory, prefix);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        owner = lock.l_pid;
    close(fd);
    return owner;
}

uint64_t runtime_free_bytes(const char *directory)
{
    char path[PATH_MAX];
    struct statvfs status;

    snprintf(path, sizeof(path), "%s", directory);
    while (statvfs(path, &status) != 0) {
        char *slash = strrchr(path, '/');

        if (slash == NULL || slash == path)
            return UINT64_MAX;
        *slash = '\0';
    }
    return (uint64_t)status.f_bavail * status.f_frsize;
}

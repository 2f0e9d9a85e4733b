/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "common/checksum.h"

#define SUM_BYTES 256
/* Of fixed size, so that it is written in place. */
#define FORMAT "pennyline-place %020" PRIu64 " %020" PRIu64 " %016" PRIx64 "\n"
#define BYTES  75

uint64_t place_sum(int log, uint64_t offset)
{
    size_t n = offset < SUM_BYTES ? (size_t)offset : SUM_BYTES;
    char bytes[SUM_BYTES];

    if (pread(log, bytes, n, (off_t)(offset - n)) != (ssize_t)n)
        return 0;
    return checksum(bytes, n, 1);
}

bool place_is_in(const struct place *p, int log)
{
    struct stat status;

    return fstat(log, &status) == 0 && (uint64_t)status.st_size >= p->offset &&
           (p->offset > 0 || status.st_ino == p->inode) && place_sum(log, p->offset) == p->sum;
}

static int open_log(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static bool is_compressed(const char *name)
{
    static const char *const endings[] = {".gz", ".xz", ".bz2", ".zst", ".lz4"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < ARRAY_LENGTH(endings); i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return false;
}

/* The next file beside `path`, opened; its own name too. -1 at the end. */
static int next_beside(DIR *directory, const char *path, char name[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    struct dirent *entry;

    while ((entry = readdir(directory)) != NULL) {
        struct stat status;
        int fd;

        if (strncmp(entry->d_name, base, strlen(base)) != 0 || is_compressed(entry->d_name))
            continue;
        snprintf(name, PATH_MAX, "%.*s%s", (int)(base - path), path, entry->d_name);
        fd = open_log(name);
        if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

static DIR *open_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];

    if (slash == NULL)
        return opendir(".");
    snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path);
    return opendir(directory);
}

int place_find(const struct place *p, const char *path)
{
    char name[PATH_MAX];
    DIR *directory;
    int fd = open_log(path);

    if (fd >= 0 && place_is_in(p, fd))
        return fd;
    if (fd >= 0)
        close(fd);
    directory = open_beside(path);
    if (directory == NULL)
        return -1;
    while ((fd = next_beside(directory, path, name)) >= 0 && !place_is_in(p, fd))
        close(fd);
    closedir(directory);
    return fd;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

int place_next(const char *path, const struct timespec *since, uint64_t inode)
{
    DIR *directory = open_beside(path);
    struct timespec best_at = {0};
    int best = -1, fd;
    char name[PATH_MAX];

    if (directory == NULL)
        return -1;
    while ((fd = next_beside(directory, path, name)) >= 0) {
        bool is_last = strcmp(name, path) == 0;
        struct stat status;

        if (fstat(fd, &status) < 0 || status.st_ino == inode ||
            (!is_last && !is_later(&status.st_mtim, since)) ||
            (best >= 0 && (is_last || !is_later(&best_at, &status.st_mtim)))) {
            close(fd);
            continue;
        }
        if (best >= 0)
            close(best);
        best = fd;
        best_at = status.st_mtim;
        if (is_last) /* whatever else there is comes before the path itself */
            best_at.tv_sec = INT64_MAX;
    }
    closedir(directory);
    return best;
}

int place_read(const char *file, struct place *p, struct timespec *at)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char text[BYTES + 1] = "";
    struct stat status;
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = fstat(fd, &status) == 0 ? read(fd, text, BYTES) : -1;
    close(fd);
    if (n < 0)
        return -EIO;
    *at = status.st_mtim;
    return sscanf(text, "pennyline-place %" SCNu64 " %" SCNu64 " %" SCNx64, &p->inode, &p->offset,
                  &p->sum) == 3 &&
                   n == BYTES
               ? 0
               : -EINVAL;
}

int place_write(const char *file, const struct place *p)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    char text[BYTES + 1];
    int result = 0;

    if (fd < 0)
        return -errno;
    snprintf(text, sizeof(text), FORMAT, p->inode, p->offset, p->sum);
    if (pwrite(fd, text, BYTES, 0) != BYTES || fdatasync(fd) < 0)
        result = errno != 0 ? -errno : -EIO;
    close(fd);
    return result;
}

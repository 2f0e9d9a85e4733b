/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only ECONNREFUSED says that nobody listens; a full backlog (EAGAIN) is a living server. */
enum unix_socket_occupant unix_socket_find_occupant(const struct sockaddr_un *address)
{
    enum unix_socket_occupant occupant = UNIX_SOCKET_ALIVE;
    struct stat status;
    int fd;

    if (lstat(address->sun_path, &status) < 0)
        return UNIX_SOCKET_NOBODY;
    if (!S_ISSOCK(status.st_mode))
        return UNIX_SOCKET_NO_SOCKET;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return UNIX_SOCKET_ALIVE;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno == ECONNREFUSED)
        occupant = UNIX_SOCKET_STALE;
    close(fd);
    return occupant;
}

#define LOCK_PATH_BYTES (sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock"))

static void lock_path(const struct sockaddr_un *address, char out[LOCK_PATH_BYTES])
{
    snprintf(out, LOCK_PATH_BYTES, "%s.lock", address->sun_path);
}

/* False when who had it before removed it between our open(2) and our flock(2). */
static bool lies_at(const char *path, int fd)
{
    struct stat opened, there;

    return fstat(fd, &opened) == 0 && lstat(path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

int unix_socket_lock(const struct sockaddr_un *address)
{
    char path[LOCK_PATH_BYTES];
    int fd, error;

    lock_path(address, path);
    for (;;) {
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            error = -errno;
            close(fd);
            return error;
        }
        if (lies_at(path, fd))
            return fd;
        close(fd);
    }
}

void unix_socket_unlock(const struct sockaddr_un *address, int lock)
{
    char path[LOCK_PATH_BYTES];

    lock_path(address, path);
    unlink(path);
    close(lock);
}

struct unix_socket_id unix_socket_identify(const struct sockaddr_un *address)
{
    struct stat status;

    if (lstat(address->sun_path, &status) < 0)
        return (struct unix_socket_id){0};
    return (struct unix_socket_id){status.st_dev, status.st_ino};
}

void unix_socket_remove(const struct sockaddr_un *address, const struct unix_socket_id *id)
{
    struct stat status;

    if (lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        status.st_dev == id->device && status.st_ino == id->inode)
        unlink(address->sun_path);
}

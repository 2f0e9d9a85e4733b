/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/unix_socket.h"

#include <errno.h>
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static int refuse(const char *where, const char *what, char *error, size_t n_error)
{
    snprintf(error, n_error, "listen on %s: %s", where, what);
    return -1;
}

static bool is_path(const char *where)
{
    return strchr(where, '/') != NULL;
}

void listen_remove(const char *where)
{
    struct stat status;

    if (is_path(where) && lstat(where, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(where);
}

/* Binds and listens; closes `fd` when that fails. */
static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t n)
{
    const int on = 1;
    int failure;

    if (fd < 0)
        return -errno;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address, n) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    failure = -errno;
    close(fd);
    return failure;
}

/* Before anybody can connect it has its mode: there is no moment in which others may. */
static int bind_path(const struct sockaddr_un *address)
{
    mode_t before = umask(0117);
    int fd = bind_and_listen(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                             (const struct sockaddr *)address, sizeof(*address));

    umask(before);
    return fd;
}

static int give_to_group(const char *where, const char *name, char *error, size_t n_error)
{
    const struct group *group = name != NULL ? getgrnam(name) : NULL;

    if (name == NULL)
        return 0;
    if (group == NULL)
        return refuse(where, "--listen-group names a group that there is not", error, n_error);
    if (lchown(where, (uid_t)-1, group->gr_gid) < 0)
        return refuse(where, "it may not be given to the group of --listen-group", error, n_error);
    return 0;
}

static int open_path(const char *where, const char *group, char *error, size_t n_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(where) >= sizeof(address.sun_path))
        return refuse(where, "the path is too long", error, n_error);
    strcpy(address.sun_path, where);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* One that answers is in use; one that does not was left behind. */
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        close(fd);
        return refuse(where, "another process answers there", error, n_error);
    }
    if (fd >= 0)
        close(fd);
    listen_remove(where);
    fd = bind_path(&address);
    if (fd < 0)
        return refuse(where, strerror(-fd), error, n_error);
    if (give_to_group(where, group, error, n_error) == 0)
        return fd;
    close(fd);
    listen_remove(where);
    return -1;
}

static int open_found(const struct addrinfo *found)
{
    return bind_and_listen(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                           found->ai_addr, found->ai_addrlen);
}

static int open_address(const char *where, char *error, size_t n_error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    const char *colon = strrchr(where, ':');
    struct addrinfo *found;
    char host[64];
    int fd;

    if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof(host))
        return refuse(where, "give ADDRESS:PORT, like 127.0.0.1:9464", error, n_error);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        memmove(host, host + 1, strlen(host));
    }
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return refuse(where, "give a numeric ADDRESS:PORT, like 127.0.0.1:9464 or [::1]:9464",
                      error, n_error);
    fd = open_found(found);
    freeaddrinfo(found);
    return fd >= 0 ? fd : refuse(where, strerror(-fd), error, n_error);
}

int listen_open(const char *where, const char *group, char *error, size_t n_error)
{
    return is_path(where) ? open_path(where, group, error, n_error)
                          : open_address(where, error, n_error);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

void listen_remove(const struct listening *l)
{
    if (l->path.sun_path[0] != '\0')
        unix_socket_remove(&l->path, &l->id);
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

/* With the lock of the path. */
static int take_path(struct listening *l, const struct sockaddr_un *address, char *error,
                     size_t n_error)
{
    const char *where = address->sun_path;
    enum unix_socket_occupant occupant = unix_socket_find_occupant(address);

    if (occupant == UNIX_SOCKET_ALIVE)
        return refuse(where, "another process answers there", error, n_error);
    if (occupant == UNIX_SOCKET_NO_SOCKET)
        return refuse(where, "something that is no socket lies there", error, n_error);
    if (occupant == UNIX_SOCKET_STALE)
        unlink(where);
    l->fd = bind_path(address);
    if (l->fd < 0)
        return refuse(where, strerror(-l->fd), error, n_error);
    l->path = *address;
    l->id = unix_socket_identify(address);
    return 0;
}

static int open_path(struct listening *l, const char *where, const char *group, char *error,
                     size_t n_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int lock, failure;

    if (strlen(where) >= sizeof(address.sun_path))
        return refuse(where, "the path is too long", error, n_error);
    strcpy(address.sun_path, where);
    lock = unix_socket_lock(&address);
    if (lock < 0)
        return refuse(where,
                      lock == -EWOULDBLOCK ? "another process is starting there" : strerror(-lock),
                      error, n_error);
    failure = take_path(l, &address, error, n_error);
    unix_socket_unlock(&address, lock);
    if (failure != 0)
        return -1;
    snprintf(l->place, sizeof(l->place), "%s", where);
    if (give_to_group(where, group, error, n_error) == 0)
        return 0;
    listen_remove(l);
    close(l->fd);
    l->fd = -1;
    return -1;
}

static int open_found(const struct addrinfo *found)
{
    return bind_and_listen(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                           found->ai_addr, found->ai_addrlen);
}

/* As it was given, but with the port that the kernel chose for port 0. */
static void set_place(struct listening *l, const char *where, int n_address)
{
    struct sockaddr_storage bound = {0};
    socklen_t n = sizeof(bound);
    in_port_t port;

    getsockname(l->fd, (struct sockaddr *)&bound, &n);
    port = bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                                       : ((const struct sockaddr_in *)&bound)->sin_port;
    snprintf(l->place, sizeof(l->place), "%.*s:%u", n_address, where, ntohs(port));
}

/* getaddrinfo(3) would cut a greater number to 16 bits. */
static bool is_port(const char *text)
{
    return *text != '\0' && strlen(text) <= 5 && text[strspn(text, "0123456789")] == '\0' &&
           strtoul(text, NULL, 10) <= UINT16_MAX;
}

static int open_address(struct listening *l, const char *where, char *error, size_t n_error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    const char *colon = strrchr(where, ':');
    struct addrinfo *found;
    char host[64];

    if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof(host))
        return refuse(where, "give ADDRESS:PORT, like 127.0.0.1:9464", error, n_error);
    if (!is_port(colon + 1))
        return refuse(where, "a PORT is a number from 0 to 65535", error, n_error);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        memmove(host, host + 1, strlen(host));
    }
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return refuse(where, "give a numeric ADDRESS:PORT, like 127.0.0.1:9464 or [::1]:9464",
                      error, n_error);
    l->fd = open_found(found);
    freeaddrinfo(found);
    if (l->fd < 0)
        return refuse(where, strerror(-l->fd), error, n_error);
    set_place(l, where, (int)(colon - where));
    return 0;
}

int listen_open(struct listening *l, const char *where, const char *group, char *error,
                size_t n_error)
{
    *l = (struct listening){.fd = -1};
    return is_path(where) ? open_path(l, where, group, error, n_error)
                          : open_address(l, where, error, n_error);
}

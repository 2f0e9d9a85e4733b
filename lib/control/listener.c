/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/listener.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/control.h"

/* NGROUPS_MAX of Linux is 65536; who is in more than these is asked for by its own group alone. */
#define MOST_GROUPS 1024

static int refuse(const struct listener *l, char *error, size_t n_error, const char *what,
                  const char *advice)
{
    snprintf(error, n_error, "control socket %s: %s; %s", l->address.sun_path, what, advice);
    return -1;
}

/* Makes all directories above the socket that are missing. */
static int make_directories(const char *path)
{
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];

    snprintf(directory, sizeof(directory), "%s", path);
    for (char *slash = strchr(directory + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(directory, 0755) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int bind_private(const struct listener *l)
{
    mode_t before = umask(0177);
    int error =
        bind(l->fd, (const struct sockaddr *)&l->address, sizeof(l->address)) < 0 ? errno : 0;

    umask(before);
    return error;
}

static int start(struct listener *l, char *error, size_t n_error)
{
    int failure;

    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return refuse(l, error, n_error, strerror(errno), "raise the limit of open files");
    failure = bind_private(l);
    if (failure == 0 && listen(l->fd, CONTROL_MAX_CLIENTS) < 0)
        failure = errno;
    if (failure != 0) {
        close(l->fd);
        return refuse(l, error, n_error, strerror(failure),
                      "give a path in a directory that this user may write to");
    }
    l->id = unix_socket_identify(&l->address);
    return 0;
}

/* False: `error` says why. */
static bool find_group(const struct listener *l, const char *option, const char *name, gid_t *out,
                       char *error, size_t n_error)
{
    const struct group *group = getgrnam(name);
    char what[96];

    if (group != NULL) {
        *out = group->gr_gid;
        return true;
    }
    snprintf(what, sizeof(what), "instance.%s: there is no such group", option);
    refuse(l, error, n_error, what, "make the group (groupadd), or leave the option out");
    return false;
}

static bool is_named(const char *name)
{
    return name != NULL && *name != '\0';
}

/* The socket was made for its owner alone; now the groups may use it too. */
static int admit_groups(struct listener *l, const char *group, const char *readers, char *error,
                        size_t n_error)
{
    l->has_group = is_named(group);
    l->has_readers = is_named(readers);
    if ((l->has_group && !find_group(l, "control_group", group, &l->group, error, n_error)) ||
        (l->has_readers &&
         !find_group(l, "control_read_group", readers, &l->readers, error, n_error))) {
        listener_close(l);
        return -1;
    }
    if ((!l->has_group || chown(l->address.sun_path, (uid_t)-1, l->group) == 0) &&
        chmod(l->address.sun_path, l->has_readers ? 0666
                                   : l->has_group ? 0660
                                                  : 0600) == 0)
        return 0;
    listener_close(l);
    return refuse(l, error, n_error, "its group cannot be set",
                  "run as a member of the group, or leave control_group out");
}

/* 0 when nobody is at the path, or who was is dead. */
static int examine(struct listener *l, const char *path, char *error, size_t n_error,
                   enum unix_socket_occupant *occupant)
{
    *l = (struct listener){.fd = -1, .address = {.sun_family = AF_UNIX}};
    if (*path == '\0' || strlen(path) >= sizeof(l->address.sun_path)) {
        snprintf(error, n_error, "control socket \"%s\": a path of 1 to %zu bytes is needed", path,
                 sizeof(l->address.sun_path) - 1);
        return -1;
    }
    strcpy(l->address.sun_path, path);
    *occupant = unix_socket_find_occupant(&l->address);
    if (*occupant == UNIX_SOCKET_ALIVE)
        return refuse(l, error, n_error, "another process answers there",
                      "stop it, or give this instance a path of its own");
    if (*occupant == UNIX_SOCKET_NO_SOCKET)
        return refuse(l, error, n_error, "something that is no socket lies there",
                      "move it away, or give another path");
    return 0;
}

int listener_check(const char *path, char *error, size_t n_error)
{
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
    enum unix_socket_occupant occupant;
    struct listener l;
    char *slash;

    if (examine(&l, path, error, n_error, &occupant) != 0)
        return -1;
    strcpy(directory, path);
    while ((slash = strrchr(directory, '/')) != NULL) {
        *slash = '\0';
        if (access(slash == directory ? "/" : directory, W_OK | X_OK) == 0)
            return 0;
        if (errno != ENOENT)
            return refuse(&l, error, n_error, strerror(errno),
                          "give a path in a directory that this user may write to");
    }
    return 0;
}

/* With the lock of the path: who lies there may be another one by now. */
static int take_path(struct listener *l, const char *path, char *error, size_t n_error)
{
    enum unix_socket_occupant occupant;

    if (examine(l, path, error, n_error, &occupant) != 0)
        return -1;
    if (occupant == UNIX_SOCKET_STALE)
        unlink(path);
    return start(l, error, n_error);
}

int listener_open(struct listener *l, const char *path, const char *group, const char *readers,
                  char *error, size_t n_error)
{
    enum unix_socket_occupant occupant;
    int failure, lock;

    if (examine(l, path, error, n_error, &occupant) != 0)
        return -1;
    failure = make_directories(path);
    if (failure < 0)
        return refuse(l, error, n_error, strerror(-failure),
                      "its directory cannot be made: make it, or give another path");
    lock = unix_socket_lock(&l->address);
    if (lock == -EWOULDBLOCK)
        return refuse(l, error, n_error, "another process is starting there",
                      "stop it, or give this instance a path of its own");
    if (lock < 0)
        return refuse(l, error, n_error, strerror(-lock),
                      "give a path in a directory that this user may write to");
    failure = take_path(l, path, error, n_error);
    unix_socket_unlock(&l->address, lock);
    return failure == 0 ? admit_groups(l, group, readers, error, n_error) : -1;
}

int listener_accept(struct listener *l)
{
    return accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Its own group, or one of those that it is in besides. */
static bool is_in(int fd, gid_t own, gid_t wanted)
{
    gid_t groups[MOST_GROUPS];
    socklen_t n = sizeof(groups);

    if (own == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
        return false;
    for (size_t i = 0; i < n / sizeof(gid_t); i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

enum listener_peer listener_peer_of(const struct listener *l, int fd, uid_t *user, pid_t *process)
{
    struct ucred peer;
    socklen_t n = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
        return LISTENER_STRANGER;
    *user = peer.uid;
    *process = peer.pid;
    if (peer.uid == 0 || peer.uid == geteuid())
        return LISTENER_OWNER;
    if (l->has_group && is_in(fd, peer.gid, l->group))
        return LISTENER_MEMBER;
    return l->has_readers && is_in(fd, peer.gid, l->readers) ? LISTENER_READER : LISTENER_STRANGER;
}

void listener_close(struct listener *l)
{
    unix_socket_remove(&l->address, &l->id);
    close(l->fd);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The listening socket: where it lies, who may connect. Internal. */
#ifndef CONTROL_LISTENER_H
#define CONTROL_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/unix_socket.h"

struct listener {
    int fd;
    bool has_group, has_readers;
    gid_t group, readers; /* whose members may operate, and only read */
    struct sockaddr_un address;
    struct unix_socket_id id; /* of the socket that we made */
};

/* 0, or -1 with `error` in words. Groups may be NULL or "": none. With `readers` the socket's mode
 * lets everybody in as far as listener_peer_of(), without them its group alone. */
int listener_open(struct listener *l, const char *path, const char *group, const char *readers,
                  char *error, size_t n_error);

/* Could it be opened now? Makes nothing. 0, or -1 with `error` in words. */
int listener_check(const char *path, char *error, size_t n_error);

/* A connection, non-blocking, or -1 when there is none now. */
int listener_accept(struct listener *l);

enum listener_peer {
    LISTENER_STRANGER, /* not to be served */
    LISTENER_READER,   /* of the group of those who may only ask */
    LISTENER_MEMBER,   /* of the group of those who may operate */
    LISTENER_OWNER,    /* root, or the user that this process runs as */
};

/* Who is it (SO_PEERCRED, SO_PEERGROUPS), by its number and its process? */
enum listener_peer listener_peer_of(const struct listener *l, int fd, uid_t *user, pid_t *process);

/* Takes the socket away, unless another one lies there by now. */
void listener_close(struct listener *l);

#endif

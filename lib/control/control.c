/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "control/command.h"
#include "control/listener.h"
#include "json/json.h"

struct control {
    struct listener listener;
    struct control_operations operations;
    uint64_t now_ns;
    uint64_t n_tickets; /* given */
    struct client clients[CONTROL_MAX_CLIENTS];
};

struct control *control_listen(const char *path, const char *group, const char *readers,
                               char *error, size_t n_error)
{
    struct control *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        snprintf(error, n_error, "control socket %s: not enough memory", path);
        return NULL;
    }
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        c->clients[i].fd = -1;
    if (listener_open(&c->listener, path, group, readers, error, n_error) < 0) {
        free(c);
        return NULL;
    }
    return c;
}

int control_check_path(const char *path, char *error, size_t n_error)
{
    return listener_check(path, error, n_error);
}

void control_begin(struct control *c, const struct control_operations *operations)
{
    c->operations = *operations;
}

struct control *control_open(const char *path, const struct control_operations *operations,
                             char *error, size_t n_error)
{
    struct control *c =
        control_listen(path, operations->group, operations->readers, error, n_error);

    if (c != NULL)
        control_begin(c, operations);
    return c;
}

/* Of all, or of those without privilege. */
static unsigned int count_clients(const struct control *c, bool privileged, bool others)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            n += c->clients[i].is_privileged ? privileged : others;
    return n;
}

/* The one that has been idle the longest makes room, of those without privilege if `others`. */
static bool make_room(struct control *c, bool others)
{
    struct client *idlest = NULL;

    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        struct client *one = &c->clients[i];

        if (client_is_idle(one, c->now_ns) && !(others && one->is_privileged) &&
            (idlest == NULL || one->heard_ns < idlest->heard_ns))
            idlest = one;
    }
    if (idlest != NULL)
        client_close(idlest);
    return idlest != NULL;
}

/* NULL: all are taken. Those without privilege leave some to root, who must always be able to
 * switch the kill switch. */
static struct client *find_place(struct control *c, bool is_privileged)
{
    if (!is_privileged &&
        count_clients(c, false, true) >= CONTROL_MAX_CLIENTS - CONTROL_ROOT_CLIENTS &&
        !make_room(c, true))
        return NULL;
    if (count_clients(c, true, true) >= CONTROL_MAX_CLIENTS && !make_room(c, !is_privileged))
        return NULL;
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd < 0)
            return &c->clients[i];
    return NULL;
}

/* Who is turned away gets one sentence, if the socket takes it at once. */
static void turn_away(int fd, uint64_t now_ns, const char *text)
{
    struct client *guest = calloc(1, sizeof(*guest));

    if (guest == NULL) {
        close(fd);
        return;
    }
    client_open(guest, fd, now_ns);
    client_turn_away(guest, text);
    client_serve(guest, 0, now_ns, NULL, NULL);
    client_close(guest);
    free(guest);
}

static void admit(struct control *c, int fd)
{
    uid_t user = 0;
    pid_t process = 0;
    enum listener_peer peer = listener_peer_of(&c->listener, fd, &user, &process);
    struct client *place = NULL;

    if (peer == LISTENER_STRANGER) {
        turn_away(fd, c->now_ns,
                  "only root and the user that the server runs as are served, and the groups that "
                  "instance.control_group and control_read_group name; use sudo");
        return;
    }
    place = find_place(c, peer == LISTENER_OWNER);
    if (place == NULL) {
        turn_away(fd, c->now_ns,
                  "16 clients are connected already, some of these places are root's; close one "
                  "and try again; SIGUSR1 to pennyline switches the kill switch on, too");
        return;
    }
    client_open(place, fd, c->now_ns);
    place->is_privileged = peer == LISTENER_OWNER;
    place->peer = (struct control_peer){.may_operate = peer != LISTENER_READER,
                                        .way = "control socket",
                                        .user = user,
                                        .process = process};
}

/* All who came since the last time: the queue of the kernel is short, and must not fill up. */
static void admit_all(struct control *c)
{
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        int fd = listener_accept(&c->listener);

        if (fd < 0)
            return;
        admit(c, fd);
    }
}

static json_t *answer(void *context, struct client *client, const char *line, size_t n)
{
    struct control *c = context;
    bool waits = false;
    struct control_peer peer = client->peer;
    json_t *reply;

    peer.ticket = c->n_tickets + 1;
    peer.waits = &waits;
    reply = control_execute(&c->operations, line, n, &peer, c->now_ns, &client->watching);
    if (waits)
        client->ticket = ++c->n_tickets;
    return reply;
}

void control_reply(struct control *c, uint64_t ticket, json_t *result, const char *error)
{
    json_t *reply =
        error != NULL ? client_error(error) : json_pack("{s:b, s:O}", "ok", 1, "result", result);

    for (unsigned int i = 0; c != NULL && i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd >= 0 && c->clients[i].ticket == ticket)
            client_reply(&c->clients[i], reply);
    json_decref(reply);
}

/* What an operator gave up may be minutes old, and is not done; but nobody sends the kill switch
 * and means it less for not waiting, as a script that ends with it does. */
static json_t *answer_last(void *context, struct client *client, const char *line, size_t n)
{
    return command_is_safe(line, n) ? answer(context, client, line, n) : NULL;
}

static void serve(struct control *c, struct client *client, short revents)
{
    if ((revents & (POLLHUP | POLLERR)) != 0)
        client_hear_last(client, c->now_ns, answer_last, c);
    client_serve(client, revents, c->now_ns, answer, c);
}

void control_poll(struct control *c, uint64_t now_ns)
{
    struct pollfd fds[CONTROL_MAX_CLIENTS + 1];

    c->now_ns = now_ns;
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        fds[i] = (struct pollfd){.fd = c->clients[i].fd, .events = client_events(&c->clients[i])};
    fds[CONTROL_MAX_CLIENTS] = (struct pollfd){.fd = c->listener.fd, .events = POLLIN};
    if (poll(fds, CONTROL_MAX_CLIENTS + 1, 0) < 0)
        return;
    /* Lines that were read before wait in our buffers, so all clients have their turn. */
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            serve(c, &c->clients[i], fds[i].revents);
    if (fds[CONTROL_MAX_CLIENTS].revents & POLLIN)
        admit_all(c);
}

bool control_has_watchers(const struct control *c)
{
    for (unsigned int i = 0; c != NULL && i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd >= 0 && c->clients[i].watching)
            return true;
    return false;
}

void control_publish(struct control *c, const json_t *event)
{
    char *line;
    size_t n;

    if (!control_has_watchers(c))
        return;
    line = json_dumps(event, JSON_ALL_DIGITS);
    n = line != NULL ? strlen(line) : 0;
    for (unsigned int i = 0; line != NULL && i < CONTROL_MAX_CLIENTS; i++)
        if (c->clients[i].fd >= 0 && c->clients[i].watching)
            client_publish(&c->clients[i], line, n);
    free(line);
}

unsigned int control_n_clients(const struct control *c)
{
    return count_clients(c, true, true);
}

void control_close(struct control *c)
{
    if (c == NULL)
        return;
    for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        client_close(&c->clients[i]);
    listener_close(&c->listener);
    free(c);
}

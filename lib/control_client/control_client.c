/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_client/control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_socket(const char *path)
{
    struct stat status;

    return stat(path, &status) < 0 || S_ISSOCK(status.st_mode);
}

static const char *advice_for(int error, const char *path)
{
    switch (error) {
    case ENOENT:
        return "no socket there: is pennyline running? --socket PATH names another one "
               "(instance.control_socket of its configuration)";
    case ECONNREFUSED:
        return is_socket(path)
                   ? "nobody answers: pennyline ended and left its socket behind; start it again"
                   : "that is no socket: --socket names pennyline's (instance.control_socket of "
                     "its "
                     "configuration)";
    case EACCES:
    case EPERM:
        return "not allowed: only root and the user that pennyline runs as may; use sudo";
    default:
        return strerror(error);
    }
}

void control_client_set_wait(struct control_client *c, unsigned int wait_s)
{
    const struct timeval timeout = {.tv_sec = wait_s};

    c->wait_s = wait_s;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static void say_silence(struct control_client *c)
{
    snprintf(c->error, sizeof(c->error), "%s: no answer for %u s: pennyline hangs", c->path,
             c->wait_s);
}

/* connect(2) of a UNIX socket waits while the server's backlog is full: for SO_SNDTIMEO, and then
 * says EAGAIN (Linux, net/unix/af_unix.c). */
static int connect_to(struct control_client *c, const struct sockaddr_un *address)
{
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd >= 0)
        control_client_set_wait(c, c->wait_s);
    if (c->fd >= 0 && connect(c->fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
        c->in = fdopen(c->fd, "r");
        if (c->in != NULL)
            return 0;
    }
    if (errno == EAGAIN)
        say_silence(c);
    else
        snprintf(c->error, sizeof(c->error), "%s: %s", c->path, advice_for(errno, c->path));
    control_client_close(c);
    return -1;
}

int control_client_open(struct control_client *c, const char *path, unsigned int wait_s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *c = (struct control_client){.path = path, .fd = -1, .wait_s = wait_s};
    if (strlen(path) >= sizeof(address.sun_path)) {
        snprintf(c->error, sizeof(c->error), "%s: a socket's path has at most %zu bytes", path,
                 sizeof(address.sun_path) - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    return connect_to(c, &address);
}

static int say(struct control_client *c, const json_t *request)
{
    char *line = json_dumps(request, 0);
    ssize_t n = -1;

    if (line != NULL) {
        size_t length = strlen(line);

        line[length] = '\n'; /* over the NUL: a line of the wire has none */
        n = send(c->fd, line, length + 1, MSG_NOSIGNAL);
        n = n == (ssize_t)(length + 1) ? 0 : -1;
    }
    free(line);
    return (int)n;
}

/* The next line as an object, the caller's; NULL with `error` set. */
static json_t *hear(struct control_client *c)
{
    json_error_t error;
    char *line = NULL;
    size_t size = 0;
    json_t *object;

    errno = 0;
    if (getline(&line, &size, c->in) < 0) {
        if (errno == EAGAIN)
            say_silence(c);
        else
            snprintf(c->error, sizeof(c->error), "%s: pennyline closed the connection", c->path);
        free(line);
        return NULL;
    }
    object = json_loads(line, 0, &error);
    if (object == NULL)
        snprintf(c->error, sizeof(c->error), "%s: no JSON came back (%s): is that pennyline?",
                 c->path, error.text);
    free(line);
    return object;
}

json_t *control_client_ask(struct control_client *c, const json_t *request)
{
    json_t *reply, *result = NULL;
    const char *error;

    /* What cannot be sent may still have been answered: a server that turns clients away says why.
     */
    if (say(c, request) < 0)
        snprintf(c->error, sizeof(c->error), "%s: pennyline closed the connection", c->path);
    reply = hear(c);
    c->is_turned_away = json_is_true(json_object_get(reply, "turned_away"));
    c->is_refusal = json_is_false(json_object_get(reply, "ok")) && !c->is_turned_away;
    error = json_string_value(json_object_get(reply, "error"));
    if (json_is_true(json_object_get(reply, "ok")))
        result = json_incref(json_object_get(reply, "result"));
    else if (reply != NULL)
        snprintf(c->error, sizeof(c->error), "%s", error != NULL ? error : "refused");
    json_decref(reply);
    return result;
}

json_t *control_client_next(struct control_client *c)
{
    const struct timeval for_ever = {0};

    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
    return hear(c);
}

void control_client_close(struct control_client *c)
{
    if (c->in != NULL)
        fclose(c->in);
    else if (c->fd >= 0)
        close(c->fd);
    c->in = NULL;
    c->fd = -1;
}

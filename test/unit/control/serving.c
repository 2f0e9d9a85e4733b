/* SPDX-License-Identifier: BSD-3-Clause */
#include "serving.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct control *serving_open(struct serving *f)
{
    return control_open(f->path, &f->world.operations, f->error, sizeof(f->error));
}

int serving_set_up(void **state)
{
    struct serving *f = calloc(1, sizeof(*f));

    *state = f;
    strcpy(f->directory, "/tmp/control-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->inner, sizeof(f->inner), "%s/run", f->directory);
    snprintf(f->path, sizeof(f->path), "%s/s.sock", f->inner);
    assert_int_equal(world_open(&f->world), 0);
    f->control = serving_open(f);
    if (f->control == NULL)
        print_error("%s\n", f->error);
    return f->control == NULL;
}

int serving_tear_down(void **state)
{
    struct serving *f = *state;

    control_close(f->control);
    world_close(&f->world);
    unlink(f->path);
    rmdir(f->inner);
    rmdir(f->directory);
    free(f);
    return 0;
}

int serving_try_connect(const struct serving *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, f->path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

void serving_poll(struct serving *f)
{
    for (int i = 0; i < 8; i++)
        control_poll(f->control, f->world.now_ns);
}

int serving_connect(struct serving *f)
{
    int fd = serving_try_connect(f);

    assert_true(fd >= 0);
    serving_poll(f);
    return fd;
}

void serving_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

bool serving_hear(int fd, char *out, size_t n)
{
    ssize_t got = recv(fd, out, n - 1, MSG_DONTWAIT);

    out[got > 0 ? got : 0] = '\0';
    return got != 0;
}

void assert_heard(int fd, const char *expected)
{
    char text[4096];

    serving_hear(fd, text, sizeof(text));
    if (strstr(text, expected) == NULL)
        fail_msg("heard \"%s\", not \"%s\"", text, expected);
}

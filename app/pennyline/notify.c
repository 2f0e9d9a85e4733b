/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NS_PER_US UINT64_C(1000)

/* A path, or a name of the abstract namespace behind '@'. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || n >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, name, n);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Of WATCHDOG_USEC, when it is meant for this process (sd_watchdog_enabled(3)). */
static uint64_t watchdog_ns(void)
{
    const char *time = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (time == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
        return 0;
    return strtoull(time, NULL, 10) * NS_PER_US;
}

void notify_open(struct notify *n)
{
    const char *name = getenv("NOTIFY_SOCKET");

    *n = (struct notify){.fd = name != NULL ? connect_to(name) : -1};
    if (n->fd >= 0)
        n->period_ns = watchdog_ns() / 2;
}

/* False: not now. A manager that does not listen at all is not ours to mend. */
static bool is_taken(const struct notify *n, const char *text)
{
    return n->fd < 0 || send(n->fd, text, strlen(text), MSG_NOSIGNAL) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM);
}

void notify_tell(struct notify *n, const char *text)
{
    n->waiting = is_taken(n, text) ? NULL : text;
}

void notify_alive(struct notify *n, uint64_t progress, uint64_t now_ns)
{
    if (progress == n->progress)
        return;
    if (n->waiting != NULL) {
        n->progress = progress;
        notify_tell(n, n->waiting);
    }
    if (n->period_ns == 0 || now_ns < n->next_ns)
        return;
    n->progress = progress;
    if (is_taken(n, "WATCHDOG=1"))
        n->next_ns = now_ns + n->period_ns;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

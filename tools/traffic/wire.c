/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include "base/time.h"
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH_FRAMES  64
#define FULL_PAUSE_NS 50000

struct wire {
    int fd;
    uint64_t start_ns;
    unsigned int n_waiting;
    struct mmsghdr messages[BATCH_FRAMES];
    struct iovec parts[BATCH_FRAMES];
    uint8_t frames[BATCH_FRAMES][FRAME_MAX_BYTES];
};

static uint64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* 0, or -EINTR. */
static int sleep_until_ns(uint64_t when_ns)
{
    struct timespec when = {.tv_sec = (time_t)(when_ns / NS_PER_S),
                            .tv_nsec = (long)(when_ns % NS_PER_S)};

    return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static int bind_to(int fd, const char *interface, uint8_t mac[6])
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET}; /* protocol 0: receives nothing */
    struct ifreq request = {0};

    address.sll_ifindex = (int)if_nametoindex(interface);
    if (address.sll_ifindex == 0)
        return -ENODEV;
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

int wire_open(const char *interface, struct wire **out, uint8_t mac[6])
{
    struct wire *w = calloc(1, sizeof(*w));
    int rc;

    if (!w)
        return -ENOMEM;
    w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    rc = w->fd < 0 ? -errno : bind_to(w->fd, interface, mac);
    if (rc < 0) {
        if (w->fd >= 0)
            close(w->fd);
        free(w);
        return rc;
    }
    for (unsigned int i = 0; i < BATCH_FRAMES; i++) {
        w->parts[i].iov_base = w->frames[i];
        w->messages[i].msg_hdr.msg_iov = &w->parts[i];
        w->messages[i].msg_hdr.msg_iovlen = 1;
    }
    *out = w;
    return 0;
}

static int send_waiting(struct wire *w)
{
    unsigned int n_sent = 0;
    int n;

    while (n_sent < w->n_waiting) {
        n = sendmmsg(w->fd, w->messages + n_sent, w->n_waiting - n_sent, 0);
        if (n > 0)
            n_sent += (unsigned int)n;
        else if (errno != ENOBUFS && errno != EAGAIN)
            return -errno;
        else if (sleep_until_ns(clock_now_ns() + FULL_PAUSE_NS) < 0)
            return -EINTR;
    }
    w->n_waiting = 0;
    return 0;
}

int wire_send(struct wire *w, uint64_t time_ns, const uint8_t *frame, uint16_t n_bytes)
{
    int rc = 0;

    if (w->start_ns == 0)
        w->start_ns = clock_now_ns() - time_ns;
    if (w->n_waiting == BATCH_FRAMES)
        rc = send_waiting(w);
    if (rc == 0 && clock_now_ns() < w->start_ns + time_ns) {
        rc = send_waiting(w);
        if (rc == 0)
            rc = sleep_until_ns(w->start_ns + time_ns);
    }
    if (rc < 0)
        return rc;
    memcpy(w->frames[w->n_waiting], frame, n_bytes);
    w->parts[w->n_waiting++].iov_len = n_bytes;
    return 0;
}

int wire_close(struct wire *w)
{
    int rc = send_waiting(w);

    close(w->fd);
    free(w);
    return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A wire with a VLAN tag on one side: frames from PLAIN leave TAGGED with the tag, frames of that
 * VLAN from TAGGED leave PLAIN without it, all others end here. For kernels without 8021q. */
#include "base/bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FRAME_BYTES     2048
#define TURN_FRAMES         64 /* then the other direction */
#define TAG_BYTES           4
#define SOCKET_BUFFER_BYTES (8 << 20)

static int open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, bytes = SOCKET_BUFFER_BYTES;

    address.sll_ifindex = (int)if_nametoindex(name);
    if (fd < 0 || address.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        fprintf(stderr, "vlan-tagger: %s: %s\n", name, strerror(errno));
        exit(1);
    }
    return fd;
}

/* The kernel takes the outer tag out of the frame and tells it beside. 0 when there was none. */
static uint16_t tag_beside(struct msghdr *message)
{
    struct tpacket_auxdata data;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&data, CMSG_DATA(c), sizeof(data));
        if (data.tp_status & TP_STATUS_VLAN_VALID)
            return data.tp_vlan_tci & 0x0fff;
    }
    return 0;
}

/* One frame into `frame`, and its VLAN. -1 when there is none. */
static ssize_t receive(int fd, uint8_t frame[MAX_FRAME_BYTES], uint16_t *vlan_id)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct iovec part = {.iov_base = frame, .iov_len = MAX_FRAME_BYTES};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t n_bytes = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);

    if (n_bytes < 0)
        return -1;
    *vlan_id = tag_beside(&message);
    return n_bytes > MAX_FRAME_BYTES ? 0 : n_bytes;
}

static void send_frame(int fd, const uint8_t *frame, size_t n_bytes)
{
    while (send(fd, frame, n_bytes, 0) < 0 && (errno == ENOBUFS || errno == EINTR))
        usleep(20);
}

static void push(int from, int to, uint16_t vlan_id)
{
    uint8_t room[TAG_BYTES + MAX_FRAME_BYTES], *frame = room + TAG_BYTES;
    uint16_t other;
    ssize_t n_bytes;

    for (int i = 0; i < TURN_FRAMES && (n_bytes = receive(from, frame, &other)) >= 0; i++) {
        if (n_bytes < ETH_HLEN || other)
            continue;
        memmove(room, frame, 12);
        store_be16(room + 12, ETH_P_8021Q);
        store_be16(room + 14, vlan_id);
        send_frame(to, room, TAG_BYTES + (size_t)n_bytes);
    }
}

static void pop(int from, int to, uint16_t vlan_id)
{
    uint8_t frame[MAX_FRAME_BYTES];
    uint16_t found;
    ssize_t n_bytes;

    for (int i = 0; i < TURN_FRAMES && (n_bytes = receive(from, frame, &found)) >= 0; i++)
        if (n_bytes >= ETH_HLEN && found == vlan_id)
            send_frame(to, frame, (size_t)n_bytes);
}

int main(int argc, char **argv)
{
    struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
    int vlan_id = argc == 4 ? atoi(argv[3]) : 0;

    if (vlan_id < 1 || vlan_id > 4094) {
        fprintf(stderr, "Usage: vlan-tagger PLAIN-INTERFACE TAGGED-INTERFACE VLAN-ID\n");
        return 2;
    }
    fds[0].fd = open_interface(argv[1]);
    fds[1].fd = open_interface(argv[2]);
    signal(SIGINT, SIG_DFL);
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(fds, 2, -1) < 0)
            return 1;
        push(fds[0].fd, fds[1].fd, (uint16_t)vlan_id);
        pop(fds[1].fd, fds[0].fd, (uint16_t)vlan_id);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev/xdp.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define REPLY_BYTES 32768 /* NLMSG_GOODSIZE and more: an interface with many attributes */
#define MAX_NESTED  64

struct request {
    struct nlmsghdr header;
    struct ifinfomsg info;
    char attributes[MAX_NESTED];
};

static struct request begin(uint16_t type, uint16_t flags, uint32_t interface_index)
{
    struct request r = {.header = {.nlmsg_type = type,
                                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                                   .nlmsg_seq = 1,
                                   .nlmsg_len = NLMSG_LENGTH(sizeof(r.info))},
                        .info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)interface_index}};

    return r;
}

/* One question, one answer. Its length, or a negative errno. */
static ssize_t exchange(const struct request *r, void *reply, size_t n)
{
    const struct timeval patience = {.tv_sec = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t got = -1;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (send(fd, r, r->header.nlmsg_len, 0) == (ssize_t)r->header.nlmsg_len)
        got = recv(fd, reply, n, 0);
    if (got < 0)
        got = -errno;
    close(fd);
    return got;
}

/* What the kernel refused with, or 0. */
static int refusal(const struct nlmsghdr *header, ssize_t n)
{
    const struct nlmsgerr *why;

    if (n < 0)
        return (int)n;
    if (!NLMSG_OK(header, (uint32_t)n))
        return -EBADMSG;
    why = NLMSG_DATA(header);
    return header->nlmsg_type == NLMSG_ERROR ? why->error : 0;
}

static void read_nested(const struct rtattr *nested, struct netdev_xdp *out)
{
    static const uint32_t flags[] = {
        [XDP_ATTACHED_DRV] = XDP_FLAGS_DRV_MODE,
        [XDP_ATTACHED_SKB] = XDP_FLAGS_SKB_MODE,
        [XDP_ATTACHED_HW] = XDP_FLAGS_HW_MODE,
    };
    int n = (int)RTA_PAYLOAD(nested);

    for (const struct rtattr *a = RTA_DATA(nested); RTA_OK(a, n); a = RTA_NEXT(a, n)) {
        uint8_t mode;

        /* Where there is one of the driver and one of the stack, only their own numbers stand. */
        if (a->rta_type == IFLA_XDP_PROG_ID || a->rta_type == IFLA_XDP_DRV_PROG_ID ||
            (a->rta_type == IFLA_XDP_SKB_PROG_ID && out->program == 0))
            memcpy(&out->program, RTA_DATA(a), sizeof(out->program));
        if (a->rta_type != IFLA_XDP_ATTACHED)
            continue;
        memcpy(&mode, RTA_DATA(a), sizeof(mode));
        out->flags = mode < sizeof(flags) / sizeof(flags[0]) ? flags[mode] : 0;
    }
}

int netdev_xdp_read(uint32_t interface_index, struct netdev_xdp *out)
{
    _Alignas(struct nlmsghdr) char reply[REPLY_BYTES];
    const struct nlmsghdr *header = (const void *)reply;
    struct request r = begin(RTM_GETLINK, 0, interface_index);
    ssize_t n = exchange(&r, reply, sizeof(reply));
    int error = refusal(header, n), left;

    *out = (struct netdev_xdp){.program = 0};
    if (error != 0)
        return error;
    if (header->nlmsg_type != RTM_NEWLINK)
        return -EBADMSG;
    left = (int)IFLA_PAYLOAD(header);
    for (const struct rtattr *a = IFLA_RTA(NLMSG_DATA(header)); RTA_OK(a, left);
         a = RTA_NEXT(a, left))
        if ((a->rta_type & NLA_TYPE_MASK) == IFLA_XDP)
            read_nested(a, out);
    return 0;
}

int netdev_xdp_hold(uint32_t program)
{
    union bpf_attr which;
    long fd;

    memset(&which, 0, sizeof(which));
    which.prog_id = program;
    fd = syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &which, sizeof(which));
    return fd >= 0 ? (int)fd : -errno;
}

static void add_attribute(struct rtattr *nested, uint16_t type, const void *value)
{
    struct rtattr *a = (void *)((char *)nested + RTA_ALIGN(nested->rta_len));

    a->rta_type = type;
    a->rta_len = RTA_LENGTH(sizeof(uint32_t));
    memcpy(RTA_DATA(a), value, sizeof(uint32_t));
    nested->rta_len = (uint16_t)(RTA_ALIGN(nested->rta_len) + RTA_ALIGN(a->rta_len));
}

/* `expected_fd`: what has to be there, with XDP_FLAGS_REPLACE; else -1. */
static int set_program(uint32_t interface_index, int program_fd, uint32_t flags, int expected_fd)
{
    _Alignas(struct nlmsghdr) char reply[REPLY_BYTES];
    struct request r = begin(RTM_SETLINK, NLM_F_ACK, interface_index);
    struct rtattr *nested = (void *)((char *)&r + NLMSG_ALIGN(r.header.nlmsg_len));

    nested->rta_type = IFLA_XDP | NLA_F_NESTED;
    nested->rta_len = RTA_LENGTH(0);
    add_attribute(nested, IFLA_XDP_FD, &program_fd);
    add_attribute(nested, IFLA_XDP_FLAGS, &flags);
    if (expected_fd >= 0)
        add_attribute(nested, IFLA_XDP_EXPECTED_FD, &expected_fd);
    r.header.nlmsg_len = NLMSG_ALIGN(r.header.nlmsg_len) + RTA_ALIGN(nested->rta_len);
    return refusal((const void *)reply, exchange(&r, reply, sizeof(reply)));
}

int netdev_xdp_attach(uint32_t interface_index, int program_fd, uint32_t flags)
{
    return set_program(interface_index, program_fd, flags | XDP_FLAGS_UPDATE_IF_NOEXIST, -1);
}

int netdev_xdp_detach(uint32_t interface_index, int program_fd, uint32_t flags)
{
    return set_program(interface_index, -1, flags | XDP_FLAGS_REPLACE, program_fd);
}

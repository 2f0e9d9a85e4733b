/* SPDX-License-Identifier: BSD-3-Clause */
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES 32768
#define DISCARD_PORT 9
#define POLL_MS      10

/* A request with its fixed part; attributes follow. */
struct request {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct ndmsg neighbor;
    } body;
    char attributes[64];
};

static int family_of(const struct ip_address *a)
{
    return ip_address_is_ipv4(a) ? AF_INET : AF_INET6;
}

/* The bytes of an address as its own family has them. */
static const uint8_t *bytes_of(const struct ip_address *a, size_t *n)
{
    *n = ip_address_is_ipv4(a) ? 4 : 16;
    return a->bytes + 16 - *n;
}

static void append(struct request *r, unsigned short type, const void *value, size_t n)
{
    struct rtattr *attribute = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(n);
    memcpy(RTA_DATA(attribute), value, n);
    r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_LENGTH(n);
}

/* Sends the request and gives each message of the answer to `take`, until that returns true. 0, or
 * what the kernel or the socket says. */
static int ask(const struct request *r, bool (*take)(const struct nlmsghdr *, void *), void *to)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), status = 0;
    static _Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
    bool is_done = false;

    if (fd < 0 || send(fd, r, r->header.nlmsg_len, 0) < 0)
        status = -errno;
    while (status == 0 && !is_done) {
        ssize_t got = recv(fd, answer, sizeof(answer), 0);
        unsigned int left = got > 0 ? (unsigned int)got : 0;

        if (got <= 0)
            status = got < 0 ? -errno : -EIO;
        for (const struct nlmsghdr *m = (const struct nlmsghdr *)answer;
             status == 0 && !is_done && NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
            if (m->nlmsg_type == NLMSG_ERROR)
                status = ((const struct nlmsgerr *)NLMSG_DATA(m))->error;
            is_done = m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR || take(m, to) ||
                      (m->nlmsg_flags & NLM_F_MULTI) == 0;
        }
    }
    if (fd >= 0)
        close(fd);
    return status;
}

static struct ip_address address_of(const struct rtattr *attribute)
{
    return RTA_PAYLOAD(attribute) == 4 ? ip_address_from_ipv4(RTA_DATA(attribute))
                                       : ip_address_from_ipv6(RTA_DATA(attribute));
}

static bool take_route(const struct nlmsghdr *m, void *to)
{
    const struct rtmsg *body = NLMSG_DATA(m);
    struct rtattr *attribute = RTM_RTA(body);
    int left = (int)RTM_PAYLOAD(m);
    struct route *out = to;

    if (m->nlmsg_type != RTM_NEWROUTE)
        return false;
    out->is_own = body->rtm_type == RTN_LOCAL;
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == RTA_OIF)
            memcpy(&out->interface_index, RTA_DATA(attribute), sizeof(out->interface_index));
        if (attribute->rta_type == RTA_GATEWAY) {
            out->has_gateway = true;
            out->gateway = address_of(attribute);
        }
    }
    return true;
}

int route_find(const struct ip_address *to, struct route *out)
{
    size_t n;
    const uint8_t *bytes = bytes_of(to, &n);
    struct request r = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST},
        .body.route = {.rtm_family = (unsigned char)family_of(to),
                       .rtm_dst_len = (unsigned char)(8 * n)},
    };
    int status;

    *out = (struct route){0};
    append(&r, RTA_DST, bytes, n);
    status = ask(&r, take_route, out);
    if (status == 0 && if_indextoname((unsigned int)out->interface_index, out->interface) == NULL)
        status = -ENETUNREACH;
    return status;
}

struct wanted {
    const struct ip_address *address;
    int interface_index;
    uint8_t *mac;
    bool is_found;
};

static bool take_neighbor(const struct nlmsghdr *m, void *to)
{
    const struct ndmsg *body = NLMSG_DATA(m);
    struct rtattr *attribute =
        (struct rtattr *)((char *)NLMSG_DATA(m) + NLMSG_ALIGN(sizeof(*body)));
    int left = (int)NLMSG_PAYLOAD(m, sizeof(*body));
    const struct rtattr *mac = NULL;
    struct wanted *wanted = to;
    bool is_it = false;

    if (m->nlmsg_type != RTM_NEWNEIGH || body->ndm_ifindex != wanted->interface_index ||
        (body->ndm_state & (NUD_INCOMPLETE | NUD_FAILED)) != 0)
        return false;
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == NDA_LLADDR && RTA_PAYLOAD(attribute) == 6)
            mac = attribute;
        if (attribute->rta_type == NDA_DST) {
            struct ip_address address = address_of(attribute);

            is_it = ip_address_equal(&address, wanted->address);
        }
    }
    if (is_it && mac != NULL) {
        memcpy(wanted->mac, RTA_DATA(mac), 6);
        wanted->is_found = true;
    }
    return false; /* a dump is read to its end */
}

static const struct ip_address *next_hop_of(const struct route *route, const struct ip_address *to)
{
    return route->has_gateway ? &route->gateway : to;
}

int route_neighbor(const struct route *route, const struct ip_address *to, uint8_t mac[6])
{
    struct wanted wanted = {
        .address = next_hop_of(route, to), .interface_index = route->interface_index, .mac = mac};
    struct request r = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
                   .nlmsg_type = RTM_GETNEIGH,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body.neighbor = {.ndm_family = (unsigned char)family_of(wanted.address)},
    };
    int status = ask(&r, take_neighbor, &wanted);

    return status != 0 ? status : wanted.is_found ? 0 : -ENOENT;
}

static void send_datagram(const struct route *route, const struct ip_address *next_hop)
{
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(DISCARD_PORT),
                               .sin6_scope_id = (uint32_t)route->interface_index};
    bool is_ipv4 = ip_address_is_ipv4(next_hop);
    int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(&to4.sin_addr, next_hop->bytes + 12, 4);
    memcpy(&to6.sin6_addr, next_hop->bytes, 16);
    if (fd < 0)
        return;
    /* Whatever becomes of it is seen by the table of neighbors. */
    (void)!sendto(fd, "", 0, 0, is_ipv4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6,
                  is_ipv4 ? sizeof(to4) : sizeof(to6));
    close(fd);
}

int route_ask_neighbor(const struct route *route, const struct ip_address *to, unsigned int wait_ms,
                       uint8_t mac[6])
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    int status = route_neighbor(route, to, mac);

    if (status != -ENOENT)
        return status;
    send_datagram(route, next_hop_of(route, to));
    for (unsigned int waited = 0; status == -ENOENT && waited < wait_ms; waited += POLL_MS) {
        nanosleep(&pause, NULL);
        status = route_neighbor(route, to, mac);
    }
    return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "preflight.h"

#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"

#define NEIGHBOR_WAIT_MS 1500
#define MAC_FORMAT       "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_PARTS(mac)   (mac)[0], (mac)[1], (mac)[2], (mac)[3], (mac)[4], (mac)[5]

struct preflight {
    const struct arguments *arguments;
    const char *interface;
    struct route route; /* to the destination */
    int route_status;
    unsigned int n_blocking;
};

__attribute__((format(printf, 2, 3))) static void say(const char *kind, const char *format, ...)
{
    va_list arguments;

    printf("%-7s ", kind);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

#define blocks(p, ...) ((p)->n_blocking++, say("blocks", __VA_ARGS__))

static int flags_of(const char *interface, struct ifreq *request, unsigned long what)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status = 0;

    *request = (struct ifreq){0};
    strncpy(request->ifr_name, interface, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, what, request) < 0)
        status = -errno;
    if (fd >= 0)
        close(fd);
    return status;
}

static void check_interface(struct preflight *p)
{
    struct ifreq flags, address;

    if (flags_of(p->interface, &flags, SIOCGIFFLAGS) != 0 ||
        flags_of(p->interface, &address, SIOCGIFHWADDR) != 0) {
        blocks(p, "there is no interface %s here; \"ip link\" lists them", p->interface);
        return;
    }
    if (address.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        blocks(p, "%s is no Ethernet interface: frames cannot be sent by it", p->interface);
    else if ((flags.ifr_flags & IFF_UP) == 0)
        blocks(p, "%s is down: ip link set %s up", p->interface, p->interface);
    else if ((flags.ifr_flags & IFF_RUNNING) == 0)
        blocks(p, "%s has no carrier: is the other end plugged in, and up?", p->interface);
    else
        say("good", "%s is up", p->interface);
}

/* An address of this host within the prefix, or false. */
static bool own_address(const struct ip_prefix *sources, char text[IP_TEXT_BYTES],
                        char interface[IFNAMSIZ])
{
    struct ifaddrs *all = NULL;
    bool is_own = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *a = all; a != NULL && !is_own; a = a->ifa_next) {
        struct ip_address address;

        if (a->ifa_addr == NULL)
            continue;
        if (a->ifa_addr->sa_family == AF_INET)
            address = ip_address_from_ipv4(&((struct sockaddr_in *)a->ifa_addr)->sin_addr);
        else if (a->ifa_addr->sa_family == AF_INET6)
            address = ip_address_from_ipv6(&((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr);
        else
            continue;
        is_own = ip_prefix_contains(sources, &address);
        if (is_own) {
            ip_address_format(&address, text);
            snprintf(interface, IFNAMSIZ, "%s", a->ifa_name);
        }
    }
    freeifaddrs(all);
    return is_own;
}

/* Whoever has the address answers the receiver's ACKs: with resets, or with data of its own. */
static void check_source(struct preflight *p)
{
    const struct ip_prefix *sources = &p->arguments->path.sources;
    char text[IP_TEXT_BYTES], prefix[IP_TEXT_BYTES], interface[IFNAMSIZ];
    struct route route;

    ip_prefix_format(sources, prefix);
    if (own_address(sources, text, interface)) {
        blocks(
            p,
            "the source %s has %s, of %s: this host would answer the receiver. Take a prefix that "
            "is nobody's here",
            prefix, text, interface);
        return;
    }
    if (route_find(&sources->address, &route) == 0 && !route.has_gateway) {
        say("advice",
            "the source %s is on the link of %s: a host there that has such an address answers the "
            "receiver; better is a prefix that is elsewhere",
            prefix, route.interface);
        return;
    }
    say("good", "the source %s is foreign to this host and its links", prefix);
}

static void check_route(struct preflight *p)
{
    char to[IP_TEXT_BYTES], gateway[IP_TEXT_BYTES] = "";

    ip_address_format(&p->arguments->path.destination, to);
    if (p->route_status != 0) {
        say("advice", "the kernel has no route to %s (%s); frames are sent by %s all the same", to,
            strerror(-p->route_status), p->interface);
        return;
    }
    if (p->route.is_own) {
        blocks(p, "%s is an address of this host: what is sent to it comes from nowhere else", to);
        return;
    }
    if (p->route.has_gateway)
        ip_address_format(&p->route.gateway, gateway);
    if (strcmp(p->route.interface, p->interface) != 0)
        say("advice", "the kernel's route to %s is by %s, and frames are sent by %s", to,
            p->route.interface, p->interface);
    else if (p->route.has_gateway)
        say("good", "the route to %s is by %s, over %s", to, p->interface, gateway);
    else
        say("good", "%s is on the link of %s", to, p->interface);
}

static void check_mac(struct preflight *p)
{
    const uint8_t *chosen = p->arguments->path.destination_mac;
    uint8_t mac[6];

    if (p->route_status != 0 || p->route.is_own || strcmp(p->route.interface, p->interface) != 0)
        return;
    if (route_ask_neighbor(&p->route, &p->arguments->path.destination, NEIGHBOR_WAIT_MS, mac) != 0)
        blocks(p, "the next hop does not say its MAC address: is it there?");
    else if (memcmp(mac, chosen, 6) != 0)
        blocks(p,
               "the next hop's MAC address is " MAC_FORMAT ", and frames go to " MAC_FORMAT
               ": give --destination-mac " MAC_FORMAT ", or --routed",
               MAC_PARTS(mac), MAC_PARTS(chosen), MAC_PARTS(mac));
    else
        say("good", "the next hop's MAC address is " MAC_FORMAT, MAC_PARTS(mac));
}

unsigned int preflight_check(const struct arguments *arguments)
{
    struct preflight p = {.arguments = arguments, .interface = arguments->interface};

    p.route_status = route_find(&arguments->path.destination, &p.route);
    check_interface(&p);
    check_route(&p);
    check_source(&p);
    if (arguments->path.vlan_id == 0)
        check_mac(&p);
    else
        say("advice",
            "what is behind VLAN %u is not looked at: the kernel's routes are of its own "
            "interfaces",
            arguments->path.vlan_id);
    return p.n_blocking;
}

int preflight_route(struct arguments *arguments)
{
    static struct route route; /* the interface's name is pointed into */
    const struct ip_address *to = &arguments->path.destination;
    char text[IP_TEXT_BYTES];
    int status = route_find(to, &route);

    ip_address_format(to, text);
    if (status == 0 && route.is_own)
        status = -EADDRNOTAVAIL;
    if (status != 0) {
        fprintf(stderr, "pennyline-blind: no way to %s: %s\n", text,
                route.is_own ? "it is an address of this host" : strerror(-status));
        return status;
    }
    arguments->interface = route.interface;
    status = route_ask_neighbor(&route, to, NEIGHBOR_WAIT_MS, arguments->path.destination_mac);
    if (status != 0)
        fprintf(stderr,
                "pennyline-blind: the next hop to %s by %s does not say its MAC address: is it "
                "there?\n",
                text, route.interface);
    return status;
}

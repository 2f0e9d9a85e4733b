/* SPDX-License-Identifier: BSD-3-Clause */
#include "claims.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "netdev/offloads.h"
#include "netdev/xdp.h"
#include "say.h"
#include "state.h"

/* False: it is nobody's alone. */
static bool key_of(const struct config_port *port, struct netdev_key *out)
{
    char name[CONFIG_PATH_BYTES];

    if (config_device_kernel_interface(port->device, name)) {
        netdev_key_interface("", name, out);
        return true;
    }
    if (config_device_kind(port->device) != PORT_DEVICE_PCI)
        return false;
    config_device_canonical(port->device, name);
    netdev_key_pci(name, out);
    return true;
}

static int claim(struct appliance *a, uint32_t i)
{
    const struct config_port *port = &a->config->ports[i];
    char directory[PATH_MAX], text[CLAIMS_OWNER_BYTES];
    struct netdev_key key, other;
    pid_t owner;
    int error;

    if (!key_of(port, &key))
        return 0;
    for (uint32_t j = 0; j < i; j++)
        if (key_of(&a->config->ports[j], &other) && netdev_key_conflicts(&key, &other)) {
            say_error("port %s: %s is the device of port %s, too; each needs one of its own",
                      port->name, port->device, a->config->ports[j].name);
            return -EINVAL;
        }
    netdev_claim_directory(directory, sizeof(directory));
    error = netdev_claim(directory, &key, &a->claims[i], &owner);
    if (error == -EBUSY)
        say_error(CLAIMS_OWNED, port->name, port->device, claims_owner_text(owner, text));
    else if (error != 0)
        say_error("port %s: %s/%s, which tells others whose the device is, cannot be made: %s",
                  port->name, directory, key.own, strerror(-error));
    return error;
}

const char *claims_owner_text(pid_t owner, char out[CLAIMS_OWNER_BYTES])
{
    out[0] = '\0';
    if (owner > 0)
        snprintf(out, CLAIMS_OWNER_BYTES, ", process %d", (int)owner);
    return out;
}

bool claims_is_owned(const struct config_port *port, pid_t *owner)
{
    char directory[PATH_MAX];
    struct netdev_key key;

    *owner = 0;
    netdev_claim_directory(directory, sizeof(directory));
    return key_of(port, &key) && netdev_claim_is_owned(directory, &key, owner);
}

/* AF_XDP would replace it, or be refused by the kernel; at the end it would take it away. */
static uint32_t foreign_program(const struct config_port *port, const char *interface,
                                const struct netdev_changes *left)
{
    uint32_t index = if_nametoindex(interface);
    bool is_same = left->interface_index == index;
    struct netdev_xdp xdp;

    if (port->driver == PORT_DRIVER_AF_PACKET || index == 0 || netdev_xdp_read(index, &xdp) != 0)
        return 0;
    return is_same && xdp.program == left->xdp_program ? 0 : xdp.program;
}

uint32_t claims_foreign_program(const struct config_port *port)
{
    char directory[PATH_MAX], interface[CONFIG_PATH_BYTES];
    struct netdev_changes left;
    struct netdev_key key;

    if (!key_of(port, &key) || !config_device_kernel_interface(port->device, interface))
        return 0;
    netdev_claim_directory(directory, sizeof(directory));
    netdev_claim_look(directory, &key, &left);
    return foreign_program(port, interface, &left);
}

/* By AF_PACKET an XDP program comes first. One that a killed owner left there is of no use any
 * more. */
static void clear_way(const struct config_port *port, const char *interface,
                      const struct netdev_changes *left)
{
    struct netdev_xdp xdp;
    int fd;

    if (port->driver != PORT_DRIVER_AF_PACKET ||
        netdev_xdp_read(left->interface_index, &xdp) != 0 || xdp.program == 0)
        return;
    fd = xdp.program == left->xdp_program ? netdev_xdp_hold(xdp.program) : -1;
    if (fd < 0 || netdev_xdp_detach(left->interface_index, fd, xdp.flags) != 0)
        say_warning("port %s: interface %s has an XDP program, number %u: what that takes never "
                    "comes to AF_PACKET",
                    port->name, interface, xdp.program);
    if (fd >= 0)
        close(fd);
}

/* Only what concerns this very interface was left behind by a dead owner. */
static int look_at_interface(struct appliance *a, uint32_t i)
{
    const struct config_port *port = &a->config->ports[i];
    struct netdev_changes *left = &a->claims[i].changes;
    char interface[CONFIG_PATH_BYTES];
    uint32_t index, program;

    if (!config_device_kernel_interface(port->device, interface))
        return 0;
    index = if_nametoindex(interface);
    program = foreign_program(port, interface, left);
    if (left->interface_index != index)
        *left = (struct netdev_changes){.interface_index = index};
    clear_way(port, interface, left);
    if (program == 0)
        return 0;
    say_error(CLAIMS_FOREIGN_PROGRAM, port->name, interface, program, program, interface);
    return -EBUSY;
}

static int refuse_stuck(const struct config_port *port, const char *interface,
                        netdev_features stuck)
{
    char names[NETDEV_FEATURES_BYTES];
    const char *text = netdev_features_format(stuck, names);

    if (port->role == PORT_ROLE_FORWARD && (stuck & netdev_features_of_frames()) != 0) {
        say_error(
            "port %s: %s of interface %s cannot be switched off, so frames would be merged or "
            "changed before they are forwarded; take another NIC, or bind it to a DPDK driver",
            port->name, text, interface);
        return -ENOTSUP;
    }
    say_warning("port %s: %s of interface %s cannot be switched off: frames are not those of the "
                "wire",
                port->name, text, interface);
    return 0;
}

/* Written down first: whatever ends this process, the next one knows. */
static int quiet_offloads(struct appliance *a, uint32_t i)
{
    const struct config_port *port = &a->config->ports[i];
    struct netdev_claim *c = &a->claims[i];
    netdev_features unwanted = netdev_features_of_frames(), on = 0, stuck = 0;
    char interface[CONFIG_PATH_BYTES], names[NETDEV_FEATURES_BYTES];
    int error;

    if (a->options->looking != NULL || !config_device_kernel_interface(port->device, interface))
        return 0;
    if (port->driver != PORT_DRIVER_AF_PACKET)
        unwanted |= netdev_features_of_tags();
    error = netdev_features_read(interface, &on);
    on &= unwanted;
    c->changes.switched_off |= on;
    if (error == 0)
        error = netdev_claim_write(c);
    if (error == 0)
        error = netdev_features_switch(interface, on, false);
    if (error == 0)
        error = netdev_features_read(interface, &stuck);
    if (error != 0) {
        say_warning("port %s: offloads of interface %s cannot be looked at: %s; those that merge "
                    "frames must be off",
                    port->name, interface, strerror(-error));
        return 0;
    }
    stuck &= on;
    c->changes.switched_off &= ~stuck;
    if ((on & ~stuck) != 0)
        say_info("port %s: %s of interface %s: off while this runs, since frames must stay as they "
                 "are",
                 port->name, netdev_features_format(on & ~stuck, names), interface);
    return stuck != 0 ? refuse_stuck(port, interface, stuck) : 0;
}

/* Is it there, and may it be had? The kernel would refuse in DPDK's depths, in a dozen lines. */
static int check_access(struct appliance *a, uint32_t i)
{
    const struct config_port *port = &a->config->ports[i];
    char interface[CONFIG_PATH_BYTES];
    int fd;

    if (!config_device_kernel_interface(port->device, interface))
        return 0;
    if (if_nametoindex(interface) == 0) {
        say_error("port %s: there is no interface \"%s\" here; \"ip link\" lists them", port->name,
                  interface);
        return -ENODEV;
    }
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || errno != EPERM)
        return 0;
    say_error(
        "port %s: AF_XDP and AF_PACKET need CAP_NET_RAW and CAP_NET_ADMIN, and AF_XDP CAP_BPF "
        "too, which this process does not have; run it as root",
        port->name);
    return -EPERM;
}

static int for_each_port(struct appliance *a, int (*act)(struct appliance *a, uint32_t i))
{
    for (uint32_t i = 0; i < a->config->n_ports; i++) {
        int error = act(a, i);

        if (error != 0)
            return error;
    }
    return 0;
}

int claims_up(struct appliance *a)
{
    int error;

    for (uint32_t i = 0; i < CONFIG_MAX_PORTS; i++)
        a->claims[i].fd = a->claims[i].shared_fd = -1;
    error = for_each_port(a, check_access);
    if (error == 0)
        error = for_each_port(a, claim);
    if (error == 0)
        error = for_each_port(a, look_at_interface);
    if (error == 0)
        error = for_each_port(a, quiet_offloads);
    if (error != 0)
        claims_down(a);
    return error;
}

void claims_note_program(struct appliance *a, uint32_t port)
{
    struct netdev_claim *c = &a->claims[port];

    if (c->fd < 0 || a->ports[port].xdp.program == 0)
        return;
    c->changes.xdp_program = a->ports[port].xdp.program;
    if (netdev_claim_write(c) != 0)
        say_warning("port %s: which XDP program is ours cannot be written down: if this process is "
                    "killed, the next one refuses it as somebody else's; \"ip link set dev ... xdp "
                    "off\" takes it away",
                    a->config->ports[port].name);
}

/* What cannot be switched on stays written down, for the next owner to try. */
static void put_back(struct netdev_claim *c, const struct config_port *port)
{
    char interface[CONFIG_PATH_BYTES], names[NETDEV_FEATURES_BYTES];
    netdev_features on = 0, off;

    if (c->fd < 0 || c->changes.switched_off == 0 ||
        !config_device_kernel_interface(port->device, interface) ||
        if_nametoindex(interface) != c->changes.interface_index)
        return;
    netdev_features_switch(interface, c->changes.switched_off, true);
    netdev_features_read(interface, &on);
    off = c->changes.switched_off & ~on;
    if (off != 0)
        say_warning("port %s: %s of interface %s were on before and cannot be switched on again; "
                    "\"ethtool -K %s NAME on\" does it by hand",
                    port->name, netdev_features_format(off, names), interface, interface);
    c->changes.switched_off = off;
    if (netdev_claim_write(c) != 0)
        say_warning("port %s: what was switched off cannot be written down", port->name);
}

void claims_down(struct appliance *a)
{
    for (uint32_t i = 0; i < a->config->n_ports; i++) {
        put_back(&a->claims[i], &a->config->ports[i]);
        netdev_claim_release(&a->claims[i]);
    }
}

int claims_renew(struct appliance *a, uint32_t port)
{
    int error = look_at_interface(a, port);

    return error != 0 ? error : quiet_offloads(a, port);
}

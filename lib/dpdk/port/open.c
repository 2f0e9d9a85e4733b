/* SPDX-License-Identifier: BSD-3-Clause */
/* From the text of a port's `device` to a device of DPDK. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netdev/second_path.h"
#include "port/internal.h"

static const char *const kernel_drivers[] = {
    [PORT_DRIVER_AF_XDP] = "net_af_xdp",
    [PORT_DRIVER_AF_PACKET] = "net_af_packet",
};

/* The file that says what to expect of a driver: the port's own, or by the driver's name. A driver
 * that nobody described gets the defaults. */
static int load_driver(struct port *port, const char *driver_name)
{
    struct config_error why;
    const char *own = port->config->driver_config;
    int error = *own != '\0' ? driver_config_load_file(own, &port->driver, &why)
                             : driver_config_load(port->settings.drivers_directory, driver_name,
                                                  &port->driver, &why);

    if (error == -ENOENT && *own == '\0') {
        port_say(port,
                 "port %s: no file in %s describes the driver %s: 1024 descriptors, no "
                 "offloads, no receive hash; add a file there, or set driver_config",
                 port->config->name, port->settings.drivers_directory, driver_name);
        port->driver = (struct driver_config){.rx_descriptors = 1024, .tx_descriptors = 1024};
        snprintf(port->driver.name, sizeof(port->driver.name), "%s", driver_name);
        return 0;
    }
    return error != 0 ? port_fail(port, error, "port %s: %s", port->config->name, why.text) : 0;
}

/* "net_pcap0,rx_pcap=a" -> name "net_pcap0", arguments "rx_pcap=a". */
static int plug_vdev(struct port *port, const char *text)
{
    size_t n = strcspn(text, ",");
    const char *arguments = text[n] == ',' ? text + n + 1 : "";
    char name[sizeof(port->device_name)];
    int error;

    if (n >= sizeof(name))
        return port_fail(port, -ENAMETOOLONG, "port %s: the name of its vdev is too long: %s",
                         port->config->name, text);
    snprintf(name, sizeof(name), "%.*s", (int)n, text);
    error = rte_eal_hotplug_add("vdev", name, arguments);
    if (error == 0)
        error = rte_eth_dev_get_port_by_name(name, &port->devices[port->n_devices]);
    if (error != 0)
        return port_fail(port, error, "port %s: DPDK cannot make the device %s: %s",
                         port->config->name, text, rte_strerror(-error));
    if (port->n_devices++ == 0)
        memcpy(port->device_name, name, sizeof(name));
    port->is_hotplugged = true;
    return 0;
}

/* By AF_PACKET, as libpcap has it too, the kernel goes on with each frame; by AF_XDP it never sees
 * them. */
static int check_second_path(struct port *port, const char *interface, bool is_copied)
{
    char why[256];

    if (!is_copied || port->config->role != PORT_ROLE_FORWARD ||
        !netdev_has_second_path("", interface, why, sizeof(why)))
        return 0;
    return port_fail(port, -EBUSY,
                     "port %s: by AF_PACKET each packet would go two ways, and what is dropped "
                     "arrives nevertheless: interface %s %s",
                     port->config->name, interface, why);
}

/* A vdev may take its packets from an interface, too. */
static int check_vdev(struct port *port)
{
    const char *device = port->config->device;
    char interface[CONFIG_PATH_BYTES];

    if (!config_device_kernel_interface(device, interface))
        return 0;
    port->interface_index = if_nametoindex(interface);
    return check_second_path(port, interface, strncmp(device, "net_af_xdp", 10) != 0);
}

static int check_link(struct port *port, const char *interface)
{
    int flags = port_kernel_flags(port);

    if (flags >= 0 && (flags & IFF_UP) == 0)
        port_say(port, "port %s: interface %s is down; \"ip link set %s up\"", port->config->name,
                 interface, interface);
    else if (flags >= 0 && (flags & IFF_RUNNING) == 0)
        port_say(port,
                 "port %s: interface %s has no carrier; look at the cable, or at the other end",
                 port->config->name, interface);
    return check_second_path(port, interface, port->kernel_driver == PORT_DRIVER_AF_PACKET);
}

/* What the kernel knows of the interface; before DPDK is asked, which says less. */
static int check_interface(struct port *port, const char *interface)
{
    port->interface_index = if_nametoindex(interface);
    if (port->interface_index == 0)
        return port_fail(port, -ENODEV,
                         "port %s: there is no interface \"%s\" here; \"ip link\" lists them",
                         port->config->name, interface);
    port->probe_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (port->probe_socket < 0)
        return port_fail(port, -errno, "port %s: socket: %m", port->config->name);
    return check_link(port, interface);
}

/* The AF_XDP driver takes as many queues as the interface has combined channels, or else one. */
static bool has_combined_channels(const struct port *port, const char *interface)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq request = {.ifr_data = (void *)&channels};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    return ioctl(port->probe_socket, SIOCETHTOOL, &request) != 0 || channels.max_combined > 0;
}

static int plug_interface_queues(struct port *port, struct driver_device *device)
{
    char text[DRIVER_TEXT_BYTES + 64];
    int error = driver_config_vdev(&port->driver, device, text, sizeof(text));

    if (error != 0)
        return port_fail(port, error, "port %s: driver file \"%s\" has no usable vdev line",
                         port->config->name, port->driver.name);
    return plug_vdev(port, text);
}

static int plug_interface(struct port *port, enum port_driver driver)
{
    struct driver_device device = {.number = port->index,
                                   .interface = config_device_interface(port->config->device),
                                   .n_queues = port->config->queues,
                                   .mtu = port->config->mtu};
    uint32_t n_queues;
    int error = check_interface(port, device.interface);

    if (error == 0)
        error = load_driver(port, kernel_drivers[driver]);
    if (error != 0)
        return error;
    /* These drivers have their queues in pairs, and each worker needs one to send. */
    if (device.n_queues < port->settings.n_workers)
        device.n_queues = port->settings.n_workers;
    n_queues = device.n_queues;
    if (n_queues == 1 || driver != PORT_DRIVER_AF_XDP ||
        has_combined_channels(port, device.interface))
        return plug_interface_queues(port, &device);
    device.n_queues = 1;
    for (uint32_t q = 0; error == 0 && q < n_queues; q++) {
        device.first_queue = q;
        error = plug_interface_queues(port, &device);
        device.number += CONFIG_MAX_PORTS;
    }
    return error;
}

/* EAL probes PCI devices when it starts. */
static void find_pci(struct port *port)
{
    char name[CONFIG_PATH_BYTES];

    config_device_canonical(port->config->device, name);
    snprintf(port->device_name, sizeof(port->device_name), "%.*s",
             (int)sizeof(port->device_name) - 1, name);
}

static int finish(struct port *port)
{
    struct rte_eth_dev_info info;
    struct rte_ether_addr mac = {0};
    int error = rte_eth_dev_get_port_by_name(port->device_name, &port->id);

    if (error == 0)
        error = rte_eth_dev_info_get(port->id, &info);
    if (error == 0 && port->n_devices == 0)
        port->devices[port->n_devices++] = port->id;
    if (error != 0)
        return port_fail(port, error,
                         "port %s: DPDK has no device %s; is it bound to a driver that DPDK can "
                         "use? \"dpdk-devbind.py --status\" says",
                         port->config->name, port->device_name);
    rte_eth_macaddr_get(port->id, &mac);
    memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
    port->socket = rte_eth_dev_socket_id(port->id);
    if (port->socket < 0)
        port->socket = 0;
    port->is_open = true;
    return port->is_kernel_interface ? 0 : load_driver(port, info.driver_name);
}

/* What the rings are going to be; the pool's size depends on it. */
static void settle_sizes(struct port *port)
{
    const struct config_port *c = port->config;

    port->n_rx_queues = (uint16_t)c->queues;
    if (port->is_kernel_interface && port->n_rx_queues < port->settings.n_workers)
        port->n_rx_queues = port->settings.n_workers;
    port->n_tx_queues = port->settings.n_workers;
    port->n_rx_descriptors =
        (uint16_t)(c->rx_descriptors > 0 ? c->rx_descriptors : port->driver.rx_descriptors);
    port->n_tx_descriptors =
        (uint16_t)(c->tx_descriptors > 0 ? c->tx_descriptors : port->driver.tx_descriptors);
}

static void undo(struct port *port)
{
    if (port->is_open)
        port_close(port);
    else if (port->is_hotplugged)
        port_unplug(port);
    if (port->probe_socket >= 0)
        close(port->probe_socket);
    port->probe_socket = -1;
    port->is_hotplugged = false;
    port->n_devices = 0;
}

int port_open_device(struct port *port, enum port_driver driver)
{
    enum port_device_kind kind = config_device_kind(port->config->device);
    int error = 0;

    port->is_kernel_interface = kind == PORT_DEVICE_INTERFACE;
    port->kernel_driver = driver;
    if (kind == PORT_DEVICE_INTERFACE)
        error = plug_interface(port, driver);
    else if (kind == PORT_DEVICE_VDEV && (error = check_vdev(port)) == 0)
        error = plug_vdev(port, port->config->device);
    else if (kind == PORT_DEVICE_PCI)
        find_pci(port);
    if (error == 0)
        error = finish(port);
    if (error != 0)
        undo(port);
    else
        settle_sizes(port);
    return error;
}

int port_open(struct port *port, const struct config_port *config, uint16_t index,
              const struct port_settings *settings)
{
    enum port_driver driver = config->driver;
    char why[PORT_ERROR_BYTES];
    int error;

    *port = (struct port){
        .config = config, .index = index, .settings = *settings, .probe_socket = -1, .xdp_fd = -1};
    if (driver != PORT_DRIVER_AUTO || config_device_kind(config->device) != PORT_DEVICE_INTERFACE)
        return port_open_device(port, driver);
    error = port_open_device(port, PORT_DRIVER_AF_XDP);
    if (error == 0 || port->interface_index == 0)
        return error;
    memcpy(why, port->error, sizeof(why));
    port_say(port, "%s; AF_PACKET is used instead, which is slower", why);
    return port_open_device(port, PORT_DRIVER_AF_PACKET);
}

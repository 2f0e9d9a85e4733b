/* SPDX-License-Identifier: BSD-3-Clause */
/* Are the devices there, bound, near their workers, and free of what changes packets? */
#include <libgen.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <numa.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "check_parts.h"
#include "config/driver.h"
#include "host.h"
#include "netdev/offloads.h"
#include "netdev/second_path.h"
#include "services.h"

static int ask(int fd, const char *interface, unsigned long request, struct ifreq *r, void *data)
{
    memset(r, 0, sizeof(*r));
    snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", interface);
    if (data != NULL)
        r->ifr_data = data;
    return ioctl(fd, request, r);
}

/* They are switched off when it starts, but not every driver lets them be. */
static void check_offloads(struct check *c, const char *interface, const struct config_port *port)
{
    char names[NETDEV_FEATURES_BYTES];
    netdev_features on = 0;

    if (netdev_features_read(interface, &on) == 0 && (on & netdev_features_of_frames()) != 0)
        check_advises(c,
                      "port %s: %s of interface %s merges or changes frames: it is switched off "
                      "while pennyline runs, and on again at its end",
                      port->name, netdev_features_format(on & netdev_features_of_frames(), names),
                      interface);
}

/* What AF_XDP never sees of it, AF_PACKET hands on to us and to the kernel. */
static void check_second_path(struct check *c, const char *interface,
                              const struct config_port *port, enum port_driver driver)
{
    char why[256];

    if (port->role != PORT_ROLE_FORWARD || driver == PORT_DRIVER_AF_XDP ||
        !netdev_has_second_path("", interface, why, sizeof(why)))
        return;
    if (driver == PORT_DRIVER_AF_PACKET)
        check_blocks(c,
                     "port %s: by AF_PACKET each packet would go two ways, and what is dropped "
                     "arrives nevertheless: interface %s %s",
                     port->name, interface, why);
    else
        check_advises(c,
                      "port %s: interface %s %s; if AF_XDP is not to be had and AF_PACKET would be "
                      "used instead, the port is refused",
                      port->name, interface, why);
}

/* Frames that leave a virtual interface of this or another machine unfinished: checksums that a NIC
 * should have filled in, segments that it should have cut. */
static void check_far_end(struct check *c, int fd, const char *interface,
                          const struct config_port *port)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq r;

    if (ask(fd, interface, SIOCETHTOOL, &r, &info) == 0 &&
        (strcmp(info.driver, "veth") == 0 || strcmp(info.driver, "virtio_net") == 0))
        check_advises(c,
                      "port %s: interface %s is a %s: switch off the offloads of the far end, "
                      "\"ethtool -K IF tx off tso off gso off\" there, or packets come without "
                      "their checksums and nothing of TCP gets through",
                      port->name, interface, info.driver);
}

/* AF_XDP has a queue for each channel; what comes by another channel is lost to it. */
static void check_channels(struct check *c, int fd, const char *interface,
                           const struct config_port *port)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    uint32_t n;
    struct ifreq r;

    if (port->driver == PORT_DRIVER_AF_PACKET ||
        ask(fd, interface, SIOCETHTOOL, &r, &channels) != 0)
        return;
    n = channels.combined_count > 0 ? channels.combined_count : channels.rx_count;
    if (n != 0 && n != port->queues)
        check_advises(c,
                      "port %s: interface %s has %u channels for %u queues: AF_XDP would not see "
                      "some packets; \"ethtool -L %s combined %u\" (of a veth: rx %u tx %u)",
                      port->name, interface, n, port->queues, interface, port->queues, port->queues,
                      port->queues);
}

/* What DPDK's drivers of kernel interfaces take: af_xdp a frame that fits into a page beside its
 * headroom, af_packet one of Ethernet (max_mtu and max_rx_pktlen of their dev_info, 22.11
 * to 26.07).
 */
static uint32_t most_mtu(enum port_driver driver)
{
    return driver == PORT_DRIVER_AF_PACKET ? 1500 : 3542;
}

static void check_mtu(struct check *c, int fd, const char *interface,
                      const struct config_port *port)
{
    struct ifreq r;

    if (port->mtu > most_mtu(port->driver)) {
        check_blocks(c,
                     "port %s: MTU %u, but %s takes %u at most; lower \"mtu\", or bind the NIC "
                     "to a DPDK driver",
                     port->name, port->mtu,
                     port->driver == PORT_DRIVER_AF_PACKET ? "AF_PACKET" : "AF_XDP",
                     most_mtu(port->driver));
        return;
    }
    if (ask(fd, interface, SIOCGIFMTU, &r, NULL) == 0 && (uint32_t)r.ifr_mtu != port->mtu)
        check_advises(c,
                      "port %s: MTU %u is configured, interface %s has %d; \"ip link set %s mtu "
                      "%u\"",
                      port->name, port->mtu, interface, r.ifr_mtu, interface, port->mtu);
}

static void check_interface(struct check *c, const struct config_port *port)
{
    const char *interface = config_device_interface(port->device);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r;

    if (geteuid() != 0)
        check_advises(
            c,
            "port %s: AF_XDP and AF_PACKET need CAP_NET_RAW and CAP_NET_ADMIN, and AF_XDP "
            "CAP_BPF too; run as root, or give the program these",
            port->name);
    if (fd < 0 || ask(fd, interface, SIOCGIFFLAGS, &r, NULL) != 0) {
        check_blocks(c, "port %s: there is no interface \"%s\" here; \"ip link\" lists them",
                     port->name, interface);
    } else {
        if ((r.ifr_flags & IFF_UP) == 0)
            check_blocks(c, "port %s: interface %s is down; \"ip link set %s up\"", port->name,
                         interface, interface);
        else if ((r.ifr_flags & IFF_RUNNING) == 0)
            check_advises(c,
                          "port %s: interface %s has no carrier; look at the cable, or at the "
                          "other end",
                          port->name, interface);
        check_mtu(c, fd, interface, port);
        check_offloads(c, interface, port);
        check_second_path(c, interface, port, port->driver);
        check_far_end(c, fd, interface, port);
        check_channels(c, fd, interface, port);
    }
    if (fd >= 0)
        close(fd);
}

/* Drivers of DPDK that leave the device with the kernel's. */
static bool is_bifurcated(const char *kernel_driver)
{
    return strncmp(kernel_driver, "mlx", 3) == 0;
}

/* By uio the device is given addresses of memory; an IOMMU takes them for its own, and refuses.
 * vfio without one needs a mode that few kernels of distributions have. */
static void check_iommu(struct check *c, const struct config_port *port, const char *address,
                        const char *driver)
{
    char path[CONFIG_PATH_BYTES + 64], unsafe[8] = "";
    bool has_iommu, is_vfio = strcmp(driver, "vfio-pci") == 0;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
    has_iommu = access(path, F_OK) == 0;
    host_read_line("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", unsafe,
                   sizeof(unsafe));
    if (has_iommu && !is_vfio)
        check_blocks(c,
                     "port %s: %s is bound to %s, but the IOMMU is on, which lets that driver's "
                     "packets nowhere; \"dpdk-devbind.py -b vfio-pci %s\"",
                     port->name, address, driver, address);
    else if (!has_iommu && is_vfio && unsafe[0] != 'Y')
        check_blocks(c,
                     "port %s: %s is bound to vfio-pci, but has no IOMMU; switch that on "
                     "(intel_iommu=on or amd_iommu=on, and in the firmware), or \"dpdk-devbind.py "
                     "-b uio_pci_generic %s\"",
                     port->name, address, address);
}

static void check_pci_driver(struct check *c, const struct config_port *port, const char *address)
{
    static const char *const usable[] = {"vfio-pci", "igb_uio", "uio_pci_generic"};
    char path[CONFIG_PATH_BYTES + 64], target[256];
    ssize_t n;
    const char *name;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
    n = readlink(path, target, sizeof(target) - 1);
    target[n > 0 ? n : 0] = '\0';
    name = n > 0 ? basename(target) : "none";
    for (size_t i = 0; i < ARRAY_LENGTH(usable); i++)
        if (strcmp(name, usable[i]) == 0) {
            check_iommu(c, port, address, name);
            return;
        }
    if (!is_bifurcated(name))
        check_blocks(c,
                     "port %s: %s is bound to the driver %s, which DPDK cannot use; "
                     "\"dpdk-devbind.py -b vfio-pci %s\"",
                     port->name, address, name, address);
}

static void check_pci_node(struct check *c, const struct config_port *port, const char *address)
{
    char path[CONFIG_PATH_BYTES + 64];
    int64_t node;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", address);
    node = host_read_number(path);
    for (unsigned int lcore = 0; node >= 0 && lcore < LCORES_MAX; lcore++)
        for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (c->lcores.used[lcore] && lcore != c->lcores.main_lcore &&
                CPU_ISSET(cpu, &c->lcores.cpus[lcore]) && numa_node_of_cpu((int)cpu) >= 0 &&
                numa_node_of_cpu((int)cpu) != node) {
                check_advises(
                    c,
                    "port %s is on NUMA node %d, worker lcore %u on node %d: every packet "
                    "crosses over; take lcores of node %d",
                    port->name, (int)node, lcore, numa_node_of_cpu((int)cpu), (int)node);
                return;
            }
}

static void check_pci(struct check *c, const struct config_port *port)
{
    char address[CONFIG_PATH_BYTES], path[CONFIG_PATH_BYTES + 32];

    config_device_canonical(port->device, address);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
    if (access(path, F_OK) != 0) {
        check_blocks(c,
                     "port %s: there is no PCI device %s; \"dpdk-devbind.py --status\" lists them",
                     port->name, address);
        return;
    }
    check_pci_driver(c, port, address);
    check_pci_node(c, port, address);
}

/* "net_pcap0,..." -> the file of drivers-cfg for net_pcap: queues need a hash. */
static void check_vdev(struct check *c, const struct config_port *port)
{
    struct driver_config driver;
    struct config_error why;
    char name[64], interface[CONFIG_PATH_BYTES];
    size_t n = strcspn(port->device, ",0123456789");

    if (config_device_kernel_interface(port->device, interface))
        check_second_path(c, interface, port,
                          strncmp(port->device, "net_af_xdp", 10) == 0 ? PORT_DRIVER_AF_XDP
                                                                       : PORT_DRIVER_AF_PACKET);
    snprintf(name, sizeof(name), "%.*s", n > 60 ? 60 : (int)n, port->device);
    if (driver_config_load(services_drivers_directory(), name, &driver, &why) != 0) {
        check_advises(c, "port %s: no file of %s describes the driver %s: defaults are taken",
                      port->name, services_drivers_directory(), name);
        return;
    }
    if (port->queues > 1 && driver.n_rss_functions == 0 && strncmp(name, "net_af_", 7) != 0)
        check_advises(c,
                      "port %s: driver %s has no receive hash, so %u queues may split flows "
                      "between workers; set \"queues\" to 1",
                      port->name, driver.name, port->queues);
    if (port->queues > driver.max_queues)
        check_blocks(c, "port %s: %u queues, but driver %s has %u at most", port->name,
                     port->queues, driver.name, driver.max_queues);
}

void check_ports(struct check *c)
{
    for (uint32_t i = 0; i < c->config->n_ports; i++) {
        const struct config_port *port = &c->config->ports[i];

        switch (config_device_kind(port->device)) {
        case PORT_DEVICE_INTERFACE:
            check_interface(c, port);
            break;
        case PORT_DEVICE_PCI:
            check_pci(c, port);
            break;
        default:
            check_vdev(c, port);
        }
    }
}

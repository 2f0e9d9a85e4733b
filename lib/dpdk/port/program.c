/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program of an AF_XDP port. When somebody takes it away, the sockets stay bound and
 * nothing comes: so it is looked at, and taken again. */
#include <errno.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include "port/internal.h"

static bool has_program(const struct port *port)
{
    return port->is_kernel_interface && port->kernel_driver == PORT_DRIVER_AF_XDP;
}

void port_hold_program(struct port *port)
{
    struct netdev_xdp now;

    if (!has_program(port) || netdev_xdp_read(port->interface_index, &now) != 0 || now.program == 0)
        return;
    port->xdp = now;
    port->xdp_fd = netdev_xdp_hold(now.program);
}

/* The driver took it away already, unless we had to attach it anew. */
void port_release_program(struct port *port)
{
    if (port->xdp_fd >= 0) {
        netdev_xdp_detach(port->interface_index, port->xdp_fd, port->xdp.flags);
        close(port->xdp_fd);
    }
    port->xdp_fd = -1;
    port->xdp = (struct netdev_xdp){.program = 0};
}

static const char *find_trouble(struct port *port)
{
    struct netdev_xdp now;

    if (port->xdp.program == 0 || netdev_xdp_read(port->interface_index, &now) != 0 ||
        now.program == port->xdp.program)
        return NULL;
    if (now.program != 0)
        return "another XDP program has taken the place of its own";
    return "its XDP program was taken away";
}

bool port_poll_program(struct port *port)
{
    const char *before = port->trouble;

    port->trouble = find_trouble(port);
    if (port->trouble != NULL && before != NULL && port->xdp_fd >= 0 &&
        netdev_xdp_attach(port->interface_index, port->xdp_fd, port->xdp.flags) == 0)
        port->trouble = NULL;
    return port->trouble != before;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Does somebody have already what this one would take, and does EAL take what it would be given? */
#include <limits.h>
#include <stdio.h>

#include "check_parts.h"
#include "claims.h"
#include "control/control.h"
#include "eal.h"
#include "runtime.h"

static void check_device(struct check *c, const struct config_port *port)
{
    char interface[CONFIG_PATH_BYTES], text[CLAIMS_OWNER_BYTES];
    pid_t owner;
    bool is_owned = claims_is_owned(port, &owner);
    uint32_t program = is_owned ? 0 : claims_foreign_program(port);

    if (is_owned)
        check_blocks(c, CLAIMS_OWNED, port->name, port->device, claims_owner_text(owner, text));
    if (program != 0 && config_device_kernel_interface(port->device, interface))
        check_blocks(c, CLAIMS_FOREIGN_PROGRAM, port->name, interface, program, program, interface);
}

static void check_prefix(struct check *c)
{
    const char *prefix = eal_read_prefix(c->config, NULL);
    char directory[PATH_MAX];
    uint64_t n_free;
    pid_t owner;

    if (prefix == NULL)
        return;
    runtime_directory(directory, sizeof(directory));
    owner = runtime_owner(directory, prefix);
    n_free = runtime_free_bytes(directory);
    if (owner != 0)
        check_blocks(c, RUNTIME_OWNED, (int)owner, prefix);
    if (n_free < RUNTIME_NEEDED_BYTES)
        check_blocks(c, RUNTIME_FULL, directory, (unsigned long)(n_free >> 10),
                     (unsigned long)(RUNTIME_NEEDED_BYTES >> 10));
}

static void check_extra(struct check *c)
{
    const struct config_eal *e = &c->config->eal;
    char text[CONFIG_PATH_BYTES] = "";
    size_t used = 0;

    if (eal_takes_extra(c->config))
        return;
    for (uint32_t i = 0; i < e->n_extra && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " %s", e->extra[i]);
    check_blocks(
        c, "eal.extra:%s: DPDK does not take these; \"dpdk-testpmd --help\" lists its options",
        text);
}

static void check_control_socket(struct check *c)
{
    char error[512];

    if (control_check_path(c->config->instance.control_socket, error, sizeof(error)) != 0)
        check_blocks(c, "%s", error);
}

void check_owner(struct check *c)
{
    for (uint32_t i = 0; i < c->config->n_ports; i++)
        check_device(c, &c->config->ports[i]);
    check_prefix(c);
    check_extra(c);
    check_control_socket(c);
}

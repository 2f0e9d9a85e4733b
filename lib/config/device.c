/* SPDX-License-Identifier: BSD-3-Clause */
/* What the text of a port's `device` names. */
#include <ctype.h>
#include <string.h>

#include "config/config.h"

#define INTERFACE_BYTES 16 /* IFNAMSIZ of linux/if.h */

static const char interface_prefix[] = "iface:";

/* Reads exactly `n` hex digits. Returns what follows, or NULL. */
static const char *skip_hex(const char *text, unsigned int n)
{
    for (; n > 0 && text != NULL; n--, text++)
        if (!isxdigit((unsigned char)*text))
            return NULL;
    return text;
}

static const char *skip_character(const char *text, char c)
{
    return text != NULL && *text == c ? text + 1 : NULL;
}

/* [dddd:]bb:dd.f, then nothing or devargs after a comma. */
static bool is_pci_address(const char *text)
{
    const char *with_domain = skip_character(skip_hex(text, 4), ':');
    const char *rest = with_domain != NULL ? with_domain : text;

    rest = skip_character(skip_hex(rest, 2), ':');
    if (rest != NULL)
        rest = skip_character(skip_hex(rest, 2), '.');
    if (rest == NULL || *rest < '0' || *rest > '7')
        return false;
    return rest[1] == '\0' || rest[1] == ',';
}

static bool is_vdev(const char *text)
{
    return strncmp(text, "net_", 4) == 0 && text[4] != '\0' && strpbrk(text, " \t") == NULL;
}

static bool is_interface(const char *text)
{
    return *text != '\0' && strlen(text) < INTERFACE_BYTES && strpbrk(text, "/: \t,") == NULL &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

const char *config_device_interface(const char *device)
{
    size_t n = sizeof(interface_prefix) - 1;

    return strncmp(device, interface_prefix, n) == 0 ? device + n : device;
}

enum port_device_kind config_device_kind(const char *device)
{
    const char *interface = config_device_interface(device);

    if (interface != device)
        return is_interface(interface) ? PORT_DEVICE_INTERFACE : PORT_DEVICE_INVALID;
    if (is_pci_address(device))
        return PORT_DEVICE_PCI;
    if (is_vdev(device))
        return PORT_DEVICE_VDEV;
    return is_interface(device) ? PORT_DEVICE_INTERFACE : PORT_DEVICE_INVALID;
}

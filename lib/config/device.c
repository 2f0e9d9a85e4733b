/* SPDX-License-Identifier: BSD-3-Clause */
/* What the text of a port's `device` names. */
#include <ctype.h>
#include <stdio.h>
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

/* "net_af_packet0,iface=eth1,..." -> eth1; those of other drivers make the interface that they
 * name, or need none. */
static bool interface_of_vdev(const char *device, char out[CONFIG_PATH_BYTES])
{
    static const char *const drivers[] = {"net_af_packet", "net_af_xdp", "net_pcap"};
    const char *argument = strstr(device, ",iface=");
    bool takes_one = false;

    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
        takes_one |= strncmp(device, drivers[i], strlen(drivers[i])) == 0;
    if (!takes_one || argument == NULL)
        return false;
    argument += strlen(",iface=");
    snprintf(out, CONFIG_PATH_BYTES, "%.*s", (int)strcspn(argument, ","), argument);
    return true;
}

bool config_device_kernel_interface(const char *device, char out[CONFIG_PATH_BYTES])
{
    enum port_device_kind kind = config_device_kind(device);

    if (kind == PORT_DEVICE_VDEV)
        return interface_of_vdev(device, out);
    snprintf(out, CONFIG_PATH_BYTES, "%s", config_device_interface(device));
    return kind == PORT_DEVICE_INTERFACE;
}

void config_device_canonical(const char *device, char out[CONFIG_PATH_BYTES])
{
    int n = (int)strcspn(device, ",");
    bool is_pci = config_device_kind(device) == PORT_DEVICE_PCI;
    bool has_domain = n > (int)strlen("bb:dd.f");

    if (config_device_kernel_interface(device, out))
        return;
    snprintf(out, CONFIG_PATH_BYTES, "%s%.*s", is_pci && !has_domain ? "0000:" : "", n, device);
    for (char *c = out; is_pci && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a poll mode driver, from the JSON files in drivers-cfg/. Data, so that a new
 * driver needs no code. Read at start by whoever sets up ports; plain values, nothing to free. */
#ifndef CONFIG_DRIVER_H
#define CONFIG_DRIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/error.h"

#define DRIVER_NAME_BYTES 32
#define DRIVER_TEXT_BYTES 512
#define DRIVER_MAX_NAMES  8
#define DRIVER_MAX_WORDS  24
#define DRIVER_MAX_QUIRKS 12

enum driver_bind {
    DRIVER_BIND_VFIO,       /* the device is given to vfio-pci before start */
    DRIVER_BIND_BIFURCATED, /* it stays with the kernel's driver */
    DRIVER_BIND_VDEV,       /* there is no device to bind, EAL makes one */
};

struct driver_config {
    char name[DRIVER_NAME_BYTES];
    char driver_names[DRIVER_MAX_NAMES][DRIVER_NAME_BYTES]; /* rte_eth_dev_info.driver_name */
    uint32_t n_driver_names;
    enum driver_bind bind;
    /* EAL's --vdev for a kernel interface, with {n}, {iface}, {start}, {queues}, {framesz}; "" if
     * none. */
    char vdev[DRIVER_TEXT_BYTES];
    uint32_t rx_descriptors;
    uint32_t tx_descriptors;
    uint32_t max_queues;
    /* Names as testpmd has them ("ipv4-tcp"); what the device lacks is left out by the caller. */
    char rss_functions[DRIVER_MAX_WORDS][DRIVER_NAME_BYTES];
    uint32_t n_rss_functions; /* 0: the driver has no RSS to set */
    uint32_t rss_key_bytes;   /* 0: the driver takes no key */
    bool rss_symmetric;       /* Toeplitz: a key of 6d5a repeated keeps both directions together */
    /* Names as rte_eth_dev_rx_offload_name() and rte_eth_dev_tx_offload_name() give them. Those to
     * request are taken where the device has them; those never to request change what packets are,
     * or what this appliance must see. */
    char rx_offloads[DRIVER_MAX_WORDS][DRIVER_NAME_BYTES];
    uint32_t n_rx_offloads;
    char never_rx_offloads[DRIVER_MAX_WORDS][DRIVER_NAME_BYTES];
    uint32_t n_never_rx_offloads;
    char tx_offloads[DRIVER_MAX_WORDS][DRIVER_NAME_BYTES];
    uint32_t n_tx_offloads;
    bool strips_vlan;      /* the outer tag arrives beside the packet and must be put back */
    bool reports_link;     /* loss of carrier is seen */
    bool reports_missed;   /* packets lost before the driver are counted in imissed */
    bool host_sets_queues; /* descriptors are the most there are, and nobody tells how many */
    char quirks[DRIVER_MAX_QUIRKS][DRIVER_TEXT_BYTES];
    uint32_t n_quirks;
    char verified[DRIVER_TEXT_BYTES]; /* how the contents were checked */
    char source[DRIVER_TEXT_BYTES];   /* where they come from */
};

/* The file in `directory` that has `driver_name` among its driver_names. 0, and *out is filled;
 * -ENOENT when no file has it; else as driver_config_load_file(). On error *out is untouched. */
int driver_config_load(const char *directory, const char *driver_name, struct driver_config *out,
                       struct config_error *error);

/* One file. 0, or as config_load_file(). */
int driver_config_load_file(const char *path, struct driver_config *out,
                            struct config_error *error);

/* A device that a driver is to make for a kernel interface. */
struct driver_device {
    unsigned int number; /* makes its name its own */
    const char *interface;
    uint32_t first_queue, n_queues;
    uint32_t mtu;
};

/* Writes the template `vdev` with its places filled in. 0, -ENOTSUP when the driver has none,
 * -ENOSPC when `out` is too small, -EINVAL when the template has a place of another name. */
int driver_config_vdev(const struct driver_config *driver, const struct driver_device *device,
                       char *out, size_t out_bytes);

/* The JSON Schema of a file. The caller's; NULL when memory is short. */
json_t *driver_config_schema(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of one appliance: JSON in, an immutable `struct config` out.
 *
 * Everything is checked before a caller sees it: a `struct config` that exists is valid, every
 * reference in it is an index, and every default is filled in. Nothing writes to it after load, so
 * any thread may read it while its owner keeps it alive. Options, bounds and defaults are rows of
 * tables (rows.c, rows_test.c); conf/pennyline.schema.json and doc/reference/configuration.md are
 * printed from the same rows. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/counting.h"
#include "config/error.h"
#include "config/machine.h"
#include "config/map.h"
#include "config/named_ingress.h"
#include "config/never_drop.h"
#include "config/responders.h"
#include "config/services.h"
#include "config/slice.h"
#include "config/test_parameters.h"

#define CONFIG_MAX_PORTS         32
#define CONFIG_MAX_NEXT_HOPS     1024
#define CONFIG_MAX_EAL_ARGUMENTS 16
#define CONFIG_MAX_QUEUES        64
#define CONFIG_PATH_BYTES        256
#define CONFIG_SOCKET_PATH_BYTES 108 /* sockaddr_un.sun_path */
#define CONFIG_RSS_KEY_BYTES     64

/* An index that points nowhere. */
#define CONFIG_NONE UINT16_MAX

/* How addresses of flows are told; prefixes of slices and aggregates always stand as they are. The
 * same order as report_privacy (report/report.h). */
enum instance_privacy {
    PRIVACY_NONE,
    PRIVACY_CUT,  /* to /24 and /48 */
    PRIVACY_HASH, /* under a key of the process */
};

struct config_instance {
    char name[CONFIG_NAME_BYTES];
    char control_socket[CONFIG_SOCKET_PATH_BYTES];
    char control_group[CONFIG_NAME_BYTES];      /* "": none */
    char control_read_group[CONFIG_NAME_BYTES]; /* "": none */
    char event_log[CONFIG_PATH_BYTES];          /* "": none; "-": standard output */
    char state_directory[CONFIG_PATH_BYTES];    /* "": none */
    uint32_t epoch_ms;
    uint32_t max_aggregates;
    uint32_t flows_per_lcore;
    uint32_t flow_admissions_per_second; /* per lcore */
    uint32_t sticky_flows_per_lcore;
    uint32_t max_pending_drops; /* per lcore */
    uint32_t max_flow_places;   /* flows that are tested one by one, over all aggregates */
    double max_own_loss_ratio;
    bool shed_tracking;
    uint32_t max_manager_lateness_ms;
    uint32_t max_drops_per_hour; /* of all tests together; 0: no limit */
    uint32_t max_tests_by_command;
    enum instance_privacy privacy;
    bool kill_switch;
};

struct config_eal {
    char lcores[CONFIG_PATH_BYTES]; /* syntax of EAL's --lcores */
    bool has_main_lcore;
    uint32_t main_lcore;
    bool huge;
    uint32_t memory_mb; /* 0: not said */
    char file_prefix[CONFIG_NAME_BYTES];
    char extra[CONFIG_MAX_EAL_ARGUMENTS][CONFIG_PATH_BYTES];
    uint32_t n_extra;
};

enum port_role {
    PORT_ROLE_FORWARD, /* what comes in leaves again */
    PORT_ROLE_MIRROR,  /* what comes in is a copy: never sent on, never a test's to drop */
};

enum port_driver {
    PORT_DRIVER_AUTO,
    PORT_DRIVER_AF_XDP,
    PORT_DRIVER_AF_PACKET,
};

enum port_device_kind {
    PORT_DEVICE_INTERFACE, /* of the kernel */
    PORT_DEVICE_PCI,       /* an address, devargs may follow */
    PORT_DEVICE_VDEV,      /* the whole text is for EAL's --vdev */
    PORT_DEVICE_INVALID,
};

struct config_port {
    char name[CONFIG_NAME_BYTES];
    char device[CONFIG_PATH_BYTES];
    enum port_driver driver;
    uint32_t queues;
    uint32_t rx_descriptors; /* 0: what drivers-cfg says */
    uint32_t tx_descriptors;
    uint16_t pair; /* index of the port that unchanged traffic leaves by; CONFIG_NONE of a mirror */
    enum port_role role;
    bool has_decapsulate, decapsulate; /* config_port_decapsulates() */
    uint32_t sampling;                 /* one packet in so many is copied to it; 0: not said */
    uint32_t mtu;
    bool promiscuous;
    uint8_t rss_key[CONFIG_RSS_KEY_BYTES];
    uint32_t rss_key_bytes;                /* 0: what drivers-cfg says */
    char driver_config[CONFIG_PATH_BYTES]; /* a file instead of drivers-cfg's; "": by driver name */
};

struct config_next_hop {
    char name[CONFIG_NAME_BYTES];
    uint16_t port; /* index in ports, of role forward */
    uint8_t destination_mac[6];
    bool has_source_mac; /* false: the port's own */
    uint8_t source_mac[6];
    uint16_t vlan;   /* 1..4094: that outer tag; 0: none; CONFIG_NONE: as it came in */
    uint32_t weight; /* among the members of a service; 0: none of its flows */
};

struct config {
    struct config_instance instance;
    struct config_eal eal;
    struct config_port *ports;
    uint32_t n_ports;
    struct config_next_hop *next_hops;
    uint32_t n_next_hops;
    struct named_ingress *ingresses;
    uint32_t n_ingresses;
    struct test_parameters defaults;
    struct never_drop never_drop;
    struct config_service *services;
    uint32_t n_services;
    struct config_map map;
    struct config_responder *responders;
    uint32_t n_responders;
    struct slice *slices;
    uint32_t n_slices;
    struct machine *machines;
    uint32_t n_machines;
    struct counting *countings; /* "sources" */
    uint32_t n_countings;
};

/* Loading. On success 0, and *out is the caller's, to be given to config_free(). On failure *out is
 * untouched, nothing is held, and *error says what, where and what is allowed:
 *   -EINVAL  bad JSON (error->line is set), an unknown key, a wrong type, a value out of bounds, a
 *            name that is used twice or not at all, slices that overlap
 *   -ENOMEM
 *   what open(2) and read(2) say of the file, -EISDIR of a directory
 * Any thread; the library keeps no state. */
int config_load_file(const char *path, struct config **out, struct config_error *error);
int config_load_text(const char *text, struct config **out, struct config_error *error);

/* The same from JSON that was composed in memory. `root` stays the caller's. */
int config_load_json(json_t *root, struct config **out, struct config_error *error);

/* NULL is allowed. */
void config_free(struct config *config);

/* The whole configuration with every default written out; loading it gives an equal one. The
 * caller's; NULL when memory is short. */
json_t *config_to_json(const struct config *config);
/* One of its slices, likewise. */
json_t *config_slice_to_json(const struct config *config, uint32_t slot);

/* The JSON Schema (draft 2020-12) of what is loaded here. The caller's; NULL when memory is short.
 * A schema cannot say all that is checked: references, overlaps and the like are not in it. */
json_t *config_schema(void);

/* How schemas are written to files: for json_dumps(). */
#define CONFIG_SCHEMA_FORMAT (JSON_INDENT(2) | JSON_REAL_PRECISION(12))

/* Do slices see what is inside tunnels? When nothing is said, on mirrors: their copies were wrapped
 * for the way here. In transit a tunnel is not looked into. */
static inline bool config_port_decapsulates(const struct config_port *port)
{
    return port->has_decapsulate ? port->decapsulate : port->role == PORT_ROLE_MIRROR;
}

/* What kind of device the text of a port's `device` names. */
enum port_device_kind config_device_kind(const char *device);

/* The kernel's interface name in `device`, which is of kind PORT_DEVICE_INTERFACE. */
const char *config_device_interface(const char *device);

/* The kernel's interface that packets are taken from, also where a vdev names it (iface=). False:
 * none. */
bool config_device_kernel_interface(const char *device, char out[CONFIG_PATH_BYTES]);

/* The same text for the same device, however it is written: an interface's name, a PCI address with
 * its domain, in small letters and without devargs, the name of a vdev. */
void config_device_canonical(const char *device, char out[CONFIG_PATH_BYTES]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The objects of a configuration file. The order is that of loading, so what is referred to comes
 * first. */
#include "base/compiler.h"
#include "config/option.h"

#define ROOT(member) OPTION_FIELD(struct config, member)

static const struct option_list ingress_list = {
    .noun = "an ingress",
    .object = &object_named_ingress,
    .items = offsetof(struct config, ingresses),
    .count = offsetof(struct config, n_ingresses),
    .item_size = sizeof(struct named_ingress),
};

const struct option_list option_machine_list = {
    .noun = "a machine",
    .object = &object_machine,
    .items = offsetof(struct config, machines),
    .count = offsetof(struct config, n_machines),
    .item_size = sizeof(struct machine),
};

static const struct option_row root_rows[] = {
    {.name = "$schema", .kind = &kind_note, .help = "For editors; not read."},
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "instance",
     .kind = &kind_object,
     ROOT(instance),
     .object = &object_instance,
     .fallback = "{}",
     .help = "The appliance as a whole."},
    {.name = "eal",
     .kind = &kind_object,
     ROOT(eal),
     .object = &object_eal,
     .fallback = "{}",
     .help = "DPDK's environment abstraction layer."},
    {.name = "ports",
     .kind = &kind_array,
     .list = &option_port_list,
     .most = CONFIG_MAX_PORTS,
     .fallback = "[]",
     .help = "Where traffic comes in and leaves."},
    {.name = "next_hops",
     .kind = &kind_array,
     .list = &option_next_hop_list,
     .most = CONFIG_MAX_NEXT_HOPS,
     .fallback = "[]",
     .help = "Routers that tested traffic is sent on to."},
    {.name = "ingresses",
     .kind = &kind_array,
     .list = &ingress_list,
     .most = CONFIG_MAX_INGRESSES,
     .fallback = "[]",
     .help = "Places where traffic enters, by name."},
    {.name = "defaults",
     .kind = &kind_object,
     ROOT(defaults),
     .object = &object_test,
     .fallback = "{}",
     .help = "Parameters of a test, for slices that do not set their own."},
    {.name = "never_drop",
     .kind = &kind_object,
     ROOT(never_drop),
     .object = &object_never_drop,
     .fallback = "{}",
     .help = "Flows that no test drops a segment of."},
    {.name = "services",
     .kind = &kind_array,
     .list = &option_service_list,
     .most = CONFIG_MAX_SERVICES,
     .fallback = "[]",
     .help = "Addresses that several members answer for."},
    {.name = "slices",
     .kind = &kind_array,
     .list = &option_slice_list,
     .most = SLICE_MAX,
     .fallback = "[]",
     .help = "The traffic that verdicts are wanted for."},
    {.name = "machines",
     .kind = &kind_array,
     .list = &option_machine_list,
     .most = MACHINE_MAX,
     .fallback = "[]",
     .help = "State machines on the packet path."},
};

const struct option_object object_root = {
    .noun = "the configuration",
    .help = "All objects of a configuration file, and where they go.",
    .rows = root_rows,
    .n_rows = ARRAY_LENGTH(root_rows),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* How the tables of keys are written, and what both generations share. Internal to the library. */
#ifndef OPENPENNY_KEYS_H
#define OPENPENNY_KEYS_H

#include "base/compiler.h"
#include "openpenny/settings.h"

/* A key that sets something; one that does so and is worth a word; one that sets nothing here. */
#define KEY(path, name)        INITIALIZER(path, SET_##name, SETTING_TEXT, NULL)
#define TOLD(path, name, note) INITIALIZER(path, SET_##name, SETTING_TEXT, note)
#define NONE(path, note)       INITIALIZER(path, SET_NOTHING, SETTING_TEXT, note)

#define TABLE(list) .keys = (list), .n_keys = ARRAY_LENGTH(list)

/* Why there is no counterpart. */
#define BY_DRIVER "no counterpart: DPDK's driver decides (drivers-cfg, devargs in ports[].device)"
#define NO_MAPS   "no counterpart: no BPF program or map is pinned"
#define NO_BURST  "no counterpart: bursts have 32 packets, and workers poll"
#define NO_MEMORY "no counterpart: packet memory is eal.memory_mb, from hugepages"
#define NO_TUN                                                                                     \
    "no counterpart: nothing is delivered by a TUN; --out DEVICE names the port where traffic "    \
    "leaves"
#define NO_SOCKET                                                                                  \
    "no counterpart: nothing is delivered by a raw socket; --out DEVICE names the port where "     \
    "traffic leaves"
#define NO_STATE "no counterpart: what is known of a flow goes with the flow (flow_idle_timeout_ms)"
#define NO_LEAST                                                                                   \
    "no counterpart: no least number of drops in a flow; OpenPenny does not keep it either"
#define NO_TABLE_LIMIT                                                                             \
    "no counterpart: flows have a table for each worker (instance.flows_per_lcore)"
#define NO_PARALLEL                                                                                \
    "no counterpart: all flows are watched at once (instance.flows_per_lcore); max_flows would "   \
    "end the watch"
#define NO_LOG "no counterpart: messages go to standard error, facts to instance.event_log"
#define NO_QUEUE                                                                                   \
    "no counterpart: queues are counted from 0; another first one takes a whole vdev as "          \
    "ports[].device, like net_af_xdp0,iface=eth1,start_queue=2,queue_count=1"
#define NO_GRPC "no counterpart in this file: pennyline-grpc listens where its option --listen says"

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of everything but the test itself (rows_test.c). The order within an object is the
 * order of loading, so what is referred to comes first. */
#include "base/compiler.h"
#include "base/paths.h"
#include "config/option.h"

#define INSTANCE(member)    OPTION_FIELD(struct config_instance, member)
#define EAL(member)         OPTION_FIELD(struct config_eal, member)
#define PORT(member)        OPTION_FIELD(struct config_port, member)
#define NEXT_HOP(member)    OPTION_FIELD(struct config_next_hop, member)
#define INGRESS(member)     OPTION_FIELD(struct slice_ingress, member)
#define SLICE(member)       OPTION_FIELD(struct slice, member)
#define GRANULARITY(member) OPTION_FIELD(struct slice_granularity, member)
#define ESCALATION(member)  OPTION_FIELD(struct slice_escalation, member)
#define NEVER_DROP(member)  OPTION_FIELD(struct never_drop, member)
#define COMMENT             INITIALIZER(.name = "comment", .kind = &kind_note, .help = "For people; not read.")

static const char *const privacies[] = {"none", "cut", "hash", NULL};

static const struct option_row instance_rows[] = {
    COMMENT,
    {.name = "name",
     .kind = &kind_name,
     INSTANCE(name),
     .least = 1,
     .fallback = "\"pennyline\"",
     .help = "This appliance, in events and metrics."},
    {.name = "control_socket",
     .kind = &kind_text,
     INSTANCE(control_socket),
     .least = 1,
     .fallback = "\"" CONTROL_DEFAULT_SOCKET "\"",
     .help = "UNIX socket that `pennylinectl` and `pennyline-web` talk to."},
    {.name = "control_group",
     .kind = &kind_text,
     INSTANCE(control_group),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "none",
     .help = "A group of the system whose members may use the control socket as well, as the user "
             "that `pennyline-web` runs as."},
    {.name = "control_read_group",
     .kind = &kind_text,
     INSTANCE(control_read_group),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "none",
     .help = "A group of the system whose members may ask by the control socket, and change "
             "nothing."},
    {.name = "event_log",
     .kind = &kind_text,
     INSTANCE(event_log),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "none",
     .help = "File that events are appended to, one JSON object a line; `-` is standard output."},
    {.name = "state_directory",
     .kind = &kind_text,
     INSTANCE(state_directory),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "none",
     .help = "Directory where slices that were added at run time are kept over a restart, in the "
             "file `slices.json`."},
    {.name = "epoch_ms",
     .kind = &kind_u32,
     INSTANCE(epoch_ms),
     .least = 1,
     .most = 1000,
     .fallback = "10",
     .unit = "ms",
     .help = "How often workers publish counters and verdicts are looked at."},
    {.name = "max_aggregates",
     .kind = &kind_u32,
     INSTANCE(max_aggregates),
     .least = 1,
     .most = 4194304,
     .fallback = "65536",
     .unit = "aggregates",
     .help = "Memory for this many aggregates is taken at start. Traffic of further ones is "
             "forwarded and counted as such. Those of sub-prefixes that were silent for a minute, "
             "and showed nothing, make room when it is short."},
    {.name = "flows_per_lcore",
     .kind = &kind_u32,
     INSTANCE(flows_per_lcore),
     .least = 1024,
     .most = 25165824,
     .fallback = "262144",
     .unit = "flows",
     .help = "Memory for this many flows per worker is taken at start."},
    {.name = "flow_admissions_per_second",
     .kind = &kind_u32,
     INSTANCE(flow_admissions_per_second),
     .least = 1,
     .most = 100000000,
     .fallback = "200000",
     .unit = "flows/s",
     .help = "New flows per worker beyond this rate are forwarded untracked."},
    {.name = "sticky_flows_per_lcore",
     .kind = &kind_u32,
     INSTANCE(sticky_flows_per_lcore),
     .least = 1024,
     .most = 67108864,
     .fallback = "1048576",
     .unit = "flows",
     .help = "Where a service is sticky, memory for this many of its flows per worker is taken at "
             "start, rounded up to a power of two; 8 bytes each. Who finds no room goes by the "
             "hash alone."},
    {.name = "max_pending_drops",
     .kind = &kind_u32,
     INSTANCE(max_pending_drops),
     .least = 64,
     .most = 1048576,
     .fallback = "65536",
     .unit = "drops",
     .help = "Drops per worker that may await their outcome at one time; beyond it nothing is "
             "dropped."},
    {.name = "max_flow_places",
     .kind = &kind_u32,
     INSTANCE(max_flow_places),
     .least = 1,
     .most = 1048576,
     .fallback = "4096",
     .unit = "flows",
     .help = "Flows that may be looked at one by one at one time, over all aggregates."},
    {.name = "max_own_loss_ratio",
     .kind = &kind_real,
     INSTANCE(max_own_loss_ratio),
     .least = 0,
     .most = 1,
     .fallback = "0.001",
     .unit = "ratio",
     .help = "When the appliance itself loses more of its packets than this, tests are suspended."},
    {.name = "shed_tracking",
     .kind = &kind_bool,
     INSTANCE(shed_tracking),
     .fallback = "true",
     .help = "When it does so for a second by too much work (a receive or transmit queue full, no "
             "packet buffer left), flows are not tracked until that has been over for some "
             "seconds, so that forwarding has all of the CPU. `false`: tests are suspended, and "
             "that is all."},
    {.name = "max_manager_lateness_ms",
     .kind = &kind_u32,
     INSTANCE(max_manager_lateness_ms),
     .least = 10,
     .most = 60000,
     .fallback = "1000",
     .unit = "ms",
     .help = "When an epoch comes later than this, tests are suspended."},
    {.name = "max_drops_per_hour",
     .kind = &kind_u32,
     INSTANCE(max_drops_per_hour),
     .least = 0,
     .most = 1000000000,
     .fallback = "0",
     .otherwise = "no limit",
     .unit = "segments",
     .help = "So many segments are dropped within any hour, by all tests together, whoever began "
             "them; a test that needs more waits. At least what one test may drop: "
             "`max_drops_per_aggregate`, and `max_individual_flows` times `max_drops_per_flow`."},
    {.name = "max_tests_by_command",
     .kind = &kind_u32,
     INSTANCE(max_tests_by_command),
     .least = 1,
     .most = 1024,
     .fallback = "64",
     .unit = "tests",
     .help = "Tests that somebody asked for (`pennylinectl`, REST) and that are under way at one "
             "time; further ones are refused."},
    {.name = "privacy",
     .kind = &kind_enum,
     INSTANCE(privacy),
     .words = privacies,
     .fallback = "\"none\"",
     .help = "How addresses of flows are told in events and reports: `none` as they are, `cut` to "
             "/24 and /48, `hash` as a number under a key that this process draws at its start. "
             "Prefixes of slices and aggregates stay as they are."},
    {.name = "kill_switch",
     .kind = &kind_bool,
     INSTANCE(kill_switch),
     .fallback = "false",
     .help = "Start with the kill switch on: nothing is dropped until it is taken off."},
};

const struct option_object object_instance = {
    .noun = "the instance",
    .help = "The appliance as a whole.",
    .rows = instance_rows,
    .n_rows = ARRAY_LENGTH(instance_rows),
};

static const struct option_row eal_rows[] = {
    COMMENT,
    {.name = "lcores",
     .kind = &kind_lcores,
     EAL(lcores),
     .least = 1,
     .fallback = "\"0-1\"",
     .help = "Logical cores, as EAL's `--lcores`. One is the manager's, each other one a worker."},
    {.name = "main_lcore",
     .kind = &kind_u32,
     EAL(main_lcore),
     .count = offsetof(struct config_eal, has_main_lcore),
     .nullable = true,
     .least = 0,
     .most = 1023,
     .fallback = "null",
     .otherwise = "the first",
     .help = "The manager's lcore."},
    {.name = "huge",
     .kind = &kind_bool,
     EAL(huge),
     .fallback = "true",
     .help = "Use hugepages. Without them no other process can attach, and it is slower."},
    {.name = "memory_mb",
     .kind = &kind_u32,
     EAL(memory_mb),
     .least = 0,
     .most = 1048576,
     .fallback = "512",
     .unit = "MiB",
     .help = "Memory that EAL takes at start. 0: as much as it comes to need, or as `extra` says."},
    {.name = "file_prefix",
     .kind = &kind_name,
     EAL(file_prefix),
     .least = 1,
     .fallback = "\"pennyline\"",
     .help = "EAL's `--file-prefix`: keeps two appliances on one machine apart."},
    {.name = "extra",
     .kind = &kind_texts,
     .offset = offsetof(struct config_eal, extra),
     .size = CONFIG_PATH_BYTES,
     .count = offsetof(struct config_eal, n_extra),
     .least = 0,
     .most = CONFIG_MAX_EAL_ARGUMENTS,
     .fallback = "[]",
     .help =
         "Further arguments for EAL. They go before what the options above say, and what stands "
         "behind `--` on the command line before both; `-a`, `-b`, `-d`, `--vdev`, `--log-level` "
         "and `--trace` add up."},
};

const struct option_object object_eal = {
    .noun = "the EAL",
    .help = "DPDK's environment abstraction layer.",
    .rows = eal_rows,
    .n_rows = ARRAY_LENGTH(eal_rows),
};

static const char *const port_roles[] = {"forward", "mirror", NULL};
static const char *const port_drivers[] = {"auto", "af_xdp", "af_packet", NULL};

const struct option_list option_port_list = {
    .noun = "a port",
    .object = &object_port,
    .items = offsetof(struct config, ports),
    .count = offsetof(struct config, n_ports),
    .item_size = sizeof(struct config_port),
};

static const struct option_row port_rows[] = {
    COMMENT,
    {.name = "name",
     .kind = &kind_name,
     PORT(name),
     .least = 1,
     .help = "What next hops, slices and counters call it."},
    {.name = "device",
     .kind = &kind_device,
     PORT(device),
     .least = 1,
     .help = "A kernel interface (`eth0`, or `iface:net_0` for one whose name looks like a vdev), "
             "a PCI address, devargs may follow, or a whole vdev as EAL's `--vdev` takes it. No "
             "two ports share one."},
    {.name = "driver",
     .kind = &kind_enum,
     PORT(driver),
     .words = port_drivers,
     .fallback = "\"auto\"",
     .help = "Driver of a kernel interface: `auto` takes AF_XDP, or AF_PACKET where that does "
             "not work."},
    {.name = "queues",
     .kind = &kind_u32,
     PORT(queues),
     .least = 1,
     .most = CONFIG_MAX_QUEUES,
     .fallback = "1",
     .unit = "queues",
     .help = "Receive queues; each is served by one worker."},
    {.name = "rx_descriptors",
     .kind = &kind_u32,
     PORT(rx_descriptors),
     .least = 0,
     .most = 32768,
     .fallback = "0",
     .otherwise = "as drivers-cfg says",
     .unit = "descriptors",
     .help = "Of each receive queue."},
    {.name = "tx_descriptors",
     .kind = &kind_u32,
     PORT(tx_descriptors),
     .least = 0,
     .most = 32768,
     .fallback = "0",
     .otherwise = "as drivers-cfg says",
     .unit = "descriptors",
     .help = "Of each transmit queue."},
    {.name = "pair",
     .kind = &kind_reference,
     PORT(pair),
     .nullable = true,
     .list = &option_port_list,
     .fallback = "null",
     .otherwise = "itself",
     .help = "The port that unchanged traffic leaves by."},
    {.name = "role",
     .kind = &kind_enum,
     PORT(role),
     .words = port_roles,
     .fallback = "\"forward\"",
     .help = "`forward`: traffic passes through. `mirror`: it is a copy, nothing leaves here."},
    {.name = "decapsulate",
     .kind = &kind_bool,
     PORT(decapsulate),
     .count = offsetof(struct config_port, has_decapsulate),
     .nullable = true,
     .fallback = "null",
     .otherwise = "of role `mirror` only",
     .help = "Look into tunnels (GRE, ERSPAN, VXLAN, GENEVE, GTP-U, IP in IP ...): slices then see "
             "the innermost "
             "packet. What is forwarded leaves as it came, tunnel and all."},
    {.name = "sampling",
     .kind = &kind_u32,
     PORT(sampling),
     .least = 0,
     .most = 1000000,
     .fallback = "0",
     .otherwise = "not known",
     .unit = "packets",
     .help = "Role `mirror`: it copies one packet in so many. For slices that do not say so "
             "themselves."},
    {.name = "mtu",
     .kind = &kind_u32,
     PORT(mtu),
     .least = 1280,
     .most = 9600,
     .fallback = "1500",
     .unit = "bytes",
     .help = "Largest IP packet."},
    {.name = "promiscuous",
     .kind = &kind_bool,
     PORT(promiscuous),
     .fallback = "true",
     .help = "Take frames whatever MAC address they are for."},
    {.name = "rss_key",
     .kind = &kind_hex,
     PORT(rss_key),
     .count = offsetof(struct config_port, rss_key_bytes),
     .fallback = "\"\"",
     .otherwise = "as drivers-cfg says",
     .help = "Key of the receive hash."},
    {.name = "driver_config",
     .kind = &kind_text,
     PORT(driver_config),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "by the driver's name",
     .help = "File to take instead of the driver's in drivers-cfg."},
};

const struct option_object object_port = {
    .noun = "a port",
    .help = "Where traffic comes in and leaves.",
    .rows = port_rows,
    .n_rows = ARRAY_LENGTH(port_rows),
};

const struct option_list option_next_hop_list = {
    .noun = "a next hop",
    .object = &object_next_hop,
    .items = offsetof(struct config, next_hops),
    .count = offsetof(struct config, n_next_hops),
    .item_size = sizeof(struct config_next_hop),
};

static const struct option_row next_hop_rows[] = {
    COMMENT,
    {.name = "name",
     .kind = &kind_name,
     NEXT_HOP(name),
     .least = 1,
     .help = "What slices and services call it."},
    {.name = "port",
     .kind = &kind_reference,
     NEXT_HOP(port),
     .list = &option_port_list,
     .help = "The port that it is reached by, of role `forward`."},
    {.name = "destination_mac",
     .kind = &kind_mac,
     NEXT_HOP(destination_mac),
     .help = "Its MAC address."},
    {.name = "source_mac",
     .kind = &kind_mac,
     NEXT_HOP(source_mac),
     .count = offsetof(struct config_next_hop, has_source_mac),
     .nullable = true,
     .fallback = "null",
     .otherwise = "the port's own",
     .help = "MAC address to send from."},
    {.name = "vlan",
     .kind = &kind_vlan,
     NEXT_HOP(vlan),
     .nullable = true,
     .fallback = "null",
     .otherwise = "as the packet came in",
     .help = "VLAN id of the outer tag that packets leave with; 0 takes the tag off."},
    {.name = "weight",
     .kind = &kind_u32,
     NEXT_HOP(weight),
     .least = 0,
     .most = CONFIG_MAX_WEIGHT,
     .fallback = "1",
     .help = "Among the members of a service: how many flows it gets, in proportion. 0: none. "
             "Slices spread evenly over their next hops."},
};

const struct option_object object_next_hop = {
    .noun = "a next hop",
    .help = "A router that tested traffic is sent on to, or a server that answers for a service.",
    .rows = next_hop_rows,
    .n_rows = ARRAY_LENGTH(next_hop_rows),
};

const char *const option_tunnel_words[] = {
    "any",
#define TUNNEL_WORD(suffix, name) name,
    PACKET_TUNNELS(TUNNEL_WORD)
#undef TUNNEL_WORD
        NULL,
};

static const struct option_row ingress_rows[] = {
    {.name = "port",
     .kind = &kind_reference,
     INGRESS(port),
     .nullable = true,
     .list = &option_port_list,
     .fallback = "null",
     .otherwise = "any",
     .help = "The port that packets came in by."},
    {.name = "vlan",
     .kind = &kind_vlan,
     INGRESS(vlan),
     .nullable = true,
     .fallback = "null",
     .otherwise = "any",
     .help = "VLAN that their outermost tag names; 0 for none, as without a tag or with a priority "
             "tag."},
    {.name = "tunnel",
     .kind = &kind_enum,
     INGRESS(tunnel),
     .words = option_tunnel_words,
     .fallback = "\"any\"",
     .help =
         "The outermost tunnel that they came in, on a port that decapsulates; `none`: in none."},
    {.name = "tunnel_id",
     .kind = &kind_u32,
     INGRESS(tunnel_id),
     .count = offsetof(struct slice_ingress, has_tunnel_id),
     .nullable = true,
     .least = 0,
     .most = UINT32_MAX,
     .fallback = "null",
     .otherwise = "any",
     .help = "The number of that tunnel: the session of `erspan_2` and `erspan_3` (up to 1023) and "
             "of `pppoe` (up to 65535), the VNI of `vxlan` and `geneve` and the service of `pbb` "
             "(up to 16777215), the TEID of `gtp_u`, the key of `gre` and `gretap` (0: it has "
             "none). Only together with one of these."},
};

static const struct option_object object_ingress = {
    .noun = "an ingress",
    .help = "Where the packets of a slice come in.",
    .rows = ingress_rows,
    .n_rows = ARRAY_LENGTH(ingress_rows),
};

static const struct option_row granularity_rows[] = {
    {.name = "ipv4",
     .kind = &kind_u32,
     GRANULARITY(ipv4),
     .least = 0,
     .most = 32,
     .fallback = "0",
     .otherwise = "one aggregate",
     .unit = "bits",
     .help = "Each IPv4 source prefix of this length is an aggregate of its own."},
    {.name = "ipv6",
     .kind = &kind_u32,
     GRANULARITY(ipv6),
     .least = 0,
     .most = 128,
     .fallback = "0",
     .otherwise = "one aggregate",
     .unit = "bits",
     .help = "Each IPv6 source prefix of this length is an aggregate of its own."},
};

static const struct option_object object_granularity = {
    .noun = "a granularity",
    .help = "Verdicts per source sub-prefix instead of one for the slice. Never shorter than a "
            "source of the slice.",
    .rows = granularity_rows,
    .n_rows = ARRAY_LENGTH(granularity_rows),
};

static const char *const slice_modes[] = {"active", "passive", "off", NULL};
static const char *const slice_starts[] = {"auto", "manual", NULL};

const struct option_list option_slice_list = {
    .noun = "a slice",
    .object = &object_slice,
    .items = offsetof(struct config, slices),
    .count = offsetof(struct config, n_slices),
    .item_size = sizeof(struct slice),
    .is_there = option_slice_is_there,
};

static const char *const escalation_causes[] = {
#define CAUSE_WORD(suffix, name, words) name,
    PASSIVE_FINDINGS(CAUSE_WORD)
#undef CAUSE_WORD
        "volume",
    NULL,
};

static const struct option_row escalation_rows[] = {
    {.name = "when",
     .kind = &kind_words,
     ESCALATION(when),
     .words = escalation_causes,
     .fallback = "[]",
     .otherwise = "never",
     .help = "What starts the test: these findings, or `volume`: traffic above `above_bps`."},
    {.name = "test",
     .kind = &kind_reference,
     ESCALATION(test),
     .nullable = true,
     .list = &option_slice_list,
     .fallback = "null",
     .otherwise = "none",
     .help = "The slice that is tested: mode `active`, start `manual`, and with the same traffic "
             "where that passes through the box."},
    {.name = "max_per_hour",
     .kind = &kind_u32,
     ESCALATION(max_per_hour),
     .least = 1,
     .most = SLICE_MOST_TESTS_PER_HOUR,
     .fallback = "1",
     .unit = "tests",
     .help = "So many tests are started within any hour; further ones are refused."},
    {.name = "above_bps",
     .kind = &kind_u64,
     ESCALATION(above_bps),
     .least = 0,
     .most = 9007199254740991.0,
     .fallback = "0",
     .unit = "bit/s",
     .help = "For `volume`: the mean over ten seconds, scaled when the mirror samples."},
};

static const struct option_object object_escalation = {
    .noun = "an escalation",
    .help = "Mode `passive`: what is seen of the slice starts a test of it. Off unless `when` says "
            "something.",
    .rows = escalation_rows,
    .n_rows = ARRAY_LENGTH(escalation_rows),
};

static const struct option_row slice_rows[] = {
    {.name = "name",
     .kind = &kind_name,
     SLICE(name),
     .least = 1,
     .help = "What verdicts, events and commands call it."},
    {.name = "sources",
     .kind = &kind_prefixes,
     SLICE(sources),
     .count = offsetof(struct slice, n_sources),
     .least = 1,
     .most = SLICE_MAX_SOURCES,
     .fallback = "null",
     .otherwise = "any",
     .help = "Prefixes that packets come from."},
    {.name = "destinations",
     .kind = &kind_prefixes,
     SLICE(destinations),
     .count = offsetof(struct slice, n_destinations),
     .least = 1,
     .most = SLICE_MAX_DESTINATIONS,
     .fallback = "null",
     .otherwise = "any",
     .help = "Prefixes that packets go to."},
    {.name = "ingress",
     .kind = &kind_ingress,
     SLICE(ingress),
     .object = &object_ingress,
     .fallback = "{}",
     .help = "Where packets came in; the name of one of `ingresses`, or of a port, stands for its "
             "conditions. An ingress that its inner VLAN or source MAC tells has none that a slice "
             "looks at."},
    {.name = "ports",
     .kind = &kind_object,
     SLICE(ports),
     .object = &object_slice_ports,
     .fallback = "{}",
     .help = "Only TCP packets of these ports. Where one of the two is set, packets without TCP "
             "ports (other protocols, fragments but the first) belong to the next slice that "
             "matches."},
    {.name = "mode",
     .kind = &kind_enum,
     SLICE(mode),
     .words = slice_modes,
     .help = "`active`: drop a few segments and watch which come back. `passive`: drop nothing, "
             "watch. `off`: count only."},
    {.name = "start",
     .kind = &kind_enum,
     SLICE(start),
     .words = slice_starts,
     .fallback = "\"auto\"",
     .help = "`auto`: a test begins with the first packets. `manual`: on command."},
    {.name = "granularity",
     .kind = &kind_object,
     SLICE(granularity),
     .object = &object_granularity,
     .fallback = "{}",
     .help = "Verdicts per source sub-prefix. Without it the slice is one aggregate."},
    {.name = "next_hops",
     .kind = &kind_references,
     SLICE(next_hops),
     .count = offsetof(struct slice, n_next_hops),
     .list = &option_next_hop_list,
     .least = 0,
     .most = SLICE_MAX_NEXT_HOPS,
     .fallback = "[]",
     .otherwise = "the ingress port's pair",
     .help = "Where packets are sent on to; several share the flows."},
    {.name = "escalate",
     .kind = &kind_late_object,
     SLICE(escalation),
     .object = &object_escalation,
     .fallback = "{}",
     .help = "Mode `passive`: what is seen starts a test of the same traffic. Off by default."},
};

const struct option_object object_slice = {
    .noun = "a slice",
    .help = "The traffic that a verdict is wanted for. A packet belongs to the slice with the "
            "longest matching source prefix, then the longest matching destination prefix, then "
            "an ingress port, then an ingress VLAN, then a tunnel, then its number, then ports of "
            "the destination, then of the source. Slices that tie are refused.",
    .rows = slice_rows,
    .n_rows = ARRAY_LENGTH(slice_rows),
    .base = &object_test,
    .base_offset = offsetof(struct slice, parameters),
    .inherit_from = offsetof(struct config, defaults),
    .inherit_size = sizeof(struct test_parameters),
};

static const struct option_row never_drop_rows[] = {
    COMMENT,
    {.name = "ports",
     .kind = &kind_tcp_ports,
     NEVER_DROP(ports),
     .count = offsetof(struct never_drop, n_ports),
     .most = NEVER_DROP_MAX_PORTS,
     .fallback = "[22, 179]",
     .help = "TCP ports, of the source or the destination: SSH and BGP, when nothing is said."},
    {.name = "prefixes",
     .kind = &kind_prefixes,
     NEVER_DROP(prefixes),
     .count = offsetof(struct never_drop, n_prefixes),
     .least = 0,
     .most = NEVER_DROP_MAX_PREFIXES,
     .fallback = "[]",
     .otherwise = "none",
     .help = "Prefixes that hold the source or the destination; null is all of them, so that "
             "nothing is dropped."},
};

const struct option_object object_never_drop = {
    .noun = "what is never dropped",
    .help = "Flows that no test drops a segment of. They are forwarded, followed and counted as "
            "others are; a test that sees no other flow ends with the reason `protected`.",
    .rows = never_drop_rows,
    .n_rows = ARRAY_LENGTH(never_drop_rows),
};

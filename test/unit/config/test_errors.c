/* SPDX-License-Identifier: BSD-3-Clause */
/* Every way in which a configuration is refused, by the exact line that a person reads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/config.h"

#define A      "{\"name\":\"a\",\"device\":\"eth0\"}"
#define B      "{\"name\":\"b\",\"device\":\"eth1\"}"
#define PORTS  "\"ports\":[" A "," B "]"
#define MANUAL ",\"start\":\"manual\""
/* A slice "w" that is watched, with its escalation, and an active slice "t" with more options. */
#define ESCALATE(options, escalate)                                                                \
    "{\"slices\":[{\"name\":\"w\",\"mode\":\"passive\",\"sources\":[\"10.0.0.0/8\"],"              \
    "\"ingress\":{\"vlan\":7},\"escalate\":{" escalate "}},"                                       \
    "{\"name\":\"t\",\"mode\":\"active\"" options "}]}"
#define SLICE(options) "{\"slices\":[{\"name\":\"s\",\"mode\":\"active\"," options "}]}"
#define HOP(options)                                                                               \
    "{" PORTS ",\"next_hops\":[{\"name\":\"h\",\"port\":\"b\",\"destination_mac\":"                \
    "\"02:00:00:00:00:01\"" options "}]}"
#define INGRESSES(first, second)                                                                   \
    "{" PORTS ",\"ingresses\":[{\"name\":\"i\",\"relation\":\"peer\"," first                       \
    "},{\"name\":\"k\",\"relation\":\"transit\"," second "}]}"
#define NAMED(conditions, name)                                                                    \
    "{" PORTS ",\"ingresses\":[{\"name\":\"ingress\",\"relation\":\"peer\"," conditions "}],"      \
    "\"slices\":[{\"name\":\"s\",\"mode\":\"active\",\"ingress\":\"" name "\"}]}"
#define NAMED(conditions, name)                                                                    \
    "{" PORTS ",\"ingresses\":[{\"name\":\"ingress\",\"relation\":\"peer\"," conditions "}],"      \
    "\"slices\":[{\"name\":\"s\",\"mode\":\"active\",\"ingress\":\"" name "\"}]}"
#define TWO(first, second)                                                                         \
    "{" PORTS ",\"slices\":[{\"name\":\"s\",\"mode\":\"active\"," first                            \
    "},{\"name\":\"t\",\"mode\":\"off\"," second "}]}"

static const struct {
    const char *json;
    const char *line;
} cases[] = {
    {"", "1:0: bad JSON: unexpected token near end of file"},
    {"{", "1:1: bad JSON: string or '}' expected near end of file"},
    {"[1]", "$: a list of 1; allowed: an object (the configuration)"},
    {"{\"a\" 1}", "1:6: bad JSON: ':' expected near '1'"},
    {"{\"eal\":{},\n\n \"eal\":{}}", "3:6: bad JSON: duplicate object key near '\"eal\"'"},
    {"{} x", "1:4: bad JSON: end of file expected near 'x'"},
    {"\"\\u0000\"",
     "1:8: bad JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"'"},
    {"{\"a\x1b[1m", "1:3: bad JSON: control character 0x1b near '\"a'"},
    {"\"a\\\nb\"", "2:0: bad JSON: invalid escape near '\"a\\?'"},
    {"nul", "1:3: bad JSON: invalid token near 'nul'"},
    {"{\"slice\":[]}", "$.slice: unknown key; did you mean \"slices\"?"},
    {"{\"zzzzzz\":1}", "$.zzzzzz: unknown key; the configuration has $schema, comment, instance, "
                       "eal, ports, next_hops, ingresses, defaults, never_drop, services, map, "
                       "responders, slices, machines, sources"},
    {"{\"instance\":{\"epoch\":10}}",
     "$.instance.epoch: unknown key; the instance has comment, name, control_socket, "
     "control_group, control_read_group, event_log, state_directory, "
     "epoch_ms, max_aggregates, flows_per_lcore, flow_admissions_per_second, "
     "sticky_flows_per_lcore, "
     "max_pending_drops, "
     "max_flow_places, max_own_loss_ratio, shed_tracking, max_manager_lateness_ms, "
     "max_drops_per_hour, "
     "max_tests_by_command, privacy, kill_switch"},
    {"{\"slices\":[{\"name\":\"s\",\"mode\":\"active\",\"drop_probabilty\":0.1}]}",
     "$.slices[0].drop_probabilty: unknown key; did you mean \"drop_probability\"?"},
    {"{\"a\\u0001\\\"b\":1}", "$[\"a\\u0001\\\"b\"]: unknown key; the configuration has $schema, "
                              "comment, instance, eal, ports, next_hops, ingresses, defaults, "
                              "never_drop, services, map, responders, slices, machines, sources"},
    {"{\"instance\":[]}", "$.instance: a list of 0; allowed: an object (the instance)"},
    {"{\"ports\":{}}",
     "$.ports: an object; allowed: a list of at most 32 objects, each of them a port"},
    {"{\"ports\":[1]}", "$.ports[0]: 1; allowed: an object (a port)"},
    {"{\"ports\":[{}]}", "$.ports[0].name: missing; allowed: a name of 1 to 63 letters, digits, "
                         "'.', '_' or '-', a letter or digit first"},
    {"{\"ports\":[{\"name\":\"a\"}]}",
     "$.ports[0].device: missing; allowed: a kernel interface (\"eth0\" or \"iface:eth0\"), a PCI "
     "address (\"0000:3b:00.0\") or a vdev (\"net_pcap0,rx_pcap=in.pcap\")"},
    {"{\"slices\":[{\"name\":\"s\"}]}",
     "$.slices[0].mode: missing; allowed: \"active\", \"passive\" or \"off\""},
    {SLICE("\"drop_probability\":0.9"),
     "$.slices[0].drop_probability: 0.9; allowed: a number from 1e-06 to 0.5"},
    {SLICE("\"drop_probability\":0"),
     "$.slices[0].drop_probability: 0; allowed: a number from 1e-06 to 0.5"},
    {SLICE("\"drop_probability\":\"0.1\""),
     "$.slices[0].drop_probability: \"0.1\"; allowed: a number from 1e-06 to 0.5"},
    /* Parameters with which only the other verdict is left. */
    {SLICE("\"max_drops_per_aggregate\":4,\"fallback_to_individual\":false"),
     "$.slices[0].max_drops_per_aggregate: 4; allowed: at least 5, since closed_loop takes 5 "
     "repairs "
     "with alpha 1e-06 and drop_probability 0.05"},
    {SLICE("\"alpha\":1e-15,\"max_drops_per_aggregate\":11,\"fallback_to_individual\":false"),
     "$.slices[0].max_drops_per_aggregate: 11; allowed: at least 12, since closed_loop takes 12 "
     "repairs with alpha 1e-15 and drop_probability 0.05"},
    {SLICE("\"drop_probability\":0.5,\"fallback_to_individual\":false"),
     "$.slices[0].max_drops_per_aggregate: 12; allowed: at least 22, since closed_loop takes 22 "
     "repairs with alpha 1e-06 and drop_probability 0.5"},
    {SLICE("\"drop_probability\":0.5,\"max_individual_flows\":3,\"max_drops_per_flow\":2"),
     "$.slices[0].max_drops_per_aggregate: 12; allowed: at least 17, since closed_loop takes 23 "
     "repairs with alpha 1e-06 and drop_probability 0.5"},
    {SLICE("\"rule\":\"penny\",\"max_drops_per_aggregate\":1,\"fallback_to_individual\":false"),
     "$.slices[0].max_drops_per_aggregate: 1; allowed: at least 2, since with fewer rule \"penny\" "
     "never says closed_loop"},
    {SLICE("\"rule\":\"penny\",\"max_duplicate_ratio\":0"),
     "$.slices[0].max_duplicate_ratio: 0; allowed: at least 0.0044, what one duplicate is among "
     "the "
     "segments of a test"},
    {SLICE("\"retransmission_timeout_ms\":60000"),
     "$.slices[0].flow_idle_timeout_ms: 30000; allowed: at least 120000, twice "
     "retransmission_timeout_ms, or drops would be forgotten before they expire"},
    {SLICE("\"max_drops_per_flow\":16"),
     "$.slices[0].max_drops_per_flow: 16; allowed: an integer from 1 to 15"},
    {SLICE("\"max_drops_per_flow\":1.5"),
     "$.slices[0].max_drops_per_flow: 1.5; allowed: an integer from 1 to 15"},
    {SLICE("\"max_drops_per_flow\":-1"),
     "$.slices[0].max_drops_per_flow: -1; allowed: an integer from 1 to 15"},
    {SLICE("\"seed\":-1"),
     "$.slices[0].seed: -1; allowed: an integer from 0 to 9007199254740991, or null"},
    {SLICE("\"alpha\":null"), "$.slices[0].alpha: null; allowed: a number from 1e-15 to 0.1"},
    {SLICE("\"rule\":\"Penny\""), "$.slices[0].rule: \"Penny\"; allowed: \"anytime\" or \"penny\""},
    {SLICE("\"rule\":1"), "$.slices[0].rule: 1; allowed: \"anytime\" or \"penny\""},
    {SLICE("\"fallback_to_individual\":1"),
     "$.slices[0].fallback_to_individual: 1; allowed: true or false"},
    {"{\"instance\":{\"name\":\"a b\"}}",
     "$.instance.name: \"a b\"; allowed: a name of 1 to 63 letters, digits, '.', '_' or '-', a "
     "letter or digit first"},
    {"{\"instance\":{\"name\":\"-a\"}}",
     "$.instance.name: \"-a\"; allowed: a name of 1 to 63 letters, digits, '.', '_' or '-', a "
     "letter or digit first"},
    {"{\"instance\":{\"name\":\"\"}}", "$.instance.name: \"\"; allowed: a name of 1 to 63 letters, "
                                       "digits, '.', '_' or '-', a letter or digit first"},
    {"{\"instance\":{\"control_socket\":\"\"}}",
     "$.instance.control_socket: \"\"; allowed: a string of 1 to 107 bytes, no control characters"},
    {"{\"instance\":{\"event_log\":\"a\\nb\"}}",
     "$.instance.event_log: \"a\\nb\"; allowed: a string of 0 to 255 bytes, no control characters"},
    {"{\"instance\":{\"name\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
     "123456789\"}}",
     "$.instance.name: "
     "\"012345678901234567890123456789012345678901234567890123456789012345678901234...; allowed: a "
     "name of 1 to 63 letters, digits, '.', '_' or '-', a letter or digit first"},
    {"{\"eal\":{\"lcores\":\"0;1\"}}", "$.eal.lcores: \"0;1\"; allowed: lcores as EAL's --lcores "
                                       "takes them, like \"0-3\" or \"0@0,(1-2)@1\""},
    {"{\"eal\":{\"extra\":\"x\"}}",
     "$.eal.extra: \"x\"; allowed: a list of 0 to 16 strings of 1 to 255 bytes"},
    {"{\"eal\":{\"extra\":[1]}}",
     "$.eal.extra[0]: 1; allowed: a list of 0 to 16 strings of 1 to 255 bytes"},
    {"{\"eal\":{\"extra\":[\"\"]}}",
     "$.eal.extra[0]: \"\"; allowed: a list of 0 to 16 strings of 1 to 255 bytes"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"a/b\"}]}",
     "$.ports[0].device: \"a/b\"; allowed: a kernel interface (\"eth0\" or \"iface:eth0\"), a PCI "
     "address (\"0000:3b:00.0\") or a vdev (\"net_pcap0,rx_pcap=in.pcap\")"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"rss_key\":\"6d5\"}]}",
     "$.ports[0].rss_key: \"6d5\"; allowed: up to 64 bytes in hex, like \"6d5a6d5a\""},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"rss_key\":\"6x\"}]}",
     "$.ports[0].rss_key: \"6x\"; allowed: up to 64 bytes in hex, like \"6d5a6d5a\""},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"pair\":\"c\"}]}",
     "$.ports[0].pair: \"c\"; allowed: the name of a port: \"a\""},
    {"{\"ports\":[" A "," A "]}",
     "$.ports[1].name: \"a\", the name of item 0 too; allowed: a name that is a port's alone"},
    {"{\"ports\":[" A ",{\"name\":\"b\",\"device\":\"iface:eth0\"}]}",
     "$.ports[1].device: \"iface:eth0\", the device of port \"a\" too; allowed: a device of its "
     "own"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"net_null0\",\"driver\":\"af_xdp\"}]}",
     "$.ports[0].driver: a driver for what is no kernel interface; allowed: \"auto\""},
    {"{\"ports\":[" A ",{\"name\":\"b\",\"device\":\"eth1\",\"role\":\"mirror\",\"pair\":\"a\"}]}",
     "$.ports[1].pair: \"a\"; allowed: null, since nothing leaves a port of role mirror"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"pair\":\"b\"},{\"name\":\"b\",\"device\":"
     "\"eth1\",\"role\":\"mirror\"}]}",
     "$.ports[0].pair: \"b\"; allowed: a port of role forward"},
    {HOP(",\"vlan\":4095"),
     "$.next_hops[0].vlan: 4095; allowed: a VLAN id from 0 (untagged) to 4094, or null"},
    {HOP(",\"source_mac\":\"x\""), "$.next_hops[0].source_mac: \"x\"; allowed: a unicast MAC "
                                   "address like \"02:00:00:00:00:01\", or null"},
    {HOP(",\"source_mac\":\"01:00:5e:00:00:01\""),
     "$.next_hops[0].source_mac: \"01:00:5e:00:00:01\"; allowed: a unicast MAC address like "
     "\"02:00:00:00:00:01\", or null"},
    {"{\"next_hops\":[{\"name\":\"h\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:01\"}]}",
     "$.next_hops[0].port: \"b\"; allowed: the name of a port, of which there is none"},
    {"{" PORTS ",\"next_hops\":[{\"name\":\"h\",\"port\":\"lefft\",\"destination_mac\":\"02:00:00:"
     "00:00:01\"}]}",
     "$.next_hops[0].port: \"lefft\"; allowed: the name of a port: \"a\", \"b\""},
    {"{" PORTS
     ",\"next_hops\":[{\"name\":\"h\",\"port\":1,\"destination_mac\":\"02:00:00:00:00:01\"}]}",
     "$.next_hops[0].port: 1; allowed: the name of a port: \"a\", \"b\""},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"role\":\"mirror\"}],\"next_hops\":[{"
     "\"name\":\"h\",\"port\":\"a\",\"destination_mac\":\"02:00:00:00:00:01\"}]}",
     "$.next_hops[0].port: \"a\"; allowed: a port of role forward"},
    {INGRESSES("\"vlan\":7,\"port\":\"a\"", "\"port\":\"a\",\"vlan\":7"),
     "$.ingresses[1]: where \"i\" is, too; allowed: another port, VLAN, tunnel or source MAC"},
    {INGRESSES("\"vlan\":7,\"source_mac\":\"02:00:00:00:00:0a\"",
               "\"vlan\":7,\"source_mac\":\"02:00:00:00:00:0A\""),
     "$.ingresses[1]: where \"i\" is, too; allowed: another port, VLAN, tunnel or source MAC"},
    {INGRESSES("\"vlan\":7,\"neighbors\":[64500,\"2001:db8::1\"]",
               "\"vlan\":8,\"neighbors\":[64501,\"2001:DB8:0::1\"]"),
     "$.ingresses[1].neighbors[1]: 2001:db8::1, a neighbor of \"i\" too; allowed: each neighbor at "
     "one ingress"},
    {INGRESSES("\"neighbors\":[64500,\"192.0.2.1\",64500]", "\"vlan\":8"),
     "$.ingresses[0].neighbors[2]: 64500 twice; allowed: each neighbor at one ingress"},
    {INGRESSES("\"neighbors\":[\"AS64500\"]", "\"vlan\":8"),
     "$.ingresses[0].neighbors[0]: \"AS64500\"; allowed: an address like \"192.0.2.1\", or an AS "
     "number like 64500"},
    {INGRESSES("\"neighbors\":[0]", "\"vlan\":8"),
     "$.ingresses[0].neighbors[0]: 0; allowed: an address like \"192.0.2.1\", or an AS number like "
     "64500"},
    {"{\"ingresses\":[{\"name\":\"i\"}]}",
     "$.ingresses[0].relation: missing; allowed: \"customer\", \"peer\", \"transit\" or "
     "\"internal\""},
    {SLICE("\"mark\":7"), "$.slices[0].mark: 7, and mode \"active\"; allowed: null, of an active "
                          "slice and of one that may "
                          "take packets from an active one: machines mark by answers, too, and "
                          "only what no test dropped is "
                          "answered"},
    {TWO("\"sources\":[\"10.0.0.0/8\"]", "\"sources\":[\"10.1.0.0/16\"],\"mark\":7"),
     "$.slices[1].mark: 7, and packets of \"s\", which is active; allowed: null, of an active "
     "slice and "
     "of one that may take packets from an active one: machines mark by answers, too, and only "
     "what no "
     "test dropped is answered"},
    {NAMED("\"vlan\":7,\"inner_vlan\":8", "ingres"),
     "$.slices[0].ingress: \"ingres\"; allowed: the name of an ingress or of a port; did you mean "
     "\"ingress\"?"},
    {NAMED("\"vlan\":7", "somewhere"), "$.slices[0].ingress: \"somewhere\"; allowed: the name of "
                                       "an ingress or of a port, or an object"},
    {NAMED("\"vlan\":7,\"inner_vlan\":8", "ingress"),
     "$.slices[0].ingress: \"ingress\", told by its inner VLAN; allowed: an ingress that port, "
     "VLAN "
     "and tunnel alone tell"},
    {NAMED("\"source_mac\":\"02:00:00:00:00:0a\"", "ingress"),
     "$.slices[0].ingress: \"ingress\", told by its source MAC; allowed: an ingress that port, "
     "VLAN "
     "and tunnel alone tell"},
    {INGRESSES("\"tunnel_id\":5", "\"vlan\":8"),
     "$.ingresses[0].tunnel_id: 5; allowed: null, unless \"tunnel\" is erspan_2, erspan_3, vxlan, "
     "geneve, pbb, gtp_u, pppoe, gre or gretap"},
    {SLICE("\"next_hops\":[\"core\"]"),
     "$.slices[0].next_hops[0]: \"core\"; allowed: the name of a next hop, of which there is none"},
    {SLICE("\"next_hops\":\"core\""),
     "$.slices[0].next_hops: \"core\"; allowed: a list of 0 to 16 names, each of a next hop"},
    {"{" PORTS
     ",\"next_hops\":[{\"name\":\"core-a\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:"
     "01\"}],\"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"next_hops\":[\"core-b\"]}]}",
     "$.slices[0].next_hops[0]: \"core-b\"; allowed: the name of a next hop; did you mean "
     "\"core-a\"?"},
    {"{" PORTS
     ",\"next_hops\":[{\"name\":\"core-a\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:"
     "01\"}],\"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"next_hops\":[\"core-a\",\"core-a\"]}]}",
     "$.slices[0].next_hops[1]: \"core-a\"; allowed: each name once"},
    {SLICE("\"ingress\":{\"port\":\"x\"}"),
     "$.slices[0].ingress.port: \"x\"; allowed: the name of a port, of which there is none"},
    {SLICE("\"ingress\":{\"vlan\":-1}"),
     "$.slices[0].ingress.vlan: -1; allowed: a VLAN id from 0 (untagged) to 4094, or null"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"sampling\":2}]}",
     "$.ports[0].sampling: 2; allowed: 0, since only a mirror samples"},
    {ESCALATE("", "\"when\":[\"loss\"]"),
     "$.slices[0].escalate.when[0]: \"loss\"; allowed: a list of words, each of them "
     "\"upstream_loss\", \"downstream_loss\", \"per_packet_balancing\", \"abrupt_resets\", "
     "\"syn_only\", \"one_way_only\", \"sampling_suspected\", \"volume\" or \"sources_above\""},
    {ESCALATE("", "\"when\":[\"syn_only\"]"),
     "$.slices[0].escalate.test: null; allowed: the name of the active slice to test"},
    {ESCALATE("", "\"when\":[\"syn_only\"],\"test\":\"u\""),
     "$.slices[0].escalate.test: \"u\"; allowed: the name of a slice: \"w\", \"t\""},
    {ESCALATE("", "\"when\":[\"syn_only\"],\"test\":\"w\""),
     "$.slices[0].escalate.test: \"w\"; allowed: a slice of mode \"active\" and start \"manual\""},
    {ESCALATE("", "\"when\":[\"syn_only\"],\"test\":\"t\""),
     "$.slices[0].escalate.test: \"t\"; allowed: a slice of mode \"active\" and start \"manual\""},
    {ESCALATE(MANUAL ",\"sources\":[\"10.0.0.0/9\"]", "\"when\":[\"syn_only\"],\"test\":\"t\""),
     "$.slices[0].escalate.test: \"t\"; allowed: a slice with all its sources and the same "
     "granularity"},
    {ESCALATE(MANUAL ",\"granularity\":{\"ipv4\":24}", "\"when\":[\"syn_only\"],\"test\":\"t\""),
     "$.slices[0].escalate.test: \"t\"; allowed: a slice with all its sources and the same "
     "granularity"},
    {ESCALATE(MANUAL, "\"when\":[\"volume\"],\"test\":\"t\""),
     "$.slices[0].escalate.above_bps: 0; allowed: the volume above which a test starts, since "
     "\"when\" has it"},
    {ESCALATE(MANUAL, "\"when\":[\"syn_only\"],\"test\":\"t\",\"max_per_hour\":0"),
     "$.slices[0].escalate.max_per_hour: 0; allowed: an integer from 1 to 60"},
    {ESCALATE(MANUAL, "\"when\":[\"syn_only\"],\"test\":\"t\",\"max_per_hour\":61"),
     "$.slices[0].escalate.max_per_hour: 61; allowed: an integer from 1 to 60"},
    {SLICE("\"escalate\":{\"when\":[\"syn_only\"],\"test\":\"s\"}"),
     "$.slices[0].escalate.when: causes for a slice that is not only watched; allowed: [], or mode "
     "\"passive\"; [\"sources_above\"] also with mode \"active\" and start \"manual\""},
    {SLICE("\"escalate\":{\"when\":[\"sources_above\"],\"above_sources\":9}"),
     "$.slices[0].escalate.when: causes for a slice that is not only watched; allowed: [], or mode "
     "\"passive\"; [\"sources_above\"] also with mode \"active\" and start \"manual\""},
    {SLICE("\"start\":\"manual\",\"escalate\":{\"when\":[\"sources_above\"],\"above_sources\":9}"),
     "$.slices[0].escalate.when: sources_above of a slice that nobody counts; allowed: it, with an "
     "item of \"sources\" that has this slice in \"slices\""},
    {SLICE("\"start\":\"manual\",\"escalate\":{\"when\":[\"sources_above\"]}"),
     "$.slices[0].escalate.above_sources: 0; allowed: the number above which a test starts, since "
     "\"when\" has it"},
    {SLICE("\"ingress\":{\"tunnel\":\"erspan\"}"),
     "$.slices[0].ingress.tunnel: \"erspan\"; allowed: \"any\", \"none\", \"ip_in_ip\", \"gre\", "
     "\"gretap\", \"erspan_1\", \"erspan_2\", \"erspan_3\", \"vxlan\", \"geneve\", "
     "\"gtp_u\", \"mpls_udp\", \"etherip\", \"tzsp\", \"pppoe\" or \"pbb\""},
    {SLICE("\"ingress\":{\"tunnel_id\":7}"),
     "$.slices[0].ingress.tunnel_id: 7; allowed: null, unless \"tunnel\" is erspan_2, erspan_3, "
     "vxlan, geneve, pbb, gtp_u, pppoe, gre or gretap"},
    {SLICE("\"ingress\":{\"tunnel\":\"erspan_1\",\"tunnel_id\":7}"),
     "$.slices[0].ingress.tunnel_id: 7; allowed: null, unless \"tunnel\" is erspan_2, erspan_3, "
     "vxlan, geneve, pbb, gtp_u, pppoe, gre or gretap"},
    {SLICE("\"ingress\":{\"tunnel\":\"erspan_3\",\"tunnel_id\":1024}"),
     "$.slices[0].ingress.tunnel_id: 1024; allowed: at most 1023 in this kind of tunnel"},
    {SLICE("\"ingress\":{\"tunnel\":\"vxlan\",\"tunnel_id\":16777216}"),
     "$.slices[0].ingress.tunnel_id: 16777216; allowed: at most 16777215 in this kind of tunnel"},
    {"{" PORTS ",\"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"ingress\":{\"tunnel\":\"gre\"}}]}",
     "$.slices[0].ingress.tunnel: a tunnel on ports that do not look into any; allowed: \"any\" or "
     "\"none\", or \"decapsulate\": true of the port"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"decapsulate\":1}]}",
     "$.ports[0].decapsulate: 1; allowed: true, false or null"},
    {SLICE("\"ingress\":{\"vlans\":1}"),
     "$.slices[0].ingress.vlans: unknown key; did you mean \"vlan\"?"},
    {SLICE("\"sources\":[]"),
     "$.slices[0].sources: a list of 0; allowed: a list of 1 to 4096 prefixes, or null"},
    {SLICE("\"sources\":\"10.0.0.0/8\""),
     "$.slices[0].sources: \"10.0.0.0/8\"; allowed: a list of 1 to 4096 prefixes, or null"},
    {SLICE("\"sources\":[\"10.0.0.0/8\",\"ten\"]"),
     "$.slices[0].sources[1]: \"ten\"; allowed: a prefix or address like \"192.0.2.0/24\" or "
     "\"2001:db8::/32\""},
    {SLICE("\"sources\":[\"10.0.0.1/8\"]"),
     "$.slices[0].sources[0]: \"10.0.0.1/8\"; allowed: no host bits, that is \"10.0.0.0/8\""},
    {SLICE("\"sources\":[\"2001:db8::1/32\"]"), "$.slices[0].sources[0]: \"2001:db8::1/32\"; "
                                                "allowed: no host bits, that is \"2001:db8::/32\""},
    {SLICE("\"sources\":[\"10.0.0.0/33\"]"),
     "$.slices[0].sources[0]: \"10.0.0.0/33\"; allowed: a "
     "length of at most 32 (IPv4, also as ::ffff:192.0.2.0) or 128 (IPv6)"},
    {SLICE("\"sources\":[\"10.0.0.0/8\",\"11.0.0.0/8\",\"10.0.0.0/8\"]"),
     "$.slices[0].sources: \"10.0.0.0/8\" twice; allowed: each prefix once"},
    {SLICE("\"sources\":[\"10.0.0.0/8\"],\"destinations\":[\"::/0\"]"),
     "$.slices[0].destinations: no IPv4 destination for the source 10.0.0.0/8; allowed: a "
     "destination of the family of each source"},
    {SLICE("\"sources\":[\"10.0.0.0/24\"],\"granularity\":{\"ipv4\":16}"),
     "$.slices[0].granularity.ipv4: 16; allowed: 0, or at least the 24 bits of the source "
     "10.0.0.0/24"},
    {SLICE("\"granularity\":{\"ipv6\":129}"),
     "$.slices[0].granularity.ipv6: 129; allowed: an integer from 0 to 128"},
    {SLICE("\"min_closed_loop_flows\":11"),
     "$.slices[0].min_closed_loop_flows: 11; allowed: at most max_individual_flows, which is 10"},
    {"{\"defaults\":{\"max_individual_flows\":1}}",
     "$.defaults.min_closed_loop_flows: 2; allowed: at most max_individual_flows, which is 1"},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"role\":\"mirror\"}],\"slices\":[{\"name\":"
     "\"s\",\"mode\":\"active\",\"ingress\":{\"port\":\"a\"}}]}",
     "$.slices[0].mode: \"active\" on ports of role mirror; allowed: \"passive\" or \"off\""},
    {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"role\":\"mirror\"}],\"slices\":[{\"name\":"
     "\"s\",\"mode\":\"active\"}]}",
     "$.slices[0].mode: \"active\" on ports of role mirror; allowed: \"passive\" or \"off\""},
    {"{\"slices\":[{\"name\":\"s\",\"mode\":\"off\"},{\"name\":\"s\",\"mode\":\"off\",\"sources\":["
     "\"10.0.0.0/8\"]}]}",
     "$.slices[1].name: \"s\", the name of item 0 too; allowed: a name that is a slice's alone"},
    {TWO("\"start\":\"auto\"", "\"start\":\"auto\""),
     "$.slices[1]: ::/0 to ::/0, as slice \"s\" has it; allowed: a source, destination, ingress, "
     "ports or mark that tell it from $.slices[0]"},
    {TWO("\"sources\":[\"10.0.0.0/8\",\"11.0.0.0/8\"]",
         "\"sources\":[\"12.0.0.0/8\",\"11.0.0.0/8\"]"),
     "$.slices[1]: 11.0.0.0/8 to 0.0.0.0/0, as slice \"s\" has it; allowed: a source, destination, "
     "ingress, ports or mark that tell it from $.slices[0]"},
    {"{\"instance\":{\"max_aggregates\":1},\"slices\":[{\"name\":\"s\",\"mode\":\"off\"},{\"name\":"
     "\"t\",\"mode\":\"off\",\"sources\":[\"10.0.0.0/8\"]}]}",
     "$.instance.max_aggregates: 1; allowed: at least one for each of the 2 slices"},
    {"{\"instance\":{\"max_drops_per_hour\":71},\"slices\":[{\"name\":\"s\",\"mode\":\"active\"}]}",
     "$.instance.max_drops_per_hour: 71; allowed: 0, or at least the 72 segments that one test of "
     "slice \"s\" may drop"},
    {"{\"instance\":{\"max_drops_per_hour\":11},\"defaults\":{\"fallback_to_individual\":false},"
     "\"slices\":[{\"name\":\"o\",\"mode\":\"off\",\"sources\":[\"10.0.0.0/8\"]},{\"name\":\"s\","
     "\"mode\":\"active\"}]}",
     "$.instance.max_drops_per_hour: 11; allowed: 0, or at least the 12 segments that one test of "
     "slice \"s\" may drop"},
};

static void each_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config *untouched = (struct config *)(void *)&cases[i], *config = untouched;
        struct config_error error;

        assert_int_equal(config_load_text(cases[i].json, &config, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].line);
        assert_ptr_equal(config, untouched);
    }
}

static void error_keeps_place_value_and_bounds_apart(void **state)
{
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    assert_int_equal(config_load_text(SLICE("\"drop_probability\":0.9"), &config, &error), -EINVAL);
    assert_string_equal(error.path, "$.slices[0].drop_probability");
    assert_string_equal(error.found, "0.9");
    assert_string_equal(error.allowed, "a number from 1e-06 to 0.5");
    assert_int_equal(error.line, 0);
}

static void bad_json_has_line_and_column(void **state)
{
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    assert_int_equal(config_load_text("{\n  \"eal\": {},\n  \"ports\": [,]\n}", &config, &error),
                     -EINVAL);
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 13);
}

/* A path longer than its place in the error is cut, not written beyond it. */
static void endless_key_is_cut(void **state)
{
    char *text = malloc(100000);
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    memset(text, 'x', 100000);
    memcpy(text, "{\"", 2);
    strcpy(text + 99000, "\":1}");
    assert_int_equal(config_load_text(text, &config, &error), -EINVAL);
    assert_true(strlen(error.text) < sizeof(error.text));
    free(text);
}

static void file_errors_name_the_file(void **state)
{
    char path[] = "/tmp/pennyline-config-XXXXXX", expected[256];
    int fd = mkstemp(path);
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"eal\" 1}", 9), 9);
    assert_int_equal(config_load_file(path, &config, &error), -EINVAL);
    snprintf(expected, sizeof(expected), "%s:1:8: bad JSON: ':' expected near '1'", path);
    assert_string_equal(error.text, expected);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, "{\"eal\":1}", 9, 0), 9);
    assert_int_equal(config_load_file(path, &config, &error), -EINVAL);
    snprintf(expected, sizeof(expected), "%s: $.eal: 1; allowed: an object (the EAL)", path);
    assert_string_equal(error.text, expected);
    close(fd);
    unlink(path);
    assert_int_equal(config_load_file(path, &config, &error), -ENOENT);
    snprintf(expected, sizeof(expected), "%s: cannot be read: No such file or directory", path);
    assert_string_equal(error.text, expected);
    assert_int_equal(config_load_file("/tmp", &config, &error), -EISDIR);
    assert_string_equal(error.text, "/tmp: cannot be read: Is a directory");
    assert_null(config);
}

static unsigned int allocations_left;

static void *run_short(size_t n)
{
    if (allocations_left == 0) {
        errno = ENOMEM; /* as malloc(3) does */
        return NULL;
    }
    allocations_left--;
    return malloc(n);
}

/* The library's JSON fails at each of its allocations in turn; a leak would fail the test under
 * AddressSanitizer. */
static void short_memory_is_said_and_leaks_nothing(void **state)
{
    struct config *config = NULL;
    struct config_error error;
    unsigned int n_failed = 0;
    int status = -1;

    (void)state;
    json_set_alloc_funcs(run_short, free);
    for (unsigned int n = 0; status != 0; n++) {
        allocations_left = n;
        status = config_load_text(TWO("\"start\":\"auto\"", "\"sources\":[\"10.0.0.0/8\"]"),
                                  &config, &error);
        if (status != 0) {
            assert_null(config);
            /* What is refused with EINVAL stays so, and a service manager does not try again. */
            assert_int_equal(status, -ENOMEM);
            assert_non_null(strstr(error.text, "not enough memory"));
            n_failed++;
        }
    }
    json_set_alloc_funcs(malloc, free);
    assert_non_null(config);
    assert_true(n_failed > 100);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_refused_with_its_line),
        cmocka_unit_test(error_keeps_place_value_and_bounds_apart),
        cmocka_unit_test(bad_json_has_line_and_column),
        cmocka_unit_test(endless_key_is_cut),
        cmocka_unit_test(file_errors_name_the_file),
        cmocka_unit_test(short_memory_is_said_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

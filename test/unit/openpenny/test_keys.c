/* SPDX-License-Identifier: BSD-3-Clause */
/* Each key of both generations: where its value goes, or what the user is told. The last test looks
 * whether one is missing here. */
#include "converted.h"
#include "openpenny/settings.h"

#define ACTIVE(key)  "monitoring.active." key
#define PASSIVE(key) "monitoring.passive." key
#define LIMITS(key)  "runtime_policy.thresholds." key
#define XDP(key)     "input_sources.xdp." key
#define IN_DEFAULTS  "defaults."

#define NOTHING_FITS "no counterpart"
#define UNTOLD       NULL

static const struct {
    const char *key, *value;
    const char *at;     /* where the result has it; NULL: nowhere */
    const char *result; /* what stands there */
    const char *note;   /* a part of the line that names the key; NULL: there is none */
} keys[] = {
    {"log.mode", "file", NULL, NULL, "no counterpart: messages go to standard error"},
    {"log.level", "warn", NULL, NULL, "instance.event_log"},
    {"grpc.enable", "true", NULL, NULL, NOTHING_FITS},
    {"grpc.listen_ip", "127.0.0.1", NULL, NULL, NOTHING_FITS},
    {"grpc.listen_port", "50051", NULL, NULL, NOTHING_FITS},
    {"grpc.tls.enable", "true", NULL, NULL, NOTHING_FITS},
    {"grpc.tls.cert_file", "a.pem", NULL, NULL, NOTHING_FITS},
    {"grpc.tls.key_file", "a.key", NULL, NULL, NOTHING_FITS},
    {"traffic_forwarding.tun.enable", "true", NULL, NULL, "--out DEVICE"},
    {"traffic_forwarding.tun.name", "xdp-tun", NULL, NULL, "--out DEVICE"},
    {"traffic_forwarding.tun.multi_queue", "true", NULL, NULL, "--out DEVICE"},
    {"traffic_forwarding.tun.mtu", "9000", NULL, NULL, "ports[].mtu"},
    {"traffic_forwarding.raw_socket.enable", "true", NULL, NULL, "raw socket"},
    {"traffic_forwarding.raw_socket.device", "eth9", NULL, NULL, "raw socket"},
    {"traffic_forwarding.raw_socket.bind_queue", "1", NULL, NULL, "raw socket"},

    /* 1.0.0 */
    {XDP("interface"), "ens5", "ports[0].device", "\"ens5\"", UNTOLD},
    {XDP("ifname"), "ens6", "ports[0].device", "\"ens6\"", UNTOLD},
    {XDP("rx_queue"), "2", NULL, NULL, "start_queue=2"},
    {XDP("queue"), "3", NULL, NULL, "start_queue=3"},
    {XDP("queue"), "0", NULL, NULL, UNTOLD},
    {XDP("drv_mode"), "true", NULL, NULL, "driver decides"},
    {XDP("zerocopy"), "true", NULL, NULL, "driver decides"},
    {XDP("frame_size"), "2048", NULL, NULL, "eal.memory_mb"},
    {XDP("num_frames"), "65536", NULL, NULL, "eal.memory_mb"},
    {XDP("rx_ring"), "4096", "ports[0].rx_descriptors", "4096", UNTOLD},
    {XDP("rx_ring"), "65536", "ports[0].rx_descriptors", "32768", "the most that is possible here"},
    {XDP("runtime.enable"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.attach"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.attach_program"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.detach_on_close"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.reuse_pins"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.pin_maps"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.update_conf_map"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.verbose"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.drop_unmatched"), "false", NULL, NULL, "what no slice names is forwarded"},
    {XDP("runtime.allow_ssh_bypass"), "false", "never_drop", "nothing", "uses it nowhere"},
    {XDP("runtime.allow_skb_fallback"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.force_copy_mode"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.require_zerocopy"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.allow_copy_fallback"), "true", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.batch"), "512", NULL, NULL, "bursts have 32 packets"},
    {XDP("runtime.poll_timeout_ms"), "1", NULL, NULL, "workers poll"},
    {XDP("runtime.ifname"), "ens7", "ports[0].device", "\"ens7\"", UNTOLD},
    {XDP("runtime.interface"), "ens8", "ports[0].device", "\"ens8\"", UNTOLD},
    {XDP("runtime.queue"), "4", NULL, NULL, "start_queue=4"},
    {XDP("runtime.rx_queue"), "5", NULL, NULL, "start_queue=5"},
    {XDP("runtime.bpf_object"), "a.o", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.bpf_program"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.program"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.map_conf_name"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.map_xsks_name"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.map_stats_name"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.pin_conf_path"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.pin_xsks_path"), "a", NULL, NULL, NOTHING_FITS},
    {XDP("runtime.pin_stats_path"), "a", NULL, NULL, NOTHING_FITS},
    /* Without a mask a prefix is every source there. */
    {XDP("runtime.prefix"), "192.0.2.0", "slices[0].sources", "[\"0.0.0.0/0\"]", "are cut off"},
    {XDP("runtime.mask"), "255.0.0.0", "slices[0].sources", "[\"0.0.0.0/8\"]", UNTOLD},
    {XDP("runtime.mask_bits"), "16", "slices[0].sources", "[\"0.0.0.0/16\"]", UNTOLD},
    {"input_sources.dpdk.enable", "true", NULL, NULL, "PCI address"},
    {"input_sources.dpdk.burst", "64", NULL, NULL, NOTHING_FITS},
    {"input_sources.dpdk.ifname", "0000:3b:00.0", "ports[0].device", "\"0000:3b:00.0\"", UNTOLD},
    {"input_sources.dpdk.interface", "0000:3b:00.1", "ports[0].device", "\"0000:3b:00.1\"", UNTOLD},
    {"input_sources.dpdk.device", "0000:3b:00.2", "ports[0].device", "\"0000:3b:00.2\"", UNTOLD},
    {"input_sources.dpdk.queue", "6", NULL, NULL, "start_queue=6"},

    {ACTIVE("enabled"), "true", "slices[0].mode", "\"active\"", UNTOLD},
    {ACTIVE("enabled"), "false", "slices[0].mode", "\"off\"", UNTOLD},
    {ACTIVE("aggregates.enabled"), "true", NULL, NULL, UNTOLD},
    {ACTIVE("aggregates.enabled"), "false", NULL, NULL, "always judged"},
    {ACTIVE("aggregates.max_monitored_flows"), "100", NULL, NULL, "flows_per_lcore"},
    {ACTIVE("aggregates.fallback_to_individual"), "false", IN_DEFAULTS "fallback_to_individual",
     "false", "does not read it"},
    {ACTIVE("aggregates.min_individual_flows_for_closed_loop"), "4",
     IN_DEFAULTS "min_closed_loop_flows", "4", "does not read it"},
    {ACTIVE("drop_policy.packet_drop_probability"), "0.1", IN_DEFAULTS "drop_probability", "0.1",
     UNTOLD},
    {ACTIVE("drop_policy.packet_drop_probability"), "0.9", IN_DEFAULTS "drop_probability", "0.5",
     "the most that is possible"},
    {ACTIVE("drop_policy.packet_drop_probability"), "0", "instance.kill_switch", "true",
     "never drops a packet"},
    {ACTIVE("drop_policy.max_duplicate_ratio"), "0.25", IN_DEFAULTS "max_duplicate_ratio", "0.25",
     UNTOLD},
    {ACTIVE("drop_policy.max_reordering_ratio"), "0.5", IN_DEFAULTS "max_reordering_ratio", "0.5",
     UNTOLD},
    {ACTIVE("drop_policy.retransmission_observation_miss_rate"), "0.1", IN_DEFAULTS "p_miss", "0.1",
     UNTOLD},
    {ACTIVE("drop_policy.retransmission_observation_miss_rate"), "0.7", IN_DEFAULTS "p_miss", "0.5",
     "the most that is possible"},
    {ACTIVE("timeouts.retransmission_timeout_multiplier"), "2.5",
     IN_DEFAULTS "retransmission_timeout_ms", "2500", UNTOLD},
    {ACTIVE("timeouts.retransmission_timeout_seconds"), "4",
     IN_DEFAULTS "retransmission_timeout_ms", "4000", UNTOLD},
    {ACTIVE("timeouts.retransmission_timeout_threshold"), "4",
     IN_DEFAULTS "retransmission_timeout_ms", "4000", UNTOLD},
    {ACTIVE("timeouts.retransmission_timeout_seconds"), "90",
     IN_DEFAULTS "retransmission_timeout_ms", "60000", "the most that is possible"},
    {ACTIVE("timeouts.admission_grace_period_seconds"), "1.5", IN_DEFAULTS "admission_grace_ms",
     "1500", UNTOLD},
    {ACTIVE("timeouts.idle_flow_timeout_seconds"), "20", IN_DEFAULTS "flow_idle_timeout_ms",
     "20000", UNTOLD},
    {ACTIVE("timeouts.monitored_flow_idle_expiry_seconds"), "25",
     IN_DEFAULTS "flow_idle_timeout_ms", "25000", UNTOLD},
    {ACTIVE("timeouts.monitored_flow_idle_expiry_seconds"), "0", IN_DEFAULTS "flow_idle_timeout_ms",
     "3600000", "forgets no flow"},
    {ACTIVE("timeouts.drop_state_seconds"), "3", NULL, NULL, NOTHING_FITS},
    {ACTIVE("timeouts.drop_expiration"), "3", NULL, NULL, NOTHING_FITS},
    {ACTIVE("execution.min_drops_per_flow"), "1", NULL, NULL, NOTHING_FITS},
    {ACTIVE("execution.min_packet_drops"), "1", NULL, NULL, NOTHING_FITS},
    {ACTIVE("execution.max_drops_per_indiv_flow"), "7", IN_DEFAULTS "max_drops_per_flow", "7",
     UNTOLD},
    {ACTIVE("execution.max_packet_drops_per_flow"), "8", IN_DEFAULTS "max_drops_per_flow", "8",
     UNTOLD},
    {ACTIVE("execution.max_packet_drops_per_flow"), "20", IN_DEFAULTS "max_drops_per_flow", "15",
     "the most that is possible"},
    {ACTIVE("execution.max_packet_drops_per_flow"), "0", IN_DEFAULTS "max_drops_per_flow",
     "nothing", "keeps its default"},
    {ACTIVE("execution.max_packet_drops"), "9", IN_DEFAULTS "max_drops_per_flow", "9", UNTOLD},
    {ACTIVE("execution.max_drops_per_flow"), "10", IN_DEFAULTS "max_drops_per_flow", "10", UNTOLD},
    {ACTIVE("execution.max_drops_aggregates"), "30", IN_DEFAULTS "max_drops_per_aggregate", "30",
     UNTOLD},
    {ACTIVE("execution.max_packet_drops_global_aggregate"), "20",
     IN_DEFAULTS "max_drops_per_aggregate", "20", UNTOLD},
    {ACTIVE("execution.max_packet_drops_global_aggregate"), "20000",
     IN_DEFAULTS "max_drops_per_aggregate", "10000", "the most that is possible"},
    {ACTIVE("execution.max_packet_drops_global_aggregate"), "0",
     IN_DEFAULTS "max_drops_per_aggregate", "nothing", "keeps its default"},
    {ACTIVE("execution.max_number_of_individual_flows"), "12", IN_DEFAULTS "max_individual_flows",
     "12", UNTOLD},
    {ACTIVE("execution.stop_after_individual_flows"), "14", IN_DEFAULTS "max_individual_flows",
     "14", UNTOLD},
    {ACTIVE("execution.stop_after_individual_flows"), "100", IN_DEFAULTS "max_individual_flows",
     "64", "the most that is possible"},
    {ACTIVE("drop_probability"), "0.2", IN_DEFAULTS "drop_probability", "0.2", UNTOLD},
    {ACTIVE("max_duplicate_fraction"), "0.2", IN_DEFAULTS "max_duplicate_ratio", "0.2", UNTOLD},
    {ACTIVE("max_duplicates"), "0.3", IN_DEFAULTS "max_duplicate_ratio", "0.3", UNTOLD},
    {ACTIVE("retransmission_miss_probability"), "0.2", IN_DEFAULTS "p_miss", "0.2", UNTOLD},
    {ACTIVE("probability_not_observe_retransmission"), "0.3", IN_DEFAULTS "p_miss", "0.3", UNTOLD},
    {ACTIVE("rtt_timeout_factor"), "2", IN_DEFAULTS "retransmission_timeout_ms", "2000", UNTOLD},
    {ACTIVE("rtt_timeout_seconds"), "2", IN_DEFAULTS "retransmission_timeout_ms", "2000", UNTOLD},
    {ACTIVE("retransmission_timeout_seconds"), "2", IN_DEFAULTS "retransmission_timeout_ms", "2000",
     UNTOLD},
    {ACTIVE("retransmission_timeout_threshold"), "2", IN_DEFAULTS "retransmission_timeout_ms",
     "2000", UNTOLD},
    {ACTIVE("tmax_rt_x"), "2", IN_DEFAULTS "retransmission_timeout_ms", "2000", UNTOLD},
    {ACTIVE("flow_grace_period_seconds"), "2", IN_DEFAULTS "admission_grace_ms", "2000", UNTOLD},
    {ACTIVE("time_to_wait_to_monitor_flow"), "2", IN_DEFAULTS "admission_grace_ms", "2000", UNTOLD},
    {ACTIVE("idle_flow_timeout_seconds"), "40", IN_DEFAULTS "flow_idle_timeout_ms", "40000",
     UNTOLD},
    {ACTIVE("max_tracked_flows"), "15", IN_DEFAULTS "max_individual_flows", "15", UNTOLD},
    {ACTIVE("max_number_of_monitored_flows"), "16", IN_DEFAULTS "max_individual_flows", "16",
     UNTOLD},
    {ACTIVE("max_number_of_individual_flows"), "17", IN_DEFAULTS "max_individual_flows", "17",
     UNTOLD},
    {ACTIVE("stop_after_individual_flows"), "18", IN_DEFAULTS "max_individual_flows", "18", UNTOLD},
    {ACTIVE("max_out_of_order_fraction"), "0.6", IN_DEFAULTS "max_reordering_ratio", "0.6", UNTOLD},
    {ACTIVE("max_out_of_order_ratio"), "0.7", IN_DEFAULTS "max_reordering_ratio", "0.7", UNTOLD},

    {PASSIVE("enabled"), "true", "slices[0].mode", "\"active\"", "the other mode is enabled, too"},
    {PASSIVE("aggregates.enabled"), "false", NULL, NULL, NOTHING_FITS},
    {PASSIVE("min_number_of_flows_to_finish"), "5", IN_DEFAULTS "min_flows_to_finish", "5", UNTOLD},
    {PASSIVE("max_parallel_flows"), "10", NULL, NULL, "all flows are watched at once"},
    {PASSIVE("max_execution_time"), "150", IN_DEFAULTS "max_duration_ms", "nothing",
     "it is of mode passive"},
    {PASSIVE("timeouts.admission_grace_period_seconds"), "3", IN_DEFAULTS "admission_grace_ms",
     "3000", "it is of mode passive"},
    {PASSIVE("timeouts.monitored_flow_idle_expiry_seconds"), "16",
     IN_DEFAULTS "passive_flow_idle_timeout_ms", "16000", UNTOLD},
    {PASSIVE("admission_grace_period_seconds"), "3", IN_DEFAULTS "admission_grace_ms", "3000",
     "it is of mode passive"},
    {PASSIVE("monitored_flow_idle_expiry_seconds"), "17",
     IN_DEFAULTS "passive_flow_idle_timeout_ms", "17000", UNTOLD},

    /* 1.1.0 */
    {"traffic_policy.default", "include", "slices[0].name", "\"default\"", UNTOLD},
    {"traffic_policy.default", "exclude", "slices", "[]", UNTOLD},
    {"runtime_policy.mode", "passive", "ports[0].role", "\"mirror\"", UNTOLD},
    {"runtime_policy.mode", "ACTIVE", "ports[0].pair", "\"in\"", UNTOLD},
    {"runtime_policy.safety.allow_ssh_bypass", "false", "never_drop.ports", "[179]",
     "SSH may lose segments"},
    {"runtime_policy.safety.allow_ssh_bypass", "true", "never_drop", "nothing", UNTOLD},
    {"runtime_policy.allow_ssh_bypass", "false", "never_drop.ports", "[179]",
     "SSH may lose segments"},
    {"runtime_policy.aggregates.enabled", "false", NULL, NULL, "always judged"},
    {LIMITS("packet_drop_probability"), "0.05", IN_DEFAULTS "drop_probability", "0.05", UNTOLD},
    {LIMITS("packet_drop_probability"), "0.0", "instance.kill_switch", "true",
     "never drops a packet"},
    {LIMITS("max_duplicate_ratio"), "0.2", IN_DEFAULTS "max_duplicate_ratio", "0.2", UNTOLD},
    {LIMITS("max_reordering_ratio"), "0.7", IN_DEFAULTS "max_reordering_ratio", "0.7", UNTOLD},
    {LIMITS("retransmission_observation_miss_rate"), "0.06", IN_DEFAULTS "p_miss", "0.06", UNTOLD},
    {LIMITS("retransmission_timeout_multiplier"), "2", IN_DEFAULTS "retransmission_timeout_ms",
     "2000", UNTOLD},
    {LIMITS("retransmission_timeout_in_seconds"), "2.2", IN_DEFAULTS "retransmission_timeout_ms",
     "2200", UNTOLD},
    {LIMITS("admission_grace_period_seconds"), "0", IN_DEFAULTS "admission_grace_ms", "0", UNTOLD},
    {LIMITS("monitored_flow_idle_expiry_seconds"), "15", IN_DEFAULTS "flow_idle_timeout_ms",
     "15000", UNTOLD},
    {LIMITS("drop_state_seconds"), "1", NULL, NULL, NOTHING_FITS},
    {LIMITS("min_packet_drops_per_flow"), "1", NULL, NULL, NOTHING_FITS},
    {LIMITS("max_packet_drops_per_flow"), "5", IN_DEFAULTS "max_drops_per_flow", "5", UNTOLD},
    {LIMITS("max_packet_drops_global_aggregate"), "24", IN_DEFAULTS "max_drops_per_aggregate", "24",
     UNTOLD},
    {LIMITS("max_monitored_flows"), "100", NULL, NULL, NOTHING_FITS},
    {LIMITS("stop_after_individual_flows"), "9", IN_DEFAULTS "max_individual_flows", "9", UNTOLD},
    {LIMITS("min_closed_loop_flows"), "5", IN_DEFAULTS "min_closed_loop_flows", "5", UNTOLD},
    {LIMITS("passive_min_flows_to_finish"), "11", IN_DEFAULTS "min_flows_to_finish", "11", UNTOLD},
    {LIMITS("passive_max_parallel_flows"), "11", NULL, NULL, "all flows are watched at once"},
    {LIMITS("passive_max_execution_time_seconds"), "60", IN_DEFAULTS "max_duration_ms", "nothing",
     "it is of mode passive"},
    {"runtime_policy.packet_drop_probability", "0.04", IN_DEFAULTS "drop_probability", "0.04",
     UNTOLD},
    {"platform.backend", "af_xdp", NULL, NULL, UNTOLD},
    {"platform.backend", "dpdk", NULL, NULL, "PCI address"},
    {"platform.backend", "af_packet_mirror", NULL, NULL, "no counterpart in mode active"},
    {"platform.ingress_mode", "auto", NULL, NULL, UNTOLD},
    {"platform.ingress_mode", "copy", NULL, NULL, "1.1.0 does not read it"},
    {"platform.interface", "eth3", "ports[0].device", "\"eth3\"", UNTOLD},
    {"platform.ifname", "eth4", "ports[0].device", "\"eth4\"", UNTOLD},
    {"platform.queue", "1", NULL, NULL, "start_queue=1"},
    {"platform.queue_count", "4", "ports[0].queues", "4", UNTOLD},
    {"platform.queue_count", "4", "eal.lcores", "\"0-4\"", UNTOLD},
    {"platform.queue_count", "100", "ports[0].queues", "64", "the most that is possible"},
    {"platform.worker_cpus", "[0, 2, 3]", "eal.lcores", "\"1,0,2,3\"", "CPU 1 is added"},
    {"platform.worker_cpus", "[]", "eal.lcores", "\"0-1\"", UNTOLD},
    {"platform.frame_size", "9216", NULL, NULL, NOTHING_FITS},
    {"platform.batch", "64", NULL, NULL, NOTHING_FITS},
    {"platform.poll_timeout_ms", "1", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.interface", "eth5", "ports[0].device", "\"eth5\"", UNTOLD},
    {"platform.xdp.ifname", "eth6", "ports[0].device", "\"eth6\"", UNTOLD},
    {"platform.xdp.queue", "1", NULL, NULL, "start_queue=1"},
    {"platform.xdp.rx_queue", "1", NULL, NULL, "start_queue=1"},
    {"platform.xdp.queue_count", "2", "ports[0].queues", "2", UNTOLD},
    {"platform.xdp.worker_cpus", "[5]", "eal.lcores", "\"0,5\"", "CPU 0 is added"},
    {"platform.xdp.drv_mode", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.zerocopy", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.require_zerocopy", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.allow_skb_fallback", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.allow_copy_fallback", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.force_copy_mode", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.attach_program", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.detach_on_close", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.pin_maps", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.reuse_pins", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.update_dataplane_rules", "true", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.frame_size", "2048", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.num_frames", "2048", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.rx_ring", "512", "ports[0].rx_descriptors", "512", UNTOLD},
    {"platform.xdp.batch", "64", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.poll_timeout_ms", "1", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.bpf_object", "a.o", NULL, NULL, NOTHING_FITS},
    {"platform.xdp.bpf_program", "a", NULL, NULL, NOTHING_FITS},
    {"platform.dpdk.interface", "0000:01:00.0", "ports[0].device", "\"0000:01:00.0\"", UNTOLD},
    {"platform.dpdk.ifname", "0000:01:00.1", "ports[0].device", "\"0000:01:00.1\"", UNTOLD},
    {"platform.dpdk.device", "0000:01:00.2", "ports[0].device", "\"0000:01:00.2\"", UNTOLD},
    {"platform.dpdk.queue", "1", NULL, NULL, "start_queue=1"},
    {"platform.dpdk.burst", "64", NULL, NULL, NOTHING_FITS},
    {"egress.kind", "none", NULL, NULL, "pennyline forwards it"},
    {"egress.kind", "tun", NULL, NULL, "--out DEVICE"},
    {"egress.kind", "raw_socket", NULL, NULL, "--out DEVICE"},
    {"egress.kind", "raw_nic", NULL, NULL, "no device is named"},
    {"egress.device", "xdp-tun", NULL, NULL, "it is no port of the box"},
    {"egress.interface", "xdp-tun", NULL, NULL, "it is no port of the box"},
    {"egress.ifname", "xdp-tun", NULL, NULL, "it is no port of the box"},
    {"egress.tun.multi_queue", "true", NULL, NULL, NOTHING_FITS},
    {"egress.tun.mtu", "9000", NULL, NULL, "ports[].mtu"},
    {"egress.tun.txqlen", "1000", NULL, NULL, NOTHING_FITS},
    {"egress.tun.bring_up", "true", NULL, NULL, NOTHING_FITS},
    {"egress.tun.rp_filter_loose", "true", NULL, NULL, NOTHING_FITS},
    {"egress.raw_nic.bind_device", "true", NULL, NULL, NOTHING_FITS},
};

/* "a.b.c" and a value as a document, with what makes it one of its generation. */
static void write_document(char out[512], const char *key, const char *value)
{
    bool is_shared = strncmp(key, "log.", 4) == 0 || strncmp(key, "grpc.", 5) == 0 ||
                     strncmp(key, "traffic_forwarding.", 19) == 0;
    size_t n = (size_t)snprintf(out, 512, "%s", is_shared ? "monitoring: {}\n" : ""), depth = 0;

    for (;;) {
        size_t part = strcspn(key, ".");

        n += (size_t)snprintf(out + n, 512 - n, "%.*s:%s", (int)part, key,
                              key[part] == '.' ? " {" : " ");
        if (key[part] == '\0')
            break;
        key += part + 1;
        depth++;
    }
    n += (size_t)snprintf(out + n, 512 - n, "%s", value);
    while (depth-- > 0)
        n += (size_t)snprintf(out + n, 512 - n, "}");
}

static void test_each_key_goes_where_the_table_says_or_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct converted c;
        char document[512];

        write_document(document, keys[i].key, keys[i].value);
        convert(&c, document, NULL);
        if (c.status != 0)
            fail_msg("%s: %s", document, c.error);
        if (keys[i].at != NULL) {
            char *result = result_at(&c, keys[i].at);

            if (strcmp(result, keys[i].result) != 0)
                fail_msg("%s: %s is %s", document, keys[i].at, result);
            free(result);
        }
        if (keys[i].note != NULL && note_with(&c, keys[i].key, keys[i].note) == NULL)
            fail_msg("%s: no note has \"%s\"", document, keys[i].note);
        if (keys[i].note == NULL && note_with(&c, "op.yaml:", keys[i].key) != NULL)
            fail_msg("%s: %s", document, note_with(&c, "op.yaml:", keys[i].key));
        converted_free(&c);
    }
}

static bool is_in_table(const char *at, const char *path)
{
    char key[TREE_PATH_BYTES];

    snprintf(key, sizeof(key), "%s.%s", at, path);
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (strcmp(keys[i].key, key) == 0)
            return true;
    return false;
}

static void expect_all_of(const struct key_table *tables, size_t n)
{
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < tables[t].n_keys; i++)
            if (!is_in_table(tables[t].at[0], tables[t].keys[i].path))
                fail_msg("%s.%s has no row here", tables[t].at[0], tables[t].keys[i].path);
}

static void test_no_key_is_missing_in_the_table(void **state)
{
    (void)state;
    expect_all_of(keys_both, n_keys_both);
    expect_all_of(keys_1_0, n_keys_1_0);
    expect_all_of(keys_1_1, n_keys_1_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_key_goes_where_the_table_says_or_is_told),
        cmocka_unit_test(test_no_key_is_missing_in_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

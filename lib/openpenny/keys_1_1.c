/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of OpenPenny 1.1.0: src/config/Config.cpp of it. The order within a table is that of its
 * assignments. Rules have a reader of their own (rules.c). */
#include "openpenny/keys.h"

static const struct key traffic_keys[] = {KEY("default", DEFAULT_DECISION)};

static const struct key runtime_keys[] = {
    KEY("mode", MODE),
    KEY("safety.allow_ssh_bypass", SSH_BYPASS),
    KEY("allow_ssh_bypass", SSH_BYPASS),
    KEY("aggregates.enabled", AGGREGATES),
};

/* Without a map "thresholds" its keys stand in runtime_policy itself. */
static const struct key threshold_keys[] = {
    KEY("packet_drop_probability", DROP_PROBABILITY),
    KEY("max_duplicate_ratio", DUPLICATE_RATIO),
    KEY("max_reordering_ratio", REORDERING_RATIO),
    KEY("retransmission_observation_miss_rate", MISS_RATE),
    KEY("retransmission_timeout_multiplier", TIMEOUT_S),
    KEY("retransmission_timeout_in_seconds", TIMEOUT_S),
    KEY("admission_grace_period_seconds", GRACE_S),
    KEY("monitored_flow_idle_expiry_seconds", IDLE_S),
    NONE("drop_state_seconds", NO_STATE),
    NONE("min_packet_drops_per_flow", NO_LEAST),
    KEY("max_packet_drops_per_flow", DROPS_PER_FLOW),
    KEY("max_packet_drops_global_aggregate", DROPS_IN_ALL),
    NONE("max_monitored_flows", NO_TABLE_LIMIT),
    KEY("stop_after_individual_flows", STOP_AFTER_FLOWS),
    KEY("min_closed_loop_flows", CLOSED_LOOP_FLOWS),
    KEY("passive_min_flows_to_finish", FLOWS_TO_FINISH),
    NONE("passive_max_parallel_flows", NO_PARALLEL),
    KEY("passive_max_execution_time_seconds", WATCH_S),
};

static const struct key platform_keys[] = {
    KEY("backend", BACKEND),
    KEY("ingress_mode", INGRESS_MODE),
    KEY("interface", INTERFACE),
    KEY("ifname", INTERFACE),
    KEY("queue", QUEUE),
    KEY("queue_count", QUEUE_COUNT),
    KEY("worker_cpus", WORKER_CPUS),
    NONE("frame_size", NO_MEMORY),
    NONE("batch", NO_BURST),
    NONE("poll_timeout_ms", NO_BURST),
    KEY("xdp.interface", INTERFACE),
    KEY("xdp.ifname", INTERFACE),
    KEY("xdp.queue", QUEUE),
    KEY("xdp.rx_queue", QUEUE),
    KEY("xdp.queue_count", QUEUE_COUNT),
    KEY("xdp.worker_cpus", WORKER_CPUS),
    NONE("xdp.drv_mode", BY_DRIVER),
    NONE("xdp.zerocopy", BY_DRIVER),
    NONE("xdp.require_zerocopy", BY_DRIVER),
    NONE("xdp.allow_skb_fallback", BY_DRIVER),
    NONE("xdp.allow_copy_fallback", BY_DRIVER),
    NONE("xdp.force_copy_mode", BY_DRIVER),
    NONE("xdp.attach_program", NO_MAPS),
    NONE("xdp.detach_on_close", NO_MAPS),
    NONE("xdp.pin_maps", NO_MAPS),
    NONE("xdp.reuse_pins", NO_MAPS),
    NONE("xdp.update_dataplane_rules", NO_MAPS),
    NONE("xdp.frame_size", NO_MEMORY),
    NONE("xdp.num_frames", NO_MEMORY),
    KEY("xdp.rx_ring", RX_RING),
    NONE("xdp.batch", NO_BURST),
    NONE("xdp.poll_timeout_ms", NO_BURST),
    NONE("xdp.bpf_object", NO_MAPS),
    NONE("xdp.bpf_program", NO_MAPS),
    KEY("dpdk.interface", INTERFACE),
    KEY("dpdk.ifname", INTERFACE),
    KEY("dpdk.device", INTERFACE),
    KEY("dpdk.queue", QUEUE),
    NONE("dpdk.burst", NO_BURST),
};

static const struct key egress_keys[] = {
    KEY("kind", EGRESS_KIND),
    KEY("device", EGRESS_DEVICE),
    KEY("interface", EGRESS_DEVICE),
    KEY("ifname", EGRESS_DEVICE),
    NONE("tun.multi_queue", NO_TUN),
    NONE("tun.mtu", NO_TUN ", and ports[].mtu its MTU"),
    NONE("tun.txqlen", NO_TUN),
    NONE("tun.bring_up", NO_TUN),
    NONE("tun.rp_filter_loose", NO_TUN),
    NONE("raw_nic.bind_device", "no counterpart: packets leave by their port alone"),
};

const struct key_table keys_1_1[] = {
    {{"traffic_policy"}, TABLE(traffic_keys)},
    {{"runtime_policy"}, TABLE(runtime_keys)},
    {{"runtime_policy.thresholds", "runtime_policy"}, TABLE(threshold_keys)},
    {{"platform"}, TABLE(platform_keys)},
    {{"egress"}, TABLE(egress_keys)},
};
const size_t n_keys_1_1 = ARRAY_LENGTH(keys_1_1);

/* SPDX-License-Identifier: BSD-3-Clause */
/* The receive hash: which queue, and so which worker, a flow goes to.
 *
 * The key repeats 0x6d5a, which makes Toeplitz's hash the same for both directions of a connection
 * (Woo and Park, "Scalable TCP session monitoring with symmetric receive-side scaling", 2012). */
#include <rte_ethdev.h>
#include <string.h>

#include "base/compiler.h"
#include "port/internal.h"

/* Names as testpmd has them. */
static const struct {
    const char *name;
    uint64_t bits;
} functions[] = {
    {"ip", RTE_ETH_RSS_IP},
    {"tcp", RTE_ETH_RSS_TCP},
    {"udp", RTE_ETH_RSS_UDP},
    {"sctp", RTE_ETH_RSS_SCTP},
    {"ipv4", RTE_ETH_RSS_IPV4},
    {"ipv4-frag", RTE_ETH_RSS_FRAG_IPV4},
    {"ipv4-tcp", RTE_ETH_RSS_NONFRAG_IPV4_TCP},
    {"ipv4-udp", RTE_ETH_RSS_NONFRAG_IPV4_UDP},
    {"ipv4-sctp", RTE_ETH_RSS_NONFRAG_IPV4_SCTP},
    {"ipv4-other", RTE_ETH_RSS_NONFRAG_IPV4_OTHER},
    {"ipv6", RTE_ETH_RSS_IPV6},
    {"ipv6-frag", RTE_ETH_RSS_FRAG_IPV6},
    {"ipv6-tcp", RTE_ETH_RSS_NONFRAG_IPV6_TCP},
    {"ipv6-udp", RTE_ETH_RSS_NONFRAG_IPV6_UDP},
    {"ipv6-sctp", RTE_ETH_RSS_NONFRAG_IPV6_SCTP},
    {"ipv6-other", RTE_ETH_RSS_NONFRAG_IPV6_OTHER},
    {"ipv6-ex", RTE_ETH_RSS_IPV6_EX},
    {"ipv6-tcp-ex", RTE_ETH_RSS_IPV6_TCP_EX},
    {"ipv6-udp-ex", RTE_ETH_RSS_IPV6_UDP_EX},
    {"l2-payload", RTE_ETH_RSS_L2_PAYLOAD},
    {"s-vlan", RTE_ETH_RSS_S_VLAN},
    {"c-vlan", RTE_ETH_RSS_C_VLAN},
    {"mpls", RTE_ETH_RSS_MPLS},
    {"level-inner", RTE_ETH_RSS_LEVEL_INNERMOST},
};

static uint64_t bits_of(struct port *port, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++)
        if (strcmp(functions[i].name, name) == 0)
            return functions[i].bits;
    port_say(port, "port %s: driver file \"%s\": no receive hash is called \"%s\"",
             port->config->name, port->driver.name, name);
    return 0;
}

static uint64_t wanted_functions(struct port *port)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < port->driver.n_rss_functions; i++)
        bits |= bits_of(port, port->driver.rss_functions[i]);
    return bits;
}

static void fill_key(const struct port *port, uint8_t key[CONFIG_RSS_KEY_BYTES])
{
    for (unsigned int i = 0; i < CONFIG_RSS_KEY_BYTES; i++)
        key[i] = i % 2 == 0 ? 0x6d : 0x5a;
    memcpy(key, port->config->rss_key, port->config->rss_key_bytes);
}

void port_set_rss(struct port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
                  uint8_t key[CONFIG_RSS_KEY_BYTES])
{
    uint64_t bits = wanted_functions(port) & info->flow_type_rss_offloads;
    /* The kernel spreads flows over the queues of its interfaces. */
    bool by_kernel = port->is_kernel_interface;

    if (port->n_rx_queues <= 1)
        return;
    if (bits == 0) {
        if (!by_kernel)
            port_say(port,
                     "port %s: %s has no receive hash that its driver file asks for, so its %u "
                     "queues may split flows between workers; set \"queues\" to 1",
                     port->config->name, port->device_name, port->n_rx_queues);
        return;
    }
    fill_key(port, key);
    conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf->rx_adv_conf.rss_conf.rss_hf = bits;
    if (info->hash_key_size > 0 && info->hash_key_size <= CONFIG_RSS_KEY_BYTES) {
        conf->rx_adv_conf.rss_conf.rss_key = key;
        conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
    }
}

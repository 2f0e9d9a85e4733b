/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>
#include <string.h>

#include "port/internal.h"

typedef const char *offload_namer(uint64_t offload);
typedef char word[DRIVER_NAME_BYTES];

static bool is_listed(const word *words, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

/* Of what the device has, what the driver's file names. */
static uint64_t choose(uint64_t capable, offload_namer *name_of, const word *words, uint32_t n)
{
    uint64_t chosen = 0;

    for (uint64_t rest = capable; rest != 0; rest &= rest - 1) {
        uint64_t offload = rest & -rest;

        if (is_listed(words, n, name_of(offload)))
            chosen |= offload;
    }
    return chosen;
}

void port_set_offloads(const struct port *port, const struct rte_eth_dev_info *info,
                       struct rte_eth_conf *conf)
{
    const struct driver_config *d = &port->driver;
    uint64_t rx = choose(info->rx_offload_capa, rte_eth_dev_rx_offload_name,
                         (const word *)d->rx_offloads, d->n_rx_offloads);
    uint64_t never = choose(info->rx_offload_capa, rte_eth_dev_rx_offload_name,
                            (const word *)d->never_rx_offloads, d->n_never_rx_offloads);
    uint64_t tx = choose(info->tx_offload_capa, rte_eth_dev_tx_offload_name,
                         (const word *)d->tx_offloads, d->n_tx_offloads);

    if (!port->settings.single_pool)
        tx &= ~(uint64_t)RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    conf->rxmode.offloads = rx & ~never;
    conf->txmode.offloads = tx;
}

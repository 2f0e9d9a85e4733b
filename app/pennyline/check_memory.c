/* SPDX-License-Identifier: BSD-3-Clause */
/* Is there memory, in hugepages and on the right nodes? */
#include <numa.h>

#include "check_parts.h"
#include "eal.h"
#include "host.h"
#include "hugepages.h"
#include "lanes.h"
#include "memory.h"
#include "places.h"

static unsigned long mib(uint64_t bytes)
{
    return (unsigned long)(bytes >> 20);
}

/* What hugepages do not hold comes from plain memory, if that does. */
static void check_plain(struct check *c, uint64_t needed_mb, uint64_t huge_bytes)
{
    uint64_t available = host_available_bytes();

    if (available >> 20 < needed_mb)
        check_blocks(c,
                     "%lu MiB of memory are needed, but only %lu MiB in hugepages and %lu MiB of "
                     "plain memory are free; lower eal.memory_mb or instance.flows_per_lcore",
                     (unsigned long)needed_mb, mib(huge_bytes), mib(available));
    else if (c->config->eal.huge)
        check_advises(c, "so plain memory would be used: slower, and unseen by pennyline-info and "
                         "dpdk-proc-info");
    else
        check_advises(c, "eal.huge is false: plain memory is slower, and unseen by pennyline-info "
                         "and dpdk-proc-info");
}

static void check_hugepages(struct check *c, const uint64_t mb[HUGEPAGES_MAX_NODES],
                            uint64_t needed_mb)
{
    struct hugepages have;
    uint64_t free_bytes = 0;
    char why[512];

    if (!c->config->eal.huge) {
        check_plain(c, needed_mb, 0);
        return;
    }
    hugepages_read("", hugepages_node_of_file, &have);
    if (hugepages_suffice(&have, mb, why, sizeof(why)))
        return;
    check_advises(c, "%s", why);
    for (unsigned int node = 0; node < have.n_nodes; node++)
        free_bytes += have.nodes[node].free_bytes;
    check_plain(c, needed_mb, free_bytes);
}

static bool has_cpu_on(const struct check *c, int node)
{
    for (unsigned int lcore = 0; lcore < LCORES_MAX; lcore++)
        for (unsigned int cpu = 0; c->lcores.used[lcore] && cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &c->lcores.cpus[lcore]) && numa_node_of_cpu((int)cpu) == node)
                return true;
    return false;
}

static void check_nodes(struct check *c, const uint64_t mb[HUGEPAGES_MAX_NODES])
{
    for (int node = 0; numa_available() >= 0 && node <= numa_max_node(); node++) {
        uint64_t needed_mb = node < HUGEPAGES_MAX_NODES ? mb[node] : 0;
        long long free_bytes = 0;

        if (!has_cpu_on(c, node) || numa_node_size64(node, &free_bytes) < 0)
            continue;
        /* Hugepages are set aside already, and not counted as free. */
        if (!c->config->eal.huge && (uint64_t)free_bytes >> 20 < needed_mb)
            check_advises(c,
                          "NUMA node %d has %lu MiB free, %lu are needed; stop something, or "
                          "lower flows_per_lcore",
                          node, mib((uint64_t)free_bytes), (unsigned long)needed_mb);
    }
}

void check_memory(struct check *c)
{
    uint32_t n_workers = lanes_count(c->config, c->lcores.n > 1 ? c->lcores.n - 1 : 1);
    uint64_t mb[HUGEPAGES_MAX_NODES], needed_mb;
    struct memory_budget budget;
    struct places places;

    places_find(c->config, &c->lcores, n_workers, &places);
    budget = memory_estimate(c->config, &places);
    needed_mb =
        hugepages_to_ask_for(budget.node_bytes, places.manager_node, c->config->eal.memory_mb, mb);
    check_hugepages(c, mb, needed_mb);
    check_nodes(c, mb);
}

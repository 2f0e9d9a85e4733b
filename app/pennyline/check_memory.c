/* SPDX-License-Identifier: BSD-3-Clause */
/* Is there memory, in hugepages and on the right nodes? */
#include <numa.h>

#include "check_parts.h"
#include "eal.h"
#include "host.h"
#include "lanes.h"
#include "memory.h"

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

static void check_hugepages(struct check *c, uint64_t needed_mb)
{
    struct host_hugepages have = {0};

    if (!c->config->eal.huge) {
        check_plain(c, needed_mb, 0);
        return;
    }
    host_read_hugepages(&have);
    if (!have.is_mounted)
        check_advises(c, "no hugetlbfs is mounted; \"mount -t hugetlbfs none /dev/hugepages\"");
    if (have.free_bytes < needed_mb << 20)
        check_advises(c,
                      "%lu MiB of hugepages are needed, %lu are free; "
                      "\"echo %lu > /proc/sys/vm/nr_hugepages\"",
                      (unsigned long)needed_mb, mib(have.free_bytes),
                      host_hugepages_wanted(&have, needed_mb));
    if (!have.is_mounted || have.free_bytes < needed_mb << 20)
        check_plain(c, needed_mb, have.is_mounted ? have.free_bytes : 0);
}

static bool has_cpu_on(const struct check *c, int node)
{
    for (unsigned int lcore = 0; lcore < LCORES_MAX; lcore++)
        for (unsigned int cpu = 0; c->lcores.used[lcore] && cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &c->lcores.cpus[lcore]) && numa_node_of_cpu((int)cpu) == node)
                return true;
    return false;
}

static void check_nodes(struct check *c, uint64_t needed_mb)
{
    for (int node = 0; numa_available() >= 0 && node <= numa_max_node(); node++) {
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
    struct memory_budget budget = memory_estimate(c->config, n_workers);
    uint64_t needed_mb = eal_memory_mb(c->config, memory_eal_bytes(&budget));

    check_hugepages(c, needed_mb);
    check_nodes(c, needed_mb);
}

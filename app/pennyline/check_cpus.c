/* SPDX-License-Identifier: BSD-3-Clause */
/* Are the CPUs there, ours, and left alone by the kernel? */
#include <numa.h>
#include <stdio.h>
#include <string.h>

#include "check_parts.h"
#include "host.h"
#include "lanes.h"

static bool is_online(unsigned int cpu)
{
    char path[128];
    int64_t online;

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
    if (numa_node_of_cpu((int)cpu) < 0)
        return false;
    strcat(path, "/online");
    online = host_read_number(path);
    return online != 0; /* no file: it cannot be taken offline */
}

/* CPUs that the kernel's scheduler leaves alone. */
static cpu_set_t isolated_cpus(void)
{
    struct lcores list;
    char text[1024];
    cpu_set_t set;

    CPU_ZERO(&set);
    /* The same syntax as a plain list of lcores. */
    if (host_read_line("/sys/devices/system/cpu/isolated", text, sizeof(text)) && *text != '\0' &&
        lcores_parse(text, UINT32_MAX, &list, NULL) == 0)
        for (unsigned int i = 0; i < LCORES_MAX; i++)
            if (list.used[i])
                CPU_SET(i, &set);
    return set;
}

static void check_governor(struct check *c, unsigned int cpu)
{
    char path[128], governor[64];

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu);
    if (host_read_line(path, governor, sizeof(governor)) && strcmp(governor, "performance") != 0)
        check_advises(c,
                      "CPU %u: governor %s changes its clock; \"cpupower -c %u frequency-set -g "
                      "performance\"",
                      cpu, governor, cpu);
}

static void check_worker_cpu(struct check *c, unsigned int lcore, unsigned int cpu,
                             const cpu_set_t *isolated)
{
    const cpu_set_t *manager = &c->lcores.cpus[c->lcores.main_lcore];

    if (CPU_ISSET(cpu, manager))
        check_advises(c,
                      "lcore %u: worker and manager share CPU %u: no deliberate drop while the "
                      "manager is late; give the worker a CPU of its own",
                      lcore, cpu);
    else if (!CPU_ISSET(cpu, isolated))
        check_advises(c,
                      "CPU %u of worker lcore %u is not isolated: the kernel may run other work "
                      "on it; boot with isolcpus=%u nohz_full=%u",
                      cpu, lcore, cpu, cpu);
    check_governor(c, cpu);
}

/* isolcpus takes a CPU out of everybody's affinity, and yet it may be asked for. Our threads follow
 * the mask of the thread that makes them, so ours is put back. */
static bool may_use(unsigned int cpu, const cpu_set_t *allowed)
{
    cpu_set_t one;
    bool may;

    if (CPU_ISSET(cpu, allowed))
        return true;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    may = sched_setaffinity(0, sizeof(one), &one) == 0;
    sched_setaffinity(0, sizeof(*allowed), allowed);
    return may;
}

static void check_lcore(struct check *c, unsigned int lcore, const cpu_set_t *allowed,
                        const cpu_set_t *isolated)
{
    for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &c->lcores.cpus[lcore]))
            continue;
        if (!is_online(cpu))
            check_blocks(c, "lcore %u: there is no CPU %u on this machine; correct eal.lcores",
                         lcore, cpu);
        else if (!may_use(cpu, allowed))
            check_blocks(c,
                         "lcore %u: CPU %u is not allowed to this process; look at taskset and "
                         "at the cpuset of its cgroup",
                         lcore, cpu);
        else if (lcore != c->lcores.main_lcore)
            check_worker_cpu(c, lcore, cpu, isolated);
    }
}

/* Two workers on one CPU take turns, each waiting for the other. */
static void check_sharing(struct check *c)
{
    for (unsigned int a = 0; a < LCORES_MAX; a++)
        for (unsigned int b = a + 1; b < LCORES_MAX; b++)
            if (c->lcores.used[a] && c->lcores.used[b] && a != c->lcores.main_lcore &&
                b != c->lcores.main_lcore && CPU_EQUAL(&c->lcores.cpus[a], &c->lcores.cpus[b]))
                check_advises(c,
                              "worker lcores %u and %u share their CPUs: good for trying out "
                              "only",
                              a, b);
}

void check_cpus(struct check *c)
{
    cpu_set_t allowed, isolated = isolated_cpus();
    uint32_t n_workers;

    if (numa_available() < 0)
        check_advises(c, "the kernel has no NUMA support: places of memory are not checked");
    if (c->lcores.n < 2)
        check_blocks(c,
                     "eal.lcores \"%s\": one lcore is the manager's, at least one more must be a "
                     "worker's; \"0@0,1@0\" puts two on one CPU",
                     c->config->eal.lcores);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    for (unsigned int lcore = 0; lcore < LCORES_MAX; lcore++)
        if (c->lcores.used[lcore])
            check_lcore(c, lcore, &allowed, &isolated);
    check_sharing(c);
    n_workers = lanes_count(c->config, c->lcores.n - 1);
    if (c->lcores.n > n_workers + 1)
        check_advises(c,
                      "%u worker lcores, but queues for %u: the others stay idle; raise "
                      "\"queues\" of the ports, or lower eal.lcores",
                      c->lcores.n - 1, n_workers);
}

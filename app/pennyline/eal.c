/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <errno.h>
#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_version.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lcores.h"
#include "runtime.h"
#include "say.h"

#define MAX_ARGUMENTS 192

/* EAL keeps pointers into the texts, so they live as long as the process; the list of them that it
 * is given, it changes. */
struct arguments {
    char *text[MAX_ARGUMENTS + 1];
    char *given[MAX_ARGUMENTS + 1];
    int n;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
    va_list values;

    if (a->n == MAX_ARGUMENTS)
        return;
    va_start(values, format);
    if (vasprintf(&a->text[a->n], format, values) >= 0)
        a->n++;
    va_end(values);
}

/* The value of an option in one or two arguments, "" when it has none, or NULL. */
static const char *value_of(char *const *arguments, const char *option)
{
    size_t n = strlen(option);

    for (; arguments != NULL && *arguments != NULL; arguments++) {
        const char *rest = *arguments + n;

        if (strncmp(*arguments, option, n) != 0)
            continue;
        if (*rest == '=')
            return rest + 1;
        if (*rest == '\0')
            return arguments[1] != NULL ? arguments[1] : "";
    }
    return NULL;
}

const char *eal_lcores_argument(char *const *arguments)
{
    const char *value = value_of(arguments, "--lcores");

    return value != NULL ? value : value_of(arguments, "-l");
}

uint64_t eal_memory_mb(const struct config *config, uint64_t needed_bytes)
{
    uint64_t needed = ((needed_bytes + needed_bytes / 4) >> 20) + 64;

    return needed > config->eal.memory_mb ? needed : config->eal.memory_mb;
}

/* Hugepages when they are wanted and there; else a warning that says what is lost. */
static bool use_hugepages(const struct config *config, uint64_t needed_mb)
{
    struct host_hugepages have;

    if (!config->eal.huge)
        return false;
    host_read_hugepages(&have);
    if (have.is_mounted && have.free_bytes >= needed_mb << 20)
        return true;
    say_warning("%lu MiB of hugepages are needed, %lu are free%s: plain memory is used instead, "
                "which is slower, and dpdk-proc-info cannot attach; \"echo %lu > "
                "/proc/sys/vm/nr_hugepages\" makes room, or say \"huge\": false",
                (unsigned long)needed_mb, (unsigned long)(have.free_bytes >> 20),
                have.is_mounted ? "" : ", and no hugetlbfs is mounted",
                host_hugepages_wanted(&have, needed_mb));
    return false;
}

static bool is_given(const struct eal_request *r, const char *option)
{
    char *configured[CONFIG_MAX_EAL_ARGUMENTS + 1] = {NULL};

    for (uint32_t i = 0; i < r->config->eal.n_extra; i++)
        configured[i] = (char *)(uintptr_t)r->config->eal.extra[i];
    return value_of(r->extra, option) != NULL || value_of(configured, option) != NULL;
}

static bool memory_is_given(const struct eal_request *r)
{
    return is_given(r, "-m") || is_given(r, "--socket-mem");
}

static bool add_memory(struct arguments *a, const struct eal_request *r)
{
    uint64_t mb = eal_memory_mb(r->config, r->needed_bytes);
    bool huge;

    if (memory_is_given(r))
        return !is_given(r, "--no-huge");
    if (r->config->eal.memory_mb > 0 && mb > r->config->eal.memory_mb)
        say_info("eal.memory_mb is %u, but %lu MiB are needed and taken", r->config->eal.memory_mb,
                 (unsigned long)mb);
    huge = !is_given(r, "--no-huge") && use_hugepages(r->config, mb);
    if (!huge)
        add(a, "--no-huge");
    add(a, "-m");
    add(a, "%lu", (unsigned long)mb);
    return huge;
}

/* Only the devices of the configuration, so that nothing else on the machine is touched. */
static void add_devices(struct arguments *a, const struct config *config)
{
    bool has_pci = false;

    for (uint32_t i = 0; i < config->n_ports; i++)
        if (config_device_kind(config->ports[i].device) == PORT_DEVICE_PCI) {
            add(a, "-a");
            add(a, "%s", config->ports[i].device);
            has_pci = true;
        }
    if (!has_pci)
        add(a, "--no-pci");
}

/* EAL refuses --in-memory beside --no-huge, which says as much. */
static void add_extra(struct arguments *a, const char *extra, bool huge)
{
    if (huge || strcmp(extra, "--in-memory") != 0)
        add(a, "%s", extra);
}

/* EAL takes most options once only, so what the command line gives is left out here. */
static void compose(struct arguments *a, const struct eal_request *r)
{
    const struct config_eal *e = &r->config->eal;
    bool huge;

    add(a, "%s", r->program);
    if (eal_lcores_argument(r->extra) == NULL) {
        add(a, "--lcores");
        add(a, "%s", e->lcores);
    }
    if (e->has_main_lcore && value_of(r->extra, "--main-lcore") == NULL)
        add(a, "--main-lcore=%u", e->main_lcore);
    if (value_of(r->extra, "--file-prefix") == NULL)
        add(a, "--file-prefix=%s", e->file_prefix);
    if (!is_given(r, "--log-level")) {
        add(a, "--log-level=lib.telemetry:error"); /* it warns of a socket that nobody uses */
        add(a, "--log-level=*:warning");
    }
    huge = add_memory(a, r);
    add_devices(a, r->config);
    for (uint32_t i = 0; i < e->n_extra; i++)
        add_extra(a, e->extra[i], huge);
    for (char *const *extra = r->extra; extra != NULL && *extra != NULL; extra++)
        add_extra(a, *extra, huge);
}

/* Threads that DPDK starts inherit our affinity, so that is narrowed first. */
static int keep_off_workers(const struct eal_request *r)
{
    const struct config_eal *e = &r->config->eal;
    const char *given = eal_lcores_argument(r->extra);
    const char *text = given != NULL ? given : e->lcores;
    struct lcores lcores;
    cpu_set_t mine, workers;
    char error[LCORES_ERROR_BYTES];

    if (lcores_parse(text, e->has_main_lcore ? e->main_lcore : UINT32_MAX, &lcores, error) != 0) {
        say_error("%s", error);
        return -EINVAL;
    }
    workers = lcores_worker_cpus(&lcores);
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return -errno;
    for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &workers))
            CPU_CLR(cpu, &mine);
    /* All CPUs have workers: then nothing can be kept off. */
    if (CPU_COUNT(&mine) > 0)
        sched_setaffinity(0, sizeof(mine), &mine);
    return 0;
}

/* The last one of the texts that gives it, as EAL takes it. */
static const char *file_prefix_of(const struct eal_request *r)
{
    const char *given = value_of(r->extra, "--file-prefix");
    char *configured[CONFIG_MAX_EAL_ARGUMENTS + 1] = {NULL};

    for (uint32_t i = 0; i < r->config->eal.n_extra; i++)
        configured[i] = (char *)(uintptr_t)r->config->eal.extra[i];
    if (given == NULL)
        given = value_of(configured, "--file-prefix");
    return given != NULL ? given : r->config->eal.file_prefix;
}

/* What EAL would say in words of its own, or die of. */
static int check_runtime(const struct eal_request *r)
{
    char directory[PATH_MAX];
    const char *prefix = file_prefix_of(r);
    uint64_t n_free;
    pid_t owner;

    if (is_given(r, "--no-shconf") || is_given(r, "--in-memory"))
        return 0;
    runtime_directory(directory, sizeof(directory));
    owner = runtime_owner(directory, prefix);
    if (owner != 0) {
        say_error("another DPDK program, process %d, runs with the file prefix \"%s\"; stop it, or "
                  "give this one another eal.file_prefix (--file-prefix after --)",
                  (int)owner, prefix);
        return -EBUSY;
    }
    n_free = runtime_free_bytes(directory);
    if (n_free >= RUNTIME_NEEDED_BYTES)
        return 0;
    say_error("%s has room for %lu KiB, DPDK needs up to %lu there; remove what fills it, or "
              "enlarge its file system",
              directory, (unsigned long)(n_free >> 10),
              (unsigned long)(RUNTIME_NEEDED_BYTES >> 10));
    return -ENOSPC;
}

int eal_start(const struct eal_request *request)
{
    static struct arguments arguments;
    int error = check_runtime(request);

    if (error == 0)
        error = keep_off_workers(request);
    if (error != 0)
        return error;
    compose(&arguments, request);
    memcpy(arguments.given, arguments.text, sizeof(arguments.given));
    if (rte_eal_init(arguments.n, arguments.given) >= 0)
        return 0;
    /* It does not always leave a number. */
    error = rte_errno > 0 ? rte_errno : EIO;
    say_error("DPDK (%s) cannot start%s%s; its own words stand above; \"pennyline check\" looks "
              "for the usual causes",
              rte_version(), rte_errno > 0 ? ": " : "",
              rte_errno > 0 ? rte_strerror(rte_errno) : "");
    return -error;
}

void eal_stop(void)
{
    rte_eal_cleanup();
}

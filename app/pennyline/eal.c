/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_version.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "eal_arguments.h"
#include "hugepages.h"
#include "lcores.h"
#include "runtime.h"
#include "say.h"

#define MAX_ARGUMENTS 192

/* EAL keeps pointers into the texts, so they live until it ends, as configuration and command line
 * do; the list of them that it is given, it changes. */
struct arguments {
    char *own[MAX_ARGUMENTS + 1]; /* what the configuration's fields say */
    int n_own;
    char *configured[CONFIG_MAX_EAL_ARGUMENTS + 1]; /* eal.extra */
    char *const *given;                             /* the command line's, behind "--" */
    char *merged[MAX_ARGUMENTS + 1];
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
    va_list values;

    if (a->n_own == MAX_ARGUMENTS)
        return;
    va_start(values, format);
    if (vasprintf(&a->own[a->n_own], format, values) >= 0)
        a->n_own++;
    va_end(values);
}

/* What the operator says for an option, on the command line or else in eal.extra; or NULL. */
static const char *said(const struct arguments *a, const char *option)
{
    const char *value = eal_arguments_value(a->given, option);

    return value != NULL ? value : eal_arguments_value(a->configured, option);
}

static void listen(struct arguments *a, const struct config *config, char *const *given)
{
    for (uint32_t i = 0; i < config->eal.n_extra; i++)
        a->configured[i] = (char *)(uintptr_t)config->eal.extra[i];
    a->given = given;
}

int eal_read_lcores(const struct config *config, char *const *given, struct lcores *out,
                    char *error)
{
    uint32_t main_lcore = config->eal.has_main_lcore ? config->eal.main_lcore : UINT32_MAX;
    struct arguments a = {.n_own = 0};
    char listed[EAL_LCORES_BYTES];
    const char *list, *main_said;

    listen(&a, config, given);
    list = eal_arguments_lcores(a.given, listed);
    if (list == NULL)
        list = eal_arguments_lcores(a.configured, listed);
    main_said = said(&a, "--main-lcore");
    if (main_said != NULL)
        main_lcore = (uint32_t)strtoul(main_said, NULL, 10);
    return lcores_parse(list != NULL ? list : config->eal.lcores, main_lcore, out, error);
}

/* Hugepages when they are there; else a warning that says what is lost. */
static bool use_hugepages(const uint64_t mb[HUGEPAGES_MAX_NODES], struct hugepages *have)
{
    char why[512];

    hugepages_read("", hugepages_node_of_file, have);
    if (hugepages_suffice(have, mb, why, sizeof(why)))
        return true;
    say_warning("%s; plain memory is used instead, which is slower, and dpdk-proc-info cannot "
                "attach; \"huge\": false says that this is meant so",
                why);
    return false;
}

/* -m shares out by lcores, whatever lies where. */
static void add_by_node(struct arguments *a, const uint64_t mb[HUGEPAGES_MAX_NODES],
                        unsigned int n_nodes)
{
    char text[HUGEPAGES_MAX_NODES * 24] = "";
    size_t used = 0;

    for (unsigned int node = 0; node < n_nodes; node++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lu", node > 0 ? "," : "",
                                 (unsigned long)mb[node]);
    add(a, "--socket-mem=%s", text);
}

/* Returns whether hugepages are used. */
static bool add_memory(struct arguments *a, const struct eal_request *r)
{
    const struct config_eal *e = &r->config->eal;
    uint64_t by_node[HUGEPAGES_MAX_NODES];
    uint64_t mb = hugepages_to_ask_for(r->needed_bytes, r->manager_node, e->memory_mb, by_node);
    bool huge = e->huge && said(a, "--no-huge") == NULL;
    struct hugepages have = {.n_nodes = 1};

    if (said(a, "--memory-size") == NULL) {
        if (e->memory_mb > 0 && mb > e->memory_mb)
            say_info("eal.memory_mb is %u, but %lu MiB are needed and taken", e->memory_mb,
                     (unsigned long)mb);
        huge = huge && use_hugepages(by_node, &have);
        if (huge && have.n_nodes > 1)
            add_by_node(a, by_node, have.n_nodes);
        if (!huge || have.n_nodes == 1) {
            add(a, "-m");
            add(a, "%lu", (unsigned long)mb);
        }
    }
    if (!huge)
        add(a, "--no-huge");
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

/* How many words are in `merged`, or a negative errno. */
static int compose(struct arguments *a, const struct eal_request *r)
{
    const struct config_eal *e = &r->config->eal;
    char *const *lists[] = {a->own, a->configured, a->given};
    bool huge;
    int n;

    add(a, "%s", r->program);
    add(a, "--lcores=%s", e->lcores);
    if (e->has_main_lcore)
        add(a, "--main-lcore=%u", e->main_lcore);
    add(a, "--file-prefix=%s", e->file_prefix);
    if (said(a, "--log-level") == NULL) {
        add(a, "--log-level=lib.telemetry:error"); /* it warns of a socket that nobody uses */
        add(a, "--log-level=*:warning");
    }
    huge = add_memory(a, r);
    add_devices(a, r->config);
    n = eal_arguments_merge(lists, ARRAY_LENGTH(lists), a->merged, ARRAY_LENGTH(a->merged));
    if (n < 0) {
        say_error("more than %d words for EAL; give fewer behind \"--\" and in eal.extra",
                  MAX_ARGUMENTS);
        return n;
    }
    /* EAL refuses it beside --no-huge, which says as much. */
    if (!huge)
        eal_arguments_remove(a->merged, "--in-memory");
    for (n = 0; a->merged[n] != NULL; n++)
        continue;
    return n;
}

/* Threads that DPDK starts inherit our affinity, so that is narrowed first. */
static int keep_off_workers(const struct eal_request *r)
{
    struct lcores lcores;
    cpu_set_t mine, workers;
    char error[LCORES_ERROR_BYTES];

    if (eal_read_lcores(r->config, r->extra, &lcores, error) != 0) {
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

static const char *prefix_of(const struct arguments *a, const struct config_eal *e)
{
    const char *prefix = said(a, "--file-prefix");

    if (said(a, "--no-shconf") != NULL || said(a, "--in-memory") != NULL)
        return NULL;
    return prefix != NULL ? prefix : e->file_prefix;
}

const char *eal_read_prefix(const struct config *config, char *const *given)
{
    struct arguments a = {.n_own = 0};

    listen(&a, config, given);
    return prefix_of(&a, &config->eal);
}

/* What EAL would say in words of its own, or die of. */
static int check_runtime(const struct arguments *a, const struct config_eal *e)
{
    const char *prefix = prefix_of(a, e);
    char directory[PATH_MAX];
    uint64_t n_free;
    pid_t owner;

    if (prefix == NULL)
        return 0;
    runtime_directory(directory, sizeof(directory));
    owner = runtime_owner(directory, prefix);
    if (owner != 0) {
        say_error(RUNTIME_OWNED, (int)owner, prefix);
        return -EBUSY;
    }
    n_free = runtime_free_bytes(directory);
    if (n_free >= RUNTIME_NEEDED_BYTES)
        return 0;
    say_error(RUNTIME_FULL, directory, (unsigned long)(n_free >> 10),
              (unsigned long)(RUNTIME_NEEDED_BYTES >> 10));
    return -ENOSPC;
}

/* --help ends the process once all before it was taken. The first one may be swallowed as the value
 * of an option that lacks its own. */
static void try_extra(const struct config *config)
{
    static char program[] = "pennyline", help[] = "--help";
    char *arguments[CONFIG_MAX_EAL_ARGUMENTS + 4] = {program};
    int n = 1, nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
        exit(EXIT_SUCCESS);
    for (uint32_t i = 0; i < config->eal.n_extra; i++)
        arguments[n++] = (char *)(uintptr_t)config->eal.extra[i];
    arguments[n++] = help;
    arguments[n++] = help;
    rte_eal_init(n, arguments);
    _exit(EXIT_FAILURE);
}

bool eal_takes_extra(const struct config *config)
{
    int status = 0;
    pid_t child;

    if (config->eal.n_extra == 0)
        return true;
    child = fork();
    if (child == 0)
        try_extra(config);
    return child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
           WEXITSTATUS(status) == EXIT_SUCCESS;
}

int eal_start(const struct eal_request *request)
{
    static struct arguments arguments;
    int n, error;

    listen(&arguments, request->config, request->extra);
    error = check_runtime(&arguments, &request->config->eal);
    if (error == 0)
        error = keep_off_workers(request);
    if (error != 0)
        return error;
    n = compose(&arguments, request);
    if (n < 0)
        return n;
    if (rte_eal_init(n, arguments.merged) >= 0)
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

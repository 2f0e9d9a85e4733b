/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-info/attach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_memzone.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "info/check.h"
#include "info/read.h"

#define CPUS_BYTES 8192

/* Where EAL keeps what its processes share: a folder for each file prefix. */
static const char *runtime_directory(char out[128])
{
    const char *user = getenv("XDG_RUNTIME_DIR");

    if (getuid() == 0)
        user = "/var/run";
    snprintf(out, 128, "%.100s/dpdk", user != NULL ? user : "/tmp");
    return out;
}

/* The process that holds EAL's shared configuration locked, which the primary does as long as it
 * lives; 0: nobody; -1: there is no such file. */
static pid_t find_holder(const char *config_path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(config_path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? -1 : 0;
    if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        lock.l_pid = 0;
    close(fd);
    return lock.l_pid;
}

bool attach_primary_lives(const struct attachment *a)
{
    return find_holder(a->config_path) == a->primary;
}

/* Other prefixes under which something runs: the usual mistake. */
static void say_others(const char *directory)
{
    DIR *folder = opendir(directory);
    const struct dirent *entry;
    const char *word = "; there are others: ";

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[512];

        snprintf(path, sizeof(path), "%s/%s/config", directory, entry->d_name);
        if (entry->d_name[0] == '.' || find_holder(path) <= 0)
            continue;
        fprintf(stderr, "%s--file-prefix %s", word, entry->d_name);
        word = ", ";
    }
    if (folder != NULL)
        closedir(folder);
    fprintf(stderr, "\n");
}

static int find_primary(struct attachment *a)
{
    char directory[128];

    runtime_directory(directory);
    snprintf(a->config_path, sizeof(a->config_path), "%s/%.100s/config", directory, a->file_prefix);
    a->primary = find_holder(a->config_path);
    if (a->primary > 0)
        return 0;
    if (a->primary == 0)
        fprintf(stderr, "pennyline-info: the pennyline with file prefix \"%s\" has ended",
                a->file_prefix);
    else
        fprintf(stderr,
                "pennyline-info: no pennyline runs with file prefix \"%s\", or it runs with "
                "--in-memory or as another user, and then cannot be seen from outside: ask its "
                "control socket (pennylinectl)",
                a->file_prefix);
    say_others(directory);
    return EXIT_NO_PRIMARY;
}

/* "0@(0,1,5)": one lcore on all CPUs that this process may use, so that EAL pins it to none. */
static void write_lcores(char out[CPUS_BYTES])
{
    const char *comma = "";
    cpu_set_t cpus;
    size_t n;

    sched_getaffinity(0, sizeof(cpus), &cpus);
    n = (size_t)snprintf(out, CPUS_BYTES, "--lcores=0@(");
    for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &cpus)) {
            n += (size_t)snprintf(out + n, CPUS_BYTES - n, "%s%u", comma, cpu);
            comma = ",";
        }
    snprintf(out + n, CPUS_BYTES - n, ")");
}

/* No telemetry, which would take the primary's place; no bus is looked at, so no device. */
static int start_eal(const struct attachment *a)
{
    static char lcores[CPUS_BYTES], prefix[160], secondary[] = "--proc-type=secondary";
    static char program[] = "pennyline-info", no_telemetry[] = "--no-telemetry";
    static char no_pci[] = "--no-pci", log_level[] = "--log-level=*:4";
    static char *arguments[] = {program,      secondary, prefix,   lcores,
                                no_telemetry, no_pci,    log_level};

    write_lcores(lcores);
    snprintf(prefix, sizeof(prefix), "--file-prefix=%.100s", a->file_prefix);
    if (rte_eal_init(ARRAY_LENGTH(arguments), arguments) >= 0)
        return 0;
    /* EAL does not always leave a number; its own words stand above then. */
    fprintf(stderr,
            "pennyline-info: the memory of process %d (file prefix \"%s\") cannot be mapped%s%s. "
            "It must run with hugepages and without --no-huge, --in-memory or --huge-unlink, on "
            "the same DPDK, and this user must be allowed to read its hugepages (root). Else ask "
            "its control socket (pennylinectl)\n",
            (int)a->primary, a->file_prefix, rte_errno > 0 ? ": " : "",
            rte_errno > 0 ? rte_strerror(rte_errno) : "");
    return EXIT_ERROR;
}

static int protect(const struct rte_memseg_list *list, const struct rte_memseg *segment, size_t n,
                   void *protection)
{
    return list->external ? 0 : mprotect(segment->addr, n, *(const int *)protection);
}

/* EAL maps hugepages for writing in all its processes. Nothing here writes, and should a bug try,
 * it shall end this process and not harm the other. */
static int set_protection(int protection)
{
    return rte_memseg_contig_walk(protect, &protection);
}

/* CPUs of workers are not for us. */
static void keep_off_workers(const struct info_header *h)
{
    const struct info_worker *w;
    cpu_set_t mine, theirs;

    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return;
    for (uint32_t i = 0; (w = info_worker(h, i)) != NULL; i++) {
        memcpy(&theirs, w->cpus, sizeof(theirs));
        for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &theirs))
                CPU_CLR(cpu, &mine);
    }
    if (CPU_COUNT(&mine) > 0)
        sched_setaffinity(0, sizeof(mine), &mine);
}

static int find_info(struct attachment *a)
{
    const struct rte_memzone *zone = rte_memzone_lookup(INFO_MEMZONE);
    char error[512];
    enum info_fit fit;

    if (zone == NULL) {
        fprintf(stderr,
                "pennyline-info: process %d (file prefix \"%s\") is no pennyline, or one without "
                "pennyline-info, or it is starting or stopping\n",
                (int)a->primary, a->file_prefix);
        return EXIT_ERROR;
    }
    fit = info_check(zone->addr, zone->len, error, sizeof(error));
    if (fit == INFO_FITS) {
        a->info = zone->addr;
        return 0;
    }
    fprintf(stderr, "pennyline-info: %s\n", error);
    return fit == INFO_OTHER_LAYOUT ? EXIT_OTHER_LAYOUT : EXIT_ERROR;
}

int attach(struct attachment *a, const char *file_prefix)
{
    int code;

    *a = (struct attachment){.file_prefix = file_prefix};
    code = find_primary(a);
    if (code == 0)
        code = start_eal(a);
    if (code != 0)
        return code;
    code = find_info(a);
    if (code == 0 && set_protection(PROT_READ) != 0) {
        fprintf(stderr, "pennyline-info: the shared memory cannot be made read-only: %m\n");
        code = EXIT_ERROR;
    }
    if (code == 0)
        keep_off_workers(a->info);
    else
        rte_eal_cleanup();
    return code;
}

/* EAL gives back what it took in the shared heap when it started. */
void detach(struct attachment *a)
{
    a->info = NULL;
    if (set_protection(PROT_READ | PROT_WRITE) == 0)
        rte_eal_cleanup();
}

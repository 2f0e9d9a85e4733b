/* SPDX-License-Identifier: BSD-3-Clause */
#include "hugepages.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host.h"

#define PAGES_DIRECTORY "/sys/kernel/mm/hugepages"
#define NODES_DIRECTORY "/sys/devices/system/node"
#define EAL_FILES       "*map_*" /* as EAL looks for them */
#define BLOCK_BYTES     512      /* of st_blocks, always */

/* Of EAL itself and its drivers, where the manager is and elsewhere. */
#define MANAGER_SPARE_MB 64
#define NODE_SPARE_MB    16

struct question {
    const char *root;
    hugepages_node_of *node_of;
    struct hugepages *out;
};

int hugepages_node_of_file(int fd, uint64_t page_bytes)
{
    /* The page is there, so to map it takes none; but it must be in our tables to be asked for. */
    void *page = mmap(NULL, page_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    int node = -1;

    if (page == MAP_FAILED)
        return -1;
    move_pages(0, 1, &page, NULL, &node, 0);
    munmap(page, page_bytes);
    return node;
}

static unsigned int capped(int node)
{
    return node < 0 ? 0 : node < HUGEPAGES_MAX_NODES ? (unsigned int)node : HUGEPAGES_MAX_NODES - 1;
}

/* "2M", "1G", "2048K", as in the options of a mount. */
static uint64_t parse_size(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);

    return *end == 'G' ? n << 30 : *end == 'M' ? n << 20 : *end == 'K' || *end == 'k' ? n << 10 : n;
}

static uint64_t default_page_bytes(const char *root)
{
    char path[PATH_MAX], line[128];
    unsigned long kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/proc/meminfo", root);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Hugepagesize: %lu kB", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return (uint64_t)kib << 10;
}

/* The first mount of the size, as EAL takes it. */
static bool find_mount(const char *root, uint64_t page_bytes, char out[PATH_MAX])
{
    char path[PATH_MAX];
    struct mntent *entry;
    bool found = false;
    FILE *mounts;

    snprintf(path, sizeof(path), "%s/proc/mounts", root);
    mounts = setmntent(path, "re");
    while (!found && mounts != NULL && (entry = getmntent(mounts)) != NULL) {
        const char *size;

        if (strcmp(entry->mnt_type, "hugetlbfs") != 0)
            continue;
        size = hasmntopt(entry, "pagesize");
        found = page_bytes ==
                (size != NULL ? parse_size(size + strlen("pagesize=")) : default_page_bytes(root));
        if (found)
            snprintf(out, PATH_MAX, "%s%s", root, entry->mnt_dir);
    }
    /* Where EAL may not make its files, it ends. */
    found = found && access(out, W_OK | X_OK) == 0;
    if (mounts != NULL)
        endmntent(mounts);
    return found;
}

static uint64_t read_count(const char *root, const char *directory, const char *size,
                           const char *what)
{
    char path[PATH_MAX + 512];
    int64_t n;

    snprintf(path, sizeof(path), "%s%s/%s/%s", root, directory, size, what);
    n = host_read_number(path);
    return n > 0 ? (uint64_t)n : 0;
}

/* Those that nobody holds. Returns how many bytes they are. */
static uint64_t add_left_behind(const struct question *q, const char *mount, uint64_t page_bytes)
{
    DIR *directory = opendir(mount);
    struct dirent *entry;
    uint64_t sum = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        struct stat status;
        int fd;

        if (fnmatch(EAL_FILES, entry->d_name, 0) != 0)
            continue;
        fd = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_blocks > 0) {
            uint64_t n_bytes = (uint64_t)status.st_blocks * BLOCK_BYTES;

            q->out->nodes[capped(q->node_of(fd, page_bytes))].free_bytes += n_bytes;
            sum += n_bytes;
        }
        close(fd);
    }
    if (directory != NULL)
        closedir(directory);
    return sum;
}

/* A mount may have a limit of its own (size=), as that of a container has; hugetlbfs then tells of
 * blocks, else of none (hugetlbfs_statfs()). */
static void add_room(struct hugepages *out, const char *mount, uint64_t left_behind_bytes)
{
    struct statfs status;

    if (out->room_bytes == UINT64_MAX)
        return;
    if (statfs(mount, &status) != 0 || status.f_type != HUGETLBFS_MAGIC || status.f_blocks == 0)
        out->room_bytes = UINT64_MAX;
    else
        out->room_bytes += (uint64_t)status.f_bfree * (uint64_t)status.f_bsize + left_behind_bytes;
}

/* The kernel has no nodes, or tells of them: then all pages are in their directories. */
static void add_mounted(const struct question *q, const char *size, uint64_t page_bytes)
{
    char directory[PATH_MAX], path[PATH_MAX];
    struct hugepages *out = q->out;
    bool has_nodes = false;

    for (int node = 0; node < 64; node++) {
        unsigned int at = capped(node);

        snprintf(directory, sizeof(directory), NODES_DIRECTORY "/node%d/hugepages", node);
        snprintf(path, sizeof(path), "%s%s", q->root, directory);
        if (access(path, F_OK) != 0)
            continue;
        has_nodes = true;
        out->n_nodes = at + 1 > out->n_nodes ? at + 1 : out->n_nodes;
        out->nodes[at].total_bytes +=
            read_count(q->root, directory, size, "nr_hugepages") * page_bytes;
        out->nodes[at].free_bytes +=
            read_count(q->root, directory, size, "free_hugepages") * page_bytes;
    }
    if (has_nodes)
        return;
    out->n_nodes = 1;
    out->nodes[0].total_bytes +=
        read_count(q->root, PAGES_DIRECTORY, size, "nr_hugepages") * page_bytes;
    out->nodes[0].free_bytes +=
        read_count(q->root, PAGES_DIRECTORY, size, "free_hugepages") * page_bytes;
}

void hugepages_read(const char *root, hugepages_node_of *node_of, struct hugepages *out)
{
    const struct question q = {.root = root, .node_of = node_of, .out = out};
    char path[PATH_MAX], mount[PATH_MAX];
    struct dirent *entry;
    DIR *directory;

    *out = (struct hugepages){.n_nodes = 1};
    snprintf(path, sizeof(path), "%s" PAGES_DIRECTORY, root);
    directory = opendir(path);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        unsigned long kib;

        if (sscanf(entry->d_name, "hugepages-%lukB", &kib) != 1)
            continue;
        if (!find_mount(root, (uint64_t)kib << 10, mount)) {
            out->unmounted_bytes +=
                read_count(root, PAGES_DIRECTORY, entry->d_name, "free_hugepages") * kib << 10;
            continue;
        }
        out->is_mounted = true;
        add_mounted(&q, entry->d_name, (uint64_t)kib << 10);
        add_room(out, mount, add_left_behind(&q, mount, (uint64_t)kib << 10));
    }
    if (directory != NULL)
        closedir(directory);
    if (!out->is_mounted)
        out->room_bytes = UINT64_MAX;
}

uint64_t hugepages_to_ask_for(const uint64_t needed_bytes[HUGEPAGES_MAX_NODES],
                              unsigned int manager_node, uint64_t least_mb,
                              uint64_t mb[HUGEPAGES_MAX_NODES])
{
    uint64_t sum = 0;

    for (unsigned int node = 0; node < HUGEPAGES_MAX_NODES; node++) {
        uint64_t n = needed_bytes[node];

        mb[node] = (n + n / 4) >> 20;
        if (node == manager_node)
            mb[node] += MANAGER_SPARE_MB;
        else if (n > 0)
            mb[node] += NODE_SPARE_MB;
        sum += mb[node];
    }
    if (least_mb <= sum)
        return sum;
    for (unsigned int node = 0; node < HUGEPAGES_MAX_NODES; node++)
        mb[node] = (mb[node] * least_mb + sum - 1) / sum;
    return least_mb;
}

static void say_unmounted(const struct hugepages *have, char *why, size_t n)
{
    size_t used = strlen(why);

    if (have->unmounted_bytes > 0)
        snprintf(why + used, n - used,
                 "; %lu MiB more are of a size that no hugetlbfs is mounted for: \"mount -t "
                 "hugetlbfs -o pagesize=SIZE none DIRECTORY\"",
                 (unsigned long)(have->unmounted_bytes >> 20));
}

/* How many pages of 2 MB there must be in all, so that enough of them are free. */
static unsigned long pages_wanted(uint64_t total_bytes, uint64_t free_bytes, uint64_t needed_mb)
{
    uint64_t taken = total_bytes > free_bytes ? total_bytes - free_bytes : 0;

    return (unsigned long)((taken >> 21) + (needed_mb + 1) / 2);
}

bool hugepages_suffice(const struct hugepages *have, const uint64_t needed_mb[HUGEPAGES_MAX_NODES],
                       char *why, size_t n)
{
    uint64_t sum_mb = 0;

    if (!have->is_mounted) {
        snprintf(why, n,
                 "no hugetlbfs is mounted that this user may write to; \"mount -t hugetlbfs none "
                 "/dev/hugepages\", and \"echo "
                 "%lu > /proc/sys/vm/nr_hugepages\"",
                 pages_wanted(0, 0, needed_mb[0]));
        return false;
    }
    for (unsigned int node = 0; node < HUGEPAGES_MAX_NODES; node++)
        sum_mb += needed_mb[node];
    if (have->room_bytes >> 20 < sum_mb) {
        snprintf(why, n,
                 "%lu MiB of hugepages are needed, the limit of the hugetlbfs mount leaves %lu; "
                 "mount it anew with size=%luM or more, or without size=",
                 (unsigned long)sum_mb, (unsigned long)(have->room_bytes >> 20),
                 (unsigned long)(sum_mb + sum_mb % 2));
        return false;
    }
    for (unsigned int node = 0; node < HUGEPAGES_MAX_NODES; node++) {
        uint64_t total = have->nodes[node].total_bytes, n_free = have->nodes[node].free_bytes;
        unsigned long wanted = pages_wanted(total, n_free, needed_mb[node]);

        if (n_free >= needed_mb[node] << 20)
            continue;
        if (have->n_nodes > 1)
            snprintf(why, n,
                     "%lu MiB of hugepages are needed on NUMA node %u, %lu are free there; \"echo "
                     "%lu > " NODES_DIRECTORY "/node%u/hugepages/hugepages-2048kB/nr_hugepages\"",
                     (unsigned long)needed_mb[node], node, (unsigned long)(n_free >> 20), wanted,
                     node);
        else
            snprintf(why, n,
                     "%lu MiB of hugepages are needed, %lu are free; \"echo %lu > "
                     "/proc/sys/vm/nr_hugepages\"",
                     (unsigned long)needed_mb[node], (unsigned long)(n_free >> 20), wanted);
        say_unmounted(have, why, n);
        return false;
    }
    return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER     "pennyline/devices"
#define OWNER      "\nowner "
#define TEXT_BYTES (NETDEV_FEATURES_BYTES + 96)

void netdev_claim_directory(char *out, size_t n)
{
    const char *own = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        snprintf(out, n, "/run/" FOLDER);
    else if (own != NULL && *own != '\0')
        snprintf(out, n, "%s/" FOLDER, own);
    else
        snprintf(out, n, "/tmp/pennyline-%u/devices", geteuid());
}

/* Domain, bus, device, function: as the kernel writes them, the domain of four digits or more. */
static bool is_pci_address(const char *text)
{
    unsigned int domain, bus, device, function;
    int n = 0;

    return sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &n) == 4 &&
           text[n] == '\0';
}

/* What is behind an interface of a NIC; a virtual one has no device, or none of PCI. */
static void share_device(const char *root, const char *interface, struct netdev_key *out)
{
    char path[PATH_MAX], target[PATH_MAX];
    struct netdev_key device;
    const char *last;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", root, interface);
    n = readlink(path, target, sizeof(target) - 1);
    if (n < 0)
        return;
    target[n] = '\0';
    last = strrchr(target, '/');
    last = last != NULL ? last + 1 : target;
    if (!is_pci_address(last))
        return;
    netdev_key_pci(last, &device);
    memcpy(out->shared, device.own, sizeof(out->shared));
}

void netdev_key_interface(const char *root, const char *interface, struct netdev_key *out)
{
    struct stat status = {.st_ino = 0};
    char name[IF_NAMESIZE];

    *out = (struct netdev_key){.shared = ""};
    if (stat("/proc/self/ns/net", &status) != 0)
        status.st_ino = 0;
    if (if_indextoname(if_nametoindex(interface), name) == NULL)
        snprintf(name, sizeof(name), "%s", interface);
    snprintf(out->own, sizeof(out->own), "net-%lu-%s", (unsigned long)status.st_ino, name);
    share_device(root, name, out);
}

void netdev_key_pci(const char *address, struct netdev_key *out)
{
    *out = (struct netdev_key){.shared = ""};
    snprintf(out->own, sizeof(out->own), "pci-%.64s", address);
}

bool netdev_key_conflicts(const struct netdev_key *a, const struct netdev_key *b)
{
    return strcmp(a->own, b->own) == 0 || strcmp(a->own, b->shared) == 0 ||
           strcmp(a->shared, b->own) == 0;
}

static int make_directories(const char *directory)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/", directory);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int open_file(const char *directory, const char *key, int flags)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, key);
    fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

/* The kernel has no process for a lock of an open file, so it stands in the file; a dead one's may
 * stand there until the next owner has written its own. */
static pid_t read_owner(int fd)
{
    char text[TEXT_BYTES] = {0};
    const char *line;
    int pid = 0;

    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return 0;
    line = strstr(text, OWNER);
    if (line == NULL || sscanf(line, OWNER "%d", &pid) != 1 || pid <= 0)
        return 0;
    return kill(pid, 0) == 0 || errno != ESRCH ? pid : 0;
}

/* fcntl_locking(2). Of a record lock, as an older pennyline has, the kernel says the process. */
static bool is_locked(int fd, short type, pid_t *owner)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

    *owner = 0;
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        return false;
    *owner = lock.l_pid > 0 ? lock.l_pid : read_owner(fd);
    return true;
}

/* A file that was cut or that is no file of ours says nothing. */
static void read_changes(int fd, struct netdev_changes *out)
{
    char text[TEXT_BYTES] = {0};
    int n_read = 0;

    *out = (struct netdev_changes){.interface_index = 0};
    if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
        sscanf(text, "interface %u xdp %u off%n", &out->interface_index, &out->xdp_program,
               &n_read) < 2 ||
        n_read == 0)
        *out = (struct netdev_changes){.interface_index = 0};
    else {
        text[n_read + (int)strcspn(text + n_read, "\n")] = '\0';
        out->switched_off = netdev_features_parse(text + n_read);
    }
}

static int write_changes(int fd, const struct netdev_changes *changes)
{
    char text[TEXT_BYTES], names[NETDEV_FEATURES_BYTES];
    int n;

    if (fd < 0)
        return -EBADF;
    n = snprintf(text, sizeof(text), "interface %u xdp %u off %s" OWNER "%d\n",
                 changes->interface_index, changes->xdp_program,
                 netdev_features_format(changes->switched_off, names), (int)getpid());
    if (pwrite(fd, text, (size_t)n, 0) != n || ftruncate(fd, n) != 0)
        return -errno;
    return 0;
}

/* `type`: F_WRLCK, or F_RDLCK for what is shared. The descriptor, or a negative errno. */
static int take(const char *directory, const char *key, short type, struct netdev_changes *changes,
                pid_t *owner)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    int fd = open_file(directory, key, O_RDWR | O_CREAT), error;

    if (fd < 0)
        return fd;
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        read_changes(fd, changes);
        write_changes(fd, changes); /* else others are not told who it is, no more */
        return fd;
    }
    error = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
    is_locked(fd, type, owner);
    close(fd);
    return error;
}

int netdev_claim(const char *directory, const struct netdev_key *key, struct netdev_claim *claim,
                 pid_t *owner)
{
    struct netdev_changes nothing;
    int error = make_directories(directory);

    *claim = (struct netdev_claim){.fd = -1, .shared_fd = -1};
    *owner = 0;
    if (error != 0)
        return error;
    error = take(directory, key->own, F_WRLCK, &claim->changes, owner);
    if (error < 0)
        return error;
    claim->fd = error;
    if (key->shared[0] == '\0')
        return 0;
    error = take(directory, key->shared, F_RDLCK, &nothing, owner);
    if (error < 0) {
        netdev_claim_release(claim);
        return error;
    }
    claim->shared_fd = error;
    return 0;
}

static bool is_refused(const char *directory, const char *key, short type, pid_t *owner)
{
    int fd = open_file(directory, key, O_RDWR);
    bool is_owned;

    if (fd < 0)
        return false;
    is_owned = is_locked(fd, type, owner);
    close(fd);
    return is_owned;
}

bool netdev_claim_is_owned(const char *directory, const struct netdev_key *key, pid_t *owner)
{
    *owner = 0;
    return is_refused(directory, key->own, F_WRLCK, owner) ||
           (key->shared[0] != '\0' && is_refused(directory, key->shared, F_RDLCK, owner));
}

void netdev_claim_look(const char *directory, const struct netdev_key *key,
                       struct netdev_changes *out)
{
    int fd = open_file(directory, key->own, O_RDONLY);

    *out = (struct netdev_changes){.interface_index = 0};
    if (fd < 0)
        return;
    read_changes(fd, out);
    close(fd);
}

int netdev_claim_write(const struct netdev_claim *claim)
{
    return write_changes(claim->fd, &claim->changes);
}

static void give_back(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The files stay: who waits for a lock must find the same one. */
void netdev_claim_release(struct netdev_claim *claim)
{
    give_back(&claim->fd);
    give_back(&claim->shared_fd);
}

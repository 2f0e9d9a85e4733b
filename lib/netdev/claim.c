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

void netdev_interface_key(const char *interface, char out[NETDEV_KEY_BYTES])
{
    struct stat status = {.st_ino = 0};
    char name[IF_NAMESIZE];

    if (stat("/proc/self/ns/net", &status) != 0)
        status.st_ino = 0;
    if (if_indextoname(if_nametoindex(interface), name) == NULL)
        snprintf(name, sizeof(name), "%s", interface);
    snprintf(out, NETDEV_KEY_BYTES, "net-%lu-%s", (unsigned long)status.st_ino, name);
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
static bool is_locked(int fd, pid_t *owner)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

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

int netdev_claim(const char *directory, const char *key, struct netdev_claim *claim, pid_t *owner)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int error = make_directories(directory);

    *claim = (struct netdev_claim){.fd = -1};
    *owner = 0;
    if (error != 0)
        return error;
    claim->fd = open_file(directory, key, O_RDWR | O_CREAT);
    if (claim->fd < 0) {
        error = claim->fd;
        claim->fd = -1;
        return error;
    }
    if (fcntl(claim->fd, F_OFD_SETLK, &lock) == 0) {
        read_changes(claim->fd, &claim->changes);
        netdev_claim_write(claim); /* else others are not told who it is, no more */
        return 0;
    }
    error = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
    is_locked(claim->fd, owner);
    close(claim->fd);
    claim->fd = -1;
    return error;
}

bool netdev_claim_is_owned(const char *directory, const char *key, pid_t *owner)
{
    int fd = open_file(directory, key, O_RDWR);
    bool is_owned;

    *owner = 0;
    if (fd < 0)
        return false;
    is_owned = is_locked(fd, owner);
    close(fd);
    return is_owned;
}

void netdev_claim_look(const char *directory, const char *key, struct netdev_changes *out)
{
    int fd = open_file(directory, key, O_RDONLY);

    *out = (struct netdev_changes){.interface_index = 0};
    if (fd < 0)
        return;
    read_changes(fd, out);
    close(fd);
}

int netdev_claim_write(const struct netdev_claim *claim)
{
    char text[TEXT_BYTES], names[NETDEV_FEATURES_BYTES];
    int n;

    if (claim->fd < 0)
        return -EBADF;
    n = snprintf(text, sizeof(text), "interface %u xdp %u off %s" OWNER "%d\n",
                 claim->changes.interface_index, claim->changes.xdp_program,
                 netdev_features_format(claim->changes.switched_off, names), (int)getpid());
    if (pwrite(claim->fd, text, (size_t)n, 0) != n || ftruncate(claim->fd, n) != 0)
        return -errno;
    return 0;
}

/* The file stays: who waits for its lock must find the same one. */
void netdev_claim_release(struct netdev_claim *claim)
{
    if (claim->fd >= 0)
        close(claim->fd);
    claim->fd = -1;
}

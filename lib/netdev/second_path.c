/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev/second_path.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLASS "/sys/class/net"
/* VLANs on VLANs. */
#define MOST_LEVELS 4
#define UPPER       "upper_"

struct question {
    const char *root;
    const char *interface; /* the port's own */
    char *out;
    size_t n;
};

static bool read_line_of(const char *path, char *out, size_t n)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(out, (int)n, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (read)
        out[strcspn(out, "\n")] = '\0';
    return read;
}

/* "vlan", "bridge" and so on, by the line DEVTYPE of its uevent; "" when it says none. */
static void read_type(const struct question *q, const char *interface, char *out, size_t n)
{
    char path[PATH_MAX], line[128];
    FILE *file;

    out[0] = '\0';
    snprintf(path, sizeof(path), "%s" CLASS "/%s/uevent", q->root, interface);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "DEVTYPE=", 8) == 0)
            snprintf(out, n, "%.*s", (int)strcspn(line + 8, "\n"), line + 8);
    if (file != NULL)
        fclose(file);
}

/* Bridge, bond, team, Open vSwitch: all are masters. */
static bool has_master(const struct question *q, const char *interface)
{
    char path[PATH_MAX], target[PATH_MAX];
    ssize_t n;

    snprintf(path, sizeof(path), "%s" CLASS "/%s/master", q->root, interface);
    n = readlink(path, target, sizeof(target) - 1);
    if (n < 0) {
        snprintf(path, sizeof(path), "%s" CLASS "/%s/brport", q->root, interface);
        if (access(path, F_OK) != 0)
            return false;
        strcpy(target, "a bridge");
        n = (ssize_t)strlen(target);
    }
    target[n] = '\0';
    snprintf(q->out, q->n,
             "%s%sis a port of %s, which forwards its frames, too; "
             "\"ip link set %s nomaster\"",
             interface != q->interface ? interface : "", interface != q->interface ? " on it " : "",
             basename(target), interface);
    return true;
}

/* Is a number of the kernel's other than 0? */
static bool is_set(const struct question *q, const char *family, const char *interface,
                   const char *what)
{
    char path[PATH_MAX], line[16];

    snprintf(path, sizeof(path), "%s/proc/sys/net/%s/conf/%s/%s", q->root, family, interface, what);
    return read_line_of(path, line, sizeof(line)) && strcmp(line, "0") != 0;
}

/* Linux forwards what is sent to the interface's MAC, whether or not it has an IP address. IPv4 is
 * asked by the interface that a packet comes in by; IPv6 for all at once, or from 6.17 on by that
 * interface, too (Documentation/networking/ip-sysctl.rst, conf/all/forwarding of both;
 * force_forwarding). */
static bool is_routed(const struct question *q, const char *interface)
{
    const char *family = NULL, *remedy = NULL;

    if (is_set(q, "ipv4", interface, "forwarding")) {
        family = "ipv4";
        remedy = "forwarding=0";
    } else if (!is_set(q, "ipv6", interface, "disable_ipv6") &&
               (is_set(q, "ipv6", "all", "forwarding") ||
                is_set(q, "ipv6", interface, "force_forwarding"))) {
        family = "ipv6";
        remedy = "disable_ipv6=1";
    }
    if (family == NULL)
        return false;
    snprintf(q->out, q->n,
             "%s%sis routed: the kernel forwards what is sent to its MAC; "
             "\"sysctl net/%s/conf/%s/%s\"",
             interface != q->interface ? interface : "", interface != q->interface ? " on it " : "",
             family, interface, remedy);
    return true;
}

static bool ask(const struct question *q, const char *interface, unsigned int level);

/* What stands on it, as a macvlan of a guest. A VLAN is harmless by itself: what becomes of its
 * frames? */
static bool has_upper(const struct question *q, const char *interface, unsigned int level)
{
    char path[PATH_MAX], type[32];
    struct dirent *entry;
    bool found = false;
    DIR *directory;

    snprintf(path, sizeof(path), "%s" CLASS "/%s", q->root, interface);
    directory = opendir(path);
    while (!found && directory != NULL && (entry = readdir(directory)) != NULL) {
        const char *upper = entry->d_name + sizeof(UPPER) - 1;

        if (strncmp(entry->d_name, UPPER, sizeof(UPPER) - 1) != 0)
            continue;
        read_type(q, upper, type, sizeof(type));
        if (strcmp(type, "vlan") == 0) {
            found = level < MOST_LEVELS && ask(q, upper, level + 1);
            continue;
        }
        snprintf(q->out, q->n,
                 "carries %s (%s), which takes its frames, too; \"ip link delete %s\"", upper,
                 type[0] != '\0' ? type : "an interface of its own", upper);
        found = true;
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

static bool ask(const struct question *q, const char *interface, unsigned int level)
{
    return has_master(q, interface) || is_routed(q, interface) || has_upper(q, interface, level);
}

bool netdev_has_second_path(const char *root, const char *interface, char *out, size_t n)
{
    const struct question question = {.root = root, .interface = interface, .out = out, .n = n};

    return ask(&question, interface, 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev/sent.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/compiler.h"

/* A filter, as PACKET_IGNORE_OUTGOING does nothing in a fanout group. */
static struct sock_filter instructions[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
};

static bool is_bound_to(int fd, uint32_t interface_index)
{
    struct sockaddr_ll address = {0};
    socklen_t n = sizeof(address);
    int domain = 0;
    socklen_t n_domain = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n_domain) == 0 && domain == AF_PACKET &&
           getsockname(fd, (struct sockaddr *)&address, &n) == 0 &&
           address.sll_ifindex == (int)interface_index;
}

int netdev_ignore_sent(uint32_t interface_index)
{
    const struct sock_fprog filter = {ARRAY_LENGTH(instructions), instructions};
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;
    int n = 0;

    if (directory == NULL)
        return -errno;
    while (n >= 0 && (entry = readdir(directory)) != NULL) {
        const int fd = atoi(entry->d_name);

        if (entry->d_name[0] == '.' || !is_bound_to(fd, interface_index))
            continue;
        n = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 ? n + 1
                                                                                       : -errno;
    }
    closedir(directory);
    return n;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev/offloads.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"

/* More than any kernel has; 6.18 has 64. */
#define MOST_FEATURES 1024
#define BLOCK_BITS    32

enum kind { FRAMES, TAGS };

/* The order is that of netdev_features. */
static const struct {
    const char *name;
    enum kind kind;
} features[] = {
    {"rx-gro", FRAMES},                /* merges TCP segments */
    {"rx-lro", FRAMES},                /* likewise, in the driver */
    {"rx-gro-hw", FRAMES},             /* likewise, in the NIC */
    {"rx-gro-list", FRAMES},           /* chains packets of UDP and TCP */
    {"rx-udp-gro-forwarding", FRAMES}, /* merges UDP datagrams */
    {"rx-fcs", FRAMES},                /* leaves the checksum behind the frame: four bytes more */
    {"rx-all", FRAMES}, /* hands over frames with a wrong checksum: we would mend it */
    {"rx-vlan-hw-parse", TAGS},
    {"rx-vlan-stag-hw-parse", TAGS},
};

/* The kernel's numbers of features[], which differ from release to release. -1: it has none. */
struct places {
    int bit[ARRAY_LENGTH(features)];
    uint32_t n_blocks;
};

static netdev_features of_kind(enum kind kind)
{
    netdev_features set = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(features); i++)
        if (features[i].kind == kind)
            set |= 1u << i;
    return set;
}

netdev_features netdev_features_of_frames(void)
{
    return of_kind(FRAMES);
}

netdev_features netdev_features_of_tags(void)
{
    return of_kind(TAGS);
}

const char *netdev_feature_name(unsigned int i)
{
    return i < ARRAY_LENGTH(features) ? features[i].name : NULL;
}

const char *netdev_features_format(netdev_features set, char out[NETDEV_FEATURES_BYTES])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++)
        if ((set >> i & 1) != 0)
            used += (size_t)snprintf(out + used, NETDEV_FEATURES_BYTES - used, "%s%s",
                                     used > 0 ? " " : "", features[i].name);
    return out;
}

netdev_features netdev_features_parse(const char *text)
{
    netdev_features set = 0;

    while (*text != '\0') {
        size_t n = strcspn(text, " \n");

        for (size_t i = 0; i < ARRAY_LENGTH(features); i++)
            if (strlen(features[i].name) == n && memcmp(features[i].name, text, n) == 0)
                set |= 1u << i;
        text += n + strspn(text + n, " \n");
    }
    return set;
}

static int ask(int fd, const char *interface, void *command)
{
    struct ifreq request = {.ifr_data = command};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    return ioctl(fd, SIOCETHTOOL, &request) >= 0 ? 0 : -errno;
}

static int count_names(int fd, const char *interface, uint32_t *n)
{
    union {
        struct ethtool_sset_info info;
        char room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)]; /* for its data[0] */
    } sizes = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES}};
    int error = ask(fd, interface, &sizes);

    if (error != 0)
        return error;
    *n = sizes.info.data[0];
    return sizes.info.sset_mask != 0 && *n > 0 && *n <= MOST_FEATURES ? 0 : -EOPNOTSUPP;
}

static void find_names(const struct ethtool_gstrings *names, struct places *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++) {
        out->bit[i] = -1;
        for (uint32_t k = 0; k < names->len; k++)
            if (strncmp((const char *)names->data + (size_t)k * ETH_GSTRING_LEN, features[i].name,
                        ETH_GSTRING_LEN) == 0)
                out->bit[i] = (int)k;
    }
}

static int find_places(int fd, const char *interface, struct places *out)
{
    struct ethtool_gstrings *names;
    uint32_t n = 0;
    int error = count_names(fd, interface, &n);

    if (error != 0)
        return error;
    names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
    if (names == NULL)
        return -ENOMEM;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = n;
    error = ask(fd, interface, names);
    if (error == 0)
        find_names(names, out);
    out->n_blocks = (n + BLOCK_BITS - 1) / BLOCK_BITS;
    free(names);
    return error;
}

static int read_active(int fd, const char *interface, const struct places *p, netdev_features *out)
{
    struct ethtool_gfeatures *now =
        calloc(1, sizeof(*now) + p->n_blocks * sizeof(struct ethtool_get_features_block));
    int error;

    if (now == NULL)
        return -ENOMEM;
    now->cmd = ETHTOOL_GFEATURES;
    now->size = p->n_blocks;
    error = ask(fd, interface, now);
    *out = 0;
    for (size_t i = 0; error == 0 && i < ARRAY_LENGTH(features); i++)
        if (p->bit[i] >= 0 &&
            (now->features[p->bit[i] / BLOCK_BITS].active >> (p->bit[i] % BLOCK_BITS) & 1) != 0)
            *out |= 1u << i;
    free(now);
    return error;
}

static int write_wanted(int fd, const char *interface, const struct places *p, netdev_features set,
                        bool on)
{
    struct ethtool_sfeatures *wanted =
        calloc(1, sizeof(*wanted) + p->n_blocks * sizeof(struct ethtool_set_features_block));
    int error;

    if (wanted == NULL)
        return -ENOMEM;
    wanted->cmd = ETHTOOL_SFEATURES;
    wanted->size = p->n_blocks;
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++)
        if ((set >> i & 1) != 0 && p->bit[i] >= 0) {
            struct ethtool_set_features_block *block = &wanted->features[p->bit[i] / BLOCK_BITS];
            uint32_t bit = 1u << (p->bit[i] % BLOCK_BITS);

            block->valid |= bit;
            block->requested |= on ? bit : 0;
        }
    error = ask(fd, interface, wanted);
    free(wanted);
    return error;
}

int netdev_features_read(const char *interface, netdev_features *active)
{
    struct places places = {.n_blocks = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int error = fd >= 0 ? find_places(fd, interface, &places) : -errno;

    *active = 0;
    if (error == 0)
        error = read_active(fd, interface, &places, active);
    if (fd >= 0)
        close(fd);
    return error;
}

int netdev_features_switch(const char *interface, netdev_features set, bool on)
{
    struct places places = {.n_blocks = 0};
    int fd, error;

    if (set == 0)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    error = fd >= 0 ? find_places(fd, interface, &places) : -errno;
    if (error == 0)
        error = write_wanted(fd, interface, &places, set, on);
    if (fd >= 0)
        close(fd);
    return error;
}

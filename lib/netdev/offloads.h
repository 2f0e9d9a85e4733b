/* SPDX-License-Identifier: BSD-3-Clause */
/* Features of a kernel interface by which other frames come than the wire brought: merged (GRO, LRO
 * and their kinds), with a checksum behind them, or without their VLAN tag. The names are those of
 * the kernel (net/ethtool/common.c, netdev_features_strings), as "ethtool -k" has most of them.
 *
 * The manager's thread alone; nothing is kept between calls. */
#ifndef NETDEV_OFFLOADS_H
#define NETDEV_OFFLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of them: bits by their place in netdev_feature_name(). */
typedef uint32_t netdev_features;

/* Of those, the ones that change frames however they are read, and those that take the VLAN tag out
 * before an XDP program sees the frame (AF_PACKET is told the tag, and puts it back). */
netdev_features netdev_features_of_frames(void);
netdev_features netdev_features_of_tags(void);

/* The kernel's name of the feature of bit `i`; NULL behind the last. */
const char *netdev_feature_name(unsigned int i);

/* All names of a set, separated by spaces, as written to a file and told to a person. Returns
 * `out`, which has room for NETDEV_FEATURES_BYTES. */
#define NETDEV_FEATURES_BYTES 256
const char *netdev_features_format(netdev_features set, char out[NETDEV_FEATURES_BYTES]);

/* The set of such a text; words that are no feature are passed over. */
netdev_features netdev_features_parse(const char *text);

/* Which ones are active. 0, or a negative errno. */
int netdev_features_read(const char *interface, netdev_features *active);

/* Switches a set on or off. 0 although the kernel may refuse some of them: ask again. Or a negative
 * errno. */
int netdev_features_switch(const char *interface, netdev_features set, bool on);

#endif

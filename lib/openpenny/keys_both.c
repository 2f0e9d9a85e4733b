/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys that both generations have; none of them has a counterpart. traffic_forwarding is of 1.0.0
 * and of versions between the two; 1.1.0 does not read it. */
#include "openpenny/keys.h"

static const struct key log_keys[] = {NONE("mode", NO_LOG), NONE("level", NO_LOG)};

static const struct key forwarding_keys[] = {
    NONE("tun.enable", NO_TUN),
    NONE("tun.name", NO_TUN),
    NONE("tun.multi_queue", NO_TUN),
    NONE("tun.mtu", NO_TUN ", and ports[].mtu its MTU"),
    NONE("raw_socket.enable", NO_SOCKET),
    NONE("raw_socket.device", NO_SOCKET),
    NONE("raw_socket.bind_queue", NO_SOCKET),
};

static const struct key grpc_keys[] = {
    NONE("enable", NO_GRPC),     NONE("listen_ip", NO_GRPC),     NONE("listen_port", NO_GRPC),
    NONE("tls.enable", NO_GRPC), NONE("tls.cert_file", NO_GRPC), NONE("tls.key_file", NO_GRPC),
};

const struct key_table keys_both[] = {
    {{"log"}, TABLE(log_keys)},
    {{"traffic_forwarding"}, TABLE(forwarding_keys)},
    {{"grpc"}, TABLE(grpc_keys)},
};
const size_t n_keys_both = ARRAY_LENGTH(keys_both);

/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of responders. */
#include "base/compiler.h"
#include "config/option.h"

#define RESPONDER(member) OPTION_FIELD(struct config_responder, member)

static const char *const after_acks[] = {"reset", "ignore", "hold", NULL};
static const char *const otherwises[] = {"deny", "permit", NULL};

const struct option_list option_responder_list = {
    .noun = "a responder",
    .object = &object_responder,
    .items = offsetof(struct config, responders),
    .count = offsetof(struct config, n_responders),
    .item_size = sizeof(struct config_responder),
};

static const struct option_row responder_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name",
     .kind = &kind_name,
     RESPONDER(name),
     .least = 1,
     .help = "What commands and counters call it."},
    {.name = "port",
     .kind = &kind_reference,
     RESPONDER(port),
     .nullable = true,
     .list = &option_port_list,
     .fallback = "null",
     .otherwise = "all of role `forward`",
     .help = "Where SYNs come in that it answers. Answers leave by the same port."},
    {.name = "acl",
     .kind = &kind_acl,
     RESPONDER(rules),
     .count = offsetof(struct config_responder, n_rules),
     .most = CONFIG_MAX_RESPONDER_RULES,
     .help = "Which addresses are answered for: the first permit or deny that holds one decides."},
    {.name = "otherwise",
     .kind = &kind_enum,
     RESPONDER(otherwise),
     .words = otherwises,
     .fallback = "\"deny\"",
     .help = "What holds for addresses that no rule holds."},
    {.name = "tcp_ports",
     .kind = &kind_tcp_ports,
     RESPONDER(tcp_ports),
     .count = offsetof(struct config_responder, n_tcp_ports),
     .most = CONFIG_MAX_RESPONDER_TCP_PORTS,
     .fallback = "[]",
     .otherwise = "all",
     .help = "Destination ports that are answered for; what goes to others passes."},
    {.name = "after_ack",
     .kind = &kind_enum,
     RESPONDER(after_ack),
     .words = after_acks,
     .fallback = "\"reset\"",
     .help =
         "What follows an ACK with the right number: `reset`, a RST; `ignore`, nothing, so that "
         "the client sends until it gives up; `hold`, a window of 0."},
    {.name = "window",
     .kind = &kind_u32,
     RESPONDER(window),
     .least = 0,
     .most = 65535,
     .fallback = "5",
     .unit = "bytes",
     .help = "The window of the SYN+ACK."},
    {.name = "mss",
     .kind = &kind_u32,
     RESPONDER(mss),
     .least = 0,
     .most = 65535,
     .fallback = "0",
     .otherwise = "none is told",
     .unit = "bytes",
     .help = "Maximum segment size that the SYN+ACK tells, where the SYN had options."},
    {.name = "max_per_prefix_per_s",
     .kind = &kind_u32,
     RESPONDER(max_per_prefix_per_s),
     .least = 1,
     .most = 1000000,
     .fallback = "10",
     .unit = "answers/s",
     .help = "To each /24 and /56 of clients, of each worker; above it there is silence."},
    {.name = "max_per_s",
     .kind = &kind_u32,
     RESPONDER(max_per_s),
     .least = 1,
     .most = 4000000,
     .fallback = "100000",
     .unit = "answers/s",
     .help = "In all, shared out among the workers."},
};

const struct option_object object_responder = {
    .noun = "a responder",
    .help = "Addresses that nobody has, for which SYNs are answered: who answers back is really "
            "there.",
    .rows = responder_rows,
    .n_rows = ARRAY_LENGTH(responder_rows),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of ingresses with a name. */
#include "base/compiler.h"
#include "config/option.h"

#define AT(member)                                                                                 \
    .offset = offsetof(struct named_ingress, at.member),                                           \
    .size = sizeof(((struct named_ingress *)0)->at.member)
#define INGRESS(member) OPTION_FIELD(struct named_ingress, member)

static const char *const relations[] = {"customer", "peer", "transit", "internal", NULL};

const char *ingress_relation_name(enum ingress_relation relation)
{
    return relations[relation];
}

static const struct option_row ingress_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name", .kind = &kind_name, INGRESS(name), .least = 1, .help = "What people call it."},
    {.name = "port",
     .kind = &kind_reference,
     AT(port),
     .nullable = true,
     .list = &option_port_list,
     .fallback = "null",
     .otherwise = "any",
     .help = "The port that packets come in by."},
    {.name = "vlan",
     .kind = &kind_vlan,
     AT(vlan),
     .nullable = true,
     .fallback = "null",
     .otherwise = "any",
     .help = "VLAN that their outermost tag names; 0 for none."},
    {.name = "inner_vlan",
     .kind = &kind_vlan,
     INGRESS(inner_vlan),
     .nullable = true,
     .fallback = "null",
     .otherwise = "any",
     .help = "VLAN that their second tag names; 0 for none."},
    {.name = "tunnel",
     .kind = &kind_enum,
     AT(tunnel),
     .words = option_tunnel_words,
     .fallback = "\"any\"",
     .help = "The outermost tunnel that they come in; `none`: in none."},
    {.name = "tunnel_id",
     .kind = &kind_u32,
     AT(tunnel_id),
     .count = offsetof(struct named_ingress, at.has_tunnel_id),
     .nullable = true,
     .least = 0,
     .most = UINT32_MAX,
     .fallback = "null",
     .otherwise = "any",
     .help = "The number of that tunnel, as of a slice's ingress."},
    {.name = "source_mac",
     .kind = &kind_mac,
     INGRESS(source_mac),
     .count = offsetof(struct named_ingress, has_source_mac),
     .nullable = true,
     .fallback = "null",
     .otherwise = "any",
     .help = "Who sends the frames: at an exchange the member's router."},
    {.name = "relation",
     .kind = &kind_enum,
     INGRESS(relation),
     .words = relations,
     .help = "Who is behind it: a `customer`, a `peer`, a `transit` provider (which may send from "
             "any source that no customer has), or the network's own (`internal`)."},
    {.name = "neighbors",
     .kind = &kind_neighbors,
     INGRESS(neighbors),
     .count = offsetof(struct named_ingress, n_neighbors),
     .most = CONFIG_MAX_NEIGHBORS,
     .fallback = "[]",
     .otherwise = "not known",
     .help = "The routers behind it, by address, and ASes, by number. A route is of this ingress "
             "when its next hop, else who announced it, else its first AS is among them."},
};

const struct option_object object_named_ingress = {
    .noun = "an ingress",
    .help = "Places where traffic enters, by name, and who is behind them: for `pennyline-map`. Of "
            "those that fit, a packet's is the one with a port, then with a VLAN, then with a "
            "tunnel, with its number, with an inner VLAN, with a source MAC; two that tie are "
            "refused, and a neighbor that is behind two.",
    .rows = ingress_rows,
    .n_rows = ARRAY_LENGTH(ingress_rows),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/places.h"

#include <stdio.h>
#include <string.h>

int map_named_ingress_fits(const struct named_ingress *named, const struct ingress *at)
{
    const uint16_t inner = at->vlan[1] == PACKET_VLAN_NONE ? 0 : at->vlan[1];
    const bool has_inner = named->inner_vlan != SLICE_ANY_VLAN;
    int fits = slice_ingress_fits(&named->at, at);

    if (fits < 0 || (has_inner && named->inner_vlan != inner) ||
        (named->has_source_mac && memcmp(named->source_mac, at->source_mac, 6) != 0))
        return -1;
    return fits << 2 | has_inner << 1 | named->has_source_mac;
}

int map_find_named_ingress(const struct config *c, const struct ingress *at)
{
    int best = -1, best_fits = -1;

    for (uint32_t i = 0; i < c->n_ingresses; i++) {
        int fits = map_named_ingress_fits(&c->ingresses[i], at);

        if (fits > best_fits) {
            best = (int)i;
            best_fits = fits;
        }
    }
    return best;
}

static bool has_source_mac(const struct ingress *at)
{
    static const uint8_t none[6];

    return memcmp(at->source_mac, none, sizeof(none)) != 0;
}

void map_describe_ingress(const struct config *c, const struct ingress *at,
                          char out[CONFIG_NAME_BYTES])
{
    char text[CONFIG_NAME_BYTES + 96];
    const uint8_t *mac = at->source_mac;
    int n = snprintf(text, sizeof(text), "%.*s", 24, c->ports[at->port].name);

    for (unsigned int i = 0; i < PACKET_MAX_VLANS && at->vlan[i] != PACKET_VLAN_NONE; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%u", i == 0 ? "/vlan" : ".",
                      at->vlan[i]);
    if (at->tunnel != PACKET_TUNNEL_NONE)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "/%s:%u",
                      packet_tunnel_name((enum packet_tunnel)at->tunnel), at->tunnel_id);
    if (has_source_mac(at))
        snprintf(text + n, sizeof(text) - (size_t)n, "/%02x%02x%02x%02x%02x%02x", mac[0], mac[1],
                 mac[2], mac[3], mac[4], mac[5]);
    snprintf(out, CONFIG_NAME_BYTES, "%.*s", CONFIG_NAME_BYTES - 1, text);
}

uint16_t map_places_find(const struct map_places *p, const char *name)
{
    for (uint16_t i = 0; i < p->n; i++)
        if (strcmp(p->places[i].name, name) == 0)
            return i;
    return MAP_NO_INGRESS;
}

uint16_t map_places_find_or_add(struct map_places *p, const char *name, bool is_named, bool *is_new)
{
    uint16_t at = map_places_find(p, name);
    struct map_place *place;

    *is_new = at == MAP_NO_INGRESS;
    if (!*is_new)
        return at;
    if (p->n == MAP_MOST_PLACES || (!is_named && p->n_unnamed == MAP_MOST_UNNAMED)) {
        p->n_refused++;
        *is_new = false;
        return MAP_NO_INGRESS;
    }
    place = &p->places[p->n];
    *place = (struct map_place){.is_named = is_named, .expected = EXPECT_NO_INGRESS, .scale = 1};
    snprintf(place->name, sizeof(place->name), "%s", name);
    p->n_unnamed += !is_named;
    return p->n++;
}

void map_places_follow(struct map_places *p, const struct config *c)
{
    bool is_new;

    for (uint16_t i = 0; i < p->n; i++)
        p->places[i].is_named = false;
    for (uint32_t i = 0; i < c->n_ingresses; i++) {
        const struct named_ingress *named = &c->ingresses[i];
        const uint16_t at = map_places_find_or_add(p, named->name, true, &is_new);

        if (at == MAP_NO_INGRESS)
            continue;
        p->places[at].is_named = true;
        p->places[at].relation = (uint8_t)named->relation;
    }
}

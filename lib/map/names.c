/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/entry.h"

static const char *const presences[] = {
#define X(suffix, name, meaning) name,
    MAP_PRESENCES(X)
#undef X
};

static const char *const realities[] = {
#define X(suffix, name, meaning) name,
    MAP_REALITIES(X)
#undef X
};

static const char *const destinations[] = {
#define X(suffix, name) name,
    MAP_DESTINATIONS(X)
#undef X
};

const char *map_presence_name(enum map_presence presence)
{
    return presences[presence];
}

const char *map_reality_name(enum map_reality_state state)
{
    return realities[state];
}

const char *map_destination_name(enum map_destination destination)
{
    return destinations[destination];
}

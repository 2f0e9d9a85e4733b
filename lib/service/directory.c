/* SPDX-License-Identifier: BSD-3-Clause */
/* One open-addressed table of (address, kind, protocol, port), into which each place is entered as
 * what packets ask: so a packet takes one search, or two where the service is for all ports. At
 * most half of the table is used. */
#include "service/directory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

/* What of the protocol and the port an entry is about. */
enum entry_kind {
    ENTRY_PORT = 1,  /* this port */
    ENTRY_ALL_PORTS, /* the other ports of this protocol */
    ENTRY_FRAGMENT,  /* fragments of this protocol */
    ENTRY_OTHER,     /* all that has no ports */
};

struct entry {
    struct ip_address address;
    uint64_t what; /* kind, protocol, port; 0: a free entry */
    uint64_t service;
};
static_assert(sizeof(struct entry) == 32, "two in a cache line");

struct service_directory {
    uint64_t secret[2];
    uint32_t mask; /* entries - 1 */
    uint32_t n_entries;
    _Alignas(64) struct entry entries[];
};

/* Places of any protocol are entered three times: for TCP, for UDP, for what has no ports; each of
 * the former with its fragments. */
#define MOST_ENTRIES_A_PLACE 5

bool service_places_overlap(const struct service_place *a, const struct service_place *b)
{
    return ip_address_equal(&a->address, &b->address) && a->port == b->port &&
           (a->protocol == b->protocol || a->protocol == SERVICE_ANY_PROTOCOL ||
            b->protocol == SERVICE_ANY_PROTOCOL);
}

static uint64_t what_of(enum entry_kind kind, uint8_t protocol, uint16_t port)
{
    return (uint64_t)kind << 32 | (uint64_t)protocol << 16 | port;
}

static uint32_t n_slots(uint32_t n_places)
{
    uint32_t n = 16;

    while (n < 2 * MOST_ENTRIES_A_PLACE * n_places)
        n *= 2;
    return n;
}

size_t service_directory_bytes(uint32_t n_places)
{
    return sizeof(struct service_directory) + n_slots(n_places) * sizeof(struct entry);
}

static const struct entry *find(const struct service_directory *d, const struct ip_address *address,
                                uint64_t what)
{
    uint64_t h = d->secret[0];
    uint32_t i;

    h = hash_step(h, load_word(address->bytes), 0, d->secret);
    h = hash_step(h, load_word(address->bytes + 8), 1, d->secret);
    h = hash_step(h, what, 2, d->secret);
    for (i = (uint32_t)hash_end(h, d->secret) & d->mask; d->entries[i].what != 0;
         i = (i + 1) & d->mask)
        if (d->entries[i].what == what && ip_address_equal(&d->entries[i].address, address))
            break;
    return &d->entries[i];
}

/* Unless somebody with a greater right is there: places are entered in order of right. */
static void enter(struct service_directory *d, const struct service_place *p, enum entry_kind kind,
                  uint8_t protocol, uint16_t port)
{
    const uint64_t what = what_of(kind, protocol, port);
    struct entry *e = &d->entries[find(d, &p->address, what) - d->entries];

    if (e->what == 0)
        *e = (struct entry){p->address, what, p->service};
}

static void enter_protocol(struct service_directory *d, const struct service_place *p,
                           uint8_t protocol)
{
    if (p->port == SERVICE_ALL_PORTS)
        enter(d, p, ENTRY_ALL_PORTS, protocol, 0);
    else
        enter(d, p, ENTRY_PORT, protocol, p->port);
    enter(d, p, ENTRY_FRAGMENT, protocol, 0);
}

static void enter_place(struct service_directory *d, const struct service_place *p)
{
    if (p->protocol != SERVICE_ANY_PROTOCOL) {
        enter_protocol(d, p, p->protocol);
        return;
    }
    enter_protocol(d, p, PACKET_PROTOCOL_TCP);
    enter_protocol(d, p, PACKET_PROTOCOL_UDP);
    if (p->port == SERVICE_ALL_PORTS)
        enter(d, p, ENTRY_OTHER, 0, 0);
}

/* Those for one protocol before those for any, those for all ports (which is 0) before others. */
static int compare_rights(const void *a, const void *b)
{
    const struct service_place *p = *(const struct service_place *const *)a,
                               *q = *(const struct service_place *const *)b;
    const int p_any = p->protocol == SERVICE_ANY_PROTOCOL,
              q_any = q->protocol == SERVICE_ANY_PROTOCOL;

    if (p_any != q_any)
        return p_any - q_any;
    return (p->port > q->port) - (p->port < q->port);
}

struct service_directory *service_directory_init(void *memory, const struct service_place *places,
                                                 uint32_t n_places, const uint64_t secret[2])
{
    struct service_directory *d = memory;
    const struct service_place **sorted = calloc(n_places + 1, sizeof(struct service_place *));

    if (sorted == NULL)
        return NULL;
    memset(memory, 0, service_directory_bytes(n_places));
    memcpy(d->secret, secret, sizeof(d->secret));
    d->mask = n_slots(n_places) - 1;
    for (uint32_t i = 0; i < n_places; i++)
        sorted[i] = &places[i];
    qsort(sorted, n_places, sizeof(struct service_place *), compare_rights);
    for (uint32_t i = 0; i < n_places; i++)
        enter_place(d, sorted[i]);
    free(sorted);
    return d;
}

uint16_t service_find(const struct service_directory *d, const struct service_ask *ask)
{
    const struct entry *e;

    if (ask->kind == SERVICE_ASK_PORTS) {
        e = find(d, &ask->address, what_of(ENTRY_PORT, ask->protocol, ask->port));
        if (e->what == 0)
            e = find(d, &ask->address, what_of(ENTRY_ALL_PORTS, ask->protocol, 0));
    } else if (ask->kind == SERVICE_ASK_FRAGMENT) {
        e = find(d, &ask->address, what_of(ENTRY_FRAGMENT, ask->protocol, 0));
    } else {
        e = find(d, &ask->address, what_of(ENTRY_OTHER, 0, 0));
    }
    return e->what == 0 ? SERVICE_NONE : (uint16_t)e->service;
}

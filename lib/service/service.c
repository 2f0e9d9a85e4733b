/* SPDX-License-Identifier: BSD-3-Clause */
#include "service/service.h"

#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"

static const uint64_t name_key[2] = {UINT64_C(0x8979fb1bd1310ba6), UINT64_C(0x98dfb5ac2ffd72db)};

struct service {
    struct service_plan plan;
    _Alignas(CACHE_LINE_BYTES) _Atomic(const uint8_t *) rows; /* that workers read */
    _Atomic uint64_t takes, keeps;
    /* The owner's. */
    _Alignas(CACHE_LINE_BYTES) uint8_t *tables[2];
    unsigned int in_use; /* tables[in_use] is `rows` */
    uint64_t shown;      /* usable members that these rows are of */
    uint64_t left_epoch; /* when the other table was taken out of sight; 0: never in it */
    bool is_building;
    struct service_rows_build build;
};

struct service_set {
    struct service_directory *directory;
    uint32_t n;
    _Alignas(CACHE_LINE_BYTES) struct service services[];
};

uint64_t service_member_key(const char *name)
{
    uint64_t h = name_key[0];
    const size_t n = strlen(name);
    unsigned int i = 0;

    /* By bytes, so that machines of either order of bytes agree. */
    for (; i < n; i++)
        h = hash_step(h, (uint8_t)name[i], i, name_key);
    return hash_end(hash_step(h, n, i, name_key), name_key);
}

void service_counters_add(struct service_counters *sum, const struct service_counters *more)
{
    sum->packets += more->packets;
    sum->remembered += more->remembered;
    sum->not_in_memory += more->not_in_memory;
    sum->no_member += more->no_member;
    for (unsigned int i = 0; i < SERVICE_MOST_MEMBERS; i++)
        sum->member_packets[i] += more->member_packets[i];
}

static size_t whole_lines(size_t n)
{
    return (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

static size_t services_bytes(uint32_t n_services)
{
    return whole_lines(sizeof(struct service_set) + n_services * sizeof(struct service));
}

size_t service_set_bytes(uint32_t n_services, uint32_t n_places)
{
    return services_bytes(n_services) + 2 * SERVICE_ROWS * (size_t)n_services +
           service_directory_bytes(n_places);
}

static uint64_t members_of(const struct service_plan *plan)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < plan->members.n; i++)
        if (plan->members.weights[i] > 0)
            bits |= UINT64_C(1) << i;
    return bits;
}

static void init_service(struct service *s, const struct service_plan *plan, uint8_t *tables)
{
    s->plan = *plan;
    s->tables[0] = tables;
    s->tables[1] = tables + SERVICE_ROWS;
    if (!plan->is_present)
        return;
    s->shown = members_of(plan);
    service_rows_begin(&s->build, &s->plan.members, s->shown, s->tables[0]);
    service_rows_continue(&s->build, SERVICE_ROWS);
    atomic_init(&s->rows, s->tables[0]);
    atomic_init(&s->takes, s->shown);
    atomic_init(&s->keeps, s->shown);
}

struct service_set *service_set_init(void *memory, const struct service_plan *plans,
                                     uint32_t n_services, const struct service_place *places,
                                     uint32_t n_places, const uint64_t secret[2])
{
    struct service_set *set = memory;
    uint8_t *rest = (uint8_t *)memory + services_bytes(n_services);

    memset(memory, 0, services_bytes(n_services));
    set->n = n_services;
    for (uint32_t i = 0; i < n_services; i++, rest += 2 * SERVICE_ROWS)
        init_service(&set->services[i], &plans[i], rest);
    set->directory = service_directory_init(rest, places, n_places, secret);
    return set->directory != NULL ? set : NULL;
}

void service_set_follow(struct service_set *set, uint32_t service, uint64_t takes, uint64_t keeps)
{
    struct service *s = &set->services[service];
    const uint64_t members = members_of(&s->plan);

    atomic_store_explicit(&s->keeps, keeps & members, memory_order_relaxed);
    atomic_store_explicit(&s->takes, takes & members, memory_order_relaxed);
}

/* Rows of before the latest change are of no use any more. */
static void begin_build(struct service *s, uint64_t takes)
{
    if (s->is_building && s->build.usable == takes)
        return;
    service_rows_begin(&s->build, &s->plan.members, takes, s->tables[1 - s->in_use]);
    s->is_building = true;
}

static void put_in_place(struct service *s, uint64_t epoch)
{
    s->in_use = 1 - s->in_use;
    s->shown = s->build.usable;
    s->is_building = false;
    s->left_epoch = epoch;
    atomic_store_explicit(&s->rows, s->tables[s->in_use], memory_order_release);
}

bool service_set_work(struct service_set *set, uint32_t n_rows, uint64_t epoch,
                      bool (*is_over)(const void *context, uint64_t epoch), const void *context)
{
    bool is_done = true;

    for (uint32_t i = 0; i < set->n; i++) {
        struct service *s = &set->services[i];
        const uint64_t takes = atomic_load_explicit(&s->takes, memory_order_relaxed);
        uint32_t before;

        if (!s->plan.is_present)
            continue;
        if (takes == s->shown) {
            s->is_building = false;
            continue;
        }
        if (n_rows == 0 || (s->left_epoch != 0 && !is_over(context, s->left_epoch))) {
            is_done = false;
            continue;
        }
        begin_build(s, takes);
        before = s->build.n_done;
        if (service_rows_continue(&s->build, n_rows))
            put_in_place(s, epoch);
        else
            is_done = false;
        n_rows -= s->build.n_done - before;
    }
    return is_done;
}

uint16_t service_set_find(const struct service_set *set, const struct service_ask *ask)
{
    return service_find(set->directory, ask);
}

static uint8_t choose_by_row(const struct service *s, const struct service_ask *ask)
{
    const uint64_t takes = atomic_load_explicit(&s->takes, memory_order_relaxed);
    const bool is_ipv4 = ip_address_is_ipv4(&ask->client);
    const uint16_t row = service_row(ask, s->plan.hash,
                                     is_ipv4 ? s->plan.prefix_bits_ipv4 : s->plan.prefix_bits_ipv6);
    const uint8_t member = atomic_load_explicit(&s->rows, memory_order_acquire)[row];

    /* A member that came back, too, has its rows when the table says so: in between it is as if it
     * had come a moment later. */
    if (likely_true(member != SERVICE_NO_MEMBER && (takes >> member & 1) != 0))
        return member;
    return service_choose_member(&s->plan.members, takes, row);
}

static uint8_t choose_by_memory(const struct service *s, const struct service_ask *ask,
                                struct service_memory *memory, uint32_t now_s,
                                struct service_counters *counters)
{
    const uint64_t keeps = atomic_load_explicit(&s->keeps, memory_order_relaxed);
    const uint64_t flow = service_memory_flow(memory, ask, s->plan.identity);
    uint8_t member = service_memory_find(memory, flow, now_s);

    if (member < SERVICE_MOST_MEMBERS && (keeps >> member & 1) != 0) {
        counters->remembered++;
        return member;
    }
    member = choose_by_row(s, ask);
    if (member != SERVICE_NO_MEMBER && !service_memory_put(memory, flow, member, now_s))
        counters->not_in_memory++;
    return member;
}

uint8_t service_set_choose(const struct service_set *set, uint16_t service,
                           const struct service_ask *ask, struct service_memory *memory,
                           uint32_t now_s, struct service_counters *counters)
{
    const struct service *s = &set->services[service];
    uint8_t member;

    counters->packets++;
    if (s->plan.is_sticky && memory != NULL && ask->kind == SERVICE_ASK_PORTS)
        member = choose_by_memory(s, ask, memory, now_s, counters);
    else
        member = choose_by_row(s, ask);
    if (member == SERVICE_NO_MEMBER)
        counters->no_member++;
    else
        counters->member_packets[member]++;
    return member;
}

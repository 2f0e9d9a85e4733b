/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "service/health.h"
#include "state.h"

/* So many rows are filled in a turn, which takes about half a millisecond with 64 members. */
#define ROWS_A_TURN 1024

struct member {
    char name[CONFIG_NAME_BYTES]; /* "": nobody has this number */
    struct service_health health;
    uint64_t n_packets_before; /* under this number, of who had it before */
};

struct service_state {
    char name[CONFIG_NAME_BYTES];
    struct member members[CONFIG_MAX_SERVICE_MEMBERS];
    struct service_counters before; /* likewise */
};

struct members {
    struct service_state services[CONFIG_MAX_SERVICES];
    bool is_filling; /* rows do not say yet what is known */
};

int members_up(struct appliance *a)
{
    a->members = calloc(1, sizeof(*a->members));
    if (a->members == NULL)
        return -ENOMEM;
    members_follow(a, a->config);
    return 0;
}

void members_down(struct appliance *a)
{
    free(a->members);
    a->members = NULL;
}

static struct service_counters sum_of(const struct appliance *a, uint32_t service)
{
    struct service_counters sum = {0};

    for (uint32_t i = 0; i < a->n_workers; i++)
        service_counters_add(&sum, &a->workers[i]->services->counters[service]);
    return sum;
}

static void follow_member(struct service_state *s, const struct service_counters *counted,
                          uint32_t number, const char *name)
{
    struct member *m = &s->members[number];

    if (strcmp(m->name, name) == 0)
        return;
    *m = (struct member){.n_packets_before = counted->member_packets[number]};
    snprintf(m->name, sizeof(m->name), "%s", name);
    service_health_init(&m->health);
}

static void follow_service(struct appliance *a, const struct config *config,
                           const struct config_service *c)
{
    struct service_state *s = &a->members->services[c->number];
    const struct service_counters counted = sum_of(a, c->number);
    bool is_there[CONFIG_MAX_SERVICE_MEMBERS] = {false};

    if (strcmp(s->name, c->name) != 0) {
        *s = (struct service_state){.before = counted};
        snprintf(s->name, sizeof(s->name), "%s", c->name);
    }
    for (uint32_t i = 0; i < c->n_members; i++) {
        is_there[c->member_numbers[i]] = true;
        follow_member(s, &counted, c->member_numbers[i], config->next_hops[c->members[i]].name);
    }
    for (uint32_t i = 0; i < CONFIG_MAX_SERVICE_MEMBERS; i++)
        if (!is_there[i])
            s->members[i] = (struct member){0};
}

/* What workers go by. */
static void show(struct appliance *a, uint32_t service)
{
    const struct service_state *s = &a->members->services[service];
    uint64_t takes = 0, keeps = 0;

    for (uint32_t i = 0; i < CONFIG_MAX_SERVICE_MEMBERS; i++) {
        takes |= (uint64_t)service_health_takes_flows(&s->members[i].health) << i;
        keeps |= (uint64_t)service_health_keeps_flows(&s->members[i].health) << i;
    }
    for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++)
        if (a->policies[node] != NULL && a->policies[node]->services != NULL)
            service_set_follow(a->policies[node]->services->set, service, takes, keeps);
    a->members->is_filling = true;
}

static void look_at_link(struct appliance *a, const struct config_service *c, uint32_t i,
                         uint64_t now_ns)
{
    const struct config_next_hop *hop = &a->config->next_hops[c->members[i]];
    struct member *m = &a->members->services[c->number].members[c->member_numbers[i]];
    const struct port *port = &a->ports[hop->port];

    if (!service_health_note(&m->health, SERVICE_CHECK_LINK, port->link_up, 1, 1))
        return;
    show(a, c->number);
    events_member(a, c->name, m->name, &m->health, now_ns);
}

void members_follow(struct appliance *a, const struct config *config)
{
    for (uint32_t i = 0; i < config->n_services; i++) {
        follow_service(a, config, &config->services[i]);
        show(a, config->services[i].number);
    }
}

static bool is_over(const void *context, uint64_t epoch)
{
    return manager_is_epoch_over(context, epoch);
}

static void fill_rows(struct appliance *a)
{
    bool is_done = true;

    for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++)
        if (a->policies[node] != NULL && a->policies[node]->services != NULL)
            is_done &= service_set_work(a->policies[node]->services->set, ROWS_A_TURN,
                                        manager_epoch(a->manager), is_over, a->manager);
    a->members->is_filling = !is_done;
}

void members_serve(struct appliance *a, uint64_t now_ns)
{
    for (uint32_t i = 0; i < a->config->n_services; i++)
        for (uint32_t k = 0; k < a->config->services[i].n_members; k++)
            look_at_link(a, &a->config->services[i], k, now_ns);
    if (a->members->is_filling)
        fill_rows(a);
}

static const char *state_of(const struct service_health *h)
{
    if (h->order == SERVICE_DOWN || service_health_cause(h) != SERVICE_N_CHECKS)
        return "down";
    return h->order == SERVICE_DRAINED ? "drained" : "up";
}

static json_t *member_json(const struct appliance *a, const struct config_service *c, uint32_t i,
                           const struct service_counters *counted)
{
    const uint32_t number = c->member_numbers[i];
    const struct member *m = &a->members->services[c->number].members[number];
    const struct config_next_hop *hop = &a->config->next_hops[c->members[i]];
    enum service_check cause = service_health_cause(&m->health);

    return json_pack("{s:s, s:s, s:s, s:s?, s:i, s:s, s:I}", "member", m->name, "state",
                     state_of(&m->health), "order", service_order_name(m->health.order),
                     "failed_check", cause != SERVICE_N_CHECKS ? service_check_name(cause) : NULL,
                     "weight", (int)hop->weight, "port", a->config->ports[hop->port].name,
                     "packets",
                     (json_int_t)(counted->member_packets[number] - m->n_packets_before));
}

static json_t *service_json(const struct appliance *a, const struct config_service *c)
{
    const struct service_counters *before = &a->members->services[c->number].before;
    const struct service_counters counted = sum_of(a, c->number);
    json_t *members = json_array();

    for (uint32_t i = 0; i < c->n_members; i++)
        json_array_append_new(members, member_json(a, c, i, &counted));
    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "service", c->name, "sticky",
                     (int)c->sticky, "packets", (json_int_t)(counted.packets - before->packets),
                     "remembered", (json_int_t)(counted.remembered - before->remembered),
                     "not_in_memory", (json_int_t)(counted.not_in_memory - before->not_in_memory),
                     "no_member", (json_int_t)(counted.no_member - before->no_member), "members",
                     members);
}

json_t *members_json(struct appliance *a)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < a->config->n_services; i++)
        json_array_append_new(out, service_json(a, &a->config->services[i]));
    return out;
}

static bool order_of(const char *word, enum service_order *out)
{
    for (unsigned int i = 0; i < SERVICE_N_ORDERS; i++)
        if (strcmp(word, service_order_name((enum service_order)i)) == 0) {
            *out = (enum service_order)i;
            return true;
        }
    return false;
}

/* The member's index in the service, or n_members. */
static uint32_t find_member(const struct appliance *a, const struct config_service *c,
                            const char *name)
{
    uint32_t i = 0;

    while (i < c->n_members && strcmp(a->config->next_hops[c->members[i]].name, name) != 0)
        i++;
    return i;
}

static void give_order(struct appliance *a, const struct config_service *c, uint32_t i,
                       enum service_order order, uint64_t now_ns)
{
    struct member *m = &a->members->services[c->number].members[c->member_numbers[i]];

    if (m->health.order == order)
        return;
    m->health.order = order;
    show(a, c->number);
    events_member(a, c->name, m->name, &m->health, now_ns);
}

static bool is_meant(const struct config_service *c, const char *service)
{
    return service == NULL || strcmp(c->name, service) == 0;
}

bool members_order(struct appliance *a, const char *service, const char *member, const char *order,
                   uint64_t now_ns, char *error, size_t n_error)
{
    enum service_order given;
    uint32_t n = 0;

    if (!order_of(order, &given)) {
        snprintf(error, n_error, "\"%.64s\": no such order; give enabled, drained or down", order);
        return false;
    }
    for (uint32_t i = 0; i < a->config->n_services; i++) {
        const struct config_service *c = &a->config->services[i];
        uint32_t k = find_member(a, c, member);

        if (!is_meant(c, service) || k == c->n_members)
            continue;
        give_order(a, c, k, given, now_ns);
        n++;
    }
    if (n == 0)
        snprintf(error, n_error, "%s%.64s%s has no member \"%.64s\"; \"services\" lists them",
                 service != NULL ? "service \"" : "", service != NULL ? service : "no service",
                 service != NULL ? "\"" : "", member);
    return n > 0;
}

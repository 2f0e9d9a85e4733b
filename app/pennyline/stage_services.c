/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage that gives packets for services to their members. */
#include <rte_mbuf.h>

#include "burst.h"
#include "stage_services.h"
#include "stages.h"

static uint32_t now_s(struct worker *w, const struct policy_services *services)
{
    return services->any_sticky
               ? (uint32_t)(tsc_clock_ns_of(&w->clock, tsc_clock_ticks()) / UINT64_C(1000000000))
               : 0;
}

/* What nobody may have leaves as if there were no service, but never where it came from: who sent
 * it here would send it here again. */
static void leave_to_pair(struct worker *w, struct burst *b, unsigned int i,
                          const struct policy *policy)
{
    if (policy->ports[b->port].pair == b->port)
        stages_drop(w, b, i);
}

void stage_services(struct worker *w, struct burst *b, const struct policy *policy)
{
    const struct policy_services *services = policy->services;
    const uint32_t second = now_s(w, services);

    for (unsigned int i = 0; i < b->n; i++) {
        struct service_ask ask;
        uint16_t service;
        uint8_t member;

        /* Inside a tunnel are other people's addresses: what leaves is the packet around them. */
        if (b->views[i].tunnel != PACKET_TUNNEL_NONE ||
            !service_read_ask(&b->views[i], rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *),
                              rte_pktmbuf_data_len(b->mbufs[i]), &ask))
            continue;
        service = service_set_find(services->set, &ask);
        if (service == SERVICE_NONE)
            continue;
        member = service_set_choose(services->set, service, &ask, w->services->memory, second,
                                    &w->services->counters[service]);
        if (member == SERVICE_NO_MEMBER)
            leave_to_pair(w, b, i, policy);
        else
            stages_steer(b, i, &services->services[service].hops[member]);
    }
}

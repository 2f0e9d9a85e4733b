/* SPDX-License-Identifier: BSD-3-Clause */
#include "drain.h"

#include "base/time.h"
#include "events.h"
#include "lanes.h"
#include "manager/manager.h"
#include "say.h"

/* What a mirror brings is not forwarded, so nobody waits for its end. */
static uint64_t packets_to_forward(const struct appliance *a)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < a->n_ports; i++)
        if (a->config->ports[i].role == PORT_ROLE_FORWARD)
            n += lanes_port_sum(a, i).rx;
    return n;
}

void drain_begin(struct appliance *a, uint32_t timeout_s, uint64_t now_ns)
{
    struct appliance_drain *d = &a->drain;

    d->ends_ns = timeout_s == UINT32_MAX ? UINT64_MAX : now_ns + timeout_s * NS_PER_S;
    if (!d->has_begun) {
        d->has_begun = true;
        d->began_ns = d->quiet_since_ns = now_ns;
        d->n_packets = packets_to_forward(a);
        manager_drain(a->manager, now_ns);
    }
    events_drain(a, now_ns);
}

bool drain_has_begun(const struct appliance *a)
{
    return a->drain.has_begun;
}

bool drain_is_over(struct appliance *a, uint64_t now_ns)
{
    struct appliance_drain *d = &a->drain;
    uint64_t n = packets_to_forward(a);

    if (!d->has_begun)
        return false;
    if (n != d->n_packets) {
        d->n_packets = n;
        d->quiet_since_ns = now_ns;
    }
    if (now_ns - d->quiet_since_ns >= DRAIN_QUIET_S * NS_PER_S)
        say_info("drained: no packet came for %u s", DRAIN_QUIET_S);
    else if (now_ns >= d->ends_ns)
        say_info("the time to drain is over");
    else
        return false;
    return true;
}

json_t *drain_json(const struct appliance *a, uint64_t now_ns)
{
    const struct appliance_drain *d = &a->drain;
    json_t *left = json_null();

    if (!d->has_begun)
        return NULL;
    if (d->ends_ns != UINT64_MAX)
        left =
            json_real(d->ends_ns > now_ns ? (double)(d->ends_ns - now_ns) / (double)NS_PER_S : 0);
    return json_pack("{s:f, s:o, s:f}", "for_s", (double)(now_ns - d->began_ns) / (double)NS_PER_S,
                     "ends_within_s", left, "quiet_s",
                     (double)(now_ns - d->quiet_since_ns) / (double)NS_PER_S);
}

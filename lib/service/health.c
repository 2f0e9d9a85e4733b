/* SPDX-License-Identifier: BSD-3-Clause */
#include "service/health.h"

static const char *const check_names[] = {
#define SERVICE_CHECK_NAME(suffix, name, help) name,
    SERVICE_CHECKS(SERVICE_CHECK_NAME)
#undef SERVICE_CHECK_NAME
};

const char *service_check_name(enum service_check check)
{
    return check_names[check];
}

const char *service_order_name(enum service_order order)
{
    static const char *const names[] = {"enabled", "drained", "down"};

    return names[order];
}

void service_health_init(struct service_health *h)
{
    *h = (struct service_health){.order = SERVICE_ENABLED};
    for (unsigned int i = 0; i < SERVICE_N_CHECKS; i++)
        h->checks[i].is_up = true;
}

bool service_health_note(struct service_health *h, enum service_check check, bool is_good,
                         uint8_t rise, uint8_t fall)
{
    struct service_verdict *v = &h->checks[check];

    if (is_good == v->is_up) {
        v->streak = 0;
        return false;
    }
    if (++v->streak < (v->is_up ? fall : rise))
        return false;
    *v = (struct service_verdict){.is_up = is_good};
    return true;
}

enum service_check service_health_cause(const struct service_health *h)
{
    unsigned int i = 0;

    while (i < SERVICE_N_CHECKS && h->checks[i].is_up)
        i++;
    return (enum service_check)i;
}

bool service_health_keeps_flows(const struct service_health *h)
{
    return h->order != SERVICE_DOWN && service_health_cause(h) == SERVICE_N_CHECKS;
}

bool service_health_takes_flows(const struct service_health *h)
{
    return h->order == SERVICE_ENABLED && service_health_keeps_flows(h);
}

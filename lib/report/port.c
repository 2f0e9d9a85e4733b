/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

static json_t *device_counters(const struct port_statistics *s)
{
    if (s == NULL)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rx_packets",
                     (json_int_t)s->rx_packets, "rx_bytes", (json_int_t)s->rx_bytes, "tx_packets",
                     (json_int_t)s->tx_packets, "tx_bytes", (json_int_t)s->tx_bytes, "missed",
                     (json_int_t)s->missed, "no_buffer", (json_int_t)s->no_buffer, "rx_errors",
                     (json_int_t)s->rx_errors, "tx_errors", (json_int_t)s->tx_errors);
}

json_t *report_port_json(const struct report_port *p)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:b, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:o}",
        "name", p->name, "device", p->device, "driver", p->driver, "role",
        p->is_mirror ? "mirror" : "forward", "link_up", (int)p->link_up, "trouble", p->trouble,
        "rx_queues", (json_int_t)p->n_rx_queues, "tx_queues", (json_int_t)p->n_tx_queues,
        "rx_packets", (json_int_t)p->sum.rx, "forwarded", (json_int_t)p->sum.forwarded, "dropped",
        (json_int_t)p->sum.dropped, "lost_no_headroom", (json_int_t)p->sum.no_headroom, "lost_cut",
        (json_int_t)p->sum.cut, "absorbed_mirror", (json_int_t)p->sum.absorbed, "dropped_by_stage",
        (json_int_t)p->sum.dropped_by_stage, "answered", (json_int_t)p->sum.answered, "generated",
        (json_int_t)p->sum.generated, "tx_packets", (json_int_t)p->sum.tx, "lost_tx_full",
        (json_int_t)p->sum.tx_full, "device_counters", device_counters(p->counted));
}

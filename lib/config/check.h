/* SPDX-License-Identifier: BSD-3-Clause */
/* What no single row can say: how options go together. Internal to the library. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/option.h"

/* Checks a configuration that was read, and fills in each port's pair where it is left out. 0, or
 * -EINVAL or -ENOMEM with the reader's error set. */
int config_check(struct option_reader *r);

/* overlap.c: refuses two slices that a packet could belong to by equal right. 0, -EINVAL, -ENOMEM.
 */
int config_check_overlap(struct option_reader *r);

/* check_tunnel.c: refuses the number of a tunnel that has none, or not so large ones, at the
 * reader's place. 0 or -EINVAL. */
int config_check_tunnel_id(struct option_reader *r, const struct slice_ingress *in);

/* check_ingresses.c: refuses two named ingresses of one packet, and a neighbor behind two. 0,
 * -EINVAL, -ENOMEM. */
int config_check_ingresses(struct option_reader *r);

/* machine_resolve.c: finds what machines mean, and refuses what cannot be meant. The reader stands
 * at the root; without its configuration names of ports and next hops are not looked up. 0,
 * -EINVAL, -ENOMEM. */
int config_check_machines(struct option_reader *r, struct machine *machines, uint32_t n);

/* check_responders.c: refuses ports that are mirrors, and addresses of services. 0 or -EINVAL. */
int config_check_responders(struct option_reader *r);

/* check_services.c: refuses an address of a service that is none, and two services of one packet.
 * 0, -EINVAL, -ENOMEM. */
int config_check_services(struct option_reader *r);

/* check_marks.c: refuses the mark of slice i where a test could not bear it. 0 or -EINVAL. */
int config_check_mark(struct option_reader *r, uint32_t i);

/* check_map.c: refuses a budget of the map's tests with which none could begin. 0 or -EINVAL. */
int config_check_map(struct option_reader *r);

/* feasible.c: refuses parameters of an active slice, at whose path the reader stands, with which no
 * test could say closed_loop. 0 or -EINVAL. */
int config_check_feasible(struct option_reader *r, const struct test_parameters *p);

#endif

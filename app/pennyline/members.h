/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of services, as the manager knows them: which may have flows, by the links of their
 * ports and by command, and what each got. Kept by number, so a change of the configuration leaves
 * it as it is. The manager's thread. */
#ifndef PENNYLINE_MEMBERS_H
#define PENNYLINE_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct appliance;
struct config;

/* 0 or a negative errno. */
int members_up(struct appliance *a);
void members_down(struct appliance *a);

/* Before workers see the policies of another configuration, which are a->policies already: they
 * know from the start who may have flows. */
void members_follow(struct appliance *a, const struct config *config);

/* In each turn of the manager's loop: the links, and rows that are to be filled. */
void members_serve(struct appliance *a, uint64_t now_ns);

/* All services with their members. The caller's. */
json_t *members_json(struct appliance *a);

/* Gives a member an order ("enabled", "drained", "down") in one service, or in all that it is a
 * member of. False, and `error` says why: then nothing changed. */
bool members_order(struct appliance *a, const char *service, const char *member, const char *order,
                   uint64_t now_ns, char *error, size_t n_error);

#endif

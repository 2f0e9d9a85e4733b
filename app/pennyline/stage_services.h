/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PENNYLINE_STAGE_SERVICES_H
#define PENNYLINE_STAGE_SERVICES_H

struct burst;
struct policy;
struct worker;

/* A stage_function (stages.h); the policy has services. */
void stage_services(struct worker *w, struct burst *b, const struct policy *policy);

#endif

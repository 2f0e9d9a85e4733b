/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PENNYLINE_STAGE_RESPONDER_H
#define PENNYLINE_STAGE_RESPONDER_H

struct burst;
struct policy;
struct worker;

/* A stage_function (stages.h); the policy has responders, and the worker memory for them. */
void stage_responder(struct worker *w, struct burst *b, const struct policy *policy);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a manager tells, as lines of a trace. */
#ifndef TEST_MANAGER_SAY_H
#define TEST_MANAGER_SAY_H

#include "manager/manager.h"

void say_event(void *context, const struct manager_event *event);
void say_report(const struct manager *m, uint32_t aggregate);
void say_passive(const struct manager *m, uint32_t aggregate);

#endif

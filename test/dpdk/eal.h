/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL for unit tests: no hugepages, no devices, no files, one lcore. */
#ifndef TEST_DPDK_EAL_H
#define TEST_DPDK_EAL_H

#include <rte_eal.h>
#include <rte_memory.h>

static inline int test_eal_init(void)
{
    static char *arguments[] = {
        (char *)"test",
        (char *)"--no-huge",
        (char *)"-m",
        (char *)"512",
        (char *)"--no-pci",
        (char *)"--no-shconf",
        (char *)"--no-telemetry",
        (char *)"--lcores",
        (char *)"0@0",
        (char *)"--log-level",
        (char *)"lib.eal:warning",
    };

    return rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments);
}

#endif

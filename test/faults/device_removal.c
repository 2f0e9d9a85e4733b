/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded: the driver of a device tells that it was taken out, as one of a NIC does when
 * its bus says so. Which, a line of the FIFO that REMOVALS names says by its name in DPDK. The word
 * comes from EAL's interrupt thread, where drivers say it. */
#include <pthread.h>
#include <rte_alarm.h>
#include <rte_ethdev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of DPDK's interface for drivers, whose headers are not installed everywhere. */
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(struct rte_eth_dev *device, enum rte_eth_event_type event,
                                 void *more);

static void tell(void *text)
{
    struct rte_eth_dev *device = rte_eth_dev_allocated(text);

    if (device != NULL)
        rte_eth_dev_callback_process(device, RTE_ETH_EVENT_INTR_RMV, NULL);
    else
        fprintf(stderr, "device_removal: there is no device %s\n", (char *)text);
    free(text);
}

static void *listen_to(void *path)
{
    char line[128];

    for (;;) {
        FILE *file = fopen(path, "re"); /* waits for who writes */

        while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            rte_eal_alarm_set(1, tell, strdup(line));
        }
        if (file == NULL)
            return NULL;
        fclose(file);
    }
}

__attribute__((constructor)) static void begin(void)
{
    char *path = getenv("REMOVALS");
    pthread_t thread;
    sigset_t all, before;

    /* The program's signals are for its own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (path != NULL && pthread_create(&thread, NULL, listen_to, path) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

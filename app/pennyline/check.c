/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_findings.h"
#include "check_parts.h"
#include "config/slots.h"
#include "eal.h"
#include "eventlog/eventlog.h"

static void check_event_log(struct check *c)
{
    const char *path = c->config->instance.event_log;
    char folder[CONFIG_PATH_BYTES];
    struct stat status;

    if (*path == '\0' || strcmp(path, "-") == 0)
        return;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        check_blocks(c, "event log %s: it is a directory; name a file in it", path);
        return;
    }
    if (!eventlog_names_descriptor(path) && lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        check_blocks(c, "event log %s: a symbolic link is not followed; name the file itself",
                     path);
        return;
    }
    if (access(path, W_OK) == 0)
        return;
    snprintf(folder, sizeof(folder), "%s", path);
    if (access(path, F_OK) == 0 || access(dirname(folder), W_OK) != 0)
        check_blocks(c, "event log %s: %m; make its folder, or give it to this user", path);
}

/* Without it packets are forwarded all the same, so this is advice. */
static void check_state_directory(struct check *c)
{
    static const char what[] = "slices that are added at run time would not be kept over a restart";
    const char *path = c->config->instance.state_directory;
    char folder[CONFIG_PATH_BYTES];
    struct stat status;

    if (*path == '\0')
        return;
    snprintf(folder, sizeof(folder), "%s", path);
    if (stat(path, &status) != 0 && errno == ENOENT) {
        if (access(dirname(folder), W_OK) != 0)
            check_advises(c, "instance.state_directory %s: it cannot be made: %m; make it; %s",
                          path, what);
    } else if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        check_advises(c, "instance.state_directory %s: it is no directory; name one; %s", path,
                      what);
    } else if (access(path, W_OK | X_OK) != 0) {
        check_advises(c, "instance.state_directory %s: %m; give it to this user; %s", path, what);
    }
}

static void check_group(struct check *c, const char *option, const char *name)
{
    if (*name != '\0' && getgrnam(name) == NULL)
        check_blocks(c,
                     "instance.%s \"%s\": there is no such group; make it (groupadd --system), or "
                     "leave %s out",
                     option, name, option);
}

unsigned int check_host(const struct config *config)
{
    struct check c = {.config = config};
    char error[LCORES_ERROR_BYTES];

    if (config_n_present(config) == 0)
        check_advises(&c,
                      "no slice is configured: packets are forwarded, and none is tested but by "
                      "command; add one to \"slices\"");
    if (config->n_ports == 0)
        check_blocks(&c, "no port is configured: add one to \"ports\"");
    if (eal_read_lcores(config, NULL, &c.lcores, error) != 0) {
        check_blocks(&c, "%s", error);
        return c.n_blocking;
    }
    check_cpus(&c);
    check_memory(&c);
    check_ports(&c);
    check_machines(&c);
    check_owner(&c);
    check_event_log(&c);
    check_state_directory(&c);
    check_group(&c, "control_group", config->instance.control_group);
    check_group(&c, "control_read_group", config->instance.control_read_group);
    return c.n_blocking;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "pennyline-map/say.h"

int input_open(struct input *in, const char *path)
{
    int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    char error[MRT_ERROR_BYTES];
    struct stat status;

    *in = (struct input){.path = path};
    if (file < 0) {
        say("%s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        in->file_bytes = (uint64_t)status.st_size;
        in->changed_s = (uint64_t)status.st_mtime;
    }
    if (mrt_open(file, &in->reader, error) != 0) {
        say("%s: %s", path, error);
        return -1;
    }
    return 0;
}

int input_next(struct input *in, struct mrt_route *route)
{
    int got = mrt_next(in->reader, route);

    if (got < 0)
        say("%s: %s", in->path, mrt_error(in->reader));
    return got;
}

void input_close(struct input *in)
{
    mrt_close(in->reader);
    in->reader = NULL;
}

void input_say_counters(const struct input *in)
{
    const struct mrt_counters *c = mrt_counters(in->reader);
    const char *compression = mrt_compression(in->reader);
    const struct {
        const char *name;
        uint64_t n;
    } passed[] = {
        {"of multicast", c->multicast},
        {"of other families", c->other_families},
        {"of updates", c->updates},
        {"of other kinds", c->other_records},
        {"of ::ffff:0:0/96", c->not_routable},
    };
    char text[256];
    int n = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(passed); i++)
        if (passed[i].n > 0)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%llu %s",
                          n > 0 ? ", " : "; passed over: ", (unsigned long long)passed[i].n,
                          passed[i].name);
    say("%s (%s%s%s): %llu routes in %llu %s%.*s", in->path, mrt_kind(in->reader),
        *compression != '\0' ? ", " : "", compression, (unsigned long long)c->routes,
        (unsigned long long)c->records,
        strcmp(mrt_kind(in->reader), "text") == 0 ? "lines" : "records", n, text);
}

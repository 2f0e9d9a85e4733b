/* SPDX-License-Identifier: BSD-3-Clause */
/* A file of any bytes: each route that is given lies within what a route can be, and a file that is
 * refused is refused for good, in one line. Start it on what test/unit/mrt/write_tables.py writes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mrt/mrt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct mrt_route *route)
{
    uint32_t n_numbers = 0, n_origins;
    const uint32_t *origins = NULL;
    char text[64];

    if (route->prefix.length > (route->prefix.is_ipv4 ? 32 : 128) ||
        ip_address_is_ipv4(&route->prefix.address) != route->prefix.is_ipv4)
        abort();
    for (uint32_t i = 0; i < route->path.n_parts; i++) {
        if (route->path.parts[i].first != n_numbers || route->path.parts[i].n == 0)
            abort();
        n_numbers += route->path.parts[i].n;
    }
    if (n_numbers != route->path.n_numbers)
        abort();
    n_origins = mrt_path_origins(&route->path, &origins);
    if (n_origins > 0 &&
        (origins < route->path.numbers || origins + n_origins != route->path.numbers + n_numbers))
        abort();
    mrt_path_neighbor(&route->path);
    mrt_path_format(&route->path, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int file = memfd_create("mrt", MFD_CLOEXEC), got;
    struct mrt_reader *reader = NULL;
    char error[MRT_ERROR_BYTES];
    struct mrt_route route;

    if (file < 0 || write(file, data, n) != (ssize_t)n || lseek(file, 0, SEEK_SET) != 0)
        abort();
    got = mrt_open(file, &reader, error);
    if (got != 0) {
        if (error[0] == '\0' || strchr(error, '\n') != NULL)
            abort();
        return 0;
    }
    while ((got = mrt_next(reader, &route)) == 1)
        check(&route);
    if (got < 0 && (mrt_next(reader, &route) != got || mrt_error(reader)[0] == '\0' ||
                    strchr(mrt_error(reader), '\n') != NULL))
        abort();
    mrt_close(reader);
    return 0;
}

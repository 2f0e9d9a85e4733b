/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file of routes holds, as it is read here: one route a line. */
#include <stdio.h>
#include <stdlib.h>

#include "common/exit_codes.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/input.h"
#include "pennyline-map/say.h"

/* A path of 32767 ASes of ten digits, with what stands between. */
#define PATH_BYTES (MRT_MOST_NUMBERS * 14u)

static void print(const struct mrt_route *route, char *path)
{
    char prefix[IP_TEXT_BYTES], next_hop[IP_TEXT_BYTES] = "-", peer[IP_TEXT_BYTES];

    if (route->has_next_hop)
        ip_address_format(&route->next_hop, next_hop);
    mrt_path_format(&route->path, path, PATH_BYTES);
    printf("%s\t%s\t%s\t%u\t", ip_prefix_format(&route->prefix, prefix), next_hop,
           ip_address_format(&route->peer, peer), route->peer_as);
    if (route->has_path_id)
        printf("%u", route->path_id);
    printf("\t%u\t%u\t%s\n", route->time_s, route->originated_s, path);
}

static int print_file(const char *file, char *path)
{
    struct mrt_route route;
    struct input in;
    int got = input_open(&in, file);

    if (got < 0)
        return EXIT_ERROR;
    while ((got = input_next(&in, &route)) == 1 && !ferror(stdout))
        print(&route, path);
    fflush(stdout);
    if (got >= 0)
        input_say_counters(&in);
    input_close(&in);
    return got < 0 || ferror(stdout) ? EXIT_ERROR : EXIT_SUCCESS;
}

int command_routes(const struct options *options)
{
    char *path = malloc(PATH_BYTES);
    int code = EXIT_SUCCESS;

    if (path == NULL) {
        say("not enough memory");
        return EXIT_ERROR;
    }
    printf("# prefix\tnext_hop\tpeer\tpeer_as\tpath_id\tdumped\tsince\tpath\n");
    for (size_t i = 0; i < options->n_words && code == EXIT_SUCCESS; i++)
        code = print_file(options->words[i], path);
    free(path);
    return code;
}

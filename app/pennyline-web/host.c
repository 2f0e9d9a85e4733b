/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define MOST_HOST_BYTES 255

/* Host without its port, brackets and last dot. False: it is none. */
static bool name_of(const char *host, char name[MOST_HOST_BYTES + 1])
{
    const bool has_brackets = *host == '[';
    const char *begin = host + has_brackets;
    size_t n = strcspn(begin, has_brackets ? "]" : ":");
    const char *rest = begin + n;

    if (has_brackets && *rest++ != ']')
        return false;
    if (*rest == ':')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (*rest != '\0' || n == 0 || n > MOST_HOST_BYTES)
        return false;
    memcpy(name, begin, n);
    if (!has_brackets && n > 1 && name[n - 1] == '.')
        n--;
    name[n] = '\0';
    return true;
}

static bool is_address(const char *name)
{
    struct in6_addr address;

    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

static bool is_among(const char *names, const char *name)
{
    const size_t n_name = strlen(name);

    while (names != NULL && *names != '\0') {
        size_t n = strcspn(names, ",");

        if ((n == 1 && *names == '*') || (n == n_name && strncasecmp(names, name, n) == 0))
            return true;
        names += n + (names[n] == ',');
    }
    return false;
}

bool host_is_allowed(const char *names, const char *host)
{
    char name[MOST_HOST_BYTES + 1];

    if (host == NULL)
        return true;
    return name_of(host, name) &&
           (is_address(name) || strcasecmp(name, "localhost") == 0 || is_among(names, name));
}

bool host_is_origin(const char *host, const char *origin)
{
    const char *authority;

    if (origin == NULL)
        return true;
    authority = strstr(origin, "://");
    return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* By what name was this gateway called, and from which site? Any thread; no state.
 *
 * A page of somebody else's site can let its own name point here (DNS rebinding), and then reads
 * as if it were ours. It cannot do so by an address: so addresses and localhost are taken, names
 * only when they are configured. */
#ifndef WEB_HOST_H
#define WEB_HOST_H

#include <stdbool.h>

/* Is `host` (the value of the Host header, RFC 9110 section 7.2; NULL: there was none, so no
 * browser asks) an address, localhost, or among `names`? These have commas between, "*" is any;
 * NULL is none. */
bool host_is_allowed(const char *names, const char *host);

/* Is `origin` (the value of the Origin header, RFC 6454 section 7; NULL: there was none) the site
 * that `host` names? "null" is not. */
bool host_is_origin(const char *host, const char *origin);

#endif

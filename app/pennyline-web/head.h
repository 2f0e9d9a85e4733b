/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request's head must not say. Whoever reads a head in another way than we do, a proxy in
 * front of us above all, must not take the rest of one request for another one (request smuggling):
 * so what can be read in two ways is refused, and the connection ends. libmicrohttpd lets most of
 * it pass. */
#ifndef WEB_HEAD_H
#define WEB_HEAD_H

#include <stdbool.h>

struct MHD_Connection;

/* What is wrong with the head of this request, in words; NULL: nothing is. */
const char *head_trouble(struct MHD_Connection *connection);

/* A URI as it came: does it name a byte 0, where one reader ends and another goes on? */
bool head_has_nul(const char *uri);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server: libmicrohttpd, with limits on everything that a client may take.
 *
 * Connections in all and of one address, time without progress and for a whole request, bytes of
 * headers (16 KiB) and of a body (4 KiB), bytes of replies that are not read, requests per second
 * of one address. What is refused gets a JSON error, except that libmicrohttpd answers what is no
 * HTTP by itself. */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "web.h"

struct http;

/* Reads certificate and key, and listens where the options of `w` say: what may need a privilege.
 * NULL with `error` in words. */
struct http *http_open(struct web *w, char *error, size_t n_error);

/* Answers from now on. 0, or -1 with `error` in words. */
int http_serve(struct http *h, char *error, size_t n_error);

/* Where it listens, with the port that it got. */
const char *http_place(const struct http *h);

/* No new requests; those under way end. NULL is allowed. */
void http_stop(struct http *h);

#endif

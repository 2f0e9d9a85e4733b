/* SPDX-License-Identifier: BSD-3-Clause */
#include "channel.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* TLS 1.0 and 1.1 are deprecated (RFC 8996), and HTTP/2 asks for 1.2 at least (RFC 9113 9.2). */
#define PRIORITIES "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct channel_tls {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
};

struct channel {
    int descriptor;
    gnutls_session_t tls; /* NULL: in the clear */
    bool is_ready;
};

struct channel_tls *channel_tls_load(const char *certificate, const char *key, char *error,
                                     size_t n_error)
{
    struct channel_tls *tls = calloc(1, sizeof(*tls));
    int result = tls != NULL ? gnutls_certificate_allocate_credentials(&tls->credentials)
                             : GNUTLS_E_MEMORY_ERROR;

    if (result == 0)
        result = gnutls_certificate_set_x509_key_file(tls->credentials, certificate, key,
                                                      GNUTLS_X509_FMT_PEM);
    if (result == 0)
        result = gnutls_priority_init(&tls->priorities, PRIORITIES, NULL);
    if (result == 0)
        return tls;
    snprintf(error, n_error, "%s with %s: %s", certificate, key, gnutls_strerror(result));
    channel_tls_free(tls);
    return NULL;
}

void channel_tls_free(struct channel_tls *tls)
{
    if (tls == NULL)
        return;
    if (tls->priorities != NULL)
        gnutls_priority_deinit(tls->priorities);
    if (tls->credentials != NULL)
        gnutls_certificate_free_credentials(tls->credentials);
    free(tls);
}

/* Clients that speak TLS but no HTTP/2 are refused by the handshake (RFC 7301). */
static int begin_tls(struct channel *ch, const struct channel_tls *tls)
{
    static unsigned char h2[] = {'h', '2'};
    const gnutls_datum_t protocol = {h2, sizeof(h2)};
    int result = gnutls_init(&ch->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

    if (result == 0)
        result = gnutls_priority_set(ch->tls, tls->priorities);
    if (result == 0)
        result = gnutls_credentials_set(ch->tls, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    if (result == 0)
        result = gnutls_alpn_set_protocols(ch->tls, &protocol, 1, GNUTLS_ALPN_MANDATORY);
    if (result == 0)
        gnutls_transport_set_int(ch->tls, ch->descriptor);
    return result;
}

struct channel *channel_create(int descriptor, const struct channel_tls *tls)
{
    struct channel *ch = calloc(1, sizeof(*ch));

    if (ch == NULL) {
        close(descriptor);
        return NULL;
    }
    ch->descriptor = descriptor;
    ch->is_ready = tls == NULL;
    if (tls == NULL || begin_tls(ch, tls) == 0)
        return ch;
    channel_destroy(ch);
    return NULL;
}

void channel_destroy(struct channel *ch)
{
    if (ch->tls != NULL && ch->is_ready)
        gnutls_bye(ch->tls, GNUTLS_SHUT_WR);
    if (ch->tls != NULL)
        gnutls_deinit(ch->tls);
    close(ch->descriptor);
    free(ch);
}

int channel_descriptor(const struct channel *ch)
{
    return ch->descriptor;
}

static bool is_passing(ssize_t result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* 1 when it is done, 0 when it goes on, -1 when it failed. */
static int shake_hands(struct channel *ch)
{
    int result = ch->is_ready ? 0 : gnutls_handshake(ch->tls);

    ch->is_ready = ch->is_ready || result == 0;
    if (ch->is_ready)
        return 1;
    if (gnutls_error_is_fatal(result) == 0)
        return 0;
    gnutls_alert_send_appropriate(ch->tls, result);
    return -1;
}

static ssize_t of_socket(ssize_t n)
{
    if (n > 0)
        return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t of_tls(ssize_t n)
{
    if (n > 0)
        return n;
    return is_passing(n) ? 0 : -1;
}

ssize_t channel_read(struct channel *ch, uint8_t *to, size_t n)
{
    int ready = shake_hands(ch);

    if (ready != 1)
        return ready;
    return ch->tls == NULL ? of_socket(recv(ch->descriptor, to, n, 0))
                           : of_tls(gnutls_record_recv(ch->tls, to, n));
}

ssize_t channel_write(struct channel *ch, const uint8_t *from, size_t n)
{
    int ready = shake_hands(ch);

    if (ready != 1)
        return ready;
    return ch->tls == NULL ? of_socket(send(ch->descriptor, from, n, MSG_NOSIGNAL))
                           : of_tls(gnutls_record_send(ch->tls, from, n));
}

bool channel_has_more(const struct channel *ch)
{
    return ch->tls != NULL && ch->is_ready && gnutls_record_check_pending(ch->tls) > 0;
}

bool channel_is_ready(const struct channel *ch)
{
    return ch->is_ready;
}

bool channel_wants_write(const struct channel *ch)
{
    return !ch->is_ready && gnutls_record_get_direction(ch->tls) == 1;
}

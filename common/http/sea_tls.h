/* sea_tls.h: TLS of a server's connections: versions 1.2 and 1.3 with forward secrecy and
 * authenticated encryption alone (RFC 9325), HTTP/1.1 by ALPN (RFC 7301), and a certificate that is
 * taken anew when its files change. Connections keep the one they began with. Writing to a peer
 * that left raises SIGPIPE: the program ignores it. */
#ifndef SEA_TLS_H
#define SEA_TLS_H

#include <sys/types.h>

#include "sea_base.h"

struct sea_tls;
struct ssl_st; /* OpenSSL's SSL: one connection */

enum { SEA_TLS_ERROR_TEXT = 512 };

/* The certificate with its chain, and its key, as PEM files. FATAL: `ret_error` names the file and
 * what is wrong. */
SEA_MUST_CHECK enum sea_err sea_tls_open(struct sea_tls **ret, const char *certificate,
                                         const char *key, char ret_error[SEA_TLS_ERROR_TEXT]);
void sea_tls_close(struct sea_tls **tls);

/* Takes the files when they changed since the last look. REJECT, once for each change: they can't
 * be used, as `ret_error` says, and what was in use stays. */
SEA_MUST_CHECK enum sea_err sea_tls_look(struct sea_tls *tls, bool *ret_is_taken,
                                         char ret_error[SEA_TLS_ERROR_TEXT]);

/* When the certificate in use expires, Unix time. */
int64_t sea_tls_expires_s(const struct sea_tls *tls);

/* A connection on a socket that doesn't block; the socket stays the caller's. Freed with
 * sea_tls_free. */
struct ssl_st *sea_tls_accept(struct sea_tls *tls, int fd);
void sea_tls_free(struct ssl_st *ssl);

/* As recv and send on a socket that doesn't block, EAGAIN included; the first calls of recv do the
 * handshake. A sender who had EAGAIN comes again with the same bytes first. */
ssize_t sea_tls_recv(struct ssl_st *ssl, char *ret, size_t size);
ssize_t sea_tls_send(struct ssl_st *ssl, const char *bytes, size_t len);
bool sea_tls_is_ready(const struct ssl_st *ssl);    /* the handshake is done */
bool sea_tls_wants_write(const struct ssl_st *ssl); /* recv waits until the socket takes bytes */
/* Says that nothing more will be sent. */
void sea_tls_end(struct ssl_st *ssl);

#endif

/* tls_world.h: certificates of the tests' own, and clients that speak TLS: each is a relay in a
 * thread of its own, whose near end is used as the plain socket it stands for. */
#ifndef TLS_WORLD_H
#define TLS_WORLD_H

#include "sea_tls.h"

/* Where the files of the certificate `name` are: "….crt" or "….key". */
const char *tls_world_path(const char *name, const char *ending);
/* Writes a new certificate that signs itself, for `host`, and its key. */
void tls_world_make(const char *name, const char *host);
/* A new certificate for localhost, taken. */
struct sea_tls *tls_world_open(const char *name);

/* Takes the connected socket; returns the near end. */
int tls_world_relay(int fd, int buffer_bytes);
/* The handshake is done or has failed. */
bool tls_world_is_settled(int near);
/* Until all that was written to the near end is in the server's socket. */
void tls_world_wait_sent(int near);
/* Whom the server's certificate names, once settled; empty: the handshake failed. */
const char *tls_world_peer(int near);
/* Ends the relays and takes the files away. */
void tls_world_end(void);

#endif

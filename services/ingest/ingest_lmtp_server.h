/* ingest_lmtp_server.h: LMTP for a mail server beside us (SEADESK_INGEST_LMTP): a mailbox is an
 * account of the channel `email`, and a message is answered when its records are acknowledged. */
#ifndef INGEST_LMTP_SERVER_H
#define INGEST_LMTP_SERVER_H

#include "ingest_edge.h"

struct ingest_lmtp_server;

/* NULL, and OK, where no address is set. FATAL, logged: it can't listen, or may not there. */
SEA_MUST_CHECK enum sea_err ingest_lmtp_server_open(struct ingest_lmtp_server **ret,
                                                    struct ingest_edge *edge);
/* Listens no more; who waits for an answer gets it, others hear 421. Holds the app until then. */
void ingest_lmtp_server_drain(struct ingest_lmtp_server *server);
void ingest_lmtp_server_close(struct ingest_lmtp_server **server);

#endif

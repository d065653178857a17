/* ingest_reader.h: a thread that reads e-mail, one message after another: a large one takes a
 * quarter of a second, and the loop goes on meanwhile. */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include <sys/queue.h>

#include "sea_base.h"

struct event_base;
struct ingest_reader;

/* Embedded in whatever is read; lives until `done`. */
struct ingest_reading {
    STAILQ_ENTRY(ingest_reading) next;
    void (*read)(void *ctx); /* on the thread: pure, and nobody else touches what it works on */
    void (*done)(void *ctx); /* on the loop, afterwards */
    void *ctx;
};

void ingest_reader_open(struct ingest_reader **ret, struct event_base *base);
/* How much may wait is the caller's to bound. */
void ingest_reader_add(struct ingest_reader *reader, struct ingest_reading *reading);
/* Waits for the message in hand; what waits behind it isn't read, and `done` isn't called. */
void ingest_reader_close(struct ingest_reader **reader);

#endif

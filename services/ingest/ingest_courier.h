/* ingest_courier.h: posts each source's rejects to the address it named, signed as Standard
 * Webhooks 1.0 says. Where it is stands in Redis beside the stream, so that any instance goes on:
 * one post at a time for each source, in order; what fails is tried again, later and later. */
#ifndef INGEST_COURIER_H
#define INGEST_COURIER_H

#include "ingest_rejects.h"

struct ingest_courier;

struct ingest_courier_options {
    struct event_base *base;
    struct ingest_rejects *rejects; /* kept */
    int64_t retry_ms;               /* until the second try; later ones as the ladder says */
};

SEA_MUST_CHECK enum sea_err ingest_courier_open(struct ingest_courier **ret,
                                                const struct ingest_courier_options *options);
/* After ingest_rejects_close. */
void ingest_courier_close(struct ingest_courier **courier);

/* The sources that have an address; copies what it needs. Posts under way go on. */
void ingest_courier_load(struct ingest_courier *courier, const struct sea_channels *channels);
/* Looks whether something is due; to be called every second or so. */
void ingest_courier_look(struct ingest_courier *courier);

/* When the n-th try (from 1) is followed by another; 0: never. */
int64_t ingest_courier_wait_ms(int64_t retry_ms, uint32_t tries);

#endif

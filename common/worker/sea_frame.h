/* sea_frame.h: the records of one transaction and source row as one block of bytes, for the outbox.
 * Pure. */
#ifndef SEA_FRAME_H
#define SEA_FRAME_H

#include "sea_buf.h"
#include "sea_inputs.h"
#include "sea_kafka.h"

/* Larger frames are a bug: 500 records of a batch make a few records of a few kilobytes each. */
enum { SEA_FRAME_MAX_BYTES = 64 * 1024 * 1024 };

/* Appends a record; its src and pos are not stored, they follow from the row. An empty frame starts
 * with `src`. */
void sea_frame_add(struct sea_buf *frame, struct sea_src src, const struct sea_outgoing *out);

struct sea_frame_reader {
    struct sea_str rest;
    struct sea_src src;
    uint64_t pos; /* of the next record */
    char src_text[SEA_SRC_TEXT];
};

/* False when the block doesn't begin as a frame does. `base` is the row's. */
SEA_MUST_CHECK bool sea_frame_open(struct sea_frame_reader *reader, struct sea_str frame,
                                   uint64_t base);
/* The next record with src and pos set, pointing into the frame and the reader. False at the end or
 * at a fault; at the end reader->rest is empty. */
SEA_MUST_CHECK bool sea_frame_next(struct sea_frame_reader *reader, struct sea_outgoing *ret);

#endif

/* sea_trace.h: W3C trace context (Recommendation of 2021, version 00): the header `traceparent`. */
#ifndef SEA_TRACE_H
#define SEA_TRACE_H

#include "sea_base.h"

struct sea_trace {
    uint8_t trace_id[16], span_id[8]; /* neither is all zero */
    uint8_t flags;                    /* bit 0: sampled */
};

enum { SEA_TRACE_TEXT = 56 };

struct sea_trace sea_trace_new(void);
struct sea_trace
sea_trace_child(const struct sea_trace *parent); /* same trace, a span of its own */
/* False unless `header` is a valid one; a later version's is read by its first four fields. */
SEA_MUST_CHECK bool sea_trace_parse(struct sea_str header, struct sea_trace *ret);
/* A child of the header's trace, or a new trace when the header is absent or broken. */
struct sea_trace sea_trace_from(struct sea_str header);
void sea_trace_print(const struct sea_trace *trace, char ret[SEA_TRACE_TEXT]);

#endif

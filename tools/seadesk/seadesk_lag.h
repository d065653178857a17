/* seadesk_lag.h: what a position means beside the log it stands in. Pure. */
#ifndef SEADESK_LAG_H
#define SEADESK_LAG_H

#include "sea_base.h"

enum seadesk_log_state {
    SEADESK_LOG_FINE,
    SEADESK_LOG_SHORTER,  /* ends before what was read: lost or made anew */
    SEADESK_LOG_EXPIRED,  /* records went by retention before they were read */
    SEADESK_LOG_REPLACED, /* another record stands where the last one was read */
};

struct seadesk_log {
    bool is_read;     /* the reader has a position */
    int64_t position; /* next offset it takes */
    int64_t low, high;
    bool is_other; /* the record at position - 1 is not the one that was read */
};

enum seadesk_log_state seadesk_log_state(const struct seadesk_log *log);
/* Records still to be read; 0 where the state isn't fine. */
int64_t seadesk_log_lag(const struct seadesk_log *log);

#endif

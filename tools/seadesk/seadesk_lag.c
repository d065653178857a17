/* seadesk_lag.c: what a position means beside the log it stands in. */
#include "seadesk_lag.h"

enum seadesk_log_state seadesk_log_state(const struct seadesk_log *log)
{
    if (!log->is_read) return SEADESK_LOG_FINE;
    if (log->high < log->position) return SEADESK_LOG_SHORTER;
    if (log->low > log->position) return SEADESK_LOG_EXPIRED;
    return log->is_other ? SEADESK_LOG_REPLACED : SEADESK_LOG_FINE;
}

int64_t seadesk_log_lag(const struct seadesk_log *log)
{
    if (seadesk_log_state(log) != SEADESK_LOG_FINE) return 0;
    return log->high - (log->is_read ? log->position : log->low);
}

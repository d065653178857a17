/* fake_report.h: tells ingest what became of accepted messages, as the providers do: WhatsApp by
 * signed webhooks of up to 50 statuses, sent again until taken; Twilio by one signed callback each,
 * sent once. Whatever host a Twilio callback names, it goes to ingest; the signature is over the
 * address as named. */
#ifndef FAKE_REPORT_H
#define FAKE_REPORT_H

#include "fake_log.h"
#include "sea_app.h"

struct fake_reporter;

/* `ingest_url` is kept, without a final '/'; *offset_ms is how far the clock of the stack is
 * shifted, now. */
SEA_MUST_CHECK enum sea_err fake_reporter_open(struct fake_reporter **ret, struct sea_app *app,
                                               const char *ingest_url, const int64_t *offset_ms);
void fake_reporter_close(struct fake_reporter **reporter);

/* Reports that `message` reached each status in turn, `gap_ms` apart; "failed" and "undelivered"
 * with `error`. */
void fake_report(struct fake_reporter *reporter, struct fake_message *message,
                 const struct fake_statuses *statuses, int64_t gap_ms, int64_t error);

#endif

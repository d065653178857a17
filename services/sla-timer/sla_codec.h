/* sla_codec.h: what became of clocks as records of seadesk.deadlines. */
#ifndef SLA_CODEC_H
#define SLA_CODEC_H

#include "sla_batch.h"

/* Tells the effects on a ticket's clocks. `record` caused them; NULL: time did. */
SEA_MUST_CHECK enum sea_err sla_codec_tell(struct sea_txn *txn, const struct sla_row *row,
                                           const struct sla_effects *effects,
                                           const struct sea_record *record);

/* Tells that a wish warned or breached, as its state says. */
SEA_MUST_CHECK enum sea_err sla_codec_tell_wish(struct sea_txn *txn, const struct sla_wish *wish,
                                                int64_t at_ms, bool is_late);

/* A change of a ticket as the core takes it. */
struct sla_change sla_codec_change(const struct sla_item *item);

/* Reads a clock that somebody asks for. NULL, or why it can never be applied. */
const char *sla_codec_set(struct sea_txn *txn, const struct sea_record *record,
                          struct sla_wish *ret);
const char *sla_codec_cancel(struct sea_txn *txn, const struct sea_record *record,
                             struct sla_wish *ret);

#endif

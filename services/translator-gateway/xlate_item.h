/* xlate_item.h: a draft or a foreign message, from its record to what is told of it. */
#ifndef XLATE_ITEM_H
#define XLATE_ITEM_H

#include "sea_keys.h"
#include "sea_settings.h"
#include "sea_worker.h"
#include "seadesk/v1/drafts.pb-c.h"
#include "seadesk/v1/translations.pb-c.h"
#include "xlate_core.h"

/* Kept in the table; never renumber. */
enum xlate_kind { XLATE_DRAFT = 1, XLATE_FOREIGN = 2 };

struct xlate_item {
    struct sea_uuid cause_id, root_id;
    struct sea_key key, contact; /* of the record; whose words they are */
    struct sea_str record;       /* packed, borrowed */
    struct sea_str trace;        /* borrowed */
    enum xlate_kind kind;
    uint32_t number, tries;
    int64_t offset;
    bool was_told; /* of a foreign message: its failure */

    Seadesk__V1__Draft *draft; /* one of the two */
    Seadesk__V1__TranslationWanted *wanted;
    /* opened */
    bool is_open, is_erased, is_unreadable;
    struct sea_buf text;
    Seadesk__V1__TemplateVariables *variables;
};

/* Unpacks `item->record`, whose other fields are set. False, and nothing to free: malformed. */
SEA_MUST_CHECK bool xlate_item_read(struct xlate_item *item);
/* Of a record of the batch. */
SEA_MUST_CHECK bool xlate_item_of(const struct sea_record *record, enum xlate_kind kind,
                                  struct xlate_item *ret);
void xlate_item_free(struct xlate_item *item); /* overwrites what was opened */

/* What is sealed in it. */
struct sea_sealed xlate_item_sealed(const struct xlate_item *item);
/* To be opened once more: its key may be gone. */
void xlate_item_shut(struct xlate_item *item);
/* Opens it once; RETRY: the key store is away. Erased and unreadable ones are marked. */
SEA_MUST_CHECK enum sea_err xlate_item_open(struct xlate_item *item, struct sea_keys *keys);

/* An opened draft as the core wants it; borrows from item and settings. */
struct xlate_draft xlate_item_draft(const struct xlate_item *item,
                                    const struct sea_settings *settings);
/* The verdict on a draft: the core's, or what can't be opened. */
void xlate_item_decide(const struct xlate_item *item, const struct sea_settings *settings,
                       const struct xlate_answer *answer, struct xlate_verdict *verdict);

/* Contacts whose keys are needed to tell the verdict on a draft; writes at most `cap`. */
size_t xlate_item_contacts(const struct xlate_item *item, struct sea_key *ret, size_t cap);

/* Puts what is said of it into the outbox: Outbound, a blocked delivery, or a translation (`answer`
 * good or not). Of DROPPED nothing. *ret_id: the record's id, else nil. */
SEA_MUST_CHECK enum sea_err xlate_item_tell_draft(struct sea_txn *txn, struct sea_keys *keys,
                                                  const struct xlate_item *item,
                                                  const struct xlate_verdict *verdict,
                                                  const char *engine, struct sea_uuid *ret_id);
SEA_MUST_CHECK enum sea_err xlate_item_tell_foreign(struct sea_txn *txn, struct sea_keys *keys,
                                                    const struct xlate_item *item,
                                                    const struct xlate_answer *answer,
                                                    const char *engine, struct sea_uuid *ret_id);

#endif

/* desk_store.h: what the desk reads: its accounts, and the other services' views. Synchronous on
 * one connection: every statement is a look-up by an index or a bounded window, and ends after
 * DESK_STATEMENT_MS at the latest. RETRY: PostgreSQL or the key store is away, or too slow. */
#ifndef DESK_STORE_H
#define DESK_STORE_H

#include "desk_password.h"
#include "desk_query.h"
#include "desk_rights.h"
#include "desk_shape.h"
#include "sea_arena.h"
#include "sea_keys.h"
#include "sea_pg.h"
#include "seadesk/v1/types.pb-c.h"

struct desk;

enum { DESK_STATEMENT_MS = 2000 };

/* ---- accounts: desk_store_account.c ---- */

struct desk_account {
    struct desk_who who;
    char hash[DESK_HASH_TEXT];
    size_t hash_len;
};
/* An account that may sign in; *ret is filled when *ret_found. */
SEA_MUST_CHECK enum sea_err desk_store_account(struct desk *desk, struct sea_str user,
                                               struct desk_account *ret, bool *ret_found);
/* Makes an account unless there is one. */
struct desk_new_account {
    const char *user, *role, *name, *staff_number;
    const char *languages, *skills; /* with commas between */
};
SEA_MUST_CHECK enum sea_err desk_store_has_account(struct desk *desk, const char *user, bool *ret);
SEA_MUST_CHECK enum sea_err desk_store_demo_account(struct desk *desk,
                                                    const struct desk_new_account *account,
                                                    const char *hash);
/* Whether desk's own schema has all that this program was written for. */
SEA_MUST_CHECK enum sea_err desk_store_schema(struct desk *desk, bool *ret_known);

/* How far the deciding clock is from the system's: nothing but in development. */
SEA_MUST_CHECK enum sea_err desk_store_shift(struct desk *desk, int64_t *ret_ms);

/* ---- reading ---- */

enum {
    DESK_READ_RESULTS_MAX = 24,
    DESK_READ_ROWS_BYTES = 16 << 20,
    DESK_READ_TEXTS_BYTES = 32 << 20
};

/* What is read for one answer: texts live in it until desk_read_close. */
struct desk_read {
    struct desk *desk;
    struct sea_arena arena, texts; /* texts beyond the limit are empty */
    PGresult *results[DESK_READ_RESULTS_MAX];
    size_t results_count;
};
void desk_read_open(struct desk_read *read, struct desk *desk);
void desk_read_close(struct desk_read *read);
/* Runs a statement; *ret lives as long as `read`. */
SEA_MUST_CHECK enum sea_err desk_read_query(struct desk_read *read, const struct sea_pg_stmt *stmt,
                                            const struct sea_pg_args *args, const PGresult **ret);
/* Adds the array of the contacts' keys, the first column of `contacts`. */
void desk_read_add_keys(struct sea_pg_args *args, const PGresult *contacts);
/* Zeroed; never NULL. */
void *desk_read_zero(struct desk_read *read, size_t size);
/* Texts that the server joined with the unit separator, such as order ids. */
const struct sea_str *desk_read_split(struct desk_read *read, struct sea_str joined,
                                      size_t *ret_count);

/* A sealed column of a row. `row` is its id as its 16 bytes. */
struct desk_sealed {
    struct sea_key contact;
    const char *table, *column;
    struct sea_str row, bytes;
};
/* Fetches the keys of sealed column `col` of all rows; `key_col` has the contacts. */
SEA_MUST_CHECK enum sea_err desk_read_fetch(struct desk_read *read, const PGresult *rows,
                                            int key_col, int col);
/* Opens it. What cannot be opened is empty and counted; *ret_erased, when not NULL, says that its
 * key was destroyed. */
SEA_MUST_CHECK enum sea_err desk_read_unseal(struct desk_read *read,
                                             const struct desk_sealed *sealed, struct sea_str *ret,
                                             bool *ret_erased);

/* ---- tickets: desk_store_ticket.c ---- */

struct desk_tickets {
    const struct desk_ticket *items;
    size_t count;
    char next[DESK_CURSOR_TEXT]; /* empty: the end */
};
SEA_MUST_CHECK enum sea_err desk_store_tickets(struct desk_read *read,
                                               const struct desk_query *query,
                                               struct desk_tickets *ret);
SEA_MUST_CHECK enum sea_err desk_store_ticket(struct desk_read *read, struct sea_uuid id,
                                              struct desk_ticket *ret, bool *ret_found);
/* What a command needs of its ticket. */
struct desk_ticket_head {
    struct sea_key home_key;
    int64_t now_ms; /* the deciding clock */
};
SEA_MUST_CHECK enum sea_err desk_store_ticket_head(struct desk_read *read, struct sea_uuid id,
                                                   struct desk_ticket_head *ret, bool *ret_found);

/* ---- typing: desk_store_ticket.c ---- */

/* The contact's newest ticket in web chat that is worked on; nil: none. */
SEA_MUST_CHECK enum sea_err desk_store_open_chat(struct desk_read *read, struct sea_key contact,
                                                 struct sea_uuid *ret);
/* A ticket as somebody who types a reply meets it. */
struct desk_chat {
    struct sea_key contact;
    bool is_open, is_theirs, is_chat;
};
SEA_MUST_CHECK enum sea_err desk_store_chat(struct desk_read *read, struct sea_uuid ticket_id,
                                            struct sea_str user, struct desk_chat *ret,
                                            bool *ret_found);

/* ---- messages: desk_store_message.c, desk_store_media.c ---- */

/* An inbound message by the id of its event. */
SEA_MUST_CHECK enum sea_err desk_store_message(struct desk_read *read, struct sea_uuid event_id,
                                               struct desk_message *ret, bool *ret_found);
/* The newest of a ticket, oldest first. */
SEA_MUST_CHECK enum sea_err desk_store_messages(struct desk_read *read, struct sea_key home_key,
                                                struct sea_uuid ticket_id,
                                                const struct desk_message **ret, size_t *ret_count);

/* Fills in where the attachments of these messages stand; texts live as long as `read`. */
SEA_MUST_CHECK enum sea_err desk_store_states(struct desk_read *read, struct desk_message *messages,
                                              size_t count);
/* The bytes of an attachment that is done, part after part. */
enum { DESK_PART_MAX_BYTES = 1 << 20 };
struct desk_file {
    struct sea_uuid item_id;
    struct sea_key contact;
    uint32_t part;        /* to be read next */
    struct sea_buf plain; /* the part that was read last */
};
SEA_MUST_CHECK enum sea_err desk_store_file(struct desk_read *read, struct sea_uuid item_id,
                                            struct desk_file *ret, bool *ret_found);
/* Reads the next part; *ret_found: there was one. REJECT: nobody can open it any more. */
SEA_MUST_CHECK enum sea_err desk_store_part(struct desk *desk, struct desk_file *file,
                                            bool *ret_found);

/* The newest query->limit of a customer's conversation, or those before the cursor. */
SEA_MUST_CHECK enum sea_err desk_store_conversation(struct desk_read *read,
                                                    struct sea_uuid customer_id,
                                                    const struct desk_query *query,
                                                    struct desk_conversation *ret);

/* A page of all messages of the contacts in column 0 of `contacts`, oldest first, from behind
 * `after` (NULL: the first) on, without who of ours wrote them. */
enum { DESK_EXPORT_MESSAGES = 500 };
SEA_MUST_CHECK enum sea_err desk_store_own_messages(struct desk_read *read,
                                                    const PGresult *contacts,
                                                    const struct desk_cursor *after,
                                                    struct desk_export *ret);

/* ---- calls: desk_store_phone.c ---- */

/* The newest 200 of a ticket, oldest first. */
SEA_MUST_CHECK enum sea_err desk_store_calls(struct desk_read *read, struct sea_uuid ticket_id,
                                             const struct desk_phone_call **ret, size_t *ret_count);
/* The newest 200 of the contacts in column 0 of `contacts`, without who of ours took them. */
SEA_MUST_CHECK enum sea_err desk_store_own_calls(struct desk_read *read, const PGresult *contacts,
                                                 struct desk_export *ret);

/* ---- people, orders, requests: desk_store_person.c, desk_store_order.c ---- */

SEA_MUST_CHECK enum sea_err desk_store_customer(struct desk_read *read, struct sea_uuid id,
                                                struct desk_customer *ret, bool *ret_found);
/* What is sealed of a contact: its key stands in column 0 of `rows`, the sealed in column 1. NULL:
 * nothing, or nobody can read it. */
SEA_MUST_CHECK enum sea_err desk_store_contact(struct desk_read *read, const PGresult *rows,
                                               int row, const Seadesk__V1__ContactBody **ret);
/* The consents of the contacts in column 0 of `contacts`. */
SEA_MUST_CHECK enum sea_err desk_store_consents(struct desk_read *read, const PGresult *contacts,
                                                const struct desk_allowed **ret, size_t *ret_count);
/* The customer's contacts on a channel. */
struct desk_reach {
    struct sea_key key;
    struct sea_str account;
};
SEA_MUST_CHECK enum sea_err desk_store_reach(struct desk_read *read, struct sea_uuid customer_id,
                                             struct sea_str channel, const struct desk_reach **ret,
                                             size_t *ret_count, bool *ret_found,
                                             int64_t *ret_now_ms);
SEA_MUST_CHECK enum sea_err desk_store_presence(struct desk_read *read, struct sea_str user,
                                                struct desk_presence *ret);
SEA_MUST_CHECK enum sea_err desk_store_order(struct desk_read *read, struct sea_str order_id,
                                             struct desk_order *ret, bool *ret_found);
SEA_MUST_CHECK enum sea_err desk_store_request(struct desk_read *read, struct sea_uuid id,
                                               struct desk_request *ret, bool *ret_found);

/* ---- what is kept of a person, for themselves: desk_store_export.c ---- */

enum desk_export_state {
    DESK_EXPORT_UNKNOWN, /* no such request, or one to erase */
    DESK_EXPORT_EARLY,   /* the person isn't resolved yet */
    DESK_EXPORT_OPEN,
    DESK_EXPORT_OVER /* it was asked for too long ago */
};
/* Whose it is, and whether it may be handed over now. */
SEA_MUST_CHECK enum sea_err desk_store_export_state(struct desk_read *read,
                                                    struct sea_uuid request_id,
                                                    struct desk_export *ret,
                                                    enum desk_export_state *ret_state);
/* Fills in *ret's person: everything with the first page of messages (`after` NULL), only messages
 * with the others. At most 1,000 contacts, and the newest 1,000 tickets. */
SEA_MUST_CHECK enum sea_err
desk_store_export(struct desk_read *read, const struct desk_cursor *after, struct desk_export *ret);

/* ---- stories: desk_store_story.c ---- */

/* `id`: the event it all began with, or any other id in its story. */
SEA_MUST_CHECK enum sea_err desk_store_story(struct desk_read *read, struct sea_uuid id,
                                             struct desk_story *ret, bool *ret_found);

#endif

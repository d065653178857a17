/* desk_store_media.c: where the attachments of messages stand, and their bytes. */
#include "desk.h"
#include "desk_metrics.h"
#include "desk_store.h"
#include "sea_id.h"
#include "sea_log.h"

enum { PART_MAX_BYTES = 2 << 20 };

static const struct sea_pg_stmt STATES = {
    "media_states", "SELECT event_id, index, item_id, state, reason, mime, size"
                    " FROM media_fetcher.item_v WHERE event_id = ANY ($1)"};

static const struct sea_pg_stmt CONTACT = {
    "media_contact", "SELECT contact_key FROM media_fetcher.item_v WHERE item_id = $1"};

static const struct sea_pg_stmt PART = {
    "media_part", "SELECT sealed FROM media_fetcher.part_v WHERE item_id = $1 AND part = $2"};

static void read_state(const PGresult *rows, int row, struct desk_message *messages, size_t count)
{
    struct sea_uuid event_id = sea_pg_uuid(rows, row, 0);
    size_t index = (size_t)sea_pg_i64(rows, row, 1);
    for (size_t i = 0; i < count; i++) {
        struct desk_message *message = &messages[i];
        if (!sea_uuid_eq(message->event_id, event_id) || index >= message->attachments_count)
            continue;
        struct desk_attachment *attachment = &message->attachments[index];
        attachment->item_id = sea_pg_uuid(rows, row, 2);
        attachment->state = sea_pg_str(rows, row, 3);
        attachment->reason = sea_pg_str(rows, row, 4);
        if (!sea_str_is(attachment->state, "done")) continue;
        attachment->mime = sea_pg_str(rows, row, 5);
        attachment->size_bytes = (uint64_t)sea_pg_i64(rows, row, 6);
    }
}

enum sea_err desk_store_states(struct desk_read *read, struct desk_message *messages, size_t count)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    size_t asked = 0;
    sea_pg_array_begin(&args, SEA_PG_UUID);
    for (size_t i = 0; i < count; i++) {
        if (!messages[i].attachments_count) continue;
        sea_pg_add_uuid(&args, messages[i].event_id);
        asked++;
    }
    sea_pg_array_end(&args);
    enum sea_err err = asked ? desk_read_query(read, &STATES, &args, &rows) : SEA_OK;
    sea_pg_args_free(&args);
    for (int row = 0; !err && asked && row < sea_pg_count(rows); row++)
        read_state(rows, row, messages, count);
    return err;
}

/* One part; *ret_found: there is one. */
static enum sea_err read_part(struct desk_read *read, const struct sea_pg_args *args,
                              struct sea_key contact, struct sea_uuid id, struct desk_file *ret,
                              bool *ret_found)
{
    PGresult *rows = NULL;
    struct sea_place place = {SEA_STR("media_fetcher.part"),
                              SEA_STR("sealed"),
                              {(const char *)id.bytes, sizeof(id.bytes)}};
    enum sea_err err = sea_pg_query(read->desk->pg, &PART, args, &rows);
    if (err) return err;
    *ret_found = sea_pg_count(rows) > 0;
    if (*ret_found) {
        struct sea_sealed sealed = {contact, sea_pg_str(rows, 0, 0)};
        err = sea_keys_prefetch(read->desk->keys, &sealed, 1);
        if (!err)
            err = sea_keys_unseal(read->desk->keys, &contact, &place, sealed.bytes, &ret->bytes,
                                  &ret->is_erased);
        if (ret->is_erased) sea_metric_inc(&sea_m_desk_unopened_total, "erased");
    }
    sea_pg_clear(&rows);
    return err;
}

enum sea_err desk_store_file(struct desk_read *read, struct sea_uuid item_id, struct desk_file *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    bool is_found = true;
    sea_pg_arg_uuid(&args, item_id);
    enum sea_err err = desk_read_query(read, &CONTACT, &args, &rows);
    if (!err && sea_pg_count(rows) == 0) ret->is_erased = true; /* in this moment */
    for (uint32_t part = 0; !err && is_found && !ret->is_erased && !ret->bytes.is_full; part++) {
        sea_pg_args_reset(&args);
        sea_pg_arg_uuid(&args, item_id);
        sea_pg_arg_i32(&args, (int32_t)part);
        err = read_part(read, &args, sea_pg_key(rows, 0, 0), sea_uuid_derive(item_id, "part", part),
                        ret, &is_found);
    }
    sea_pg_args_free(&args);
    if (err == SEA_ERR_REJECT) {
        sea_metric_inc(&sea_m_desk_unopened_total, "broken");
        sea_log(SEA_LOG_WARN, "a sealed file cannot be opened");
    }
    return err || !ret->bytes.is_full ? err : SEA_ERR_FATAL;
}

/* desk_store_media.c: where the attachments of messages stand, and their bytes. */
#include "desk.h"
#include "desk_metrics.h"
#include "desk_store.h"
#include "sea_id.h"
#include "sea_log.h"

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

enum sea_err desk_store_file(struct desk_read *read, struct sea_uuid item_id, struct desk_file *ret,
                             bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, item_id);
    enum sea_err err = desk_read_query(read, &CONTACT, &args, &rows);
    sea_pg_args_free(&args);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (*ret_found)
        *ret = (struct desk_file){.item_id = item_id,
                                  .contact = sea_pg_key(rows, 0, 0),
                                  .plain = SEA_BUF(DESK_PART_MAX_BYTES)};
    return err;
}

static enum sea_err open_part(struct desk *desk, struct desk_file *file, struct sea_str bytes)
{
    bool is_erased = false;
    struct sea_sealed sealed = {file->contact, bytes};
    struct sea_uuid id = sea_uuid_derive(file->item_id, "part", file->part);
    struct sea_place place = {SEA_STR("media_fetcher.part"),
                              SEA_STR("sealed"),
                              {(const char *)id.bytes, sizeof(id.bytes)}};
    sea_buf_reset(&file->plain);
    enum sea_err err = sea_keys_prefetch(desk->keys, &sealed, 1);
    if (!err)
        err = sea_keys_unseal(desk->keys, &file->contact, &place, bytes, &file->plain, &is_erased);
    if (is_erased) sea_metric_inc(&sea_m_desk_unopened_total, "erased");
    if (err == SEA_ERR_REJECT) {
        sea_metric_inc(&sea_m_desk_unopened_total, "broken");
        sea_log(SEA_LOG_WARN, "a part of a file cannot be opened");
    }
    return is_erased || file->plain.is_full ? SEA_ERR_REJECT : err;
}

enum sea_err desk_store_part(struct desk *desk, struct desk_file *file, bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, file->item_id);
    sea_pg_arg_i32(&args, (int32_t)file->part);
    enum sea_err err = sea_pg_query(desk->pg, &PART, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_found = sea_pg_count(rows) > 0;
    if (*ret_found) err = open_part(desk, file, sea_pg_str(rows, 0, 0));
    sea_pg_clear(&rows);
    file->part++;
    return err;
}

/* media_apply.c: the attachments of messages become rows. */
#include <string.h>

#include "media_piece.h"
#include "media_service.h"
#include "sea_crash.h"
#include "sea_decode.h"
#include "sea_erasure.h"
#include "sea_id.h"

enum { BODY_MAX_BYTES = 1 << 20, BODY_ARENA_BYTES = 4 << 20 };

static const struct sea_pg_stmt ERASE_PARTS = {
    "media_erase_parts",
    "DELETE FROM part p USING item i WHERE i.item_id = p.item_id AND i.contact_key = ANY ($1)"};
static const struct sea_pg_stmt ERASE_ITEMS = {"media_erase_items",
                                               "DELETE FROM item WHERE contact_key = ANY ($1)"};

static const struct sea_erasure_store STORES[] = {
    {"media_fetcher.part", "deleted", &ERASE_PARTS},
    {"media_fetcher.item", "deleted", &ERASE_ITEMS},
};

/* A message with attachments. */
struct heard {
    const struct sea_record *record;
    struct sea_key contact;
    struct sea_str channel, account;
    int64_t received_at_ms, gone_ms;
    struct {
        struct sea_str packed;
        uint32_t pieces;
        bool is_too_large;
    } attachments[MEDIA_ATTACHMENTS_MAX];
    size_t attachments_count;
};

/* A piece of a file, still under the day's key. */
struct heard_piece {
    const struct sea_record *record;
    struct media_piece piece;
};

struct batch {
    struct media *service;
    struct sea_txn *txn;
    struct sea_arena body_arena; /* of one message at a time */
    struct sea_buf plain;
    struct heard *heard;
    size_t count, attachments_count;
    struct heard_piece *pieces;
    size_t pieces_count;
};

/* As router says it: for as long as the conversation is kept in the contact's market. */
static int64_t gone_ms(const struct batch *batch, const struct heard *heard,
                       const Seadesk__V1__MessageBody *body)
{
    const struct sea_settings *settings = batch->service->settings;
    const struct sea_account *account =
        sea_channels_account(&settings->channels, heard->channel, heard->account);
    struct sea_contact_facts facts = {account ? account->market : NULL, sea_str(body->phone),
                                      sea_str(body->locale)};
    const struct sea_market *market = sea_market_of(&settings->markets, &facts);
    return sea_period_end_ms(market->retention[SEA_RETAIN_CONVERSATION], batch->txn->now_ms);
}

static enum sea_err keep(struct batch *batch, struct heard *heard,
                         const Seadesk__V1__MessageBody *body)
{
    size_t count = body->n_attachments;
    if (count > SEA_COUNT(heard->attachments)) count = SEA_COUNT(heard->attachments);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *attachment = &body->attachments[i]->base;
        size_t len = protobuf_c_message_get_packed_size(attachment);
        uint8_t *bytes = sea_arena_alloc(batch->txn->arena, len + 1);
        if (bytes == NULL) return SEA_ERR_REJECT;
        protobuf_c_message_pack(attachment, bytes);
        heard->attachments[i].packed = (struct sea_str){(const char *)bytes, len};
        heard->attachments[i].pieces = body->attachments[i]->pieces;
        heard->attachments[i].is_too_large =
            body->attachments[i]->size_bytes > (uint64_t)batch->service->own.max_mib << 20;
    }
    heard->attachments_count = count;
    heard->gone_ms = gone_ms(batch, heard, body);
    batch->attachments_count += count;
    batch->count++;
    return SEA_OK;
}

/* Opens what ingest sealed in the record, into `plain`. REJECT: it can't be read, or the day's key
 * is gone. */
static enum sea_err open_sealed(struct batch *batch, const struct sea_record *record,
                                struct sea_str sealed)
{
    bool is_gone = false;
    struct sea_place place = {
        sea_str(sea_topic_info(record->topic)->name),
        SEA_STR("sealed"),
        {(const char *)record->headers.id.bytes, sizeof(record->headers.id.bytes)}};
    sea_buf_reset(&batch->plain);
    enum sea_err err = sea_days_unseal(batch->service->days, SEA_DAYS_INTAKE, &place, sealed,
                                       &batch->plain, &is_gone);
    return !err && is_gone ? SEA_ERR_REJECT : err;
}

/* What can't be read is router's to refuse; here it has no attachments. */
static enum sea_err hear_message(struct batch *batch, const struct sea_record *record)
{
    const Seadesk__V1__MessageReceived *message =
        sea_txn_decode(batch->txn, &seadesk__v1__message_received__descriptor, record->value);
    if (message == NULL || message->contact_key.len != sizeof(struct sea_key)) return SEA_OK;
    enum sea_err err = open_sealed(
        batch, record, (struct sea_str){(const char *)message->sealed.data, message->sealed.len});
    if (err) return err == SEA_ERR_REJECT ? SEA_OK : err;
    sea_arena_reset(&batch->body_arena);
    const Seadesk__V1__MessageBody *body = sea_decode(
        &seadesk__v1__message_body__descriptor, sea_buf_view(&batch->plain), &batch->body_arena);
    if (body == NULL || body->n_attachments == 0) return SEA_OK;
    if (!media_pieces_fit(body)) {
        sea_txn_refuse(batch->txn, record, "malformed");
        return SEA_OK;
    }
    struct heard *heard = &batch->heard[batch->count];
    *heard = (struct heard){.record = record,
                            .channel = sea_str(message->channel),
                            .account = sea_str(message->account),
                            .received_at_ms = message->received_at_ms + batch->txn->shift_ms};
    memcpy(heard->contact.bytes, message->contact_key.data, sizeof(heard->contact.bytes));
    return keep(batch, heard, body);
}

/* Nobody but us reads pieces: one that is none goes to the dead letters. */
static void hear_piece(struct batch *batch, const struct sea_record *record)
{
    struct heard_piece *heard = &batch->pieces[batch->pieces_count];
    if (media_piece_read(record->value, batch->txn->arena, &heard->piece)) {
        heard->record = record;
        heard->piece.received_at_ms += batch->txn->shift_ms;
        batch->pieces_count++;
    } else {
        sea_txn_refuse(batch->txn, record, "malformed");
    }
}

static enum sea_err hear(struct batch *batch, const struct sea_record *record)
{
    if (record->topic == SEA_TOPIC_PRIVACY)
        return sea_erasure_apply(batch->txn, "media-fetcher", record, STORES, SEA_COUNT(STORES));
    if (sea_record_is(record, &seadesk__v1__file_piece__descriptor)) hear_piece(batch, record);
    if (!sea_record_is(record, &seadesk__v1__message_received__descriptor)) return SEA_OK;
    return hear_message(batch, record);
}

/* Drops what is of before its contact's erasure, and gets the keys of the others. */
static enum sea_err ready_keys(struct batch *batch)
{
    struct sea_erasures erasures;
    size_t count = 0, kept = 0;
    struct sea_key *contacts = sea_arena_alloc(
        batch->txn->arena, (batch->count + batch->pieces_count + 1) * sizeof(*contacts));
    if (contacts == NULL) return SEA_ERR_REJECT;
    for (size_t i = 0; i < batch->count; i++) contacts[count++] = batch->heard[i].contact;
    for (size_t i = 0; i < batch->pieces_count; i++)
        contacts[count++] = batch->pieces[i].piece.contact;
    enum sea_err err =
        sea_erasure_guard(batch->txn, batch->service->keys, contacts, count, &erasures);
    if (err) return err;
    count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct heard *heard = &batch->heard[i];
        if (sea_erasure_is_late(&erasures, heard->contact, heard->received_at_ms)) continue;
        contacts[count++] = heard->contact;
        batch->heard[kept++] = *heard;
    }
    batch->count = kept;
    kept = 0;
    for (size_t i = 0; i < batch->pieces_count; i++) {
        const struct media_piece *piece = &batch->pieces[i].piece;
        if (sea_erasure_is_late(&erasures, piece->contact, piece->received_at_ms)) continue;
        contacts[count++] = piece->contact;
        batch->pieces[kept++] = batch->pieces[i];
    }
    batch->pieces_count = kept;
    return count > 0 ? sea_keys_ensure(batch->service->keys, contacts, count) : SEA_OK;
}

struct sea_uuid media_part_id(struct sea_uuid item_id, uint32_t part)
{
    return sea_uuid_derive(item_id, "part", part);
}

struct sea_place media_part_place(const struct sea_uuid *part_id)
{
    return (struct sea_place){SEA_STR("media_fetcher.part"),
                              SEA_STR("sealed"),
                              {(const char *)part_id->bytes, sizeof(part_id->bytes)}};
}

static struct sea_place source_place(const struct media_item *item)
{
    return (struct sea_place){SEA_STR("media_fetcher.item"),
                              SEA_STR("source"),
                              {(const char *)item->id.bytes, sizeof(item->id.bytes)}};
}

static enum sea_err seal(struct batch *batch, struct sea_str plain, struct media_item *item)
{
    struct sea_place place = source_place(item);
    sea_buf_reset(&batch->plain);
    enum sea_err err =
        sea_keys_seal(batch->service->keys, &item->contact, &place, plain, &batch->plain);
    if (err) return err;
    item->source = sea_arena_str(batch->txn->arena, sea_buf_view(&batch->plain));
    return item->source.ptr != NULL && !batch->plain.is_full ? SEA_OK : SEA_ERR_REJECT;
}

static struct sea_uuid item_id(struct sea_uuid message_id, uint32_t index)
{
    return sea_uuid_derive(message_id, "attachment", index);
}

static enum sea_err write(struct batch *batch)
{
    size_t count = 0;
    int64_t now_ms = batch->txn->now_ms;
    enum sea_err err = SEA_OK;
    struct media_item *items =
        sea_arena_zero(batch->txn->arena, (batch->attachments_count + 1) * sizeof(*items));
    if (items == NULL) return SEA_ERR_REJECT;
    for (size_t i = 0; i < batch->count; i++) {
        const struct heard *heard = &batch->heard[i];
        for (size_t a = 0; !err && a < heard->attachments_count; a++) {
            bool is_awaited =
                heard->attachments[a].pieces > 0 && !heard->attachments[a].is_too_large;
            struct media_item *item = &items[count++];
            *item = (struct media_item){
                .id = item_id(heard->record->headers.id, (uint32_t)a),
                .event_id = heard->record->headers.id,
                .index = (uint32_t)a,
                .number = (uint32_t)heard->record->partition,
                .offset = heard->record->offset,
                .gone_ms = heard->gone_ms,
                .contact = heard->contact,
                .channel = heard->channel,
                .account = heard->account,
                .pieces = heard->attachments[a].pieces,
                .due_ms = is_awaited ? now_ms + MEDIA_PIECES_MS : now_ms,
            };
            err = seal(batch, heard->attachments[a].packed, item);
        }
    }
    batch->service->found_count += count;
    return err ? err : media_store_insert(&batch->service->store, batch->txn, items, count);
}

/* From the day's key to the contact's. */
static enum sea_err write_piece(struct batch *batch, const struct heard_piece *heard,
                                struct sea_buf *sealed)
{
    struct media *service = batch->service;
    const struct media_piece *piece = &heard->piece;
    struct media_item item = {
        .id = item_id(piece->message_id, piece->index),
        .event_id = piece->message_id,
        .index = piece->index,
        .number = (uint32_t)heard->record->partition,
        .contact = piece->contact,
        .gone_ms = batch->txn->now_ms + MEDIA_ALONE_MS,
    };
    struct sea_uuid id = media_part_id(item.id, piece->piece);
    struct sea_place place = media_part_place(&id);
    sea_buf_reset(sealed);
    enum sea_err err = open_sealed(batch, heard->record, piece->sealed);
    if (err == SEA_ERR_REJECT) {
        sea_txn_refuse(batch->txn, heard->record, "unreadable");
        return SEA_OK;
    }
    if (!err)
        err = sea_keys_seal(service->keys, &item.contact, &place, sea_buf_view(&batch->plain),
                            sealed);
    return err ? err
               : media_store_add_piece(&service->store, batch->txn, &item, piece->piece,
                                       sea_buf_view(sealed));
}

static enum sea_err write_pieces(struct batch *batch)
{
    struct sea_buf sealed = SEA_BUF(SEA_RECORD_MAX_BYTES + SEA_SEAL_EXTRA_BYTES);
    enum sea_err err = SEA_OK;
    for (size_t i = 0; !err && i < batch->pieces_count; i++)
        err = write_piece(batch, &batch->pieces[i], &sealed);
    sea_buf_free(&sealed);
    return err;
}

/* Whichever of the two came last makes a file due. */
static enum sea_err look_for_whole(struct batch *batch)
{
    size_t count = 0;
    struct sea_uuid *ids = sea_arena_alloc(
        batch->txn->arena, (batch->attachments_count + batch->pieces_count + 1) * sizeof(*ids));
    if (ids == NULL) return SEA_ERR_REJECT;
    for (size_t i = 0; i < batch->count; i++)
        for (size_t a = 0; a < batch->heard[i].attachments_count; a++)
            if (batch->heard[i].attachments[a].pieces > 0)
                ids[count++] = item_id(batch->heard[i].record->headers.id, (uint32_t)a);
    for (size_t i = 0; i < batch->pieces_count; i++)
        ids[count++] = item_id(batch->pieces[i].piece.message_id, batch->pieces[i].piece.index);
    batch->service->wants_pump = batch->service->wants_pump || count > 0;
    return count > 0 ? media_store_whole(&batch->service->store, batch->txn, ids, count) : SEA_OK;
}

enum sea_err media_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                         size_t count)
{
    struct batch batch = {.service = ctx,
                          .txn = txn,
                          .body_arena = SEA_ARENA(BODY_ARENA_BYTES),
                          .plain = SEA_BUF(BODY_MAX_BYTES)};
    enum sea_err err = SEA_OK;
    batch.heard = sea_arena_alloc(txn->arena, (count + 1) * sizeof(*batch.heard));
    batch.pieces = sea_arena_alloc(txn->arena, (count + 1) * sizeof(*batch.pieces));
    if (batch.heard == NULL || batch.pieces == NULL) return SEA_ERR_REJECT;
    for (size_t i = 0; !err && i < count; i++) err = hear(&batch, &records[i]);
    if (!err && batch.count + batch.pieces_count > 0) err = ready_keys(&batch);
    if (!err && batch.count > 0) err = write(&batch);
    if (!err) err = write_pieces(&batch);
    if (!err) err = look_for_whole(&batch);
    sea_buf_wipe(&batch.plain);
    sea_arena_free(&batch.body_arena);
    if (!err) SEA_CRASHPOINT("media-fetcher.applied");
    return err;
}

enum sea_err media_open_source(struct media *service, const struct media_item *item,
                               struct sea_buf *ret, bool *ret_is_erased)
{
    struct sea_place place = source_place(item);
    struct sea_sealed sealed = {item->contact, item->source};
    enum sea_err err = sea_keys_prefetch(service->keys, &sealed, 1);
    if (err) return err;
    return sea_keys_unseal(service->keys, &item->contact, &place, item->source, ret, ret_is_erased);
}

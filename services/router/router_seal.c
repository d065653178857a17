/* router_seal.c: seals under contacts' keys. */
#include "router_seal.h"

#include "router_calls.h"
#include "sea_id.h"

enum { ENSURE_MOST = SEA_KEYS_BATCH_MOST };

static void want_drafts(const struct router_batch *batch, struct router_keys *keys)
{
    for (const struct router_draft *draft = batch->plan.drafts; draft; draft = draft->next)
        for (uint32_t i = 0; i < draft->ladder_count; i++)
            router_keys_add(keys, draft->ladder[i]->key);
}

static void want_contacts(const struct router_batch *batch, struct router_keys *keys)
{
    for (size_t i = 0; i < batch->contacts.cap; i++) {
        const struct router_contact *contact = batch->contacts.slots[i].value;
        if (contact && contact->is_changed && contact->is_opened)
            router_keys_add(keys, contact->key);
    }
}

static void want_sent(const struct router_batch *batch, struct router_keys *keys)
{
    for (size_t i = 0; i < batch->sent.cap; i++) {
        const struct router_sent *sent = batch->sent.slots[i].value;
        if (sent) router_keys_add(keys, sent->home);
    }
}

enum sea_err router_seal_ready(struct router_batch *batch)
{
    struct router_keys keys;
    enum sea_err err = SEA_OK;
    router_keys_init(&keys, batch->txn->arena);
    for (const struct router_message *message = batch->plan.messages; message;
         message = message->next)
        router_keys_add(&keys, message->home->key);
    want_drafts(batch, &keys);
    want_contacts(batch, &keys);
    want_sent(batch, &keys);
    router_calls_want(batch, &keys);
    for (size_t at = 0; !err && at < keys.count; at += ENSURE_MOST) {
        size_t n = keys.count - at < ENSURE_MOST ? keys.count - at : ENSURE_MOST;
        err = sea_keys_ensure(batch->tools->keys, keys.items + at, n);
    }
    return err;
}

enum sea_err router_seal_text(struct router_batch *batch, struct sea_key contact,
                              const struct sea_place *place, struct sea_str plain,
                              struct sea_str *ret)
{
    struct sea_buf *buf = &batch->tools->buf;
    *ret = (struct sea_str){"", 0};
    if (!plain.len) return SEA_OK;
    sea_buf_reset(buf);
    enum sea_err err = sea_keys_seal(batch->tools->keys, &contact, place, plain, buf);
    if (err) return err;
    if (buf->is_full) return SEA_ERR_REJECT;
    *ret = sea_arena_str(batch->txn->arena, sea_buf_view(buf));
    return ret->ptr ? SEA_OK : SEA_ERR_REJECT;
}

enum sea_err router_seal_message(struct router_batch *batch, struct sea_key contact,
                                 const struct sea_place *place, const ProtobufCMessage *message,
                                 struct sea_str *ret)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = sea_arena_alloc(batch->txn->arena, len + 1);
    if (!bytes) return SEA_ERR_REJECT;
    protobuf_c_message_pack(message, bytes);
    return router_seal_text(batch, contact, place, (struct sea_str){(const char *)bytes, len}, ret);
}

char *router_c_str(struct router_batch *batch, struct sea_str text)
{
    if (!text.len) return (char *)(uintptr_t)protobuf_c_empty_string;
    char *copy = sea_arena_dup(batch->txn->arena, text);
    sea_assert(copy);
    return copy;
}

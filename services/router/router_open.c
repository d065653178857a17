/* router_open.c: opens what is sealed under contacts' keys. */
#include "router_open.h"

#include <string.h>

#include "router_person.h"
#include "sea_id.h"
#include "sea_log.h"

enum { FETCH_MOST = SEA_KEYS_BATCH_MOST };

void router_opening_init(struct router_opening *opening, struct sea_arena *arena)
{
    *opening = (struct router_opening){.arena = arena};
}

void router_opening_add(struct router_opening *opening, struct sea_key contact,
                        struct sea_str bytes)
{
    if (!bytes.len) return;
    if (opening->count == opening->cap) {
        opening->cap = opening->cap ? opening->cap * 2 : 64;
        struct sea_sealed *more =
            sea_arena_alloc(opening->arena, opening->cap * sizeof(*opening->sealed));
        sea_assert(more);
        if (opening->count) memcpy(more, opening->sealed, opening->count * sizeof(*more));
        opening->sealed = more;
    }
    opening->sealed[opening->count++] = (struct sea_sealed){contact, bytes};
}

enum sea_err router_opening_fetch(struct router_opening *opening, struct sea_keys *keys)
{
    enum sea_err err = SEA_OK;
    for (size_t at = 0; !err && at < opening->count; at += FETCH_MOST) {
        size_t n = opening->count - at < FETCH_MOST ? opening->count - at : FETCH_MOST;
        err = sea_keys_prefetch(keys, opening->sealed + at, n);
    }
    return err;
}

enum sea_err router_open_text(struct router_batch *batch, struct sea_key contact,
                              const struct sea_place *place, struct sea_str sealed,
                              struct sea_str *ret)
{
    struct sea_buf *buf = &batch->tools->buf;
    bool is_erased = false;
    *ret = (struct sea_str){"", 0};
    if (!sealed.len) return SEA_OK;
    sea_buf_reset(buf);
    enum sea_err err =
        sea_keys_unseal(batch->tools->keys, &contact, place, sealed, buf, &is_erased);
    if (err == SEA_ERR_REJECT) {
        sea_log(SEA_LOG_ERROR, "sealed text doesn't open", SEA_F_STR("table", place->table),
                SEA_F_STR("column", place->column), SEA_F_KEY("contact", contact));
        return SEA_OK;
    }
    if (!err && !is_erased) *ret = sea_arena_str(batch->txn->arena, sea_buf_view(buf));
    if (!ret->ptr) return SEA_ERR_REJECT; /* no memory left for it */
    return err;
}

enum sea_err router_open_contact(struct router_batch *batch, struct router_contact *contact)
{
    struct sea_place place = {SEA_STR("router.contact"), SEA_STR("sealed"),
                              router_map_key(&contact->key)};
    struct sea_str plain;
    if (contact->is_opened) return SEA_OK;
    enum sea_err err = router_open_text(batch, contact->key, &place, contact->sealed, &plain);
    if (err) return err;
    contact->is_opened = true;
    const Seadesk__V1__ContactBody *body =
        sea_txn_decode(batch->txn, &seadesk__v1__contact_body__descriptor, plain);
    if (!body) return SEA_OK;
    contact->address = sea_str(body->contact_id);
    contact->name = sea_str(body->name);
    contact->phone =
        router_person_phone(&batch->plan, contact->channel, contact->address, sea_str(body->phone));
    contact->email = sea_str(body->email);
    contact->locale = sea_str(body->locale);
    contact->tier = sea_str(body->tier);
    contact->observance = sea_str(body->observance);
    contact->handset = sea_str(body->handset);
    if (body->thread) contact->thread = sea_str(body->thread->id);
    if (body->thread) contact->subject = sea_str(body->thread->subject);
    return SEA_OK;
}

enum sea_err router_open_sent(struct router_batch *batch, struct router_sent *sent)
{
    struct sea_place place = {SEA_STR("router.message"), SEA_STR("sealed"),
                              router_map_id(&sent->id)};
    struct sea_str plain;
    if (sent->text.len) return SEA_OK;
    enum sea_err err = router_open_text(batch, sent->home, &place, sent->sealed, &plain);
    if (err) return err;
    const Seadesk__V1__MessageBody *body =
        sea_txn_decode(batch->txn, &seadesk__v1__message_body__descriptor, plain);
    if (body) sent->text = sea_str(body->text);
    return SEA_OK;
}

/* ingest_africastalking_ussd.c: Africa's Talking's USSD callbacks (Africa's Talking, "USSD: handle
 * sessions"): a form with everything the caller typed since dialling, answered CON (go on) or END.
 * Nothing is signed: the callback URL carries our secret as `key`. What is kept between requests is
 * "MENU/VERSION SESSION BASE NOW": the inputs with which the session began, and those that lead to
 * where it stands, with which the next one begins. */
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_menu.h"
#include "sea_id.h"

enum { FORM_MAX = 8192, KEPT_PARTS = 4, REFERENCE_BYTES = 5 };

static struct sea_str take_part(struct sea_str *rest)
{
    if (!rest->len) return *rest;
    const char *end = memchr(rest->ptr, ' ', rest->len);
    struct sea_str part = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t gone = end ? part.len + 1 : part.len;
    *rest = (struct sea_str){rest->ptr + gone, rest->len - gone};
    return part;
}

/* A session as it is kept: no number of anybody's. */
struct talk {
    struct sea_str menu, session; /* "care/1"; a UUID */
};

/* The inputs with which this session began: those of one that broke off, when it has just been
 * dialled; else what it kept itself. */
static struct sea_str base_of(const struct ingest_webhook *hook, const struct talk *talk,
                              struct sea_str typed)
{
    struct sea_str kept = hook->session, parts[KEPT_PARTS];
    for (size_t i = 0; i < KEPT_PARTS; i++) parts[i] = take_part(&kept);
    if (!sea_str_eq(parts[0], talk->menu)) return (struct sea_str){NULL, 0};
    if (sea_str_eq(parts[1], talk->session)) return parts[2];
    return typed.len ? (struct sea_str){NULL, 0} : parts[3];
}

/* A reference that people can say and type: Crockford's base 32 of the message's id, which a
 * repeated request has again. */
static struct sea_str reference_of(struct sea_uuid id, struct sea_arena *arena)
{
    static const char DIGITS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t bits = 0;
    char text[REFERENCE_BYTES * 8 / 5];
    for (size_t i = 0; i < REFERENCE_BYTES; i++) bits = bits << 8 | id.bytes[i];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = DIGITS[bits >> (5 * (sizeof(text) - 1 - i)) & 31];
    return sea_arena_str(arena, (struct sea_str){text, sizeof(text)});
}

static void add_message(const struct ingest_webhook *hook, struct ingest_items *items,
                        const struct ingest_menu_place *place, struct sea_str session,
                        struct sea_str phone, struct sea_str reference)
{
    bool is_booking = place->act == SEA_MENU_BOOKING;
    struct ingest_item *item = ingest_found_message(hook, items, session, phone, hook->body);
    if (!item) return;
    if (phone.ptr[0] == '+') item->message.phone = phone;
    item->message.subject =
        ingest_printed(items->arena, "%s%s%.*s", sea_menu_act_name(place->act),
                       is_booking ? " " : "", is_booking ? (int)reference.len : 0, reference.ptr);
    if (is_booking) item->message.booking = reference;
    item->message.visit = place->visit;
    item->message.text = place->told;
    item->message.locale = sea_str(place->language);
    item->message.order_id = place->order;
}

static struct sea_str inputs_of(struct sea_str base, struct sea_str typed, struct sea_arena *arena)
{
    if (!base.len) return typed;
    if (!typed.len) return base;
    return ingest_printed(arena, "%.*s*%.*s", (int)base.len, base.ptr, (int)typed.len, typed.ptr);
}

static bool converse(const struct ingest_webhook *hook, struct ingest_items *items,
                     struct ingest_reply *reply, struct sea_str session)
{
    struct sea_arena *arena = items->arena;
    const struct sea_menu *menu = hook->account->menu;
    struct sea_str typed = ingest_form_text(hook->body, "text", arena);
    struct sea_uuid id = ingest_id("message", hook->account, &session, 1);
    struct sea_str reference = reference_of(id, arena);
    char name[SEA_UUID_TEXT];
    struct ingest_menu_place place;
    sea_uuid_print(id, name);
    const struct talk talk = {ingest_printed(arena, "%s/%u", menu->id, menu->version),
                              sea_str(name)};
    struct sea_str base = base_of(hook, &talk, typed);
    if (!ingest_menu_run(menu, inputs_of(base, typed, arena), reference, arena, &place))
        return false;
    if (place.is_over)
        add_message(hook, items, &place, session,
                    ingest_form_text(hook->body, "phoneNumber", arena), reference);
    reply->body = ingest_printed(arena, "%s %.*s", place.is_last ? "END" : "CON",
                                 (int)place.page.len, place.page.ptr);
    reply->session = ingest_printed(arena, "%s %s %.*s %.*s", talk.menu.ptr, name, (int)base.len,
                                    base.len ? base.ptr : "", (int)place.path.len,
                                    place.path.len ? place.path.ptr : "");
    reply->session_ms = menu->resume_ms;
    return reply->body.len && reply->session.len <= INGEST_SESSION_MAX;
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct sea_arena *arena = items->arena;
    struct sea_str session = ingest_form_text(hook->body, "sessionId", arena);
    if (!ingest_is_id(session))
        return ingest_refuse(problem, 422, "invalid", "sessionId is missing or too long",
                             "/sessionId");
    if (!ingest_is_id(ingest_form_text(hook->body, "phoneNumber", arena)))
        return ingest_refuse(problem, 422, "invalid", "phoneNumber is missing or too long",
                             "/phoneNumber");
    if (ingest_form_get(hook->body, "hopsCount", arena).len) {
        /* That a session is over, which may go on when its caller dials again. */
        ingest_ignore(items, "session_over");
        *reply = (struct ingest_reply){.session = hook->session,
                                       .session_ms = hook->account->menu->resume_ms};
        return true;
    }
    return converse(hook, items, reply, session) ||
           ingest_refuse(problem, 413, "too-large", "too much was typed", "/text");
}

static struct sea_str caller_of(const struct ingest_webhook *hook, struct sea_arena *arena)
{
    return ingest_form_text(hook->body, "phoneNumber", arena);
}

const struct ingest_adapter ingest_africastalking_ussd = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_FORM,
    .body_max_bytes = FORM_MAX,
    .is_body_unsigned = true,
    .verify = ingest_verify_query,
    .parse = parse,
    .session = caller_of,
    .reply = {.content_type = "text/plain; charset=utf-8"},
};

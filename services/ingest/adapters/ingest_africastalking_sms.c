/* ingest_africastalking_sms.c: Africa's Talking's SMS callbacks (Africa's Talking, "SMS: incoming
 * messages, delivery reports, bulk SMS opt-out"): forms without a signature, so that the callback
 * URL carries our secret as `key`. */
#include "ingest_adapter.h"
#include "sea_enc.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static const struct ingest_word STATES[] = {
    {"Sent", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"Submitted", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"Buffered", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"Success", SEADESK__V1__DELIVERY_STATE__DELIVERED},
    {"Rejected", SEADESK__V1__DELIVERY_STATE__FAILED},
    {"Failed", SEADESK__V1__DELIVERY_STATE__FAILED},
    {"AbsentSubscriber", SEADESK__V1__DELIVERY_STATE__FAILED},
    {"Expired", SEADESK__V1__DELIVERY_STATE__FAILED},
};

static void read_report(const struct ingest_webhook *hook, struct sea_str id, struct sea_str status,
                        struct ingest_items *items)
{
    struct ingest_item *item =
        ingest_found_receipt(hook, items, ingest_word_of(STATES, SEA_COUNT(STATES), status, 0), id,
                             ingest_form_text(hook->body, "phoneNumber", items->arena), status,
                             (struct sea_str){NULL, 0});
    if (!item) {
        ingest_ignore(items, "status");
        return;
    }
    item->receipt.error_code = ingest_form_text(hook->body, "failureReason", items->arena);
}

/* Who opted out there hears nothing from this sender id any more. Nothing numbers or dates these
 * callbacks: within the hour it is the same one, later, after a START, another. */
static void read_opt_out(const struct ingest_webhook *hook, struct sea_str phone,
                         struct ingest_items *items)
{
    static const int CLASSES[] = {SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE,
                                  SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING};
    char now[SEA_TIME_TEXT];
    sea_time_print(hook->now_ms, now);
    struct sea_str word = ingest_printed(items->arena, "opt-out %.13s", now);
    for (size_t i = 0; i < SEA_COUNT(CLASSES); i++)
        ingest_found_consent(hook, items, CLASSES[i], false, phone, word, 0);
}

static void read_message(const struct ingest_webhook *hook, struct sea_str id,
                         struct ingest_items *items)
{
    struct sea_str from = ingest_form_text(hook->body, "from", items->arena);
    struct sea_str date = ingest_form_text(hook->body, "date", items->arena);
    struct ingest_item *item = ingest_found_message(hook, items, id, from, hook->body);
    if (!item) return;
    if (from.ptr[0] == '+') item->message.phone = from;
    item->message.text = ingest_form_text(hook->body, "text", items->arena);
    if (!sea_time_parse(date, &item->time_ms)) item->time_ms = 0; /* some have no offset */
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct sea_arena *arena = items->arena;
    struct sea_str id = ingest_form_text(hook->body, "id", arena);
    struct sea_str status = ingest_form_text(hook->body, "status", arena);
    struct sea_str phone = ingest_form_text(hook->body, "phoneNumber", arena);
    (void)reply;
    if (ingest_form_get(hook->body, "updateType", arena).len) { /* of a paid subscription */
        ingest_ignore(items, "subscription");
        return true;
    }
    if (!id.len && !status.len && ingest_is_id(phone)) {
        read_opt_out(hook, phone, items);
        return true;
    }
    if (!ingest_is_id(id))
        return ingest_refuse(problem, 422, "invalid", "id is missing or too long", "/id");
    if (status.len)
        read_report(hook, id, status, items);
    else
        read_message(hook, id, items);
    return true;
}

const struct ingest_adapter ingest_africastalking_sms = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_FORM,
    .is_body_unsigned = true,
    .verify = ingest_verify_query,
    .parse = parse,
};

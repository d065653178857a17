/* fake.h: the fake provider's state, and its HTTP calls. */
#ifndef FAKE_H
#define FAKE_H

#include <yyjson.h>

#include "fake_log.h"
#include "fake_report.h"
#include "fake_script.h"
#include "sea_app.h"

struct fake_answer;
TAILQ_HEAD(fake_answers, fake_answer);

struct fake {
    struct sea_app *app;
    struct fake_log log;
    struct fake_script script;
    struct fake_reporter *reporter;
    struct fake_answers held; /* delayed or silent */
    int64_t offset_ms;        /* of the stack's clock, as PUT /clock said */
};

/* All calls: providers' and our own. */
extern const struct sea_http_route fake_routes[];
extern const size_t fake_routes_count;

/* The answer to a call, when the rule lets it out. `body` is copied. */
void fake_answer(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct fake_rule *rule, const struct sea_http_answer *answer);
/* Lets everything out that is held. */
void fake_answer_held(struct fake *fake);

/* Writes the message to the log, lets its statuses follow; for those who answer to sends. */
void fake_take(struct fake *fake, struct fake_message *message, const struct fake_rule *rule,
               const struct sea_http_request *request, yyjson_val *template);
/* The decoded value of a form; "" when there is none, or when it isn't UTF-8. */
const char *fake_form_value(const struct sea_http_request *request, const char *name,
                            struct sea_arena *arena);
void fake_make_id(char ret[FAKE_ID_TEXT], const char *prefix);

/* Takes it as the script wants, and answers: `accepted` with 200, unless the rule has a status. */
void fake_settle(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, struct fake_message *message,
                 struct sea_str accepted, struct sea_str refused);

/* The providers' calls, in fake_apps.c, fake_send.c, fake_helpdesk.c, fake_gateway.c and
 * fake_media.c. */
sea_http_handler fake_on_whatsapp, fake_on_twilio, fake_on_zendesk, fake_on_freshdesk,
    fake_on_intercom, fake_on_africastalking, fake_on_gateway, fake_on_line, fake_on_meta,
    fake_on_slack, fake_on_telegram, fake_on_file, fake_on_whatsapp_media, fake_on_whatsapp_file,
    fake_on_line_file, fake_on_telegram_media, fake_on_telegram_file, fake_on_twilio_media;

#endif

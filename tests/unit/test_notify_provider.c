/* What goes out on each provider's wire, and what its answers mean. */
#include "notify_answers.h"
#include "sea_id.h"

static const struct sea_channel WHATSAPP = {"whatsapp", SEA_ADAPTER_WHATSAPP,
                                            SEA_CHANNEL_MESSAGING};
static const struct sea_channel SMS = {"twilio-sms", SEA_ADAPTER_TWILIO_SMS, SEA_CHANNEL_MESSAGING};
static const struct sea_account WHATSAPP_DEMO = {
    .channel = &WHATSAPP,
    .send_adapter = SEA_ADAPTER_WHATSAPP,
    .name = "demo",
    .is_enabled = true,
    .token = {{{"tok", 3}}, 1},
    .api_base = "https://graph.example",
    .sender = "1055",
};
static const struct sea_account SMS_DEMO = {
    .channel = &SMS,
    .send_adapter = SEA_ADAPTER_TWILIO_SMS,
    .name = "demo",
    .is_enabled = true,
    .token = {{{"secret", 6}}, 1},
    .api_base = "https://api.example",
    .sender = "+15550001",
    .login = "AC1",
};

static struct notify_letter letter_by(const struct sea_account *account)
{
    struct notify_letter letter = {.account = account,
                                   .to = SEA_STR("+15557654321"),
                                   .text = SEA_STR("Hi \"you\" & me"),
                                   .public_url = SEA_STR("https://desk.example")};
    for (uint8_t i = 0; i < 16; i++) letter.attempt.bytes[i] = i;
    return letter;
}

static void whatsapp_free_text_is_as_the_cloud_api_wants_it(void **state)
{
    (void)state;
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&WHATSAPP_DEMO);
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(call.url.ptr, "https://graph.example/v23.0/1055/messages");
    assert_string_equal(call.content_type, "Content-Type: application/json");
    assert_string_equal(call.authorization.ptr, "Authorization: Bearer tok");
    assert_string_equal(
        call.body.ptr,
        "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"
        "15557654321\","
        "\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":\"Hi \\\"you\\\" & me\"},"
        "\"biz_opaque_callback_data\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\"}");
    notify_call_free(&call);
}

static void whatsapp_without_a_number_goes_to_the_id_in_its_place(void **state)
{
    (void)state;
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&WHATSAPP_DEMO);
    letter.to = SEA_STR("BR.1502576394655843");
    assert_null(notify_provider_call(&letter, &call));
    assert_non_null(strstr(call.body.ptr, "\"recipient\":\"BR.1502576394655843\""));
    assert_null(strstr(call.body.ptr, "\"to\""));
    notify_call_free(&call);
}

static void whatsapp_template_carries_its_parameters_in_order(void **state)
{
    (void)state;
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&WHATSAPP_DEMO);
    const struct sea_str parameters[] = {SEA_STR("Ana"), SEA_STR("1001")};
    const struct notify_template template = {SEA_STR("order_held"), SEA_STR("pt_BR"), parameters,
                                             2};
    letter.template = &template;
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(
        call.body.ptr,
        "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"
        "15557654321\","
        "\"type\":\"template\",\"template\":{\"name\":\"order_held\","
        "\"language\":{\"policy\":\"deterministic\",\"code\":\"pt_BR\"},"
        "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"},"
        "{\"type\":\"text\",\"text\":\"1001\"}]}]},"
        "\"biz_opaque_callback_data\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\"}");
    notify_call_free(&call);
}

static void twilio_gets_a_form_with_the_attempt_in_the_callback(void **state)
{
    (void)state;
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&SMS_DEMO);
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(call.url.ptr, "https://api.example/2010-04-01/Accounts/AC1/Messages.json");
    assert_string_equal(call.content_type, "Content-Type: application/x-www-form-urlencoded");
    assert_string_equal(call.authorization.ptr, "Authorization: Basic QUMxOnNlY3JldA==");
    assert_string_equal(
        call.body.ptr,
        "To=%2B15557654321&From=%2B15550001&Body=Hi+%22you%22+%26+me&"
        "StatusCallback=https%3A%2F%2Fdesk.example%2Fv1%2Fchannels%2Ftwilio-sms%2Fdemo"
        "%3Fattempt%3D00010203-0405-0607-0809-0a0b0c0d0e0f");
    notify_call_free(&call);
}

static struct sea_account helpdesk(const struct sea_channel *channel)
{
    return (struct sea_account){.channel = channel,
                                .send_adapter = channel->adapter,
                                .name = "demo",
                                .is_enabled = true,
                                .token = {{{"tok", 3}}, 1},
                                .api_base = "https://acme.example",
                                .sender = "77"};
}

/* OB-09 */
static void OB_09_a_reply_goes_into_the_ticket_of_the_help_desk(void **state)
{
    static const struct {
        struct sea_channel channel;
        const char *url, *authorization, *body, *answer, *id;
        bool is_put;
    } CASES[] = {
        {{"zendesk", SEA_ADAPTER_ZENDESK, SEA_CHANNEL_EMAIL},
         "https://acme.example/api/v2/tickets/5158.json",
         "Authorization: Bearer tok",
         "{\"ticket\":{\"comment\":{\"body\":\"It <left>\\nA & B\",\"public\":true,"
         "\"author_id\":77}}}",
         "{\"ticket\":{\"id\":5158},\"audit\":{\"id\":35436}}",
         "35436",
         true},
        {{"freshdesk", SEA_ADAPTER_FRESHDESK, SEA_CHANNEL_EMAIL},
         "https://acme.example/api/v2/tickets/5158/reply",
         "Authorization: Basic dG9rOlg=",
         "{\"body\":\"It &lt;left&gt;<br>A &amp; B\",\"user_id\":77}",
         "{\"id\":4,\"ticket_id\":5158}",
         "4",
         false},
        {{"intercom", SEA_ADAPTER_INTERCOM, SEA_CHANNEL_MESSAGING},
         "https://acme.example/conversations/5158/reply",
         "Authorization: Bearer tok",
         "{\"message_type\":\"comment\",\"type\":\"admin\",\"admin_id\":\"77\","
         "\"body\":\"It &lt;left&gt;<br>A &amp; B\"}",
         "{\"id\":\"5158\",\"conversation_parts\":{\"conversation_parts\":[{\"id\":\"1\"},"
         "{\"id\":\"7002\"}]}}",
         "7002",
         false},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct notify_call call = NOTIFY_CALL;
        const struct sea_account account = helpdesk(&CASES[i].channel);
        struct notify_letter letter = letter_by(&account);
        letter.to = SEA_STR("5158");
        letter.text = SEA_STR("It <left>\nA & B");
        assert_null(notify_provider_call(&letter, &call));
        assert_string_equal(call.url.ptr, CASES[i].url);
        assert_string_equal(call.authorization.ptr, CASES[i].authorization);
        assert_string_equal(call.body.ptr, CASES[i].body);
        assert_int_equal(call.is_put, CASES[i].is_put);
        letter.to = SEA_STR("../users/1");
        assert_string_equal(notify_provider_call(&letter, &call), "no_address");

        struct notify_response response = {.status = 200, .body = sea_str(CASES[i].answer)};
        struct notify_answer answer =
            notify_provider_classify(CASES[i].channel.adapter, &response, 0);
        assert_int_equal(answer.kind, NOTIFY_ANSWER_ACCEPTED);
        assert_string_equal(answer.id, CASES[i].id);
        response.body = SEA_STR("{}");
        answer = notify_provider_classify(CASES[i].channel.adapter, &response, 0);
        assert_int_equal(answer.kind, NOTIFY_ANSWER_UNCERTAIN);
        response.status = 404;
        answer = notify_provider_classify(CASES[i].channel.adapter, &response, 0);
        assert_int_equal(answer.kind, NOTIFY_ANSWER_REJECTED);
        notify_call_free(&call);
    }
}

static void what_cannot_be_sent_is_said_before_it_is_tried(void **state)
{
    (void)state;
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(NULL);
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    struct sea_account account = SMS_DEMO;
    letter = letter_by(&account);
    account.is_enabled = false;
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    account = SMS_DEMO;
    account.api_base = NULL;
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    account = SMS_DEMO;
    account.login = NULL;
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    account = SMS_DEMO;
    char text[NOTIFY_WHATSAPP_CHARS_MAX + 1];
    memset(text, 'a', sizeof(text));
    letter.text = (struct sea_str){text, NOTIFY_SMS_CHARS_MAX + 1};
    assert_string_equal(notify_provider_call(&letter, &call), "too_long");
    letter.text.len--;
    assert_null(notify_provider_call(&letter, &call));
    letter.account = &WHATSAPP_DEMO;
    letter.text.len = sizeof(text);
    assert_string_equal(notify_provider_call(&letter, &call), "too_long");
    letter.text.len = 0;
    assert_string_equal(notify_provider_call(&letter, &call), "empty");
    notify_call_free(&call);
}

static void africas_talking_gets_a_form_and_its_key(void **state)
{
    (void)state;
    static const struct sea_channel channel = {"africastalking-sms", SEA_ADAPTER_AFRICASTALKING_SMS,
                                               SEA_CHANNEL_MESSAGING};
    struct sea_account account = {.channel = &channel,
                                  .send_adapter = SEA_ADAPTER_AFRICASTALKING_SMS,
                                  .name = "demo",
                                  .is_enabled = true,
                                  .token = {{{"key", 3}}, 1},
                                  .api_base = "https://api.example",
                                  .sender = "22384",
                                  .login = "shop"};
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&account);
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(call.url.ptr, "https://api.example/version1/messaging");
    assert_string_equal(call.authorization.ptr, "apiKey: key");
    assert_string_equal(call.lines[0], "Accept: application/json");
    assert_string_equal(call.content_type, "Content-Type: application/x-www-form-urlencoded");
    assert_string_equal(call.body.ptr, "username=shop&to=%2B15557654321&"
                                       "message=Hi+%22you%22+%26+me&from=22384");
    account.login = NULL;
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    notify_call_free(&call);
}

/* CH-12. The signatures are what `openssl dgst -sha256 -hmac` makes of "id.timestamp.body". */
static void CH_12_a_gateway_of_the_company_gets_a_signed_post(void **state)
{
    (void)state;
    static const struct sea_channel channel = {"sms", SEA_ADAPTER_GENERIC, SEA_CHANNEL_MESSAGING};
    struct sea_account account = {
        .channel = &channel,
        .send_adapter = SEA_ADAPTER_WEBHOOK,
        .name = "demo",
        .is_enabled = true,
        .token = {{SEA_STR("plain-key"), SEA_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}, 2},
        .api_base = "https://sms.example/out"};
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&account);
    letter.now_ms = 1763800000000;
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(call.url.ptr, "https://sms.example/out");
    assert_string_equal(call.content_type, "Content-Type: application/json");
    assert_string_equal(call.lines[0], "webhook-id: 00010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_string_equal(call.lines[1], "webhook-timestamp: 1763800000");
    assert_string_equal(call.body.ptr,
                        "{\"type\":\"message.send\",\"timestamp\":\"2025-11-22T08:26:40Z\","
                        "\"data\":{\"id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\","
                        "\"channel\":\"sms\",\"account\":\"demo\",\"to\":\"+15557654321\","
                        "\"text\":\"Hi \\\"you\\\" & me\"}}");
    assert_string_equal(call.authorization.ptr,
                        "webhook-signature: v1,fLp1lKq34mUfLOP3zzLWKArZFkWlKQ6kI2H6H2+KGfA= "
                        "v1,Iyyc6uJKBTCwpiNuUdbPX4COQT0z6BpPo8LavtV4r60=");
    account.token.live[1] = SEA_STR("whsec_short");
    assert_string_equal(notify_provider_call(&letter, &call), "no_sender");
    notify_call_free(&call);
}

enum {
    W = SEA_ADAPTER_WHATSAPP,
    T = SEA_ADAPTER_TWILIO_SMS,
    A = SEA_ADAPTER_AFRICASTALKING_SMS,
    G = SEA_ADAPTER_WEBHOOK,
};

#define RECIPIENT(code, id)                                                                        \
    "{\"SMSMessageData\":{\"Recipients\":[{\"statusCode\":" #code ",\"messageId\":\"" id "\"}]}}"

static const struct answer_row ANSWERS[] = {
    {W, ANSWER(200, "{\"messages\":[{\"id\":\"wamid.A\"}]}"), 0, OK, "wamid.A", "http_200", 0,
     false},
    {W, ANSWER(200, "{\"messages\":[]}"), 0, MAYBE, "", "http_200", 0, false},
    {W, ANSWER(200, "not json"), 0, MAYBE, "", "http_200", 0, false},
    {W, ANSWER(400, "{\"error\":{\"code\":131026}}"), 0, NO, "", "131026", 0, false},
    {W, ANSWER(400, "{\"error\":{\"code\":131047}}"), 0, NO, "", "131047", 0, true},
    {W, ANSWER(400, "{\"error\":{\"code\":131056}}"), 2, LATER, "", "131056", 16000, false},
    {W, ANSWER(400, "{\"error\":{\"code\":80007}}"), 3, LATER, "", "80007", 8000, false},
    {W, ASKED_BACK(429, 7000, "{\"error\":{\"code\":130429}}"), 0, LATER, "", "130429", 7000,
     false},
    {W, ANSWER(401, "{\"error\":{\"code\":190}}"), 1, LATER, "", "190", 4000, false},
    {W, ANSWER(500, "{\"error\":{\"code\":131000}}"), 0, MAYBE, "", "131000", 0, false},
    {W, ANSWER(500, "{\"error\":{\"code\":131047}}"), 0, MAYBE, "", "131047", 0, false},
    {W, ANSWER(502, "<html>"), 0, MAYBE, "", "http_502", 0, false},
    {W, ANSWER(503, ""), 0, MAYBE, "", "http_503", 0, false},
    {W, ASKED_BACK(503, 2000, ""), 0, LATER, "", "http_503", 2000, false},
    {W, UNSENT(0, ""), 0, LATER, "", "no_connection", 1000, false},
    {W, SILENCE, 0, MAYBE, "", "no_answer", 0, false},
    {W, ANSWER(404, ""), 0, NO, "", "http_404", 0, false},
    {W, ANSWER(408, ""), 0, MAYBE, "", "http_408", 0, false},
    {W, ANSWER(302, ""), 0, MAYBE, "", "http_302", 0, false},
    {T, ANSWER(201, "{\"sid\":\"SM1\",\"status\":\"queued\"}"), 0, OK, "SM1", "http_201", 0, false},
    {T, ANSWER(201, "{\"sid\":7}"), 0, MAYBE, "", "http_201", 0, false},
    {T, ANSWER(400, "{\"code\":21610}"), 0, NO, "", "21610", 0, false},
    {T, ANSWER(400, "{\"code\":21617}"), 0, NO, "", "21617", 0, false},
    {T, ANSWER(429, "{\"code\":20429}"), 4, LATER, "", "20429", 16000, false},
    {T, ASKED_BACK(429, 3600000, ""), 0, LATER, "", "http_429", 300000, false},
    {T, ANSWER(500, "{\"code\":20500}"), 0, MAYBE, "", "20500", 0, false},
    {A, ANSWER(201, RECIPIENT(101, "ATXid_1")), 0, OK, "ATXid_1", "http_201", 0, false},
    {A, ANSWER(201, RECIPIENT(102, "ATXid_2")), 0, OK, "ATXid_2", "http_201", 0, false},
    {A, ANSWER(201, RECIPIENT(403, "None")), 0, NO, "", "403", 0, false},
    {A, ANSWER(201, RECIPIENT(405, "None")), 1, LATER, "", "405", 4000, false},
    {A, ANSWER(201, RECIPIENT(500, "None")), 0, MAYBE, "", "500", 0, false},
    {A, ANSWER(401, "denied"), 0, LATER, "", "http_401", 1000, false},
    {G, ANSWER(202, "{\"id\":\"m-1\"}"), 0, OK, "m-1", "http_202", 0, false},
    {G, ANSWER(202, "{}"), 0, MAYBE, "", "http_202", 0, false},
    {G, ANSWER(422, "{}"), 0, NO, "", "http_422", 0, false},
};

static void answers_are_read_for_what_they_prove(void **state)
{
    (void)state;
    expect_answers(ANSWERS, SEA_COUNT(ANSWERS));
}

static void an_id_that_is_too_long_proves_nothing(void **state)
{
    (void)state;
    struct sea_buf body = SEA_BUF(1000);
    sea_buf_text(&body, "{\"sid\":\"");
    for (int i = 0; i < NOTIFY_PROVIDER_ID_MAX; i++) sea_buf_char(&body, 'x');
    sea_buf_text(&body, "\"}");
    struct notify_response response = {.status = 201, .body = sea_buf_view(&body)};
    assert_int_equal(notify_provider_classify(SEA_ADAPTER_TWILIO_SMS, &response, 0).kind,
                     NOTIFY_ANSWER_UNCERTAIN);
    sea_buf_free(&body);
}

static void sms_costs_its_parts(void **state)
{
    (void)state;
    char text[161];
    memset(text, 'a', sizeof(text));
    assert_int_equal(notify_provider_cost(SEA_ADAPTER_TWILIO_SMS, (struct sea_str){text, 160}), 1);
    assert_int_equal(notify_provider_cost(SEA_ADAPTER_TWILIO_SMS, (struct sea_str){text, 161}), 2);
    assert_int_equal(notify_provider_cost(SEA_ADAPTER_WHATSAPP, (struct sea_str){text, 161}), 1);
    assert_int_equal(notify_provider_cost(SEA_ADAPTER_TWILIO_SMS, (struct sea_str){NULL, 0}), 1);
}

SEA_TESTS(cmocka_unit_test(whatsapp_free_text_is_as_the_cloud_api_wants_it),
          cmocka_unit_test(whatsapp_without_a_number_goes_to_the_id_in_its_place),
          cmocka_unit_test(whatsapp_template_carries_its_parameters_in_order),
          cmocka_unit_test(twilio_gets_a_form_with_the_attempt_in_the_callback),
          cmocka_unit_test(OB_09_a_reply_goes_into_the_ticket_of_the_help_desk),
          cmocka_unit_test(what_cannot_be_sent_is_said_before_it_is_tried),
          cmocka_unit_test(africas_talking_gets_a_form_and_its_key),
          cmocka_unit_test(CH_12_a_gateway_of_the_company_gets_a_signed_post),
          cmocka_unit_test(answers_are_read_for_what_they_prove),
          cmocka_unit_test(an_id_that_is_too_long_proves_nothing),
          cmocka_unit_test(sms_costs_its_parts))

/* test_desk_json.c: the shapes of contract.md. */
#include "desk_json.h"
#include "sea_cmocka.h"

#define S       SEA_STR
#define ID_1    "01000000-0000-0000-0000-000000000000"
#define ID_2    "02000000-0000-0000-0000-000000000000"
#define UUID(n) ((struct sea_uuid){{(n)}})
static const int64_t AT = INT64_C(1795331700000); /* 2026-11-22T07:15:00Z */
#define AT_TEXT "\"2026-11-22T07:15:00Z\""

/* Whether `want` stands in the JSON text. */
static void has(const struct sea_buf *json, const char *want)
{
    if (!strstr(json->ptr, want)) print_error("%s\nlacks %s\n", json->ptr, want);
    assert_non_null(strstr(json->ptr, want));
}

static void a_message_has_its_shape(void **state)
{
    (void)state;
    struct desk_message message = {.event_id = UUID(1),
                                   .ticket_id = UUID(2),
                                   .direction = S("in"),
                                   .channel = S("whatsapp"),
                                   .account = S("demo"),
                                   .external_id = S("wamid.1"),
                                   .market = S("BR"),
                                   .language = S("pt-BR"),
                                   .text = S("Olá \"x\"\n"),
                                   .sent_at_ms = AT,
                                   .received_at_ms = AT + 5,
                                   .routed_at_ms = AT + 10,
                                   .translation = {.state = S("done"),
                                                   .language = S("en"),
                                                   .text = S("Hello"),
                                                   .engine = S("demo"),
                                                   .is_machine = true,
                                                   .quality = 0.930000007}};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_message(&message, &json);
    has(&json, "{\"event_id\":\"" ID_1 "\"");
    has(&json, "\"ticket_id\":\"" ID_2 "\"");
    has(&json, "\"direction\":\"in\",\"channel\":\"whatsapp\",\"account\":\"demo\","
               "\"external_id\":\"wamid.1\"");
    has(&json, "\"text\":\"Olá \\\"x\\\"\\n\"");
    has(&json, "\"translation\":{\"state\":\"done\",\"language\":\"en\",\"text\":\"Hello\","
               "\"engine\":\"demo\",\"machine\":true,\"quality\":0.93}");
    has(&json, "\"sent_at\":" AT_TEXT ",\"received_at\":\"2026-11-22T07:15:00.005Z\"");
    has(&json, "\"delivery\":null");
    has(&json, "\"conversation_id\":null");
    assert_null(strstr(json.ptr, "erased"));
    sea_buf_free(&json);
}

static void ch_01_messages_of_a_conversation_have_their_places(void **state)
{
    (void)state;
    struct desk_message messages[] = {
        {.conversation_id = UUID(2), .channel = S("whatsapp"), .seq = 1},
        {.conversation_id = UUID(2), .channel = S("twilio-sms"), .seq = 2}};
    struct sea_buf json = SEA_BUF(65536);
    struct desk_conversation page = {UUID(1), messages, SEA_COUNT(messages), "n.1.x"};
    desk_json_conversation(&page, &json);
    has(&json, "{\"customer_id\":\"" ID_1 "\",\"conversation_id\":\"" ID_2 "\",\"messages\":[{");
    has(&json, "],\"next\":\"n.1.x\"}");
    has(&json, "\"conversation_id\":\"" ID_2 "\",\"seq\":1");
    has(&json, "\"conversation_id\":\"" ID_2 "\",\"seq\":2");
    sea_buf_reset(&json);
    desk_json_conversation(&(struct desk_conversation){.customer_id = UUID(1)}, &json);
    has(&json, "\"conversation_id\":null,\"messages\":[],\"next\":null}");
    sea_buf_reset(&json);
    messages[0].seq = 0;
    desk_json_message(&messages[0], &json);
    assert_null(strstr(json.ptr, "seq"));
    sea_buf_free(&json);
}

static void ch_15_a_message_names_what_is_attached_to_it(void **state)
{
    (void)state;
    static struct desk_attachment clips[] = {
        {S("unboxing.mp4"),
         S("video/mp4"),
         S("https://video.example/1"),
         S("7135"),
         120034,
         S("done"),
         S(""),
         {{0}}},
        {.media_id = S("7136"), .state = S("failed"), .reason = S("http_404")}};
    struct desk_message message = {.direction = S("in"), .translation = {.state = S("none")}};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_message(&message, &json);
    assert_null(strstr(json.ptr, "attachments"));
    sea_buf_reset(&json);
    message.attachments = clips;
    message.attachments_count = SEA_COUNT(clips);
    desk_json_message(&message, &json);
    has(&json, "\"attachments\":[{\"name\":\"unboxing.mp4\",\"mime\":\"video/mp4\","
               "\"url\":\"https://video.example/1\",\"media_id\":\"7135\",\"size\":120034,"
               "\"state\":\"done\",\"reason\":null,"
               "\"download\":\"/api/v1/media/00000000-0000-0000-0000-000000000000/0\"},"
               "{\"name\":null,\"mime\":null,\"url\":null,\"media_id\":\"7136\",\"size\":null,"
               "\"state\":\"failed\",\"reason\":\"http_404\"}]");
    sea_buf_free(&json);
}

static void a_delivery_has_its_shape(void **state)
{
    (void)state;
    struct desk_message message = {.direction = S("out"),
                                   .translation = {.state = S("none")},
                                   .delivery = {.state = S("blocked"),
                                                .reason = S("forbidden_word"),
                                                .has_span = true,
                                                .span_from = 0,
                                                .span_to = 4,
                                                .at_ms = AT}};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_message(&message, &json);
    has(&json, "\"delivery\":{\"state\":\"blocked\",\"reason\":\"forbidden_word\",\"span\":[0,4],"
               "\"release_at\":null,\"channel\":null,\"at\":" AT_TEXT "}");
    has(&json, "\"translation\":{\"state\":\"none\"}");
    sea_buf_free(&json);
}

static void broken_text_is_shown_as_far_as_it_goes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } CASES[] = {{"caf\xc3\xa9 \xff!", "\"text\":\"caf\xc3\xa9 ?!\""},
                 {"\xe5\xb1", "\"text\":\"??\""},
                 {"\xed\xa0\x80", "\"text\":\"???\""},
                 {"a\x80", "\"text\":\"a?\""}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_message message = {.text = sea_str(CASES[i].text)};
        struct sea_buf json = SEA_BUF(65536);
        desk_json_message(&message, &json);
        has(&json, CASES[i].want);
        sea_buf_free(&json);
    }
}

static struct desk_ticket a_ticket(void)
{
    static const struct sea_str ORDERS[] = {{"1001", 4}, {"1002", 4}};
    static const struct desk_clock CLOCKS[] = {{.clock = {"first_response", 14},
                                                .state = {"met", 3},
                                                .due_at_ms = INT64_C(1795331700000),
                                                .policy = {"standard", 8},
                                                .is_withdrawn = true}};
    return (struct desk_ticket){.id = UUID(1),
                                .version = 7,
                                .status = S("open"),
                                .market = S("BR"),
                                .channel = S("whatsapp"),
                                .language = S("pt-BR"),
                                .priority = 5,
                                .queue = S("br"),
                                .opened_at_ms = AT,
                                .order_ids = ORDERS,
                                .order_ids_count = SEA_COUNT(ORDERS),
                                .issue = S("size"),
                                .clocks = CLOCKS,
                                .clocks_count = SEA_COUNT(CLOCKS)};
}

static void a_ticket_in_full_has_its_shape(void **state)
{
    (void)state;
    struct desk_ticket ticket = a_ticket();
    struct desk_message messages[] = {{.event_id = UUID(2)}};
    struct desk_decision decisions[] = {{AT, S("router"), S("opened"), S("new")}};
    struct desk_contact contacts[] = {{S("whatsapp"), S("demo"), S("5678")}};
    struct desk_allowed allowed[] = {
        {S("whatsapp"), S("demo"), S("marketing"), S("word"), true, AT, S("said so")}};
    struct desk_customer customer = {.id = UUID(2),
                                     .name = S("J. D."),
                                     .contacts = contacts,
                                     .contacts_count = 1,
                                     .allowed = allowed,
                                     .allowed_count = 1};
    struct sea_buf json = SEA_BUF(65536);
    ticket.messages = messages;
    ticket.messages_count = 1;
    ticket.decisions = decisions;
    ticket.decisions_count = 1;
    ticket.customer = &customer;
    desk_json_ticket(&ticket, &json);
    has(&json, "{\"id\":\"" ID_1 "\",\"version\":7,\"status\":\"open\",\"market\":\"BR\"");
    has(&json, "\"priority\":5,\"queue\":\"br\",\"assignee\":null,\"subject\":null,\"opened_"
               "at\":" AT_TEXT);
    has(&json, "\"order_ids\":[\"1001\",\"1002\"]");
    has(&json,
        "\"tags\":{\"issue\":\"size\",\"emotion\":null,\"product_version\":null,\"stage\":null}");
    has(&json, "\"clocks\":[{\"clock\":\"first_response\",\"due_at\":" AT_TEXT
               ",\"state\":\"met\",\"withdrawn\":true,\"policy\":\"standard\"}]");
    has(&json, "\"messages\":[{\"event_id\":\"" ID_2 "\"");
    has(&json, "\"decisions\":[{\"at\":" AT_TEXT
               ",\"by\":\"router\",\"what\":\"opened\",\"reason\":\"new\"}]");
    has(&json, "\"customer\":{\"id\":\"" ID_2 "\",\"name\":\"J. D.\"");
    has(&json, "\"channels\":[{\"channel\":\"whatsapp\",\"account\":\"demo\",\"id\":\"5678\"}]");
    has(&json,
        "\"consents\":[{\"channel\":\"whatsapp\",\"account\":\"demo\",\"class\":\"marketing\","
        "\"granted\":true,\"at\":" AT_TEXT ",\"source\":\"word\"}]");
    sea_buf_free(&json);
}

static void ch_03_a_call_shows_rings_wait_and_recording(void **state)
{
    (void)state;
    struct desk_ticket ticket = a_ticket();
    struct desk_phone_call calls[] = {{.id = UUID(2),
                                       .direction = S("inbound"),
                                       .outcome = S("answered"),
                                       .rings = 3,
                                       .agent = S("ana"),
                                       .recording = S("rec/17"),
                                       .started_at_ms = AT,
                                       .answered_at_ms = AT + 9000},
                                      {.id = UUID(3), .direction = S("inbound")}};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_ticket(&ticket, &json);
    assert_null(strstr(json.ptr, "\"calls\""));
    sea_buf_reset(&json);
    ticket.calls = calls;
    ticket.calls_count = SEA_COUNT(calls);
    desk_json_ticket(&ticket, &json);
    has(&json, "\"calls\":[{\"id\":\"" ID_2 "\",\"direction\":\"inbound\",\"outcome\":"
               "\"answered\",\"rings\":3,\"wait_ms\":9000,\"started_at\":" AT_TEXT);
    has(&json, "\"ended_at\":null,\"agent\":\"ana\",\"recording\":\"rec/17\"}");
    has(&json, "\"outcome\":null,\"rings\":0,\"wait_ms\":null,\"started_at\":null");
    sea_buf_free(&json);
}

static void a_list_says_where_it_goes_on(void **state)
{
    (void)state;
    struct desk_ticket tickets[] = {a_ticket(), a_ticket()};
    struct sea_buf json = SEA_BUF(65536), last = SEA_BUF(65536);
    desk_json_tickets(tickets, 2, "n.1.x", &json);
    has(&json, "{\"items\":[{\"id\":");
    has(&json, "],\"next\":\"n.1.x\"}");
    assert_null(strstr(json.ptr, "messages"));
    desk_json_tickets(NULL, 0, "", &last);
    assert_str_equal(sea_buf_view(&last), "{\"items\":[],\"next\":null}");
    sea_buf_free(&json);
    sea_buf_free(&last);
}

static void an_order_has_its_shape(void **state)
{
    (void)state;
    struct desk_milestone milestones[] = {{S("paid"), AT}};
    struct desk_parcel parcels[] = {{S("P1"), S("in_customs"), S("correios"), S("LX1")},
                                    {S("P2"), S("dispatched"), S(""), S("")}};
    struct desk_parcel_event events[] = {
        {S("P1"), S("seadesk.parcel.customs_held.v1"), S("missing_tax_id"), S("Curitiba"), AT}};
    struct desk_exception exceptions[] = {
        {S("customs_held"), S("P1"), S("missing_tax_id"), AT, AT, 0}};
    struct desk_notice notices[] = {
        {S("customs_held"), S("P1"), S("drafted"), UUID(2), {.state = S("accepted")}}};
    struct desk_order order = {.order_id = S("1001"),
                               .market = S("BR"),
                               .customer_id = UUID(1),
                               .state = S("in_customs"),
                               .milestones = milestones,
                               .milestones_count = 1,
                               .parcels = parcels,
                               .parcels_count = 2,
                               .events = events,
                               .events_count = 1,
                               .exceptions = exceptions,
                               .exceptions_count = 1,
                               .notices = notices,
                               .notices_count = 1};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_order(&order, &json);
    has(&json,
        "{\"order_id\":\"1001\",\"market\":\"BR\",\"customer_id\":\"" ID_1
        "\",\"state\":\"in_customs\",\"milestones\":[{\"name\":\"paid\",\"at\":" AT_TEXT "}]");
    has(&json,
        "\"parcels\":[{\"parcel_id\":\"P1\",\"state\":\"in_customs\",\"carrier\":\"correios\","
        "\"tracking_number\":\"LX1\",\"events\":[{\"type\":\"seadesk.parcel.customs_held.v1\"");
    has(&json, "{\"parcel_id\":\"P2\",\"state\":\"dispatched\",\"carrier\":null,"
               "\"tracking_number\":null,\"events\":[]}");
    has(&json, "\"exceptions\":[{\"class\":\"customs_held\",\"parcel_id\":\"P1\",\"since\":" AT_TEXT
               ",\"reason\":\"missing_tax_id\",\"expected_at\":" AT_TEXT ",\"closed_at\":null}]");
    has(&json, "\"notices\":[{\"about\":\"customs_held\",\"parcel_id\":\"P1\",\"event_id\":\"" ID_2
               "\",\"state\":\"drafted\",\"delivery\":{\"state\":\"accepted\"");
    sea_buf_free(&json);
}

static void a_story_says_null_where_no_record_was_read(void **state)
{
    (void)state;
    struct desk_step steps[] = {{.at_ms = AT,
                                 .service = S("router"),
                                 .what = S("message recorded"),
                                 .topic = S("seadesk.messages"),
                                 .has_record = true,
                                 .partition = 0,
                                 .offset = 0,
                                 .event_id = UUID(1)},
                                {.at_ms = AT,
                                 .service = S("notifier"),
                                 .what = S("accepted"),
                                 .event_id = UUID(2),
                                 .caused_by = UUID(1)}};
    struct desk_story story = {UUID(1), S("seadesk.v1.MessageReceived"), steps, 2};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_story(&story, &json);
    has(&json, "{\"event_id\":\"" ID_1 "\",\"type\":\"seadesk.v1.MessageReceived\",\"steps\":[");
    has(&json, "\"topic\":\"seadesk.messages\",\"partition\":0,\"offset\":0,\"event_id\":\"" ID_1
               "\",\"caused_by\":null}");
    has(&json, "\"topic\":null,\"partition\":null,\"offset\":null,\"event_id\":\"" ID_2
               "\",\"caused_by\":\"" ID_1 "\"}");
    sea_buf_free(&json);
}

static void a_request_has_its_shape(void **state)
{
    (void)state;
    struct desk_request request = {
        .request_id = UUID(1),
        .kind = S("erase"),
        .state = S("done"),
        .certificate = S("e30.e30.c2ln"),
        .stores = S("[{\"store\":\"router.message\",\"state\":\"deleted\",\"rows\":3}]")};
    struct desk_request fresh = {.request_id = UUID(1), .state = S("received")};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_request(&request, &json);
    has(&json, "{\"request_id\":\"" ID_1 "\"");
    has(&json, "\"state\":\"done\",\"stores\":[{\"store\":\"router.message\",\"state\":\"deleted\","
               "\"rows\":3}],\"certificate\":\"e30.e30.c2ln\"}");
    sea_buf_reset(&json);
    desk_json_request(&fresh, &json);
    has(&json, "\"state\":\"received\",\"stores\":[],\"certificate\":null}");
    sea_buf_free(&json);
}

static void presence_has_its_limits_as_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *limits, *want;
    } CASES[] = {{"phone=1,chat=3", "\"channels\":{\"phone\":1,\"chat\":3}"},
                 {"phone=1", "\"channels\":{\"phone\":1}"},
                 {"", "\"channels\":{}"},
                 {"phone,chat=x,=,", "\"channels\":{}"}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_presence presence = {.user = S("ana"),
                                         .state = S("online"),
                                         .weight = 10,
                                         .limits = sea_str(CASES[i].limits)};
        struct sea_buf json = SEA_BUF(65536);
        desk_json_presence(&presence, &json);
        has(&json, "\"state\":\"online\",\"capacity\":{\"weight\":10,");
        has(&json, CASES[i].want);
        sea_buf_free(&json);
    }
}

static void what_is_kept_of_a_person_is_whole_and_pages_are_messages_alone(void **state)
{
    (void)state;
    struct desk_own_contact contacts[] = {{.channel = S("whatsapp"),
                                           .account = S("demo"),
                                           .id = S("5511912345678"),
                                           .name = S("João"),
                                           .since_ms = AT}};
    struct desk_allowed consents[] = {{S("whatsapp"), S("demo"), S("marketing"), S("agent"), true,
                                       AT, S("said so on the phone")}};
    struct sea_str orders[] = {S("1001")}, certificates[] = {S("a.b.c")};
    struct desk_own_ticket tickets[] = {{.id = UUID(2),
                                         .status = S("open"),
                                         .subject = S("Where is it?"),
                                         .opened_at_ms = AT,
                                         .order_ids = orders,
                                         .order_ids_count = 1}};
    struct desk_own_order links[] = {{S("1001"), S("BR")}};
    struct desk_message messages[] = {{.direction = S("in"), .text = S("Olá")}};
    struct desk_export own = {.request_id = UUID(1),
                              .customer_id = UUID(2),
                              .contacts = contacts,
                              .contacts_count = 1,
                              .consents = consents,
                              .consents_count = 1,
                              .tickets = tickets,
                              .tickets_count = 1,
                              .orders = links,
                              .orders_count = 1,
                              .certificates = certificates,
                              .certificates_count = 1,
                              .messages = messages,
                              .messages_count = 1};
    struct sea_buf json = SEA_BUF(65536);
    desk_json_export(&own, true, "", &json);
    has(&json, "{\"request_id\":\"" ID_1 "\",\"customer_id\":\"" ID_2 "\",\"contacts\":[{");
    has(&json, "\"id\":\"5511912345678\",\"name\":\"João\",\"phone\":null");
    has(&json, "\"source\":\"agent\",\"proof\":\"said so on the phone\"}]");
    has(&json, "\"subject\":\"Where is it?\",\"opened_at\":" AT_TEXT
               ",\"resolved_at\":null,\"order_ids\":[\"1001\"]}]");
    has(&json, "\"orders\":[{\"order_id\":\"1001\",\"market\":\"BR\"}]");
    has(&json, "\"certificates\":[\"a.b.c\"],\"messages\":[{");
    has(&json, "\"text\":\"Olá\"");
    has(&json, "\"next\":null}");
    sea_buf_reset(&json);
    desk_json_export(&own, false, "n.1.x", &json);
    assert_null(strstr(json.ptr, "contacts"));
    has(&json, "\"messages\":[{");
    has(&json, "\"next\":\"n.1.x\"}");
    sea_buf_free(&json);
}

SEA_TESTS(cmocka_unit_test(a_message_has_its_shape),
          cmocka_unit_test(ch_01_messages_of_a_conversation_have_their_places),
          cmocka_unit_test(ch_15_a_message_names_what_is_attached_to_it),
          cmocka_unit_test(a_delivery_has_its_shape),
          cmocka_unit_test(broken_text_is_shown_as_far_as_it_goes),
          cmocka_unit_test(a_ticket_in_full_has_its_shape),
          cmocka_unit_test(ch_03_a_call_shows_rings_wait_and_recording),
          cmocka_unit_test(a_list_says_where_it_goes_on), cmocka_unit_test(an_order_has_its_shape),
          cmocka_unit_test(a_story_says_null_where_no_record_was_read),
          cmocka_unit_test(a_request_has_its_shape),
          cmocka_unit_test(what_is_kept_of_a_person_is_whole_and_pages_are_messages_alone),
          cmocka_unit_test(presence_has_its_limits_as_numbers))

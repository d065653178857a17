/* Queues, clock policies and templates: which one is chosen, and what is rendered. */
#include "sea_cmocka.h"
#include "sea_language.h"
#include "sea_routing.h"
#include "sea_sla.h"
#include "sea_template.h"

static const struct sea_market GLOBAL = {.code = "GLOBAL", .desk_language = "en"};
static const struct sea_market LATAM = {.code = "LATAM", .parent = &GLOBAL, .desk_language = "es"};
static const char *const BR_LANGUAGES[] = {"pt-BR"};
static const struct sea_market BR = {.code = "BR",
                                     .parent = &LATAM,
                                     .languages = {BR_LANGUAGES, 1},
                                     .desk_language = "pt",
                                     .targets = {[SEA_CHANNEL_EMAIL] = {{.limit_ms = 7000}}}};

static void the_first_queue_that_matches_all_its_lists_is_taken(void **state)
{
    (void)state;
    static const struct sea_market *const LATAM_ONLY[] = {&LATAM};
    static const char *const PT[] = {"pt"}, *const PHONE[] = {"phone"},
                             *const VIP[] = {"vip", "b2b"};
    static const struct sea_queue QUEUES[] = {
        {.name = "vip", .tags = {VIP, 2}, .markets = LATAM_ONLY, .market_count = 1},
        {.name = "latam-phone", .channels = {PHONE, 1}, .markets = LATAM_ONLY, .market_count = 1},
        {.name = "portuguese", .languages = {PT, 1}, .desk_language = "pt"},
        {.name = "rest"}};
    static const struct sea_routing ROUTING = {.queues = QUEUES, .queue_count = 4};
    static const struct sea_str TAGS[] = {{"wrong_size", 10}, {"b2b", 3}};
    static const struct {
        struct sea_queue_facts facts;
        const char *want;
    } CASES[] = {
        {{&BR, {"pt-BR", 5}, {"whatsapp", 8}, NULL, 0}, "portuguese"},
        {{&BR, {"es", 2}, {"whatsapp", 8}, NULL, 0}, "rest"},
        {{&BR, {"pt-BR", 5}, {"phone", 5}, NULL, 0}, "latam-phone"},
        {{&BR, {"pt-BR", 5}, {"phone", 5}, TAGS, 1}, "latam-phone"},
        {{&BR, {"pt-BR", 5}, {"phone", 5}, TAGS, 2}, "vip"},
        {{&GLOBAL, {"pt", 2}, {"phone", 5}, TAGS, 2}, "portuguese"},
        {{&GLOBAL, {NULL, 0}, {NULL, 0}, NULL, 0}, "rest"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_string_equal(sea_routing_queue(&ROUTING, &CASES[i].facts)->name, CASES[i].want);
    assert_string_equal(sea_routing_desk_language(&QUEUES[2], &LATAM), "pt");
    assert_string_equal(sea_routing_desk_language(&QUEUES[3], &LATAM), "es");
    assert_ptr_equal(sea_routing_queue_by_name(&ROUTING, SEA_STR("rest")), &QUEUES[3]);
    assert_null(sea_routing_queue_by_name(&ROUTING, SEA_STR("vi")));
}

static void a_policy_overrides_the_pack_while_it_holds(void **state)
{
    (void)state;
    static const struct sea_sla_policy POLICIES[] = {{.id = "off",
                                                      .channel_classes = 0xff,
                                                      .target = {.limit_ms = 1},
                                                      .from_ms = INT64_MIN,
                                                      .until_ms = INT64_MAX},
                                                     {.id = "dated",
                                                      .market = &LATAM,
                                                      .channel_classes = 1u << SEA_CHANNEL_EMAIL,
                                                      .target = {.limit_ms = 2},
                                                      .is_enabled = true,
                                                      .from_ms = 1000,
                                                      .until_ms = 2000}};
    static const struct sea_sla SLA = {POLICIES, 2};
    static const struct {
        const struct sea_market *market;
        enum sea_channel_class channel;
        enum sea_clock clock;
        int64_t at_ms, want_ms;
        const char *want;
    } CASES[] = {
        {&BR, SEA_CHANNEL_EMAIL, SEA_CLOCK_ACKNOWLEDGEMENT, 999, 7000, "BR"},
        {&BR, SEA_CHANNEL_EMAIL, SEA_CLOCK_ACKNOWLEDGEMENT, 1000, 2, "dated"},
        {&BR, SEA_CHANNEL_EMAIL, SEA_CLOCK_ACKNOWLEDGEMENT, 1999, 2, "dated"},
        {&BR, SEA_CHANNEL_EMAIL, SEA_CLOCK_ACKNOWLEDGEMENT, 2000, 7000, "BR"},
        {&BR, SEA_CHANNEL_PHONE, SEA_CLOCK_ACKNOWLEDGEMENT, 1500, 0, "BR"},
        {&BR, SEA_CHANNEL_EMAIL, SEA_CLOCK_RESOLUTION, 1500, 0, "BR"},
        {&GLOBAL, SEA_CHANNEL_EMAIL, SEA_CLOCK_ACKNOWLEDGEMENT, 1500, 0, "GLOBAL"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        const char *policy = NULL;
        struct sea_target target = sea_sla_target(&SLA, CASES[i].market, CASES[i].channel,
                                                  CASES[i].clock, CASES[i].at_ms, &policy);
        assert_int_equal(target.limit_ms, CASES[i].want_ms);
        assert_string_equal(policy, CASES[i].want);
    }
}

static void languages_fit_by_region_and_script(void **state)
{
    (void)state;
    static const struct {
        const char *have, *wanted;
        uint32_t want;
    } CASES[] = {{"pt-BR", "pt-BR", 3}, {"pt-BR", "PT_br", 3},
                 {"es", "es-MX", 2},    {"pt-BR", "pt", 1},
                 {"pt-BR", "pt-PT", 1}, {"en", "pt", 0},
                 {"zh-CN", "zh", 1},    {"zh-CN", "zh-Hans-SG", 1},
                 {"zh-CN", "zh-TW", 0}, {"zh-CN", "zh-Hant", 0},
                 {"zh", "zh-CN", 2},    {"zh-TW", "zh-HK", 1},
                 {"es", "est", 0},      {"", "es", 0},
                 {"es", "", 0},         {"de", "de-Latn-CH", 2}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_int_equal(sea_language_fit(sea_str(CASES[i].have), sea_str(CASES[i].wanted)),
                         CASES[i].want);
    assert_true(sea_language_covers(SEA_STR("es"), SEA_STR("es-MX")));
    assert_false(sea_language_covers(SEA_STR("es-MX"), SEA_STR("es")));
    assert_false(sea_language_covers(SEA_STR(""), SEA_STR("es")));
}

static void a_template_is_read_in_the_nearest_language(void **state)
{
    (void)state;
    static const struct sea_template_text TEXTS[] = {
        {"en", "e"}, {"pt-BR", "p"}, {"es", "s"}, {"es-ES", "ss"}, {"zh-CN", "z"}};
    static const struct sea_template TEMPLATE = {.id = "t", .texts = TEXTS, .text_count = 5};
    static const char *const WANTED_GOT[][2] = {
        {"es-MX", "es"},    {"es-ES", "es-ES"}, {"pt-PT", "pt-BR"},
        {"zh-TW", "pt-BR"}, /* not that script: what the market reads */
        {"xx", "pt-BR"},    {"", "pt-BR"},      {"en-GB", "en"}};
    for (size_t i = 0; i < SEA_COUNT(WANTED_GOT); i++)
        assert_string_equal(sea_template_text(&TEMPLATE, sea_str(WANTED_GOT[i][0]), &BR)->language,
                            WANTED_GOT[i][1]);
    assert_string_equal(sea_template_text(&TEMPLATE, SEA_STR("xx"), &GLOBAL)->language, "en");
}

/* NT-13: a missing variable fails closed. */
static void rendering_needs_every_variable(void **state)
{
    (void)state;
    static const struct sea_variable VARIABLES[] = {
        {"order_id", {"1001", 4}}, {"empty", {NULL, 0}}, {"odd", {"{order_id}", 10}}};
    static const struct {
        const char *text, *want; /* NULL: refused */
    } CASES[] = {{"Order {order_id}!", "Order 1001!"},
                 {"{order_id}{order_id}", "10011001"},
                 {"{{{order_id}}}", "{1001}"},
                 {"{odd}", "{order_id}"}, /* a value is no template */
                 {"", ""},
                 {"{missing}", NULL},
                 {"{empty}", NULL},
                 {"{order_id", NULL},
                 {"{}", NULL},
                 {"a } b", NULL},
                 {"{order{id}}", NULL}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_buf out = SEA_BUF(100);
        bool is_good = sea_template_render(CASES[i].text, VARIABLES, 3, &out);
        assert_int_equal(is_good, CASES[i].want != NULL);
        if (is_good) assert_str_equal(sea_buf_view(&out), CASES[i].want);
        sea_buf_free(&out);
    }
    struct sea_buf small = SEA_BUF(3);
    assert_false(sea_template_render("{order_id}", VARIABLES, 1, &small));
    sea_buf_free(&small);
}

SEA_TESTS(cmocka_unit_test(the_first_queue_that_matches_all_its_lists_is_taken),
          cmocka_unit_test(a_policy_overrides_the_pack_while_it_holds),
          cmocka_unit_test(languages_fit_by_region_and_script),
          cmocka_unit_test(a_template_is_read_in_the_nearest_language),
          cmocka_unit_test(rendering_needs_every_variable))

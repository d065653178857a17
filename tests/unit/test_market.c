/* The packs of the repository, who belongs to which market and zone, and how mistakes in packs are
 * told. */
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char OWN[] = SEA_SOURCE_DIR "/deploy/config/markets";
static const int64_t MINUTE_MS = 60000, HOUR_MS = 3600000;

static struct sea_arena arena = SEA_ARENA(1 << 24);
static struct sea_markets markets;
static struct sea_examples examples;

static bool is_channel(struct sea_str name)
{
    return !sea_str_is(name, "pigeon");
}

static int load_own(void **state)
{
    (void)state;
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    bool is_good = sea_pack_load(OWN, &arena, is_channel, &errors, &examples, &markets);
    if (!is_good) print_error("%s", errors.lines.ptr);
    sea_yaml_errors_free(&errors);
    return is_good ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

static const struct sea_market *market(const char *code)
{
    const struct sea_market *found = sea_market_by_code(&markets, sea_str(code));
    assert_non_null(found);
    return found;
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;
    assert_true(sea_time_parse(sea_str(text), &ms));
    return ms;
}

static void a_contact_belongs_to_the_market_of_account_phone_or_locale(void **state)
{
    (void)state;
    static const struct {
        const char *account_market, *phone, *locale, *want;
    } CASES[] = {
        {"JP", "+5511912345678", "pt-BR", "JP"}, /* the account's market wins */
        {NULL, "+5511912345678", "ja-JP", "BR"}, /* then the phone's country */
        {NULL, "5511912345678", NULL, "BR"},     /* as WhatsApp writes it */
        {NULL, "+55 (11) 91234-5678", NULL, "BR"},
        {NULL, "+12125550100", NULL, "US"},
        {NULL, "+14165550100", NULL, "NA"},    /* Canada, by its area code */
        {NULL, "+18765550100", NULL, "LATAM"}, /* Jamaica */
        {NULL, "+5215512345678", NULL, "MX"},
        {NULL, "+447700900123", NULL, "GB"},
        {NULL, "+6591234567", NULL, "SG"},
        {NULL, "+966501234567", NULL, "SA"},
        {NULL, "+971501234567", NULL, "MIDDLE_EAST"},
        {NULL, "+2348012345678", NULL, "NG"},
        {NULL, "+27821234567", NULL, "AFRICA"},
        {NULL, "+491701234567", NULL, "DE"},
        {NULL, "+41791234567", NULL, "WEST"},
        {NULL, "+819012345678", NULL, "JP"},
        {NULL, "+4712345678", NULL, "NORDICS"},
        {NULL, "+919812345678", NULL, "GLOBAL"},    /* India has no pack of its own */
        {NULL, "+919812345678", "fr-FR", "GLOBAL"}, /* the number counts more */
        {NULL, "+8835100123456", "fr-FR", "FR"},    /* no country's number */
        {NULL, "12345", "fr-FR", "FR"},             /* a short code is no number */
        {NULL, "+abc", "de_DE.UTF-8", "DE"},
        {NULL, NULL, "pt-br", "BR"},
        {NULL, NULL, "en-za", "AFRICA"},
        {NULL, NULL, "zh-Hant-SG", "SG"},
        {NULL, NULL, "es-419", "LATAM"},
        {NULL, NULL, "nb-NO", "NORDICS"},
        {NULL, NULL, "en-150", "EU"},
        {NULL, NULL, "ja", "GLOBAL"},              /* a language is no country */
        {NULL, NULL, "en-u-ca-gregory", "GLOBAL"}, /* extensions aren't read */
        {NULL, NULL, "-", "GLOBAL"},
        {NULL, NULL, NULL, "GLOBAL"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_contact_facts facts = {
            .account_market = CASES[i].account_market ? market(CASES[i].account_market) : NULL,
            .phone = sea_str(CASES[i].phone),
            .locale = sea_str(CASES[i].locale)};
        assert_string_equal(sea_market_of(&markets, &facts)->code, CASES[i].want);
    }
}

static void a_contact_lives_in_the_zones_of_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *phone, *locale, *want;
    } CASES[] = {
        {"+12125550100", NULL, "America/New_York "},
        {"+14155550100", NULL, "America/Los_Angeles "},
        {"+18085550100", NULL, "Pacific/Honolulu "},
        {"+19075550100", NULL, "America/Anchorage America/Adak "},
        {"+18505550100", NULL, "America/New_York America/Chicago "},
        {"+5592912345678", NULL, "America/Manaus "},
        {"+5511912345678", NULL, "America/Sao_Paulo "},
        {"+526561234567", NULL, "America/Ciudad_Juarez "},
        {"+5216641234567", NULL, "America/Tijuana "},
        {"+919812345678", NULL, "Asia/Kolkata "},
        {"+77011234567", NULL, "Asia/Almaty "},
        {"+628123456789", NULL, "Asia/Jakarta Asia/Makassar Asia/Jayapura "},
        {NULL, "de-AT", "Europe/Vienna "},
        {NULL, NULL, "UTC "},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_contact_facts facts = {.phone = sea_str(CASES[i].phone),
                                          .locale = sea_str(CASES[i].locale)};
        const struct sea_zone *zones[SEA_ZONES_MAX];
        char got[200] = "";
        uint32_t count = sea_market_zones_of(&markets, &facts, zones);
        for (uint32_t n = 0; n < count; n++) {
            strcat(got, zones[n]->name);
            strcat(got, " ");
        }
        assert_string_equal(got, CASES[i].want);
        assert_ptr_equal(sea_market_zone_by_name(&markets, sea_str(zones[0]->name)), zones[0]);
    }
}

static void required_markets_say_everything_that_services_ask(void **state)
{
    (void)state;
    static const char *const CODES[] = {
        "BR", "DE",          "FR",     "JP", "US",    "MX",      "GB",    "SG", "SA",
        "NG", "EU",          "WEST",   "NA", "SEA",   "ID",      "PH",    "ES", "PL",
        "KE", "MIDDLE_EAST", "AFRICA", "CO", "LATAM", "NORDICS", "GLOBAL"};
    for (size_t i = 0; i < SEA_COUNT(CODES); i++) {
        const struct sea_market *m = market(CODES[i]);
        assert_true(m->name_en && m->name_zh && m->languages.count > 0 && m->desk_language);
        assert_true(m->zone && m->manners.family && m->channels.count > 0 && m->fallback_channel);
        assert_true(m->working.span_count > 0);
        assert_true(m->is_contact_limited[SEA_CLASS_MARKETING]);
        assert_true(m->is_contact_limited[SEA_CLASS_SERVICE]);
        assert_false(m->is_contact_limited[SEA_CLASS_REPLY] ||
                     m->is_contact_limited[SEA_CLASS_LEGAL]);
        for (uint32_t n = 0; n < SEA_CHANNEL_CLASS_COUNT; n++)
            for (uint32_t c = 0; c < SEA_CLOCK_COUNT; c++)
                assert_true(m->targets[n][c].limit_ms > 0 && m->targets[n][c].warn_pct > 0);
        assert_true(sea_market_is_in(m, market("GLOBAL")));
    }
    assert_true(sea_market_is_in(market("BR"), market("LATAM")));
    assert_false(sea_market_is_in(market("BR"), market("EU")));
    assert_false(sea_market_is_in(market("LATAM"), market("BR")));
}

/* SL-06: an SEA ticket warns before 2 h and breaches at 2 h. */
static void sea_answers_within_two_hours_and_warns_early(void **state)
{
    (void)state;
    static const char *const CODES[] = {"SEA", "ID", "PH", "SG"};
    for (size_t i = 0; i < SEA_COUNT(CODES); i++) {
        const struct sea_market *m = market(CODES[i]);
        static const enum sea_channel_class CLASSES[] = {SEA_CHANNEL_MESSAGING, SEA_CHANNEL_EMAIL};
        for (size_t n = 0; n < SEA_COUNT(CLASSES); n++) {
            const struct sea_target *target = &m->targets[CLASSES[n]][SEA_CLOCK_FIRST_RESPONSE];
            int64_t due_ms = 0, from_ms = instant("2026-11-22T20:00:00Z"); /* a Sunday */
            assert_int_equal(target->limit_ms, 2 * HOUR_MS);
            assert_int_equal(target->warn_pct, 50);
            assert_true(sea_market_due(m, target, from_ms, &due_ms));
            assert_int_equal(due_ms, from_ms + 2 * HOUR_MS);
        }
    }
}

/* SL-07: LatAm has no target below a minute and breaches at 2 h. */
static void latam_answers_within_two_hours_without_haste(void **state)
{
    (void)state;
    static const char *const CODES[] = {"LATAM", "BR", "MX", "CO"};
    for (size_t i = 0; i < SEA_COUNT(CODES); i++) {
        const struct sea_market *m = market(CODES[i]);
        assert_int_equal(m->targets[SEA_CHANNEL_MESSAGING][SEA_CLOCK_FIRST_RESPONSE].limit_ms,
                         2 * HOUR_MS);
        for (uint32_t n = 0; n < SEA_CHANNEL_CLASS_COUNT; n++)
            for (uint32_t c = 0; c < SEA_CLOCK_COUNT; c++)
                assert_true(m->targets[n][c].limit_ms >= MINUTE_MS);
    }
}

static void other_targets_are_the_sources_ones(void **state)
{
    (void)state;
    const struct sea_target *us = market("US")->targets[SEA_CHANNEL_EMAIL];
    assert_int_equal(us[SEA_CLOCK_FIRST_RESPONSE].limit_ms, 24 * HOUR_MS);
    us = market("US")->targets[SEA_CHANNEL_LIVE_CHAT];
    assert_int_equal(us[SEA_CLOCK_FIRST_RESPONSE].limit_ms, MINUTE_MS);
    const struct sea_target *fr = market("FR")->targets[SEA_CHANNEL_EMAIL];
    assert_int_equal(fr[SEA_CLOCK_FIRST_RESPONSE].limit_ms, 48 * HOUR_MS);
    assert_int_equal(fr[SEA_CLOCK_FIRST_RESPONSE].warn_pct, 50);
    assert_false(fr[SEA_CLOCK_FIRST_RESPONSE].is_business);
    /* Germany counts business time: one working day, over a weekend and the second day of
     * Christmas. */
    const struct sea_market *de = market("DE");
    int64_t due_ms = 0;
    assert_true(sea_market_due(de, &de->targets[SEA_CHANNEL_EMAIL][SEA_CLOCK_FIRST_RESPONSE],
                               instant("2026-12-24T12:00:00+01:00"), &due_ms));
    assert_int_equal(due_ms, instant("2026-12-28T12:00:00+01:00"));
}

/* NT-06: a service notice in quiet time gets a release time, an answer to the customer passes. */
static void quiet_hours_hold_by_class_until_the_local_morning(void **state)
{
    (void)state;
    static const struct {
        const char *market, *zone;
        enum sea_message_class class;
        const char *at, *want;
    } CASES[] = {
        {"DE", "Europe/Berlin", SEA_CLASS_SERVICE, "2026-11-20T22:00:00+01:00",
         "2026-11-23T09:00:00+01:00"}, /* Friday night to Monday */
        {"DE", "Europe/Berlin", SEA_CLASS_SERVICE, "2026-12-24T17:59:30+01:00",
         "2026-12-28T09:00:00+01:00"}, /* the last minute, Christmas, the weekend */
        {"DE", "Europe/Berlin", SEA_CLASS_REPLY, "2026-11-20T22:00:00+01:00",
         "2026-11-20T22:00:00+01:00"},
        {"DE", "Europe/Berlin", SEA_CLASS_LEGAL, "2026-11-20T22:00:00+01:00",
         "2026-11-20T22:00:00+01:00"},
        {"US", "America/Los_Angeles", SEA_CLASS_MARKETING, "2026-11-20T21:00:00-08:00",
         "2026-11-21T08:00:00-08:00"},
        {"US", "America/Los_Angeles", SEA_CLASS_MARKETING, "2026-11-20T20:59:00-08:00",
         "2026-11-20T20:59:00-08:00"},
        {"FR", "Europe/Paris", SEA_CLASS_MARKETING, "2026-11-20T13:30:00+01:00",
         "2026-11-20T14:00:00+01:00"},
        {"FR", "Europe/Paris", SEA_CLASS_MARKETING, "2026-11-20T19:59:30+01:00",
         "2026-11-23T10:00:00+01:00"},
        {"BR", "America/Manaus", SEA_CLASS_SERVICE, "2026-11-20T23:30:00-04:00",
         "2026-11-21T08:00:00-04:00"},
        {"BR", "America/Manaus", SEA_CLASS_SERVICE, "2026-11-20T12:00:00-04:00",
         "2026-11-20T12:00:00-04:00"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        const struct sea_zone *zone = sea_market_zone_by_name(&markets, sea_str(CASES[i].zone));
        int64_t got_ms = 0;
        assert_non_null(zone);
        assert_true(sea_market_next_contact(market(CASES[i].market), CASES[i].class, &zone, 1,
                                            instant(CASES[i].at), &got_ms));
        assert_int_equal(got_ms, instant(CASES[i].want));
    }
}

static void retention_consent_and_words_are_inherited(void **state)
{
    (void)state;
    const struct sea_market *de = market("DE"), *sa = market("SA"), *us = market("US");
    assert_int_equal(de->retention[SEA_RETAIN_CONVERSATION].months, 1);
    assert_int_equal(de->retention_ceiling.months, 6);
    assert_int_equal(sa->retention[SEA_RETAIN_CONVERSATION].months, 6);
    assert_int_equal(de->recording, SEA_CONSENT_OPT_IN);
    assert_string_equal(de->recording_channels.items[0], "chat");
    assert_int_equal(us->marketing, SEA_CONSENT_OPT_IN);
    assert_string_equal(us->stop_words.items[0], "STOP");
    bool has_vague = false, has_blame = false;
    for (uint32_t i = 0; i < de->word_rule_count; i++) {
        const struct sea_word_rule *rule = &de->word_rules[i];
        has_blame = has_blame || !strcmp(rule->id, "blame_shift");
        if (strcmp(rule->id, "vague_words") != 0) continue;
        has_vague = true;
        assert_true(rule->is_blocking && !rule->is_whole_word);
        assert_string_equal(rule->lists[0].language, "zh");
        assert_string_equal(rule->lists[0].phrases.items[1], "大概");
    }
    assert_true(has_vague && has_blame);
    assert_string_equal(market("JP")->manners.honorific, "keigo_strict");
    assert_int_equal(market("JP")->manners.signature.count, 2);
    assert_string_equal(market("MX")->manners.slang.items[0], "órale");
    assert_string_equal(market("MX")->manners.emoji, "frequent");
}

static void periods_end_on_the_calendar(void **state)
{
    (void)state;
    static const struct {
        struct sea_period period;
        const char *from, *want;
    } CASES[] = {
        {{1, 0}, "2026-01-15T10:00:00Z", "2026-02-15T10:00:00Z"},
        {{1, 0}, "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"},
        {{1, 0}, "2028-01-31T10:00:00Z", "2028-02-29T10:00:00Z"},
        {{12, 0}, "2026-12-31T00:00:00Z", "2027-12-31T00:00:00Z"},
        {{0, 30}, "2026-12-31T00:00:00Z", "2027-01-30T00:00:00Z"},
        {{1, 1}, "2026-12-31T23:59:59Z", "2027-02-01T23:59:59Z"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_int_equal(sea_period_end_ms(CASES[i].period, instant(CASES[i].from)),
                         instant(CASES[i].want));
}

static void dates_are_written_as_the_market_does(void **state)
{
    (void)state;
    static const char *const CODE_WANT[][2] = {{"BR", "25/11/2026"},
                                               {"US", "11/25/2026"},
                                               {"DE", "25.11.2026"},
                                               {"JP", "2026年11月25日"},
                                               {"NORDICS", "2026-11-25"}};
    for (size_t i = 0; i < SEA_COUNT(CODE_WANT); i++) {
        char text[SEA_DATE_TEXT];
        const struct sea_market *m = market(CODE_WANT[i][0]);
        sea_market_date(m, m->zone, instant("2026-11-25T12:00:00Z"), text);
        assert_string_equal(text, CODE_WANT[i][1]);
    }
}

static void example_values_are_listed_with_their_place(void **state)
{
    (void)state;
    bool is_listed = false;
    for (const struct sea_example *e = examples.first; e; e = e->next)
        if (strstr(e->at.file, "/DE.yaml") && !strcmp(e->path, "working_hours"))
            is_listed = e->at.line == 11;
    assert_true(is_listed);
    assert_true(examples.count > 30);
}

/* Errors of a folder with a small GLOBAL.yaml and one more pack. */
static void assert_pack_errors(const char *code, const char *text, const char *want)
{
    static const char GLOBAL[] =
        "market: GLOBAL\nname: {en: Global, zh-CN: 全球}\nlanguages: [en]\nzone: UTC\n"
        "date_format: YYYY-MM-DD\nmanners: {family: direct}\n"
        "retention: {conversation: {keep: P12M}, recording: {keep: P1M}, order: {keep: P1Y},\n"
        "  consent: {keep: P5Y}}\n"
        "clocks: {first_response: {email: {limit: 24h, count: calendar, warn: 75%}}}\n";
    char folder[] = "/tmp/seadesk-test-XXXXXX", path[100];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/GLOBAL.yaml", folder);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(GLOBAL, stream);
    fclose(stream);
    snprintf(path, sizeof path, "%s/%s.yaml", folder, code);
    stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);

    struct sea_arena scratch = SEA_ARENA(1 << 22);
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_examples none = {0};
    struct sea_markets got;
    assert_int_equal(sea_pack_load(folder, &scratch, is_channel, &errors, &none, &got), !*want);
    struct sea_buf lines = SEA_BUF(10000);
    for (const char *at = errors.lines.ptr ? errors.lines.ptr : ""; *at;) {
        if (!strncmp(at, folder, strlen(folder))) at += strlen(folder) + 1;
        sea_buf_char(&lines, *at++);
    }
    assert_string_equal(lines.ptr ? lines.ptr : "", want);
    sea_buf_free(&lines);
    sea_yaml_errors_free(&errors);
    sea_arena_free(&scratch);
    char command[200];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

#define HEAD "market: XX\nname: {en: X, zh-CN: X}\ninherits: GLOBAL\n"

static void mistakes_in_packs_are_told_with_file_and_line(void **state)
{
    (void)state;
    static const char *const TEXT_WANT[][2] = {
        {HEAD, ""},
        {"market: YY\nname: {en: X, zh-CN: X}\ninherits: EARTH\n",
         "XX.yaml:1:9: 'YY', expected 'XX' as the file is named\n"
         "XX.yaml:3:11: no market 'EARTH', expected the name of a file beside this one\n"},
        {"market: XX\nname: {en: X, zh-CN: X}\n",
         "XX.yaml:1:1: missing key, expected 'inherits'\n"},
        {"market: XX\nname: {en: X, zh-CN: X}\ninherits: XX\n",
         "XX.yaml:3:11: inherits in a circle or over more than 7 markets, expected a chain that "
         "ends at GLOBAL\n"},
        {HEAD "channels: {preferred: [chat], fallback: pigeon, closed: [form, pigeon], "
              "share: {pigeon: 20%, chat: 120%}}\n",
         "XX.yaml:4:41: no channel 'pigeon', expected one that exists\n"
         "XX.yaml:4:64: no channel 'pigeon', expected one that exists\n"
         "XX.yaml:4:81: no channel 'pigeon', expected one that exists\n"
         "XX.yaml:4:100: '120%', expected a percentage from 0% to 100%\n"},
        {HEAD "channels: {classes: {pigeon: live_chat, chat: fast}}\n",
         "XX.yaml:4:22: no channel 'pigeon', expected one that exists\n"
         "XX.yaml:4:47: 'fast', expected one of: phone, live_chat, messaging, email\n"},
        {HEAD "zone: Europe/Atlantis\n",
         "XX.yaml:4:7: no such zone 'Europe/Atlantis', expected a name of the system's time-zone "
         "database\n"},
        {HEAD "retention: {ceiling: P6M}\n", /* the inherited value is wrong, where it stands */
         "GLOBAL.yaml:7:34: is longer than the ceiling that market XX has, expected at most 6 "
         "months and 0 days\n"},
        {HEAD "clocks: {acknowledgement: {email: {limit: 25h, count: calendar, warn: 75%}}}\n",
         "XX.yaml:4:43: acknowledgement of email in market XX is longer than its first_response, "
         "expected at most that\n"},
        {HEAD "clocks: {first_response: {email: {limit: 2 h}, fax: {}}}\n",
         "XX.yaml:4:42: '2 h', expected a duration such as 90s or 1h30m, from 1s to 90d\n"
         "XX.yaml:4:48: unknown key 'fax', expected one of: phone, live_chat, messaging, email\n"},
        {HEAD "clocks: {first_response: {phone: {limit: 60s}}}\n",
         "XX.yaml:4:34: missing key, expected 'count'\n"
         "XX.yaml:4:34: missing key, expected 'warn'\n"},
        {HEAD "working_hours: {windows: [{days: [mo], from: '09:00', to: '09:00'}]}\n",
         "XX.yaml:4:35: 'mo', expected one of: mon, tue, wed, thu, fri, sat, sun\n"
         "XX.yaml:4:27: an empty window, expected 'from' before 'to'\n"},
        {HEAD "holidays: {dates: [2026-12-25, 2026-01-01, 2026-02-30]}\n",
         "XX.yaml:4:32: a date out of order, expected ascending dates\n"
         "XX.yaml:4:44: '2026-02-30', expected a date such as 2026-12-25\n"},
        {HEAD "quiet_hours: {service: {windows: [{from: '00:00', to: '24:00'}]}, marketing: {}}\n",
         "XX.yaml:4:24: is quiet the whole week, expected time to send\n"
         "XX.yaml:4:78: expected either 'windows' or 'outside_working_hours: true'\n"},
        {HEAD "countries: [{code: XX, calling: ['0'], zone: UTC}, {code: XX, zone: UTC},\n"
              "  {code: YY, calling: ['99', '99'], zone: UTC}]\n",
         "XX.yaml:4:34: '0', expected the first digits of an international number\n"
         "XX.yaml:4:59: country 'XX' belongs to market XX already\n"
         "XX.yaml:5:30: prefix '99' belongs to country YY already\n"},
        {HEAD "forbidden_words: {vague: {category: a, match: all, severity: block, words: {german: "
              "[x]}}}\n",
         "XX.yaml:4:47: 'all', expected one of: text, word\n"
         "XX.yaml:4:77: 'german', expected a language such as pt or pt-BR\n"},
        {HEAD "region: EU West\n",
         "XX.yaml:4:9: 'EU West', expected a region of a-z, 0-9 and -, such as eu-west\n"},
        {HEAD "consent: {marketing: {rule: maybe}}\ndate_format: DD/MM\ncolour: red\n",
         "XX.yaml:5:14: 'DD/MM', expected DD, MM and YYYY, such as DD/MM/YYYY\n"
         "XX.yaml:4:29: 'maybe', expected one of: none, notice, opt_in\n"
         "XX.yaml:6:1: unknown key 'colour', expected one of: market, inherits, name, countries, "
         "languages, desk, region, zone, date_format, working_hours, holidays, "
         "preferred_contact, quiet_hours, clocks, retention, consent, forbidden_words, manners, "
         "opt_out, channels\n"},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++)
        assert_pack_errors("XX", TEXT_WANT[i][0], TEXT_WANT[i][1]);
}

SEA_TESTS(cmocka_unit_test_setup(a_contact_belongs_to_the_market_of_account_phone_or_locale,
                                 load_own),
          cmocka_unit_test(a_contact_lives_in_the_zones_of_its_number),
          cmocka_unit_test(required_markets_say_everything_that_services_ask),
          cmocka_unit_test(sea_answers_within_two_hours_and_warns_early),
          cmocka_unit_test(latam_answers_within_two_hours_without_haste),
          cmocka_unit_test(other_targets_are_the_sources_ones),
          cmocka_unit_test(quiet_hours_hold_by_class_until_the_local_morning),
          cmocka_unit_test(retention_consent_and_words_are_inherited),
          cmocka_unit_test(periods_end_on_the_calendar),
          cmocka_unit_test(dates_are_written_as_the_market_does),
          cmocka_unit_test(mistakes_in_packs_are_told_with_file_and_line),
          cmocka_unit_test_teardown(example_values_are_listed_with_their_place, unload))

/* May it go now? Every edge of consent, expiry, WhatsApp's window and the hours, with real zones.
 */
#include <string.h>

#include "notify_gate.h"
#include "sea_arena.h"
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_pack.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static struct sea_arena arena = SEA_ARENA(1 << 20);
static struct sea_zone new_york, sao_paulo, kathmandu;
static struct sea_market market; /* contact from 08:00 to 21:00 on every day */

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(sea_time_parse(sea_str(text), &ms));
    return ms;
}

static int open_zones(void **state)
{
    (void)state;
    market = (struct sea_market){.code = "US"};
    for (int class = 0; class < SEA_CLASS_COUNT; class ++) {
        assert_true(sea_calendar_add(&market.contact[class], 0x7f, 8 * 60, 21 * 60));
        market.is_contact_limited[class] = true;
    }
    assert_true(sea_zone_load("America/New_York", &arena, &new_york));
    assert_true(sea_zone_load("America/Sao_Paulo", &arena, &sao_paulo));
    assert_true(sea_zone_load("Asia/Kathmandu", &arena, &kathmandu));
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

/* A service notice by SMS to somebody in New York who never said anything about consent. */
static struct notify_case notice(void)
{
    return (struct notify_case){.class = SEA_CLASS_SERVICE,
                                .adapter = SEA_ADAPTER_TWILIO_SMS,
                                .marketing = SEA_CONSENT_OPT_IN,
                                .market = &market,
                                .zones = {&new_york},
                                .zone_count = 1};
}

static void expect(const struct notify_case *about, int64_t now_ms, enum notify_verdict verdict,
                   const char *reason)
{
    struct notify_decision got = notify_gate(about, now_ms);
    assert_int_equal(got.verdict, verdict);
    if (reason == NULL)
        assert_null(got.reason);
    else
        assert_string_equal(got.reason, reason);
}

/* NT-06: in quiet time a message is deferred with a release time. */
static void NT_06_quiet_hours_begin_and_end_to_the_second(void **state)
{
    (void)state;
    static const struct {
        const char *now, *release; /* NULL: goes now */
    } rows[] = {
        {"2026-01-15T20:58:59-05:00", NULL},
        {"2026-01-15T20:59:00-05:00", NULL},
        {"2026-01-15T20:59:01-05:00", "2026-01-16T08:00:00-05:00"}, /* stops a minute early */
        {"2026-01-15T20:59:59-05:00", "2026-01-16T08:00:00-05:00"},
        {"2026-01-15T21:00:00-05:00", "2026-01-16T08:00:00-05:00"},
        {"2026-01-16T00:00:00-05:00", "2026-01-16T08:00:00-05:00"},
        {"2026-01-16T07:59:59-05:00", "2026-01-16T08:00:00-05:00"},
        {"2026-01-16T08:00:00-05:00", NULL},
        /* clocks go forward at 02:00 on 8 March: the night is an hour shorter */
        {"2026-03-07T22:00:00-05:00", "2026-03-08T08:00:00-04:00"},
        {"2026-03-08T07:59:59-04:00", "2026-03-08T08:00:00-04:00"},
        {"2026-03-08T08:00:00-04:00", NULL},
        /* clocks go back at 02:00 on 1 November: 01:30 comes twice, and the night is longer */
        {"2026-11-01T01:30:00-04:00", "2026-11-01T08:00:00-05:00"},
        {"2026-11-01T01:30:00-05:00", "2026-11-01T08:00:00-05:00"},
        {"2026-10-31T21:00:00-04:00", "2026-11-01T08:00:00-05:00"},
        {"2026-11-01T20:58:59-05:00", NULL},
        {"2026-11-01T20:59:59-05:00", "2026-11-02T08:00:00-05:00"},
    };
    struct notify_case about = notice();
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct notify_decision got = notify_gate(&about, at(rows[i].now));
        if ((got.verdict == NOTIFY_SEND) != (rows[i].release == NULL)) fail_msg("%s", rows[i].now);
        if (rows[i].release == NULL) continue;
        assert_string_equal(got.reason, "quiet_hours");
        assert_true(got.release_at_ms == at(rows[i].release));
    }
}

/* Each minute of a year: what goes now is inside the window, and what is held goes when it is
 * released. */
static void each_minute_of_a_year_agrees_with_the_zone(void **state)
{
    (void)state;
    const struct sea_zone *zones[] = {&new_york, &sao_paulo, &kathmandu};
    for (size_t z = 0; z < SEA_COUNT(zones); z++) {
        struct notify_case about = notice();
        about.zones[0] = zones[z];
        for (int64_t now = at("2026-01-01T00:00:30Z"); now < at("2027-01-01T00:00:00Z");
             now += 7 * 60 * 1000) {
            struct notify_decision got = notify_gate(&about, now);
            int64_t minute = sea_zone_local_ms(zones[z], now) / 60000 % (24 * 60);
            assert_int_equal(got.verdict == NOTIFY_SEND, minute >= 8 * 60 && minute < 21 * 60 - 1);
            if (got.verdict == NOTIFY_SEND) continue;
            assert_true(got.release_at_ms > now && got.release_at_ms - now <= 12 * HOUR_MS + 60000);
            expect(&about, got.release_at_ms, NOTIFY_SEND, NULL);
        }
    }
}

static void where_the_zone_is_unsure_it_must_be_open_in_all(void **state)
{
    (void)state;
    struct notify_case about = notice();
    about.zones[1] = &sao_paulo; /* two hours ahead of New York in January */
    about.zone_count = 2;
    expect(&about, at("2026-01-15T19:30:00-05:00"), NOTIFY_HOLD, "quiet_hours");
    expect(&about, at("2026-01-15T18:30:00-05:00"), NOTIFY_SEND, NULL);
    expect(&about, at("2026-01-15T07:30:00-05:00"), NOTIFY_HOLD, "quiet_hours");
}

/* NT-06: the urgent class passes and is counted. */
static void NT_06_urgent_ones_pass_and_are_counted_only_then(void **state)
{
    (void)state;
    struct notify_case about = notice();
    about.is_urgent = true;
    struct notify_decision night = notify_gate(&about, at("2026-01-15T23:00:00-05:00"));
    assert_int_equal(night.verdict, NOTIFY_SEND);
    assert_true(night.is_urgent_pass);
    struct notify_decision day = notify_gate(&about, at("2026-01-15T12:00:00-05:00"));
    assert_int_equal(day.verdict, NOTIFY_SEND);
    assert_false(day.is_urgent_pass);
}

static void answers_in_a_live_session_and_legal_ones_pass_the_night(void **state)
{
    (void)state;
    int64_t night = at("2026-01-15T23:00:00-05:00");
    struct notify_case about = notice();
    about.class = SEA_CLASS_LEGAL;
    expect(&about, night, NOTIFY_SEND, NULL);
    for (int class = SEA_CLASS_REPLY; class <= SEA_CLASS_AUTO; class ++) {
        about.class = (enum sea_message_class) class;
        about.last_inbound_ms = night - NOTIFY_LIVE_SESSION_MS + 1;
        expect(&about, night, NOTIFY_SEND, NULL);
        about.last_inbound_ms = night - NOTIFY_LIVE_SESSION_MS;
        expect(&about, night, NOTIFY_HOLD, "quiet_hours");
        about.last_inbound_ms = 0;
        expect(&about, night, NOTIFY_HOLD, "quiet_hours");
    }
    market.is_contact_limited[SEA_CLASS_REPLY] = false;
    about.class = SEA_CLASS_REPLY;
    expect(&about, night, NOTIFY_SEND, NULL);
    market.is_contact_limited[SEA_CLASS_REPLY] = true;
}

/* CP-16: STOP ends marketing and service notices, leaves answers to later messages, law passes. */
static void CP_16_after_stop_only_answers_to_later_messages_go(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00"), stop = noon - HOUR_MS;
    static const struct {
        enum sea_message_class class;
        int inbound_after_stop_ms;
        bool goes;
    } rows[] = {
        {SEA_CLASS_SERVICE, 1, false},  {SEA_CLASS_MARKETING, 1, false},
        {SEA_CLASS_REPLY, 1, true},     {SEA_CLASS_REPLY, 0, false},
        {SEA_CLASS_REPLY, -1, false},   {SEA_CLASS_AUTO, 1, true},
        {SEA_CLASS_AUTO, 0, false},     {SEA_CLASS_LEGAL, 0, true},
        {SEA_CLASS_INTERNAL, 1, false},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct notify_case about = notice();
        about.class = rows[i].class;
        about.consent = (struct notify_consent){.is_service_refused = true, .refused_at_ms = stop};
        about.last_inbound_ms = stop + rows[i].inbound_after_stop_ms;
        assert_int_equal(notify_gate(&about, noon).verdict == NOTIFY_SEND, rows[i].goes);
    }
}

/* CP-16: START gives service notices back, marketing only with a new opt-in. */
static void CP_16_start_restores_notices_and_marketing_needs_a_new_opt_in(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00");
    struct notify_case about = notice();
    about.consent = (struct notify_consent){.refused_at_ms = noon - HOUR_MS,
                                            .marketing_granted_at_ms = noon - 2 * HOUR_MS};
    expect(&about, noon, NOTIFY_SEND, NULL);
    about.class = SEA_CLASS_MARKETING;
    expect(&about, noon, NOTIFY_DROP, "consent");
    about.consent.marketing_granted_at_ms = noon - HOUR_MS + 1;
    expect(&about, noon, NOTIFY_SEND, NULL);
}

static void marketing_goes_by_the_packs_rule(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00");
    struct notify_case about = notice();
    about.class = SEA_CLASS_MARKETING;
    expect(&about, noon, NOTIFY_DROP, "consent"); /* never asked, and the pack wants an opt-in */
    about.marketing = SEA_CONSENT_NONE;
    expect(&about, noon, NOTIFY_SEND, NULL);
    about.consent.is_marketing_refused = true;
    expect(&about, noon, NOTIFY_DROP, "consent");
    about.consent = (struct notify_consent){.refused_at_ms = noon - DAY_MS};
    expect(&about, noon, NOTIFY_DROP, "consent");
}

static void whatsapps_window_returns_free_text_and_passes_templates(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00");
    int64_t window = NOTIFY_WINDOW_MS - NOTIFY_WINDOW_MARGIN_MS;
    struct notify_case about = notice();
    about.adapter = SEA_ADAPTER_WHATSAPP;
    about.last_inbound_ms = noon - window + 1;
    expect(&about, noon, NOTIFY_SEND, NULL);
    assert_false(notify_gate(&about, noon).must_be_template);
    about.last_inbound_ms = noon - window;
    expect(&about, noon, NOTIFY_RETURN, "window_closed");
    about.last_inbound_ms = 0;
    expect(&about, noon, NOTIFY_RETURN, "window_closed");
    about.has_template = true;
    expect(&about, noon, NOTIFY_SEND, NULL);
    assert_true(notify_gate(&about, noon).must_be_template);
    about.has_template = false;
    about.last_inbound_ms = noon - 1; /* on the first rung's channel: says nothing of this one */
    about.rung = 1;
    expect(&about, noon, NOTIFY_RETURN, "window_closed");
    about.adapter = SEA_ADAPTER_TWILIO_SMS;
    expect(&about, noon, NOTIFY_SEND, NULL);
}

static void messengers_window_returns_all_that_comes_after_it(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00");
    struct notify_case about = notice();
    about.adapter = SEA_ADAPTER_MESSENGER;
    about.last_inbound_ms = noon - 1;
    expect(&about, noon, NOTIFY_SEND, NULL);
    about.last_inbound_ms = noon - NOTIFY_WINDOW_MS;
    about.has_template = true; /* WhatsApp's */
    expect(&about, noon, NOTIFY_RETURN, "window_closed");
}

static void what_is_stale_or_taken_back_is_dropped(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00"), night = at("2026-01-15T23:00:00-05:00");
    struct notify_case about = notice();
    about.expires_at_ms = noon;
    expect(&about, noon, NOTIFY_DROP, "expired");
    expect(&about, noon - 1, NOTIFY_SEND, NULL);
    about.expires_at_ms = at("2026-01-16T08:00:00-05:00"); /* over before it may be said */
    expect(&about, night, NOTIFY_DROP, "expired");
    about.expires_at_ms++;
    expect(&about, night, NOTIFY_HOLD, "quiet_hours");
    about.withdrawn = "superseded";
    expect(&about, noon, NOTIFY_DROP, "superseded");
    about.is_erased = true;
    expect(&about, noon, NOTIFY_DROP, "erased");
}

static void nothing_goes_before_its_time(void **state)
{
    (void)state;
    int64_t noon = at("2026-01-15T12:00:00-05:00");
    struct notify_case about = notice();
    about.not_before_ms = noon + 1;
    struct notify_decision got = notify_gate(&about, noon);
    assert_int_equal(got.verdict, NOTIFY_HOLD);
    assert_true(got.release_at_ms == noon + 1);
    expect(&about, noon + 1, NOTIFY_SEND, NULL);
}

static void a_market_that_never_opens_drops(void **state)
{
    (void)state;
    struct sea_market closed = market;
    closed.contact[SEA_CLASS_SERVICE].span_count = 0;
    struct notify_case about = notice();
    about.market = &closed;
    expect(&about, at("2026-01-15T12:00:00-05:00"), NOTIFY_DROP, "no_contact_hours");
}

static void only_company_initiated_classes_wait_for_consents(void **state)
{
    (void)state;
    for (int class = 0; class < SEA_CLASS_COUNT; class ++)
        assert_int_equal(notify_gate_needs_consent((enum sea_message_class) class),
                         class == SEA_CLASS_SERVICE || class == SEA_CLASS_MARKETING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(NT_06_quiet_hours_begin_and_end_to_the_second),
        cmocka_unit_test(each_minute_of_a_year_agrees_with_the_zone),
        cmocka_unit_test(where_the_zone_is_unsure_it_must_be_open_in_all),
        cmocka_unit_test(NT_06_urgent_ones_pass_and_are_counted_only_then),
        cmocka_unit_test(answers_in_a_live_session_and_legal_ones_pass_the_night),
        cmocka_unit_test(CP_16_after_stop_only_answers_to_later_messages_go),
        cmocka_unit_test(CP_16_start_restores_notices_and_marketing_needs_a_new_opt_in),
        cmocka_unit_test(marketing_goes_by_the_packs_rule),
        cmocka_unit_test(whatsapps_window_returns_free_text_and_passes_templates),
        cmocka_unit_test(messengers_window_returns_all_that_comes_after_it),
        cmocka_unit_test(what_is_stale_or_taken_back_is_dropped),
        cmocka_unit_test(nothing_goes_before_its_time),
        cmocka_unit_test(a_market_that_never_opens_drops),
        cmocka_unit_test(only_company_initiated_classes_wait_for_consents),
    };
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}

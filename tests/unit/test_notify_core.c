/* What becomes of a delivery: its turn, the gate's word, the provider's, receipts, what takes it
 * back. */
#include "notify_core.h"
#include "sea_cmocka.h"

static const struct sea_channel SMS = {"twilio-sms", SEA_ADAPTER_TWILIO_SMS, SEA_CHANNEL_MESSAGING};
static const struct sea_account ACCOUNT = {.channel = &SMS, .name = "demo", .is_enabled = true};
static const struct sea_zone UTC = {.name = "UTC"};
static const int64_t NOON = INT64_C(1795953600000); /* 2026-11-29T12:00Z */
enum { HOUR_MS = 3600 * 1000 };

static struct sea_market open_market(void)
{
    return (struct sea_market){.code = "X"};
}

static struct sea_market night_market(void)
{
    struct sea_market market = {.code = "X"};
    market.is_contact_limited[SEA_CLASS_SERVICE] = true;
    assert_true(sea_calendar_add(&market.contact[SEA_CLASS_SERVICE], 0x7f, 20 * 60, 22 * 60));
    return market;
}

static struct notify_delivery notice(void)
{
    return (struct notify_delivery){.class = SEA_CLASS_SERVICE,
                                    .state = NOTIFY_WAITING,
                                    .is_new = true,
                                    .is_changed = true,
                                    .created_ms = NOON,
                                    .due_ms = NOON,
                                    .order = {.rungs_count = 2}};
}

static struct notify_view view(const struct sea_market *market)
{
    return (struct notify_view){.now_ms = NOON,
                                .market = market,
                                .zones = {&UTC},
                                .zone_count = 1,
                                .account = &ACCOUNT,
                                .has_capacity = true,
                                .has_budget = true};
}

static void expect_events(const struct notify_delivery *delivery, const int *states, uint32_t count)
{
    assert_int_equal(delivery->events_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal((int)delivery->events[i].state, states[i]);
}

enum {
    HELD = SEADESK__V1__DELIVERY_STATE__HELD,
    QUEUED = SEADESK__V1__DELIVERY_STATE__QUEUED,
    ACCEPTED = SEADESK__V1__DELIVERY_STATE__ACCEPTED,
    DELIVERED = SEADESK__V1__DELIVERY_STATE__DELIVERED,
    READ = SEADESK__V1__DELIVERY_STATE__READ,
    FAILED = SEADESK__V1__DELIVERY_STATE__FAILED,
    DROPPED = SEADESK__V1__DELIVERY_STATE__DROPPED,
    RETURNED = SEADESK__V1__DELIVERY_STATE__RETURNED,
    UNCERTAIN = SEADESK__V1__DELIVERY_STATE__UNCERTAIN,
    RELEASED = SEADESK__V1__DELIVERY_STATE__RELEASED
};

static struct notify_delivery sending(void)
{
    struct sea_market market = open_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    notify_core_decide(&delivery, &now);
    assert_int_equal(delivery.state, NOTIFY_SENDING);
    assert_true(delivery.must_send);
    assert_int_equal(delivery.events_count, 0);
    return delivery;
}

static void one_waits_for_its_turn_and_tells_nobody(void **state)
{
    (void)state;
    struct sea_market market = open_market();
    for (int why = 0; why < 5; why++) {
        struct notify_delivery delivery = notice();
        struct notify_view now = view(&market);
        now.is_behind = why == 0;
        now.is_order_open = why == 1;
        now.is_consent_lagging = why == 2;
        now.has_capacity = why != 3;
        now.has_budget = why != 4;
        notify_core_decide(&delivery, &now);
        assert_int_equal(delivery.state, NOTIFY_WAITING);
        assert_false(delivery.must_send);
        assert_int_equal(delivery.due_ms, NOON + (why == 4 ? 0 : NOTIFY_LOOK_MS));
        assert_int_equal(delivery.events_count, 0);
    }
}

static void a_predecessor_that_nobody_saw_is_waited_for_two_seconds(void **state)
{
    (void)state;
    struct sea_market market = open_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    now.is_order_open = true;
    now.now_ms = NOON + NOTIFY_ORDER_WAIT_MS - 1;
    notify_core_decide(&delivery, &now);
    assert_int_equal(delivery.state, NOTIFY_WAITING);
    now.now_ms++;
    notify_core_decide(&delivery, &now);
    assert_int_equal(delivery.state, NOTIFY_SENDING);
}

static void answers_dont_wait_for_consents(void **state)
{
    (void)state;
    struct sea_market market = open_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    delivery.class = SEA_CLASS_REPLY;
    now.is_consent_lagging = true;
    notify_core_decide(&delivery, &now);
    assert_int_equal(delivery.state, NOTIFY_SENDING);
}

static void one_that_goes_on_waiting_isnt_written_each_time(void **state)
{
    (void)state;
    struct sea_market market = open_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    delivery.is_new = delivery.is_changed = false;
    now.is_behind = true;
    now.now_ms = NOON + 500;
    notify_core_decide(&delivery, &now);
    assert_false(delivery.is_changed);
    now.now_ms = NOON + 1500;
    notify_core_decide(&delivery, &now);
    assert_true(delivery.is_changed);
}

static void a_held_one_is_told_once_and_released_once(void **state)
{
    (void)state;
    struct sea_market market = night_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    notify_core_decide(&delivery, &now);
    notify_core_decide(&delivery, &now); /* decided again before its time */
    expect_events(&delivery, (int[]){HELD}, 1);
    assert_true(delivery.due_ms == NOON + 8 * HOUR_MS);
    assert_true(delivery.events[0].release_at_ms == delivery.due_ms);
    now.now_ms = delivery.due_ms;
    notify_core_decide(&delivery, &now);
    expect_events(&delivery, (int[]){HELD, RELEASED}, 2);
    assert_int_equal(delivery.state, NOTIFY_SENDING);
}

static void a_held_one_that_became_stale_is_dropped(void **state)
{
    (void)state;
    struct sea_market market = night_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    notify_core_decide(&delivery, &now);
    now.now_ms = delivery.due_ms;
    now.withdrawn = "superseded";
    notify_core_decide(&delivery, &now);
    expect_events(&delivery, (int[]){HELD, DROPPED}, 2);
    assert_str_equal(delivery.reason, "superseded");
    assert_int_equal(delivery.due_ms, 0);
    assert_false(delivery.needs_next_rung);
}

static void an_account_that_is_gone_fails_to_the_next_rung(void **state)
{
    (void)state;
    struct sea_market market = open_market();
    struct notify_delivery delivery = notice();
    struct notify_view now = view(&market);
    now.account = NULL;
    notify_core_decide(&delivery, &now);
    expect_events(&delivery, (int[]){FAILED}, 1);
    assert_true(delivery.needs_next_rung);
    delivery = notice();
    delivery.rung = 1;
    notify_core_decide(&delivery, &now);
    assert_false(delivery.needs_next_rung); /* rungs only grow */
}

static void answers_settle_or_bring_back(void **state)
{
    (void)state;
    static const struct {
        struct notify_answer answer;
        enum notify_state state;
        int event;
        bool needs_next_rung;
    } rows[] = {
        {{.kind = NOTIFY_ANSWER_ACCEPTED, .id = "w"}, NOTIFY_ACCEPTED, ACCEPTED, false},
        {{.kind = NOTIFY_ANSWER_RETRY, .code = "429", .after_ms = 7000},
         NOTIFY_WAITING,
         QUEUED,
         false},
        {{.kind = NOTIFY_ANSWER_REJECTED, .code = "131026"}, NOTIFY_FAILED, FAILED, true},
        {{.kind = NOTIFY_ANSWER_REJECTED, .is_window_closed = true},
         NOTIFY_RETURNED,
         RETURNED,
         false},
        {{.kind = NOTIFY_ANSWER_UNCERTAIN, .code = "no_answer"},
         NOTIFY_UNCERTAIN,
         UNCERTAIN,
         false},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct notify_delivery delivery = sending();
        struct sea_key hash = {{1}};
        notify_core_answer(&delivery, &rows[i].answer, hash, NOON + 5);
        assert_int_equal(delivery.state, rows[i].state);
        expect_events(&delivery, &rows[i].event, 1);
        assert_int_equal(delivery.needs_next_rung, rows[i].needs_next_rung);
        assert_int_equal(delivery.events[0].at_ms, NOON + 5);
    }
}

static void tries_end(void **state)
{
    (void)state;
    struct notify_answer later = {.kind = NOTIFY_ANSWER_RETRY, .code = "http_429", .after_ms = 1};
    struct notify_delivery delivery = sending();
    for (uint32_t i = 1; i < NOTIFY_TRIES_MAX; i++) {
        notify_core_answer(&delivery, &later, (struct sea_key){{0}}, NOON);
        assert_int_equal(delivery.state, NOTIFY_WAITING);
        delivery.state = NOTIFY_SENDING;
        delivery.events_count = 0;
    }
    notify_core_answer(&delivery, &later, (struct sea_key){{0}}, NOON);
    assert_int_equal(delivery.state, NOTIFY_FAILED);
    assert_true(delivery.needs_next_rung);
}

static void a_receipt_before_the_answer_tells_acceptance_by_itself(void **state)
{
    (void)state;
    struct notify_answer accepted = {.kind = NOTIFY_ANSWER_ACCEPTED, .id = "w"};
    struct notify_answer lost = {.kind = NOTIFY_ANSWER_UNCERTAIN, .code = "no_answer"};
    struct notify_delivery delivery = sending();
    notify_core_receipt(&delivery, NOTIFY_DELIVERED, SEA_STR(""), NOON + 1);
    expect_events(&delivery, (int[]){ACCEPTED, DELIVERED}, 2);
    notify_core_answer(&delivery, &accepted, (struct sea_key){{1}}, NOON + 2);
    notify_core_answer(&delivery, &lost, (struct sea_key){{0}}, NOON + 3);
    notify_core_receipt(&delivery, NOTIFY_ACCEPTED, SEA_STR(""), NOON + 4);
    assert_int_equal(delivery.events_count, 2);
    assert_int_equal(delivery.state, NOTIFY_DELIVERED);
    assert_int_equal(delivery.provider_hash.bytes[0], 1);
}

static void receipts_settle_what_is_uncertain(void **state)
{
    (void)state;
    struct notify_answer lost = {.kind = NOTIFY_ANSWER_UNCERTAIN, .code = "no_answer"};
    struct notify_delivery delivery = sending();
    notify_core_answer(&delivery, &lost, (struct sea_key){{0}}, NOON);
    notify_core_receipt(&delivery, NOTIFY_READ, SEA_STR(""), NOON);
    expect_events(&delivery, (int[]){UNCERTAIN, ACCEPTED, READ}, 3);
    delivery = sending();
    notify_core_answer(&delivery, &lost, (struct sea_key){{0}}, NOON);
    notify_core_receipt(&delivery, NOTIFY_FAILED, SEA_STR("30003"), NOON);
    expect_events(&delivery, (int[]){UNCERTAIN, FAILED}, 2);
    assert_true(delivery.needs_next_rung);
}

static void what_another_left_in_the_air_is_uncertain_never_sent_again(void **state)
{
    (void)state;
    struct notify_delivery delivery = sending();
    notify_core_orphaned(&delivery, NOON);
    assert_int_equal(delivery.state, NOTIFY_UNCERTAIN);
    assert_int_equal(delivery.due_ms, 0);
    assert_false(delivery.needs_next_rung);
}

static void consent_taken_back_in_the_last_instant_drops(void **state)
{
    (void)state;
    struct notify_delivery delivery = sending();
    notify_core_unsent(&delivery, "consent", true, NOON);
    expect_events(&delivery, (int[]){DROPPED}, 1);
    delivery = sending();
    notify_core_unsent(&delivery, "consents", false, NOON);
    assert_int_equal(delivery.state, NOTIFY_WAITING);
    assert_int_equal(delivery.tries, 0);
    delivery = sending();
    notify_core_receipt(&delivery, NOTIFY_ACCEPTED, SEA_STR(""), NOON);
    notify_core_unsent(&delivery, "consents", false, NOON); /* a receipt knows better */
    assert_int_equal(delivery.state, NOTIFY_ACCEPTED);
}

static void only_what_isnt_in_the_air_is_taken_back(void **state)
{
    (void)state;
    struct notify_delivery delivery = notice();
    notify_core_withdraw(&delivery, SEA_STR("withdrawn"), NOON);
    expect_events(&delivery, (int[]){DROPPED}, 1);
    delivery = sending();
    notify_core_withdraw(&delivery, SEA_STR("withdrawn"), NOON);
    assert_int_equal(delivery.state, NOTIFY_SENDING);
}

static void versions_rise_over_events_rungs_and_redrafts(void **state)
{
    (void)state;
    struct notify_delivery delivery = notice();
    uint64_t last = 0;
    for (delivery.redraft = 0; delivery.redraft < 3; delivery.redraft++)
        for (delivery.rung = 0; delivery.rung < 3; delivery.rung++)
            for (uint32_t n = 1; n < 4; n++) {
                uint64_t version = notify_event_version(&delivery, n);
                assert_true(version > last);
                last = version;
            }
}

SEA_TESTS(cmocka_unit_test(one_waits_for_its_turn_and_tells_nobody),
          cmocka_unit_test(a_predecessor_that_nobody_saw_is_waited_for_two_seconds),
          cmocka_unit_test(answers_dont_wait_for_consents),
          cmocka_unit_test(one_that_goes_on_waiting_isnt_written_each_time),
          cmocka_unit_test(a_held_one_is_told_once_and_released_once),
          cmocka_unit_test(a_held_one_that_became_stale_is_dropped),
          cmocka_unit_test(an_account_that_is_gone_fails_to_the_next_rung),
          cmocka_unit_test(answers_settle_or_bring_back), cmocka_unit_test(tries_end),
          cmocka_unit_test(a_receipt_before_the_answer_tells_acceptance_by_itself),
          cmocka_unit_test(receipts_settle_what_is_uncertain),
          cmocka_unit_test(what_another_left_in_the_air_is_uncertain_never_sent_again),
          cmocka_unit_test(consent_taken_back_in_the_last_instant_drops),
          cmocka_unit_test(only_what_isnt_in_the_air_is_taken_back),
          cmocka_unit_test(versions_rise_over_events_rungs_and_redrafts))

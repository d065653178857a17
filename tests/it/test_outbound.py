"""The road out: translator-gateway and notifier between seadesk.drafts and the providers: words rendered, checked and
translated, consent, quiet hours, the ladder, order, receipts, what crashes leave behind, erasure."""
import collections
import re
import time
import uuid

import pytest

from stack import copied_config, eventually

HOUR = 3600_000
HELD = {"order_id": "1001", "reason": "missing_tax_id", "expected_at": "2026-12-24T10:00:00Z"}


def fresh_word():
    """Letters that no translation memory has seen; digits would be masked."""
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


def waiting_rows(pg, person):
    return pg.value("SELECT count(*) FROM translator_gateway.work WHERE key = %s",
                    bytes(person.contacts["whatsapp"]))


# ---- words ----

def test_a_reply_in_the_readers_language_goes_out_as_written(road, pg):
    person = road.person()
    draft = road.say(person, "Hello there")
    events = road.wait(draft, "accepted", "delivered", "read")
    assert road.words(events[0]) == "Hello there" and not events[1].HasField("text")
    sent, = road.log(person)
    assert sent["text"] == "Hello there" and sent["channel"] == "whatsapp"
    assert waiting_rows(pg, person) == 0
    row = pg.query("SELECT state, version, outbound, due_at, provider_hash IS NOT NULL FROM notifier.delivery"
                   " WHERE draft_id = %s", str(uuid.UUID(bytes=draft.draft_id)))
    assert row == [(7, 3, None, None, True)]


def test_a_notice_is_rendered_from_its_template_and_sealed_for_every_rung(road):
    person = road.person(country="55")
    draft = road.say(person, template="customs_held", variables=HELD, kind="service", wanted="pt-BR", market="BR",
                     zone="America/Sao_Paulo", channels=("whatsapp", "twilio-sms"))
    road.wait_state(draft, "delivered")
    sent, = road.log(person)
    assert "1001" in sent["text"] and "24/12/2026" in sent["text"] and "alfândega" in sent["text"]
    outbound, = road.outbounds(draft)
    texts = [road.sealer.open(rung.contact_key, "seadesk.outbound", "text", draft.draft_id, text.sealed)
             for rung, text in zip(outbound.draft.ladder, outbound.for_rung)]
    assert texts == [sent["text"]] * 2
    assert outbound.draft.template.version == 1 and not outbound.draft.HasField("text")


@pytest.mark.ledger("NT-03")
def test_an_exception_notice_without_its_reason_or_time_is_not_sent_NT_03(road):
    person = road.person()
    for missing in ("reason", "expected_at"):
        values = {name: value for name, value in HELD.items() if name != missing}
        draft = road.say(person, template="customs_held", variables=values, kind="service")
        event, = road.wait(draft, "blocked")
        assert (event.rule, event.reason) == ("template", "template_variable")
    assert road.log(person) == []


def test_a_reply_in_another_language_is_translated_with_its_secrets_masked(road):
    person = road.person()
    text = f"{fresh_word()}: card 4111 1111 1111 1111 paid order K-1234, mail me at a.b@example.com"
    draft = road.say(person, text, wanted="pt-BR")
    events = road.wait(draft, "accepted", "delivered", "read")
    assert events[0].text.language == "pt-BR"
    sent, = road.log(person)
    for secret in ("4111 1111 1111 1111", "a.b@example.com", "1234"):
        assert secret in sent["text"]
    outbound, = road.outbounds(draft)
    assert outbound.engine and not outbound.is_untranslated


@pytest.fixture
def without_japanese(service, tmp_path):
    """A template that isn't written in a language which the engine knows."""
    gateway = service("translator-gateway")
    gateway.once(SEADESK_CONFIG=copied_config(tmp_path, "templates/customs_held.yaml",
                                              lambda text: re.sub("(?m)^  ja: .*\n", "", text)))
    gateway.restart()
    yield
    gateway.restart()


def test_the_memory_holds_templates_without_their_variables_and_survives_redis(road, pg, redis, service, without_japanese):
    """The engine is asked once for a template, whoever it is for."""
    person, memory = road.person(), service("translator-gateway")
    pg.query("DELETE FROM translator_gateway.tm")
    for key in redis.keys("sd:tm:*"):
        redis.delete(key)

    def count(outcome):
        return memory.metric("seadesk_translator_memory_total", outcome=outcome)

    def tell(order_id):
        values = {"order_id": order_id, "reason": "missing_tax_id", "expected_at": "2026-12-24T10:00:00Z"}
        road.wait_state(road.say(person, template="customs_held", variables=values, kind="service", wanted="ja"), "accepted")
        text = road.log(person)[-1]["text"]
        assert order_id in text and not text.startswith("Your order")

    tell(f"{fresh_word()}-11111")
    rows = pg.query("SELECT text FROM translator_gateway.tm")
    assert rows and not any("11111" in text for text, in rows)
    for key in redis.keys("sd:tm:*"):
        assert "11111" not in (redis.get(key) or "")
    misses = count("miss")
    tell("22222")
    redis.delete(*redis.keys("sd:tm:*"))
    found = count("postgres")
    tell("33333")
    assert count("postgres") == found + 1 and count("miss") == misses


def test_what_an_agent_wrote_is_remembered_nowhere(road, pg, redis, service):
    """Masks find structured data only: a name that somebody typed stays in the text."""
    person, word = road.person(), fresh_word()
    misses = service("translator-gateway").metric("seadesk_translator_memory_total", outcome="miss")
    for _ in range(2):
        draft = road.say(person, f"Dear Mrs {word}, it is on its way", wanted="de")
        road.wait_state(draft, "accepted")
    assert all(word in entry["text"] for entry in road.log(person))
    assert pg.query("SELECT 1 FROM translator_gateway.tm WHERE text LIKE %s", f"%{word}%") == []
    assert not any(word in (redis.get(key) or "") for key in redis.keys("sd:tm:*"))
    assert service("translator-gateway").metric("seadesk_translator_memory_total", outcome="miss") == misses


@pytest.mark.parametrize("fault", [{"silent": True}, {"status": 500}, {"mangle": True}])
def test_without_a_whole_translation_the_words_go_as_they_are_and_marked(road, fault):
    person = road.person()
    road.fake.script({"translate": [fault]})
    draft = road.say(person, f"No order 12345 yet {fresh_word()}", wanted="fr")
    road.wait_state(draft, "accepted", timeout=20)
    sent, = road.log(person)
    assert sent["text"].startswith("No order ")
    outbound, = road.outbounds(draft)
    assert outbound.is_untranslated and not outbound.engine


@pytest.mark.parametrize("text, language, word", [("Das ist vielleicht morgen da", "de", "vielleicht")])
def test_forbidden_words_block_with_their_span(road, text, language, word):
    person = road.person(country="49")
    draft = road.say(person, text, language=language, wanted="de", market="DE", zone="Europe/Berlin")
    event, = road.wait(draft, "blocked")
    assert text.encode()[event.span["from"] if isinstance(event.span, dict) else getattr(event.span, "from"):event.span.to] \
        == word.encode()
    assert event.reason == "forbidden_word" and event.rule
    assert road.log(person) == []


def test_drafts_of_one_home_key_keep_their_order_past_the_engine(road):
    person = road.person()
    road.fake.script({"translate": [{"delay_ms": 700, "times": 1}]})
    drafts = [road.say(person, f"slow {fresh_word()}", wanted="es"), road.say(person, "quick"),
              road.say(person, "last")]
    for draft in drafts:
        road.wait_state(draft, "accepted")
    assert [entry["text"].split()[-1] for entry in road.log(person)][1:] == ["quick", "last"]
    assert "slow" in road.log(person)[0]["text"]


# ---- foreign messages ----

def foreign(road, person, text, language="pt"):
    wanted = road.proto["translations"].TranslationWanted(
        message_id=uuid.uuid4().bytes, ticket_id=uuid.uuid4().bytes, contact_key=person.contacts["whatsapp"],
        to_language="en", market="GB")
    wanted.text.language = language
    wanted.text.sealed = road.sealer.seal(wanted.contact_key, "seadesk.foreign", "text", wanted.message_id, text)
    road.send("seadesk.foreign", wanted.contact_key.hex(), wanted)
    return wanted


def translations(road, wanted):
    road.translations.read(0.05)
    done = [road.proto["translations"].TranslationDone.FromString(record.value) for record in road.translations.seen]
    return [one for one in done if one.message_id == wanted.message_id]


def test_a_foreign_message_is_translated(road):
    person = road.person()
    wanted = foreign(road, person, "sawasdee 12345")
    done, = eventually(lambda: translations(road, wanted))
    assert done.state == "done" and done.is_machine and done.from_language == "pt" and done.text.language == "en"
    text = road.sealer.open(done.contact_key, "seadesk.translations", "text", done.message_id, done.text.sealed)
    assert "12345" in text


def test_a_foreign_message_is_shown_untranslated_at_once_and_translated_later(road):
    """Crash table T2."""
    person = road.person()
    road.fake.script({"translate": [{"status": 503, "times": 1}]})
    wanted = foreign(road, person, "mai pen rai")
    eventually(lambda: [one.state for one in translations(road, wanted)] == ["failed"])
    road.clock.advance(60_000)
    eventually(lambda: [one.state for one in translations(road, wanted)] == ["failed", "done"])


# ---- consent ----

@pytest.mark.ledger("CP-16")
def test_after_stop_only_law_and_answers_to_later_messages_go_CP_16(road, pg):
    person = road.person()
    stop = road.clock.now_ms()
    road.consent(person, "whatsapp", granted=False, at_ms=stop)
    eventually(lambda: pg.query("SELECT 1 FROM notifier.consent_v WHERE contact_key = %s AND NOT is_granted",
                                person.contacts["whatsapp"]))
    notice = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service")
    before = road.say(person, "answer to what was written before", inbound_ago=60_000)
    legal = road.say(person, template="stop_confirmation", kind="legal")
    assert road.wait(notice, "dropped")[0].reason == "consent"
    assert road.wait(before, "dropped")[0].reason == "consent"
    road.wait_state(legal, "accepted")
    road.clock.advance(10_000)
    later = road.say(person, "answer to what came later", inbound_ago=0)
    road.wait_state(later, "accepted")
    sms = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service", channels=("twilio-sms",))
    road.wait_state(sms, "accepted")  # only that channel was refused
    road.consent(person, "whatsapp", granted=True)
    back = road.say(person, template="delivered", variables={"order_id": "2"}, kind="service")
    road.wait_state(back, "accepted")
    assert len(road.log(person)) == 4


def refused(pg, contact):
    return pg.query("SELECT 1 FROM notifier.consent_v WHERE contact_key = %s AND NOT is_granted", contact)


def sending(pg, person):
    """Its attempt is recorded: the request may be written."""
    return pg.value("SELECT count(*) FROM notifier.delivery WHERE contact_key = %s AND state = 3", person.contacts["whatsapp"])


@pytest.mark.parametrize("fault, states", [({}, ["accepted"]), ({"status": 429, "error": 130429}, ["queued", "dropped"])])
def test_an_opt_out_during_the_providers_call_ends_all_that_has_not_begun_N6(road, pg, fault, states):
    """Crash table N6: the call that was under way stands; nothing begins after the opt-out, not even its repetition."""
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "delay_ms": 5000, "times": 1, "statuses": [], **fault}]})
    notice = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service")
    eventually(lambda: sending(pg, person) == 1, 30)
    road.consent(person, "whatsapp", granted=False)
    eventually(lambda: refused(pg, person.contacts["whatsapp"]), 30)
    assert road.states(notice) == [], "the call has ended too early for this test"
    next_one = road.say(person, template="delivered", variables={"order_id": "2"}, kind="service")
    road.wait_state(notice, states[0], timeout=30)
    road.clock.advance(60_000)  # past the pause before another try
    road.wait(notice, *states, timeout=30)
    assert road.wait(next_one, "dropped", timeout=30)[0].reason == "consent"
    assert len(road.log(person)) == (1 if states == ["accepted"] else 0)


def test_an_opt_out_after_the_attempt_was_recorded_is_seen_before_the_request_is_written_N6(road, pg, service):
    """Crash table N6: paused between the commit of the attempt and the last look at consent. The ledger's row is written by
    hand: the process that would write it stands still."""
    person = road.person()
    notifier = service("notifier")
    notifier.once(SEADESK_CRASH_AT="ready:pause:notifier.launching:5000")
    notifier.restart()
    notice = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service")
    eventually(lambda: sending(pg, person) == 1, 30)
    pg.query("INSERT INTO notifier.consent (contact_key, class, at, is_granted, source, channel, account, cause_id, root_id,"
             " number, \"offset\", heard_at, gone) VALUES (%s, 1, to_timestamp(clock.now_ms() / 1000.0), false, 3, 'whatsapp',"
             " 'demo', gen_random_uuid(), gen_random_uuid(), 0, 0, now(), 'infinity')", person.contacts["whatsapp"])
    assert sending(pg, person) == 1, "the pause was over too early for this test"
    assert road.wait(notice, "dropped", timeout=30)[0].reason == "consent"
    assert road.log(person) == []
    notifier.restart()


def test_a_refusal_drops_what_is_held(road):
    person = road.person()
    road.clock.advance(11 * HOUR)
    held = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service")
    road.wait(held, "held")
    road.consent(person, "whatsapp", granted=False)
    assert road.wait(held, "held", "dropped")[1].reason == "consent"


def test_marketing_needs_an_opt_in_newer_than_the_last_stop(road):
    person = road.person()

    def marketing():
        return road.say(person, "Buy!", kind="marketing")

    assert road.wait(marketing(), "dropped")[0].reason == "consent"
    road.consent(person, "whatsapp", granted=True, kind=2)
    road.wait_state(marketing(), "accepted")
    road.clock.advance(1000)
    road.consent(person, "whatsapp", granted=False, kind=1)
    road.clock.advance(1000)
    road.consent(person, "whatsapp", granted=True, kind=1)
    assert road.wait(marketing(), "dropped")[0].reason == "consent"


# ---- quiet hours ----

@pytest.mark.ledger("NT-06")
def test_in_quiet_hours_a_notice_is_held_and_released_and_the_urgent_passes_NT_06(road, service, pg):
    person = road.person()
    road.clock.advance(11 * HOUR)  # 23:00
    night = road.clock.now_ms()
    passes = service("notifier").metric("seadesk_notifier_urgent_passes_total")
    held = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service")
    event, = road.wait(held, "held")
    assert event.reason == "quiet_hours" and 8 * HOUR < event.release_at_ms - night <= 10 * HOUR
    assert event.release_at_ms % HOUR == 0
    urgent = road.say(person, template="delivered", variables={"order_id": "2"}, kind="service", is_urgent=True)
    road.wait_state(urgent, "accepted")
    assert service("notifier").metric("seadesk_notifier_urgent_passes_total") == passes + 1
    road.say(person, "an answer within a live session")
    eventually(lambda: len(road.log(person)) == 2)
    road.clock.advance(event.release_at_ms - road.clock.now_ms() - 3000)
    time.sleep(0.5)
    assert road.states(held) == ["held"]
    road.clock.advance(3000)
    road.wait(held, "held", "released", "accepted", "delivered", "read")


def test_what_became_stale_while_held_is_dropped(road):
    person = road.person()
    road.clock.advance(11 * HOUR)
    night = road.clock.now_ms()
    values = {"order_id": "1"}
    old = road.say(person, template="out_for_delivery", variables=values, kind="service", collapse_key="o1")
    other = road.say(person, template="dispatched", variables=values, kind="service", collapse_key="o2")
    stale = road.say(person, template="dispatched", variables=values, kind="service", expires_at_ms=night + HOUR)
    assert road.wait(stale, "dropped")[0].reason == "expired"
    road.wait(old, "held")
    road.wait(other, "held")
    new = road.say(person, template="delivered", variables=values, kind="service", collapse_key="o1")
    road.wait(new, "held")
    assert road.wait(old, "held", "dropped")[1].reason == "superseded"
    withdraw = road.proto["outbound"].Withdraw(contact_key=person.contacts["whatsapp"], collapse_key="o2",
                                               reason="cancelled", at_ms=road.clock.now_ms())
    road.send("seadesk.outbound", person.contacts["whatsapp"].hex(), withdraw)
    assert road.wait(other, "held", "dropped")[1].reason == "withdrawn"
    late = road.say(person, template="dispatched", variables=values, kind="service", collapse_key="o2",
                    drafted_at_ms=night)
    assert road.wait(late, "dropped")[0].reason == "withdrawn"
    after = road.say(person, template="dispatched", variables=values, kind="service", collapse_key="o2",
                     drafted_at_ms=road.clock.now_ms() + 1000)
    road.wait(after, "held")
    assert road.log(person) == []


# ---- WhatsApp's window ----

def test_outside_the_window_free_text_returns_and_an_approved_template_goes(road):
    person = road.person()
    text = road.say(person, "too late", inbound_ago=24 * HOUR)
    assert road.wait(text, "returned")[0].reason == "window_closed"
    notice = road.say(person, template="customs_held", variables=HELD, kind="service", inbound_ago=None)
    road.wait_state(notice, "accepted")
    sent, = road.log(person)
    assert sent["template"], sent


# ---- the ladder ----

@pytest.mark.parametrize("fault", [{"status": 400, "error": 131026}, {"statuses": ["sent", "failed"]}])
def test_sms_when_whatsapp_fails(road, fault):
    person = road.person()
    road.fake.script({"whatsapp": [{**fault, "to": person.phone}]})
    draft = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service",
                     channels=("whatsapp", "twilio-sms"))
    events = eventually(lambda: "delivered" in road.states(draft) and road.events(draft), 20)
    assert "failed" in road.states(draft)
    by_rung = [(event.rung, event.channel) for event in events]
    assert by_rung == sorted(by_rung)
    assert [event.version for event in events] == sorted(event.version for event in events)
    assert [entry["channel"] for entry in road.log(person)][-1] == "twilio-sms"


def test_delivered_or_uncertain_ones_never_take_the_next_rung(road):
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "status": 500, "accepted": True, "statuses": []}]})
    draft = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service",
                     channels=("whatsapp", "twilio-sms"))
    road.wait_state(draft, "uncertain")
    time.sleep(1)
    assert road.states(draft) == ["uncertain"]
    assert [entry["channel"] for entry in road.log(person)] == ["whatsapp"]


# ---- providers' answers ----

def test_too_many_is_tried_again_and_accepted_once(road):
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "status": 429, "error": 130429, "retry_after_s": 1, "times": 1}]})
    draft = road.say(person, "again")
    road.wait_state(draft, "queued")
    road.clock.advance(2000)
    road.wait(draft, "queued", "accepted", "delivered", "read")
    assert len(road.log(person)) == 1


def test_an_unknown_outcome_is_settled_by_the_receipts(road):
    """Crash table N4, N8: 500 after accepting; the statuses carry the attempt's id."""
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "status": 500, "accepted": True, "status_gap_ms": 600}]})
    draft = road.say(person, "did it arrive?")
    road.wait_state(draft, "uncertain")
    road.wait_state(draft, "delivered")
    assert road.states(draft)[:3] == ["uncertain", "accepted", "delivered"]
    assert len(road.log(person)) == 1


def test_statuses_out_of_order_and_doubled_only_raise(road):
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "statuses": ["read", "sent", "delivered", "read", "sent", "failed"]}]})
    draft = road.say(person, "hello")
    road.wait_state(draft, "read")
    time.sleep(0.5)
    assert road.states(draft) == ["accepted", "read"]


def test_a_story_tells_nothing_before_its_beginning(road, pg, desk):
    """A provider's times are whole seconds: it was read, says WhatsApp, at the beginning of the second in which we sent it."""
    draft = road.say(road.person(), "just now")
    road.wait_state(draft, "read")
    draft_id = str(uuid.UUID(bytes=draft.draft_id))
    pg.query("update notifier.delivery set at = created_at - interval '900 ms' where draft_id = %s", draft_id)
    root = pg.value("select root_id::text from notifier.delivery where draft_id = %s", draft_id)
    told = [step["what"] for step in desk.get(f"/events/{root}").json()["steps"] if step["service"] == "notifier"]
    assert told == ["to be delivered by whatsapp", "read"]


def test_sms_goes_with_its_callback_and_is_delivered(road):
    person = road.person()
    draft = road.say(person, "by SMS", channels=("twilio-sms",))
    road.wait(draft, "accepted", "delivered")
    sent, = road.log(person)
    assert "attempt=" in sent["ids"]["status_callback"]


def test_the_parts_of_an_sms_are_counted_when_the_provider_took_it(road, service):
    """3GPP TS 23.040: 160 septets or 70 UTF-16 units in one, 153 or 67 in each of several."""
    person, notifier = road.person(), service("notifier")

    def parts():
        return notifier.metric("seadesk_notifier_sms_parts_total", market="GB")

    for text, count in [("a" * 160, 1), ("a" * 161, 2), ("\u00e4" * 459, 3), ("\u4f60" * 70, 1), ("\u4f60" * 71, 2),
                        ("\u20ac" * 80, 1), ("\u20ac" * 81, 2)]:
        before = parts()
        road.wait_state(road.say(person, text, channels=("twilio-sms",)), "accepted", timeout=30)
        assert parts() == before + count, text
    before = parts()
    road.fake.script({"twilio-sms": [{"to": "+" + person.phone, "status": 400, "error": 21610}]})
    road.wait_state(road.say(person, "refused", channels=("twilio-sms",)), "failed", timeout=30)
    assert parts() == before


# ---- limits of providers ----

@pytest.fixture
def slow_sms(service, tmp_path):
    """A notifier that may send one SMS a second."""
    notifier = service("notifier")
    notifier.once(SEADESK_CONFIG=copied_config(tmp_path, "channels.yaml",
                                               lambda text: text.replace("rate_per_s: 20", "rate_per_s: 1")))
    notifier.restart()
    yield
    notifier.restart()


def test_one_account_at_its_limit_keeps_no_other_waiting_and_rewrites_nothing(road, pg, slow_sms):
    """Many SMS wait for an account of one a second: WhatsApp goes on at once, and who waits costs no writes."""
    many = [road.person() for _ in range(150)]
    waiting = "SELECT count(*) FROM notifier.delivery WHERE channel = 'twilio-sms' AND state = 1 AND contact_key = ANY(%s)"
    keys = [person.contacts["twilio-sms"] for person in many]
    for n, person in enumerate(many):
        road.say(person, f"{n}", channels=("twilio-sms",))
    eventually(lambda: pg.value(waiting, keys) > 100, 60)
    others = [road.person() for _ in range(10)]
    for draft in [road.say(person, "at once") for person in others]:
        road.wait_state(draft, "accepted", timeout=60)
    assert pg.value(waiting, keys) > 0, "they were all sent before the test had looked"

    def writes():
        pg.query("SELECT pg_stat_force_next_flush()")
        return pg.value("SELECT n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'notifier' AND relname = 'delivery'")

    before, sent_before, begin = writes(), len(road.fake.log()), time.monotonic()
    time.sleep(5)
    updated, sent = writes() - before, len(road.fake.log()) - sent_before
    assert updated <= 5 * (sent + 40), (updated, sent)  # those that are sent, not the hundred that wait
    assert sent <= 2 + 2 * (time.monotonic() - begin), "more than the account may send"
    left = pg.value(waiting, keys)
    eventually(lambda: pg.value(waiting, keys) < left, 60)  # nor is who waits forgotten


# ---- two at once ----

def test_two_notifiers_under_load_send_every_notice_once(road, service, pg):
    """Numbers move while notices come: a provider accepts each at most once, and what is uncertain is never sent again."""
    notifier = service("notifier")
    people = [road.person() for _ in range(120)]

    def notify(some):
        return [(person, road.say(person, template="delivered", variables={"order_id": "1"}, kind="service"))
                for person in some]

    told = notify(people[:30])
    with notifier.another() as second:
        told += notify(people[30:60])
        eventually(lambda: second.metric("seadesk_notifier_deliveries_total", outcome="accepted") > 0
                   or (told.extend(notify([road.person()])) or False), 60, every=0.5)
        told += notify(people[60:90])
    told += notify(people[90:])
    for person, draft in told:
        eventually(lambda: {"accepted", "uncertain"} & set(road.states(draft)), 120)
    accepted = collections.Counter(entry["to"].lstrip("+") for entry in road.fake.log())
    assert all(accepted[person.phone] <= 1 for person, _ in told)
    assert sum(accepted[person.phone] for person, _ in told) >= len(people) - 5


# ---- order ----

def test_what_is_said_to_a_person_keeps_its_order_per_contact_and_across(road):
    person = road.person()
    road.fake.script({"whatsapp": [{"to": person.phone, "delay_ms": 400, "times": 2}]})
    drafts = [road.say(person, f"{n}", channels=(channel,))
              for n, channel in enumerate(["whatsapp", "whatsapp", "twilio-sms", "whatsapp", "twilio-sms"])]
    for draft in drafts:
        road.wait_state(draft, "accepted")
    assert [entry["text"] for entry in road.log(person)] == ["0", "1", "2", "3", "4"]


def test_a_predecessor_that_never_comes_is_waited_for_two_seconds(road):
    person = road.person()
    person.seq = 7
    begin = time.monotonic()
    draft = road.say(person, "after a gap")
    road.wait_state(draft, "accepted")
    assert time.monotonic() - begin >= 1.5


# ---- crashes ----

CRASHES = ["worker.before_commit", "worker.after_commit", "worker.before_publish", "notifier.applied", "notifier.claimed",
           "notifier.answered", "notifier.settled"]


@pytest.mark.parametrize("point", CRASHES)
def test_notifier_crashing_at_each_point_sends_once_or_says_uncertain(road, service, point):
    """Crash table N1, N2, N3."""
    notifier = service("notifier")
    people = [road.person() for _ in range(5)]
    crash = notifier.crash_at(point, 2)
    notices = [road.say(person, template="delivered", variables={"order_id": "1"}, kind="service") for person in people]
    for person, draft in zip(people, notices):
        eventually(lambda: {"delivered", "uncertain"} & set(road.states(draft)), 40)
        assert len(road.log(person)) <= 1
        if "delivered" in road.states(draft):
            assert len(road.log(person)) == 1
    crash.wait()


@pytest.mark.parametrize("point", ["translator-gateway.applied", "translator-gateway.answered", "translator-gateway.settled",
                                   "worker.after_commit", "worker.before_publish"])
def test_translator_crashing_at_each_point_tells_once(road, service, point):
    """Crash table T1, T3."""
    gateway = service("translator-gateway")
    person = road.person()
    crash = gateway.crash_at(point, 2)
    drafts = []
    for text, wanted in ((f"text {fresh_word()}", "fr"), (f"text {fresh_word()}", "fr"), (f"text {fresh_word()}", "fr"), ("as written", None)):
        drafts.append(road.say(person, text, **({"wanted": wanted} if wanted else {})))  # one by one: a batch passes a point once
        road.wait_state(drafts[-1], "accepted", timeout=60)
    assert len(road.log(person)) == 4
    for draft in drafts:
        assert len({bytes(message.text.sealed) for message in road.outbounds(draft)}) == 1
    crash.wait()


def test_a_translation_of_somebody_erased_meanwhile_is_dropped(road, pg, service):
    """Crash table T4."""
    person = road.person()
    contact = person.contacts["whatsapp"]
    road.fake.script({"translate": [{"delay_ms": 1500}]})
    draft = road.say(person, f"soon forgotten {fresh_word()}", wanted="es")
    eventually(lambda: waiting_rows(pg, person) == 1)
    erase(road, contact)
    eventually(lambda: waiting_rows(pg, person) == 0)
    time.sleep(2)
    assert road.states(draft) == [] and road.outbounds(draft, least=0) == [] and road.log(person) == []


# ---- forgetting ----

def erase(road, *contacts):
    order = road.proto["privacy"].ErasureOrdered(request_id=uuid.uuid4().bytes, customer_id=uuid.uuid4().bytes,
                                                 contact_keys=list(contacts),
                                                 keys_destroyed_at_ms=int(time.time() * 1000))
    road.send("seadesk.privacy", str(uuid.UUID(bytes=order.customer_id)), order)
    return order


def test_erasure_takes_deliveries_and_grants_and_keeps_refusals(road, pg):
    person = road.person()
    contact = person.contacts["whatsapp"]
    road.consent(person, "whatsapp", granted=True, kind=2)
    road.consent(person, "whatsapp", granted=False, kind=1)
    road.wait_state(road.say(person, "for ever?", kind="legal"), "read")
    order = erase(road, contact)
    eventually(lambda: pg.value("SELECT count(*) FROM notifier.delivery WHERE contact_key = %s", contact) == 0)
    assert pg.query("SELECT class, is_granted FROM notifier.consent WHERE contact_key = %s", contact) == [(1, False)]
    proofs = [road.proto["privacy"].ErasureDone.FromString(bytes(proof)) for schema in ("notifier", "translator_gateway")
              for proof, in pg.query(f"SELECT proof FROM {schema}.erasure WHERE request_id = %s",
                                     str(uuid.UUID(bytes=order.request_id)))]
    assert {proof.service for proof in proofs} == {"notifier", "translator-gateway"}
    rows = {store.store: store.rows for proof in proofs for store in proof.stores}
    assert rows["notifier.delivery"] == 1 and rows["notifier.consent"] == 1


# ---- bad input, limits ----

def test_what_cannot_be_read_goes_to_the_dead_letters_and_the_partition_goes_on(road, kafka_consumer):
    dead = kafka_consumer("seadesk.dlq")
    person = road.person()
    bad = road.draft(person, "no ladder")
    del bad.ladder[:]
    event_id = road.send("seadesk.drafts", person.contacts["whatsapp"].hex(), bad)
    good = road.say(person, "goes on")
    road.wait_state(good, "accepted")
    dead.wait_for(lambda record: event_id.encode() in record.value or
                  uuid.UUID(event_id).bytes in record.value)


def test_a_text_sealed_for_another_place_is_blocked(road):
    person = road.person()
    draft = road.draft(person, "moved")
    draft.text.sealed = road.sealer.seal(person.contacts["whatsapp"], "seadesk.drafts", "text", uuid.uuid4().bytes, "moved")
    road.send("seadesk.drafts", draft.home_key.hex(), draft)
    event, = road.wait(draft, "blocked")
    assert event.reason == "unreadable"


def test_a_delivered_notice_costs_few_row_writes(road, pg):
    """Rows are lean: one insert and at most four updates for a notice that was read."""
    person = road.person()

    def writes():
        pg.query("SELECT pg_stat_force_next_flush()")
        return pg.query("SELECT n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'delivery'")[0]

    time.sleep(1.2)
    before = writes()
    for n in range(10):
        road.wait_state(road.say(person, template="delivered", variables={"order_id": str(n)}, kind="service"), "read")
    time.sleep(1.2)
    inserted, updated = (b - a for a, b in zip(before, writes()))
    assert inserted == 10 and updated <= 40, (inserted, updated)


def test_both_stop_cleanly_and_come_back(road, service):
    person = road.person()
    for name in ("notifier", "translator-gateway"):
        service(name).restart()
        service(name).wait_ready()
    draft = road.say(person, "after a restart")
    road.wait_state(draft, "accepted")
    assert len(road.log(person)) == 1

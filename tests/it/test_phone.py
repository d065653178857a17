"""test_phone.py: telephones at the edge: dialogues by dial string, calls, SMS in parts."""
import concurrent.futures
import re
import secrets
import signal
import uuid
from datetime import datetime, timedelta, timezone

import pytest

import edge as e
import stack
from stack import header

DAY_MS = 86400_000


class Caller:
    """Somebody who dials: each session is a dial, `typed` everything typed since."""

    def __init__(self, edge, phone):
        self.edge, self.phone, self.session = edge, phone, None

    def dial(self):
        self.session = e.new("ATUid_")
        return self.type("")

    def type(self, typed):
        form = {"sessionId": self.session, "phoneNumber": self.phone, "serviceCode": "*384*96#", "networkCode": "63902",
                "text": typed}
        answer = self.edge.post("/v1/channels/ussd/demo?key=demo-ussd-secret", data=form)
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain"), answer.text
        return answer.text


def fresh_phone():
    return f"+25471{secrets.randbelow(10**7):07}"


@pytest.mark.ledger("CH-13")
def test_a_dialogue_that_broke_off_goes_on_at_its_step_when_the_caller_dials_again(edge, hasher, redis):
    caller = Caller(edge, fresh_phone())
    assert caller.dial().startswith("CON Welcome")
    caller.type("1")
    shop = caller.type("1*3")
    assert shop.startswith("CON Which shop?")
    assert caller.dial() == shop
    assert caller.type("2").startswith("CON When?")
    key = "sd:talk:" + hasher.contact("ussd", "demo", caller.phone).hex()
    assert caller.phone not in redis.get(key) and 0 < redis.pttl(key) <= 600_000
    redis.delete(key)  # its window is over
    assert caller.dial().startswith("CON Welcome")


def test_a_dialogue_ends_as_one_message_with_a_booking_reference_that_a_resend_has_too(edge, hasher, kafka_consumer, proto):
    caller, messages = Caller(edge, fresh_phone()), kafka_consumer("seadesk.messages")
    caller.dial()
    booked = caller.type("2*3*1*2")
    assert booked.startswith("END Imewekwa.")
    assert caller.type("2*3*1*2") == booked
    wanted = e.message_id("ussd", caller.session)
    record = messages.wait_for(e.of_id(wanted))
    assert record.key == hasher.contact("ussd", "demo", caller.phone).hex().encode()
    assert proto("messages").MessageReceived.FromString(record.value).channel == "ussd"
    assert [header(each, "ce_id") for each in e.settle(messages)].count(wanted) == 1


@pytest.mark.ledger("DV-11")
def test_a_booking_has_a_reference_and_a_reminder_by_sms_before_the_visit(edge, env, pg, fake, clock, eventually):
    """DV-11: held until two hours before, by the caller's clock; then sent to their number."""
    caller, desk = Caller(edge, fresh_phone()), stack.Desk(env["SEADESK_DESK_URL"])
    clock.advance(-clock.now_ms() % DAY_MS)  # midnight in London, 03:00 in Nairobi
    caller.dial()
    booked = caller.type("1*3*2*2")
    reference = re.search(r"reference is (\w{8})\.", booked)[1]
    message = eventually(lambda: desk.message("ussd", caller.session), 60)
    about = "select state, reason, release_at from notifier.delivery_v where ticket_id = %s and channel = 'twilio-sms'"
    held = eventually(lambda: pg.query(about, message["ticket_id"]), 60)
    visit = datetime.fromtimestamp(clock.now_ms() // DAY_MS * 86400, timezone.utc) + timedelta(days=1, hours=11)  # tomorrow, 14:00 there
    assert held == [("held", "not_before", visit - timedelta(hours=2))]
    assert [send for send in fake.log() if send["to"] == caller.phone] == []
    clock.advance(33 * 3600 * 1000 + 60_000)
    [send] = eventually(lambda: [send for send in fake.log() if send["to"] == caller.phone], 60)
    assert send["channel"] == "twilio-sms" and reference in send["text"] and f"{visit:%d/%m/%Y}, 14:00" in send["text"]


def test_without_redis_a_dialogue_begins_at_its_start_and_never_fails(edge, service, redis, eventually):
    caller = Caller(edge, fresh_phone())
    caller.dial()
    caller.type("1*3")
    service("redis").stop()
    try:
        assert caller.dial().startswith("CON Welcome")
        assert caller.type("1").startswith("CON How can we help?")
        assert caller.type("1*2").startswith("END Thank you.")
    finally:
        service("redis").start()
    assert eventually(lambda: redis.ping(), 60)


def test_a_menu_is_read_anew_while_callers_are_in_it_and_a_bad_one_changes_nothing(edge, service, tmp_path, eventually):
    config = stack.copied_config(tmp_path, "menus/care.yaml", lambda text: text.replace("en: \"How can we help?\"", "en: \"What is it?\""))
    menu = config / "menus" / "care.yaml"

    with e.configured(service, config) as ingest:
        def reload(text, word):
            before = ingest.log().count(word)
            menu.write_text(text)
            ingest.signal(signal.SIGHUP)
            eventually(lambda: ingest.log().count(word) > before)
        inside, reader = Caller(edge, fresh_phone()), Caller(edge, fresh_phone())
        inside.dial()
        assert inside.type("1").startswith("CON What is it?")
        reload(menu.read_text().replace("What is it?", "Shall we drink to it: wine?"), "reload refused, the old configuration stays")
        reader.dial()
        assert reader.type("1").startswith("CON What is it?")
        reload(menu.read_text().replace("Shall we drink to it: wine?", "How may we help?").replace("version: 1", "version: 2"), "msg=reloaded")
        reader.dial()
        assert reader.type("1").startswith("CON How may we help?")
        assert inside.dial().startswith("CON Welcome"), "where one was in another version's menu says nothing"


# ---- calls ----

def test_a_call_is_on_its_topic_as_it_rings_is_answered_ends_and_is_recorded(edge, hasher, kafka_consumer, proto):
    """CH-03, the edge's part: rings, times and the reference of the recording, under the caller's key; tickets are router's."""
    calls, number, call_id = kafka_consumer("seadesk.calls"), fresh_phone(), e.new("c-")
    said = {"ringing": {"rings": 1}, "answered": {"rings": 3}, "recorded": {"recording": "rec/17"},
            "ended": {"rings": 3, "outcome": "answered", "started_at": "2026-11-22T08:00:00Z", "ended_at": "2026-11-22T08:04:00Z",
                      "answered_at": "2026-11-22T08:00:09Z", "recording": "rec/17"}}
    call = {"call_id": call_id, "account": "demo", "number": number, "direction": "inbound"}
    events = {name: e.traffic.business_event("call." + name, {"call": {**call, **more}}) for name, more in said.items()}
    assert edge.batch(list(events.values())).json()["accepted"] == 4
    records = {name: calls.wait_for(e.of_id(e.event_id(event))) for name, event in events.items()}
    assert {record.key for record in records.values()} == {hasher.contact("phone", "demo", number).hex().encode()}
    shapes = proto("calls")
    changed = {name: shapes.CallChanged.FromString(records[name].value) for name in ("ringing", "answered", "recorded")}
    assert [shapes.CallState.Name(each.state) for each in changed.values()] == ["CALL_RINGING", "CALL_TAKEN", "CALL_RECORDED"]
    assert (changed["ringing"].rings, changed["answered"].rings) == (1, 3)
    ended = shapes.CallEnded.FromString(records["ended"].value)
    assert (ended.rings, ended.answered_at_ms - ended.started_at_ms) == (3, 9000)
    for record in records.values():
        assert number[1:].encode() not in e.everything_of(record) and b"rec/17" not in e.everything_of(record)


# ---- what comes by SMS, and by data later ----

@pytest.mark.ledger("CH-25")
def test_a_clients_message_by_sms_and_later_by_data_is_one_message_of_one_ticket(edge, hasher, kafka_consumer, pg, eventually):
    client, phone, messages = str(uuid.uuid4()), fresh_phone(), kafka_consumer("seadesk.messages")
    sms = {"id": e.new("at-"), "from": phone, "to": "28901", "text": f"Where is it? [m:{client}]"}
    for _ in range(2):
        assert edge.post("/v1/channels/africastalking-sms/demo?key=demo-africastalking-sms-secret", data=sms).status_code == 200
    assert edge.text(phone[1:], f"Where is it? [m:{client}]", e.new("wamid.")).status_code == 200
    wanted = e.uuid5("client", client)
    generic = {"channel": "form", "account": "demo", "message_id": e.new("f-"), "client_message_id": client, "text": "Where is it?",
               "contact": {"id": phone}}
    assert edge.message(generic).json() == {"accepted": 0, "duplicate": 1, "ids": [wanted]}
    assert eventually(lambda: pg.value("select count(*) from router.message_v where event_id = %s", wanted) == 1, 60)
    assert [header(each, "ce_id") for each in e.settle(messages)].count(wanted) == 1


# ---- SMS in parts ----

def part_of(number, total, reference, phone, text):
    return {"channel": "sms", "account": "demo", "message_id": f"{reference}-{number}", "contact": {"id": phone, "phone": phone},
            "text": text, "part": {"reference": reference, "number": number, "total": total}}


@pytest.fixture
def parts():
    """Three parts of one long message."""
    reference, phone = e.new("ref-"), fresh_phone()
    return [part_of(number, 3, reference, phone, text) for number, text in enumerate(("Where is ", "my order ", "1004?"), 1)]


def test_parts_that_come_together_are_one_message_in_whatever_order(edge, parts, kafka_consumer, proto, eventually, env, service):
    """CH-12, the edge's part: a multi-part SMS is reassembled; each part is acknowledged with the message on the log."""
    messages, wanted = kafka_consumer("seadesk.messages"), e.message_id("sms", parts[0]["message_id"])

    def counted():
        return service("ingest").metric("seadesk_ingest_market_messages_total", channel="sms", market="KE") or 0

    def until_taken(part):
        answers = []
        eventually(lambda: answers.append(edge.message(part, timeout=60)) or answers[-1].status_code == 202, 60)
        assert all(answer.status_code == 503 and answer.headers["Retry-After"] for answer in answers[:-1])
        return answers[-1].json()

    before = counted()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(until_taken, reversed(parts)))
    assert counted() == before + 1, "three parts are one message of their market"
    assert {each["ids"][0] for each in taken} == {wanted} and sum(each["accepted"] for each in taken) == 1, taken
    record = messages.wait_for(e.of_id(wanted))
    assert not proto("messages").MessageReceived.FromString(record.value).is_incomplete
    desk = stack.Desk(env["SEADESK_DESK_URL"])
    assert eventually(lambda: desk.message("sms", parts[0]["message_id"]), 60)["text"] == "Where is my order 1004?"
    assert [header(each, "ce_id") for each in e.settle(messages)].count(wanted) == 1


@pytest.mark.ledger("CH-12")
def test_an_sms_in_parts_is_answered_over_sms_on_the_same_thread(edge, parts, ana, fake, eventually):
    phone = parts[0]["contact"]["id"]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        eventually(lambda: all(answer.status_code == 202 for answer in pool.map(lambda part: edge.message(part, timeout=60), parts)), 60)
    asked = eventually(lambda: ana.http.message("sms", parts[0]["message_id"]), 60)
    ana.done("take", asked["ticket_id"])
    ana.done("reply", asked["ticket_id"], text="It comes tomorrow.", language="en")
    [send] = eventually(lambda: [send for send in fake.log() if send["to"] == phone and send["text"] == "It comes tomorrow."])
    assert send["channel"] == "gateway"
    again = {**parts[0], "message_id": e.new("m-"), "text": "Thanks!", "part": None}
    assert edge.message(again).status_code == 202
    thanked = eventually(lambda: ana.http.message("sms", again["message_id"]), 60)
    assert [thanked[each] for each in ("ticket_id", "conversation_id")] == [asked[each] for each in ("ticket_id", "conversation_id")]
    [answer] = [each for each in ana.ticket(asked["ticket_id"])["messages"] if each["direction"] == "out" and each["text"] == send["text"]]
    assert (answer["channel"], answer["conversation_id"]) == ("sms", asked["conversation_id"])


def test_a_part_whose_others_never_come_is_not_acknowledged_but_passed_on_as_incomplete(edge, parts, kafka_consumer, proto, service):
    messages, ingest = kafka_consumer("seadesk.messages"), service("ingest")
    ingest.settings(SEADESK_INGEST_PARTS_WAIT="3s")
    try:
        ingest.restart()
        assert edge.message(parts[1], timeout=60).status_code == 503
        record = messages.wait_for(e.of_id(e.message_id("sms", parts[1]["message_id"] + "/2")))
        assert proto("messages").MessageReceived.FromString(record.value).is_incomplete
    finally:
        ingest.settings()
        ingest.restart()


def test_a_part_that_is_passed_on_incomplete_has_its_consent_before_it(edge, parts, kafka_consumer, service):
    """CP-12 for parts: where the market demands consent, what was given with a part goes before the message."""
    consents, messages, ingest = kafka_consumer("seadesk.consents"), kafka_consumer("seadesk.messages"), service("ingest")
    ingest.settings(SEADESK_INGEST_PARTS_WAIT="3s")
    try:
        ingest.restart()
        part = {**parts[0], "channel": "chat", "consent": {"recording": True, "notice_version": "v1"},
                "contact": {"id": parts[0]["contact"]["id"], "locale": "de-DE"}}
        assert edge.message(part, timeout=60).status_code == 503
        record = messages.wait_for(e.of_id(e.message_id("chat", part["message_id"] + "/1")))
        assert consents.wait_for(lambda each: each.key == record.key)
    finally:
        ingest.settings()
        ingest.restart()


def test_a_crash_loses_no_part_because_none_was_acknowledged(edge, parts, service, eventually):
    assert edge.message(parts[0], timeout=60).status_code == 503
    service("ingest").kill()
    service("ingest").wait_ready()
    assert edge.message(parts[1], timeout=60).status_code == 503
    assert edge.message(parts[2], timeout=60).status_code == 503  # the first one went with the process
    answer = edge.message(parts[0], timeout=60)
    assert (answer.status_code, answer.json()["ids"]) == (202, [e.message_id("sms", parts[0]["message_id"])])
    assert edge.message(parts[1], timeout=60).json()["duplicate"] == 1

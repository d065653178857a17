"""test_phone.py: telephones at the edge: dialogues by dial string, calls, SMS in parts."""
import secrets
import uuid

import pytest

import edge as e
from stack import header


@pytest.fixture(scope="module")
def edge(env):
    return e.Edge(env["SEADESK_INGEST_URL"])


@pytest.fixture(scope="module")
def hasher(env):
    return e.Hasher(env)


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

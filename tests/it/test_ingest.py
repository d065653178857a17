"""test_ingest.py: the edge as providers and company systems meet it: every status of its contract, and what reaches the topics."""
import json
import signal
import time

import pytest

import edge as e
from edge import problem
from stack import header

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = {"value": "demo-verify"}
MORE = {"accounts": [{"channel": "whatsapp", "account": "off", "enabled": False, "verify_token": TOKEN,
                      "secret": {"value": "demo-off-secret"}},
                     {"channel": "whatsapp", "account": "two", "verify_token": TOKEN,
                      "secret": [{"value": "demo-new-secret"}, {"value": "demo-old-secret"}]}],
        "sources": [{"name": "narrow", "key": {"value": "demo-narrow-key"}, "allowed": ["/erp/cn", "/wms/*"]},
                    {"name": "signed", "signing": {"value": SIGNING}, "allowed": ["*"]}]}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The stack's configuration folder with more accounts and sources."""
    return e.channels_changed(tmp_path_factory.mktemp("edge"), e.adding(**MORE))


@pytest.fixture(scope="module")
def program(service, config):
    with e.configured(service, config) as ingest:
        yield ingest


@pytest.fixture(scope="module")
def edge(env, program):
    return e.Edge(env["SEADESK_INGEST_URL"])


# ---- WhatsApp ----

@pytest.mark.ledger("CH-10")
def test_a_whatsapp_message_is_one_record_under_its_contacts_key(edge, hasher, kafka_consumer, proto):
    topic, wamid = kafka_consumer("seadesk.messages"), e.new("wamid.")
    before = int(time.time() * 1000)
    answer = edge.text("5511900000001", "Oi", wamid, headers={"traceparent": "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"})
    assert (answer.status_code, answer.content) == (200, b"")
    record = topic.wait_for(e.of_id(e.message_id("whatsapp", wamid)))
    key = hasher.contact("whatsapp", "demo", "5511900000001")
    assert record.key == key.hex().encode()
    assert header(record, "content-type") == "application/protobuf"
    assert header(record, "ce_specversion") == "1.0"
    assert header(record, "ce_type") == "seadesk.v1.MessageReceived"
    assert header(record, "sd-root") == header(record, "ce_id")
    assert header(record, "sd-src") is None
    trace = header(record, "traceparent").split("-")
    assert trace[1] == "a1" * 16 and trace[2] != "b2" * 8 and trace[3] == "01"
    message = proto("messages").MessageReceived.FromString(record.value)
    assert (message.channel, message.account, message.contact_key) == ("whatsapp", "demo", key)
    assert before <= message.received_at_ms <= before + 10000
    assert 0 < message.provider_time_ms <= message.received_at_ms and message.sealed and message.day > 20000


def test_every_message_and_status_of_every_entry_is_taken(edge, kafka_consumer):
    messages, receipts = kafka_consumer("seadesk.messages"), kafka_consumer("seadesk.receipts")
    ids = [e.new("wamid.") for _ in range(5)]
    first = e.traffic.whatsapp_text("5511900000001", "one", ids[0])
    more = e.traffic.whatsapp_text("5511900000002", "two", ids[1])["entry"][0]["changes"][0]["value"]["messages"]
    first["entry"][0]["changes"][0]["value"]["messages"] += more
    first["entry"][0]["changes"] += e.traffic.whatsapp_text("5511900000003", "3", ids[2])["entry"][0]["changes"]
    first["entry"] += e.traffic.whatsapp_status("5511900000001", ids[3], "delivered")["entry"]
    first["entry"] += e.traffic.whatsapp_status("5511900000001", ids[4], "read")["entry"]
    assert edge.whatsapp(first).status_code == 200
    for each in ids[:3]:
        messages.wait_for(e.of_id(e.message_id("whatsapp", each)))
    e.settle(receipts)
    assert len(receipts.seen) == 2


def test_a_status_is_a_receipt_that_notifier_can_match(edge, hasher, kafka_consumer, proto):
    topic, wamid, attempt = kafka_consumer("seadesk.receipts"), e.new("wamid."), e.uuid.uuid4()
    payload = e.traffic.whatsapp_status("5511900000001", wamid, "failed", 1763800000000)
    status = payload["entry"][0]["changes"][0]["value"]["statuses"][0]
    status.update(biz_opaque_callback_data=str(attempt), errors=[{"code": 131026}])
    assert edge.whatsapp(payload).status_code == 200
    receipt = proto("receipts").ReceiptReceived.FromString(topic.wait_for(lambda record: True).value)
    assert receipt.provider_hash == hasher.lookup("provider-message", wamid)
    assert receipt.contact_key == hasher.contact("whatsapp", "demo", "5511900000001")
    assert receipt.state == proto("types").DeliveryState.Value("FAILED")
    assert (receipt.error_code, receipt.attempt_id, receipt.provider_time_ms) == ("131026", attempt.bytes, 1763800000000)


def test_an_empty_list_is_a_success(edge):
    assert edge.whatsapp({"object": "whatsapp_business_account", "entry": []}).status_code == 200


def test_a_message_without_what_identifies_it_goes_to_the_dead_letters(edge, kafka_consumer, proto):
    topic, payload = kafka_consumer("seadesk.dlq"), e.traffic.whatsapp_text("5511900000001", "who?", e.new("w"))
    del payload["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    assert edge.whatsapp(payload).status_code == 200
    letter = proto("dlq").DeadLetter.FromString(topic.wait_for(lambda record: True).value)
    assert (letter.service, letter.topic, letter.offset, letter.reason) == ("ingest", "", -1, "unreadable")
    assert letter.sealed_value and b"who?" not in letter.sealed_value


def test_a_challenge_is_answered_only_with_the_right_token(edge):
    ask = {"hub.mode": "subscribe", "hub.verify_token": "demo-verify", "hub.challenge": "1158201444"}
    answer = edge.get("/v1/channels/whatsapp/demo", params=ask)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    problem(edge.get("/v1/channels/whatsapp/demo", params={**ask, "hub.verify_token": "x"}), 403, "forbidden")
    problem(edge.get("/v1/channels/whatsapp/nobody", params=ask), 404, "not-found")
    problem(edge.get("/v1/channels/twilio-sms/demo", params=ask), 404, "not-found")


# ---- Twilio ----

def test_an_sms_is_answered_with_twiml(edge, kafka_consumer):
    topic, params = kafka_consumer("seadesk.messages"), e.traffic.twilio_sms("447700900001", "Hello")
    answer = edge.twilio(params)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/xml"
    assert answer.text.endswith("<Response/>")
    topic.wait_for(e.of_id(e.message_id("twilio-sms", params["MessageSid"])))


def test_a_status_callback_is_answered_204(edge, hasher, kafka_consumer, proto):
    topic, sid, attempt = kafka_consumer("seadesk.receipts"), e.new("SM"), e.uuid.uuid4()
    params = {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+447700900001"}
    answer = edge.twilio(params, f"?attempt={attempt}")
    assert (answer.status_code, answer.content) == (204, b"")
    receipt = proto("receipts").ReceiptReceived.FromString(topic.wait_for(lambda record: True).value)
    assert receipt.provider_hash == hasher.lookup("provider-message", sid)
    assert (receipt.error_code, receipt.attempt_id) == ("30003", attempt.bytes)
    assert edge.twilio({**params, "MessageStatus": "queued"}).status_code == 204


# ---- who may not ----

def count(program, **labels):
    return program.metric("seadesk_ingest_refused_total", **labels)


def test_a_wrong_signature_is_answered_with_an_empty_401_and_keeps_nothing(edge, program, kafka_consumer):
    topics = [kafka_consumer("seadesk.messages"), kafka_consumer("seadesk.dlq")]
    before = count(program, channel="whatsapp", reason="bad_signature")
    answer = edge.text("5511900000001", secret="another")
    assert (answer.status_code, answer.content) == (401, b"")
    assert count(program, channel="whatsapp", reason="bad_signature") == before + 1
    before = count(program, channel="whatsapp", reason="no_signature")
    answer = edge.post("/v1/channels/whatsapp/demo", data=b"{}")
    assert (answer.status_code, answer.content) == (401, b"")
    assert count(program, channel="whatsapp", reason="no_signature") == before + 1
    answer = edge.post("/v1/channels/twilio-sms/demo", data={"MessageSid": "SM1"}, headers={"X-Twilio-Signature": "eA=="})
    assert (answer.status_code, answer.content) == (401, b"")
    assert not any(e.settle(topic) for topic in topics)


def test_a_signature_given_twice_is_refused(edge):
    body = json.dumps(e.traffic.whatsapp_text("5511900000001", "hi")).encode()
    good = e.traffic.sign_whatsapp(body)["X-Hub-Signature-256"]
    raw = (f"POST /v1/channels/whatsapp/demo HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
           f"X-Hub-Signature-256: {good}\r\nX-Hub-Signature-256: {good}\r\nConnection: close\r\n\r\n").encode() + body
    assert e.speak(edge.base, raw).startswith(b"HTTP/1.1 401 ")


def test_both_secrets_count_while_one_is_being_rotated(edge):
    for secret, status in (("demo-new-secret", 200), ("demo-old-secret", 200), ("demo-older-secret", 401)):
        assert edge.text("5511900000001", account="two", secret=secret).status_code == status


def test_an_unknown_key_is_answered_with_an_empty_401(edge, program):
    event = e.order_paid(e.new("o"))
    for path, payload in (("/v1/events", event), ("/v1/messages", e.traffic.form_message("a@example.com", "hi"))):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic ZGVtbzpkZW1v"}):
            answer = edge.post(path, json=payload, headers=headers)
            assert (answer.status_code, answer.content) == (401, b""), (path, headers)
    assert count(program, channel="events", reason="unknown_key") >= 1
    body, key = json.dumps(event), "Authorization: Bearer demo-source-key\r\n"
    doubled = (f"POST /v1/events HTTP/1.1\r\nHost: x\r\n{key}{key}Content-Type: application/cloudevents+json\r\n"
               f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")
    assert e.speak(edge.base, doubled.encode()).startswith(b"HTTP/1.1 401 ")
    assert count(program, channel="events", reason="doubled_header") == 1


def test_a_standard_webhooks_signature_is_taken_and_a_stale_or_wrong_one_is_not(edge):
    body = json.dumps(e.order_paid(e.new("o"))).encode()
    headers = {"Content-Type": "application/cloudevents+json"}

    def send(signature):
        return edge.post("/v1/events", data=body, headers={**headers, **signature}).status_code

    assert send(e.standard_webhook(body, SIGNING)) == 202
    assert send(e.standard_webhook(body + b" ", SIGNING)) == 401
    assert send(e.standard_webhook(body, SIGNING, at_s=time.time() - 3600)) == 401


def test_a_key_speaks_only_for_its_sources(edge):
    key = {"Authorization": "Bearer demo-narrow-key"}
    event = e.order_paid(e.new("o"))
    problem(edge.event({**event, "source": "/crm"}, **key), 403, "source-not-allowed", "/source")
    assert edge.event({**event, "source": "/erp/cn"}, **key).status_code == 202
    assert edge.event({**event, "source": "/wms/7"}, **key).status_code == 202


@pytest.mark.ledger("CH-23")
def test_an_unknown_account_is_answered_404_counted_and_nothing_is_kept(edge, program, kafka_consumer):
    topics = [kafka_consumer("seadesk.messages"), kafka_consumer("seadesk.dlq")]
    before = count(program, channel="whatsapp", reason="unknown_account")
    problem(edge.text("5511900000001", account="nobody"), 404, "not-found")
    problem(edge.post("/v1/channels/pigeon/demo", data=b"{}"), 404, "not-found")
    problem(edge.post("/v1/channels/form/demo", data=b"{}"), 404, "not-found")
    assert count(program, channel="whatsapp", reason="unknown_account") == before + 1
    for when in ("first", "last"):
        at = program.metric(f"seadesk_ingest_unknown_account_{when}_seconds", channel="whatsapp")
        assert time.time() - 600 < at <= time.time() + 1
    assert count(program, channel="unknown", reason="unknown_account") >= 1
    assert not any(e.settle(topic) for topic in topics)


@pytest.mark.ledger("CH-23")
def test_a_disabled_accounts_webhook_is_quarantined_and_answered_404(edge, kafka_consumer, proto):
    topic, messages = kafka_consumer("seadesk.dlq"), kafka_consumer("seadesk.messages")
    problem(edge.text("5511900000001", "keep me", account="off", secret="demo-off-secret"), 404, "not-found")
    letter = proto("dlq").DeadLetter.FromString(topic.wait_for(lambda record: True).value)
    assert letter.reason == "disabled_account" and b"keep me" not in letter.sealed_value
    assert edge.text("5511900000001", "not me", account="off", secret="wrong").status_code == 401
    e.settle(topic)
    assert len(topic.seen) == 1 and not e.settle(messages, 0.1)


@pytest.mark.ledger("CH-21")
def test_a_channel_closed_to_a_market_is_refused_with_a_reason_until_the_configuration_opens_it(
        edge, program, config, kafka_consumer, proto):
    dead, messages = kafka_consumer("seadesk.dlq"), kafka_consumer("seadesk.messages")
    pack = config / "markets" / "JP.yaml"
    opened = pack.read_text()

    def configure(text):
        before = program.log().count("msg=reloaded")
        pack.write_text(text)
        program.signal(signal.SIGHUP)
        e.eventually(lambda: program.log().count("msg=reloaded") > before)

    from_japan = {"channel": "form", "account": "demo", "message_id": e.new("m-"), "text": "keep me",
                  "contact": {"id": e.new("c-"), "locale": "ja-JP"}}
    webhook = e.traffic.whatsapp_text("819012345678", "keep me")
    before = count(program, channel="whatsapp", reason="channel_closed")
    configure(opened.replace("channels: {", "channels: {closed: [whatsapp, form], "))
    try:
        assert edge.whatsapp(webhook).status_code == 200
        problem(edge.message(from_japan), 404, "not-found")
        assert edge.text("5511900000001", "Brazil is open").status_code == 200
    finally:
        configure(opened)
    assert count(program, channel="whatsapp", reason="channel_closed") == before + 1
    letters = [proto("dlq").DeadLetter.FromString(record.value) for record in e.settle(dead)]
    assert [letter.reason for letter in letters] == ["channel_closed"] * 2
    assert not any(b"keep me" in letter.sealed_value for letter in letters)
    assert len(e.settle(messages)) == 1
    assert edge.whatsapp(webhook).status_code == 200, "the same message, sent again"
    assert edge.message(from_japan).json()["accepted"] == 1
    assert len(e.settle(messages)) == 3


@pytest.mark.ledger("AN-27")
def test_shares_of_channels_are_measured_by_market_beside_what_its_pack_expects(edge, program):
    def messages(channel):
        return program.metric("seadesk_ingest_market_messages_total", channel=channel, market="SG")

    before = messages("whatsapp"), messages("twilio-sms")
    for number in range(3):
        assert edge.text(f"6591234{number:03d}", "hello").status_code == 200
    assert edge.twilio(e.traffic.twilio_sms("6591234999", "hello")).status_code == 200
    assert (messages("whatsapp") - before[0], messages("twilio-sms") - before[1]) == (3, 1)
    assert program.metric("seadesk_ingest_market_share_ratio", channel="whatsapp", market="SG") == 0.8
    assert program.metric("seadesk_ingest_market_share_ratio", channel="twilio-sms", market="US") == 0.6


# ---- what cannot be ----

def test_unknown_paths_and_methods(edge):
    problem(edge.get("/v2/events"), 404, "not-found")
    answer = edge.get("/v1/events")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert edge.put("/v1/channels/whatsapp/demo").headers["Allow"] == "POST, GET, HEAD"


def test_a_request_that_never_ends_is_answered_408(edge):
    answer = e.speak(edge.base, b"POST /v1/events HTTP/1.1\r\nHost: x\r\n", 20)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"urn:seadesk:problem:timeout" in answer


def test_what_is_too_large_is_answered_413(edge):
    big = e.traffic.whatsapp_text("5511900000001", "x" * (4 << 20))
    problem(edge.whatsapp(big), 413, "too-large")
    event = e.order_paid(e.new("o"), location="x" * (200 << 10))
    problem(edge.event(event), 413, "too-large")
    body = problem(edge.batch([e.order_paid(e.new("o")), event]), 413, "too-large")
    assert body["index"] == 1
    problem(edge.binary(event, json.dumps(event["data"]), "application/json"), 413, "too-large")
    problem(edge.text("5511900000001", "x" * (300 << 10)), 413, "too-large")


def test_a_large_raw_part_is_cut_and_the_message_is_taken(edge, kafka_consumer):
    topic, wamid = kafka_consumer("seadesk.messages"), e.new("wamid.")
    payload = e.traffic.whatsapp_text("5511900000001", "short", wamid)
    payload["entry"][0]["changes"][0]["value"]["messages"][0]["extra"] = "x" * (300 << 10)
    assert edge.whatsapp(payload).status_code == 200
    record = topic.wait_for(e.of_id(e.message_id("whatsapp", wamid)))
    assert 128 << 10 < len(record.value) < 130 << 10


def test_other_content_types_are_answered_415(edge):
    event = json.dumps(e.order_paid(e.new("o")))
    problem(edge.post("/v1/events", data=event, headers=e.JSON), 415, "unsupported-media-type")
    problem(edge.post("/v1/events", data=event, headers={**e.SOURCE, "Content-Type": "text/plain"}), 415, "unsupported-media-type")
    problem(edge.post("/v1/messages", data="text=hi", headers={**e.SOURCE, "Content-Type": "text/plain"}), 415, "unsupported-media-type")


def test_what_is_no_json_is_answered_400(edge):
    problem(edge.whatsapp(b"{"), 400, "malformed")
    problem(edge.post("/v1/events", data="{", headers=e.STRUCTURED), 400, "malformed")
    marked = edge.post("/v1/events", data=b"\xef\xbb\xbf{}", headers=e.STRUCTURED)
    assert "BOM" in problem(marked, 400, "malformed")["detail"]
    problem(edge.post("/v1/messages", data="", headers=e.JSON), 400, "malformed")


def test_attributes_in_headers_may_be_quoted_and_are_named_when_they_are_wrong(edge):
    event = e.order_paid(e.new("o"))
    wanted = {"accepted": 1, "duplicate": 0, "ids": [e.event_id(event)]}

    def binary(**headers):
        return edge.binary(event, json.dumps(event["data"]), "Application/JSON", **headers)
    assert binary(**{"ce-id": f'"{event["id"]}"', "Authorization": "bearer demo-source-key"}).json() == wanted
    problem(binary(**{"ce-specversion": None}), 422, "invalid", "/specversion")
    problem(binary(**{"ce-time": "now"}), 422, "invalid", "/time")
    problem(binary(**{"ce-subject": "100%"}), 422, "invalid", "/subject")
    problem(edge.post("/v1/events", json=event["data"], headers=e.SOURCE), 415, "unsupported-media-type")


WRONG_EVENTS = [
    ({"specversion": "0.3"}, "/specversion"), ({"id": ""}, "/id"), ({"source": None}, "/source"),
    ({"type": "seadesk.order.lost.v1"}, "/type"), ({"time": 1763800000}, "/time"), ({"data": None}, "/data"), ({"data": {}}, "/data/occurred_at"),
    ({"data": {"occurred_at": "yesterday", "order_id": "1"}}, "/data/occurred_at"),
    ({"data": {"occurred_at": "2026-11-22T08:00:00Z"}}, "/data/order_id"),
    ({"data": {"occurred_at": "2026-11-22T08:00:00Z", "order_id": 7}}, "/data/order_id"),
    ({"data": {"occurred_at": "2026-11-22T08:00:00Z", "order_id": "1", "sequence": "x"}}, "/data/sequence"),
    ({"type": "seadesk.parcel.delivered.v1", "data": {"occurred_at": "2026-11-22T08:00:00Z", "order_id": "1"}},
     "/data/parcel/parcel_id"),
    ({"type": "seadesk.customer.tier.v1", "data": {"occurred_at": "2026-11-22T08:00:00Z", "order_id": "1"}},
     "/data/customer/customer_ref"),
]


@pytest.mark.parametrize("change,field", WRONG_EVENTS)
def test_an_invalid_event_is_answered_422_with_its_field(edge, change, field):
    problem(edge.event({**e.order_paid(e.new("o")), **change}), 422, "invalid", field)


def test_a_batch_is_refused_whole_with_the_place_of_the_first_mistake(edge, kafka_consumer):
    topic = kafka_consumer("seadesk.orders")
    events = [e.order_paid(e.new("o")) for _ in range(3)]
    events[2]["data"].pop("occurred_at")
    assert problem(edge.batch(events), 422, "invalid", "/data/occurred_at")["index"] == 2
    assert problem(edge.batch([events[0], 7]), 422, "invalid")["index"] == 1
    problem(edge.batch([e.order_paid(e.new("o")) for _ in range(101)]), 422, "too-many")
    problem(edge.post("/v1/events", json={}, headers=e.BATCH), 422, "invalid")
    assert not e.settle(topic)


WRONG_MESSAGES = [
    ({"channel": None}, 422, "invalid", "/channel"), ({"account": "x"}, 404, "not-found", "/account"),
    ({"channel": "whatsapp"}, 422, "invalid", "/channel"), ({"message_id": ""}, 422, "invalid", "/message_id"),
    ({"contact": {"id": ""}}, 422, "invalid", "/contact/id"), ({"text": ""}, 422, "invalid", "/text"),
    ({"sent_at": "noon"}, 422, "invalid", "/sent_at"), ({"attachments": [{}]}, 422, "invalid", "/attachments"),
]


@pytest.mark.parametrize("change,status,code,field", WRONG_MESSAGES)
def test_an_invalid_message_is_answered_with_its_field(edge, change, status, code, field):
    message = {**e.traffic.form_message("a@example.com", "hi"), **change}
    problem(edge.message(message), status, code, field)


def chat_message(visitor, text, locale, **more):
    return {**e.traffic.form_message(visitor, text, locale=locale), "channel": "chat", **more}


@pytest.mark.ledger("CP-12")
@pytest.mark.parametrize("consent", [None, {"recording": False, "notice_version": "1"}])
def test_without_consent_nothing_is_kept_where_the_market_demands_it(edge, program, redis, kafka_consumer, consent):
    topics = [kafka_consumer("seadesk." + name) for name in ("messages", "consents", "profiles", "dlq")]
    visitor, words = e.new("canary-visitor-"), e.new("canary words ")
    chat = chat_message(visitor, words, "de-DE", consent=consent)
    id_ = e.message_id("chat", chat["message_id"])
    before = program.log()
    problem(edge.message(chat, **{"Idempotency-Key": chat["message_id"]}), 422, "consent-required", "/consent/recording")
    assert not [record for topic in topics for record in e.settle(topic) if e.of_root(id_)(record)]
    assert program.log() == before
    traces = (visitor, words, chat["message_id"], id_, e.uuid5("key", "demo", chat["message_id"]))
    assert not [key for key in redis.scan_iter("*") if any(trace in key for trace in traces)]


@pytest.mark.ledger("CP-12", "CP-13")
def test_consent_is_kept_with_its_notice_before_the_message_it_came_with(edge, hasher, kafka_consumer, proto):
    consents, messages = kafka_consumer("seadesk.consents"), kafka_consumer("seadesk.messages")
    visitor = e.new("visitor-")
    chat = chat_message(visitor, "Hallo", "de-DE", consent={"recording": True, "notice_version": "7", "locale": "en"})
    id_ = e.message_id("chat", chat["message_id"])
    for duplicate in (0, 1):
        assert edge.message(chat).json() == {"accepted": 1 - duplicate, "duplicate": duplicate, "ids": [id_]}
    consent, message = consents.wait_for(e.of_root(id_)), messages.wait_for(e.of_id(id_))
    changed = proto("consents").ConsentChanged.FromString(consent.value)
    assert changed.contact_key == hasher.contact("chat", "demo", visitor)
    assert consent.key == message.key
    assert (changed.is_granted, changed.proof) == (True, "notice 7 en")
    assert getattr(changed, "class") == proto("consents").ConsentClass.Value("CONSENT_RECORDING")
    assert len([record for record in e.settle(consents) if e.of_root(id_)(record)]) == 1


def test_where_the_market_only_gives_notice_a_message_needs_no_consent(edge):
    assert edge.message(chat_message(e.new("visitor-"), "Oi", "pt-BR", consent=None)).ok
    assert edge.message({**e.traffic.form_message("a@example.com", "Hallo", locale="de-DE"), "consent": None}).ok


# ---- duplicates ----

@pytest.mark.ledger("CH-04")
def test_a_generic_message_is_answered_with_its_id_also_the_second_time(edge, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    message = {**e.traffic.form_message("visitor-3", "hi"), "channel": "chat"}
    expected = e.message_id("chat", message["message_id"])
    assert edge.message(message).json() == {"accepted": 1, "duplicate": 0, "ids": [expected]}
    assert edge.message(message).json() == {"accepted": 0, "duplicate": 1, "ids": [expected]}
    assert len([record for record in e.settle(topic) if e.of_id(expected)(record)]) == 1


def known_in_redis(redis, ids):
    return all(redis.exists(f"sd:idem:{each}") for each in ids)


@pytest.mark.ledger("CH-29")
def test_replaying_a_batch_twice_gives_the_same_ids_and_no_second_record(edge, program, redis, kafka_consumer, eventually):
    topic, wamid = kafka_consumer("seadesk.orders"), e.new("wamid.")
    events = [e.order_paid(e.new("o")) for _ in range(20)]
    ids = [e.event_id(event) for event in events]
    assert edge.batch(events).json() == {"accepted": 20, "duplicate": 0, "ids": ids}
    assert edge.batch(events).json() == {"accepted": 0, "duplicate": 20, "ids": ids}
    assert edge.text("5511900000009", "again", wamid).status_code == 200
    eventually(lambda: known_in_redis(redis, ids + [e.message_id("whatsapp", wamid)]))
    program.restart()
    # The instance's own memory is empty; Redis, best effort, is asked as soon as it is connected.
    eventually(lambda: "redis is there" in program.log().rsplit("msg=started", 1)[-1])
    assert edge.batch(events).json() == {"accepted": 0, "duplicate": 20, "ids": ids}
    assert sorted(header(record, "ce_id") for record in e.settle(topic)) == sorted(ids)
    for key in redis.scan_iter("sd:idem:*"):
        redis.delete(key)
    program.restart()
    assert edge.batch(events).json() == {"accepted": 20, "duplicate": 0, "ids": ids}
    e.settle(topic)
    assert sorted(header(record, "ce_id") for record in topic.seen) == sorted(ids + ids)


def test_what_redis_remembers_names_nobody_and_ends_in_a_day(edge, redis, eventually):
    message = e.traffic.form_message("canary-person@example.com", "hi")
    key = "sd:idem:" + edge.message(message).json()["ids"][0]
    eventually(lambda: redis.exists(key))
    assert redis.get(key) == "0" and 86390 < redis.ttl(key) <= 86400


def test_without_redis_the_edge_goes_on(edge, program, service, redis, eventually):
    service("redis").stop()
    try:
        message = e.traffic.form_message("a@example.com", "hi")
        assert edge.message(message).json()["accepted"] == 1
        assert edge.message(message).json()["duplicate"] == 1
        assert program.ready()
    finally:
        service("redis").start()
    eventually(lambda: is_kept(edge, redis), 20)


def test_a_slow_redis_costs_a_moment_and_nothing_else(edge, service, redis, eventually):
    server = service("redis")
    server.signal(19)  # SIGSTOP
    try:
        began = time.monotonic()
        assert all(edge.message(e.traffic.form_message("a@example.com", "hi")).status_code == 202 for _ in range(20))
        assert time.monotonic() - began < 20
    finally:
        server.signal(18)
    eventually(lambda: is_kept(edge, redis))


def is_kept(edge, redis):
    ids = edge.message(e.traffic.form_message("a@example.com", "hi")).json()["ids"]
    time.sleep(0.05)
    return known_in_redis(redis, ids)


def test_an_idempotency_key_belongs_to_one_body(edge, program, redis, eventually):
    message, other = (e.traffic.form_message("a@example.com", text) for text in ("one", "two"))
    key = {"Idempotency-Key": e.new("k")}
    first = edge.message(message, **key)
    assert first.status_code == 202
    assert edge.message(message, **key).json() == {**first.json(), "accepted": 0, "duplicate": 1}
    problem(edge.message(other, **key), 422, "key-reused")
    problem(edge.event(e.order_paid(e.new("o")), **key), 422, "key-reused")
    assert edge.message(other, **{"Idempotency-Key": e.new("k")}).status_code == 202
    problem(edge.message(other, **{"Idempotency-Key": "k" * 256}), 422, "invalid")
    hashed = e.uuid5("key", "demo", key["Idempotency-Key"])
    eventually(lambda: redis.exists("sd:idem:" + hashed))
    program.restart()
    eventually(lambda: "redis is there" in program.log().rsplit("msg=started", 1)[-1])
    problem(edge.message({**other, "message_id": e.new("f")}, **key), 422, "key-reused")


# ---- privacy ----

def test_no_personal_data_stands_in_keys_headers_values_or_logs(edge, program, service, redis, kafka_consumer):
    names = ("messages", "receipts", "orders", "profiles", "consents", "dlq")
    topics = [kafka_consumer("seadesk." + name) for name in names]
    canaries = [b"Canaria", b"canaria@example.com", b"5511987654321", b"canary words", b"c-canary"]
    payload = e.traffic.whatsapp_text("5511987654321", "canary words", name="Canaria")
    assert edge.whatsapp(payload).ok
    payload["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = None
    assert edge.whatsapp(payload).ok
    assert edge.whatsapp(b"canary words").status_code == 400
    assert edge.text("5511987654321", "canary words", secret="wrong").status_code == 401
    assert edge.text("5511987654321", "canary words", account="off", secret="demo-off-secret").status_code == 404
    assert edge.whatsapp(e.traffic.whatsapp_status("5511987654321", e.new("w"), "read")).ok
    assert edge.twilio(e.traffic.twilio_sms("5511987654321", "canary words")).ok
    message = e.traffic.form_message("canaria@example.com", "canary words", order_id=e.new("o"))
    assert edge.message(message).ok
    assert edge.message({**message, "sent_at": "canary words"}).status_code == 422
    customer = {"customer_ref": "c-canary", "name": "Canaria", "phone": "+5511987654321", "email": "canaria@example.com",
                "channels": [{"channel": "whatsapp", "account": "demo", "id": "5511987654321"}]}
    assert edge.event(e.traffic.business_event("order.placed", {"order_id": e.new("o"), "customer": customer})).ok
    consent = {"channel": "whatsapp", "account": "demo", "id": "5511987654321", "class": "marketing", "granted": False}
    data = {"customer": customer, "consent": consent}
    assert edge.event(e.traffic.business_event("customer.consent", data)).ok
    records = [record for topic in topics for record in e.settle(topic)]
    assert len(records) >= 10
    for record in records:
        assert not [each for each in canaries if each.lower() in e.everything_of(record).lower()], record.topic
    assert not [each for each in canaries if each in program.log().encode()]
    assert not [key for key in redis.scan_iter("*") if any(each in key.encode() for each in canaries)]

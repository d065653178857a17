"""test_ingest_events.py: business events over HTTP and on seadesk.business, in every form of CloudEvents that the edge reads."""
import base64
import json

import pytest

import edge as e
from stack import header

ORDER_TYPES = {"order.placed": "ORDER_PLACED", "order.paid": "ORDER_PAID", "order.changed": "ORDER_CHANGED",
               "order.cancelled": "ORDER_CANCELLED", "refund.completed": "REFUND_COMPLETED"}
PARCEL_TYPES = {"parcel." + name: "PARCEL_" + name.upper() for name in (
    "dispatched", "scanned", "in_customs", "customs_held", "customs_cleared", "address_problem", "address_corrected",
    "out_for_delivery", "delivery_failed", "delivered", "returned")}
CUSTOMER = {"customer_ref": "c-77", "name": "João D'Ávila", "locale": "pt-BR", "phone": "+5511912345678",
            "email": "joao@example.com", "tier": "standard",
            "channels": [{"channel": "whatsapp", "account": "demo", "id": "5511912345678"}]}
HELD = {"market": "BR", "occurred_at": "2026-11-22T16:14:10+08:00", "sequence": 7, "reason": "missing_tax_id",
        "parcel": {"parcel_id": "P1", "carrier": "correios", "tracking_number": "LX123456789CN"},
        "expected_at": "2026-11-25T00:00:00Z", "location": "Curitiba", "amount": {"minor": 12990, "currency": "BRL"}}


@pytest.fixture
def orders(kafka_consumer):
    return kafka_consumer("seadesk.orders")


def held_event(**more):
    data = {"order_id": e.new("o-"), "customer": CUSTOMER, **HELD, **more}
    return e.traffic.business_event("parcel.customs_held", data, source="/erp/cn")


def business_data(proto, data):
    """The same data as protobuf."""
    from google.protobuf import json_format
    message = json_format.ParseDict(data, proto("business").BusinessData())
    return message.SerializeToString()


def fact_of(proto, record):
    return proto("orders").OrderEvent.FromString(record.value)


def check_held(proto, hasher, record, event):
    """All that the event said stands in the record."""
    order, data = fact_of(proto, record), event["data"]
    assert record.key == data["order_id"].encode() and order.order_id == data["order_id"]
    assert order.fact == proto("orders").OrderFact.Value("PARCEL_CUSTOMS_HELD")
    assert order.contact_key == hasher.contact("crm", "crm", "c-77")
    assert (order.market, order.sequence, order.occurred_at_ms) == ("BR", 7, 1795335250000)
    assert (order.parcel_id, order.carrier, order.tracking_number) == ("P1", "correios", "LX123456789CN")
    assert (order.reason, order.location, order.expected_at_ms) == ("missing_tax_id", "Curitiba", 1795564800000)
    assert (order.amount.minor, order.amount.currency, order.source) == (12990, "BRL", "/erp/cn")
    assert header(record, "ce_originid") == event["id"] and header(record, "ce_source") == "/erp/cn"
    assert header(record, "ce_id") == header(record, "sd-root") == e.event_id(event)


# ---- over HTTP ----

def send_structured(edge, proto, event):
    return edge.event(event)


def send_batched(edge, proto, event):
    return edge.batch([event])


def send_binary_json(edge, proto, event):
    return edge.binary(event, json.dumps(event["data"]), "application/json")


def send_binary_protobuf(edge, proto, event):
    return edge.binary(event, business_data(proto, event["data"]), "application/protobuf")


def send_structured_protobuf(edge, proto, event):
    return edge.event(in_base64(proto, event))


def in_base64(proto, event):
    data = base64.b64encode(business_data(proto, event["data"])).decode()
    rest = {name: value for name, value in event.items() if name != "data"}
    return {**rest, "datacontenttype": "application/protobuf", "data_base64": data}


def cloudevent(proto, event, how):
    """The event in CloudEvents' protobuf format; the data in one of its three places."""
    made = proto("cloudevents").CloudEvent(id=event["id"], source=event["source"], spec_version="1.0", type=event["type"])
    made.attributes["subject"].ce_string = event["subject"]
    if how == "text":
        made.text_data = json.dumps(event["data"])
    elif how == "binary":
        made.binary_data = business_data(proto, event["data"])
    else:
        made.proto_data.type_url = "type.googleapis.com/seadesk.v1.BusinessData"
        made.proto_data.value = business_data(proto, event["data"])
    return made


def send_protobuf_format(edge, proto, event):
    return edge.post("/v1/events", data=cloudevent(proto, event, "proto").SerializeToString(),
                     headers={**e.SOURCE, "Content-Type": "application/cloudevents+protobuf"})


def send_protobuf_batch(edge, proto, event):
    batch = proto("cloudevents").CloudEventBatch(events=[cloudevent(proto, event, "text")])
    return edge.post("/v1/events", data=batch.SerializeToString(),
                     headers={**e.SOURCE, "Content-Type": "application/cloudevents-batch+protobuf"})


HTTP_FORMS = [send_structured, send_batched, send_binary_json, send_binary_protobuf, send_structured_protobuf,
              send_protobuf_format, send_protobuf_batch]


@pytest.mark.ledger("OL-04")
@pytest.mark.parametrize("send", HTTP_FORMS)
def test_an_event_in_any_form_over_http_is_the_same_fact(edge, proto, hasher, orders, kafka_consumer, send):
    profiles, event = kafka_consumer("seadesk.profiles"), held_event()
    answer = send(edge, proto, event)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"accepted": 1, "duplicate": 0, "ids": [e.event_id(event)]}
    check_held(proto, hasher, orders.wait_for(e.of_id(e.event_id(event))), event)
    profile = profiles.wait_for(e.of_root(e.event_id(event)))
    assert profile.key == hasher.contact("crm", "crm", "c-77").hex().encode()
    assert header(profile, "ce_id") == e.uuid5(e.event_id(event), "profile", "0")
    changed = proto("profiles").ProfileChanged.FromString(profile.value)
    assert (changed.order_id, changed.market) == (event["data"]["order_id"], "BR") and changed.sealed


@pytest.mark.parametrize("kind,fact", [*ORDER_TYPES.items(), *PARCEL_TYPES.items()])
def test_every_type_of_order_and_parcel_event_is_its_fact(edge, proto, orders, kind, fact):
    event = e.traffic.business_event(kind, {"order_id": e.new("o-"), "parcel": {"parcel_id": "P1"}, "historical": True})
    assert edge.event(event).status_code == 202
    order = fact_of(proto, orders.wait_for(e.of_id(e.event_id(event))))
    assert order.fact == proto("orders").OrderFact.Value(fact)
    assert order.is_historical and order.WhichOneof("has_sequence") is None and not order.contact_key


@pytest.mark.parametrize("kind", ["customer.created", "customer.updated", "customer.preference", "customer.tier"])
def test_a_customers_event_is_a_profile(edge, hasher, kafka_consumer, kind):
    topic = kafka_consumer("seadesk.profiles")
    event = e.traffic.business_event(kind, {"customer": CUSTOMER, "tier": "gold", "preferred_language": "pt"})
    assert edge.event(event).json()["ids"] == [e.event_id(event)]
    assert topic.wait_for(e.of_id(e.event_id(event))).key == hasher.contact("crm", "crm", "c-77").hex().encode()


def test_a_consent_event_is_a_consent_under_the_contacts_key(edge, hasher, kafka_consumer, proto):
    topic = kafka_consumer("seadesk.consents")
    consent = {"channel": "whatsapp", "account": "demo", "id": "5511912345678", "class": "marketing", "granted": True,
               "proof": "form-17"}
    event = e.traffic.business_event("customer.consent", {"customer": {"customer_ref": "c-77"}, "consent": consent,
                                                          "occurred_at": "2026-11-22T08:00:00Z"})
    assert edge.event(event).status_code == 202
    record = topic.wait_for(e.of_id(e.event_id(event)))
    changed = proto("consents").ConsentChanged.FromString(record.value)
    assert changed.contact_key == hasher.contact("whatsapp", "demo", "5511912345678")
    assert (changed.is_granted, changed.proof, changed.at_ms) == (True, "form-17", 1795334400000)
    assert changed.source == proto("consents").ConsentSource.Value("CONSENT_COMPANY")


def test_a_batch_is_answered_with_one_id_for_each_event(edge, orders):
    events = [held_event(historical=True) for _ in range(100)]  # nobody is to be told of them
    ids = [e.event_id(event) for event in events]
    assert edge.batch(events).json() == {"accepted": 100, "duplicate": 0, "ids": ids}
    assert sorted(header(record, "ce_id") for record in e.settle(orders)) == sorted(ids)
    fresh = held_event()
    assert edge.batch([events[3], fresh]).json() == {"accepted": 1, "duplicate": 1, "ids": [ids[3], e.event_id(fresh)]}
    assert edge.batch([]).json() == {"accepted": 0, "duplicate": 0, "ids": []}
    twice = held_event()
    assert edge.batch([twice, {**twice, "time": None}]).json() == {"accepted": 1, "duplicate": 1, "ids": [e.event_id(twice)] * 2}


def test_unknown_fields_and_null_are_ignored(edge):
    event = held_event()
    event["data"].update(colour="blue", location=None)
    assert edge.event({**event, "traceparent": "x", "extension": 1}).status_code == 202


# ---- on seadesk.business ----

STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def binding(event, content_type, **more):
    """CloudEvents' Kafka binding, binary mode: attributes as headers."""
    attributes = {"ce_" + name: event[name] for name in ("specversion", "id", "source", "type", "subject", "time")}
    return [(name, value.encode()) for name, value in {**attributes, "content-type": content_type, **more}.items()]


def put_binary_json(proto, event):
    return json.dumps(event["data"]).encode(), binding(event, "application/json")


def put_binary_protobuf(proto, event):
    return business_data(proto, event["data"]), binding(event, "application/protobuf")


def put_structured(proto, event):
    return json.dumps(event).encode(), STRUCTURED


def put_structured_protobuf(proto, event):
    return put_structured(proto, in_base64(proto, event))


def put_protobuf_format(proto, event):
    value = cloudevent(proto, event, "binary").SerializeToString()
    return value, [("content-type", b"application/cloudevents+protobuf")]


KAFKA_FORMS = [put_binary_json, put_binary_protobuf, put_structured, put_structured_protobuf, put_protobuf_format]


@pytest.fixture
def put(kafka_producer):
    """Writes to seadesk.business and returns the place."""
    def write(value, headers, key=b"o-1"):
        return kafka_producer.send("seadesk.business", value=value, key=key, headers=headers).get(timeout=10)
    return write


@pytest.mark.ledger("OL-04")
@pytest.mark.parametrize("form", KAFKA_FORMS)
def test_an_event_in_any_form_on_the_topic_is_the_same_fact(proto, hasher, orders, put, form):
    event = held_event()
    put(*form(proto, event))
    check_held(proto, hasher, orders.wait_for(e.of_id(e.event_id(event)), 30), event)


@pytest.mark.ledger("OL-04")
def test_an_event_written_twice_has_one_effect(edge, proto, orders, put):
    event, last = held_event(), held_event()
    put(*put_binary_protobuf(proto, event))
    orders.wait_for(e.of_id(e.event_id(event)), 30)
    put(*put_structured(proto, event))
    assert edge.event(event).json()["duplicate"] == 1
    put(*put_structured(proto, last))
    orders.wait_for(e.of_id(e.event_id(last)), 30)
    assert len([record for record in e.settle(orders) if e.of_id(e.event_id(event))(record)]) == 1


BAD = [
    (lambda event: (b"\x00\x01canary", []), "invalid"),
    (lambda event: (b"{canary", [("content-type", b"application/cloudevents+json")]), "malformed"),
    (lambda event: (b"\x0a\x0bio.canary", [("content-type", b"application/cloudevents+protobuf")]), "malformed"),
    (lambda event: (b"io.canary", [("content-type", b"application/cloudevents+avro")]), "unsupported-media-type"),
    (lambda event: (b"\xff\xffcanary", binding(event, "application/protobuf")), "invalid"),
    (lambda event: (b'{"order_id": "canary"}', binding(event, "application/json")), "invalid"),
    (lambda event: (b"x" * (193 << 10), binding(event, "application/json")), "too-large"),
    (lambda event: (None, binding(event, "application/json")), "invalid"),
]


@pytest.mark.ledger("OL-04")
@pytest.mark.parametrize("bad,reason", BAD)
def test_a_bad_event_goes_to_the_dead_letters_with_its_reason_and_the_partition_goes_on(
        proto, orders, put, kafka_consumer, service, bad, reason):
    dead, good = kafka_consumer("seadesk.dlq"), held_event()
    refused = service("ingest").metric("seadesk_ingest_refused_total", channel="business", reason=reason)
    place = put(*bad(held_event()))
    assert put(*put_structured(proto, good)).partition == place.partition
    orders.wait_for(e.of_id(e.event_id(good)), 30)
    letters = [proto("dlq").DeadLetter.FromString(record.value) for record in e.settle(dead)]
    assert [(letter.service, letter.topic, letter.partition, letter.offset, letter.reason) for letter in letters] == [
        ("ingest", "seadesk.business", place.partition, place.offset, reason)]
    assert letters[0].sealed_value and b"canary" not in letters[0].sealed_value
    assert service("ingest").metric("seadesk_ingest_refused_total", channel="business", reason=reason) == refused + 1


def test_events_that_unpack_to_far_more_than_they_are_hold_up_nothing(proto, orders, put, service, kafka_producer):
    """A text of nothing but brackets is 50 times as large in memory; many of these are there at once when ingest begins to read."""
    ingest, good = service("ingest"), held_event()
    ingest.stop()
    try:
        for number in range(36):
            kafka_producer.send("seadesk.business", value=b"[" * (192 << 10), key=b"o-%d" % number,
                                headers=binding(held_event(), "application/json"))
        put(*put_structured(proto, good))
    finally:
        ingest.start()
    pid = ingest.pid()
    orders.wait_for(e.of_id(e.event_id(good)), 120)
    for partition in range(12):
        last = held_event()
        kafka_producer.send("seadesk.business", partition=partition, value=json.dumps(last).encode(), headers=STRUCTURED)
        orders.wait_for(e.of_id(e.event_id(last)), 120)
    assert ingest.pid() == pid


def test_hundreds_of_events_in_one_go_all_arrive_once(proto, orders, kafka_producer):
    events = [held_event(historical=True) for _ in range(1500)]  # nobody is to be told of them
    for event in events:
        value, headers = put_binary_json(proto, event)
        kafka_producer.send("seadesk.business", value=value, key=event["data"]["order_id"].encode(), headers=headers)
    kafka_producer.flush(30)
    last = e.event_id(events[-1])
    orders.wait_for(e.of_id(last), 30)
    wanted = {e.event_id(event) for event in events}
    e.eventually(lambda: wanted <= {header(record, "ce_id") for record in e.settle(orders, 0.2)}, 30)
    assert len(orders.seen) == len(wanted)

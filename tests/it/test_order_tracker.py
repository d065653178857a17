"""order-tracker alone: records as ingest writes them in, rows, views and timelines out."""
import json
import sys
import time
import uuid

import pytest
import requests
from kafka.partitioner.default import murmur2

from stack import CHECKOUT, header

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
import recorded  # noqa: E402

HOUR = 3600_000


@pytest.fixture(scope="module")
def orders(proto):
    return proto("orders")


@pytest.fixture(scope="module")
def timelines(proto):
    return proto("timelines")


@pytest.fixture
def heard(kafka_consumer, service):
    service("order-tracker").wait_ready()
    return kafka_consumer("seadesk.timelines")


@pytest.fixture
def order(kafka_producer, orders, proto, pg):
    return Order(kafka_producer, orders, proto("parcels"), pg)


class Order:
    """One order with a customer of its own, and the events that ingest would write about it."""

    def __init__(self, producer, orders, parcels, pg):
        self.producer, self.orders, self.parcels, self.pg = producer, orders, parcels, pg
        self.id = "it-" + uuid.uuid4().hex[:10]
        self.contact = uuid.uuid4().bytes
        self.start = int(time.time() * 1000) - 20 * HOUR

    def event(self, fact, hour, **fields):
        values = {"order_id": self.id, "market": "BR", "contact_key": self.contact, "parcel_id": "P1",
                  "fact": self.orders.OrderFact.Value(fact), "occurred_at_ms": self.start + hour * HOUR,
                  "received_at_ms": int(time.time() * 1000), "source": "/it", **fields}
        return self.orders.OrderEvent(**values)

    def send(self, event, event_id=None, key=None):
        """Puts a record on the log; returns its id."""
        event_id = event_id or str(uuid.uuid4())
        is_tracked = not isinstance(event, bytes) and not event.order_id
        message = self.parcels.ParcelFact(fact=event) if is_tracked else event
        value = event if isinstance(event, bytes) else message.SerializeToString()
        self.producer.send("seadesk.parcels" if is_tracked else "seadesk.orders", key=(key or self.id).encode(), value=value, headers=[
            ("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"), ("ce_id", event_id.encode()),
            ("ce_type", b"seadesk.v1.ParcelFact" if is_tracked else b"seadesk.v1.OrderEvent"), ("ce_source", b"/it"),
            ("ce_time", b"2026-11-22T08:15:00Z"), ("sd-root", event_id.encode())]).get(10)
        return event_id

    def say(self, fact, hour, **fields):
        return self.send(self.event(fact, hour, **fields))

    def rows(self, view, columns):
        return self.pg.query(f"select {columns} from order_tracker.{view} where order_id = %s order by 1", self.id)

    def wait_applied(self, eventually, count):
        eventually(lambda: len(self.rows("event_v", "event_id")) == count)

    def told(self, heard, timelines):
        """What customers were to be told, in order."""
        heard.read(1.0)
        seen = {(header(r, "sd-src"), header(r, "sd-pos")): r for r in heard.seen}  # as readers tell what is new
        records = [r for r in seen.values() if r.key == self.id.encode() and
                   header(r, "ce_type") == "seadesk.v1.NoticeDue"]
        return [timelines.NoticeDue.FromString(r.value) for r in records]


FIVE = ["ORDER_PAID", "PARCEL_DISPATCHED", "PARCEL_IN_CUSTOMS", "PARCEL_OUT_FOR_DELIVERY", "PARCEL_DELIVERED"]
ABOUTS = ["order_paid", "dispatched", "in_customs", "out_for_delivery", "delivered"]


def test_five_milestones_give_five_notices_even_if_replayed(order, heard, timelines, eventually):
    """NT-01, OL-03: each milestone once, and the order can be asked for."""
    for _ in range(3):
        for hour, fact in enumerate(FIVE):
            order.say(fact, hour, carrier="correios", tracking_number="LX1", location="Curitiba")
    order.wait_applied(eventually, 15)
    notices = order.told(heard, timelines)
    assert [n.about for n in notices] == ABOUTS
    assert all(n.contact_key == order.contact and n.market == "BR" for n in notices)
    assert notices[3].collapse_key == notices[4].collapse_key == f"{order.id}/P1/delivery"
    assert notices[1].tracking_number == "LX1" and notices[1].location == "Curitiba"
    assert order.rows("timeline_v", "state, market, version") == [("delivered", "BR", 5)]
    assert order.rows("milestone_v", "rank, name") == [
        (2, "paid"), (3, "dispatched"), (4, "in_customs"), (5, "out_for_delivery"), (6, "delivered")]
    assert order.rows("parcel_v", "parcel_id, state, tracking_number") == [("P1", "delivered", "LX1")]
    assert sorted(about for about, in order.rows("notice_v", "about")) == sorted(ABOUTS)


def test_how_fresh_timelines_are_is_measured(order, env, pg, eventually, service, traffic):
    """OL-03: from ingest's receipt to where the order can be asked for, as a number."""
    tracker = service("order-tracker")

    def measured():
        return [tracker.metric("seadesk_order_freshness_seconds_" + part) for part in ("count", "sum")]

    count, total = measured()
    for kind in ("order.paid", "parcel.dispatched", "parcel.delivered"):
        data = {"order_id": order.id, "market": "BR", "parcel": {"parcel_id": "P1"}}
        assert traffic.post_event(env["SEADESK_INGEST_URL"], traffic.business_event(kind, data))[0] == 202
    order.wait_applied(lambda ask: eventually(ask, 60), 3)
    eventually(lambda: measured()[0] >= count + 3, 60)
    now_count, now_total = measured()
    each = (now_total - total) / (now_count - count)
    assert 0 < each < 30, f"{each} s"


def test_late_and_duplicate_events_are_stored_and_not_applied(order, heard, timelines, eventually, service):
    """OL-05: the milestone never falls."""
    tracker = service("order-tracker")
    before = tracker.metric("seadesk_order_events_total", outcome="late")
    order.say("PARCEL_DELIVERED", 5)
    order.wait_applied(eventually, 1)
    for hour, fact in ((4, "PARCEL_OUT_FOR_DELIVERY"), (1, "PARCEL_DISPATCHED"), (3, "PARCEL_CUSTOMS_HELD"), (5, "PARCEL_DELIVERED")):
        order.say(fact, hour, reason="missing_tax_id", expected_at_ms=order.start + 90 * HOUR)
    order.wait_applied(eventually, 5)
    assert order.rows("timeline_v", "state, version") == [("delivered", 1)]
    listed = [(name, int(at.timestamp() * 1000)) for name, at in order.rows("milestone_v", "name, at")]
    assert sorted(listed, key=lambda each: each[1]) == [
        (name, order.start + hour * HOUR) for name, hour in (("dispatched", 1), ("out_for_delivery", 4), ("delivered", 5))]
    assert order.rows("exception_v", "class") == []
    outcomes = sorted(outcome for outcome, in order.rows("event_v", "outcome"))
    assert outcomes == ["applied", "duplicate", "late", "late", "late"]
    assert [n.about for n in order.told(heard, timelines)] == ["delivered"]
    eventually(lambda: tracker.metric("seadesk_order_events_total", outcome="late") >= before + 3)


def test_a_payment_starts_the_timeline(order, eventually):
    """OL-10"""
    event_id = order.say("ORDER_PAID", 0)
    assert eventually(lambda: order.rows("timeline_v", "state, version")) == [("paid", 1)]
    [(at, what, topic, offset)] = order.pg.query(
        'select at, what, topic, "offset" from order_tracker.story_v where root_id = %s', event_id)
    assert what == "order.paid applied, notice order_paid due" and topic == "seadesk.orders" and offset >= 0


def test_the_same_event_takes_effect_once(order, heard, timelines, eventually):
    """OL-04: valid events exactly once in effect."""
    event = order.event("ORDER_PAID", 0)
    event_id = order.send(event)
    for _ in range(4):
        order.send(event, event_id)
    order.say("PARCEL_DISPATCHED", 1)
    order.wait_applied(eventually, 2)
    assert [n.about for n in order.told(heard, timelines)] == ["order_paid", "dispatched"]


def elsewhere(key):
    """A tracking number whose key lies in another partition than `key`."""
    def place(text):
        return (murmur2(text.encode()) & 0x7fffffff) % 12
    numbers = (f"T{n}" for n in range(100))
    return next(number for number in numbers if place(number) != place(key))


@pytest.mark.parametrize("reason", ["undecodable", "no-parcel-id", "no-time", "no-order-id", "wrong-key"])
def test_what_cannot_be_applied_goes_to_the_dead_letters(order, reason, heard, kafka_consumer, proto, eventually):
    """OL-04: bad ones are put aside with their reason, and the partition goes on."""
    dead = kafka_consumer("seadesk.dlq")
    order.send({"undecodable": b"\xff\xff\xff\xff",
                "no-parcel-id": order.event("PARCEL_DELIVERED", 0, parcel_id=""),
                "no-time": order.event("ORDER_PAID", 0, occurred_at_ms=0),
                "no-order-id": order.event("PARCEL_DELIVERED", 0, order_id="", tracking_number=" - "),
                "wrong-key": order.event("PARCEL_DELIVERED", 0, order_id="", tracking_number=elsewhere(order.id))}[reason])
    record = dead.wait_for(lambda r: r.key == order.id.encode())
    assert proto("dlq").DeadLetter.FromString(record.value).reason == reason
    order.say("ORDER_PAID", 0)
    order.wait_applied(eventually, 1)


def test_trouble_is_told_with_reason_and_time_only(order, heard, timelines, eventually):
    """NT-03: an exception without reason or expected time is seen by agents and not told."""
    order.say("PARCEL_CUSTOMS_HELD", 1)
    order.say("PARCEL_ADDRESS_PROBLEM", 1, reason="no_house_number")
    order.wait_applied(eventually, 2)
    assert order.told(heard, timelines) == []
    assert [c for c, in order.rows("exception_v", "class")] == ["address_problem", "customs_held"]
    expected = order.start + 72 * HOUR
    order.say("PARCEL_CUSTOMS_HELD", 2, reason="missing_tax_id", expected_at_ms=expected)
    order.wait_applied(eventually, 3)
    [notice] = order.told(heard, timelines)
    assert (notice.about, notice.reason, notice.expected_at_ms) == ("customs_held", "missing_tax_id", expected)
    order.say("PARCEL_CUSTOMS_CLEARED", 3)
    order.say("PARCEL_DELIVERED", 4)
    order.wait_applied(eventually, 5)
    assert order.pg.value("select count(*) from order_tracker.exception_v where order_id = %s and closed_at is null",
                          order.id) == 0


def test_back_fill_is_shown_and_not_told(order, heard, timelines, eventually):
    order.say("ORDER_PAID", 0, is_historical=True)
    order.say("PARCEL_DISPATCHED", 1, is_historical=True)
    order.wait_applied(eventually, 2)
    assert order.rows("timeline_v", "state") == [("dispatched",)]
    assert order.told(heard, timelines) == []


def test_the_state_of_an_order_is_that_of_its_parcel_that_is_least_far(order, eventually):
    order.say("PARCEL_DELIVERED", 3)
    order.say("PARCEL_DISPATCHED", 4, parcel_id="P2")
    order.wait_applied(eventually, 2)
    assert order.rows("timeline_v", "state") == [("dispatched",)]
    assert order.rows("parcel_v", "parcel_id, state") == [("P1", "delivered"), ("P2", "dispatched")]


@pytest.mark.parametrize("point", ["order-tracker.read", "order-tracker.written", "worker.after_commit"])
def test_a_crash_anywhere_repeats_nothing_and_loses_nothing(order, heard, timelines, eventually, service, point):
    """R1, R2, R3: crash there, restart, drain, check."""
    tracker = service("order-tracker")
    crash = tracker.crash_at(point)
    for hour, fact in enumerate(FIVE):
        order.say(fact, hour)
    order.wait_applied(lambda ask: eventually(ask, 40), 5)
    crash.wait()
    eventually(lambda: [n.about for n in order.told(heard, timelines)] == ABOUTS, 20)
    assert order.rows("timeline_v", "version") == [(5,)]


def test_an_erased_customers_orders_are_gone_and_late_events_are_dropped(order, proto, kafka_producer, pg, eventually, heard):
    order.say("ORDER_PAID", 0)
    order.say("PARCEL_CUSTOMS_HELD", 1)
    order.wait_applied(eventually, 2)
    pg.query("insert into retention_purger.erased (contact_key, at, destroyed_at) values (%s, now(), now())", order.contact)
    left = "select rows from order_tracker.left_of(array[%s::bytea], now())"
    assert pg.value(left, order.contact) == 1
    request = uuid.uuid4()
    value = proto("privacy").ErasureOrdered(request_id=request.bytes, customer_id=uuid.uuid4().bytes,
                                            contact_keys=[order.contact]).SerializeToString()
    cause = str(uuid.uuid4()).encode()
    kafka_producer.send("seadesk.privacy", key=str(request).encode(), value=value, headers=[
        ("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"), ("ce_id", cause),
        ("ce_type", b"seadesk.v1.ErasureOrdered"), ("ce_source", b"/it"), ("ce_time", b"2026-11-22T08:15:00Z"),
        ("sd-root", cause)]).get(10)
    eventually(lambda: order.rows("event_v", "event_id") == [])
    for table in ("orders", "parcel", "exception", "event"):
        assert pg.value(f"select count(*) from order_tracker.{table} where order_id = %s", order.id) == 0
    assert pg.value(left, order.contact) == 0
    assert pg.value("select count(*) from order_tracker.erasure where request_id = %s", str(request)) == 1
    order.send(order.event("PARCEL_DELIVERED", 3, received_at_ms=order.start))
    order.send(order.event("PARCEL_DISPATCHED", 4, parcel_id="P2"))  # of after the erasure: a new beginning
    order.wait_applied(eventually, 1)
    assert [p for p, in order.rows("parcel_v", "parcel_id")] == ["P2"]
    pg.query("delete from retention_purger.erased where contact_key = %s", order.contact)


def test_times_of_receipt_are_of_the_clock_that_decides(order, pg, clock, eventually):
    """What comes after an erasure is of a new life, also while the clock is shifted: both times are then of the same clock."""
    clock.advance(72 * HOUR)
    pg.query("insert into retention_purger.erased (contact_key, at, destroyed_at)"
             " values (%s, to_timestamp(clock.now_ms() / 1000.0) - interval '1 hour', now())", order.contact)
    order.say("PARCEL_DISPATCHED", 0)
    order.wait_applied(eventually, 1)
    assert order.rows("event_v", "abs(extract(epoch from received_at) * 1000 - clock.now_ms()) < 600000") == [(True,)]
    pg.query("delete from retention_purger.erased where contact_key = %s", order.contact)


def test_expired_orders_are_forgotten_whole(order, pg, eventually):
    order.say("PARCEL_DISPATCHED", 0)
    order.wait_applied(eventually, 1)
    assert pg.value("select order_tracker.forget(current_date)") == 0
    pg.query("update order_tracker.orders set gone = current_date - 1 where order_id = %s", order.id)
    assert pg.value("select order_tracker.forget(current_date)") == 1
    assert order.rows("event_v", "event_id") == [] and order.rows("parcel_v", "parcel_id") == []


# ---- trackers that name no order (docs/decisions/0011) ----

def parcel_key(number):
    return number.upper().replace(" ", "").replace("-", "")


def easypost(env, number, event):
    """EasyPost's tracker.updated of its documentation, about this parcel."""
    request = recorded.Request(CHECKOUT / "tests/corpus/easypost/tracker_updated.http")
    body = json.loads(request.body)
    body["id"], body["result"]["tracking_code"] = event, number
    request.body = json.dumps(body).encode()
    request.sign(at_s=int(time.time()))
    return requests.post(env["SEADESK_INGEST_URL"] + request.target, data=request.body, timeout=20, headers={
        name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length", "X-Received-At")})


def dispatched(env, traffic, order_id, number, parcel="P1"):
    data = {"order_id": order_id, "market": "BR", "parcel": {"parcel_id": parcel, "tracking_number": number, "carrier": "usps"},
            "occurred_at": "2026-11-19T11:00:00Z"}
    assert traffic.post_event(env["SEADESK_INGEST_URL"], traffic.business_event("parcel.dispatched", data))[0] == 202


@pytest.mark.parametrize("first", ["the order", "the tracker"])
def test_what_a_tracker_says_of_a_tracking_number_is_shown_in_its_order(order, env, traffic, eventually, service, first):
    """OL-03: EasyPost names no order; whichever comes first, the parcel's events are the order's, once each."""
    tracker = service("order-tracker")
    tracker.wait_ready()
    number = f"lx-{uuid.uuid4().int % 10**9:09d} cn"
    waiting = "select count(*) from order_tracker.unnamed where parcel_key = %s"
    if first == "the order":
        dispatched(env, traffic, order.id, number)
    answer = easypost(env, parcel_key(number), "evt_1")
    assert (answer.status_code, answer.content) == (200, b"")
    if first == "the tracker":
        eventually(lambda: order.pg.value(waiting, parcel_key(number)) == 4, 60)
        [(root, what)] = order.pg.query("select s.root_id, s.what from order_tracker.story_v s join order_tracker.unnamed u"
                                        " using (root_id) where u.parcel_key = %s and u.fact = 14", parcel_key(number))
        assert what == "parcel.delivered waits for an order that names its tracking number"
        dispatched(env, traffic, order.id, number)
    eventually(lambda: len(order.rows("event_v", "event_id")) == 5, 60)
    assert order.rows("parcel_v", "parcel_id, state, tracking_number") == [("P1", "delivered", number)]
    assert order.rows("timeline_v", "state, market") == [("delivered", "BR")]
    assert order.pg.value(waiting, parcel_key(number)) == 0
    if first == "the tracker":
        assert order.pg.value("select what from order_tracker.story_v where root_id = %s", root).startswith("parcel.delivered applied")
    assert easypost(env, parcel_key(number), "evt_2").status_code == 200  # the same history once more
    shared = order.id + "-b"  # goods of two orders in one parcel: what comes from now on is of both
    dispatched(env, traffic, shared, number)
    rows = "select order_id from order_tracker.named where parcel_key = %s order by 1"
    eventually(lambda: order.pg.query(rows, parcel_key(number)) == [(order.id,), (shared,)], 60)
    assert len(order.rows("event_v", "event_id")) == 5
    order.pg.query("update order_tracker.orders set gone = current_date - 1 where order_id = any(%s)", [order.id, shared])
    assert order.pg.value("select order_tracker.forget(current_date)") == 2
    assert order.pg.query(rows, parcel_key(number)) == []


def test_a_fact_of_two_orders_in_one_parcel_is_told_to_both(order, eventually, service):
    service("order-tracker").wait_ready()
    number = f"TWO{uuid.uuid4().int % 10**9:09d}"
    ids = [order.id, order.id + "-b"]
    for each in ids:
        order.say("PARCEL_DISPATCHED", 0, order_id=each, tracking_number=number)
    eventually(lambda: order.pg.value("select count(*) from order_tracker.named where parcel_key = %s", number) == 2, 60)
    fact = order.event("PARCEL_DELIVERED", 5, order_id="", contact_key=b"", parcel_id=number, tracking_number=number)
    order.send(fact, key=number)
    for each in ids:
        state = "select state from order_tracker.parcel_v where order_id = %s and parcel_id = 'P1'"
        eventually(lambda: order.pg.value(state, each) == "delivered", 60)


def test_a_number_of_hyphens_alone_names_no_parcel(order, kafka_consumer, service):
    service("order-tracker").wait_ready()
    records = kafka_consumer("seadesk.parcels")

    def names(root):
        return lambda record: (header(record, "sd-root"), header(record, "ce_type")) == (root, "seadesk.v1.ParcelNamed")

    nothing = order.say("PARCEL_DISPATCHED", 0, tracking_number="- -")
    parcel = order.say("PARCEL_DISPATCHED", 1, parcel_id="P2", tracking_number=f"HY{uuid.uuid4().int % 10**9:09d}")
    records.wait_for(names(parcel), 60)
    records.read(1.0)
    assert not any(names(nothing)(record) for record in records.seen)


def test_facts_that_no_order_claims_are_forgotten_after_thirty_days(order, pg, eventually, service):
    service("order-tracker").wait_ready()
    number = f"NOBODY{uuid.uuid4().int % 10**9:09d}"
    order.send(order.event("PARCEL_SCANNED", 0, order_id="", parcel_id=number, tracking_number=number), key=number)
    count = "select count(*) from order_tracker.unnamed where parcel_key = %s"
    eventually(lambda: pg.value(count, number) == 1, 60)
    pg.value("select order_tracker.forget(current_date + 29)")
    assert pg.value(count, number) == 1
    pg.value("select order_tracker.forget(current_date + 32)")
    assert pg.value(count, number) == 0

"""test_replay.py: what came once changes nothing when it comes again, over the whole suite."""
import pytest

import edge as e
from stack import Desk, eventually

TABLES = ["router.ticket", "router.message", "router.contact", "router.customer", "router.notice", "sla_timer.ticket",
          "order_tracker.orders", "order_tracker.parcel", "order_tracker.event"]


class Batch:
    """Messages of some customers on two channels, and the events of their orders."""

    def __init__(self, env):
        self.edge, self.desk = e.Edge(env["SEADESK_INGEST_URL"]), Desk(env["SEADESK_DESK_URL"])
        self.contacts = [f"55119{number:08d}" for number in range(71000000, 71000005)]
        self.whatsapp = [(contact, e.new("wamid.")) for contact in self.contacts for _ in range(2)]
        self.forms = [e.traffic.form_message(f"{e.new('p')}@example.com", "Where is my order?") for _ in range(3)]
        self.orders = [e.new("o") for _ in range(4)]
        self.events = [e.order_paid(order) for order in self.orders]
        self.events += [e.traffic.business_event("parcel.dispatched", {"order_id": order, "parcel": {"parcel_id": "P1"}})
                        for order in self.orders]

    def send(self):
        whole = e.traffic.whatsapp_text(*self.whatsapp[0][:1], "one of many", self.whatsapp[0][1])
        for contact, message in self.whatsapp[1:]:
            whole["entry"] += e.traffic.whatsapp_text(contact, "one of many", message)["entry"]
        assert self.edge.whatsapp(whole, timeout=60).status_code == 200
        for form in self.forms:
            assert self.edge.message(form, timeout=60).status_code == 202
        assert self.edge.batch(self.events).status_code == 202

    def wait(self, pg):
        for _, message in self.whatsapp:
            eventually(lambda m=message: self.desk.message("whatsapp", m), 90)
        for form in self.forms:
            eventually(lambda f=form: self.desk.message("form", f["message_id"]), 90)
        eventually(lambda: self.applied(pg) >= len(self.events), 90)

    def applied(self, pg):
        return pg.value("SELECT count(*) FROM order_tracker.event WHERE order_id = ANY (%s)", self.orders)

    def say_one_more(self, pg):
        """One more of everybody: once it has arrived, what stands before it on its partition was taken or dropped."""
        messages = [(contact, e.new("wamid.")) for contact in self.contacts]
        for contact, message in messages:
            assert self.edge.text(contact, "one more", message).status_code == 200
        forms = [{**form, "message_id": e.new("f")} for form in self.forms]
        for form in forms:
            assert self.edge.message(form).status_code == 202
        before = self.applied(pg)
        noted = [e.traffic.business_event("order.changed", {"order_id": order}) for order in self.orders]
        assert self.edge.batch(noted).status_code == 202
        for _, message in messages:
            eventually(lambda m=message: self.desk.message("whatsapp", m), 90)
        for form in forms:
            eventually(lambda f=form: self.desk.message("form", f["message_id"]), 90)
        eventually(lambda: self.applied(pg) == before + len(noted), 90)
        return len(messages) + len(forms), len(noted)


def counts(pg):
    return {table: pg.value(f"SELECT count(*) FROM {table}") for table in TABLES}


def at_rest(pg):
    """The counts, once nothing changes any more."""
    last = []

    def same():
        last.append(counts(pg))
        return len(last) > 3 and last[-1] == last[-4]
    eventually(same, 90, 1.0)
    return last[-1]


@pytest.mark.ledger("CH-29")
def test_replaying_a_batch_twice_leaves_every_count_as_it_is_CH_29(env, pg, redis, service):
    """The edge's fast memory is emptied each time, so that every resend reaches the topics and their readers."""
    ingest, batch = service("ingest"), Batch(env)
    batch.send()
    batch.wait(pg)
    before = at_rest(pg)
    for _ in range(2):
        for key in redis.scan_iter("sd:idem:*"):
            redis.delete(key)
        ingest.restart()  # and its own
        batch.send()
    messages, events = batch.say_one_more(pg)
    after = at_rest(pg)
    assert after == {**before, "router.message": before["router.message"] + messages,
                     "order_tracker.event": before["order_tracker.event"] + events}

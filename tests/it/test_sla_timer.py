"""sla-timer alone: records as router, notifier and other services write them in, rows and deadlines out."""
import os
import subprocess
import time
import uuid

import pytest

from stack import header

MINUTE, HOUR = 60_000, 3600_000


@pytest.fixture(scope="module")
def wire(proto):
    return {name: proto(name) for name in ("tickets", "deliveries", "clocks", "privacy")}


@pytest.fixture
def heard(kafka_consumer, service):
    service("sla-timer").wait_ready()
    return kafka_consumer("seadesk.deadlines")


@pytest.fixture
def ticket(kafka_producer, wire, pg, heard, clock):
    return Ticket(kafka_producer, wire, pg, heard, clock)


def news(heard, timeout=0.3):
    """What was heard, as its readers see it: a place of a sender counts once, however often it was published."""
    heard.read(timeout)
    return {(header(r, "sd-src"), header(r, "sd-pos")): r for r in heard.seen}.values()


class Ticket:
    """One ticket, and what would be said of it."""

    def __init__(self, producer, wire, pg, heard, clock, market="SG", channel="whatsapp", asked_ago=15_000):
        self.producer, self.wire, self.pg, self.heard, self.clock = producer, wire, pg, heard, clock
        self.id, self.home = uuid.uuid4(), uuid.uuid4().bytes
        self.asked = clock.now_ms() - asked_ago
        self.said = dict(ticket_id=self.id.bytes, home_key=self.home, market=market, channel=channel, account="demo",
                         opened_at_ms=self.asked, asked_at_ms=self.asked, status=1)
        self.version = 0

    def send(self, topic, message, key):
        event_id = str(uuid.uuid4()).encode()
        self.producer.send(topic, key=key.encode(), value=message.SerializeToString(), headers=[
            ("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"), ("ce_id", event_id),
            ("ce_type", message.DESCRIPTOR.full_name.encode()), ("ce_source", b"/it"),
            ("ce_time", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock.now_ms() / 1000)).encode()),
            ("sd-root", event_id)]).get(10)
        return event_id.decode()

    def say(self, **changes):
        self.version += 1
        self.said.update(changes)
        return self.send("seadesk.tickets", self.wire["tickets"].TicketChanged(version=self.version, **self.said), self.home.hex())

    def accepted(self, at_ms, message_class="REPLY"):
        from seadesk.v1 import types_pb2
        deliveries = self.wire["deliveries"]
        self.send("seadesk.deliveries", deliveries.DeliveryChanged(
            draft_id=uuid.uuid4().bytes, ticket_id=self.id.bytes, home_key=self.home, contact_key=self.home, version=1,
            state=types_pb2.DeliveryState.Value("ACCEPTED"), at_ms=at_ms,
            **{"class": types_pb2.MessageClass.Value(message_class)}), self.home.hex())

    def clocks(self):
        return {name: (state, due, withdrawn, policy) for name, state, due, withdrawn, policy in self.pg.query(
            "select name, state, (extract(epoch from due_at) * 1000)::bigint, is_withdrawn, policy from sla_timer.clock_v"
            " where ticket_id = %s", str(self.id))}

    def state(self, name):
        return self.clocks().get(name, ("none",))[0]

    def told(self, name, state=None, timeout=0.3):
        """The records about a clock, as messages in their order."""
        clocks = self.wire["clocks"]
        records = [clocks.DeadlineChanged.FromString(r.value) for r in news(self.heard, timeout)]
        return [d for d in records if d.ticket_id == self.id.bytes and d.name == name and
                (state is None or clocks.ClockState.Name(d.state) == "CLOCK_" + state)]


def test_an_sea_ticket_warns_before_and_breaches_at_two_hours(ticket, clock, eventually):
    """SL-06: to the second, each once, never before."""
    ticket.say()
    eventually(lambda: ticket.state("first_response") == "running")
    assert ticket.clocks()["first_response"][1:] == (ticket.asked + 2 * HOUR, False, "SG")
    clock.advance(HOUR - 40_000)
    time.sleep(1)
    assert ticket.state("first_response") == "running"
    clock.advance(40_000)
    [warned] = eventually(lambda: ticket.told("first_response", "WARNED"))
    assert ticket.asked <= warned.at_ms < warned.due_at_ms == ticket.asked + 2 * HOUR
    clock.advance(HOUR - 40_000)
    time.sleep(1)
    assert ticket.state("first_response") == "warned"
    clock.advance(40_000)
    [breached] = eventually(lambda: ticket.told("first_response", "BREACHED"))
    assert breached.at_ms == breached.due_at_ms == ticket.asked + 2 * HOUR
    assert (breached.market, breached.channel, breached.home_key) == ("SG", "whatsapp", ticket.home)
    time.sleep(1)
    assert len(ticket.told("first_response", "WARNED")) == len(ticket.told("first_response", "BREACHED")) == 1


@pytest.mark.parametrize("market", ["MX", "BR", "LATAM"])
def test_a_latam_ticket_breaches_at_two_hours_and_nothing_hurries(kafka_producer, wire, pg, heard, clock, eventually, market):
    """SL-07: no target below a minute."""
    ticket = Ticket(kafka_producer, wire, pg, heard, clock, market=market)
    ticket.say()
    eventually(ticket.clocks)
    assert all(due - ticket.asked >= MINUTE for _, due, _, _ in ticket.clocks().values())
    clock.advance(2 * HOUR)
    [breached] = eventually(lambda: ticket.told("first_response", "BREACHED"))
    assert breached.due_at_ms == ticket.asked + 2 * HOUR
    assert len(ticket.told("first_response", "WARNED")) == 1


def test_the_providers_acceptance_stops_the_clocks(ticket, eventually):
    ticket.say()
    eventually(ticket.clocks)
    ticket.accepted(ticket.asked + 1000, "AUTO")
    eventually(lambda: ticket.state("acknowledgement") == "met")
    assert ticket.state("first_response") == "running"
    ticket.accepted(ticket.asked + 2000)
    eventually(lambda: ticket.state("first_response") == "met")
    [met] = eventually(lambda: ticket.told("first_response", "MET"))
    assert met.at_ms == ticket.asked + 2000


def test_what_router_says_stops_them_too_and_starts_the_next(ticket, eventually):
    ticket.say()
    eventually(ticket.clocks)
    ticket.say(acknowledged_at_ms=ticket.asked + 1000, answered_at_ms=ticket.asked + 2000, asked_at_ms=0, status=4)
    eventually(lambda: ticket.state("first_response") == "met" and ticket.state("resolution") == "paused")
    ticket.say(asked_at_ms=ticket.asked + 5000, status=1)
    eventually(lambda: ticket.state("next_response") == "running" and ticket.state("resolution") == "running")
    ticket.say(asked_at_ms=0, status=6, resolved_at_ms=ticket.asked + 9000)
    eventually(lambda: ticket.state("resolution") == "met")
    assert ticket.state("next_response") == "cancelled"


def test_a_proof_that_comes_late_withdraws_the_breach_once(ticket, clock, eventually):
    ticket.say()
    eventually(ticket.clocks)
    clock.advance(2 * HOUR)
    eventually(lambda: ticket.told("first_response", "BREACHED"))
    ticket.accepted(ticket.asked + HOUR)
    [_, withdrawn] = eventually(lambda: len(ticket.told("first_response", "BREACHED")) == 2 and
                                ticket.told("first_response", "BREACHED"))
    assert withdrawn.is_withdrawn and withdrawn.at_ms == ticket.asked + HOUR
    ticket.say(acknowledged_at_ms=ticket.asked + HOUR, answered_at_ms=ticket.asked + HOUR, asked_at_ms=0)
    time.sleep(1)
    assert len(ticket.told("first_response")) == 4  # running, warned, breached, withdrawn
    assert ticket.clocks()["first_response"][0::2] == ("breached", True)


def test_changes_that_move_no_clock_write_nothing(ticket, pg, eventually):
    ticket.say()
    eventually(ticket.clocks)
    row = "select rev, xmin::text from sla_timer.ticket where ticket_id = %s"
    before = pg.query(row, str(ticket.id))
    for status in (2, 3, 5, 2, 3):
        ticket.say(status=status, assignee="ana")
    ticket.accepted(ticket.asked + 1000, "INTERNAL")
    other = Ticket(ticket.producer, ticket.wire, pg, ticket.heard, ticket.clock)
    other.home = ticket.home  # the same partition: what it says comes after
    other.said["home_key"] = ticket.home
    other.say()
    eventually(other.clocks)
    assert pg.query(row, str(ticket.id)) == before


def wish(ticket, name, key, due_ms, warn_ms=0):
    ticket.send("seadesk.clocks", ticket.wire["clocks"].ClockSet(owner="order-tracker", key=key, name=name, due_at_ms=due_ms,
                                                                 warn_at_ms=warn_ms), key.decode())


def wishes_told(ticket, key):
    clocks = ticket.wire["clocks"]
    records = [(r.key, clocks.DeadlineChanged.FromString(r.value)) for r in news(ticket.heard)]
    return [(k, clocks.ClockState.Name(d.state), d.name, d.due_at_ms) for k, d in records
            if d.owner == "order-tracker" and d.key == key]


def test_clocks_that_others_ask_for_are_moved_cancelled_and_fired_once(ticket, clock, pg, eventually):
    key = uuid.uuid4().hex.encode()
    now = clock.now_ms()
    wish(ticket, "scan", key, now + HOUR)
    wish(ticket, "scan", key, now + 3000, now + 1000)
    wish(ticket, "gone", key, now + 1000)
    ticket.send("seadesk.clocks", ticket.wire["clocks"].ClockCancelled(owner="order-tracker", key=key, name="gone"), key.decode())
    eventually(lambda: len(wishes_told(ticket, key)) == 2)
    assert clock.now_ms() >= now + 3000
    assert wishes_told(ticket, key) == [(key, "CLOCK_WARNED", "scan", now + 3000), (key, "CLOCK_BREACHED", "scan", now + 3000)]
    assert pg.value("select count(*) from sla_timer.wish where key = %s", key) == 0
    time.sleep(1)
    assert len(wishes_told(ticket, key)) == 2


def test_a_clock_fires_at_most_two_seconds_after_it_was_due(ticket, clock, eventually):
    key = uuid.uuid4().hex.encode()
    due = clock.now_ms() + 2000
    wish(ticket, "scan", key, due)
    record = ticket.heard.wait_for(lambda r: r.key == key)
    assert due <= record.timestamp <= due + 2100


@pytest.mark.parametrize("point", ["sla-timer.read", "sla-timer.written", "sla-timer.committed", "sla-timer.fired",
                                   "worker.before_publish"])
def test_a_crash_anywhere_lets_every_timer_end_exactly_once(kafka_producer, wire, pg, heard, clock, eventually, service, point):
    """S1, S2, S5 (and R3): crash when set or when fired, restart, drain, check."""
    timer = service("sla-timer")
    crash = timer.crash_at(point)
    tickets = [Ticket(kafka_producer, wire, pg, heard, clock, asked_ago=2 * HOUR - 4000) for _ in range(10)]
    for ticket in tickets:
        ticket.say()
    answered = tickets[:5]
    for ticket in answered:
        ticket.accepted(ticket.asked + HOUR)
    # A delivery may be read before its ticket is known: router says it too.
    for ticket in answered:
        ticket.say(acknowledged_at_ms=ticket.asked + HOUR, answered_at_ms=ticket.asked + HOUR, asked_at_ms=0)
    eventually(lambda: all(t.state("first_response") == "met" for t in answered), 40)
    eventually(lambda: all(t.state("first_response") == "breached" for t in tickets[5:]), 40)
    crash.wait()
    eventually(lambda: all(t.told("first_response", "BREACHED") for t in tickets[5:]), 20)
    time.sleep(1)
    for ticket in tickets[5:]:
        assert len(ticket.told("first_response", "BREACHED", 0)) == len(ticket.told("first_response", "WARNED", 0)) == 1
    for ticket in answered:
        assert len(ticket.told("first_response", "MET", 0)) == 1 and not ticket.told("first_response", "BREACHED", 0)


def test_two_instances_fire_every_timer_once(kafka_producer, wire, pg, heard, clock, eventually, env, tmp_path):
    """S4: partition numbers move to a second process while timers come due."""
    secrets = env["SEADESK_STATE_DIR"] + "/secrets/"
    own = {"PATH": os.environ["PATH"], "SEADESK_KAFKA": env["SEADESK_KAFKA"], "SEADESK_CONFIG": env["SEADESK_CHECKOUT"] + "/deploy/config",
           "SEADESK_POSTGRES": "postgresql://" + env["SEADESK_POSTGRES"].rpartition("@")[2],
           "SEADESK_KEYS_POSTGRES": "postgresql://" + env["SEADESK_KEYS_POSTGRES"].rpartition("@")[2],
           "SEADESK_POSTGRES_PASSWORD_FILE": secrets + "postgres-services", "SEADESK_MASTER_KEY_FILE": secrets + "master-key",
           "SEADESK_ADMIN_LISTEN": "127.0.0.1:0", "SEADESK_FAKE_URL": env["SEADESK_FAKE_URL"]}
    tickets = [Ticket(kafka_producer, wire, pg, heard, clock, asked_ago=2 * HOUR - 3000 - 100 * n) for n in range(60)]
    for ticket in tickets:
        ticket.say()
    log = tmp_path / "second.log"
    with log.open("w") as output:
        second = subprocess.Popen([env["SEADESK_BIN_DIR"] + "/sla-timer"], env=own, stdout=output, stderr=output)
    try:
        eventually(lambda: "partition numbers taken over" in log.read_text(), 40)
        eventually(lambda: all(t.state("first_response") == "breached" for t in tickets), 40)
    finally:
        second.terminate()
        assert second.wait(15) == 0, log.read_text()[-2000:]
    eventually(lambda: all(t.told("first_response", "BREACHED") for t in tickets), 30)
    time.sleep(2)
    assert all(len(t.told("first_response", "BREACHED", 0)) == 1 for t in tickets)


def test_an_erased_customers_clocks_are_gone(ticket, pg, eventually):
    ticket.say()
    eventually(ticket.clocks)
    request = uuid.uuid4()
    ticket.send("seadesk.privacy", ticket.wire["privacy"].ErasureOrdered(
        request_id=request.bytes, customer_id=uuid.uuid4().bytes, contact_keys=[ticket.home]), str(request))
    eventually(lambda: not ticket.clocks())
    assert pg.value("select count(*) from sla_timer.erasure where request_id = %s", str(request)) == 1
    # Found by its key, not by looking through every ticket there ever was.
    assert pg.value("select count(*) from pg_indexes where schemaname = 'sla_timer' and indexdef like '%%ticket%%(home_key)'") == 1


def test_the_story_tells_what_was_set_and_what_breached(ticket, clock, pg, eventually):
    root = ticket.say()
    eventually(ticket.clocks)
    clock.advance(2 * HOUR)
    eventually(lambda: ticket.state("first_response") == "breached")
    story = [what for what, in pg.query("select what from sla_timer.story_v where root_id = %s order by at", root)]
    assert story[0] == "clocks set" and "first_response breached" in story

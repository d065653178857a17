"""router in the whole stack: what customers write becomes cases, what agents do is answered once, orders are told, and
nothing of it is lost or done twice, whoever crashes."""
import json
import threading
import time
import uuid

import pytest

from stack import eventually

HOUR = 3600_000


class Person:
    """A customer with a WhatsApp number of their own."""

    def __init__(self, traffic, ingest, desk, country="55"):
        self.traffic, self.ingest, self.desk = traffic, ingest, desk
        self.number = country + "119" + str(uuid.uuid4().int)[:8]

    def post(self, text, external_id=None, at_ms=None):
        external_id = external_id or self.traffic.new_id("wamid.")
        payload = self.traffic.whatsapp_text(self.number, text, external_id, at_ms)
        status, body = self.traffic.post_whatsapp(self.ingest.base, payload)
        assert status == 200, body
        return external_id

    def shown(self, external_id):
        return eventually(lambda: self.desk.message("whatsapp", external_id), 30)

    def write(self, text="Hello, I have a question about my dress", **options):
        return self.shown(self.post(text, **options))


class Agent:
    """An agent at the desk, with one idempotency key per command unless told otherwise."""

    def __init__(self, desk, name):
        self.http = desk.as_agent(name)

    def ticket(self, ticket_id):
        answer = self.http.get(f"/tickets/{ticket_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, what, ticket_id, key=None, version=None, **body):
        body["expected_version"] = version or self.ticket(ticket_id)["version"]
        return self.http.post(f"/tickets/{ticket_id}/{what}", json=body,
                              headers={"Idempotency-Key": key or uuid.uuid4().hex})

    def done(self, what, ticket_id, **options):
        answer = self.do(what, ticket_id, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_here(self, state="online", weight=1000, **channels):
        capacity = {"weight": weight, "channels": channels}
        answer = self.http.put("/agents/me/presence", json={"state": state, "capacity": capacity})
        assert answer.status_code in (200, 202, 204), answer.text


def refused(answer, status, reason):
    assert answer.status_code == status, answer.text
    assert answer.json()["reason"] == reason


@pytest.fixture
def person(traffic, ingest, desk, service):
    service("router").wait_ready()
    return Person(traffic, ingest, desk)


@pytest.fixture
def ana(desk):
    agent = Agent(desk, "ana")
    agent.is_here("away")  # takes by hand; nothing is offered
    return agent


@pytest.fixture
def wei(desk):
    agent = Agent(desk, "wei")
    agent.is_here("away")
    return agent


@pytest.fixture
def order(traffic, ingest):
    """order(kind, order_id, **data): publishes an event of an order."""
    def publish(kind, order_id, **data):
        status, body = traffic.post_event(ingest.base, traffic.business_event(kind, {"order_id": order_id, **data}))
        assert status == 202, body
        return json.loads(body)["ids"][0]
    return publish


def customer_of(person, **more):
    return {"customer": {"customer_ref": "c-" + person.number, "name": "João", "locale": "pt-BR", "phone": "+" + person.number,
                         "channels": [{"channel": "whatsapp", "account": "demo", "id": person.number}], **more}}


# ---- case ----

def test_messages_open_and_extend_one_ticket_and_a_resend_changes_nothing_CH_10_CH_29(person, pg):
    external_id = person.post("Oi, comprei um vestido azul na semana passada e quero trocar")
    first = person.shown(external_id)
    assert (first["market"], first["language"], first["direction"]) == ("BR", "pt", "in")
    second = person.write("É o pedido da semana passada, obrigada")
    assert second["ticket_id"] == first["ticket_id"]
    person.post("Oi, comprei um vestido azul na semana passada e quero trocar", external_id)
    third = person.write("Alguém aí?")  # the resend was before it
    assert third["ticket_id"] == first["ticket_id"]
    rows = pg.query("select event_id, version from router.message_v m join router.ticket_v t using (ticket_id)"
                    " where m.ticket_id = %s", first["ticket_id"])
    assert len(rows) == 3 and {version for _, version in rows} <= {2, 3}  # one record each, or two in one batch


def test_what_is_stored_is_sealed_and_only_hashes_are_looked_up(person, pg):
    message = person.write("My secret is 1b-zebra")
    for table in ("message", "contact", "ticket", "decision"):
        for row in pg.query(f"select t::text from router.{table} t"):
            assert "zebra" not in row[0] and person.number not in row[0]
    assert message["text"] == "My secret is 1b-zebra"


def test_every_command_gets_its_one_answer_with_the_reasons_of_the_contract(person, ana, wei):
    ticket = person.write()["ticket_id"]
    refused(wei.do("reply", ticket, text="x", language="en"), 409, "not_assigned_to_you")
    ana.done("take", ticket)
    refused(wei.do("take", ticket), 409, "already_assigned")
    stale = wei.do("note", ticket, version=1, text="late")
    assert stale.status_code == 412, stale.text
    assert ana.done("note", ticket, text="seems nice")["status"] == "assigned"
    refused(ana.do("transfer", ticket, to="queue:nowhere"), 409, "unknown_target")
    refused(ana.do("transfer", ticket, to="nobody-here"), 409, "unknown_target")
    assert ana.done("transfer", ticket, to="wei")["assignee"] == "wei"
    replied = wei.done("reply", ticket, text="We exchange it gladly.", language="en")
    assert replied["status"] == "waiting"
    done = wei.done("resolve", ticket, tags={"issue": "exchange"})
    assert (done["status"], done["tags"]["issue"]) == ("resolved", "exchange")
    refused(wei.do("reply", ticket, text="x", language="en"), 409, "not_open")
    again = person.write("One more thing")
    assert again["ticket_id"] == ticket
    assert eventually(lambda: ana.ticket(ticket)["status"] in ("open", "offered"))


def test_a_repeated_command_is_answered_again_and_done_once(person, ana, pg):
    ticket = person.write()["ticket_id"]
    ana.done("take", ticket)
    version, key = ana.ticket(ticket)["version"], uuid.uuid4().hex
    for _ in range(3):
        answer = ana.do("reply", ticket, key=key, version=version, text="Once.", language="en")
        assert answer.status_code == 200, answer.text
    assert ana.do("reply", ticket, key=key, version=version, text="Other.", language="en").status_code == 422
    assert pg.value("select count(*) from router.message_v where ticket_id = %s and direction = 'out'", ticket) == 1


def test_a_reply_reaches_the_provider_and_what_becomes_of_it_is_shown(person, ana, fake):
    ticket = person.write("Hello, is the blue one still there? I would like to buy it today please")["ticket_id"]
    ana.done("take", ticket)
    token = "tok" + uuid.uuid4().hex[:8]
    ana.done("reply", ticket, text=f"Yes it is {token}.", language="en")
    eventually(lambda: any(token in json.dumps(send) for send in fake.log()), 20)
    full = eventually(lambda: next((t for t in [ana.ticket(ticket)] if t["messages"][-1]["delivery"]["state"] in
                                    ("accepted", "delivered", "read")), None), 20)
    clocks = {clock["clock"]: clock["state"] for clock in full["clocks"]}
    assert clocks["acknowledgement"] == clocks["first_response"] == "met"


def test_snooze_ends_by_the_clock_and_the_ticket_is_the_agents_again(person, ana, clock):
    ticket = person.write()["ticket_id"]
    ana.done("take", ticket)
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now_ms() / 1000 + 3600))
    assert ana.done("snooze", ticket, until=until)["status"] == "snoozed"
    clock.advance(HOUR + 1000)
    eventually(lambda: ana.ticket(ticket)["status"] == "assigned", 20)


def test_stop_is_confirmed_once_and_opens_no_ticket(person, fake, pg):
    stop = person.write("STOP")
    assert stop["ticket_id"] is None
    person.write("stop")

    def confirmations():
        return [send for send in fake.log() if send["to"].lstrip("+") == person.number]
    eventually(confirmations, 20)
    time.sleep(1)
    assert len(confirmations()) == 1
    refusals = pg.query("select is_service_refused, is_marketing_granted from router.customer_v where customer_id = %s",
                        stop["customer_id"])
    assert refusals == [(True, False)]


# ---- orders ----

def test_an_order_joins_the_customer_and_where_is_my_order_is_answered_TK_15_OL_01(person, order, ana, fake):
    first = person.write("Oi, comprei um vestido azul na semana passada e quero trocar por outro")
    order_id = "r" + person.number[-8:]
    order("order.paid", order_id, market="BR", **customer_of(person))
    order("parcel.in_customs", order_id, parcel={"parcel_id": "P1"})
    eventually(lambda: len([s for s in fake.log() if s["to"].lstrip("+") == person.number]) >= 2, 30)  # both notices
    asked = person.write(f"Onde está o meu pedido {order_id}?")
    assert asked["ticket_id"] == first["ticket_id"]
    full = eventually(lambda: next((t for t in [ana.ticket(first["ticket_id"])] if t["order_ids"] == [order_id]), None), 20)
    assert any(d["what"] == "auto_answered" for d in full["decisions"])
    told = eventually(lambda: [s for s in fake.log() if order_id in s["text"] and "PESSOA" in s["text"].upper()], 20)
    assert len(told) == 1


def test_the_customer_of_an_order_keeps_the_id_that_agents_have_seen(person, order, pg):
    message = person.write()
    order("order.paid", "k" + person.number[-8:], market="BR", **customer_of(person))
    eventually(lambda: pg.value("select count(*) from router.customer_v where customer_id = %s and channel = 'crm'",
                                message["customer_id"]) == 1, 20)


def test_a_notice_waits_for_its_customer_and_goes_once(person, order, fake, kafka_producer, proto, pg):
    """The notice's record may come before the profile's: another topic, another partition."""
    order_id, contact = "w" + person.number[-8:], uuid.uuid4().bytes
    due = proto("timelines").NoticeDue(order_id=order_id, market="BR", contact_key=contact, about="order_paid", at_ms=1,
                                       expires_at_ms=2**45, collapse_key=order_id)
    for _ in range(2):
        kafka_producer.send("seadesk.timelines", key=order_id.encode(), value=due.SerializeToString(), headers=[
            ("ce_id", str(uuid.uuid4()).encode()), ("ce_type", b"seadesk.v1.NoticeDue")]).get(10)
    state = "select state from router.notice_v where order_id = %s"
    eventually(lambda: pg.query(state, order_id) == [("waiting",)], 20)


def test_a_warned_and_a_breached_clock_raise_the_priority(person, ana, clock):
    ticket = person.write()["ticket_id"]
    before = ana.ticket(ticket)["priority"]
    clock.advance(HOUR)
    eventually(lambda: ana.ticket(ticket)["priority"] > before, 30)
    reasons = [d["reason"] for d in ana.ticket(ticket)["decisions"] if d["what"] == "priority_raised"]
    assert any("acknowledgement" in reason for reason in reasons)


# ---- dispatch ----

def waiting_in_redis(redis):
    return {member.split(":")[0] for key in redis.keys("sd:q:*") for member in redis.zrange(key, 0, -1)}


def waiting_in_postgres(pg):
    return {str(ticket) for ticket, in pg.query("select ticket_id from router.ticket_v where status = 'open'")}


def test_an_open_ticket_is_offered_to_who_is_here_and_goes_back_when_not_taken(person, ana, clock, redis):
    ana.is_here()
    ticket = person.write()["ticket_id"]
    eventually(lambda: (ana.ticket(ticket)["status"], ana.ticket(ticket)["assignee"]) == ("offered", "ana"), 20)
    assert redis.get(f"sd:offer:{ticket}") == "ana"
    ana.is_here("away")
    clock.advance(60_000)
    eventually(lambda: ana.ticket(ticket)["status"] == "open", 20)
    what = [d["what"] for d in ana.ticket(ticket)["decisions"]]
    assert what.count("offered") >= 1 and what.count("offer_expired") >= 1
    ana.is_here()
    eventually(lambda: ana.ticket(ticket)["status"] == "offered", 20)
    assert ana.done("take", ticket)["status"] == "assigned"
    ana.is_here("away")


def test_nobody_gets_more_than_they_can_carry(person, wei, traffic, ingest, desk, pg):
    carried = pg.value("select load from router.agent_state_v where agent = 'wei'")
    wei.is_here(weight=carried + 4)  # two more conversations on WhatsApp
    others = [Person(traffic, ingest, desk) for _ in range(4)]
    for other in others:
        other.write()
    eventually(lambda: pg.value("select load from router.agent_state_v where agent = 'wei'") == carried + 4, 20)
    time.sleep(1.5)
    assert pg.value("select load from router.agent_state_v where agent = 'wei'") == carried + 4
    wei.is_here("offline")


def test_redis_emptied_under_load_is_equal_to_postgres_again(person, ana, traffic, ingest, desk, redis, pg):
    writers = [Person(traffic, ingest, desk) for _ in range(6)]
    stop = threading.Event()

    def load():
        while not stop.is_set():
            for writer in writers:
                writer.post("Hello, hello, is somebody there? I want to ask something")
    thread = threading.Thread(target=load)
    thread.start()
    try:
        eventually(lambda: waiting_in_redis(redis), 20)
        redis.flushall()
        time.sleep(0.5)
        redis.flushall()
    finally:
        stop.set()
        thread.join()
    eventually(lambda: waiting_in_redis(redis) == waiting_in_postgres(pg), 30)


def test_an_entry_of_redis_that_postgres_does_not_know_so_is_no_offer(person, ana, redis, service, pg):
    ticket = person.write()["ticket_id"]
    ana.done("take", ticket)
    member = next(f"{t}:{n}:{c}" for t, n, c in pg.query(
        "select ticket_id, number, channel from router.ticket_v where ticket_id = %s", ticket))
    stale = service("router").metric("seadesk_router_offers_total", outcome="stale")
    redis.zadd("sd:q:latam", {member: 1})
    ana.is_here()
    eventually(lambda: service("router").metric("seadesk_router_offers_total", outcome="stale") > stale, 20)
    ana.is_here("away")
    assert ana.ticket(ticket)["status"] == "assigned"
    assert member not in redis.zrange("sd:q:latam", 0, -1)


# ---- what fails ----

@pytest.mark.parametrize("point", ["router.read", "router.written", "worker.before_commit", "router.before_redis",
                                   "worker.before_publish"])
def test_a_crash_anywhere_leaves_every_message_once_R1_R2_R3_R4(person, ana, service, point, pg, redis):
    router = service("router")
    crash = router.crash_at(point, 2)
    ids = [person.post(f"message {n} of a crash at {point}") for n in range(5)]
    shown = [person.shown(external_id) for external_id in ids]
    assert len({message["ticket_id"] for message in shown}) == 1
    ticket = shown[0]["ticket_id"]
    texts = [m["text"] for m in ana.ticket(ticket)["messages"]]
    assert texts == [f"message {n} of a crash at {point}" for n in range(5)]
    crash.wait()
    eventually(lambda: ticket in waiting_in_redis(redis), 30)


def test_a_commit_whose_answer_is_lost_is_not_repeated_R3(person, ana, service, pg):
    ticket = person.write()["ticket_id"]
    pg.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'seadesk_router'")
    ids = [person.post(f"message {n} through it") for n in range(5)]
    for external_id in ids:
        person.shown(external_id)
    texts = [m["text"] for m in ana.ticket(ticket)["messages"]][1:]
    assert texts == [f"message {n} through it" for n in range(5)]


def test_poison_goes_to_the_dead_letters_and_the_partition_goes_on_R8(person, kafka_producer, kafka_consumer, proto):
    dead = kafka_consumer("seadesk.dlq")
    message = person.write()
    for value, kind in ((b"\xff\xff\xff", b"seadesk.v1.MessageReceived"), (b"", b"seadesk.v1.MessageReceived"),
                        (b"\x0a\x10" + bytes(16) + b"\x4a\x05wrong", b"seadesk.v1.MessageReceived"),
                        (b"\x01", b"seadesk.v1.Unheard")):
        kafka_producer.send("seadesk.messages", key=message["ticket_id"].encode(), value=value, headers=[
            ("ce_id", str(uuid.uuid4()).encode()), ("ce_type", kind)]).get(10)
    person.write("still here?")

    def reasons():
        dead.read(0.2)
        letters = [proto("dlq").DeadLetter.FromString(record.value) for record in dead.seen]
        return sorted(letter.reason for letter in letters if letter.service == "router")
    eventually(lambda: reasons() == ["malformed", "undecodable", "unsealable"], 20)


def test_the_story_names_every_step_of_router(person, ana, pg):
    message = person.write()
    rows = pg.query("select what, topic, \"offset\" from router.story_v where root_id = %s order by at", message["event_id"])
    assert rows[0][1] == "seadesk.messages" and rows[0][2] is not None
    assert {what.split(":")[0] for what, _, _ in rows} >= {"message recorded", "opened"}


# ---- cost ----

def test_a_message_costs_few_rows(traffic, ingest, desk, service, pg):
    """One new ticket in five messages, batches of fifty and more: router's own share of the budget of eight."""
    router = service("router")
    people = [Person(traffic, ingest, desk) for _ in range(80)]
    for person in people:
        person.post("Hello, I am new here and write for the first time")
    people[-1].write("That was me")
    router.stop()
    for round_ in range(5):  # four on the open ticket …
        for person in people:
            person.post(f"Hello again, this is message number {round_} of mine")
    pg.query("select pg_stat_reset()")
    router.start()
    people[-1].write("And that is all")
    time.sleep(2)  # statistics are flushed
    rows = dict(pg.query("select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where schemaname = 'router'"))
    total = sum(rows.values())
    assert total / 400 <= 4.0, rows

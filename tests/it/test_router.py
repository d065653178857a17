"""router in the whole stack: what customers write becomes cases, what agents do is answered once, orders are told, and
nothing of it is lost or done twice, whoever crashes."""
import contextlib
import json
import time
import uuid
from datetime import datetime, timedelta

import psycopg2
import pytest

from edge import Hasher
from people import refused
from stack import eventually

HOUR = 3600_000


@pytest.fixture
def order(traffic, ingest, clock):
    """order(kind, order_id, **data): publishes an event of an order, or without an id of a customer. It is day in Brazil:
    no notice waits for the morning."""
    since_midnight_ms = clock.now_ms() % (24 * HOUR)
    if not 12 * HOUR <= since_midnight_ms < 23 * HOUR:
        clock.advance((12 * HOUR - since_midnight_ms) % (24 * HOUR))

    def publish(kind, order_id=None, **data):
        data = {**data, **({"order_id": order_id} if order_id else {})}
        status, body = traffic.post_event(ingest.base, traffic.business_event(kind, data))
        assert status == 202, body
        return json.loads(body)["ids"][0]
    return publish


# ---- case ----

def test_messages_open_and_extend_one_ticket_and_a_resend_changes_nothing_CH_10_CH_29(person, nobody_here, pg):
    """CH-10 CH-29"""
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


@pytest.mark.ledger("CH-10")
@pytest.mark.parametrize("kind, media", [
    ("image", {"id": "9001", "mime_type": "image/jpeg", "sha256": "c2hhMjU2", "caption": "Olha o furo"}),
    ("audio", {"id": "9002", "mime_type": "audio/ogg; codecs=opus", "sha256": "c2hhMjU2", "voice": True})])
def test_a_picture_or_voice_note_opens_or_extends_a_ticket_and_counts_for_its_market(
        new_person, traffic, ingest, service, kind, media):
    """CH-10: each opens a ticket or goes on with it; the share of WhatsApp per market can be counted."""
    def sends(person):
        message_id = traffic.new_id("wamid.")
        status, body = traffic.post_whatsapp(ingest.base, traffic.whatsapp_media(person.number, kind, media, message_id))
        assert status == 200, body
        return person.shown(message_id)

    def counted(market):
        return service("ingest").metric("seadesk_ingest_market_messages_total", channel="whatsapp", market=market)
    before = counted("BR"), counted("MX")
    person, mexican = new_person(), new_person("52")
    opened = sends(person)
    assert opened["ticket_id"] and opened["market"] == "BR"
    written = person.write("Vocês viram?")
    assert written["ticket_id"] == opened["ticket_id"] == sends(person)["ticket_id"]
    assert sends(mexican)["ticket_id"] != opened["ticket_id"]
    assert (counted("BR"), counted("MX")) == (before[0] + 3, before[1] + 1)


@pytest.mark.ledger("CH-04")
def test_a_chat_message_is_at_router_within_a_second_and_starts_the_clocks_of_chat(traffic, ingest, desk, service):
    """CH-04: visible in under a second (the quickest of ten: the machine may be busy), with the limits of live chat."""
    service("router").wait_ready()
    shown = []
    for _ in range(10):
        visitor, message_id = "visitor-" + uuid.uuid4().hex, traffic.new_id("f-")
        message = {**traffic.form_message(visitor, "Hi, is anybody there?", message_id, locale="en-US"), "channel": "chat"}
        status, body = traffic.post_form(ingest.base, message)
        assert status == 202, body
        shown.append(eventually(lambda: desk.message("chat", message_id)))

    def at(text):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    assert min(at(one["routed_at"]) - at(one["received_at"]) for one in shown) < timedelta(seconds=1)
    last = shown[-1]
    assert last["market"] == "US"

    def clocks():
        ticket = desk.get(f"/tickets/{last['ticket_id']}").json()
        return {clock["clock"]: at(clock["due_at"]) - at(last["sent_at"]) for clock in ticket["clocks"]}
    limits = eventually(lambda: {"acknowledgement", "first_response"} <= clocks().keys() and clocks())
    assert limits["acknowledgement"] == timedelta(seconds=30)
    assert limits["first_response"] == timedelta(seconds=60)


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
    eventually(lambda: any(token in json.dumps(send) for send in fake.log()))
    eventually(lambda: ana.ticket(ticket)["messages"][-1]["delivery"]["state"] in ("accepted", "delivered", "read"))

    def clocks():
        return {clock["clock"]: clock["state"] for clock in ana.ticket(ticket)["clocks"]}
    eventually(lambda: clocks()["acknowledgement"] == clocks()["first_response"] == "met")  # by another service, a moment later


def test_snooze_ends_by_the_clock_and_the_ticket_is_the_agents_again(person, ana, clock):
    ticket = person.write()["ticket_id"]
    ana.done("take", ticket)
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now_ms() / 1000 + 3600))
    assert ana.done("snooze", ticket, until=until)["status"] == "snoozed"
    clock.advance(HOUR + 1000)
    eventually(lambda: ana.ticket(ticket)["status"] == "assigned")


@pytest.mark.ledger("CP-16")
def test_stop_in_any_case_or_spacing_is_confirmed_once_and_opens_no_ticket_CP_16(person, fake, pg):
    stop = person.write("STOP")
    assert stop["ticket_id"] is None
    for again in ("stop", "  sToP  ", "STOP"):
        person.write(again)
    drafted = "select count(*) from router.message_v where customer_id = %s and direction = 'out'"
    assert pg.value(drafted, stop["customer_id"]) == 1  # a draft is written with the message that caused it
    eventually(lambda: len(person.sends(fake)) == 1)
    refusals = pg.query("select is_service_refused, is_marketing_granted from router.customer_v where customer_id = %s",
                        stop["customer_id"])
    assert refusals == [(True, False)]
    ledger = ("select count(*) from notifier.consent_v n join router.customer_v c using (contact_key) where c.customer_id = %s"
              " and n.class = 'service' and not n.is_granted")
    eventually(lambda: pg.value(ledger, stop["customer_id"]) == 1, 30)  # notifier's word, which every send is held against
    time.sleep(1)
    assert len(person.sends(fake)) == 1


# ---- orders ----

def test_an_order_joins_the_customer_and_where_is_my_order_is_answered_TK_15_OL_01(person, order, ana, fake):
    """TK-15 OL-01"""
    first = person.write("Oi, comprei um vestido azul na semana passada e quero trocar por outro")
    order_id = "r" + person.number[-8:]
    order("order.paid", order_id, market="BR", customer=person.as_customer())
    order("parcel.in_customs", order_id, parcel={"parcel_id": "P1"})
    eventually(lambda: len(person.sends(fake)) == 2)  # both notices
    asked = person.write(f"Onde está o meu pedido {order_id}?")
    assert asked["ticket_id"] == first["ticket_id"]
    full = eventually(lambda: next((t for t in [ana.ticket(first["ticket_id"])] if t["order_ids"] == [order_id]), None))
    assert any(d["what"] == "auto_answered" for d in full["decisions"])
    told = eventually(lambda: [s for s in fake.log() if order_id in s["text"] and "PESSOA" in s["text"].upper()])
    assert len(told) == 1


def test_the_customer_of_an_order_keeps_the_id_that_agents_have_seen(person, order, pg):
    message = person.write()
    order("order.paid", "k" + person.number[-8:], market="BR", customer=person.as_customer())
    eventually(lambda: pg.value("select count(*) from router.customer_v where customer_id = %s and channel = 'crm'",
                                message["customer_id"]) == 1, 20)


@pytest.fixture
def notice_due(kafka_producer, proto, env):
    """notice_due(order_id, person): order-tracker's word that an order was paid, as it may come at any time."""
    def send(order_id, person):
        crm = Hasher(env).contact("crm", "crm", "c-" + person.number)
        due = proto("timelines").NoticeDue(order_id=order_id, market="BR", contact_key=crm, about="order_paid", at_ms=1,
                                           expires_at_ms=2**45, collapse_key=order_id)
        kafka_producer.send("seadesk.timelines", key=order_id.encode(), value=due.SerializeToString(), headers=[
            ("ce_id", str(uuid.uuid4()).encode()), ("ce_type", b"seadesk.v1.NoticeDue")]).get(30)
    return send


def notices(pg, order_id):
    return [state for state, in pg.query("select state from router.notice_v where order_id = %s", order_id)]


def test_a_notice_waits_for_its_customer_and_goes_once(person, order, notice_due, fake, pg):
    """The notice's record may come before the profile's: another topic, another partition."""
    order_id = "w" + person.number[-8:]
    notice_due(order_id, person)
    notice_due(order_id, person)
    eventually(lambda: notices(pg, order_id) == ["waiting"])
    order("customer.updated", customer=person.as_customer())
    eventually(lambda: person.sends(fake))
    notice_due(order_id, person)
    assert person.write("What was that?")
    assert notices(pg, order_id) == ["drafted"] and len(person.sends(fake)) == 1


@contextlib.contextmanager
def blocked(env):
    """router can't begin a transaction inside the block; what comes meanwhile will be one batch."""
    lock = psycopg2.connect(env["SEADESK_POSTGRES"])
    with lock, lock.cursor() as cursor:
        cursor.execute("lock table router.source in exclusive mode")
        yield
    lock.close()


def test_a_notice_in_the_batch_that_takes_the_profile_goes_to_the_channels_it_claims(new_person, order, notice_due, env, pg, fake):
    """Whichever of the two records comes first, and also to a contact that is known from before."""
    people = [new_person() for _ in range(12)]
    for person in people[::2]:
        person.post("Hello, do you have it in blue?")
    for person in people[::2]:
        person.write("Or in green?")
    with blocked(env):
        for person in people[:6]:
            notice_due("b" + person.number[-8:], person)
        for person in people:
            order("customer.updated", customer=person.as_customer())
        for person in people[6:]:
            notice_due("b" + person.number[-8:], person)
        time.sleep(1)  # for the records to come into router's hands
    for person in people:
        eventually(lambda: person.sends(fake))
        assert [send["channel"] for send in person.sends(fake)] == ["whatsapp"]
        assert notices(pg, "b" + person.number[-8:]) == ["drafted"]


def test_a_warned_and_a_breached_clock_raise_the_priority(person, ana, clock):
    ticket = person.write()["ticket_id"]
    before = ana.ticket(ticket)["priority"]
    clock.advance(HOUR)
    eventually(lambda: ana.ticket(ticket)["priority"] > before)
    reasons = [d["reason"] for d in ana.ticket(ticket)["decisions"] if d["what"] == "priority_raised"]
    assert any("acknowledgement" in reason for reason in reasons)


def test_a_message_without_a_time_of_its_provider_is_as_new_as_it_is_by_a_shifted_clock(
        traffic, ingest, desk, pg, clock, service):
    service("router").wait_ready()
    clock.advance(5 * HOUR)
    before_ms = clock.now_ms()
    external_id = traffic.new_id("SM")
    number = "1555" + str(uuid.uuid4().int)[:7]
    status, body = traffic.post_twilio(ingest.base, traffic.twilio_sms(number, "Is my parcel lost?", external_id))
    assert status == 200, body
    event = eventually(lambda: desk.message("twilio-sms", external_id), 60)["event_id"]
    sent_ms = pg.value("select (extract(epoch from sent_at) * 1000)::bigint from router.message_v where event_id = %s", event)
    assert sent_ms >= before_ms - 1000


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
    eventually(lambda: ticket in {member.split(":")[0] for key in redis.keys("sd:q:*") for member in redis.zrange(key, 0, -1)})


def test_a_commit_whose_answer_is_lost_is_not_repeated_R3(person, ana, service, pg):
    ticket = person.write()["ticket_id"]
    ids = []
    for n in range(5):
        ids.append(person.post(f"message {n} through it"))
        pg.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'seadesk_router'")
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
            ("ce_id", str(uuid.uuid4()).encode()), ("ce_type", kind)]).get(30)
    person.write("still here?")

    def reasons():
        dead.read(0.2)
        letters = [proto("dlq").DeadLetter.FromString(record.value) for record in dead.seen]
        return sorted(letter.reason for letter in letters if letter.service == "router")
    eventually(lambda: reasons() == ["malformed", "undecodable", "unsealable"])


def test_the_story_names_every_step_of_router(person, ana, pg):
    message = person.write()
    rows = pg.query("select what, topic, \"offset\" from router.story_v where root_id = %s order by at", message["event_id"])
    recorded = next(row for row in rows if row[0] == "message recorded")
    assert recorded[1] == "seadesk.messages" and recorded[2] is not None
    assert {what.split(":")[0] for what, _, _ in rows} >= {"message recorded", "opened"}


# ---- cost ----

def test_a_message_costs_few_rows(new_person, service, pg):
    """One new ticket in five messages, batches of fifty and more: router's own share of the budget of eight."""
    router = service("router")
    people = [new_person() for _ in range(80)]
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
    router.stop()  # what ends has flushed its statistics
    rows = dict(pg.query("select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where schemaname = 'router'"))
    router.start()
    total = sum(rows.values())
    assert total / 400 <= 4.0, rows

"""desk on the whole road: what customers and shops send in is read there, what agents do goes out and comes back."""
import json
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from stack import Stream

NAME, EMAIL = "João D'Ávila", "joao@example.com"
TEXT = "Olá, recebi o tamanho errado. Vocês podem me ajudar com a troca?"


def at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def until_known(ask):
    """Asks until the outcome is known: 202 is what a busy machine says after half a second."""
    end = time.monotonic() + 60
    while True:
        answer = ask()
        if answer.status_code != 202 or time.monotonic() > end:
            return answer


def be(desk, agent, state, capacity=None):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"state": state, **({"capacity": capacity} if capacity else {})}
    answer = until_known(lambda: desk.as_agent(agent).put("/agents/me/presence", json=body, headers=key))
    assert answer.status_code == 200 and answer.json()["state"] == state, answer.text


@pytest.fixture(scope="module")
def agents(desk, pg):
    """Two agents of this module alone, the first online with room for all; the demo's are sent home, so that the tickets
    made here are offered to nobody else."""
    names = [f"it-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    for name in names:
        pg.query("INSERT INTO desk.account (user_name, password, role, name, staff_number, languages)"
                 " SELECT %s, password, role, 'Ina', '77', languages FROM desk.account WHERE user_name = 'ana'", name)
    for name in ("ana", "wei", "sup"):
        be(desk, name, "offline")
    be(desk, names[1], "offline", {"weight": 10, "channels": {"whatsapp": 0}})
    be(desk, names[0], "online", {"weight": 900, "channels": {"phone": 9}})
    yield names
    be(desk, names[0], "offline")
    pg.query("UPDATE desk.account SET is_active = false WHERE user_name = ANY (%s)", names)


@pytest.fixture
def phone():
    return f"55119{random.randrange(10 ** 8):08d}"


@pytest.fixture
def write(env, traffic, desk, eventually):
    """write(phone, text): a customer's WhatsApp message, once desk shows it."""
    def sent(sender, text=TEXT, message_id=None):
        message_id = message_id or traffic.new_id("wamid.")
        status, body = traffic.post_whatsapp(env["SEADESK_INGEST_URL"],
                                             traffic.whatsapp_text(sender, text, message_id, name=NAME))
        assert status == 200, body
        return eventually(lambda: desk.message("whatsapp", message_id))
    return sent


class Case:
    """A ticket, and agents who act on it."""

    def __init__(self, desk, ticket_id):
        self.desk, self.id = desk, ticket_id

    def read(self):
        answer = self.desk.get(f"/tickets/{self.id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, agent, verb, version=None, key=None, **body):
        """One command with the ticket's version as it is now, unless told otherwise."""
        version = version or self.read()["version"]
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return until_known(lambda: self.desk.as_agent(agent).post(
            f"/tickets/{self.id}/{verb}", headers=headers, json={**body, "expected_version": version}))

    def act(self, agent, verb, **body):
        """A command that must be done; one that meets a change made meanwhile is asked again, as a person would."""
        for _ in range(5):
            answer = self.ask(agent, verb, **body)
            if answer.status_code != 412:
                break
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def case(desk, agents, write, phone):
    """A new ticket that the first agent has taken."""
    made = Case(desk, write(phone)["ticket_id"])
    made.act(agents[0], "take")
    return made


def refused(answer, status, reason):
    assert answer.status_code == status, answer.text
    assert answer.json().get("reason") == reason, answer.text


# ---- what came in ----

def test_a_message_is_found_by_what_its_provider_calls_it(write, phone):
    message_id = f"wamid.A/b+c=?&%#{uuid.uuid4().hex}"
    message = write(phone, message_id=message_id)
    assert message["direction"] == "in" and message["external_id"] == message_id
    assert (message["channel"], message["account"], message["market"]) == ("whatsapp", "demo", "BR")
    assert message["text"] == TEXT and message["language"].startswith("pt")
    assert at(message["sent_at"]) <= at(message["routed_at"]) and at(message["received_at"]) <= at(message["routed_at"])
    assert message["translation"]["state"] in ("pending", "done", "failed", "held") and message["delivery"] is None
    for name in ("event_id", "ticket_id", "conversation_id", "customer_id"):
        uuid.UUID(message[name])


def test_a_ticket_in_full_shows_the_words_and_hides_the_person(desk, write, phone, eventually):
    message = write(phone)
    ticket = desk.get(f"/tickets/{message['ticket_id']}").json()
    assert [m["text"] for m in ticket["messages"]] == [TEXT]
    assert (ticket["market"], ticket["channel"], ticket["customer_id"]) == ("BR", "whatsapp", message["customer_id"])
    assert ticket["zone"] == "America/Sao_Paulo" and ticket["subject"]
    eventually(lambda: {c["clock"] for c in desk.get(f"/tickets/{ticket['id']}").json()["clocks"]}
               >= {"acknowledgement", "first_response"})
    listed = desk.get(f"/tickets?customer_id={message['customer_id']}").json()["items"]
    assert [item["id"] for item in listed] == [ticket["id"]] and "messages" not in listed[0]
    customer = desk.get(f"/customers/{message['customer_id']}").json()
    assert customer["name"] == "J. D." and customer["channels"][0]["id"].endswith(phone[-4:])
    assert customer == ticket["customer"]
    assert phone not in json.dumps(ticket) and phone[:9] not in json.dumps(customer)


def test_the_queue_is_listed_as_it_is_worked_off(desk, write, phone):
    write(phone)
    items = []
    page = desk.get("/tickets?status=open&limit=100").json()
    while True:
        items += page["items"]
        if not page["next"]:
            break
        page = desk.get(f"/tickets?status=open&limit=100&cursor={page['next']}").json()
    order = [(-item["priority"], at(item["opened_at"])) for item in items]
    assert order == sorted(order) and all(item["status"] == "open" for item in items)


# ---- what agents do ----

def test_a_ticket_is_taken_by_one_agent_only(case, agents):
    ticket = case.read()
    assert (ticket["status"], ticket["assignee"]) == ("assigned", agents[0])
    assert "taken" in [decision["what"] for decision in ticket["decisions"]]
    refused(case.ask(agents[1], "take"), 409, "already_assigned")
    refused(case.ask(agents[1], "reply", text="Hi", language="en"), 409, "not_assigned_to_you")
    refused(case.ask(agents[0], "transfer", to="queue:it-none"), 409, "unknown_target")
    refused(case.ask(agents[0], "resolve", version=ticket["version"] + 7), 412, "version")


def test_an_agent_without_room_takes_nothing(desk, agents, write, phone):
    be(desk, agents[0], "away")
    try:
        refused(Case(desk, write(phone)["ticket_id"]).ask(agents[1], "take"), 409, "no_capacity")
    finally:
        be(desk, agents[0], "online")


def test_the_same_key_is_the_same_command_and_another_body_is_refused(case, agents):
    version, key = case.read()["version"], str(uuid.uuid4())
    first = case.ask(agents[0], "note", version, key, text="once")
    again = case.ask(agents[0], "note", version, key, text="once")
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert [m["text"] for m in case.read()["messages"] if m["direction"] == "note"] == ["once"]
    texts = ["twice", "once"] * 4  # at the same time, each with the answer to its own body
    with ThreadPoolExecutor(len(texts)) as pool:
        answers = list(pool.map(lambda text: case.ask(agents[0], "note", version, key, text=text), texts))
    assert [answer.status_code for answer in answers] == [422, 200] * 4
    assert answers[0].json()["type"] == "urn:seadesk:problem:key-reused"


def test_a_reply_reaches_the_customer_once_and_its_way_is_shown(case, agents, fake, phone, eventually):
    version, key = case.read()["version"], str(uuid.uuid4())
    words = f"It arrives on Thursday. {uuid.uuid4().hex[:8]}"
    answers = [case.ask(agents[0], "reply", version, key, text=words, language="en") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
    assert answers[0].json()["status"] == "waiting"

    def out():
        return [m for m in case.read()["messages"] if m["direction"] == "out" and m["text"] == words]
    sent = eventually(lambda: [m for m in out() if m["delivery"]["state"] in ("accepted", "delivered", "read")])[0]
    assert sent["agent"] == agents[0] and sent["language"] == "en"
    assert sent["delivery"]["channel"] == "whatsapp" and sent["delivery"]["at"]
    assert len(out()) == 1
    to_phone = [entry for entry in fake.log() if phone in entry.get("to", "") and words[-8:] in entry.get("text", "")]
    assert len(to_phone) == 1
    clocks = eventually(lambda: (lambda c: c["first_response"] == "met" and c)(
        {c["clock"]: c["state"] for c in case.read()["clocks"]}))
    assert clocks["acknowledgement"] == "met"


def test_a_ticket_is_snoozed_and_resolved_with_tags(case, agents):
    until = "2027-05-01T08:00:00Z"
    ticket = case.act(agents[0], "snooze", until=until)
    assert (ticket["status"], ticket["snoozed_until"]) == ("snoozed", until)
    past = case.ask(agents[0], "snooze", until="2020-01-01T00:00:00Z")
    assert past.status_code == 422 and past.json()["field"] == "/until"
    case.act(agents[0], "take")
    ticket = case.act(agents[0], "resolve", tags={"issue": "delivery", "emotion": "worried"})
    assert ticket["status"] == "resolved"
    assert (ticket["tags"]["issue"], ticket["tags"]["emotion"]) == ("delivery", "worried")
    refused(case.ask(agents[0], "reply", text="Too late", language="en"), 409, "not_open")


def test_presence_is_answered_as_router_keeps_it(desk, agents):
    known = desk.as_agent(agents[0]).get("/agents/me/presence").json()
    assert known["user"] == agents[0] and known["state"] == "online"
    assert known["capacity"] == {"weight": 900, "channels": {"phone": 9}}


# ---- what shops say ----

@pytest.fixture
def order_id():
    return f"it-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def publish(env, traffic, phone, order_id):
    def sent(kind, **data):
        customer = {"customer_ref": f"c-{order_id}", "name": NAME, "locale": "pt-BR", "email": EMAIL, "phone": "+" + phone,
                    "tier": "prime", "channels": [{"channel": "whatsapp", "account": "demo", "id": phone}]}
        event = traffic.business_event(kind, {"order_id": order_id, "market": "BR", "customer": customer, **data})
        status, body = traffic.post_event(env["SEADESK_INGEST_URL"], event)
        assert status == 202, body
        return json.loads(body)["ids"][0]
    return sent


@pytest.mark.ledger("TK-15")
def test_a_ticket_with_an_order_shows_where_the_order_is(desk, write, phone, publish, order_id, eventually):
    """TK-15: a ticket with an order id shows that order's current milestone from the event stream."""
    parcel = {"parcel_id": "P1", "carrier": "correios", "tracking_number": "LX123456789CN"}
    publish("order.paid")
    publish("parcel.dispatched", parcel=parcel)
    held = publish("parcel.customs_held", parcel=parcel, reason="missing_tax_id", expected_at="2027-01-05T00:00:00Z",
                   location="Curitiba")
    eventually(lambda: desk.get(f"/orders/{order_id}").json().get("exceptions"))
    order = desk.get(f"/orders/{order_id}").json()
    assert order["market"] == "BR" and order["state"]
    assert [m["name"] for m in order["milestones"]][:2] == ["paid", "dispatched"]
    assert order["parcels"][0]["tracking_number"] == "LX123456789CN"
    assert "seadesk.parcel.customs_held.v1" in [e["type"] for e in order["parcels"][0]["events"]]
    trouble = order["exceptions"][0]
    assert (trouble["class"], trouble["reason"], trouble["expected_at"], trouble["closed_at"]) == (
        "customs_held", "missing_tax_id", "2027-01-05T00:00:00Z", None)
    notice = eventually(lambda: [n for n in desk.get(f"/orders/{order_id}").json()["notices"]
                                 if n["about"] == "customs_held" and n["event_id"] == held and n["delivery"]])[0]
    assert notice["delivery"]["state"]
    ticket_id = write(phone, f"Meu pedido {order_id} sumiu, preciso falar com uma pessoa.")["ticket_id"]
    ticket = eventually(lambda: (lambda t: order_id in t["order_ids"] and t)(desk.get(f"/tickets/{ticket_id}").json()))
    shown = desk.get(f"/orders/{ticket['order_ids'][0]}").json()
    assert shown["state"] == order["state"]
    assert [item["id"] for item in desk.get(f"/tickets?order_id={order_id}").json()["items"]] == [ticket_id]
    customer = desk.get(f"/customers/{ticket['customer_id']}").json()
    assert customer["email"] == "j•••@•••.com" and customer["tier"] == "prime"
    assert shown["customer_id"] == ticket["customer_id"]


# ---- stories ----

def test_the_story_of_a_message_goes_through_the_services_in_order(desk, write, phone, eventually):
    message = write(phone)

    def told():
        story = desk.get(f"/events/{message['event_id']}").json()
        services = [step["service"] for step in story["steps"]]
        return {"ingest", "router", "translator-gateway"} <= set(services) and story
    story = eventually(told)
    assert story["event_id"] == message["event_id"] and story["type"] == "seadesk.v1.MessageReceived"
    assert story["steps"][0]["service"] == "ingest"
    times = [at(step["at"]) for step in story["steps"]]
    assert times == sorted(times)
    recorded = next(step for step in story["steps"] if step["topic"] == "seadesk.messages")
    assert isinstance(recorded["partition"], int) and isinstance(recorded["offset"], int)


def test_any_id_of_a_story_finds_it(desk, publish, order_id, eventually):
    event_id = publish("order.paid")
    story = eventually(lambda: (lambda s: len(s.get("steps", [])) > 2 and s)(desk.get(f"/events/{event_id}").json()))
    assert story["type"] == "seadesk.order.paid.v1"
    others = {step["event_id"] for step in story["steps"]} - {event_id, None}
    assert others
    for other in others:
        assert desk.get(f"/events/{other}").json()["event_id"] == event_id


# ---- people ----

def test_a_consent_is_written_down_for_each_contact_of_the_channel(desk, write, phone, eventually):
    customer_id = write(phone)["customer_id"]
    body = {"channel": "whatsapp", "class": "marketing", "granted": True, "proof": "form 12"}
    answer = desk.post(f"/customers/{customer_id}/consents", json=body)
    assert answer.status_code == 202, answer.text
    uuid.UUID(answer.json()["event_id"])
    consent = eventually(lambda: [c for c in desk.get(f"/customers/{customer_id}").json()["consents"]
                                  if c["class"] == "marketing"])[0]
    assert (consent["channel"], consent["granted"], consent["source"]) == ("whatsapp", True, "agent")
    elsewhere = desk.post(f"/customers/{customer_id}/consents", json={**body, "channel": "twilio-sms"})
    assert elsewhere.status_code == 422 and elsewhere.json()["field"] == "/channel"
    assert desk.post(f"/customers/{uuid.uuid4()}/consents", json=body).status_code == 404
    assert desk.post(f"/customers/{customer_id}/consents", json={**body, "class": "all"}).status_code == 422


def test_a_privacy_request_can_be_followed(desk, write, phone, eventually):
    customer_id = write(phone)["customer_id"]
    answer = desk.post("/privacy/requests", json={"customer_id": customer_id, "kind": "erase"})
    assert answer.status_code == 202, answer.text
    request_id = answer.json()["request_id"]
    request = eventually(lambda: (lambda a: a.status_code == 200 and a.json())(desk.get(f"/privacy/requests/{request_id}")))
    assert request["state"] in ("received", "verified", "grace", "running", "done") and isinstance(request["stores"], list)


# ---- live ----

def test_the_stream_tells_of_tickets_messages_and_outcomes(env, desk, agents, write, phone, eventually):
    stream, heard = Stream(env["SEADESK_DESK_URL"]), []

    def has(kind, **fields):
        return any(event["event"] == kind and fields.items() <= json.loads(event["data"]).items() for event in heard)

    def hears(*wanted):
        """Reads on until each (kind, fields) was there."""
        def is_all(_=None):
            return all(has(kind, **fields) for kind, fields in wanted)
        while not is_all():
            heard.extend(stream.until(lambda event: True))
    message = write(phone)
    case = Case(desk, message["ticket_id"])
    hears(("ticket", {"id": case.id}), ("message", {"event_id": message["event_id"], "ticket_id": case.id}))
    hears(("translation", {"event_id": message["event_id"]}), ("deadline", {"ticket_id": case.id}))
    case.act(agents[0], "take")
    hears(("ticket", {"id": case.id, "outcome": "done"}), ("ticket", {"id": case.id, "status": "assigned"}))
    case.act(agents[0], "reply", text="Hello", language="en")
    hears(("delivery", {"ticket_id": case.id, "state": "accepted"}))
    be(desk, agents[0], "online")
    hears(("presence", {"agent": agents[0]}))
    stream.close()

"""test_cases.py: what comes by reviews, clips and calls becomes a case that says so, in the whole stack."""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse
import uuid
from datetime import datetime, timedelta, timezone

import pytest

import edge as e
from stack import eventually


@pytest.fixture
def publish(traffic, ingest):
    """publish(kind, **data): an event of the company's systems."""
    def post(kind, **data):
        status, body = traffic.post_event(ingest.base, traffic.business_event(kind, data))
        assert status == 202, body
    return post


@pytest.fixture
def ticket_of_order(desk):
    """The only ticket of an order, in full."""
    def get(order):
        tickets = eventually(lambda: desk.get("/tickets", params={"order_id": order}).json()["items"])
        assert len(tickets) == 1, tickets
        return desk.get(f"/tickets/{tickets[0]['id']}").json()
    return get


@pytest.mark.ledger("CH-19")
def test_a_one_star_review_opens_a_priority_ticket_of_its_order_and_raises_the_alert(publish, ticket_of_order, service):
    """CH-19: a review of five stars opens a ticket like any other."""
    def alerts():
        return service("router").metric("seadesk_router_alerts_total", alert="review_alert")

    def post(rating):
        order = e.new("R-")
        review = {"review_id": e.new("r-"), "platform": "demo", "rating": rating, "text": "Llegó roto a las 3 de la mañana",
                  "author_id": e.new("u-"), "language": "es"}
        publish("review.posted", order_id=order, market="ES", review=review)
        return ticket_of_order(order)

    def decided(ticket):
        return {decision["what"]: decision["reason"] for decision in ticket["decisions"]}
    before = alerts()
    good, bad = post(5), post(1)
    assert bad["priority"] == good["priority"] + 400
    assert "review_alert" not in decided(good)
    assert decided(bad)["review_alert"] == "rating 1" == decided(bad)["priority_raised"]
    assert eventually(lambda: alerts() == before + 1)


@pytest.mark.ledger("CH-15")
def test_a_clip_sent_on_tiktok_opens_a_dispute_with_the_clip_as_evidence(edge, desk, pg):
    """CH-15: what is attached is shown at the desk, and lies sealed."""
    message, url = e.new("im-"), "https://www.tiktok.com/@lena/video/" + e.new("7")
    content = {"message_id": message, "from": "lena", "from_user": {"id": e.new("u-")}, "timestamp": int(time.time() * 1000),
               "text": {"body": "The zip broke on the first day"}, "video": {"id": "7135480000000000000", "url": url}}
    body, at = json.dumps({"event": "im_receive_msg", "content": json.dumps(content)}), str(int(time.time()))
    code = hmac.new(b"demo-tiktok-secret", f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    answer = edge.post("/v1/channels/tiktok/demo", data=body,
                       headers={"Content-Type": "application/json", "Tiktok-Signature": f"t={at},s={code}"})
    assert answer.status_code == 200, answer.text
    shown = eventually(lambda: desk.message("tiktok", message))
    clip = {"name": None, "mime": "video/mp4", "url": url, "media_id": "7135480000000000000", "size": None}
    attached = lambda message: [{key: one[key] for key in clip} for one in message["attachments"]]
    assert attached(shown) == [clip]
    ticket = desk.get(f"/tickets/{shown['ticket_id']}").json()
    assert ticket["tags"]["issue"] == "dispute" and attached(ticket["messages"][0]) == [clip]
    assert not [row for row in pg.query("select m::text from router.message m where ticket_id = %s", ticket["id"]) if url in row[0]]


@pytest.mark.ledger("CH-07")
def test_what_is_asked_on_x_in_the_middle_east_has_the_clocks_of_live_chat(edge, desk):
    """CH-07: the other account's messages have the clocks of messaging, and neither has those of e-mail."""
    def limits(account):
        message, sender, now = e.new("9"), e.new("8"), str(e.traffic.now_ms())
        body = json.dumps({"for_user_id": "43", "direct_message_events": [
            {"type": "message_create", "id": message, "created_timestamp": now, "message_create": {
                "target": {"recipient_id": "43"}, "sender_id": sender, "message_data": {"text": "أين طلبي؟"}}}]})
        code = base64.b64encode(hmac.digest(b"demo-x-secret", body.encode(), "sha256")).decode()
        answer = edge.post(f"/v1/channels/x/{account}", data=body,
                           headers={"Content-Type": "application/json", "x-twitter-webhooks-signature": "sha256=" + code})
        assert answer.status_code == 200, answer.text
        shown = eventually(lambda: desk.message("x", message, account))
        clocks = eventually(lambda: [clock for clock in desk.get(f"/tickets/{shown['ticket_id']}").json()["clocks"]
                                     if clock["clock"] == "first_response"])
        return (shown["market"], datetime.fromisoformat(clocks[0]["due_at"].replace("Z", "+00:00"))
                - datetime.fromisoformat(shown["sent_at"].replace("Z", "+00:00")))
    assert limits("demo-me") == ("MIDDLE_EAST", timedelta(minutes=5))
    assert limits("demo") == ("GLOBAL", timedelta(hours=8))


@pytest.mark.ledger("CH-08")
def test_who_writes_to_a_page_and_comments_on_it_is_one_customer_of_two_channels(edge, desk):
    """CH-08: whichever comes first, and both by one webhook; somebody else on the page is somebody else."""
    def hears(*parts):
        body = json.dumps({"object": "page", "entry": [{"id": "106", "time": e.traffic.now_ms() // 1000, **part} for part in parts]})
        code = hmac.new(b"demo-messenger-secret", body.encode(), hashlib.sha256).hexdigest()
        answer = edge.post("/v1/channels/messenger/demo", data=body,
                           headers={"Content-Type": "application/json", "X-Hub-Signature-256": "sha256=" + code})
        assert answer.status_code == 200, answer.text

    def written(person):
        mid = e.new("m_")
        return mid, {"messaging": [{"sender": {"id": person}, "recipient": {"id": "106"}, "timestamp": e.traffic.now_ms(),
                                    "message": {"mid": mid, "text": "¿Dónde está?"}}]}

    def commented(person):
        comment = e.new("106_")
        return comment, {"changes": [{"field": "feed", "value": {
            "item": "comment", "verb": "add", "comment_id": comment, "post_id": "106_4", "parent_id": "106_4",
            "from": {"id": person, "name": "María"}, "message": "Sigo esperando", "created_time": e.traffic.now_ms() // 1000}}]}

    def shown(channel, external_id):
        return eventually(lambda: desk.message(channel, external_id))
    for first, then in ((written, commented), (commented, written)):
        person, customers = e.new("71"), set()
        for (external_id, part), channel in ((make(person), "messenger" if make is written else "facebook") for make in (first, then)):
            hears(part)
            message = shown(channel, external_id)
            customers.add(message["customer_id"])
        assert len(customers) == 1
    person, other = e.new("71"), e.new("71")
    (mid, message), (comment, change), (others, another) = written(person), commented(person), commented(other)
    hears(message, change, another)
    by = [shown(*of) for of in (("messenger", mid), ("facebook", comment), ("facebook", others))]
    assert by[0]["customer_id"] == by[1]["customer_id"] != by[2]["customer_id"]
    assert by[0]["conversation_id"] == by[1]["conversation_id"] != by[2]["conversation_id"]


# ---- calls ----

@pytest.fixture
def calls(publish, hasher, pg, desk):
    """A caller, and what their phone system tells."""
    class Calls:
        def __init__(self):
            self.number = "+4477009" + str(uuid.uuid4().int)[:5]
            self.key = hasher.contact("phone", "demo", self.number)

        def tell(self, call_id, name, **more):
            call = {"call_id": call_id, "account": "demo", "direction": "inbound", "number": self.number}
            publish("call." + name, call={**call, **more})

        def ticket(self, is_there):
            """The caller's only ticket, once it is so."""
            def look():
                rows = pg.query("select ticket_id from router.ticket where home_key = %s", self.key)
                assert len(rows) < 2
                ticket = rows and desk.get(f"/tickets/{rows[0][0]}").json()
                return ticket and is_there(ticket) and ticket
            return eventually(look)
    return Calls()


def ago(now, seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - seconds))


@pytest.mark.ledger("CH-03")
@pytest.mark.parametrize("order", [["ringing", "answered", "recorded", "ended"], ["ended", "answered", "ringing", "recorded"]])
def test_a_call_opens_one_ticket_with_rings_wait_and_recording(calls, pg, order):
    """CH-03: in whatever order its records come, and if they come again; what is missed later goes on with it."""
    call_id, reference = e.new("c-"), e.new("rec/")
    now = time.time()
    rang, answered, over = ago(now, 60), ago(now, 51), ago(now, 5)
    said = {"ringing": {"rings": 1, "started_at": rang}, "answered": {"rings": 3, "answered_at": answered},
            "recorded": {"recording": reference},
            "ended": {"rings": 3, "outcome": "answered", "started_at": rang, "answered_at": answered, "ended_at": over}}
    for name in order + order:
        calls.tell(call_id, name, **said[name])
    ticket = calls.ticket(lambda one: one.get("calls") and one["calls"][0]["outcome"] and one["calls"][0]["recording"])
    assert (ticket["channel"], ticket["customer"]["channels"][0]["channel"]) == ("phone", "phone")
    [call] = ticket["calls"]
    assert (call["direction"], call["outcome"], call["rings"], call["wait_ms"], call["recording"]) == (
        "inbound", "answered", 3, 9000, reference)
    calls.tell(e.new("c-"), "ended", outcome="missed", rings=6, started_at=ago(now, 3), ended_at=ago(now, 1))
    again = calls.ticket(lambda one: len(one["calls"]) == 2)
    assert again["id"] == ticket["id"] and again["calls"][1]["outcome"] == "missed" and again["calls"][1]["wait_ms"] is None
    for table in ("call", "ticket", "contact", "decision"):
        assert not pg.value(f"select count(*) from router.{table} t where t::text ~ %s", f"{reference}|{calls.number[1:]}")


@pytest.fixture
def twilio(edge, traffic):
    """twilio(**params): what Twilio tells of a call."""
    def tell(**params):
        url = f"{edge.base}/v1/channels/phone/twilio"
        headers = {"Content-Type": "application/x-www-form-urlencoded", **traffic.sign_twilio(url, params, "demo-phone-secret")}
        answer = edge.post("/v1/channels/phone/twilio", data=urllib.parse.urlencode(params), headers=headers)
        assert answer.status_code in (200, 204), answer.text
    return tell


@pytest.mark.ledger("CH-03")
def test_a_recording_is_its_callers_and_a_hidden_callers_call_has_a_ticket(twilio, hasher, pg, desk):
    """CH-03: recordings come without a number and find their call by its id, or wait for it; whoever hides their number has a
    contact of that call alone."""
    def call(home):
        rows = pg.query("select ticket_id from router.call where home_key = %s and ticket_id is not null", home)
        ticket = rows and desk.get(f"/tickets/{rows[0][0]}").json()
        return ticket and len(rows) == len(ticket["calls"]) == 1 and ticket["calls"][0]["recording"] and ticket

    number, known, hidden = "+55119" + str(uuid.uuid4().int)[:8], "CA" + uuid.uuid4().hex, "CA" + uuid.uuid4().hex
    told = {"CallSid": known, "RecordingStatus": "completed", "RecordingSid": "RE" + known}
    waiting = pg.value("select count(*) from router.call where ticket_id is null")
    twilio(**told)
    assert eventually(lambda: pg.value("select count(*) from router.call where ticket_id is null") == waiting + 1)
    twilio(CallSid=known, CallStatus="ringing", Direction="inbound", From=number, To="+15550100")
    ticket = eventually(lambda: call(hasher.contact("phone", "twilio", number)))
    assert (ticket["market"], ticket["calls"][0]["recording"]) == ("BR", "RE" + known)

    def nameless():
        return {bytes(home) for home, in pg.query("select c.home_key from router.call c join router.contact o on o.contact_key = c.home_key"
                                                  " where o.sealed is null and c.sealed is not null and c.ticket_id is not null")}
    before = nameless()
    twilio(CallSid=hidden, CallStatus="no-answer", Direction="inbound", From="+266696687", To="+15550100")
    twilio(**{**told, "CallSid": hidden, "RecordingSid": "RE" + hidden})
    ticket = call(eventually(lambda: nameless() - before).pop())
    assert (ticket["calls"][0]["outcome"], ticket["calls"][0]["recording"]) == ("missed", "RE" + hidden)


# ---- one conversation ----

@pytest.mark.ledger("CH-01")
def test_messages_by_two_adapters_are_one_conversation_without_gaps(new_person, traffic, ingest, desk, publish):
    """CH-01: WhatsApp and SMS by their number, and a form that a profile claims later, with what was written there before."""
    person, form, sms = new_person(), e.new("ana-") + "@example.com", e.new("SM")
    first = person.write("Cadê meu pedido?")
    assert traffic.post_twilio(ingest.base, traffic.twilio_sms(person.number, "Alguém aí?", sms))[0] == 200
    second = eventually(lambda: desk.message("twilio-sms", sms))
    assert second["conversation_id"] == first["conversation_id"] and second["customer_id"] == first["customer_id"]

    letter = traffic.form_message(form, "I wrote here as well", locale="pt-BR")
    assert traffic.post_form(ingest.base, letter)[0] == 202
    alone = eventually(lambda: desk.message("form", letter["message_id"]))
    assert alone["conversation_id"] != first["conversation_id"]
    who = {**person.as_customer(), "email": form, "channels": [{"channel": "whatsapp", "account": "demo", "id": person.number},
                                                               {"channel": "form", "account": "demo", "id": form}]}
    publish("customer.updated", customer=who)
    eventually(lambda: desk.message("form", letter["message_id"])["conversation_id"] == first["conversation_id"])
    person.write("Obrigada")
    stream = desk.get(f"/customers/{first['customer_id']}/messages").json()
    own = [message["channel"] for message in stream["messages"] if message["direction"] == "in"]
    assert own == ["whatsapp", "twilio-sms", "form", "whatsapp"]
    assert {message["conversation_id"] for message in stream["messages"]} == {stream["conversation_id"]} == {first["conversation_id"]}
    assert [message["seq"] for message in stream["messages"]] == list(range(1, len(stream["messages"]) + 1))
    assert desk.get("/customers/00000000-0000-4000-8000-000000000000/messages").status_code == 404

    path, paged, cursor = f"/customers/{first['customer_id']}/messages", [], ""
    while cursor is not None:
        page = desk.get(f"{path}?limit=3&cursor={cursor}").json()
        assert 0 < len(page["messages"]) <= 3
        paged, cursor = page["messages"] + paged, page["next"]
    ids = [message["message_id"] for message in stream["messages"]]
    assert [message["message_id"] for message in paged][:len(ids)] == ids, "the same, page by page, but for what came meanwhile"
    gone = desk.get(f"{path}?cursor=n.1.00000000-0000-4000-8000-000000000000").json()
    assert (gone["messages"], gone["next"]) == ([], None)
    assert desk.get(f"{path}?cursor=x").status_code == 422


def known(person, **more):
    """The shop's word on them: both channels of their number."""
    channels = [{"channel": "whatsapp", "account": "demo", "id": person.number},
                {"channel": "twilio-sms", "account": "demo", "id": "+" + person.number}]
    return person.as_customer(channels=channels, **more)


@pytest.mark.ledger("CH-22")
def test_a_reply_goes_by_the_markets_channel_unless_the_agent_names_one(publish, new_person, ana, desk, fake):
    """CH-22: an American who wrote by WhatsApp something simple is answered by SMS, as the US pack has it."""
    person = new_person()
    person.number = "12025" + str(uuid.uuid4().int)[:6]
    message = person.write("Hi, is my dress in stock?")
    assert message["market"] == "US"
    publish("customer.updated", customer=known(person, locale="en-US"))
    eventually(lambda: {"whatsapp", "twilio-sms"} <= {
        one["channel"] for one in desk.get(f"/customers/{message['customer_id']}").json()["channels"]})
    ana.done("take", message["ticket_id"])
    ana.done("reply", message["ticket_id"], text="Yes, it is", language="en")
    assert [sent["channel"] for sent in eventually(lambda: person.sends(fake))] == ["twilio-sms"]
    why = [d["reason"] for d in ana.ticket(message["ticket_id"])["decisions"] if d["what"] == "reply_channel"]
    assert why == ["simple in US: twilio-sms"]
    person.write("And in blue?")
    ana.done("reply", message["ticket_id"], text="In blue too", language="en", channel="whatsapp")
    assert eventually(lambda: [sent["channel"] for sent in person.sends(fake)] == ["twilio-sms", "whatsapp"])


@pytest.mark.ledger("CH-27")
def test_a_feature_phone_is_told_by_sms_though_whatsapp_comes_first(publish, new_person, fake, clock):
    """CH-27: the same notice goes by WhatsApp to somebody with a smartphone. It is noon in Brazil."""
    clock.advance((15 * 3_600_000 - clock.now_ms()) % (24 * 3_600_000))

    def told(handset):
        person = new_person()
        publish("parcel.customs_held", order_id=e.new("R-"), market="BR", reason="missing_tax_id", expected_at="2030-11-25T00:00:00Z",
                parcel={"parcel_id": "P1"}, customer=known(person, handset=handset))
        return eventually(lambda: person.sends(fake))[0]["channel"]
    assert told("feature") == "twilio-sms"
    assert told("smart") == "whatsapp"


# ---- CH-16: video ----

@pytest.mark.ledger("CH-16")
def test_a_video_call_has_a_slot_and_both_sides_have_its_join_reference(person, ana, fake, clock):
    """CH-16: the customer by a message in their language, the agent in the ticket; a repeated command has the same room."""
    ticket = person.write("Oi, o aparelho não liga, podem olhar comigo?")["ticket_id"]
    ana.done("take", ticket)
    at = datetime.fromtimestamp(clock.now_ms() // 1000 + 7200, timezone.utc)
    slot, key = at.strftime("%Y-%m-%dT%H:%M:%SZ"), uuid.uuid4().hex
    past = ana.do("video", ticket, at="2020-01-01T00:00:00Z")
    assert (past.status_code, past.json()["field"]) == (422, "/at")
    version = ana.ticket(ticket)["version"]
    for _ in range(2):
        assert ana.do("video", ticket, key=key, version=version, at=slot).status_code == 200
    [send] = eventually(lambda: person.sends(fake))
    local = at - timedelta(hours=3)  # Sao Paulo
    link = re.search(r"https://meet\.example/[0-9a-f]{32}", send["text"])[0]
    assert "chamada de vídeo" in send["text"] and f"{local:%d/%m/%Y}, às {local:%H:%M}" in send["text"]
    [told] = eventually(lambda: [each for each in ana.ticket(ticket)["messages"] if each["direction"] == "out" and each["text"]])
    assert link in told["text"]
    assert [each["reason"] for each in ana.ticket(ticket)["decisions"] if each["what"] == "video_booked"] == [slot]

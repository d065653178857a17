"""Channels without a webhook, and help desks beside Seadesk: from the edge to the ticket, and back into the help desk."""
import json
import sys
import time

import pytest

import edge as e
from edge import problem
from stack import CHECKOUT, eventually

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
import recorded  # noqa: E402

FIRST = {"acknowledgement", "first_response"}  # from the customer's time on; the others begin when the ticket is opened
TICKETS = {"zendesk/comment_added": "5158", "freshdesk/reply": "3007", "intercom/conversation_created": "1911149811"}


def letter(channel, **more):
    """A generic message with nothing but what must be there."""
    return {"channel": channel, "account": "demo", "message_id": e.new("m-"), "contact": {"id": e.new("c-")},
            "sent_at": e.traffic.rfc3339(e.traffic.now_ms()), "text": "The size is wrong", **more}


def ticket_of(desk, message):
    shown = eventually(lambda: desk.message(message["channel"], message["message_id"], message["account"]), 120)
    return desk.get(f"/tickets/{shown['ticket_id']}").json()


def newest_of(desk, channel, contact):
    """The ticket that this contact's message opened."""
    items = desk.get(f"/tickets?channel={channel}").json()["items"]
    for item in items:
        full = desk.get(f"/tickets/{item['id']}").json()
        if any(contact in json.dumps(message) for message in full["messages"]):
            return item["id"]
    return None


@pytest.mark.ledger("CH-05")
def test_a_form_with_empty_fields_opens_a_ticket_that_says_which(edge, desk):
    message = letter("form")
    message["contact"].update({"email": "maria@example.com", "phone": "", "name": None})
    assert edge.message(message).status_code == 202
    ticket = ticket_of(desk, message)
    [decision] = [each for each in ticket["decisions"] if each["what"] == "fields_empty"]
    assert decision["reason"] == "contact.name contact.phone contact.locale subject order_id"


@pytest.mark.ledger("CH-17")
def test_a_scanned_letter_opens_a_ticket_of_channel_post_with_the_clock_of_letters(edge, desk):
    sent_at = e.traffic.rfc3339(e.traffic.now_ms())
    scan = {"url": "https://scans.example.com/1.pdf", "mime": "application/pdf", "name": "1.pdf", "size": 120034}
    due = {}
    for channel in ("post", "form", "phone"):
        message = letter(channel, sent_at=sent_at, text=None, subject="Letter of 20 November", attachments=[scan])
        message["contact"]["locale"] = "en-GB"
        assert edge.message(message).status_code == 202
        ticket = eventually(lambda m=message: [t for t in [ticket_of(desk, m)] if t["clocks"]], 120)[0]
        assert ticket["channel"] == channel
        due[channel] = {clock["clock"]: clock["due_at"] for clock in ticket["clocks"] if clock["clock"] in FIRST}
        assert set(due[channel]) == FIRST
    assert due["post"] == due["form"] != due["phone"]


def test_a_review_carries_its_stars_and_is_public(edge, proto, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    message = letter("review", rating=1, public=True, order_id="1002")
    assert edge.message(message).status_code == 202
    record = topic.wait_for(e.of_id(e.message_id("review", message["message_id"])), 60)
    taken = proto("messages").MessageReceived.FromString(record.value)
    assert (taken.rating, taken.is_public, taken.order_id, taken.empty_fields) == (1, True, "1002", "")
    for rating in (0, 6, "1", 1.5, True):
        problem(edge.message({**message, "rating": rating}), 422, "invalid", "/rating")
    problem(edge.message({**message, "public": "yes"}), 422, "invalid", "/public")


@pytest.mark.ledger("OB-09")
@pytest.mark.parametrize("name", TICKETS)
def test_what_a_customer_writes_in_a_help_desk_is_answered_there(name, env, edge, desk, ana, fake):
    request = recorded.Request(CHECKOUT / "tests" / "corpus" / f"{name}.http")
    known, fresh = TICKETS[name], str(time.time_ns())
    request.body = request.body.replace(known.encode(), fresh.encode())  # a ticket of this run
    request.base = edge.base
    request.sign(at_s=int(time.time()))
    answer = edge.post(request.target, data=request.body, headers=dict(request.headers))
    assert (answer.status_code, answer.content) == (200, b"")
    ticket = eventually(lambda: newest_of(desk, request.channel, fresh), 120)
    ana.done("take", ticket)
    words = f"We look into it {fresh}"
    ana.done("reply", ticket, text=words, language="en")
    [sent] = eventually(lambda: [send for send in fake.log() if send["to"] == fresh and words in send["text"]], 120)
    assert (sent["channel"], sent["accepted"]) == (request.channel, True)

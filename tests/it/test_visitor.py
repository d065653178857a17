"""What a visitor's browser may do at the edge: write for itself with the session that the site signed, and ask what to say first."""
import requests
import pytest

import edge as e
from edge import problem
from test_chat import token


@pytest.fixture(scope="module")
def edge(env, service):
    service("ingest").wait_ready()
    return e.Edge(env["SEADESK_INGEST_URL"])


def said(visitor, **more):
    return {**e.traffic.form_message(visitor, "hello", locale="en-GB"), "channel": "chat", **more}


def write(edge, message, session):
    return edge.post("/v1/messages", json=message, headers={"Authorization": f"Bearer {session}", "Origin": "https://shop.example"})


def test_a_visitor_writes_with_the_session_that_the_site_signed(edge, hasher, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    visitor = e.new("visitor-")
    message = said(visitor)
    answer = write(edge, message, token(visitor))
    assert answer.status_code == 202 and answer.headers["Access-Control-Allow-Origin"] == "*"
    record = topic.wait_for(e.of_id(e.message_id("chat", message["message_id"])))
    assert record.key == hasher.contact("chat", "demo", visitor).hex().encode()
    form = {**said(visitor), "channel": "form"}
    assert write(edge, form, token(visitor, secret="demo-form-secret")).ok


@pytest.mark.parametrize("change,secret", [
    ({"contact": {"id": "somebody-else"}}, "demo-chat-secret"), ({"channel": "form"}, "demo-chat-secret"),
    ({"channel": "chat"}, "demo-form-secret"), ({"channel": "post"}, "demo-chat-secret")])
def test_a_session_speaks_for_its_own_contact_and_account_alone(edge, kafka_consumer, change, secret):
    topic = kafka_consumer("seadesk.messages")
    visitor = e.new("visitor-")
    message = said(visitor, **change)
    problem(write(edge, message, token(visitor, secret=secret)), 403, "source-not-allowed", "/contact/id")
    id_ = e.message_id(message["channel"], message["message_id"])
    assert not [record for record in e.settle(topic) if e.of_id(id_)(record)]


@pytest.mark.parametrize("session", [token("v", secret="another"), token("v", lives_s=-1), token("v", account="other"), "eyJ",
                                     "eyJ.eyJ.eyJ", token("v")[:-1], "eyJ" + "x" * 3000])
def test_a_session_that_nobody_signed_writes_nothing(edge, session):
    answer = write(edge, said("v"), session)
    assert answer.status_code == 401 and answer.content == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"  # or the page couldn't know it from no network


def test_a_visitor_who_floods_is_slowed_down_and_others_are_not(edge):
    visitor, others = e.new("visitor-"), [e.new("visitor-") for _ in range(3)]
    session = token(visitor)
    answers = [write(edge, said(visitor, text=""), session).status_code for _ in range(150)]
    assert answers[:100] == [422] * 100 and 429 in answers
    answer = write(edge, said(visitor), session)
    assert answer.status_code == 202 or int(answer.headers["Retry-After"]) >= 1
    assert 202 in [write(edge, said(other), token(other)).status_code for other in others]  # few share a limit by chance


def test_a_page_of_any_site_may_ask_before_it_posts(edge):
    answer = edge.options("/v1/messages", headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
                                                   "Access-Control-Request-Headers": "authorization,content-type"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("channel,locale,market,rule", [
    ("chat", "de-DE", "DE", "opt_in"), ("chat", "en-GB", "GB", "opt_in"), ("chat", "pt-BR", "BR", "notice"),
    ("chat", "", "GLOBAL", "notice"), ("chat", "%zz", "GLOBAL", "notice"), ("form", "de-DE", "DE", "none")])
@pytest.mark.ledger("CP-12")
def test_what_must_be_said_first_is_the_markets_word(edge, channel, locale, market, rule):
    answer = edge.get(f"/v1/notices/{channel}/demo?locale={locale}")
    assert answer.status_code == 200 and answer.json() == {"market": market, "recording": rule}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_there_is_no_notice_of_what_is_no_account_of_ours(edge):
    for path in ("chat/nobody", "whatsapp/demo", "nothing/demo"):
        problem(edge.get(f"/v1/notices/{path}"), 404, "not-found")


def test_the_widget_is_served_to_any_page_and_only_once(edge):
    answer = edge.get("/v1/widget.js")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
    assert again.status_code == 304 and again.content == b""

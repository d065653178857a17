"""Typing in web chats: who may say it, who sees it, and that nothing of it is kept or holds anything up."""
import contextlib
import json
import threading
import time
import uuid

import pytest
import requests

import people
from stack import Stream, eventually
from test_chat import Listener, token

VISITORS, AGENTS = "sd:typing:visitor", "sd:typing:agent"
NOBODY = "00000000-0000-4000-8000-000000000000"


class Chat:
    """A visitor whose message became a ticket that wei works on; nobody else is online, so nobody else is given it."""

    def __init__(self, env, desk, channel):
        self.env, self.desk, self.wei, self.visitor = env, desk, desk.as_agent("wei"), "visitor-" + uuid.uuid4().hex
        said = "t-" + uuid.uuid4().hex
        answer = requests.post(env["SEADESK_INGEST_URL"] + "/v1/messages", timeout=30, json={
            "channel": channel, "account": "demo", "message_id": said, "text": "Hello, may I ask something?",
            "contact": {"id": self.visitor, "locale": "en-US"}}, headers={"Authorization": "Bearer demo-source-key"})
        assert answer.status_code == 202, answer.text
        self.ticket_id = eventually(lambda: desk.message(channel, said))["ticket_id"]
        eventually(self.take)

    def take(self):
        path = f"/tickets/{self.ticket_id}"
        ticket = self.desk.get(path).json()
        if ticket["status"] == "assigned" and ticket["assignee"] == "wei":
            return True
        self.wei.post(f"{path}/take", json={"expected_version": ticket["version"]}, headers={"Idempotency-Key": uuid.uuid4().hex})
        return False

    def visitor_types(self, **body):
        return types(self.env, token(self.visitor), **body)

    def agent_types(self, agent="wei", **headers):
        return self.desk.as_agent(agent).post(f"/tickets/{self.ticket_id}/typing", headers=headers)


def types(env, session, **body):
    return requests.post(env["SEADESK_INGEST_URL"] + "/v1/typing", json=body, timeout=30,
                         headers={"Authorization": f"Bearer {session}", "Origin": "https://shop.example"})


@pytest.fixture(scope="module")
def agent(desk, pg, service):
    for name in ("ingest", "router", "translator-gateway", "notifier", "desk"):
        service(name).wait_ready()
    people.send_home(desk, pg)
    wei = people.Agent(desk, "wei")
    wei.is_here("away", chat=1000)  # naming one channel lifts what was said of the others
    yield
    wei.is_here("offline")


@pytest.fixture(scope="module")
def chat(env, desk, agent):
    return Chat(env, desk, "chat")


@contextlib.contextmanager
def again_and_again(*calls):
    """Who types says so every 3 s: what is lost, or was said too soon, is said again. Every call is 204."""
    over, wrong = threading.Event(), []

    def run():
        while not over.wait(0.5):
            wrong.extend(answer.text for answer in (call() for call in calls) if answer.status_code != 204)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)
    assert wrong == []


@pytest.fixture
def heard(redis):
    """heard(): what was published on the two channels since the test began."""
    with redis.pubsub() as listener:
        listener.subscribe(VISITORS, AGENTS)
        seen = []

        def all_of_it():
            while message := listener.get_message(timeout=0.2):
                if message["type"] == "message":
                    seen.append((message["channel"], message["data"]))
            return seen
        eventually(lambda: redis.pubsub_numsub(AGENTS)[0][1] >= 1)
        all_of_it()
        yield all_of_it


def typing_of(fields):
    return fields["event"] == "presence" and json.loads(fields["data"]).get("typing")


# ---- the visitor ----

def test_an_agent_sees_that_the_visitor_types_at_their_ticket_and_nowhere_else(env, chat):
    stream, stranger = Stream(env["SEADESK_DESK_URL"]), token("visitor-" + uuid.uuid4().hex)
    events = []
    with again_and_again(lambda: types(env, stranger), chat.visitor_types):
        while len(events) < 2:
            events += [event for event in stream.until(typing_of) if typing_of(event)]
    stream.close()
    for event in events:
        said = {"ticket_id": chat.ticket_id, "who": "customer", "typing": True, "for_ms": 6000}
        assert json.loads(event["data"]) == said
        assert "id" not in event, "whoever comes back doesn't get it again"


def test_what_redis_is_told_is_a_contact_and_no_words(chat, heard, hasher):
    with again_and_again(lambda: chat.visitor_types(locale="en-US", text="secret")):
        told = eventually(heard)
    assert set(told) == {(VISITORS, hasher.contact("chat", "demo", chat.visitor).hex())}


@pytest.mark.parametrize("session", [token("v", secret="another"), token("v", lives_s=-1), token("v", account="other"),
                                     token("v", secret="demo-form-secret"), "demo-source-key", ""])
def test_without_a_session_that_the_site_signed_nothing_is_told(env, heard, session):
    answer = types(env, session)
    assert answer.status_code == 401 and answer.content == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert heard() == []


@pytest.mark.ledger("CP-12")
def test_nothing_is_told_before_consent_where_the_market_wants_it_first(env, heard):
    session = token("visitor-" + uuid.uuid4().hex)
    for body in ({"locale": "de-DE"}, {"locale": "de-DE", "consent": {"recording": False}}):
        answer = types(env, session, **body)
        assert answer.status_code == 422 and answer.json()["type"] == "urn:seadesk:problem:consent-required"
    assert heard() == []
    with again_and_again(lambda: types(env, session, locale="de-DE", consent={"recording": True})):
        eventually(heard)


def test_who_says_it_too_often_is_heard_now_and_then(env, heard, service):
    session, before = token("visitor-" + uuid.uuid4().hex), service("ingest").metric("seadesk_typing_total", outcome="too_often")
    begun_at = time.monotonic()
    assert {types(env, session).status_code for _ in range(40)} == {204}
    seconds = time.monotonic() - begun_at
    assert 1 <= len(heard()) <= seconds / 2 + 1
    assert service("ingest").metric("seadesk_typing_total", outcome="too_often") > before


# ---- the agent ----

@pytest.fixture
def tabs(env, chat):
    """The streams of the visitor and of another one."""
    opened = [Listener(env["SEADESK_CHAT_URL"], token(name)) for name in (chat.visitor, "visitor-" + uuid.uuid4().hex)]
    yield opened
    for tab in opened:
        tab.close()


def test_the_visitor_sees_that_the_agent_types_and_nobody_else_does(chat, tabs, heard, hasher):
    mine, others = tabs
    with again_and_again(chat.agent_types):
        event, *_ = eventually(lambda: [event for event in mine.events if event["event"] == "typing"])
        told = eventually(heard)
    assert event == {"event": "typing", "id": None, "for_ms": 6000}
    assert others.events == []
    assert set(told) == {(AGENTS, hasher.contact("chat", "demo", chat.visitor).hex())}


def test_only_who_may_answer_is_said_to_type(env, chat, desk, heard):
    """Each refused call is another user's: their rates don't meet."""
    answer = chat.agent_types("ana")
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_assigned_to_you")
    assert desk.as_agent("sup").post(f"/tickets/{NOBODY}/typing").status_code == 404
    assert desk.post(f"/tickets/{chat.ticket_id}/typing").status_code == 422, "a key that names nobody"
    assert chat.agent_types(**{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert chat.agent_types("it-nobody").status_code == 422
    answer = requests.post(f"{env['SEADESK_DESK_URL']}/api/v1/tickets/{chat.ticket_id}/typing", timeout=30)
    assert answer.status_code == 401
    assert heard() == []


def test_nobody_waits_at_a_ticket_of_another_channel(env, desk, agent, heard, service):
    form = Chat(env, desk, "form")

    def is_taken():
        before = service("desk").metric("seadesk_typing_total", outcome="too_often")
        assert form.agent_types().status_code == 204
        return service("desk").metric("seadesk_typing_total", outcome="too_often") == before
    eventually(is_taken)
    assert heard() == []


# ---- Redis ----

def test_without_redis_nothing_is_told_and_nothing_fails(env, chat, service):
    service("redis").stop()
    try:
        stranger = token("visitor-" + uuid.uuid4().hex)
        eventually(lambda: types(env, stranger).status_code == 204
                   and service("ingest").metric("seadesk_typing_total", outcome="away") >= 1)
        eventually(lambda: chat.agent_types().status_code == 204
                   and service("desk").metric("seadesk_typing_total", outcome="away") >= 1)
    finally:
        service("redis").start()
    service("desk").wait_ready()
    stream = Stream(env["SEADESK_DESK_URL"])
    with again_and_again(chat.visitor_types):
        stream.until(typing_of)
    stream.close()

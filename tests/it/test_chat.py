"""Web chat's way out: what router says to a visitor reaches their streams, whichever instance they hang on, and can be
read again."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import socket
import threading
import time
import uuid

import pytest
import requests

from stack import eventually
from test_outbound import erase


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(subject, secret="demo-chat-secret", account="demo", lives_s=3600):
    """A session as the company's site signs it (RFC 7519, HS256)."""
    said = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(
        {"sub": subject, "aud": account, "exp": int(time.time()) + lives_s}).encode())
    return said + "." + b64(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest())


class Listener(threading.Thread):
    """A visitor's browser: the events so far, and how the stream ended."""

    def __init__(self, base, session, last=None, query=None):
        super().__init__(daemon=True)
        self.events, self.pings, self.is_over = [], 0, False
        self.answer = requests.get(f"{base}/v1/chat/{session}/stream", params=query, stream=True, timeout=(10, 120),
                                   headers={"Last-Event-ID": last} if last else {})
        self.answer.encoding = "utf-8"
        if self.answer.ok:
            self.start()

    def run(self):
        event = {}
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith(":"):
                    self.pings += 1
                elif line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif "data" in event:
                    self.events.append({"event": event.get("event"), "id": event.get("id"), **json.loads(event["data"])})
                    event = {}
        except (requests.RequestException, AttributeError, ValueError):
            pass  # closed, by the server or under our hands
        self.is_over = True

    def texts(self):
        return [event["text"] for event in self.events if event["event"] == "message"]

    def wait(self, *texts):
        eventually(lambda: self.texts() == list(texts) or self._fail(texts), 30)
        return self.events

    def _fail(self, texts):
        raise AssertionError(f"{self.texts()} instead of {list(texts)}")

    def close(self):
        """The socket first: closing the answer alone would wait for the reader, and so for the next ping."""
        if self.is_alive():
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.answer.raw.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
            self.join(20)
        self.answer.close()


@pytest.fixture
def listen(env):
    """listen(person): a stream of that visitor."""
    opened = []

    def make(person, **options):
        opened.append(Listener(env["SEADESK_CHAT_URL"], token(person.addresses["chat"]), **options))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


def say(road, person, text, **options):
    return road.say(person, text, channels=("chat",), **options)


def test_a_reply_reaches_every_tab_of_the_visitor_and_nobody_else(road, listen):
    person, other = road.person(), road.person()
    tabs = [listen(person), listen(person)]
    stranger = listen(other)
    agent = road.proto["types"].AgentRef(user="ana", name="Ana")
    draft = road.draft(person, "Olá, \"tudo\" bem?\nSim", channels=("chat",))
    draft.agent.CopyFrom(agent)
    road.send("seadesk.drafts", draft.home_key.hex(), draft)
    for tab in tabs:
        event, = tab.wait("Olá, \"tudo\" bem?\nSim")
        assert event["agent"] == "Ana" and event["automatic"] is False and event["language"] == "en"
        assert tab.answer.headers["Content-Type"] == "text/event-stream"
        assert tab.answer.headers["Access-Control-Allow-Origin"] == "*"
    road.wait(draft, "accepted", "delivered")
    assert stranger.texts() == []


def test_what_is_said_keeps_its_order(road, listen):
    person = road.person()
    tab = listen(person)
    texts = [f"message {n}" for n in range(20)]
    for text in texts:
        say(road, person, text)
    tab.wait(*texts)


def test_what_was_said_to_an_absent_visitor_is_accepted_and_there_when_they_come(road, listen, pg):
    person = road.person()
    drafts = [say(road, person, text) for text in ("one", "two")]
    for draft in drafts:
        road.wait(draft, "accepted")
    sealed = pg.query("SELECT sealed FROM notifier.chat WHERE contact_key = %s", person.contacts["chat"])
    assert len(sealed) == 2 and all(b"one" not in bytes(row[0]) for row in sealed)
    listen(person).wait("one", "two")
    for draft in drafts:
        road.wait(draft, "accepted", "delivered")


def test_a_visitor_goes_on_after_the_last_event_they_have(road, listen):
    person = road.person()
    first = listen(person)
    say(road, person, "one")
    event, = first.wait("one")
    first.close()
    say(road, person, "two")
    listen(person, last=event["id"]).wait("two")
    again = listen(person, query={"last_event_id": event["id"]})  # a page that was loaded anew
    again.wait("two")
    assert [event["event"] for event in again.events] == ["message"]
    for unknown in ("no-id-of-ours", str(uuid.uuid4())):
        lost = listen(person, last=unknown)
        lost.wait("one", "two")
        assert lost.events[0]["event"] == "reset"


def test_only_the_newest_are_shown_to_who_has_no_place(road, listen):
    person = road.person()
    texts = [f"{n}" for n in range(60)]
    drafts = [say(road, person, text) for text in texts]
    road.wait_state(drafts[-1], "accepted", timeout=60)
    listen(person).wait(*texts[10:])


@pytest.mark.parametrize("session", [
    "visitor-1", "a.b.c", token("v", secret="another"), token("v", account="other"), token("v", lives_s=-1),
    token("v", lives_s=40 * 86400), token(""), token("v")[:-1], "x" * 3000])
def test_a_session_that_nobody_signed_is_refused(env, session):
    answer = requests.get(f"{env['SEADESK_CHAT_URL']}/v1/chat/{session}/stream", timeout=10)
    assert answer.status_code == 401 and answer.content == b""


def test_a_stream_ends_with_its_session(road, env, listen):
    person = road.person()
    tab = Listener(env["SEADESK_CHAT_URL"], token(person.addresses["chat"], lives_s=2))
    assert tab.answer.status_code == 200
    eventually(lambda: tab.is_over, 30)


def test_one_visitor_has_at_most_eight_streams_and_room_again_after_leaving(road, listen):
    person = road.person()
    tabs = [listen(person) for _ in range(8)]
    answer = listen(person).answer
    assert answer.status_code == 429 and answer.json()["type"] == "urn:seadesk:problem:too-many-requests"
    tabs[0].close()
    eventually(lambda: listen(person).answer.status_code == 200, 30)


def test_stop_holds_for_web_chat_too(road, listen, pg):
    person = road.person()
    tab = listen(person)
    road.consent(person, "chat", granted=False)
    eventually(lambda: pg.query("SELECT 1 FROM notifier.consent_v WHERE contact_key = %s", person.contacts["chat"]), 20)
    notice = road.say(person, template="delivered", variables={"order_id": "1"}, kind="service", channels=("chat",))
    assert road.wait(notice, "dropped")[0].reason == "consent"
    road.clock.advance(5000)
    say(road, person, "an answer", inbound_ago=0)
    tab.wait("an answer")


def test_a_restart_ends_streams_and_loses_nothing(road, listen, service):
    person = road.person()
    tab = listen(person)
    say(road, person, "before")
    event, = tab.wait("before")
    service("notifier").restart()
    eventually(lambda: tab.is_over, 30)
    say(road, person, "after")
    listen(person, last=event["id"]).wait("after")


@pytest.mark.parametrize("point", ["notifier.applied", "worker.after_commit"])
def test_a_crash_shows_every_message_once(road, listen, service, point):
    """Crash table N1: acceptance and the row are one transaction."""
    person = road.person()
    crash = service("notifier").crash_at(point)
    drafts = [say(road, person, text) for text in ("one", "two", "three")]
    for draft in drafts:
        road.wait_state(draft, "accepted", timeout=60)
    crash.wait()
    listen(person).wait("one", "two", "three")


def test_the_erased_have_nothing_to_read(road, listen, pg):
    person = road.person()
    contact = person.contacts["chat"]
    road.wait_state(say(road, person, "for ever?"), "accepted")
    erase(road, contact)
    eventually(lambda: pg.value("SELECT count(*) FROM notifier.chat WHERE contact_key = %s", contact) == 0, 30)
    tab = listen(person)
    say(road, person, "who are you?")
    tab.wait("who are you?")


def test_rows_go_when_their_time_is_over(road, pg):
    person = road.person()
    road.wait_state(say(road, person, "for a week"), "accepted")
    kept = "SELECT count(*) FROM notifier.chat WHERE contact_key = %s"
    gone = pg.value("SELECT gone FROM notifier.chat WHERE contact_key = %s", person.contacts["chat"])
    pg.query("SELECT notifier.forget(%s)", gone)
    assert pg.value(kept, person.contacts["chat"]) == 1
    pg.query("SELECT notifier.forget(%s + 1)", gone)
    assert pg.value(kept, person.contacts["chat"]) == 0


def test_a_visitor_who_writes_is_answered_on_the_stream(env, desk, listen, service):
    """The whole way: the generic entry, router, an agent at the desk, the visitor's stream."""
    for name in ("ingest", "router", "translator-gateway", "notifier", "desk"):
        service(name).wait_ready()
    visitor, said = "visitor-" + uuid.uuid4().hex, "c-" + uuid.uuid4().hex
    answer = requests.post(env["SEADESK_INGEST_URL"] + "/v1/messages", timeout=10, json={
        "channel": "chat", "account": "demo", "message_id": said, "text": "Hello, where is my order?",
        "contact": {"id": visitor, "locale": "en-US"}, "consent": {"recording": True, "notice_version": "1"}},
        headers={"Authorization": "Bearer demo-source-key"})
    assert answer.status_code == 202, answer.text
    tab = Listener(env["SEADESK_CHAT_URL"], token(visitor))
    message = eventually(lambda: desk.message("chat", said), 60)
    agent = desk.as_agent("ana")
    agent.put("/agents/me/presence", json={"state": "away", "capacity": {"weight": 1000, "channels": {}}})

    def outcome(path, body, key):
        """None while it isn't known; the same key asks for the same command's outcome again."""
        answer = agent.post(path, json=body, headers={"Idempotency-Key": key})
        return [answer] if answer.status_code != 202 else None

    def command(verb, body):
        path = f"/tickets/{message['ticket_id']}"
        body = {**body, "expected_version": agent.get(path).json()["version"]}
        key = uuid.uuid4().hex
        answer, = eventually(lambda: outcome(f"{path}/{verb}", body, key), 60)
        assert answer.status_code in (200, 412), answer.text
        return answer.status_code == 200  # 412: something else happened to the ticket meanwhile

    eventually(lambda: command("take", {}), 60)
    eventually(lambda: command("reply", {"text": "It is on its way.", "language": "en"}), 60)
    eventually(lambda: "It is on its way." in tab.texts(), 60)
    tab.close()

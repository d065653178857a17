"""test_widget.py: the web-chat widget and form in a headless Chromium, on a page of another origin, against a running stack."""
import base64
import hashlib
import hmac
import json
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from browser import Page, eventually
from desk_world import COLLEAGUE

pytestmark = pytest.mark.skipif("SEADESK_CHAT_URL" not in os.environ, reason="needs a running stack")
REPLY = "It is on its way."


def part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def session(visitor, mode):
    """A session as the company's site signs it (RFC 7519, HS256)."""
    said = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(
        {"sub": visitor, "aud": "demo", "exp": int(time.time()) + 3600}).encode())
    return said + "." + part(hmac.new(f"demo-{mode}-secret".encode(), said.encode(), hashlib.sha256).digest())


class Site(BaseHTTPRequestHandler):
    """The company's own page: as strict a policy as a page can have, the session of whoever visits, and a store of files."""

    uploads = []

    def do_GET(self):
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        ingest, chat = os.environ["SEADESK_INGEST_URL"], os.environ["SEADESK_CHAT_URL"]
        if asked.path == "/session":
            self.answer("text/plain", session(query["visitor"], query["mode"]))
        elif asked.path == "/":
            mode = query.get("mode", "chat")
            policy = f"default-src 'none'; script-src {ingest}; connect-src 'self' {ingest} {chat}; " \
                     "require-trusted-types-for 'script'; trusted-types 'none'"
            self.answer("text/html; charset=utf-8", f"""<!DOCTYPE html><html lang="{query['lang']}"><title>A shop</title><body>
                <main id="here"></main><script src="{ingest}/v1/widget.js" data-mode="{mode}" data-account="demo"
                data-session-url="/session?visitor={query['visitor']}&amp;mode={mode}" data-stream="{chat}" data-upload="/files"
                data-target="#here" defer></script>""", policy)
        else:
            self.send_response(204)
            self.end_headers()

    def do_POST(self):
        Site.uploads.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer("application/json", json.dumps({"url": f"https://shop.example/files/{len(Site.uploads)}"}))

    def answer(self, kind, text, policy="default-src 'none'"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Visit(Page):
    """A visitor's page: what is looked for stands in the widget's shadow tree."""

    def all(self, selector):
        return self.script("return [...document.querySelectorAll('*')].filter((e) => e.shadowRoot)"
                           ".flatMap((e) => [...e.shadowRoot.querySelectorAll(arguments[0])])", selector)

    def visit(self, lang, mode="chat", visitor=None):
        self.visitor = visitor or "visitor-" + uuid.uuid4().hex
        self.driver.get(f"{self.url}/?visitor={self.visitor}&lang={lang}&mode={mode}")

    def open_chat(self, lang):
        self.visit(lang)
        self.click("#open")

    def write(self, text):
        self.type("#text", text)
        self.click("#send")
        return eventually(lambda: self.kept("shown"))[-1]["id"]

    def kept(self, what):
        stored = self.script("return Object.entries(localStorage)")
        return next((json.loads(value)[what] for name, value in stored if name.endswith(self.visitor + ":")), None)

    def waiting(self):
        """The ids of the messages that are kept until ingest has them."""
        return self.script("return Object.keys(localStorage).filter((n) => n.includes(arguments[0] + ':w-'))"
                           ".map((n) => n.split(':').pop())", self.visitor)

    def asked_for(self):
        """The addresses of all that the page has asked for."""
        return self.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")

    def is_offline(self, offline):
        self.driver.set_network_conditions(offline=offline, latency=0, throughput=-1)


@pytest.fixture(scope="module")
def browser():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = Visit(f"http://127.0.0.1:{server.server_address[1]}")
    yield page
    page.close()
    server.shutdown()
    server.server_close()


def message_at_desk(world, message_id, channel="chat"):
    def routed():
        status, message = world.call("GET", f"/messages/{channel}/demo/{message_id}")
        return message if status == 200 else None
    return eventually(routed)


def texts_of(world, ticket_id):
    return [message["text"] for message in world.ticket(ticket_id)["messages"] if message["direction"] == "in"]


def answer(world, ticket_id):
    """REPLY, by whoever has the ticket, or a colleague."""
    assert world.call("PUT", "/agents/me/presence", {"state": "away", "capacity": {"weight": 1000, "channels": {"chat": 1000}}})[0] < 300

    def reply():
        """It may have been offered to the page's agent: who doesn't take it first may not reply."""
        ticket = world.ticket(ticket_id)
        verb, words = ("reply", {"text": REPLY, "language": "en"}) if ticket["status"] == "assigned" else ("take", {})
        status, _ = world.call("POST", f"/tickets/{ticket_id}/{verb}", {**words, "expected_version": ticket["version"]},
                               agent=ticket["assignee"] or COLLEAGUE)
        return verb == "reply" and status in (200, 202)
    eventually(reply)


def test_consent_is_asked_first_and_nothing_is_sent_or_kept_before(browser, world):
    """CP-12, CP-13."""
    browser.errors()
    browser.open_chat("de-DE")
    browser.wait("#notice-text", "zeichnen wir dieses Gespräch auf")
    eventually(lambda: browser.script("return document.activeElement.shadowRoot?.activeElement?.id") == "agree")

    def is_silent():
        sent = [url for url in browser.asked_for() if any(path in url for path in ("/v1/messages", "/v1/typing", "/v1/chat/"))]
        return not sent and browser.script("return localStorage.length") == 0
    browser.script("localStorage.clear()")
    assert not browser.seen("#text") and is_silent()
    browser.click("#decline")
    browser.gone("#panel")
    assert is_silent()
    browser.click("#open")
    browser.click("#agree")
    message_id = browser.write("Wo ist mein Paket?")
    assert message_at_desk(world, message_id)["text"] == "Wo ist mein Paket?"
    assert browser.kept("consent") == {"recording": True, "notice_version": "1", "locale": "de"}
    assert browser.errors() == []


def test_a_message_reaches_an_agent_whose_reply_is_shown_once_also_after_a_reload(browser, world):
    browser.open_chat("en-US")
    message = message_at_desk(world, browser.write("Hello, may I ask something?"))
    answer(world, message["ticket_id"])
    browser.wait("li.theirs", REPLY)
    browser.visit("en-US", visitor=browser.visitor)
    browser.click("#open")
    browser.wait("li.theirs", REPLY)
    browser.write("Thank you")
    assert sum(REPLY in text for text in eventually(lambda: [line.text for line in browser.all("li.theirs")])) == 1


def test_who_types_is_seen_on_both_sides_until_they_have_written(browser, page, world):
    def typing_of(who):
        return who.all("#typing")[0].text

    def type_until(who, where, words):
        """It is told every 3 s at most: stroke after stroke."""
        eventually(lambda: who.wait("#text").send_keys("x") or words in typing_of(where))

    def place():
        return page.script("return document.querySelector('#composer').getBoundingClientRect().top")
    browser.open_chat("en-US")
    ticket_id = message_at_desk(world, browser.write("Is it you?"))["ticket_id"]
    world.wait_at_rest(ticket_id)
    page.open(ticket_id)
    page.take()
    for who in (browser, page):
        line = eventually(lambda: who.all("#typing"))[0]
        assert (line.text, line.get_attribute("aria-live")) == ("", "polite")
    before = place()
    type_until(browser, page, "Customer is typing")
    assert place() == before
    eventually(lambda: typing_of(page) == "")  # by itself
    type_until(browser, page, "Customer is typing")
    browser.click("#send")
    page.wait(".message[data-way='in']", "xx")
    eventually(lambda: typing_of(page) == "")
    type_until(page, browser, "Somebody is typing")
    page.click("#submit")
    browser.wait("li.theirs", "x")
    eventually(lambda: typing_of(browser) == "")
    assert browser.errors() == []


def test_what_is_written_offline_is_sent_once_when_the_network_is_back(browser, world):
    browser.open_chat("en-US")
    browser.wait("#text")
    first = message_at_desk(world, browser.write("Is anybody there?"))
    browser.is_offline(True)
    try:
        message_id = browser.write("Sent from a tunnel")
        browser.wait("li.mine .state", "Waiting")
        assert browser.waiting() == [message_id]
    finally:
        browser.is_offline(False)
    assert message_at_desk(world, message_id)["ticket_id"] == first["ticket_id"]
    eventually(lambda: browser.waiting() == [])
    assert texts_of(world, first["ticket_id"]).count("Sent from a tunnel") == 1
    browser.errors()


def test_what_waited_when_the_page_was_left_is_sent_by_the_next_page(browser, world):
    browser.open_chat("en-US")
    browser.wait("#text")
    browser.is_offline(True)
    try:
        message_id = browser.write("Sent after the tunnel")
        browser.driver.get("data:text/html,elsewhere")
    finally:
        browser.is_offline(False)
    browser.visit("en-US", visitor=browser.visitor)  # and not opened
    assert message_at_desk(world, message_id)["text"] == "Sent after the tunnel"
    eventually(lambda: browser.waiting() == [])
    browser.errors()


def test_a_message_whose_answer_was_lost_is_sent_again_and_is_one(browser, world):
    browser.open_chat("en-US")
    browser.wait("#text")
    browser.script("""const real = window.fetch; window.posts = 0;
        window.fetch = async (url, options) => {
          const answer = await real(url, options);
          if (options?.method === "POST" && ++window.posts === 1) throw new TypeError("lost on the way");
          return answer;
        };""")
    message = message_at_desk(world, browser.write("Only once, please"))
    eventually(lambda: browser.script("return window.posts") == 2 and browser.waiting() == [])
    assert texts_of(world, message["ticket_id"]) == ["Only once, please"]


def test_the_form_posts_to_the_same_entry_with_a_file(browser, world, tmp_path):
    picture = tmp_path / "shirt.txt"
    picture.write_text("the wrong size")
    browser.visit("es-MX", mode="form")
    browser.wait("#send")
    browser.type("#name", "María")
    browser.type("#email", "maria@example.com")
    browser.type("#subject", "Talla equivocada")
    browser.type("#text", "Hola, recibí la talla equivocada")
    browser.wait("#file").send_keys(str(picture))
    browser.click("#send")
    browser.wait("#status", "hemos recibido su mensaje")
    message = message_at_desk(world, browser.kept("shown")[-1]["id"], channel="form")
    assert (message["text"], message["language"]) == ("Hola, recibí la talla equivocada", "es")
    assert Site.uploads[-1] == b"the wrong size"


def test_a_picture_alone_is_a_message_and_is_sent_once_though_send_is_pressed_twice(browser, world, tmp_path):
    picture = tmp_path / "broken.jpg"
    picture.write_text("a broken cup")
    browser.open_chat("en-US")
    browser.wait("#file").send_keys(str(picture))
    before = len(Site.uploads)
    browser.script("""const real = window.fetch;
        window.held = [];
        window.fetch = async (url, options) => {
          if (String(url).endsWith("/files")) await new Promise((done) => window.held.push(done));
          return real(url, options);
        };""")
    browser.click("#send")
    eventually(lambda: browser.script("return window.held.length") == 1)
    browser.script("""[...document.querySelectorAll('*')].find((e) => e.shadowRoot).shadowRoot.querySelector("form").requestSubmit();
        window.held.forEach((release) => release());""")
    browser.wait("li.mine", "broken.jpg")
    message = message_at_desk(world, eventually(lambda: browser.kept("shown"))[-1]["id"])
    eventually(lambda: browser.waiting() == [])
    received = [each for each in world.ticket(message["ticket_id"])["messages"] if each["direction"] == "in"]
    assert [[(file["name"], file["mime"]) for file in each["attachments"]] for each in received] == [[("broken.jpg", "image/jpeg")]]
    assert Site.uploads[before:] == [b"a broken cup"]


def test_what_an_agent_says_while_the_visitor_is_offline_is_shown_once_when_the_network_is_back(browser, world):
    browser.open_chat("en-US")
    message = message_at_desk(world, browser.write("Please answer while I am in the tunnel"))
    browser.is_offline(True)
    try:
        answer(world, message["ticket_id"])
    finally:
        browser.is_offline(False)
    browser.wait("li.theirs", REPLY)
    assert sum(REPLY in line.text for line in browser.all("li.theirs")) == 1
    browser.errors()


@pytest.mark.parametrize("lang,word", [("zh-CN", "联系我们"), ("ar-SA", "افتح المحادثة"), ("ja", "チャットを開く"), ("xx", "Chat with us")])
def test_the_widget_speaks_the_language_of_the_page(browser, lang, word):
    browser.visit(lang)
    browser.wait("#open", word)
    direction = browser.script("return [...document.querySelectorAll('*')].find((e) => e.shadowRoot).dir")
    assert direction == ("rtl" if lang == "ar-SA" else "ltr")

"""test_fake_provider.py: the fake provider alone, against an ingest of the test's own: no stack is needed."""
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests

CHECKOUT = Path(__file__).resolve().parents[2]
PUBLIC = "https://hooks.example.com"
TOKEN = {"Authorization": "Bearer demo-whatsapp-token"}
LOGIN = ("AC00000000000000000000000000000001", "demo-twilio-sms-secret")


class Ingest(ThreadingHTTPServer):
    """Keeps what is posted, and answers `status`, or each of `next_statuses` first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts, self.next_statuses, self.status = [], [], 200
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def whatsapp_statuses(self):
        values = [entry["changes"][0]["value"] for post in self.posts for entry in json.loads(post["body"])["entry"]]
        return [status for value in values for status in value["statuses"]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        statuses = self.server.next_statuses
        status = statuses.pop(0) if statuses else self.server.status
        if status < 300:
            self.server.posts.append({"path": self.path, "headers": self.headers, "body": body})
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def binary():
    folder = os.environ.get("SEADESK_BIN_DIR") or CHECKOUT / "build" / "dev" / "bin"
    path = Path(folder) / "fake-provider"
    if not path.exists():
        pytest.skip("not built")
    return path


@pytest.fixture
def ingest():
    server = Ingest()
    yield server
    server.shutdown()


@pytest.fixture
def program(ingest):
    """The process; it must end well, which in a sanitizer build means without a leak too."""
    env = {"PATH": os.environ["PATH"], "SEADESK_LISTEN": ":0", "SEADESK_INGEST_URL": ingest.url}
    process = subprocess.Popen([binary()], env=env, stderr=subprocess.PIPE, text=True)
    process.port = None
    while process.port is None:
        line = process.stderr.readline()
        assert line, "it ended before it listened"
        found = re.search(r"msg=listening what=http address=127\.0\.0\.1:(\d+)", line)
        process.port = found and int(found.group(1))
    process.rest = []
    threading.Thread(target=lambda: process.rest.extend(process.stderr), daemon=True).start()
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0, "".join(process.rest)


@pytest.fixture
def fake(program):
    return Fake(program.port)


class Fake:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.http = requests.Session()

    def whatsapp(self, to="5511912345678", text="Olá", timeout=5, **more):
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text",
                "text": {"body": text}, **more}
        return self.http.post(self.url + "/v23.0/100000000000001/messages", json=body, headers=TOKEN, timeout=timeout)

    def sms(self, to="+14155550100", text="Hello", callback=PUBLIC + "/v1/channels/twilio-sms/demo?attempt=a-1"):
        form = {"To": to, "From": "+15005550006", "Body": text, "StatusCallback": callback}
        return self.http.post(f"{self.url}/2010-04-01/Accounts/{LOGIN[0]}/Messages.json", data=form, auth=LOGIN)

    def translate(self, **body):
        return self.http.post(self.url + "/translate", json=body)

    def script(self, **rules):
        answer = self.http.post(self.url + "/script", json={name.replace("_", "-"): r for name, r in rules.items()})
        assert answer.status_code == 204, answer.text

    def log(self, **query):
        return [json.loads(line) for line in self.http.get(self.url + "/log", params=query).text.splitlines()]


def eventually(ask, timeout=10):
    end = time.monotonic() + timeout
    while not (answer := ask()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)
    return answer


def names(statuses):
    return [status["status"] for status in statuses]


def test_a_whatsapp_send_is_accepted_logged_and_reported_on(fake, ingest):
    answer = fake.whatsapp(biz_opaque_callback_data="attempt-1")
    assert answer.status_code == 200
    message_id = answer.json()["messages"][0]["id"]
    assert message_id.startswith("wamid.")
    assert answer.json()["contacts"] == [{"input": "5511912345678", "wa_id": "5511912345678"}]
    statuses = eventually(lambda: len(s := ingest.whatsapp_statuses()) == 3 and s)
    assert names(statuses) == ["sent", "delivered", "read"]
    assert {s["id"] for s in statuses} == {message_id}
    assert {s["biz_opaque_callback_data"] for s in statuses} == {"attempt-1"}
    assert {s["recipient_id"] for s in statuses} == {"5511912345678"}
    for post in ingest.posts:
        assert post["path"] == "/v1/channels/whatsapp/demo"
        mac = hmac.new(b"demo-whatsapp-secret", post["body"], hashlib.sha256).hexdigest()
        assert post["headers"]["X-Hub-Signature-256"] == "sha256=" + mac
    line = eventually(lambda: len(fake.log()[0]["reports"]) == 3 and fake.log()[0])
    assert (line["channel"], line["to"], line["text"], line["id"]) == ("whatsapp", "5511912345678", "Olá", message_id)
    assert line["ids"] == {"callback_data": "attempt-1"}
    assert line["headers"]["authorization"] == "Bearer"
    assert line["headers"]["content-type"] == "application/json"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", line["time"])
    assert line["reports"] == [{"status": name, "answer": 200} for name in ("sent", "delivered", "read")]


def test_a_whatsapp_template_is_taken_with_its_parameters(fake):
    template = {"name": "customs_held", "language": {"code": "pt_BR"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "1001"},
                                                               {"type": "text", "text": "amanhã"}]}]}
    assert fake.whatsapp(type="template", template=template).status_code == 200
    line = fake.log()[0]
    assert line["text"] == "1001 amanhã"
    assert line["template"] == template


@pytest.mark.parametrize("change, status, code", [
    ({"to": "maria"}, 400, 100), ({"text": {"body": ""}}, 400, 100), ({"text": {"body": "x" * 4097}}, 400, 100),
    ({"messaging_product": "sms"}, 400, 100), ({"type": "template"}, 400, 100)])
def test_a_wrong_whatsapp_send_is_refused_as_the_provider_does(fake, change, status, code):
    text = change.pop("text", {"body": "Olá"})["body"]
    answer = fake.whatsapp(**{"to": "5511912345678", "text": text, **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert fake.log(all="true") == []


def test_calls_without_credentials_are_refused(fake):
    body = {"messaging_product": "whatsapp", "to": "5511912345678", "type": "text", "text": {"body": "x"}}
    answer = fake.http.post(fake.url + "/v23.0/1/messages", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)
    answer = fake.http.post(f"{fake.url}/2010-04-01/Accounts/AC1/Messages.json", data={"To": "+14155550100", "Body": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize("channel, path, body, id_at", [
    ("line", "/v2/bot/message/push", {"to": "U1", "messages": [{"type": "text", "text": "Hello"}]},
     lambda answer: answer["sentMessages"][0]["id"]),
    ("messenger", "/v23.0/77/messages", {"recipient": {"id": "U1"}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}},
     lambda answer: answer["message_id"]),
    ("telegram", "/bot1:token/sendMessage", {"chat_id": "U1", "text": "Hello"}, lambda answer: answer["result"]["message_id"]),
    ("slack", "/chat.postMessage", {"channel": "U1", "text": "Hello"}, lambda answer: answer["ts"])])
def test_chat_apps_take_what_is_sent_with_a_token(fake, channel, path, body, id_at):
    answer = fake.http.post(fake.url + path, json=body, headers={"Authorization": "Bearer t"})
    assert answer.status_code == 200
    [sent] = fake.log(channel=channel, to="U1")
    assert (sent["text"], sent["id"], sent["reports"]) == ("Hello", id_at(answer.json()), [])
    assert fake.http.post(fake.url + path.replace("bot1:token", "1:token"), json=body).status_code == 401
    fake.script(**{channel: [{"status": 500}]})
    assert fake.http.post(fake.url + path, json=body, headers={"Authorization": "Bearer t"}).status_code == 500


def test_an_sms_is_accepted_logged_and_reported_on_with_twilios_signature(fake, ingest):
    answer = fake.sms()
    assert answer.status_code == 201
    sid = answer.json()["sid"]
    assert re.fullmatch(r"SM[0-9a-f]{32}", sid)
    assert answer.json()["status"] == "queued"
    eventually(lambda: len(ingest.posts) == 2)
    for post, status in zip(ingest.posts, ("sent", "delivered")):
        assert post["path"] == "/v1/channels/twilio-sms/demo?attempt=a-1"
        form = dict(parse_qsl(post["body"].decode()))
        assert (form["MessageSid"], form["MessageStatus"], form["To"]) == (sid, status, "+14155550100")
        signed = PUBLIC + post["path"] + "".join(name + form[name] for name in sorted(form))
        mac = base64.b64encode(hmac.new(b"demo-twilio-sms-secret", signed.encode(), hashlib.sha1).digest()).decode()
        assert post["headers"]["X-Twilio-Signature"] == mac
    line = fake.log(channel="twilio-sms")[0]
    assert (line["to"], line["text"], line["id"]) == ("+14155550100", "Hello", sid)
    assert line["ids"] == {"status_callback": PUBLIC + "/v1/channels/twilio-sms/demo?attempt=a-1"}
    assert fake.log(channel="whatsapp") == []


def test_wrong_sms_are_refused_as_the_provider_does(fake):
    for change, code in (({"to": "14155550100"}, 21211), ({"text": ""}, 21602), ({"text": "x" * 1601}, 21617)):
        answer = fake.sms(**change)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_500_after_accepting_is_logged_and_reported_on(fake, ingest):
    fake.script(whatsapp=[{"status": 500, "accepted": True, "times": 1}])
    assert fake.whatsapp().status_code == 500
    assert fake.whatsapp(text="second").status_code == 200
    assert [line["text"] for line in fake.log()] == ["Olá", "second"]
    eventually(lambda: len(ingest.whatsapp_statuses()) == 6)


def test_a_refused_send_is_not_in_the_log_unless_all_is_asked_for(fake, ingest):
    fake.script(whatsapp=[{"status": 429, "retry_after_s": 7, "error": 130429, "to": "491711234567"}])
    answer = fake.whatsapp(to="491711234567")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == 130429
    assert fake.whatsapp(to="5511912345678").status_code == 200
    assert [line["to"] for line in fake.log()] == ["5511912345678"]
    assert [line["to"] for line in fake.log(all="true")] == ["491711234567", "5511912345678"]
    eventually(lambda: len(ingest.whatsapp_statuses()) == 3)
    assert {s["recipient_id"] for s in ingest.whatsapp_statuses()} == {"5511912345678"}


def test_silence_and_delay(fake):
    fake.script(whatsapp=[{"silent": True, "text": "quiet"}, {"delay_ms": 300}])
    with pytest.raises(requests.ReadTimeout):
        fake.whatsapp(text="be quiet", timeout=0.5)
    assert len(fake.log()) == 1  # accepted, although nobody heard so
    before = time.monotonic()
    assert fake.whatsapp().status_code == 200
    assert time.monotonic() - before >= 0.29  # a timer's clock is read a little before it is set


def test_statuses_may_be_doubled_out_of_order_failed_or_missing(fake, ingest):
    fake.script(whatsapp=[
        {"to": "551100001", "statuses": ["delivered", "sent", "sent", "read", "sent"], "status_gap_ms": 60},
        {"to": "551100002", "statuses": []},
        {"to": "551100003", "statuses": ["failed"], "status_error": 131026}])
    for to in ("551100001", "551100002", "551100003"):
        assert fake.whatsapp(to=to).status_code == 200
    statuses = eventually(lambda: len(s := ingest.whatsapp_statuses()) == 6 and s)
    ordered = [s for s in statuses if s["recipient_id"] == "551100001"]
    assert names(ordered) == ["delivered", "sent", "sent", "read", "sent"]
    assert len({s["timestamp"] for s in ordered if s["status"] == "sent"}) == 1  # the same status each time
    failed = next(s for s in statuses if s["recipient_id"] == "551100003")
    assert failed["errors"][0]["code"] == 131026
    time.sleep(0.2)
    assert not [s for s in ingest.whatsapp_statuses() if s["recipient_id"] == "551100002"]


def test_whatsapp_tries_a_status_again_until_it_is_taken(fake, ingest):
    ingest.next_statuses = [503, 503]
    fake.script(whatsapp=[{"statuses": ["sent"]}])
    fake.whatsapp()
    assert names(eventually(ingest.whatsapp_statuses)) == ["sent"]
    assert ingest.next_statuses == []
    assert eventually(lambda: fake.log()[0]["reports"]) == [{"status": "sent", "answer": 200}]


def test_rules_count_their_calls(fake):
    fake.script(twilio_sms=[{"skip": 1, "times": 2, "status": 429, "error": 20429}])
    assert [fake.sms().status_code for _ in range(4)] == [201, 429, 429, 201]
    rule = fake.http.get(fake.url + "/script").json()["twilio-sms"][0]
    assert (rule["skip"], rule["times"], rule["status"], rule["hits"]) == (1, 2, 429, 3)


@pytest.mark.parametrize("script, field", [
    ([], ""), ({"telegraph": []}, "/telegraph"), ({"whatsapp": {}}, "/whatsapp"), ({"whatsapp": [{}, 1]}, "/whatsapp/1"),
    ({"whatsapp": [{"colour": 1}]}, "/whatsapp/0/colour"), ({"whatsapp": [{"status": "x"}]}, "/whatsapp/0/status"),
    ({"whatsapp": [{"status": 99}]}, "/whatsapp/0"), ({"whatsapp": [{"statuses": [1]}]}, "/whatsapp/0/statuses")])
def test_a_wrong_script_is_refused_with_its_place_and_changes_nothing(fake, script, field):
    fake.script(whatsapp=[{"status": 418}])
    answer = fake.http.post(fake.url + "/script", json=script)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert fake.whatsapp().status_code == 418


def test_the_log_can_be_emptied_and_the_script_with_it(fake):
    fake.script(whatsapp=[{"status": 418}])
    fake.whatsapp()
    assert len(fake.log(all="true")) == 1
    assert fake.http.delete(fake.url + "/log").status_code == 204
    assert fake.log(all="true") == []
    assert fake.whatsapp().status_code == 418
    fake.http.delete(fake.url + "/log?script=true")
    assert fake.whatsapp().status_code == 200


def test_statuses_and_log_go_by_the_shifted_clock(fake, ingest):
    hour_ms = 3600 * 1000
    assert fake.http.put(fake.url + "/clock", json={"offset_ms": 5 * hour_ms}).status_code == 204
    fake.whatsapp()
    status = eventually(ingest.whatsapp_statuses)[0]
    assert abs(int(status["timestamp"]) - time.time() - 5 * 3600) < 60
    assert fake.http.put(fake.url + "/clock", json={"offset_ms": "x"}).status_code == 422


def test_translations_are_known_by_heart_or_marked(fake):
    assert fake.translate(q="Onde está o meu pedido?", source="pt", target="zh-CN").json() == {
        "translatedText": "我的订单在哪里？"}
    text = "Pedido ⟦1⟧ chegou quebrado, {name}"
    assert fake.translate(q=text, source="pt", target="en").json() == {"translatedText": "[en] " + text}
    many = fake.translate(q=["Where is my order?", "x"], source="auto", target="de").json()
    assert many["translatedText"] == ["Wo ist meine Bestellung?", "[de] x"]
    assert [found["language"] for found in many["detectedLanguage"]] == ["en", "en"]
    form = {"q": "¿Dónde está mi pedido?", "source": "es", "target": "en"}
    assert fake.http.post(fake.url + "/translate", data=form).json() == {"translatedText": "Where is my order?"}
    languages = fake.http.get(fake.url + "/languages").json()
    assert {"en", "zh", "pt"} <= {language["code"] for language in languages}


def test_wrong_translation_calls_are_refused(fake):
    for body in ({"source": "en", "target": "de"}, {"q": "x", "target": "de"}, {"q": "x", "source": "en"},
                 {"q": "x", "source": "en", "target": "tlh"}, {"q": [1], "source": "en", "target": "de"}):
        answer = fake.translate(**body)
        assert answer.status_code == 400 and answer.json()["error"]


def test_the_engine_can_be_broken_by_script(fake):
    fake.script(translate=[{"status": 503, "times": 1}, {"mangle": True, "text": "⟦1⟧"}])
    assert fake.translate(q="x", source="en", target="de").status_code == 503
    assert fake.translate(q="⟦1⟧ x", source="en", target="de").json() == {"translatedText": "[de] ⟦⟧ x"}
    assert fake.translate(q="x", source="en", target="de").status_code == 200


def test_it_ends_well_while_answers_and_statuses_are_held(fake):
    fake.script(whatsapp=[{"silent": True, "status_gap_ms": 60000}])
    with pytest.raises(requests.ReadTimeout):
        fake.whatsapp(timeout=0.3)


def test_it_refuses_production():
    env = {"PATH": os.environ["PATH"], "SEADESK_LISTEN": ":0", "SEADESK_MODE": "production"}
    done = subprocess.run([binary()], env=env, capture_output=True, text=True, timeout=15)
    assert done.returncode != 0
    assert "refused in production" in done.stderr

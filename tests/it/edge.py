"""edge.py: what the tests of ingest share: signed requests, the ids and keys that must come of them, and its topics."""
import base64
import contextlib
import hashlib
import hmac
import json
import socket
import sys
import time
import urllib.parse
import uuid
from pathlib import Path

import requests
import yaml

import contract
import stack
from stack import CHECKOUT, eventually  # noqa: F401

sys.path.insert(0, str(CHECKOUT / "deploy" / "dev"))
import traffic  # noqa: E402

NAME_SPACE = uuid.UUID("a4f76ac0-252b-5a94-98ec-83ecf90669c8")
SOURCE = {"Authorization": "Bearer demo-source-key"}
STRUCTURED = {**SOURCE, "Content-Type": "application/cloudevents+json"}
BATCH = {**SOURCE, "Content-Type": "application/cloudevents-batch+json"}
JSON = {**SOURCE, "Content-Type": "application/json"}


def uuid5(*parts):
    """Version 5 of the parts joined by NUL in Seadesk's name space (sea_id.h)."""
    digest = hashlib.sha1(NAME_SPACE.bytes + b"\0".join(part.encode() for part in parts)).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def message_id(channel, external_id, account="demo"):
    return uuid5("message", channel, account, external_id)


def event_id(event):
    return uuid5("business", event["source"], event["id"])


def order_paid(order_id, event_id_=None, **data):
    customer = {"customer_ref": "c-" + order_id, "name": "Ana", "locale": "pt-BR", "phone": "+5511912345678"}
    return traffic.business_event("order.paid", {"order_id": order_id, "market": "BR", "customer": customer, **data}, event_id_)


def whatsapp_image(sender, media_id, message):
    """A webhook with an image whose bytes are WhatsApp's to hand out."""
    payload = traffic.whatsapp_text(sender, "", message)
    said = payload["entry"][0]["changes"][0]["value"]["messages"][0]
    del said["text"]
    said |= {"type": "image", "image": {"id": media_id, "mime_type": "image/jpeg"}}
    return payload


def new(prefix="x"):
    return traffic.new_id(prefix)


def channels_changed(tmp_path, change):
    """The configuration folder with the channels.yaml that `change` makes of the stack's own."""
    return stack.copied_config(tmp_path, "channels.yaml", lambda text: yaml.safe_dump(change(yaml.safe_load(text))))


def add_to(path, more):
    """Accounts and sources into a channels.yaml that is in use."""
    path.write_text(yaml.safe_dump(adding(**more)(yaml.safe_load(path.read_text()))))


@contextlib.contextmanager
def configured(service, config, **settings):
    """ingest with another configuration folder and other settings; as it was afterwards."""
    ingest = service("ingest")
    ingest.settings(SEADESK_CONFIG=config, **settings)
    try:
        ingest.restart()
        yield ingest
    finally:
        ingest.settings()
        ingest.restart()


def adding(**more):
    """A change for channels_changed(): these accounts and sources too."""
    def change(channels):
        for name, items in more.items():
            channels[name] += items
        return channels
    return change


class Edge(stack.Http):
    """ingest, asked the way providers and company systems ask it; what it answers must be documented."""

    def request(self, method, url, **options):
        answer = super().request(method, url, **options)
        wrong = contract.undocumented(method, answer.request.path_url, answer.status_code, answer.headers)
        assert not wrong, f"not in docs/schemas/openapi.yaml: {wrong}"
        return answer

    def whatsapp(self, payload, account="demo", secret=None, **options):
        body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        signed = traffic.sign_whatsapp(body, secret or traffic.secret_of("whatsapp"))
        headers = {"Content-Type": "application/json", **signed, **options.pop("headers", {})}
        return self.post(f"/v1/channels/whatsapp/{account}", data=body, headers=headers, **options)

    def text(self, sender, text="hello", message=None, **options):
        return self.whatsapp(traffic.whatsapp_text(sender, text, message), **options)

    def twilio(self, params, query=""):
        url = f"{self.base}/v1/channels/twilio-sms/demo{query}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", **traffic.sign_twilio(url, params)}
        return self.post(url, data=urllib.parse.urlencode(params), headers=headers)

    def postmark(self, message, files, sender):
        """E-mail with files {name: bytes}, as Postmark hands it over."""
        body = {"From": sender, "Subject": "My order", "MessageID": message, "TextBody": "See the files",
                "Headers": [{"Name": "Message-ID", "Value": f"<{message}>"}],
                "Attachments": [{"Name": name, "Content": base64.b64encode(content).decode(), "ContentType": "image/png",
                                 "ContentLength": len(content)} for name, content in files.items()]}
        login = base64.b64encode(b"demo-email-secret").decode()
        return self.post("/v1/channels/email/postmark", json=body, headers={"Authorization": "Basic " + login}, timeout=60)

    def event(self, event, **headers):
        return self.post("/v1/events", json=event, headers={**STRUCTURED, **headers})

    def batch(self, events):
        return self.post("/v1/events", json=events, headers=BATCH)

    def binary(self, event, data, content_type, **headers):
        attributes = {"ce-" + name: event[name] for name in ("specversion", "id", "source", "type", "subject", "time")}
        return self.post("/v1/events", data=data, headers={**SOURCE, **attributes, "Content-Type": content_type, **headers})

    def message(self, message, timeout=10, **headers):
        return self.post("/v1/messages", json=message, headers={**JSON, **headers}, timeout=timeout)


def speak(base, data, wait=2.0):
    """Sends raw bytes and returns what comes back until the other side closes or is silent."""
    url = urllib.parse.urlparse(base)
    with socket.create_connection((url.hostname, url.port), timeout=wait) as connection:
        connection.sendall(data)
        answer = b""
        with contextlib.suppress(TimeoutError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def problem(answer, status, code, field=None):
    """Asserts that the answer is this problem (RFC 9457), and returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:seadesk:problem:{code}" and body["status"] == status and body["title"], body
    assert body.get("field") == field, body
    return body


class Hasher:
    """Contact keys and look-up hashes with the stack's own pepper (sea_seal.h)."""

    def __init__(self, env):
        self.pepper = (Path(env["SEADESK_STATE_DIR"]) / "secrets" / "pepper").read_bytes().strip()

    def contact(self, channel, account, external_id):
        return self._hash(self.pepper, f"{channel}\0{account}\0{external_id}")

    def lookup(self, kind, value):
        key = hmac.digest(self.pepper, f"lookup\0{kind}".encode(), "sha256")
        return self._hash(key, value)

    @staticmethod
    def _hash(key, text):
        return hmac.digest(key, text.encode(), "sha256")[:16]


def of_id(wanted):
    """A filter of records: those with this ce_id."""
    return lambda record: stack.header(record, "ce_id") == wanted


def of_root(wanted):
    return lambda record: stack.header(record, "sd-root") == wanted


def settle(topic, seconds=0.5):
    """Everything that has come to the topic; what is acknowledged is there, so a short wait is enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        topic.read(0.1)
    return topic.seen


def everything_of(record):
    """A record's bytes, for looking whether something stands in it."""
    parts = [record.key or b"", record.value or b""] + [name.encode() + b"=" + value for name, value in record.headers]
    return b"\n".join(parts)


def standard_webhook(body, secret, identity=None, at_s=None):
    """Headers of a Standard Webhooks signature; `secret` is base64 after whsec_."""
    identity, at_s = identity or new("msg_"), int(at_s or time.time())
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{identity}.{at_s}.".encode() + body, "sha256")
    return {"webhook-id": identity, "webhook-timestamp": str(at_s),
            "webhook-signature": "v1," + base64.b64encode(mac).decode()}

"""traffic.py: messages and events in their publishers' own formats, signed as these sign them, for demo and tests.

WhatsApp: Cloud API webhooks, X-Hub-Signature-256 = HMAC-SHA256 of the raw body with the app secret.
Twilio: form parameters, X-Twilio-Signature = base64 HMAC-SHA1 of the URL and the sorted parameters with the auth token.
Forms and business events: JSON with the Bearer key of a registered source (contract of /v1/messages and /v1/events).
"""
import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

SOURCE_KEY = "demo-source-key"


def secret_of(channel):
    return f"demo-{channel}-secret"


def sign_whatsapp(body, secret=secret_of("whatsapp")):
    mac = hmac.new(secret.encode(), body, hashlib.sha256)
    return {"X-Hub-Signature-256": "sha256=" + mac.hexdigest()}


def sign_twilio(url, params, secret=secret_of("twilio-sms")):
    signed = url + "".join(name + params[name] for name in sorted(params))
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha1)
    return {"X-Twilio-Signature": base64.b64encode(mac.digest()).decode()}


def new_id(prefix):
    return prefix + uuid.uuid4().hex


def rfc3339(at_ms):
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=at_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at_ms) % 1000:03d}Z"


def now_ms():
    return int(time.time() * 1000)


def whatsapp_change(value):
    """A WhatsApp webhook of one change; `value` is what the change carries besides its metadata."""
    metadata = {"display_phone_number": "15550001111", "phone_number_id": "100000000000001"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "demo", "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def whatsapp_text(sender, text, message_id=None, at_ms=None, name="Customer"):
    at_s = (now_ms() if at_ms is None else at_ms) // 1000
    message = {"from": sender, "id": message_id or new_id("wamid."), "timestamp": str(at_s), "type": "text",
               "text": {"body": text}}
    contact = {"profile": {"name": name}, "wa_id": sender}
    return whatsapp_change({"contacts": [contact], "messages": [message]})


def whatsapp_media(sender, kind, media, message_id=None):
    """An image, audio (a voice note with media {"voice": true}), video … with the provider's words for it."""
    message = {"from": sender, "id": message_id or new_id("wamid."), "timestamp": str(now_ms() // 1000), "type": kind, kind: media}
    return whatsapp_change({"contacts": [{"profile": {"name": "Customer"}, "wa_id": sender}], "messages": [message]})


def whatsapp_status(recipient, message_id, status, at_ms=None):
    at_s = (now_ms() if at_ms is None else at_ms) // 1000
    return whatsapp_change({"statuses": [{"id": message_id, "status": status, "timestamp": str(at_s),
                                          "recipient_id": recipient}]})


def twilio_sms(sender, text, message_id=None):
    return {"AccountSid": "AC00000000000000000000000000000001", "ApiVersion": "2010-04-01", "Body": text, "From": "+" + sender.lstrip("+"),
            "MessageSid": message_id or new_id("SM"), "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received",
            "To": "+15005550006"}


def form_message(sender, text, message_id=None, at_ms=None, locale="en-GB", **more):
    contact = {"id": sender, "name": "Customer", "email": sender, "locale": locale}
    return {"channel": "form", "account": "demo", "message_id": message_id or new_id("f-"), "contact": contact,
            "sent_at": rfc3339(now_ms() if at_ms is None else at_ms), "text": text,
            "consent": {"recording": True, "notice_version": "1"}, **more}


def business_event(kind, data, event_id=None, at_ms=None, source="/erp/demo"):
    """A CloudEvent such as kind="order.paid"; `data` without occurred_at gets the event's own time."""
    at = rfc3339(now_ms() if at_ms is None else at_ms)
    subject = f"order/{data['order_id']}" if "order_id" in data else f"customer/{data.get('customer', {}).get('customer_ref', '')}"
    return {"specversion": "1.0", "id": event_id or new_id("e-"), "source": source, "type": f"seadesk.{kind}.v1",
            "subject": subject, "time": at, "datacontenttype": "application/json", "data": {"occurred_at": at, **data}}


def post(url, body, headers):
    """Posts bytes; returns status, body and what the server said of itself, also for refusals."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def post_whatsapp(ingest_url, payload, account="demo"):
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", **sign_whatsapp(body)}
    return post(f"{ingest_url}/v1/channels/whatsapp/{account}", body, headers)


def post_twilio(ingest_url, params, account="demo"):
    url = f"{ingest_url}/v1/channels/twilio-sms/{account}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", **sign_twilio(url, params)}
    return post(url, urllib.parse.urlencode(params).encode(), headers)


def post_json(ingest_url, path, payload, content_type="application/json"):
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {SOURCE_KEY}"}
    return post(ingest_url + path, json.dumps(payload, ensure_ascii=False).encode(), headers)


def post_form(ingest_url, message):
    return post_json(ingest_url, "/v1/messages", message)


def post_event(ingest_url, event):
    return post_json(ingest_url, "/v1/events", event, "application/cloudevents+json")

"""Zendesk, "Verifying webhook authenticity": of the time and the body."""
from datetime import datetime, timezone

from recorded import base64_mac


def sign(request, secret, at_s):
    time = datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    request.headers["X-Zendesk-Webhook-Signature-Timestamp"] = time
    request.headers["X-Zendesk-Webhook-Signature"] = base64_mac(secret, time.encode() + request.body)

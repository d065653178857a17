"""Slack, "Verifying requests from Slack"."""
from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["X-Slack-Request-Timestamp"] = str(at_s)
    request.headers["X-Slack-Signature"] = "v0=" + hex_mac(secret, f"v0:{at_s}:".encode() + request.body)

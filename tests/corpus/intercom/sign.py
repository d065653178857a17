"""Intercom, "Webhook notifications": signed with the client secret."""
from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["X-Hub-Signature"] = "sha1=" + hex_mac(secret, request.body, "sha1")

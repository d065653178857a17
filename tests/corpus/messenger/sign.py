"""Meta, "Webhooks: validating payloads"."""
from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["X-Hub-Signature-256"] = "sha256=" + hex_mac(secret, request.body)

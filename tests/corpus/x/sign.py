"""X, "Securing webhooks"."""
from recorded import base64_mac


def sign(request, secret, at_s):
    request.headers["x-twitter-webhooks-signature"] = "sha256=" + base64_mac(secret, request.body)

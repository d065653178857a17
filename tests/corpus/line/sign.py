"""LINE Developers, "Verify webhook signature"."""
from recorded import base64_mac


def sign(request, secret, at_s):
    request.headers["X-Line-Signature"] = base64_mac(secret, request.body)

"""AfterShip, "Webhook signature"."""
from recorded import base64_mac


def sign(request, secret, at_s):
    request.headers["aftership-hmac-sha256"] = base64_mac(secret, request.body)

"""TikTok, "Webhooks: verification"."""
from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["TikTok-Signature"] = f"t={at_s},s=" + hex_mac(secret, f"{at_s}.".encode() + request.body)

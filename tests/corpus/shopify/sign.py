"""Shopify, "Webhooks: verify webhooks"."""
from recorded import base64_mac


def sign(request, secret, at_s):
    request.headers["X-Shopify-Hmac-Sha256"] = base64_mac(secret, request.body)

"""Postmark, "Inbound webhook": user and password in the webhook's address."""
from recorded import basic


def sign(request, secret, at_s):
    request.headers["Authorization"] = basic(secret)

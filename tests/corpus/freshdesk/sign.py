"""Freshdesk, "Using webhooks in automation rules": user and password."""
from recorded import basic


def sign(request, secret, at_s):
    request.headers["Authorization"] = basic(secret)

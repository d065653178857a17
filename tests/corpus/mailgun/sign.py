"""Mailgun, "Securing webhooks": an HMAC over time and token, in the form's own fields. The token, random there, is here the
body's own, so that another body has another."""
import hashlib
import re

from recorded import hex_mac


def sign(request, secret, at_s):
    for name in (b"token", b"timestamp", b"signature"):
        set_field(request, name, b"")
    token = hashlib.sha256(request.body).hexdigest()[:50].encode()
    set_field(request, b"token", token)
    set_field(request, b"timestamp", str(at_s).encode())
    set_field(request, b"signature", hex_mac(secret, str(at_s).encode() + token).encode())


def pattern(name):
    return re.compile(rb'((?:^|&)' + name + rb'=|; name="' + name + rb'"\r\n\r\n)([^&\r]*)')


def set_field(request, name, value):
    request.body = pattern(name).sub(lambda found: found[1] + value, request.body, count=1)

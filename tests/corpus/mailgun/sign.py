"""Mailgun, "Securing webhooks": an HMAC over time and token, in the form's own fields."""
import re

from recorded import hex_mac


def sign(request, secret, at_s):
    token = field(request.body, b"token")
    set_field(request, b"timestamp", str(at_s).encode())
    set_field(request, b"signature", hex_mac(secret, str(at_s).encode() + token).encode())


def pattern(name):
    return re.compile(rb'((?:^|&)' + name + rb'=|; name="' + name + rb'"\r\n\r\n)([^&\r]*)')


def field(body, name):
    return pattern(name).search(body)[2]


def set_field(request, name, value):
    request.body = pattern(name).sub(lambda found: found[1] + value, request.body, count=1)

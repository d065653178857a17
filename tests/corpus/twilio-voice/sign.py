"""Twilio, "Validating requests": the URL, then every parameter's name and value in order of names."""
from recorded import base64_mac


def sign(request, secret, at_s):
    signed = request.url + "".join(name + value for name, value in sorted(set(request.form())))
    request.headers["X-Twilio-Signature"] = base64_mac(secret, signed, "sha1")

"""17TRACK, "Push notification": a hash of the body, a slash and the key."""
from recorded import sha256


def sign(request, secret, at_s):
    request.headers["sign"] = sha256(request.body + b"/" + secret.encode())

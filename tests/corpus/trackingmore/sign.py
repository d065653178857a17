"""TrackingMore, "Webhook: v4": of the time alone."""
from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["timestamp"] = str(at_s)
    request.headers["signature"] = hex_mac(secret, str(at_s))

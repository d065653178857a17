"""Standard Webhooks 1.0, "Signature scheme"."""
import base64

from recorded import base64_mac


def sign(request, secret, at_s):
    identity = request.headers.setdefault("webhook-id", "msg_" + request.path.stem)
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret
    request.headers["webhook-timestamp"] = str(at_s)
    request.headers["webhook-signature"] = "v1," + base64_mac(key, f"{identity}.{at_s}.".encode() + request.body)

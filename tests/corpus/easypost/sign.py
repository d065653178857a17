"""EasyPost, "Webhooks guide": keyed with the secret's NFKD form."""
import unicodedata

from recorded import hex_mac


def sign(request, secret, at_s):
    request.headers["X-Hmac-Signature"] = "hmac-sha256-hex=" + hex_mac(unicodedata.normalize("NFKD", secret), request.body)

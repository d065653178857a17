"""SendGrid, "Securing your Inbound Parse webhooks": ECDSA over time and body, with the private key of the one in `secret`."""
import base64
import subprocess
from pathlib import Path

KEY = Path(__file__).with_name("key.pem")


def sign(request, secret, at_s):
    command = ["openssl", "dgst", "-sha256", "-sign", KEY]
    signature = subprocess.run(command, input=str(at_s).encode() + request.body, capture_output=True, check=True).stdout
    if secret != request.secret:  # another's key
        signature = signature[::-1]
    request.headers["X-Twilio-Email-Event-Webhook-Signature"] = base64.b64encode(signature).decode()
    request.headers["X-Twilio-Email-Event-Webhook-Timestamp"] = str(at_s)

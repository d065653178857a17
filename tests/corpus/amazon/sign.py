"""AWS, "Verifying the signatures of Amazon SNS messages": with the private key of the certificate in `secret`."""
import base64
import json
import subprocess
from pathlib import Path

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
KEY = Path(__file__).with_name("key.pem")


def sign(request, secret, at_s):
    body = json.loads(request.body)
    names = NOTIFICATION if body["Type"] == "Notification" else CONFIRMATION
    signed = "".join(f"{name}\n{body[name]}\n" for name in names if name in body).encode()
    digest = "-sha256" if body["SignatureVersion"] == "2" else "-sha1"
    command = ["openssl", "dgst", digest, "-sign", KEY]
    signature = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    if secret != request.secret:  # another's key
        signature = signature[::-1]
    body["Signature"] = base64.b64encode(signature).decode()
    request.body = json.dumps(body, indent=2).encode()

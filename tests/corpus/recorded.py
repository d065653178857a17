"""recorded.py: providers' requests as files (tests/corpus/ADAPTER/*.http), and how to sign them again.

Each folder has a sign.py with sign(request, secret, at_s), which sets what the provider would: headers, or fields of the
body. Run `python3 tests/corpus/recorded.py FOLDER…` to sign recorded requests anew after changing them (at their own
X-Received-At, with the folder's file `secret` or demo-CHANNEL-secret); the signers here are independent of the C code.
"""
import base64
import hashlib
import hmac
import importlib.util
import sys
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

CORPUS = Path(__file__).resolve().parent
BASE = "https://desk.example.com"  # SEADESK_PUBLIC_URL of the recorded ones


class Request:
    """One request: method, target (path and query), headers in order, body in bytes."""

    def __init__(self, path):
        head, self.body = Path(path).read_bytes().split(b"\n\n", 1)
        first, *lines = head.decode().split("\n")
        self.method, self.target, _ = first.split(" ")
        self.headers = dict(line.split(": ", 1) for line in lines)
        self.path, self.base = Path(path), BASE
        self.received_at = datetime.fromisoformat(self.headers["X-Received-At"].replace("Z", "+00:00"))

    @property
    def name(self):
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def channel(self):
        return self.target.split("/")[3]

    @property
    def url(self):
        return self.base + self.target

    @property
    def secret(self):
        own = self.path.parent / "secret"
        return own.read_text().strip() if own.exists() else f"demo-{self.channel}-secret"

    @property
    def verify_token(self):
        own = self.path.parent / "verify_token"
        return own.read_text().strip() if own.exists() else "demo-verify"

    def form(self):
        return parse_qsl(self.body.decode(), keep_blank_values=True, errors="surrogateescape")

    def set_form(self, pairs):
        self.body = urlencode(pairs, errors="surrogateescape").encode()

    def sign(self, secret=None, at_s=None):
        at_s = int(self.received_at.replace(tzinfo=timezone.utc).timestamp()) if at_s is None else at_s
        if self.method == "POST":
            signer(self.path.parent)(self, secret or self.secret, at_s)
        return self

    def write(self):
        head = "\n".join([f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())])
        self.path.write_bytes(head.encode() + b"\n\n" + self.body)


def signer(folder):
    spec = importlib.util.spec_from_file_location(f"sign_{folder.name}", folder / "sign.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("recorded", sys.modules[__name__])
    spec.loader.exec_module(module)
    return module.sign


def mac(secret, signed, digest="sha256"):
    key = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(key, signed if isinstance(signed, bytes) else signed.encode(errors="surrogateescape"), digest)


def hex_mac(secret, signed, digest="sha256"):
    return mac(secret, signed, digest).hexdigest()


def base64_mac(secret, signed, digest="sha256"):
    return base64.b64encode(mac(secret, signed, digest).digest()).decode()


def basic(secret):
    return "Basic " + base64.b64encode(secret.encode()).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def load_all():
    """Every recorded request, sorted by its name."""
    return [Request(path) for path in sorted(CORPUS.glob("*/*.http"))]


if __name__ == "__main__":
    for folder in map(Path, sys.argv[1:]):
        for found in sorted(folder.resolve().glob("*.http")):
            Request(found).sign().write()

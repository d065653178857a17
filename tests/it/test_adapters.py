"""test_adapters.py: every adapter's recorded requests (tests/corpus), signed anew and sent to a running edge: what must be
taken is on its topic, and what is forged in any way is answered with an empty 401. A new adapter is here by its folder."""
import contextlib
import http.client
import re
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
from urllib.parse import urlparse

import pytest
import requests
import yaml

import edge as e
from stack import CHECKOUT, header

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
import recorded  # noqa: E402

TOPICS = {"message": "messages", "receipt": "receipts", "consent": "consents", "profile": "profiles", "order": "orders",
          "call": "calls", "dead": "dlq"}
POSTS = [request.path for request in recorded.load_all() if request.method == "POST"]
GETS = [request.path for request in recorded.load_all() if request.method == "GET"]


def altered(body):
    """One digit is another one."""
    digits = [at for at, byte in enumerate(body) if chr(byte).isdigit()]
    at = digits[len(digits) // 2]
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


def is_body_signed(path):
    """Whether another body has another proof."""
    request, other = recorded.Request(path), recorded.Request(path)
    other.body = forged = altered(request.body)
    request.sign()
    other.sign()
    return (other.headers, other.target, other.body) != (request.headers, request.target, forged)


SIGNED = [path for path in POSTS if is_body_signed(path)]


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


SECOND = {"channel": "whatsapp", "account": "second", "secret": {"value": "demo-whatsapp-secret"}, "verify_token": {"value": "demo-verify"},
          "send": {"base": "http://127.0.0.1:9", "sender": "100000000000002", "token": {"value": "demo-whatsapp-token"}}}


def with_every_account(channels):
    """The demo accounts, one for each recorded request whose account isn't among them, and a second number of one application."""
    channels["accounts"].append(SECOND)
    known = {(account["channel"], account["account"]) for account in channels["accounts"]}
    for request in recorded.load_all():
        account = request.target.split("?")[0].split("/")[4]
        if (request.channel, account) not in known:
            known.add((request.channel, account))
            channels["accounts"].append({"channel": request.channel, "account": account, "adapter": request.path.parent.name,
                                         "secret": {"value": request.secret}, "verify_token": {"value": request.verify_token}})
    return channels


class Sns(threading.Thread):
    """What stands at https://sns.us-east-1.amazonaws.com for an ingest whose proxy this is; away unless `status` is set."""
    NAME = "sns.us-east-1.amazonaws.com"

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.ca = folder / "sns.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", folder / "sns.key", "-out", self.ca, "-subj", "/CN=" + self.NAME, "-addext",
                        "subjectAltName=DNS:" + self.NAME], check=True, capture_output=True, timeout=60)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca, folder / "sns.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.status, self.asked, self.visited = None, [], []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(60)
                self.asked.append(read_head(connection)[0])
                if self.status is None:
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    continue
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                with self.tls.wrap_socket(connection, server_side=True) as inside:
                    self.visited.append(read_head(inside)[0])
                    inside.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok" % self.status)


def read_head(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(4096)
        if not more:
            raise OSError("ended")
        text += more
    return text.decode().split("\r\n")


@pytest.fixture(scope="module")
def sns(tmp_path_factory):
    return Sns(tmp_path_factory.mktemp("sns"))


@pytest.fixture(scope="module")
def program(service, tmp_path_factory, sns):
    config = e.channels_changed(tmp_path_factory.mktemp("adapters"), with_every_account)
    with e.configured(service, config, https_proxy=sns.url, SSL_CERT_FILE=sns.ca) as ingest:
        yield ingest


@pytest.fixture
def edge(env, program):
    return e.Edge(env["SEADESK_INGEST_URL"])


def fresh(path, edge, secret=None, at_s=None):
    """The recorded request, signed for this edge and this moment."""
    request = recorded.Request(path)
    request.base = edge.base
    return request.sign(secret, int(time.time()) if at_s is None else at_s)


def send(request, edge, headers=None):
    """Posts it; headers are pairs, so that one may come twice."""
    address = urlparse(edge.base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.putrequest(request.method, request.target)
    for name, value in headers if headers is not None else request.headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers.get("Content-Type"), body


def expected_of(path):
    lines = path.with_suffix(".expected").read_text().splitlines()
    status = int(re.match(r"(?:answer|refused) (\d+)", lines[0])[1])
    if " confirm=" in lines[0]:
        status = 503  # whose address is away
    return status, [record_of(line) for line in lines[1:] if not line.startswith((" ", "ignored "))]


def record_of(line):
    """The topic and the id. A fact that names no order is its parcel's (decision 0011)."""
    kind, identity = line.split(" ")[:2]
    is_of_parcel = kind == "order" and ' order="' not in line
    return "parcels" if is_of_parcel else TOPICS[kind], identity


def proofs(path):
    """The headers that signing sets."""
    plain, signed = recorded.Request(path), recorded.Request(path)
    signed.sign("another secret", 1)
    return [name for name, value in signed.headers.items() if plain.headers.get(name) != value]


@pytest.mark.ledger("CH-20")
@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_what_a_provider_sends_is_taken_whole(path, edge, program, kafka_consumer):
    def ignored():
        return {what: program.metric("seadesk_ingest_ignored_total", channel=recorded.Request(path).channel, reason=what)
                for what in named}
    status, records = expected_of(path)
    named = dict(re.findall(r"^ignored (\S+) (\d+)$", path.with_suffix(".expected").read_text(), re.M))
    before = ignored()
    answer = send(fresh(path, edge), edge)
    assert answer[0] == status, answer
    assert ignored() == {what: before[what] + int(count) for what, count in named.items()}
    wanted = {}
    for topic, identity in records:
        wanted.setdefault(topic, set()).add(identity)
    for topic, identities in wanted.items():
        reader = kafka_consumer("seadesk." + topic, beginning=True)
        for identity in identities:
            reader.wait_for(lambda record, it=identity: header(record, "ce_id") == it, 60)


@pytest.mark.ledger("CH-29")
@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_sent_twice_it_is_the_same_and_answered_the_same(path, edge):
    first, second = (send(fresh(path, edge), edge) for _ in range(2))
    assert first == second


def raw(request, chunked):
    """The request's bytes; the last one of its connection unless it comes in chunks, with a trailer."""
    head = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    if "host" not in {name.lower() for name in request.headers}:
        head.append("Host: " + urlparse(request.base).netloc)
    if not chunked:
        head += [f"Content-Length: {len(request.body)}", "Connection: close"]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + request.body
    parts = [request.body[at:at + 777] for at in range(0, len(request.body), 777)]
    body = b"".join(b"%x;piece=1\r\n%s\r\n" % (len(part), part) for part in parts)
    return "\r\n".join([*head, "Transfer-Encoding: chunked"]).encode() + b"\r\n\r\n" + body + b"0\r\nX-Trailer: t\r\n\r\n"


def answers_in(heard):
    """[(status, body)] of the answers that stand one behind the other."""
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        length = int(length[1]) if length else 0
        found.append((int(head.split()[1]), rest[:length]))
        heard = rest[length:]
    return found


@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_in_chunks_and_pipelined_it_is_answered_the_same(path, edge):
    request = fresh(path, edge)
    wanted = send(request, edge)[::2]
    heard = e.speak(edge.base, raw(request, chunked=True) + raw(request, chunked=False), 60)
    assert answers_in(heard) == [wanted, wanted], heard


@pytest.mark.parametrize("folder", sorted({path.parent for path in POSTS}), ids=lambda folder: folder.name)
def test_what_says_that_it_is_larger_than_may_be_is_refused_before_it_comes(folder, edge):
    request = recorded.Request(next(path for path in POSTS if path.parent == folder))
    most = (30 if request.channel == "email" else 4) << 20
    head = f"POST {request.target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {most + 1}\r\n\r\n"
    assert [status for status, _ in answers_in(e.speak(edge.base, head.encode(), 60))] == [413]


@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_with_another_key_it_is_answered_with_an_empty_401(path, edge):
    other = path.parent / "another_secret"
    secret = other.read_text().strip() if other.exists() else "demo-another-secret"
    assert send(fresh(path, edge, secret), edge)[::2] == (401, b"")


@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_without_or_with_doubled_proof_it_is_answered_with_an_empty_401(path, edge, program):
    request = fresh(path, edge)
    for name in proofs(path):
        without = [pair for pair in request.headers.items() if pair[0] != name]
        for headers in (without, [*request.headers.items(), (name, request.headers[name])]):
            assert send(request, edge, headers)[::2] == (401, b""), (name, headers)


@pytest.mark.parametrize("path", SIGNED, ids=name_of)
def test_a_forged_body_is_answered_with_an_empty_401_where_the_body_is_signed(path, edge):
    request = fresh(path, edge)
    request.body = altered(request.body)
    assert send(request, edge)[::2] == (401, b"")


@pytest.mark.parametrize("path", GETS, ids=name_of)
def test_a_challenge_is_answered_as_its_provider_wants(path, edge):
    wanted = path.with_suffix(".expected").read_text()
    answer = requests.get(edge.base + recorded.Request(path).target, timeout=60)
    assert answer.status_code == 200
    assert f'body="{answer.text}"'.replace("\\", "") in wanted.replace("\\x22", '"')


@pytest.mark.ledger("CH-10")
def test_a_webhook_of_several_numbers_gives_each_message_to_its_own_account(edge, kafka_consumer):
    reader = kafka_consumer("seadesk.messages")
    request = recorded.Request(CHECKOUT / "tests/corpus/whatsapp/batch.http")
    request.body = request.body.replace(b"100000000000001", b"100000000000002", 1).replace(b"wamid.", e.new("wamid.").encode())
    texts = re.findall(rb'"id": "(wamid[^"]+)", "timestamp"', request.body)
    assert send(request.sign(), edge)[0] == 200
    for account, external in (("second", texts[0]), ("second", texts[1]), ("demo", texts[2])):
        identity = e.uuid5("message", "whatsapp", account, external.decode())
        reader.wait_for(lambda record, it=identity: header(record, "ce_id") == it, 60)


def test_a_provider_that_only_asks_whether_there_is_anybody_is_answered(edge):
    assert (edge.request("HEAD", "/v1/channels/intercom/demo").status_code, edge.request("GET", "/v1/channels/intercom/demo").status_code) \
        == (200, 404)
    assert edge.request("HEAD", "/v1/channels/intercom/nobody").status_code == 404
    assert edge.request("HEAD", "/v1/channels/whatsapp/demo").status_code == 403  # who has a challenge wants its token


@pytest.mark.ledger("CH-20")
def test_at_least_twenty_channels_have_recorded_requests_or_take_generic_messages():
    codes = {account["channel"] for account in yaml.safe_load((CHECKOUT / "deploy/config/channels.yaml").read_text())["accounts"]}
    assert {recorded.Request(path).channel for path in POSTS} <= codes


def test_a_subscription_at_amazon_is_confirmed_and_one_that_cannot_be_is_asked_for_again(edge, program, sns, kafka_consumer, log_text):
    """By the address in its signed message, once it was visited; until then the topic's owner finds it among the dead letters."""
    def counted(outcome):
        return program.metric("seadesk_ingest_subscriptions_total", channel="amazon", outcome=outcome)
    dead = kafka_consumer("seadesk.dlq")
    path = CHECKOUT / "tests/corpus/amazon/subscription.http"
    before = {outcome: counted(outcome) for outcome in ("confirmed", "failed", "ended")}

    def offered():
        """What is answered, and the id of its dead letter."""
        request, token = recorded.Request(path), secrets.token_hex(32)
        request.body = re.sub(rb'"Token": "[^"]*"', b'"Token": "%s"' % token.encode(), request.body)
        return send(request.sign(), edge)[0], e.uuid5("subscription", "amazon", "demo", token)
    sns.status, sns.visited = 200, []
    assert offered()[0] == 200
    assert sns.asked[-1] == "CONNECT sns.us-east-1.amazonaws.com:443 HTTP/1.1"
    [visit] = sns.visited
    assert visit.startswith("GET /?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:seadesk-orders ")
    assert not e.settle(dead)
    for sns.status in (403, None):
        status, letter = offered()
        assert status == 503
        dead.wait_for(e.of_id(letter), 60)
    assert "visit the address in the dead letter" in log_text("ingest")
    gone = recorded.Request(path.with_name("unsubscribed.http"))
    assert send(gone.sign(), edge)[0] == 200
    assert {outcome: counted(outcome) - count for outcome, count in before.items()} == {"confirmed": 1, "failed": 2, "ended": 1}
    forged = recorded.Request(path)
    forged.body = forged.sign().body.replace(b"//sns.us-east-1.amazonaws.com/?A", b"//sns.us-east-1.amazonaws.evil/?A")
    assert send(forged, edge)[0] == 401, "the address is signed"

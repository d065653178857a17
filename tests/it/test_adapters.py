"""test_adapters.py: every adapter's recorded requests (tests/corpus), signed anew and sent to a running edge: what must be
taken is on its topic, and what is forged in any way is answered with an empty 401. A new adapter is here by its folder."""
import http.client
import re
import sys
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


def with_every_account(channels):
    """The demo accounts, and one for each recorded request whose account isn't among them."""
    known = {(account["channel"], account["account"]) for account in channels["accounts"]}
    for request in recorded.load_all():
        account = request.target.split("?")[0].split("/")[4]
        if (request.channel, account) not in known:
            known.add((request.channel, account))
            channels["accounts"].append({"channel": request.channel, "account": account, "adapter": request.path.parent.name,
                                         "secret": {"value": request.secret}, "verify_token": {"value": request.verify_token}})
    return channels


@pytest.fixture(scope="module")
def program(service, tmp_path_factory):
    with e.configured(service, e.channels_changed(tmp_path_factory.mktemp("adapters"), with_every_account)) as ingest:
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
    found = [line.split(" ")[:2] for line in lines[1:] if not line.startswith(" ")]
    return status, [(TOPICS[kind], identity) for kind, identity in found]


def proofs(path):
    """The headers that signing sets."""
    plain, signed = recorded.Request(path), recorded.Request(path)
    signed.sign("another secret", 1)
    return [name for name, value in signed.headers.items() if plain.headers.get(name) != value]


@pytest.mark.ledger("CH-20")
@pytest.mark.parametrize("path", POSTS, ids=name_of)
def test_what_a_provider_sends_is_taken_whole(path, edge, kafka_consumer):
    status, records = expected_of(path)
    answer = send(fresh(path, edge), edge)
    assert answer[0] == status, answer
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


@pytest.mark.ledger("CH-20")
def test_at_least_twenty_channels_have_recorded_requests_or_take_generic_messages():
    codes = {account["channel"] for account in yaml.safe_load((CHECKOUT / "deploy/config/channels.yaml").read_text())["accounts"]}
    assert {recorded.Request(path).channel for path in POSTS} <= codes

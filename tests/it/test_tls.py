"""TLS of the public listeners: a CA of the test's own, ingest as a second instance beside the stack's."""
import json
import os
import socket
import ssl
import subprocess
import threading
from urllib.parse import urlsplit

import pytest
import requests

import edge as e
from stack import eventually

PRODUCTION = {"SEADESK_MODE": "production"}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """A CA, and the server's files, which change as whole files do: by being renamed over the old ones."""

    def __init__(self, folder):
        self.folder, self.serial = folder, 0
        self.ca, self.ca_key = folder / "ca.crt", folder / "ca.key"
        self.certificate, self.key = folder / "server.crt", folder / "server.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-keyout", self.ca_key,
                "-out", self.ca, "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")
        self.issue()

    def issue(self):
        self.serial += 1
        key, request, certificate, names = (self.folder / f"new.{ending}" for ending in ("key", "csr", "crt", "ext"))
        names.write_text("subjectAltName=IP:127.0.0.1")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                "-subj", "/CN=seadesk.example")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key, "-set_serial", self.serial, "-days", 1,
                "-extfile", names, "-out", certificate)
        key.rename(self.key)
        certificate.rename(self.certificate)

    def context(self, highest=None):
        made = ssl.create_default_context(cafile=self.ca)
        if highest:
            made.set_ciphers("ALL:@SECLEVEL=0")
            made.minimum_version, made.maximum_version = ssl.TLSVersion.TLSv1, highest
        return made

    def connect(self, url, context=None):
        where = urlsplit(url)
        plain = socket.create_connection((where.hostname, where.port), timeout=60)
        return (context or self.context()).wrap_socket(plain, server_hostname=where.hostname)

    def served(self, url):
        """The serial number of the certificate that is shown."""
        with self.connect(url) as connection:
            return int(connection.getpeercert()["serialNumber"], 16)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure(service, authority):
    service("ingest").wait_ready()
    with service("ingest").another(SEADESK_TLS_CERTIFICATE=str(authority.certificate),
                                   SEADESK_TLS_KEY=str(authority.key)) as program:
        yield program


def form(name):
    return e.traffic.form_message("a@example.com", "hello over TLS", message_id=name)


def raw_request(message, chunked=False):
    body = json.dumps(message).encode()
    head = "POST /v1/messages HTTP/1.1\r\nHost: seadesk.example\r\nContent-Type: application/json\r\n" \
           "Authorization: Bearer demo-source-key\r\n"
    if not chunked:
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    parts = [body[at:at + 50] for at in range(0, len(body), 50)]
    return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"".join(
        f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


def answers(connection, count):
    heard = b""
    while heard.count(b"HTTP/1.1 202 Accepted") < count or not heard.endswith(b"]}"):
        part = connection.recv(65536)
        assert part, heard
        heard += part
    return heard.decode()


@pytest.mark.ledger("CP-11")
def test_one_tls_connection_serves_pipelined_and_chunked_requests_in_order(secure, authority):
    names = [e.new("tls") for _ in range(6)]
    with authority.connect(secure.url) as connection:
        assert connection.version() == "TLSv1.3"
        connection.sendall(b"".join(raw_request(form(name), chunked=bool(n % 2)) for n, name in enumerate(names[:5])))
        heard = answers(connection, 5)
        connection.sendall(raw_request(form(names[5])))  # kept alive
        heard += answers(connection, 1)
    places = [heard.index(e.message_id("form", name)) for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize("highest,is_taken", [(ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
                                              (ssl.TLSVersion.TLSv1_2, True)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.ledger("CP-11")
def test_protocols_before_1_2_are_refused(secure, authority, highest, is_taken):
    if is_taken:
        with authority.connect(secure.url, authority.context(highest)) as connection:
            assert connection.version() == "TLSv1.2" and connection.cipher()[0].startswith("ECDHE-")
        return
    with pytest.raises((ssl.SSLError, ConnectionError)):
        authority.connect(secure.url, authority.context(highest))


@pytest.mark.ledger("CP-11")
def test_who_speaks_plain_http_to_it_gets_no_answer(secure):
    with pytest.raises(requests.RequestException):
        requests.post(secure.url.replace("https", "http") + "/v1/messages", json=form(e.new("tls")), headers=e.JSON, timeout=30)


def test_a_new_certificate_is_taken_under_load_without_a_lost_request(secure, authority):
    stop, done, wrong = threading.Event(), [], []

    def load(is_kept):
        session = requests.Session()
        while not stop.is_set():
            try:
                answer = session.post(secure.url + "/v1/messages", json=form(e.new("tls")), headers=e.JSON, timeout=60,
                                      verify=str(authority.ca))
                (done if answer.status_code == 202 else wrong).append(answer.status_code)
            except requests.RequestException as error:
                wrong.append(error)
            if not is_kept:
                session.close()

    threads = [threading.Thread(target=load, args=(is_kept,)) for is_kept in (True, True, False)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            before = len(done)
            authority.issue()
            eventually(lambda: authority.served(secure.url) == authority.serial, 60)
            eventually(lambda: len(done) >= before + 20, 60)  # and it goes on
    finally:
        stop.set()
        for thread in threads:
            thread.join(90)
    assert not wrong, wrong[:3]
    assert secure.metric("seadesk_tls_certificate_expires_seconds") > 0


@pytest.mark.ledger("CP-11")
@pytest.mark.parametrize("name", ["ingest", "notifier", "desk"])
def test_production_mode_refuses_a_plain_listener_beyond_the_machine(service, name):
    pid = eventually(service(name).pid)
    given = dict(line.split("=", 1) for line in open(f"/proc/{pid}/environ").read().split("\0") if "=" in line)
    done = subprocess.run([os.readlink(f"/proc/{pid}/exe"), "--check"], env={**given, **PRODUCTION, "SEADESK_LISTEN": "0.0.0.0:1"},
                          cwd=os.readlink(f"/proc/{pid}/cwd"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "plain HTTP beyond this machine is refused in production mode" in done.stderr + done.stdout
    assert "setting=SEADESK_LISTEN address=0.0.0.0:1" in done.stderr + done.stdout

"""test_senders.py: an agent's reply goes back by the way the customer wrote: chat apps, and e-mail."""
import re
import ssl
import subprocess
import sys
import time

import pytest

import edge as e
from smtp_server import LOGIN, PASSWORD, SmtpServer
from stack import CHECKOUT, eventually
from test_ingest_channels import letter, newest_of, ticket_of

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
import recorded  # noqa: E402

# What the customer sent, and what in it is theirs or the message's own: replaced by something of this run.
APPS = {
    "line": ("line/messages", {b"U4af4980629c0000000000000000000001": b"U%s",
                               b"Ca56f94637c0000000000000000000001": b"C%s", b"4445738440835727": b"%s"}),
    "messenger": ("messenger/messages", {b"7158217120891234": b"%s", b"7158217120895555": b"%s", b'"m_': b'"m_%s'}),
    "instagram": ("messenger/instagram", {b"1254459154682919": b"%s", b"aWdfZAG1": b"a%s"}),
    "telegram": ("telegram/text", {b"8100000001": b"%s"}),
    "slack": ("slack/message", {b"U2147483697": b"U%s", b"D024BE91L": b"D%s"}),
}


def written(edge, desk, channel):
    """A message of this run by the recorded request; its ticket, and the number that its ids have."""
    name, own = APPS[channel]
    request, number = recorded.Request(CHECKOUT / "tests" / "corpus" / f"{name}.http"), str(time.time_ns() // 1000)
    for known, new in own.items():
        request.body = request.body.replace(known, new % number.encode())
    request.body = re.sub(rb"1795335\d{3}", str(int(time.time())).encode(), request.body)
    request.base = edge.base
    request.sign(at_s=int(time.time()))
    answer = edge.post(request.target, data=request.body, headers=dict(request.headers))
    assert answer.status_code == 200, answer.text
    return eventually(lambda: newest_of(desk, channel, number), 120), number


@pytest.mark.parametrize("channel", APPS)
def test_a_reply_goes_back_into_the_app_it_was_asked_in(channel, edge, desk, ana, fake, pg):
    ticket, number = written(edge, desk, channel)
    ana.done("take", ticket)
    words = f"It comes tomorrow {number}"
    ana.done("reply", ticket, text=words, language="en")
    [sent] = eventually(lambda: [send for send in fake.log() if words in send["text"]], 120)
    assert (sent["channel"], sent["accepted"]) == ("messenger" if channel == "instagram" else channel, True)
    assert sent["to"].lstrip("UC") == number
    eventually(lambda: pg.query("SELECT 1 FROM notifier.delivery_v WHERE ticket_id = %s AND state = 'accepted'", ticket))


# ---- e-mail ----

HOST = "mail.localhost"  # this machine (RFC 6761 6.3), but not by a name that TLS is forgone for


def certified(folder, name):
    """The certificate that a server of HOST shows, and the context that it shows it in."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key,
                    "-out", certificate, "-subj", "/CN=" + HOST, "-addext", "subjectAltName=DNS:" + HOST],
                   check=True, capture_output=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return certificate, tls


@pytest.fixture(scope="module")
def servers(service, tmp_path_factory):
    """Submission servers by the accounts of e-mail that send through them; all but demo's need TLS and a login."""
    folder = tmp_path_factory.mktemp("smtp")
    (trusted, good), (_, wrong) = certified(folder, "good"), certified(folder, "wrong")
    made = {"demo": SmtpServer(), "starttls": SmtpServer("smtp", HOST, good), "smtps": SmtpServer("smtps", HOST, good),
            "wrong-starttls": SmtpServer("smtp", HOST, wrong), "wrong-smtps": SmtpServer("smtps", HOST, wrong),
            "no-tls": SmtpServer("smtp", HOST)}

    def sending(channels):
        accounts = [one for one in channels["accounts"] if (one["channel"], one["account"]) != ("email", "demo")]
        for name, server in made.items():
            login = {} if name == "demo" else {"login": LOGIN, "token": {"value": PASSWORD}}
            accounts.append({"channel": "email", "account": name, "send": {
                "adapter": "smtp", "base": server.url, "sender": "Shop <care@shop.example>", **login}})
        return {**channels, "accounts": accounts}

    config = e.channels_changed(folder, sending)
    names = ("ingest", "router", "notifier")
    for name in names:
        service(name).settings(SEADESK_CONFIG=str(config), SSL_CERT_FILE=str(trusted))
        service(name).restart()
    for server in made.values():
        server.right = good
    yield made
    for name in names:
        service(name).settings()
        service(name).restart()
    for server in made.values():
        server.close()


@pytest.fixture
def smtp(servers):
    """The submission server that the account email/demo sends through."""
    return servers["demo"]


def taken(desk, ana, message):
    ana.is_here("away", email=1000)
    ticket = ticket_of(desk, message)["id"]
    ana.done("take", ticket)
    return ticket


def states(pg, ticket):
    return {state for state, in pg.query("SELECT state FROM notifier.delivery_v WHERE ticket_id = %s", ticket)}


def test_a_reply_by_e_mail_goes_on_with_its_thread(smtp, edge, desk, ana, pg):
    message = letter("email", subject="Größe 38?")
    address = message["contact"]["id"] = e.new("ana") + "@example.com"
    message["message_id"] = e.new("m") + "@mail.example.com"
    assert edge.message(message).status_code == 202
    ticket = taken(desk, ana, message)
    ana.done("reply", ticket, text="Sí, mañana.\n.\nBye", language="en")
    [sent] = eventually(lambda: smtp.to(address), 120)
    assert sent["Subject"] == "Re: Größe 38?"
    assert sent["From"] == "Shop <care@shop.example>" and sent["To"] == address
    assert sent["In-Reply-To"] == sent["References"] == f"<{message['message_id']}>"
    assert sent["Auto-Submitted"] is None
    assert sent.get_content().splitlines() == ["Sí, mañana.", ".", "Bye"]
    [delivery] = eventually(lambda: pg.query("SELECT id FROM notifier.delivery_v WHERE ticket_id = %s AND state = 'accepted'", ticket))
    assert sent["Message-ID"] == f"<{delivery[0]}@shop.example>"


def asked_by_e_mail(account, edge, desk, ana):
    """A reply to a customer's e-mail; its ticket and their address."""
    message = letter("email", account=account, subject="Size")
    address = message["contact"]["id"] = e.new("ana") + "@example.com"
    assert edge.message(message).status_code == 202
    ticket = taken(desk, ana, message)
    ana.done("reply", ticket, text="It comes tomorrow.", language="en")
    return ticket, address


def bounced(edge, sent):
    """The report of a mail server that couldn't deliver it after all, as Mailgun posts it."""
    report = "\r\n".join([
        "Return-Path: <>", "From: MAILER-DAEMON@mx.example.com", f"Message-ID: <{e.new('b')}@mx.example.com>", "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "Content-Type: text/plain", "",
        "It came back.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.com", "",
        f"Final-Recipient: rfc822; {sent['To']}", "Action: failed", "Status: 5.1.1", "--b", "Content-Type: text/rfc822-headers", "",
        f"Message-ID: {sent['Message-ID']}", f"To: {sent['To']}", "--b--", ""])
    at, token = str(int(time.time())), e.new("t")
    form = {"recipient": "care@shop.example", "sender": "", "body-mime": report, "timestamp": at, "token": token,
            "signature": recorded.hex_mac("demo-email-secret", at + token)}
    return edge.post("/v1/channels/email/mailgun", data=form)


def test_a_bounce_is_the_receipt_of_what_failed(smtp, edge, desk, ana, pg):
    ticket, address = asked_by_e_mail("demo", edge, desk, ana)
    eventually(lambda: states(pg, ticket) == {"accepted"}, 120)
    answer = bounced(edge, smtp.to(address)[0])
    assert answer.status_code == 200, answer.text
    eventually(lambda: pg.query("SELECT state, reason FROM notifier.delivery_v WHERE ticket_id = %s", ticket) == [("failed", "5.1.1")], 120)


@pytest.mark.parametrize("step, said, state, count", [
    ("RCPT", "550 5.1.1 nobody", "failed", 0), ("RCPT", "451 4.7.1 later", "accepted", 1), ("end", None, "uncertain", 1),
    ("DATA", None, "accepted", 1)])
def test_what_the_mail_server_says_is_what_becomes_of_it(smtp, edge, desk, ana, pg, step, said, state, count):
    """Refused for good; not now; gone after the message's end, which is never sent again; and before it, which is."""
    smtp.answers[step] = [said]
    ticket, address = asked_by_e_mail("demo", edge, desk, ana)
    eventually(lambda: states(pg, ticket) == {state}, 120)
    assert (smtp.answers[step], len(smtp.to(address))) == ([], count)


@pytest.mark.parametrize("account", ["starttls", "smtps"])
def test_login_and_letter_go_inside_tls(account, servers, edge, desk, ana, pg):
    server = servers[account]
    ticket, address = asked_by_e_mail(account, edge, desk, ana)
    eventually(lambda: states(pg, ticket) == {"accepted"}, 120)
    assert len(server.to(address)) == 1
    assert {("AUTH", True), ("MAIL", True)} <= set(server.heard)
    assert {verb for verb, is_inside in server.heard if not is_inside} <= {"EHLO", "STAR"}


@pytest.mark.parametrize("account", ["wrong-starttls", "wrong-smtps", "no-tls"])
def test_without_the_right_certificate_nothing_is_told_and_the_letter_waits_for_it(account, servers, edge, desk, ana, pg):
    """Neither password nor letter, although the server offers the login in clear, too."""
    server = servers[account]
    ticket, address = asked_by_e_mail(account, edge, desk, ana)
    eventually(lambda: pg.query("SELECT state, reason FROM notifier.delivery_v WHERE ticket_id = %s", ticket)
               == [("queued", "no_connection")], 120)
    assert {verb for verb, _ in server.heard} <= {"EHLO", "STAR", "QUIT"}
    assert server.taken == []
    server.tls = server.right
    eventually(lambda: states(pg, ticket) == {"accepted"}, 120)
    assert len(server.to(address)) == 1

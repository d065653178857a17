"""test_mail.py: e-mail in the whole stack: by LMTP and by providers' forms it becomes a message on its ticket, and what was
acknowledged is on the log, whoever dies."""
import contextlib
import email.message
import email.policy
import re
import signal
import secrets
import smtplib
import socket
import time
import uuid
from urllib.parse import quote_plus

import pytest

import edge as e
from stack import eventually
from test_adapters import fresh, recorded
from test_adapters import send as post
from test_seadesk import Operator

TO = "demo@desk.example.com"
GONE = (smtplib.SMTPServerDisconnected, ConnectionError)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def program(service, tmp_path_factory):
    """ingest with LMTP at program.lmtp, and a mailbox that is closed."""
    closed = {"channel": "email", "account": "closed", "enabled": False}
    port = free_port()
    config = e.channels_changed(tmp_path_factory.mktemp("mail"), e.adding(accounts=[closed]))
    with e.configured(service, config, SEADESK_INGEST_LMTP=f"127.0.0.1:{port}") as ingest:
        ingest.lmtp = port
        yield ingest


@pytest.fixture
def lmtp(program):
    """A mail server's connection to ingest."""
    with smtplib.LMTP("127.0.0.1", program.lmtp, timeout=60) as connection:
        yield connection


def connected(program):
    return smtplib.LMTP("127.0.0.1", program.lmtp, timeout=60)


def written(text="Where is my parcel?", charset="utf-8", sender=None, **headers):
    """A message of e-mail of its own sender, and its id."""
    name = e.new("m")
    message = email.message.EmailMessage()
    message["From"] = sender or f"Ana <{name}@example.com>"
    message["To"] = TO
    message["Message-ID"] = f"<{name}@mail.example.com>"
    message["Date"] = "Sun, 22 Nov 2026 08:15:00 +0000"
    for key, value in {"Subject": "My order", **headers}.items():
        message[key.replace("_", "-")] = value
    message.set_content(text, charset=charset)
    return message, f"{name}@mail.example.com"


def send(connection, message, to=TO, sender="ana@example.com"):
    return connection.sendmail(sender, [to], message.as_bytes(policy=email.policy.SMTP))


def with_a_token(request):
    """A form of Mailgun's, with a token of its own."""
    request.body = re.sub(rb"(?<=&token=)[0-9a-f]+", secrets.token_hex(25).encode(), request.body)
    return request.sign(at_s=int(time.time()))


def is_there(kafka_consumer, external_id, account="demo", channel="email"):
    wanted = e.message_id(channel, external_id, account)
    return kafka_consumer("seadesk.messages", beginning=True).wait_for(e.of_id(wanted), 60)


@pytest.mark.ledger("CH-02")
def test_an_e_mail_with_an_attachment_opens_a_ticket_and_its_reply_goes_on_with_it(lmtp, desk):
    """CH-02: a foreign charset, an attachment, a reply chain."""
    first, first_id = written("注文した荷物が届きません。いつ届きますか。", "iso-2022-jp", Subject="届きません")
    first.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="箱.png")
    assert send(lmtp, first) == {}
    opened = eventually(lambda: desk.message("email", first_id))
    assert opened["text"] == "注文した荷物が届きません。いつ届きますか。" and opened["language"] == "ja"
    reply, reply_id = written(
        "まだ届きません。\n\n2026年11月22日(日) 17:15 Support <support@shop.example>:\n> しばらくお待ちください。",
        sender=first["From"], In_Reply_To=f"<{first_id}>", References=f"<{first_id}>")
    send(lmtp, reply)
    answered = eventually(lambda: desk.message("email", reply_id))
    assert answered["text"] == "まだ届きません。"
    assert answered["ticket_id"] == opened["ticket_id"]
    ticket = desk.get(f"/tickets/{opened['ticket_id']}").json()
    assert ticket["channel"] == "email" and len(ticket["messages"]) == 2


def test_an_automatic_answer_is_kept_opens_no_ticket_and_is_counted(lmtp, program, desk):
    before = program.metric("seadesk_ingest_automatic_mails_total", channel="email", reason="auto_submitted")
    message, external_id = written("I am out of office.", Auto_Submitted="auto-replied")
    send(lmtp, message)
    assert eventually(lambda: desk.message("email", external_id))["ticket_id"] is None
    assert program.metric("seadesk_ingest_automatic_mails_total", channel="email", reason="auto_submitted") == before + 1
    bounce, bounce_id = written("Undelivered", sender="mx@example.com")
    send(lmtp, bounce, sender="")  # the envelope alone says so
    assert eventually(lambda: desk.message("email", bounce_id))["ticket_id"] is None


def test_each_recipient_is_answered_and_each_mailbox_gets_its_message(lmtp, kafka_consumer):
    message, external_id = written()
    lmtp.ehlo_or_helo_if_needed()
    assert {"pipelining", "8bitmime", "smtputf8", "size"} <= set(lmtp.esmtp_features)
    assert lmtp.mail("ana@example.com", ["SMTPUTF8", "BODY=8BITMIME"])[0] == 250
    codes = [lmtp.rcpt(to)[0] for to in (TO, "mailgun+t7@desk.example.com", "nobody@desk.example.com", "DEMO+2@x.example")]
    assert codes == [250, 250, 550, 250]
    assert lmtp.docmd("DATA")[0] == 354
    lmtp.send(message.as_bytes(policy=email.policy.SMTP) + b".\r\n")
    assert [lmtp.getreply()[0] for _ in range(3)] == [250, 250, 250]
    for account in ("demo", "mailgun"):
        is_there(kafka_consumer, external_id, account)


@pytest.mark.ledger("CH-23")
def test_a_closed_mailbox_says_so_and_its_message_is_quarantined(lmtp, program, kafka_consumer, proto):
    """CH-23: sealed to the dead letters, as a disabled account's webhook."""
    message, external_id = written("keep me")
    dead, messages = kafka_consumer("seadesk.dlq"), kafka_consumer("seadesk.messages")
    before = program.metric("seadesk_ingest_refused_total", channel="email", reason="disabled_account")
    lmtp.ehlo_or_helo_if_needed()
    lmtp.mail("ana@example.com")
    assert [lmtp.rcpt(to)[0] for to in (TO, "closed@desk.example.com")] == [250, 250]
    assert lmtp.docmd("DATA")[0] == 354
    lmtp.send(message.as_bytes(policy=email.policy.SMTP) + b".\r\n")
    assert [lmtp.getreply() for _ in range(2)] == [(250, b"2.0.0 kept"), (550, b"5.2.1 the mailbox is closed")]
    letter = proto("dlq").DeadLetter.FromString(dead.wait_for(lambda record: True, 60).value)
    assert letter.reason == "disabled_account" and b"keep me" not in letter.sealed_value and len(letter.sealed_value) > 200
    messages.wait_for(e.of_id(e.message_id("email", external_id)), 60)
    assert len(e.settle(messages) or messages.seen) == 1, "the open mailbox's"
    assert program.metric("seadesk_ingest_refused_total", channel="email", reason="disabled_account") == before + 1


def test_a_message_that_is_too_large_is_refused_and_the_next_one_taken(lmtp, kafka_consumer):
    lmtp.ehlo_or_helo_if_needed()
    assert lmtp.mail("ana@example.com", ["SIZE=40000000"])[0] == 552
    assert lmtp.mail("ana@example.com")[0] == 250 and lmtp.rcpt(TO)[0] == 250
    code, _ = lmtp.data(b"From: a@example.com\r\n\r\n" + (b"x" * 998 + b"\r\n") * 32000)
    assert code == 552
    message, external_id = written()
    assert send(lmtp, message) == {}
    is_there(kafka_consumer, external_id)


def test_a_large_attachment_goes_through(lmtp, kafka_consumer):
    message, external_id = written()
    message.add_attachment(b"\0" * 9_000_000, maintype="application", subtype="zip", filename="all.zip")
    assert send(lmtp, message) == {}
    assert len(is_there(kafka_consumer, external_id).value) < 256 * 1024


# ---- files ----

PNG = b"\x89PNG\r\n\x1a\n"
FILES = {"箱.png": PNG + bytes(range(256)) * 5000, "Rechnung.pdf": b"%PDF-1.4\n" + b"x" * 300_000, "inline.gif": b"GIF89a" + b"y" * 500}


def with_files():
    """A message with two attachments, one of which is longer than a part of the table, and an image in its words."""
    message, external_id = written()
    message.add_alternative("<p>See <img src='cid:i1@example.com'></p>", subtype="html")
    message.get_payload()[1].add_related(FILES["inline.gif"], "image", "gif", cid="<i1@example.com>", filename="inline.gif")
    message.add_attachment(FILES["箱.png"], maintype="image", subtype="png", filename="箱.png")
    message.add_attachment(FILES["Rechnung.pdf"], maintype="application", subtype="octet-stream", filename="Rechnung.pdf")
    return message, external_id


def kept(desk, external_id, channel="email", account="demo", states=("done",)):
    """What is attached, once all of it is in one of the states."""
    def ask_desk():
        shown = desk.message(channel, external_id, account)
        return shown and all(one["state"] in states for one in shown["attachments"]) and shown["attachments"]
    return eventually(ask_desk)


def download(desk, attachment):
    return desk.get(attachment["download"].removeprefix("/api/v1")).content


def parts(pg, external_id, account="demo"):
    return pg.value("SELECT count(*) FROM media_fetcher.part JOIN media_fetcher.item USING (item_id) WHERE event_id = %s",
                    e.message_id("email", external_id, account))


def is_whole(desk, pg, external_id):
    """All of with_files() is there, each piece of it once."""
    assert {one["name"]: download(desk, one) for one in kept(desk, external_id)} == FILES
    assert parts(pg, external_id) == 6 + 2 + 1


def test_files_inside_a_message_are_kept_sealed_and_handed_out_as_they_were(lmtp, desk, pg, kafka_consumer):
    message, external_id = with_files()
    assert send(lmtp, message) == {}
    is_whole(desk, pg, external_id)
    assert {one["name"]: one["mime"] for one in kept(desk, external_id)} == {"箱.png": "image/png", "Rechnung.pdf": "application/pdf", "inline.gif": "image/gif"}
    sealed = pg.query("SELECT sealed FROM media_fetcher.part JOIN media_fetcher.item USING (item_id) WHERE event_id = %s",
                      e.message_id("email", external_id))
    assert not any(b"x" * 32 in bytes(one) or b"PNG" in bytes(one)[:200] for one, in sealed)
    event = uuid.UUID(e.message_id("email", external_id)).bytes
    record = kafka_consumer("seadesk.files", beginning=True).wait_for(lambda record: event in record.value, 60)
    assert len(record.value) < 256 * 1024 and b"PNG" not in record.value and b"x" * 32 not in record.value


def sendgrid(external_id):
    """A form in parts, as SendGrid hands over what with_files() has."""
    boundary = e.new("b")
    fields = {"headers": f"From: {external_id}\r\nMessage-ID: <{external_id}>\r\nSubject: My order", "text": "See the files",
              "envelope": '{"to":["sendgrid@desk.example.com"]}'}
    body = b"".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                    for name, value in fields.items())
    body += b"".join(f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n"
                     for name, content in FILES.items())
    request = recorded.Request(recorded.CORPUS / "sendgrid" / "reply.http")
    request.headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    request.body = body + f"--{boundary}--\r\n".encode()
    return request.sign(at_s=int(time.time()))


@pytest.mark.parametrize("account", ["postmark", "sendgrid"])
def test_files_in_a_provider_s_form_are_kept_as_they_were(program, env, desk, account):
    external_id, edge = e.new("m") + "@mail.example.com", e.Edge(env["SEADESK_INGEST_URL"])
    status = edge.postmark(external_id, FILES, external_id).status_code if account == "postmark" else post(sendgrid(external_id), edge)[0]
    assert status == 200
    assert {one["name"]: download(desk, one) for one in kept(desk, external_id, account=account)} == FILES


def test_what_is_too_large_or_over_its_contact_s_quota_is_told_and_leaves_no_bytes(lmtp, desk, pg):
    large, large_id = written()
    large.add_attachment(bytes(17_000_000), maintype="application", subtype="zip", filename="all.zip")
    assert send(lmtp, large) == {}
    (one,) = kept(desk, large_id, states=("refused",))
    assert one["reason"] == "too_large"
    sender = e.new("m") + "@example.com"
    first, first_id = written(sender=sender)
    first.add_attachment(PNG, maintype="image", subtype="png", filename="a.png")
    assert send(lmtp, first) == {}
    kept(desk, first_id)
    pg.query("UPDATE media_fetcher.item SET size = 1 << 30 WHERE event_id = %s", e.message_id("email", first_id))
    second, second_id = written(sender=sender)
    second.add_attachment(PNG * 50_000, maintype="image", subtype="png", filename="a.png")
    assert send(lmtp, second) == {}
    (one,) = kept(desk, second_id, states=("refused",))
    assert one["reason"] == "quota"
    eventually(lambda: parts(pg, large_id) == parts(pg, second_id) == 0)


def test_a_file_of_which_a_piece_is_missing_is_told_and_mended_by_the_piece(lmtp, env, desk, pg, clock, kafka_consumer):
    """The piece is lost where an operator's replay finds it again: on the topic, but not in the database."""
    message, external_id = with_files()
    lost = e.uuid5(e.message_id("email", external_id), "piece", str(1 << 16 | 2))  # the third of the second file
    pg.query("INSERT INTO media_fetcher.seen (day, id) VALUES (current_date, %s)", lost)
    assert send(lmtp, message) == {}
    shown = eventually(lambda: (shown := desk.message("email", external_id)) and
                       [one["state"] for one in shown["attachments"]] == ["done", "pending", "done"] and shown["attachments"])
    assert not shown[1]["reason"]
    clock.advance(3_601_000)
    states = ("done", "failed")
    assert [one["reason"] for one in kept(desk, external_id, states=states)] == [None, "incomplete", None]
    record = kafka_consumer("seadesk.files", beginning=True).wait_for(e.of_id(lost))
    pg.query("DELETE FROM media_fetcher.seen WHERE id = %s", lost)
    place = ("media-fetcher", "seadesk.files", str(record.partition), f"{record.offset}..{record.offset}")
    assert "took 1 of 1" in Operator(env).json("replay", *place, code=0)["text"]
    is_whole(desk, pg, external_id)


def test_more_e_mail_than_there_is_memory_for_is_told_to_come_again(program, env, desk):
    """Four messages of nearly 30 MiB whose ends don't come leave no room for one in a form, and give it back."""
    edge, name = e.Edge(env["SEADESK_INGEST_URL"]), e.new("m") + "@mail.example.com"
    file = {"a.png": PNG * 400_000}
    with contextlib.ExitStack() as held:
        for _ in range(4):
            connection = held.enter_context(contextlib.closing(connected(program)))
            connection.ehlo_or_helo_if_needed()
            assert connection.mail("ana@example.com")[0] == 250 and connection.rcpt(TO)[0] == 250 and connection.docmd("DATA")[0] == 354
            connection.send(b"From: a@example.com\r\n\r\n" + (b"x" * 998 + b"\r\n") * 31_000)
        refused = eventually(lambda: [answer for answer in [edge.postmark(e.new("m"), file, name)] if answer.status_code == 503])
        assert int(refused[0].headers["Retry-After"]) > 0
    eventually(lambda: edge.postmark(name, file, name).status_code == 200)
    (one,) = kept(desk, name, account="postmark")
    assert download(desk, one) == file["a.png"]


# ---- nothing lost, nothing twice ----

def test_while_kafka_is_silent_it_is_to_be_sent_again_and_then_it_is_there(program, service, desk, pg):
    message, external_id = with_files()
    with connected(program) as connection:
        service("kafka").signal(signal.SIGSTOP)
        try:
            with pytest.raises(smtplib.SMTPDataError) as refused:
                send(connection, message)
            assert refused.value.smtp_code == 451
        finally:
            service("kafka").signal(signal.SIGCONT)
        program.wait_ready()
        assert send(connection, message) == {}  # the connection goes on
    is_whole(desk, pg, external_id)


@pytest.mark.parametrize("point", ["ingest.verified", "ingest.files_acknowledged", "ingest.produced", "ingest.acknowledged"])
def test_killed_before_the_answer_it_is_sent_again_with_the_same_ids(program, desk, pg, point):
    message, external_id = with_files()
    crash = program.crash_at(point)
    with pytest.raises(GONE), contextlib.closing(connected(program)) as connection:
        send(connection, message)
    crash.wait()
    with connected(program) as connection:
        assert send(connection, message) == {}
    is_whole(desk, pg, external_id)


def test_at_its_end_a_waiting_client_is_told(program):
    with contextlib.closing(connected(program)) as connection:
        connection.ehlo_or_helo_if_needed()
        program.stop()
        try:
            assert connection.getreply()[0] == 421
        finally:
            program.start()


def test_a_captured_signature_of_mailguns_carries_no_other_message(program, env, kafka_consumer):
    """It covers time and token alone, so a token is good for one message, however often that is sent."""
    ingest, request = e.Edge(env["SEADESK_INGEST_URL"]), recorded.Request(recorded.CORPUS / "mailgun" / "reply.http")

    def about(name):
        """The recorded message under another Message-ID."""
        request.body = recorded.Request(request.path).body.replace(b"CAF1%40mail", name.encode() + b"%40mail")
        return with_a_token(request)
    first, other = e.new("m"), e.new("m")
    sent = about(first).body
    for _ in range(2):
        assert post(request, ingest)[0] == 200
    is_there(kafka_consumer, f"{first}@mail.example.com", "mailgun")
    messages, refused = kafka_consumer("seadesk.messages"), program.metric("seadesk_ingest_refused_total", channel="email", reason="replayed")
    request.body = sent.replace(first.encode(), other.encode())  # time, token and signature as they were
    assert post(request, ingest)[::2] == (401, b"")
    assert program.metric("seadesk_ingest_refused_total", channel="email", reason="replayed") == refused + 1
    about(first)
    assert post(request, ingest)[0] == 200  # a resend may have a token of its own
    assert not e.settle(messages)
    about(other)
    assert post(request, ingest)[0] == 200
    is_there(kafka_consumer, f"{other}@mail.example.com", "mailgun")


@pytest.mark.ledger("CH-14")
def test_a_marketplaces_message_carries_its_order_and_is_answered_through_the_marketplace_only(
        program, env, proto, kafka_consumer, ana, fake, pg):
    """CH-14: under the marketplace's channel, with its order's number; nobody can answer the buyer elsewhere."""
    ingest, buyer, order_id = e.Edge(env["SEADESK_INGEST_URL"]), e.new("b"), f"903-{secrets.randbelow(10**7):07}-2219830"
    external_id = f"{buyer}@amazonses.com"
    request = fresh(recorded.CORPUS / "mailgun" / "amazon_relay.http", ingest)
    said = {"x1y2z3": buyer, "0101@amazonses.com": external_id, "903-8868176-2219830": order_id}
    for old, new in said.items():
        request.body = request.body.replace(quote_plus(old).encode(), quote_plus(new).encode())
    assert post(with_a_token(request), ingest)[0] == 200
    message = proto("messages").MessageReceived.FromString(is_there(kafka_consumer, external_id, "buyers", "amazon").value)
    assert (message.channel, message.order_id, message.is_automatic) == ("amazon", order_id, False)
    ticket_id = eventually(lambda: ana.http.message("amazon", external_id, "buyers"), 60)["ticket_id"]
    ana.done("take", ticket_id)
    refused = ana.do("reply", ticket_id, text="It comes tomorrow.", language="en", channel="twilio-sms")
    assert (refused.status_code, refused.json()["reason"]) == (409, "unknown_target")
    ana.done("reply", ticket_id, text="It comes tomorrow.", language="en")
    send = eventually(lambda: [send for send in fake.log() if buyer in send["to"] and send["text"] == "It comes tomorrow."])
    assert [each["channel"] for each in send] == ["gateway"]
    ladders = pg.query("select distinct channel from notifier.delivery_v where ticket_id = %s", ticket_id)
    assert ladders == [("amazon",)]

"""test_media.py: files that messages bring are fetched later, with what a hostile address must not reach, and never lose the message."""
import base64
import hashlib
import hmac
import json
import uuid

import pytest
import requests

import edge as e
from stack import eventually

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def media(service):
    return service("media-fetcher")


@pytest.fixture
def files(env, fake):
    """files("a.png", size=9): the address of a file at the fake provider, by default of a name of its own."""
    return lambda name=None, **query: requests.Request(
        "GET", f"{env['SEADESK_FAKE_URL']}/files/{name or e.new('f-') + '.png'}", params=query).prepare().url


@pytest.fixture
def write(edge):
    """write(url, …): a form with these attachments (addresses or objects); its external id."""
    def write(*attachments):
        message = e.new("form-")
        files = [{"url": one} if isinstance(one, str) else one for one in attachments]
        answer = edge.message(e.traffic.form_message(e.new("p-") + "@example.com", "See the photo", message, attachments=files))
        assert answer.status_code == 202, answer.text
        return message
    return write


@pytest.fixture
def settled(desk):
    """settled(external id, state): what is attached, once the first one is in that state."""
    def settled(message, state, channel="form", account="demo"):
        def ask_desk():
            shown = desk.message(channel, message, account)
            return shown and shown["attachments"][0]["state"] == state and shown
        return eventually(ask_desk)["attachments"]
    return settled


def fetch(desk, attachment):
    return desk.get(attachment["download"].removeprefix("/api/v1"))


def row(pg, message, column, channel="form", index=0):
    return pg.value(f"SELECT {column} FROM media_fetcher.item WHERE event_id = %s AND index = %s",
                    e.message_id(channel, message), index)


# ---- the way of a file ----

def test_a_file_is_fetched_sealed_and_handed_out_as_an_attachment_only(write, settled, files, desk, pg):
    name = "Ihr Foto “1”.png"
    url = files(size=3_000_000)
    message = write({"url": url, "name": name, "mime": "image/jpeg"}, files("page.html"))
    photo, page = settled(message, "done")
    page = eventually(lambda: (two := desk.message("form", message)["attachments"][1])["state"] == "done" and two)
    assert (photo["name"], photo["mime"], photo["size"]) == (name, "image/png", 3_000_000)  # as found, not as told
    answer = fetch(desk, photo)
    assert answer.status_code == 200 and answer.content.startswith(PNG) and len(answer.content) == 3_000_000
    assert answer.headers["Content-Type"] == "image/png" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Ihr%20Foto%20%E2%80%9C1%E2%80%9D.png"
    assert page["mime"] == "text/plain" and fetch(desk, page).headers["Content-Type"] == "text/plain"
    assert requests.get(answer.url, timeout=10).status_code == 401
    assert desk.get(f"/media/{uuid.uuid4()}/0").status_code == desk.get(f"/media/{e.message_id('form', message)}/7").status_code == 404
    assert row(pg, message, "sha256").hex() == hashlib.sha256(answer.content).hexdigest()
    assert row(pg, message, "source") is None, "of a finished one the address is gone"
    parts = pg.query("SELECT sealed FROM media_fetcher.part JOIN media_fetcher.item USING (item_id) WHERE event_id = %s",
                     e.message_id("form", message))
    assert len(parts) == 4 and not any(b"x" * 32 in bytes(sealed) or b"PNG" in bytes(sealed)[:200] for sealed, in parts)


def test_a_file_that_cannot_be_opened_to_its_end_does_not_look_whole(write, settled, files, desk, pg):
    message = write(files(size=2_500_000))
    (one,) = settled(message, "done")
    part = "UPDATE media_fetcher.part SET sealed = sealed || 'x' WHERE item_id = %s AND part = %s"
    pg.query(part, row(pg, message, "item_id::text"), 2)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        fetch(desk, one)
    pg.query(part, row(pg, message, "item_id::text"), 0)
    assert fetch(desk, one).status_code == 404


def test_a_failed_fetch_is_tried_again_and_the_message_is_there_all_the_while(write, settled, files, fake, desk, pg, clock):
    name = e.new("f-") + ".png"
    fake.script({"media": [{"to": name, "status": 500, "times": 1}, {"to": name, "status": 429, "retry_after_s": 700, "times": 1}]})
    message = write(files(name))
    eventually(lambda: row(pg, message, "tries") == 1)
    shown = desk.message("form", message)
    assert shown["text"] == "See the photo" and shown["attachments"][0]["state"] == "pending"
    assert shown["attachments"][0]["reason"] == "http_500" and "download" not in shown["attachments"][0]
    assert fetch(desk, {"download": f"/api/v1/media/{shown['event_id']}/0"}).status_code == 404
    clock.advance(11_000)
    eventually(lambda: row(pg, message, "tries") == 2)
    assert row(pg, message, "due_at - at").total_seconds() == 700  # as its server asked, not the minute of the rule
    clock.advance(701_000)
    settled(message, "done")


def test_what_never_comes_is_failed_after_the_sixth_try(write, settled, files, fake, pg, clock):
    name = e.new("f-") + ".png"
    fake.script({"media": [{"to": name, "status": 503}]})
    message = write(files(name))
    for tries in range(1, 6):
        eventually(lambda: row(pg, message, "tries") == tries)
        clock.advance(6 * 3600 * 1000 + 1000)
    (one,) = settled(message, "failed")
    assert one["reason"] == "http_503" and row(pg, message, "tries") == 6


def test_each_refusal_has_its_reason(write, settled, files, env):
    ingest = env["SEADESK_INGEST_URL"] + "/healthz"
    cases = {files(e.new("f-") + ".png", to=ingest): ("refused", "forbidden_port"),  # a redirect is judged as well
             files(e.new("f-") + ".png", to="http://127.0.0.1/x"): ("refused", "forbidden_address"),
             files(e.new("f-") + ".png", to="http://localhost/x"): ("refused", "forbidden_address"),
             files(e.new("f-") + ".png", to="http://[::ffff:127.0.0.1]/x"): ("refused", "forbidden_address"),
             files(e.new("f-") + ".png", to="file:///etc/passwd"): ("refused", "bad_url"),
             files(e.new("f-") + ".png", size=17_000_000): ("refused", "too_large"),
             "http://169.254.169.254/latest/meta-data": ("refused", "forbidden_address"),
             "http://2130706433/": ("refused", "forbidden_address"),
             "http://0x7f.1/": ("refused", "forbidden_address"),
             ingest: ("refused", "forbidden_port"),
             "http://ana:secret@example.com/x": ("refused", "credentials"),
             "gopher://example.com/": ("refused", "bad_url")}
    message = write(*cases, {"url": files(), "sha256": "00" * 32}, {"url": files(), "size": 1 << 40})
    cases |= {"digest": ("refused", "digest"), "told": ("refused", "too_large")}
    for index, (url, (state, reason)) in enumerate(cases.items()):
        one = eventually(lambda: (all_ := settled(message, "refused"))[index]["state"] != "pending" and all_[index])
        assert (one["state"], one["reason"]) == (state, reason), url


def test_of_a_customer_with_a_gib_of_files_no_more_are_kept(edge, settled, files, pg):
    address = e.new("p-") + "@example.com"

    def send():
        message = e.new("form-")
        assert edge.message(e.traffic.form_message(address, "See the photo", message, attachments=[{"url": files()}])).status_code == 202
        return message
    first = send()
    settled(first, "done")
    pg.query("UPDATE media_fetcher.item SET size = 1 << 30 WHERE item_id = %s", row(pg, first, "item_id::text"))
    second = send()
    (one,) = settled(second, "refused")
    assert one["reason"] == "quota"
    assert pg.value("SELECT count(*) FROM media_fetcher.part WHERE item_id = %s", row(pg, second, "item_id::text")) == 0


def test_as_many_files_as_are_fetched_at_a_time_may_all_be_redirected(write, settled, files, pg):
    for message in [write(files(to=files(size=4_000_000))) for _ in range(8)]:
        assert settled(message, "done")[0]["size"] == 4_000_000
        assert row(pg, message, "tries") == 1


def test_what_is_gone_fails_at_once_and_redirects_end(write, settled, files, fake, env):
    gone = e.new("f-") + ".png"
    fake.script({"media": [{"to": gone, "status": 404}]})
    one, = settled(write(files(gone)), "failed")
    assert one["reason"] == "http_404"
    target = "/files/end.png"
    for _ in range(6):
        target = requests.Request("GET", env["SEADESK_FAKE_URL"] + "/files/hop", params={"to": target}).prepare().url
    one, = settled(write(target), "failed")
    assert one["reason"] == "redirects"


def test_slow_files_of_one_customer_delay_no_other(media, write, settled, files, fake, desk):
    slow = e.new("slow-")
    fake.script({"media": [{"text": slow, "silent": True}]})
    mine = write(*(files(f"{slow}{n}.png") for n in range(6)))
    eventually(lambda: fake.get("/script").json()["media"][0]["hits"] == 1)
    settled(write(files()), "done")
    assert fake.get("/script").json()["media"][0]["hits"] == 1
    assert {one["state"] for one in desk.message("form", mine)["attachments"]} == {"pending"}


def test_a_file_that_cannot_be_settled_now_holds_up_no_other(write, settled, files, fake, pg, clock):
    """A customer who is being erased at this moment is waited for; the others' files come in."""
    name = e.new("stuck-")
    fake.script({"media": [{"text": name, "status": 500, "times": 5}]})
    messages = [write(files(f"{name}{n}.png")) for n in range(5)]
    eventually(lambda: all(row(pg, message, "tries") == 1 for message in messages), 60)
    *others, stuck = messages
    contact = row(pg, stuck, "contact_key")
    pg.query("insert into retention_purger.erased (contact_key, at) values (%s, now())", contact)
    try:
        clock.advance(11_000)
        for message in others:
            settled(message, "done")
        assert row(pg, stuck, "tries") == 1
    finally:
        pg.query("delete from retention_purger.erased where contact_key = %s", contact)
    settled(stuck, "done")


def test_files_go_when_their_conversation_s_time_is_over(write, settled, files, pg):
    message = write(files())
    settled(message, "done")
    ahead = row(pg, message, "gone - current_date")
    item = row(pg, message, "item_id::text")
    pg.query("UPDATE media_fetcher.item SET gone = current_date WHERE item_id = %s", item)
    pg.query("INSERT INTO media_fetcher.item (item_id, event_id, index, number, \"offset\", contact_key, channel, account, state, at, gone)"
             " SELECT gen_random_uuid(), gen_random_uuid(), 0, 0, 0, decode(repeat('00', 16), 'hex'), 'form', 'demo', 3, now(), current_date"
             " FROM generate_series(1, 60)")
    assert pg.value("SELECT media_fetcher.forget(current_date)") <= 50, "a call ends within a statement's time"
    eventually(lambda: pg.value("SELECT media_fetcher.forget(current_date)") == 0)
    assert ahead > 28 and row(pg, message, "state") is None
    assert pg.value("SELECT count(*) FROM media_fetcher.part WHERE item_id = %s", item) == 0


# ---- providers ----

def test_files_of_providers_are_fetched_as_each_hands_them_out(edge, settled, desk, env):
    number, media = str(uuid.uuid4().int)[:8], str(uuid.uuid4().int)[:15]
    whatsapp, sms, line, telegram = e.new("wamid."), "MM" + uuid.uuid4().hex, media, int(number)
    assert edge.whatsapp(e.whatsapp_image("55119" + number, media, whatsapp)).status_code == 200
    assert edge.twilio({**e.traffic.twilio_sms("+5511" + number, "", sms), "NumMedia": "1", "MediaContentType0": "image/png",
                        "MediaUrl0": f"{env['SEADESK_FAKE_URL']}/2010-04-01/Accounts/AC1/Messages/{sms}/Media/ME1"}).status_code == 200
    event = {"type": "message", "mode": "active", "timestamp": e.traffic.now_ms(), "source": {"type": "user", "userId": "U" + uuid.uuid4().hex},
             "webhookEventId": e.new(), "deliveryContext": {"isRedelivery": False}, "replyToken": "0" * 32,
             "message": {"type": "image", "id": line, "contentProvider": {"type": "line"}}}
    body = json.dumps({"destination": "U1", "events": [event]})
    code = base64.b64encode(hmac.new(b"demo-line-secret", body.encode(), hashlib.sha256).digest()).decode()
    assert edge.post("/v1/channels/line/demo", data=body, headers={"Content-Type": "application/json", "X-Line-Signature": code}).ok
    update = {"update_id": telegram, "message": {"message_id": telegram, "date": e.traffic.now_ms() // 1000, "chat": {"id": telegram, "type": "private"},
                                                 "from": {"id": telegram, "is_bot": False, "first_name": "Ana"},
                                                 "photo": [{"file_id": "AgAC" + media, "file_unique_id": "u", "width": 9, "height": 9}]}}
    assert edge.post("/v1/channels/telegram/demo", json=update,
                     headers={"X-Telegram-Bot-Api-Secret-Token": "demo-telegram-secret"}).ok
    for channel, external in (("whatsapp", whatsapp), ("twilio-sms", sms), ("line", line), ("telegram", f"{telegram}:{telegram}")):
        (one,) = settled(external, "done", channel)
        kind = ("text/plain", b"file ") if channel == "line" else ("image/jpeg", b"\xff\xd8\xff")
        assert one["mime"] == kind[0] and fetch(desk, one).content.startswith(kind[1]), channel


# ---- nothing lost, nothing twice ----

@pytest.mark.parametrize("point", ["media-fetcher.applied", "media-fetcher.fetched", "media-fetcher.stored"])
def test_a_crash_anywhere_leaves_one_row_and_the_file(media, write, settled, files, desk, pg, point):
    crash = media.crash_at(point)
    message = write(files())
    crash.wait()
    (one,) = settled(message, "done")
    assert fetch(desk, one).content.startswith(PNG)
    assert pg.value("SELECT count(*) FROM media_fetcher.item WHERE event_id = %s", e.message_id("form", message)) == 1


@pytest.mark.parametrize("point", ["media-fetcher.applied", "media-fetcher.stored"])
def test_a_crash_leaves_each_piece_of_a_file_inside_a_message_once(media, edge, settled, desk, pg, point):
    message, content = e.new("m") + "@mail.example.com", PNG * 100_000
    crash = media.crash_at(point)
    assert edge.postmark(message, {"a.png": content}, message).status_code == 200
    crash.wait()
    (one,) = settled(message, "done", "email", "postmark")
    assert fetch(desk, one).content == content
    assert pg.value("SELECT count(*) FROM media_fetcher.part JOIN media_fetcher.item USING (item_id) WHERE event_id = %s",
                    e.message_id("email", message, "postmark")) == 4


def test_a_story_tells_what_became_of_an_attachment(write, settled, files, desk):
    message = write(files())
    settled(message, "done")
    steps = desk.get(f"/events/{e.message_id('form', message)}").json()["steps"]
    assert ("media-fetcher", "attachment 0 fetched") in {(step["service"], step["what"]) for step in steps}

"""desk alone: signing in, who may what, lists over rows, what goes to the log, the live stream, and its end."""
import hashlib
import subprocess
import threading
import uuid
from email.utils import parsedate_to_datetime

import pytest
import requests

from stack import Stream, header

PASSWORD = "demo-demo-demo"
KEY = {"Authorization": "Bearer demo-desk-key"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def url(env, service):
    service("desk").wait_ready()
    return env["SEADESK_DESK_URL"]


@pytest.fixture
def sign_in(url):
    """sign_in("ana"): a browser's session."""
    def opened(user, password=PASSWORD):
        browser = requests.Session()
        answer = browser.post(f"{url}/api/v1/session", json={"user": user, "password": password}, timeout=30)
        assert answer.status_code == 204, answer.text
        return browser
    return opened


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:seadesk:problem:{code}"
    return answer.json()


# ---- the page ----

def test_the_page_comes_with_a_strict_policy_and_is_not_sent_twice(url):
    page = requests.get(url + "/", timeout=30)
    assert page.status_code == 200 and "<title>Seadesk</title>" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    again = requests.get(url + "/", headers={"If-None-Match": page.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.get(url + "/app.js", timeout=30).headers["Content-Type"].startswith("text/javascript")
    problem(requests.get(url + "/../etc/passwd", timeout=30), 404, "not-found")
    problem(requests.get(url + "/nothing.js", timeout=30), 404, "not-found")


# ---- who ----

def test_the_date_follows_the_clock_that_decides(url, clock, eventually):
    """The page counts down by it."""
    clock.advance(48 * 3600_000)

    def told_ms():
        return parsedate_to_datetime(requests.get(url + "/", timeout=30).headers["Date"]).timestamp() * 1000

    eventually(lambda: abs(told_ms() - clock.now_ms()) < 600_000)
    clock.reset()
    eventually(lambda: abs(told_ms() - clock.now_ms()) < 600_000)


def test_a_session_lets_in_until_it_is_signed_out(url, sign_in):
    browser = sign_in("ana")
    cookie = next(iter(browser.cookies))
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Strict"
    assert browser.get(f"{url}/api/v1/tickets", timeout=30).status_code == 200
    value = cookie.value
    assert browser.delete(f"{url}/api/v1/session", timeout=30).status_code == 204
    answer = requests.get(f"{url}/api/v1/tickets", cookies={cookie.name: value}, timeout=30)
    problem(answer, 401, "unauthorized")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_redis_holds_only_the_hash_of_a_session(url, sign_in, redis):
    token = next(iter(sign_in("wei").cookies)).value
    keys = set(redis.keys("sd:sess:*"))
    assert f"sd:sess:{hashlib.sha256(token.encode()).hexdigest()}" in keys
    assert not any(token in key for key in keys)


def test_a_session_whose_row_is_gone_or_too_old_is_over(url, sign_in, redis):
    browser = sign_in("wei")
    key = "sd:sess:" + hashlib.sha256(next(iter(browser.cookies)).value.encode()).hexdigest()
    user, begun = redis.get(key).split("\n")
    redis.set(key, f"{user}\n{int(begun) - 13 * 3600 * 1000}", ex=60)
    problem(browser.get(f"{url}/api/v1/tickets", timeout=30), 401, "unauthorized")
    redis.delete(key)
    problem(browser.get(f"{url}/api/v1/tickets", timeout=30), 401, "unauthorized")


@pytest.mark.parametrize("body, status, code", [
    ({"user": "ana", "password": "wrong"}, 401, "unauthorized"),
    ({"user": "it-nobody", "password": PASSWORD}, 401, "unauthorized"),
    ({"user": "Not A Name", "password": PASSWORD}, 401, "unauthorized"),
    ({"user": "ana"}, 422, "invalid"),
    ([], 422, "invalid"),
])
def test_a_wrong_sign_in_is_refused_without_saying_what_was_wrong(url, body, status, code):
    answer = requests.post(f"{url}/api/v1/session", json=body, timeout=30)
    problem(answer, status, code)
    assert "Set-Cookie" not in answer.headers


def test_failed_sign_ins_of_a_user_are_limited_and_others_are_not_touched(url, sign_in):
    user = {"user": f"it-{uuid.uuid4().hex[:8]}", "password": "wrong"}
    statuses = [requests.post(f"{url}/api/v1/session", json=user, timeout=30).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = requests.post(f"{url}/api/v1/session", json=user, timeout=30)
    problem(answer, 429, "too-many-requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 301
    sign_in("ana")


def test_many_sign_ins_at_once_do_not_stall_the_others(url):
    """argon2id runs on a thread of its own: reading goes on meanwhile."""
    user = {"user": f"it-{uuid.uuid4().hex[:8]}", "password": "wrong"}
    threads = [threading.Thread(target=requests.post, args=(f"{url}/api/v1/session",),
                                kwargs={"json": user, "timeout": 30}) for _ in range(10)]
    for thread in threads:
        thread.start()
    answered = 0
    with requests.Session() as reader:
        while any(thread.is_alive() for thread in threads):
            assert reader.get(f"{url}/favicon.svg", timeout=30).status_code == 200
            answered += 1
    for thread in threads:
        thread.join()
    assert answered > 40, "between two sign-ins only one or two are answered where they stall the others"


def test_a_demo_user_cannot_be_made_an_ordinary_one_by_signing_in(pg):
    assert pg.query("SELECT user_name, role FROM desk.account WHERE is_demo ORDER BY 1") == [
        ("ana", "agent"), ("sup", "supervisor"), ("wei", "agent")]
    hashes = [row[0] for row in pg.query("SELECT password FROM desk.account WHERE is_demo")]
    assert all(text.startswith("$argon2id$") for text in hashes) and len(set(hashes)) == 3


def test_an_account_that_is_switched_off_is_out_at_once(url, sign_in, pg):
    user = f"it-{uuid.uuid4().hex[:8]}"
    pg.query("INSERT INTO desk.account (user_name, password, role) SELECT %s, password, 'agent' FROM desk.account"
             " WHERE user_name = 'ana'", user)
    browser = sign_in(user)
    assert browser.get(f"{url}/api/v1/tickets", timeout=30).status_code == 200
    pg.query("UPDATE desk.account SET is_active = false WHERE user_name = %s", user)
    problem(browser.get(f"{url}/api/v1/tickets", timeout=30), 401, "unauthorized")
    assert requests.post(f"{url}/api/v1/session", json={"user": user, "password": PASSWORD},
                         timeout=30).status_code == 401


def test_keys_are_known_and_name_who_acts(url):
    tickets = f"{url}/api/v1/tickets"
    command = f"{tickets}/{NOBODY}/take"
    problem(requests.get(tickets, timeout=30), 401, "unauthorized")
    problem(requests.get(tickets, headers={"Authorization": "Bearer wrong"}, timeout=30), 401, "unauthorized")
    problem(requests.get(tickets, headers={"Authorization": "Basic demo-desk-key"}, timeout=30), 401, "unauthorized")
    assert requests.get(tickets, headers=KEY, timeout=30).status_code == 200
    problem(requests.post(command, json={}, headers=KEY, timeout=30), 422, "invalid")
    problem(requests.get(f"{tickets}?assignee=me", headers=KEY, timeout=30), 422, "invalid")
    problem(requests.get(f"{url}/api/v1/agents/me/presence", headers=KEY, timeout=30), 422, "invalid")
    problem(requests.get(tickets, headers={**KEY, "Seadesk-Agent": "it-nobody"}, timeout=30), 422, "invalid")


def test_what_a_foreign_page_could_send_is_refused(url, sign_in):
    browser = sign_in("ana")
    path = f"{url}/api/v1/tickets/{NOBODY}/take"
    problem(browser.post(path, data="{}", headers={"Content-Type": "text/plain"}, timeout=30), 415,
            "unsupported-media-type")
    problem(browser.post(path, json={}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=30), 403, "forbidden")
    problem(browser.delete(f"{url}/api/v1/session", headers={"Sec-Fetch-Site": "same-site"}, timeout=30), 403, "forbidden")
    assert browser.get(f"{url}/api/v1/tickets", timeout=30).status_code == 200


# ---- commands before they go out ----

def test_a_command_needs_its_preconditions(desk, url):
    ana = desk.as_agent("ana")
    path, keyed = f"/tickets/{NOBODY}/take", {"Idempotency-Key": str(uuid.uuid4())}
    problem(ana.post(path, json={"expected_version": 1}), 428, "precondition-required")
    assert problem(ana.post(path, json={}, headers=keyed), 428, "precondition-required")["field"] == "/expected_version"
    problem(ana.post(path, json={"expected_version": 1}, headers=keyed), 404, "not-found")
    problem(ana.post(path, json={}, headers={**keyed, "If-Match": '"1"'}), 404, "not-found")
    problem(ana.post(path, json={"expected_version": "1"}, headers=keyed), 422, "invalid")
    problem(ana.post(path, data="{", headers={**keyed, "Content-Type": "application/json"}), 400, "malformed")
    problem(ana.post(path, json={"expected_version": 1}, headers={"Idempotency-Key": "k" * 201}), 422, "invalid")
    problem(ana.post(f"/tickets/{NOBODY}/explode", json={}, headers=keyed), 404, "not-found")
    problem(ana.post("/tickets/1/take", json={}, headers=keyed), 404, "not-found")
    problem(ana.post(f"/tickets/{NOBODY}/reply", json={"text": "x" * 70000}, headers=keyed), 413, "too-large")
    assert ana.patch(f"/tickets/{NOBODY}").status_code == 405


def test_presence_goes_to_the_log_under_the_agent_and_the_same_key_is_the_same_command(desk, proto, kafka_consumer, eventually):
    commands = kafka_consumer("seadesk.commands")
    sup, key = desk.as_agent("sup"), {"Idempotency-Key": str(uuid.uuid4())}
    body = {"state": "away", "capacity": {"weight": 7, "channels": {"phone": 2}}}
    for _ in range(2):
        assert sup.put("/agents/me/presence", json=body, headers=key).status_code in (200, 202)
    def records_of_sup():
        commands.read()
        return [record for record in commands.seen if record.key == b"sup"]
    records = eventually(lambda: len(records_of_sup()) >= 2 and records_of_sup())
    ids = {header(record, "ce_id") for record in records[-2:]}
    assert len(ids) == 1 and header(records[-1], "sd-root") in ids
    assert header(records[-1], "sd-src") is None
    assert header(records[-1], "ce_type") == "seadesk.v1.Command"
    command = proto("commands").Command.FromString(records[-1].value)
    assert command.agent.user == "sup" and command.agent.staff_number == "1003" and len(command.body_hash) == 32
    assert (command.presence.state, command.presence.weight) == ("away", 7)
    assert [(c.channel, c.limit) for c in command.presence.channels] == [("phone", 2)]


def test_a_privacy_request_is_a_supervisors_and_goes_to_the_log(url, desk, sign_in, proto, kafka_consumer):
    body = {"customer_id": str(uuid.uuid4()), "kind": "erase"}
    problem(sign_in("ana").post(f"{url}/api/v1/privacy/requests", json=body, timeout=30), 403, "forbidden")
    privacy = kafka_consumer("seadesk.privacy")
    answer = sign_in("sup").post(f"{url}/api/v1/privacy/requests", json=body, timeout=30)
    assert answer.status_code == 202, answer.text
    request_id = uuid.UUID(answer.json()["request_id"])
    record = privacy.wait_for(lambda one: header(one, "ce_id") == str(request_id))
    request = proto("privacy").ErasureRequested.FromString(record.value)
    assert (request.request_id, request.kind, request.requested_by) == (request_id.bytes, "erase", "sup")
    assert record.key.decode() == body["customer_id"]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    ids = {desk.post("/privacy/requests", json=body, headers=key).json()["request_id"] for _ in range(2)}
    assert len(ids) == 1
    problem(desk.post("/privacy/requests", json={**body, "kind": "hide"}), 422, "invalid")
    problem(desk.get(f"/privacy/requests/{uuid.uuid4()}"), 404, "not-found")


# ---- reading ----

def test_what_is_not_there_is_404_whatever_it_is_called(desk):
    for path in (f"/tickets/{NOBODY}", "/tickets/1", f"/customers/{NOBODY}", "/orders/it-none", "/orders/%00",
                 "/orders/%FF", "/messages/whatsapp/demo/wamid.none", "/messages/nowhere/x/1", f"/events/{NOBODY}",
                 "/events/x"):
        problem(desk.get(path), 404, "not-found")


def test_mistakes_in_a_query_are_422(desk):
    for query in ("status=opened", "cursor=x", "customer_id=1", "limit=0", "queue=%FF"):
        problem(desk.get(f"/tickets?{query}"), 422, "invalid")


@pytest.fixture
def rows(pg):
    """rows(count, queue, …): closed tickets of long ago, without anything sealed."""
    queues = []

    def insert(count, queue, first="2001-01-01", order=None):
        queues.append(queue)
        pg.query("""
            INSERT INTO router.ticket (ticket_id, home_key, number, version, status, is_active, market, channel, account,
                                       priority, queue, opened_at, order_ids, sort_at, gone, root_id)
            SELECT gen_random_uuid(), decode(md5(n::text || queue), 'hex'), 0, n, 7, false, 'GB', 'form', 'demo', 5,
                   queue, first::timestamptz + n * interval '1 minute', orders::text[], now(), 'infinity', gen_random_uuid()
            FROM generate_series(1, %s) AS n, (VALUES (%s, %s, %s)) AS given (queue, first, orders)""",
                 count, queue, first, [order] if order else [])
        pg.query("ANALYZE router.ticket")

    yield insert
    for queue in queues:
        pg.query("DELETE FROM router.ticket WHERE queue = %s", queue)


def pages(desk, query, limit):
    items, cursor, count = [], "", 0
    while True:
        answer = desk.get(f"/tickets?{query}&limit={limit}&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        count += 1
        if page["next"] is None:
            return items, count
        cursor = page["next"]


def test_pages_of_a_list_follow_each_other_newest_first_without_gap_or_repeat(desk, rows):
    queue = f"it-{uuid.uuid4().hex[:8]}"
    rows(45, queue)
    items, _ = pages(desk, f"queue={queue}&status=closed", 20)
    assert [item["version"] for item in items] == list(range(45, 0, -1))
    assert pages(desk, f"queue={queue}&status=resolved,closed", 20)[0] == items
    assert pages(desk, f"queue={queue}&status=open,resolved", 20)[0] == []
    assert len({item["id"] for item in items}) == 45
    one = items[7]
    assert (one["queue"], one["status"], one["market"], one["channel"]) == (queue, "closed", "GB", "form")
    assert one["opened_at"] == "2001-01-01T00:38:00Z" and one["clocks"] == [] and one["assignee"] is None
    assert one["zone"] == "Europe/London"


def test_a_list_looks_through_a_bounded_window_and_its_cursor_goes_on_behind_it(desk, rows):
    mine, others = f"it-{uuid.uuid4().hex[:8]}", f"it-{uuid.uuid4().hex[:8]}"
    rows(3, mine, first="1999-01-01", order=f"o-{mine}")
    rows(12000, others, first="1999-06-01")
    items, count = pages(desk, f"order_id=o-{mine}", 20)
    assert [item["version"] for item in items] == [3, 2, 1]
    assert items[0]["order_ids"] == [f"o-{mine}"]
    assert count >= 2, "one window cannot have held them all"
    found, _ = pages(desk, f"q=o-{mine}", 20)
    assert found == items
    by_id = desk.get(f"/tickets?q={items[0]['id']}").json()
    assert [item["id"] for item in by_id["items"]] == [items[0]["id"]]


def test_a_ticket_carries_its_version_as_tag(desk, rows, pg):
    queue = f"it-{uuid.uuid4().hex[:8]}"
    rows(1, queue)
    ticket_id = pg.value("SELECT ticket_id::text FROM router.ticket WHERE queue = %s", queue)
    answer = desk.get(f"/tickets/{ticket_id}")
    assert answer.status_code == 200 and answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    ticket = answer.json()
    assert (ticket["messages"], ticket["decisions"], ticket["customer"]) == ([], [], None)


# ---- the stream ----

def names(order_id):
    return lambda fields: order_id in fields.get("data", "")


@pytest.fixture
def tell(kafka_producer):
    """tell(order id): a record about it that no service acts upon."""
    def send(order_id):
        kafka_producer.send("seadesk.timelines", key=order_id.encode(), value=b"", headers=[
            ("ce_id", str(uuid.uuid4()).encode()), ("ce_type", b"seadesk.v1.Unheard")]).get(10)
    return send


def test_an_event_says_what_to_read_again(url, tell):
    stream, order = Stream(url), f"it-{uuid.uuid4().hex[:10]}"
    tell(order)
    event = stream.until(names(order))[-1]
    assert event["event"] == "order" and event["data"] == f'{{"order_id":"{order}"}}' and event["id"]
    stream.close()


def test_a_reader_that_comes_back_gets_what_it_missed_and_only_that(url, tell):
    stream, orders = Stream(url), [f"it-{uuid.uuid4().hex[:10]}" for _ in range(3)]
    tell(orders[0])
    stream.until(names(orders[0]))
    stream.close()
    tell(orders[1])
    tell(orders[2])
    watcher = Stream(url)
    tell(orders[0])
    watcher.until(names(orders[0]))
    watcher.close()
    back = Stream(url, {**KEY, "Last-Event-ID": stream.last_id})
    missed = set(orders[1:])

    def has_all(fields):
        missed.difference_update([order for order in orders if order in fields["data"]])
        return not missed
    seen = back.until(has_all)
    assert not any(fields["event"] == "reset" for fields in seen)
    assert all(sum(order in fields["data"] for fields in seen) == 1 for order in orders[1:])
    back.close()


def test_a_reader_has_a_place_to_come_back_to_before_its_first_event(url, tell):
    stream, order = Stream(url), f"it-{uuid.uuid4().hex[:10]}"
    place = next(stream.blocks())["id"]
    stream.close()
    tell(order)
    back = Stream(url, {**KEY, "Last-Event-ID": place})
    back.until(names(order))
    back.close()


@pytest.mark.parametrize("place", ["0123456789abcdef-1", "x", "\u00e9".encode().decode("latin-1")])
def test_a_place_that_is_not_held_gives_reset_first(url, place):
    stream = Stream(url, {**KEY, "Last-Event-ID": place})
    assert stream.until(lambda fields: True)[0]["event"] == "reset"
    stream.close()


def test_signing_out_ends_the_streams_of_the_session(url, sign_in, service, eventually):
    browser, other = sign_in("ana"), Stream(url)
    stream = Stream(url, {"Accept": "text/event-stream"}, browser.cookies)
    eventually(lambda: service("desk").metric("seadesk_desk_streams") >= 2)
    assert browser.delete(f"{url}/api/v1/session", timeout=30).status_code == 204
    with pytest.raises(AssertionError, match="the stream ended"):
        stream.until(lambda fields: fields.get("event") == "nothing")
    other.close()


def test_desk_drains_with_streams_open_and_comes_back_with_reset(url, service, tell, eventually):
    stream, order = Stream(url), f"it-{uuid.uuid4().hex[:10]}"
    tell(order)
    stream.until(names(order))
    ends = service("desk").log().count("msg=stopped failed=false")
    service("desk").restart()
    service("desk").wait_ready()
    assert service("desk").log().count("msg=stopped failed=false") == ends + 1
    back = Stream(url, {**KEY, "Last-Event-ID": stream.last_id})
    assert back.until(lambda fields: True)[0]["event"] == "reset"
    back.close()


def test_readiness_names_what_is_away_and_reading_goes_on_without_kafka(service, desk, env, eventually):
    """Kafka away: not ready, lists are answered, a command is 503 with Retry-After."""
    admin = env["SEADESK_ADMIN_DESK"]
    service("kafka").stop()
    try:
        eventually(lambda: "kafka" in requests.get(admin + "/readyz", timeout=30).json()["missing"])
        assert desk.get("/tickets").status_code == 200
        answer = desk.as_agent("sup").put("/agents/me/presence", json={"state": "offline"}, timeout=60)
        problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        start_again(service("kafka"))
    service("desk").wait_ready(120)


def start_again(program):
    """On a busy machine a broker may need longer than a start waits for it."""
    for _ in range(5):
        try:
            program.start()
            return
        except subprocess.CalledProcessError:
            continue
    program.wait_ready()


def test_redis_away_ends_no_key_and_no_session(service, url, desk, sign_in, eventually):
    browser = sign_in("ana")
    service("redis").stop()
    try:
        assert desk.get("/tickets").status_code == 200
        eventually(lambda: browser.get(f"{url}/api/v1/tickets", timeout=30).status_code == 503)
        problem(browser.get(f"{url}/api/v1/tickets", timeout=30), 503, "unavailable")
    finally:
        service("redis").start()
    service("desk").wait_ready()
    assert browser.get(f"{url}/api/v1/tickets", timeout=30).status_code in (200, 401), "401 where Redis kept nothing"

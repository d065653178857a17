"""test_ingest_rejects.py: what was refused of a source: read by its own key, and posted to it signed, again and again until it is taken."""
import base64
import hmac
import http.server
import json
import threading

import pytest

import edge as e
from edge import problem

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEYS = {name: {"Authorization": f"Bearer demo-{name}-key"} for name in ("reader", "posted")}


class Receiver:
    """A source's own server: takes posts, and answers with the statuses that `answers` holds first, then 204."""

    def __init__(self):
        self.posts, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/rejects"


@pytest.fixture(scope="module")
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def program(service, tmp_path_factory, receiver):
    more = e.adding(sources=[
        {"name": "reader", "key": {"value": "demo-reader-key"}, "allowed": ["/reader/*"]},
        {"name": "posted", "key": {"value": "demo-posted-key"}, "allowed": ["/posted"],
         "rejects": {"url": receiver.url, "signing": {"value": SIGNING}}}])
    config = e.channels_changed(tmp_path_factory.mktemp("rejects"), more)
    with e.configured(service, config, SEADESK_INGEST_REJECT_RETRY="100ms") as ingest:
        yield ingest


@pytest.fixture(scope="module")
def edge(env, program):
    return e.Edge(env["SEADESK_INGEST_URL"])


@pytest.fixture
def empty(redis):
    for name in ("reader", "posted"):
        redis.delete(f"sd:reject:{name}")


def bad(source, kind="order.paid"):
    """An event without its order."""
    return {**e.traffic.business_event(kind, {"customer": {"customer_ref": "c-secret"}}), "source": source}


def rejects(edge, query="", name="reader", key="reader"):
    return edge.get(f"/v1/sources/{name}/rejects{query}", headers=KEYS[key])


def test_a_source_reads_what_was_refused_of_it_over_http_and_on_the_topic(edge, empty, kafka_producer):
    over_http, on_topic = bad("/reader/a"), bad("/reader/b", "parcel.scanned")
    answer = edge.post("/v1/events", json=[over_http], headers={**e.BATCH, **KEYS["reader"]})
    problem(answer, 422, "invalid", "/data/order_id")
    place = kafka_producer.send("seadesk.business", value=json.dumps(on_topic).encode(), key=b"o-1",
                                headers=[("content-type", b"application/cloudevents+json")]).get(timeout=60)
    items = e.eventually(lambda: len(rejects(edge).json()["items"]) == 2 and rejects(edge).json()["items"], 60)
    first, second = items
    assert (first["via"], first["event_id"], first["event_type"]) == ("http", over_http["id"], "seadesk.order.paid.v1")
    assert (first["status"], first["code"], first["field"], first["index"]) == (422, "invalid", "/data/order_id", 0)
    assert (second["via"], second["event_id"], second["event_source"]) == ("topic", on_topic["id"], "/reader/b")
    assert (second["topic"], second["partition"], second["offset"]) == ("seadesk.business", place.partition, place.offset)
    assert "c-secret" not in json.dumps(items)


def test_what_is_refused_for_its_length_is_told_by_its_beginning(edge, empty):
    event = {**bad("/reader/a"), "id": "\u0001" * 20000}
    problem(edge.event(event, **KEYS["reader"]), 422, "invalid", "/id")
    item, = e.eventually(lambda: rejects(edge).json()["items"], 60)
    assert (item["field"], item["event_id"], item["event_source"]) == ("/id", "\u0001" * 512, "/reader/a")


def test_what_is_too_large_to_be_read_is_told_to_the_source_that_its_headers_name(edge, empty, kafka_producer):
    headers = {"ce_specversion": "1.0", "ce_id": "large-1", "ce_source": "/reader/b", "content-type": "application/json"}
    kafka_producer.send("seadesk.business", value=b"x" * (193 << 10), key=b"o-1",
                        headers=[(name, value.encode()) for name, value in headers.items()]).get(timeout=60)
    item, = e.eventually(lambda: rejects(edge).json()["items"], 60)
    assert (item["status"], item["code"], item["event_id"], item["via"]) == (413, "too-large", "large-1", "topic")
    whole = {**bad("/reader/a"), "data": "x" * (193 << 10)}
    problem(edge.event(whole, **KEYS["reader"]), 413, "too-large")
    items = e.eventually(lambda: len(rejects(edge).json()["items"]) == 2 and rejects(edge).json()["items"], 60)
    assert items[1]["event_id"] == whole["id"]


def test_rejects_come_in_pages(edge, empty):
    events = [bad("/reader/a") for _ in range(7)]
    for event in events:
        assert edge.event(event, **KEYS["reader"]).status_code == 422
    e.eventually(lambda: len(rejects(edge, "?limit=100").json()["items"]) == 7, 60)
    got, page = [], rejects(edge, "?limit=3").json()
    while True:
        got += page["items"]
        if page["next"] is None:
            break
        assert len(page["items"]) == 3 and page["next"] == page["items"][-1]["cursor"]
        page = rejects(edge, "?limit=3&after=" + page["next"]).json()
    assert [item["event_id"] for item in got] == [event["id"] for event in events]
    assert rejects(edge, "?after=" + got[-1]["cursor"]).json() == {"items": [], "next": None}
    problem(rejects(edge, "?after=yesterday"), 422, "invalid", "after")
    problem(rejects(edge, "?limit=101"), 422, "invalid", "limit")


def test_only_its_own_key_reads_a_sources_rejects(edge):
    problem(rejects(edge, name="posted", key="reader"), 403, "forbidden")
    problem(rejects(edge, name="nobody", key="reader"), 403, "forbidden")
    answer = edge.get("/v1/sources/reader/rejects")
    assert (answer.status_code, answer.content) == (401, b"")


def test_what_redis_holds_of_them_is_sealed_bounded_and_ends(edge, empty, env):
    import redis as client
    raw = client.Redis.from_url(env["SEADESK_REDIS"])
    event = bad("/reader/visible")
    assert edge.event(event, **KEYS["reader"]).status_code == 422
    e.eventually(lambda: raw.xlen("sd:reject:reader") == 1, 60)
    stored = repr(raw.xrange("sd:reject:reader"))
    assert event["id"] not in stored and "visible" not in stored
    e.eventually(lambda: 0 < raw.pttl("sd:reject:reader") <= 14 * 86400 * 1000, 60)


def test_of_very_many_rejects_the_newest_are_kept(edge, empty, program, redis, kafka_producer):
    """Small ones that are all there at once when ingest begins to read."""
    events = [{"specversion": "1.0", "source": "/reader/many", "id": e.new(), "type": "x"} for _ in range(1300)]
    program.stop()
    try:
        for event in events:
            kafka_producer.send("seadesk.business", value=json.dumps(event).encode(), key=b"o-1",
                                headers=[("content-type", b"application/cloudevents+json")])
        kafka_producer.flush(60)
    finally:
        program.start()
    e.eventually(lambda: program.metric("seadesk_ingest_rejects_total", outcome="kept") == len(events), 60)
    assert 1000 <= redis.xlen("sd:reject:reader") <= 1200
    page = rejects(edge, "?limit=100").json()
    while page["next"]:
        page = rejects(edge, "?limit=100&after=" + page["next"]).json()
    assert page["items"][-1]["event_id"] == events[-1]["id"]


def test_rejects_are_posted_signed_in_order_and_again_until_they_are_taken(edge, empty, receiver):
    receiver.posts.clear()
    receiver.answers[:] = [500]
    events = [bad("/posted"), bad("/posted")]
    for event in events:
        assert edge.event(event, **KEYS["posted"]).status_code == 422
    e.eventually(lambda: len(receiver.posts) == 3, 60)
    ids = [json.loads(body)["data"]["event_id"] for _, body in receiver.posts]
    assert ids == [events[0]["id"], events[0]["id"], events[1]["id"]], "the refused one first, and again"
    key = base64.b64decode(SIGNING.removeprefix("whsec_"))
    for headers, body in receiver.posts:
        headers = {name.lower(): value for name, value in headers.items()}
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        said = json.loads(body)
        assert said["type"] == "seadesk.event.rejected" and said["data"]["source"] == "posted"
        assert said["data"]["field"] == "/data/order_id"
    names = [{name.lower(): value for name, value in headers.items()}["webhook-id"] for headers, _ in receiver.posts]
    assert names[0] == names[1] != names[2], "an id is the same each time it is tried"


def test_without_redis_events_are_refused_all_the_same(edge, service, redis):
    service("redis").stop()
    try:
        problem(edge.event(bad("/reader/a"), **KEYS["reader"]), 422, "invalid", "/data/order_id")
        answer = rejects(edge)
        assert answer.status_code == 503 and answer.headers["Retry-After"]
    finally:
        service("redis").start()
    e.eventually(lambda: rejects(edge).status_code == 200, 60)

"""test_ingest_publish.py: what publishers may do: scopes and rates of their keys, regions, their own topics, launches, reviews, calls."""
import json
import subprocess
import time

import pytest

import edge as e
from edge import problem
from stack import header

KEYS = {name: {"Authorization": f"Bearer demo-{name}-key"} for name in ("scoped", "slow")}
SCOPED = e.new("scoped-")  # a topic that was deleted leaves offsets behind for a moment: each run has its own
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MORE = [{"name": SCOPED, "key": [{"value": "demo-scoped-key"}, {"value": "demo-scoped-old"}], "allowed": ["/erp/*"],
         "types": ["seadesk.order.*", "seadesk.parcel.delivered.v1"], "markets": ["BR", "EU"]},
        {"name": "slow", "key": {"value": "demo-slow-key"}, "allowed": ["*"], "rate": {"events_per_s": 1, "burst": 100}}]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The stack's configuration folder with more sources, and accounts of two markets."""
    secrets = {"secret": {"value": "demo-whatsapp-secret"}, "verify_token": {"value": "demo-verify"}}
    accounts = [{"channel": "whatsapp", "account": name, "market": market, **secrets}
                for name, market in (("brazil", "BR"), ("germany", "DE"))]
    accounts.append({"channel": "webhook", "account": "anyone", "secret": {"value": SIGNING}})
    return e.channels_changed(tmp_path_factory.mktemp("publish"), e.adding(sources=MORE, accounts=accounts))


@pytest.fixture(scope="module")
def program(service, config):
    with e.configured(service, config) as ingest:
        yield ingest


@pytest.fixture(scope="module")
def edge(env, program):
    return e.Edge(env["SEADESK_INGEST_URL"])


def order(**data):
    return e.traffic.business_event("order.paid", {"order_id": e.new("o-"), **data})


# ---- scopes, rates, handshake ----

def test_a_key_publishes_only_within_its_scope(edge):
    assert edge.event(order(market="BR"), **KEYS["scoped"]).status_code == 202
    assert edge.event(order(market="DE"), **KEYS["scoped"]).status_code == 202, "DE inherits from EU"
    old = {"Authorization": "Bearer demo-scoped-old"}
    assert edge.event(order(market="BR"), **old).status_code == 202, "two keys live while one is rotated"
    problem(edge.event(order(market="JP"), **KEYS["scoped"]), 403, "source-not-allowed", "/data/market")
    problem(edge.event(order(), **KEYS["scoped"]), 403, "source-not-allowed", "/data/market")
    problem(edge.event({**order(market="BR"), "source": "/crm"}, **KEYS["scoped"]), 403, "source-not-allowed", "/source")
    other = e.traffic.business_event("customer.tier", {"customer": {"customer_ref": "c-1"}})
    problem(edge.event(other, **KEYS["scoped"]), 403, "source-not-allowed", "/type")
    answer = edge.post("/v1/events", json=[order(market="BR"), order(market="JP")], headers={**e.BATCH, **KEYS["scoped"]})
    assert problem(answer, 403, "source-not-allowed", "/data/market")["index"] == 1


def test_a_source_beyond_its_rate_is_told_when_to_come_back(edge, program):
    full = [order() for _ in range(100)]
    headers = {**e.BATCH, **KEYS["slow"]}
    assert edge.post("/v1/events", json=full, headers=headers).status_code == 202
    answer = edge.post("/v1/events", json=full, headers=headers)
    problem(answer, 429, "too-many-requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 100
    assert edge.event(order()).status_code == 202, "others are not slowed"
    program.restart()
    assert edge.post("/v1/events", json=full, headers=headers).json()["duplicate"] == 100, "nothing of a refused one is kept"


def test_the_handshake_of_cloudevents_web_hooks_is_answered(edge):
    asked = {"WebHook-Request-Origin": "erp.example.com", "WebHook-Request-Rate": "120"}
    answer = edge.options("/v1/events", headers=asked)
    assert answer.status_code == 204 and answer.headers["WebHook-Allowed-Origin"] == "erp.example.com"
    assert answer.headers["WebHook-Allowed-Rate"] == "*" and "POST" in answer.headers["Allow"]
    answer = edge.options("/v1/events", headers={**asked, **KEYS["slow"]})
    assert answer.headers["WebHook-Allowed-Rate"] == "60"
    assert "WebHook-Allowed-Origin" not in edge.options("/v1/events").headers


# ---- regions ----

@pytest.fixture
def in_europe(program, config):
    program.settings(SEADESK_CONFIG=config, SEADESK_REGION="eu")
    program.restart()
    yield
    program.settings(SEADESK_CONFIG=config)
    program.restart()


@pytest.mark.ledger("CP-09")
def test_data_of_another_regions_market_are_refused_by_its_name_and_kept_nowhere(
        edge, in_europe, proto, kafka_consumer, kafka_producer, redis):
    topics = [kafka_consumer("seadesk." + name) for name in ("orders", "profiles", "messages")]
    dead, event, mine = kafka_consumer("seadesk.dlq"), order(market="BR"), order(market="DE")
    answer = edge.event(event)
    assert problem(answer, 421, "wrong-region", "/data/market")["reason"] == "latam"
    assert problem(edge.event(order(customer={"phone": "+5511912345678"})), 421, "wrong-region", "/data/market")
    batch = edge.batch([mine, order(market="JP")])
    assert problem(batch, 421, "wrong-region", "/data/market")["reason"] == "jp" and batch.json()["index"] == 1
    message = e.traffic.form_message("ana@example.com", "Oi", locale="pt-BR")
    problem(edge.message(message), 421, "wrong-region", "/account")
    kafka_producer.send("seadesk.business", value=json.dumps(event).encode(), key=b"o-1",
                        headers=[("content-type", b"application/cloudevents+json")]).get(timeout=10)
    letter = proto("dlq").DeadLetter.FromString(dead.wait_for(lambda record: True, 60).value)
    assert letter.reason == "wrong-region" and len(letter.sealed_value) <= 45, "its place is kept, its data are not"
    assert not any(e.settle(topic) for topic in topics)
    assert edge.event(mine).json()["accepted"] == 1


@pytest.mark.ledger("CP-09")
def test_a_webhook_of_another_regions_account_is_refused_by_its_name_and_a_customer_from_there_is_heard(
        edge, in_europe, program, kafka_consumer):
    """CP-09: accounts belong to a market, so to a region; a customer of an account without one is never turned away."""
    messages, dead = kafka_consumer("seadesk.messages"), kafka_consumer("seadesk.dlq")
    assert problem(edge.text("5511912345678", account="brazil"), 421, "wrong-region")["reason"] == "latam"
    asked = "/v1/channels/whatsapp/brazil?hub.mode=subscribe&hub.challenge=7&hub.verify_token=demo-verify"
    assert problem(edge.get(asked), 421, "wrong-region")["reason"] == "latam"
    assert edge.text("5511912345678", account="brazil", secret="wrong").status_code == 401
    assert not e.settle(messages) and not e.settle(dead, 0.1)
    count = "seadesk_ingest_other_region_messages_total"
    before = program.metric(count, channel="whatsapp", market="BR")
    for sender, account in (("4915112345678", "germany"), ("4915112345678", "demo"), ("5511912345678", "demo")):
        message = e.new("wamid.")
        assert edge.text(sender, message=message, account=account).status_code == 200
        messages.wait_for(e.of_id(e.message_id("whatsapp", message, account)), 60)
    assert program.metric(count, channel="whatsapp", market="BR") == before + 1


@pytest.mark.ledger("CP-09")
def test_a_business_event_in_a_standard_webhook_is_held_to_its_own_market(edge, in_europe, kafka_consumer):
    """CP-09: its account has no market, so the event says where its data belong."""
    orders, dead = kafka_consumer("seadesk.orders"), kafka_consumer("seadesk.dlq")

    def told(market):
        body = json.dumps({"type": "seadesk.order.paid.v1", "timestamp": "2026-11-22T08:15:00Z",
                           "data": order(market=market)["data"]}).encode()
        return edge.post("/v1/channels/webhook/anyone", data=body,
                         headers={"Content-Type": "application/json", **e.standard_webhook(body, SIGNING)})
    assert problem(told("BR"), 421, "wrong-region", "/data/market")["reason"] == "latam"
    assert not e.settle(orders) and not e.settle(dead, 0.1)
    assert told("DE").status_code == 200
    orders.wait_for(lambda record: True, 60)


def test_a_region_that_no_market_has_stops_the_start(env, config):
    ran = subprocess.run([env["SEADESK_BIN_DIR"] + "/ingest", "--check"], capture_output=True, text=True, timeout=60,
                         env={"SEADESK_CONFIG": str(config), "SEADESK_REGION": "moon", "SEADESK_MASTER_KEY": "0" * 64,
                              "SEADESK_PEPPER": "0" * 64})
    assert ran.returncode != 0 and "SEADESK_REGION" in ran.stdout + ran.stderr


# ---- a source's own topic ----

def has_leader(admin, name):
    return any(part["leader"] >= 0 for topic in admin.describe_topics([name]) for part in topic["partitions"])


@pytest.fixture
def own_topic(env):
    from kafka.admin import KafkaAdminClient, NewTopic
    admin = KafkaAdminClient(bootstrap_servers=env["SEADESK_KAFKA"])
    made = []

    def make(source):
        name = "seadesk.business." + source
        made.append(name)
        admin.create_topics([NewTopic(name, 1, 1)])
        e.eventually(lambda: has_leader(admin, name), 60)
        return name

    def drop(name):
        made.remove(name)
        admin.delete_topics([name])

    make.drop = drop
    yield make
    if made:
        admin.delete_topics(made)
    admin.close()


def test_a_sources_own_topic_has_the_scope_of_its_key(edge, own_topic, proto, kafka_consumer, kafka_producer):
    orders, dead = kafka_consumer("seadesk.orders"), kafka_consumer("seadesk.dlq")
    topic, stranger = own_topic(SCOPED), own_topic(e.new("nobody-"))
    good, bad, strange = order(market="BR"), order(market="JP"), order(market="BR")
    for name, event in ((topic, bad), (topic, good), (stranger, strange)):
        kafka_producer.send(name, value=json.dumps(event).encode(),
                            headers=[("content-type", b"application/cloudevents+json")]).get(timeout=60)
    orders.wait_for(e.of_id(e.event_id(good)), 180)
    dead.wait_for(lambda record: proto("dlq").DeadLetter.FromString(record.value).topic == stranger, 60)
    letters = {(letter.topic, letter.reason) for letter in
               (proto("dlq").DeadLetter.FromString(record.value) for record in e.settle(dead))}
    assert letters == {(topic, "source-not-allowed"), (stranger, "source-not-allowed")}


def test_a_topic_deleted_while_it_was_read_keeps_ingest_from_nothing(own_topic, service, proto, kafka_consumer, kafka_producer):
    """librdkafka 2.0.2 never lets go of such a topic; ingest ends in time all the same."""
    ingest, dead, topic = service("ingest"), kafka_consumer("seadesk.dlq"), own_topic(e.new("gone-"))
    ingest.restart()  # sees the topic at once
    kafka_producer.send(topic, value=b"{}", headers=[("content-type", b"application/cloudevents+json")]).get(timeout=60)
    dead.wait_for(lambda record: proto("dlq").DeadLetter.FromString(record.value).topic == topic, 120)
    own_topic.drop(topic)
    e.eventually(lambda: f"{topic} [0]: desired partition is no longer available" in ingest.log(), 60)
    said = len(ingest.log())
    ingest.stop()
    try:
        assert "stopped with status 0" in ingest.log()[said:]
    finally:
        ingest.start()


# ---- launches, reviews, calls ----

def test_launches_are_kept_in_the_catalogue(edge, proto, kafka_consumer):
    topic = kafka_consumer("seadesk.catalogue")
    product = e.traffic.business_event("product.launched", {"product": {
        "product_id": e.new("p-"), "name": "Kettle", "version": "2", "markets": ["BR", "MX"]}})
    campaign = e.traffic.business_event("campaign.launched", {"campaign": {
        "campaign_id": e.new("k-"), "starts_at": "2026-11-27T00:00:00Z", "product_ids": [product["data"]["product"]["product_id"]]}})
    assert edge.batch([product, campaign]).json()["ids"] == [e.event_id(product), e.event_id(campaign)]
    record = topic.wait_for(e.of_id(e.event_id(product)))
    launched = proto("catalogue").ProductLaunched.FromString(record.value)
    assert header(record, "ce_type") == "seadesk.v1.ProductLaunched" and record.key == launched.product_id.encode()
    assert (launched.name, launched.version, list(launched.markets)) == ("Kettle", "2", ["BR", "MX"])
    assert launched.available_at_ms == launched.occurred_at_ms > 0
    record = topic.wait_for(e.of_id(e.event_id(campaign)))
    begun = proto("catalogue").CampaignLaunched.FromString(record.value)
    assert header(record, "ce_type") == "seadesk.v1.CampaignLaunched" and begun.starts_at_ms == 1795737600000
    assert list(begun.product_ids) == [launched.product_id]


@pytest.mark.ledger("CH-19")
def test_a_one_star_review_is_a_message_that_says_its_order_and_its_rating(edge, hasher, proto, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    review = {"review_id": e.new("r-"), "platform": "demo", "rating": 1, "title": "Nunca más", "language": "es",
              "text": "Llegó roto a las 3 de la mañana", "author_id": "u-9", "author_name": "Lucía"}
    event = e.traffic.business_event("review.posted", {"order_id": "1002", "market": "ES", "review": review})
    assert edge.event(event).json() == {"accepted": 1, "duplicate": 0, "ids": [e.event_id(event)]}
    record = topic.wait_for(e.of_root(e.event_id(event)))
    message = proto("messages").MessageReceived.FromString(record.value)
    assert header(record, "ce_id") == e.message_id("review", review["review_id"])
    assert record.key == hasher.contact("review", "demo", "u-9").hex().encode()
    assert (message.channel, message.account, message.order_id, message.rating) == ("review", "demo", "1002", 1)
    assert b"Luc" not in record.value and b"roto" not in record.value
    assert edge.event(event).json()["duplicate"] == 1
    unknown = {**event, "id": e.new("x"), "data": {**event["data"], "review": {**review, "platform": "elsewhere"}}}
    problem(edge.event(unknown), 422, "invalid", "/data/review/platform")


def test_a_call_is_kept_sealed_under_its_numbers_key(edge, hasher, proto, kafka_consumer):
    topic = kafka_consumer("seadesk.calls")
    call = {"call_id": e.new("c-"), "account": "demo", "number": "+447700900123", "direction": "inbound", "outcome": "answered",
            "started_at": "2026-11-22T08:00:00Z", "answered_at": "2026-11-22T08:00:09Z", "ended_at": "2026-11-22T08:04:00Z",
            "rings": 3, "agent": "ana", "recording": "rec/17"}
    event = e.traffic.business_event("call.ended", {"order_id": "1001", "call": call})
    assert edge.event(event).status_code == 202
    record = topic.wait_for(e.of_id(e.event_id(event)))
    ended = proto("calls").CallEnded.FromString(record.value)
    assert record.key == hasher.contact("phone", "demo", "+447700900123").hex().encode()
    assert ended.contact_key == hasher.contact("phone", "demo", "+447700900123")
    assert (ended.rings, ended.agent, ended.order_id) == (3, "ana", "1001")
    assert ended.answered_at_ms - ended.started_at_ms == 9000 and ended.sealed and ended.day == int(time.time() // 86400)
    assert b"7700900123" not in e.everything_of(record) and b"rec/17" not in e.everything_of(record)

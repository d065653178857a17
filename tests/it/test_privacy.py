"""test_privacy.py: a person is forgotten everywhere, and it is proved; what expires; the keys' ends."""
import base64
import json
import os
import subprocess
import time
import uuid

import pytest
import requests

import edge as e
from stack import CHECKOUT, eventually, header

STORING = ["router", "translator-gateway", "notifier", "order-tracker", "sla-timer", "desk", "media-fetcher", "retention-purger"]
SECRET_WORDS = "meu segredo inconfundivel"


def restart_with(env, service, settings):
    """settings: of each service; all stop and start side by side."""
    for name in STORING:
        service(name).settings(**settings(name))
    subprocess.run([CHECKOUT / "dev", "restart", *STORING], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   env={**os.environ, "SEADESK_STACK": env["SEADESK_STACK"]})


@pytest.fixture(scope="module", autouse=True)
def quick(env, service):
    """Key caches are trusted to be empty after 2 s instead of 60, and housekeeping is done every second."""
    own = {"retention-purger": {"SEADESK_PURGE_HOUSEKEEPING": "1s"}}
    restart_with(env, service, lambda name: {"SEADESK_ERASURE_WAIT": "2s", **own.get(name, {})})
    yield
    restart_with(env, service, lambda name: {})


@pytest.fixture(scope="module")
def sup(desk):
    return desk.as_agent("sup")


class Person:
    """A customer with one WhatsApp number and one message in the desk."""

    def __init__(self, traffic, ingest, desk, text=SECRET_WORDS, at_ms=None):
        self.traffic, self.ingest, self.desk = traffic, ingest, desk
        self.number = "55119" + str(uuid.uuid4().int)[:8]
        self.first = self.write(text, at_ms)
        self.customer = self.first["customer_id"]

    def write(self, text, at_ms=None):
        external_id = self.post(text, at_ms)
        return eventually(lambda: self.desk.message("whatsapp", external_id), 30)

    def call(self, recording):
        """A call from their number."""
        call = {"call_id": "c-" + uuid.uuid4().hex, "account": "demo", "number": "+" + self.number, "direction": "inbound", "outcome": "missed",
                "started_at": "2026-11-22T08:00:00Z", "ended_at": "2026-11-22T08:00:30Z", "recording": recording}
        assert self.traffic.post_event(self.ingest.base, self.traffic.business_event("call.ended", {"call": call}))[0] == 202

    def post(self, text, at_ms=None):
        external_id = self.traffic.new_id("wamid.")
        payload = self.traffic.whatsapp_text(self.number, text, external_id, at_ms, name="Inês Inconfundível")
        status, body = self.traffic.post_whatsapp(self.ingest.base, payload)
        assert status == 200, body
        return external_id


@pytest.fixture
def person(traffic, ingest, desk):
    return Person(traffic, ingest, desk)


def ask(sup, customer, kind="erase"):
    answer = sup.post("/privacy/requests", json={"customer_id": customer, "kind": kind},
                      headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 202, answer.text
    return answer.json()["request_id"]


def state_of(sup, request):
    answer = sup.get(f"/privacy/requests/{request}")
    return answer.json() if answer.status_code == 200 else {"state": None}


def wait_done(sup, request, timeout=60):
    return eventually(lambda: (said := state_of(sup, request))["state"] == "done" and said, timeout)


def calls_of(pg, customer):
    """How many are kept under the keys of the customer's contacts."""
    return pg.value("SELECT count(*) FROM router.call WHERE home_key IN"
                    " (SELECT contact_key FROM router.contact WHERE customer_id = %s)", customer)


def contacts_of(pg, customer):
    return [key for key, in pg.query("SELECT contact_key FROM router.contact WHERE customer_id = %s", customer)]


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(certificate, folder):
    """The statement, after openssl has verified its signature with the key that stands in it."""
    head, payload, signature = certificate.split(".")
    header_ = json.loads(decode(head))
    assert header_["alg"] == "EdDSA"
    spki = bytes.fromhex("302a300506032b6570032100") + decode(header_["jwk"]["x"])  # RFC 8410
    for name, data in (("key", spki), ("signed", f"{head}.{payload}".encode()), ("signature", decode(signature))):
        (folder / name).write_bytes(data)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key", "-rawin",
                    "-in", folder / "signed", "-sigfile", folder / "signature"], check=True, capture_output=True)
    return json.loads(decode(payload))


# ---- the whole way ----

def test_of_somebody_erased_while_a_file_comes_nothing_is_stored(person, ingest, fake, service, sup, pg):
    """What came before goes with the person, and what comes afterwards finds no row and no key."""
    first, slow = (str(uuid.uuid4().int)[:15] for _ in range(2))
    fake.script({"media": [{"to": slow + ".jpg", "delay_ms": 6000}]})

    def send(media):
        message = person.traffic.new_id("wamid.")
        assert person.traffic.post_whatsapp(ingest.base, e.whatsapp_image(person.number, media, message))[0] == 200
        return lambda: pg.value("SELECT state FROM media_fetcher.item WHERE event_id = %s", e.message_id("whatsapp", message))
    kept, coming = send(first), send(slow)
    eventually(lambda: kept() == 2 and coming() == 1 and fake.get("/script").json()["media"][0]["hits"] == 1)
    stores = {store["store"]: store for store in wait_done(sup, ask(sup, person.customer))["stores"]}
    assert stores["media_fetcher.item"] == {"store": "media_fetcher.item", "state": "deleted", "rows": 2}
    assert stores["media_fetcher.part"]["rows"] == 1
    eventually(lambda: service("media-fetcher").metric("seadesk_media_tries_total", outcome="erased") == 1)
    assert kept() is None and coming() is None


def test_files_inside_a_message_go_with_their_person(ingest, desk, sup, pg):
    message = e.new("m") + "@mail.example.com"
    assert e.Edge(ingest.base).postmark(message, {"a.png": b"\x89PNG" * 200_000, "b.png": b"\x89PNG"}, message).status_code == 200
    shown = eventually(lambda: (shown := desk.message("email", message, "postmark")) and
                       all(one["state"] == "done" for one in shown["attachments"]) and shown)
    customer = desk.get(f"/tickets/{shown['ticket_id']}").json()["customer_id"]
    stores = {store["store"]: store["rows"] for store in wait_done(sup, ask(sup, customer))["stores"]}
    assert stores["media_fetcher.item"] == 2 and stores["media_fetcher.part"] == 4 + 1
    assert pg.value("SELECT count(*) FROM media_fetcher.item WHERE event_id = %s", e.message_id("email", message, "postmark")) == 0


def test_a_person_is_forgotten_everywhere_and_it_is_proved(person, sup, desk, pg, keys_pg, tmp_path):
    person.call("rec/of-the-forgotten")
    eventually(lambda: calls_of(pg, person.customer) == 1)
    keys = contacts_of(pg, person.customer)
    assert keys and person.first["text"] == SECRET_WORDS
    request = ask(sup, person.customer)
    done = wait_done(sup, request)
    assert all(store["state"] in ("deleted", "unreadable", "empty") for store in done["stores"])
    rows = {store["store"]: store["rows"] for store in done["stores"]}
    assert rows["router.message"] >= 1 and rows["router.call"] == 1
    statement = verified(done["certificate"], tmp_path)
    assert statement["request_id"] == request and statement["contacts"] == len(keys)
    assert statement["keys_destroyed"] >= 1 and statement["keys_destroyed_at"] < statement["done_at"]
    assert {store["service"] for store in statement["stores"]} >= {"router", "notifier", "order-tracker", "sla-timer"}
    for private in (person.number, SECRET_WORDS, "Inconfund", person.customer, *(key.tobytes().hex() for key in keys)):
        assert private not in json.dumps(statement), private
    assert desk.get(f"/customers/{person.customer}").status_code == 404
    assert desk.get(f"/tickets/{person.first['ticket_id']}").status_code == 404
    alive = keys_pg.value("SELECT count(*) FROM keys.contact_key WHERE contact = ANY (%s) AND wrapped IS NOT NULL", keys)
    assert alive == 0
    assert pg.value("SELECT contacts FROM retention_purger.request WHERE request_id = %s", request) == []


def test_the_way_of_a_request_can_be_followed(person, sup, pg):
    """Asked, contacts known, keys destroyed, answered by all, done: each with its time."""
    request = ask(sup, person.customer)
    wait_done(sup, request)
    steps = [what for what, in pg.query(
        "SELECT what FROM retention_purger.story_v WHERE root_id = (SELECT root_id FROM retention_purger.request"
        " WHERE request_id = %s) ORDER BY at", request)]
    assert steps[0] == "erasure requested" and steps[-1] == "erasure done, certificate kept"
    assert len([step for step in steps if step.endswith("deleted its rows")]) == len(STORING) - 1


@pytest.mark.ledger("CP-10")
def test_no_word_or_number_of_anybody_lies_open(person, pg, env):
    """What a thief of the database, the logs of the topics or the services' logs would read."""
    texts = (SECRET_WORDS, person.number, "Inconfund")
    dump = subprocess.run(["pg_dump", env["SEADESK_POSTGRES"]], check=True, capture_output=True).stdout.decode(errors="replace")
    for text in texts:
        assert text not in dump and text.encode().hex() not in dump, text


def test_after_the_erasure_a_new_message_begins_a_new_life(person, sup, desk, pg, keys_pg):
    keys = contacts_of(pg, person.customer)
    wait_done(sup, ask(sup, person.customer))
    again = person.write("olá de novo")
    assert again["text"] == "olá de novo" and again["ticket_id"] != person.first["ticket_id"]
    assert keys_pg.query("SELECT generation, wrapped IS NOT NULL FROM keys.contact_key WHERE contact = ANY (%s) ORDER BY 1",
                         keys) == [(1, False), (2, True)]


def test_a_message_right_after_the_destruction_can_be_read(person, sup, pg):
    """The key that services still have in memory is not used for what comes after the erasure."""
    request = ask(sup, person.customer)
    eventually(lambda: pg.value("SELECT destroyed_at IS NOT NULL FROM retention_purger.request WHERE request_id = %s", request))
    text = "mensagem nova"
    message = person.write(text)
    wait_done(sup, request)
    assert person.desk.message("whatsapp", message["external_id"])["text"] == text


def test_a_late_record_of_the_erased_is_dropped_and_counted(traffic, ingest, desk, sup, pg, service, kafka_consumer,
                                                            kafka_producer):
    """P5: taken in before the erasure, read after it: the same record again, which nobody remembers."""
    heard, router = kafka_consumer("seadesk.messages"), service("router")
    person = Person(traffic, ingest, desk)
    record = heard.wait_for(lambda one: header(one, "ce_id") == person.first["event_id"])
    wait_done(sup, ask(sup, person.customer))
    pg.query("DELETE FROM router.seen WHERE id = %s", person.first["event_id"])
    dropped = router.metric("seadesk_consumed_total", outcome="erased")
    kafka_producer.send("seadesk.messages", key=record.key, value=record.value, headers=record.headers,
                        partition=record.partition).get(10)
    eventually(lambda: router.metric("seadesk_consumed_total", outcome="erased") == dropped + 1, 20)
    assert desk.message("whatsapp", person.first["external_id"]) is None
    assert contacts_of(pg, person.customer) == []


def test_of_an_unknown_customer_nothing_is_done_and_that_is_certified(sup, tmp_path):
    done = wait_done(sup, ask(sup, str(uuid.uuid4())))
    statement = verified(done["certificate"], tmp_path)
    assert statement["contacts"] == 0 and statement["stores"] == [] and "keys_destroyed_at" not in statement


def exported(sup, request):
    """Every page of the document as one."""
    whole = sup.get(f"/privacy/requests/{request}/export").json()
    following = whole.pop("next")
    while following:
        page = sup.get(f"/privacy/requests/{request}/export", params={"cursor": following}).json()
        whole["messages"] += page["messages"]
        following = page["next"]
    return whole


def test_what_is_kept_of_a_person_is_handed_over_and_of_nobody_else(person, traffic, ingest, desk, sup, pg, log_text):
    other = Person(traffic, ingest, desk, "o segredo de outra pessoa")
    person.write("mais uma pergunta")
    person.call("rec/inconfundivel")
    eventually(lambda: calls_of(pg, person.customer) == 1)
    consent = {"channel": "whatsapp", "class": "marketing", "granted": True, "proof": "said so on the phone"}
    answer = sup.post(f"/customers/{person.customer}/consents", json=consent, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status_code == 202
    ticket = sup.get(f"/tickets/{person.first['ticket_id']}").json()
    note = sup.post(f"/tickets/{ticket['id']}/note", json={"text": "asks politely", "expected_version": ticket["version"]},
                    headers={"Idempotency-Key": uuid.uuid4().hex})
    assert note.status_code in (200, 202), note.text
    order, who = "o-" + uuid.uuid4().hex[:8], {"customer_ref": "c-" + person.number, "name": "Inês Inconfundível", "phone": "+" + person.number,
                  "channels": [{"channel": "whatsapp", "account": "demo", "id": person.number}]}
    event = traffic.business_event("order.placed", {"order_id": order, "market": "BR", "customer": who})
    assert traffic.post_event(ingest.base, event)[0] == 202
    eventually(lambda: pg.value("SELECT customer_id FROM router.order_v WHERE order_id = %s", order) == person.customer)
    request = ask(sup, person.customer, "export")
    done = wait_done(sup, request)
    assert (done["kind"], done["stores"], done["certificate"]) == ("export", [], None)

    def whole():
        document = exported(sup, request)
        assert [one["proof"] for one in document["consents"] if one["source"] == "agent"] == ["said so on the phone"]
        assert [one["text"] for one in document["messages"] if one["direction"] == "note"] == ["asks politely"]
        return document

    document = eventually(whole)
    assert document["customer_id"] == person.customer
    assert {(one["channel"], one["id"]) for one in document["contacts"]} >= {("whatsapp", person.number)}
    assert "Inês Inconfundível" in {one["name"] for one in document["contacts"]}
    assert [one["text"] for one in document["messages"] if one["direction"] == "in"] == [SECRET_WORDS, "mais uma pergunta"]
    assert person.first["ticket_id"] in {one["id"] for one in document["tickets"]}
    assert [(one["recording"], one["outcome"], one["agent"]) for one in document["calls"]] == [("rec/inconfundivel", "missed", None)]
    assert [one["order_id"] for one in document["orders"]] == [order]
    assert document["certificates"] == []
    text = json.dumps(document, ensure_ascii=False)
    assert other.number not in text and "outra pessoa" not in text and other.customer not in text
    assert {one["agent"] for one in document["messages"]} == {None}, "who of ours wrote is not the customer's"
    said = [line for line in log_text("desk").splitlines() if "personal data handed over" in line and request in line]
    assert said and "by=sup" in said[-1] and person.number not in said[-1]
    assert [what for what, in pg.query("SELECT what FROM retention_purger.step WHERE request_id = %s ORDER BY at, \"offset\"",
                                       request)] == ["export requested", "contacts known"]
    assert pg.value("SELECT requested_by FROM retention_purger.request WHERE request_id = %s", request) == "sup"


@pytest.mark.ledger("CP-21")
def test_religion_is_kept_only_if_the_customer_declared_it_sealed_and_counted_nowhere(person, traffic, ingest, sup, pg, env, service,
                                                                                      kafka_consumer, log_text):
    """CP-21: what somebody else thinks is refused; what was said lies sealed, is the customer's to have, and in no figure."""
    topics, word = [kafka_consumer(name) for name in ("seadesk.profiles", "seadesk.dlq")], "zoroastrian" + uuid.uuid4().hex[:8]

    def told(declared_by):
        who = {"customer_ref": "c-" + person.number, "phone": "+" + person.number, "observance": {"value": word, "declared_by": declared_by},
               "channels": [{"channel": "whatsapp", "account": "demo", "id": person.number}]}
        return traffic.post_event(ingest.base, traffic.business_event("customer.updated", {"market": "BR", "customer": who}))
    status, body = told("model")
    assert (status, json.loads(body)["field"]) == (422, "/data/customer/observance/declared_by")
    assert told("customer")[0] == 202
    crm = "select count(*) from router.customer_v where customer_id = %s and channel = 'crm'"
    eventually(lambda: pg.value(crm, person.customer) == 1)
    request = ask(sup, person.customer, "export")
    wait_done(sup, request)
    assert {one.get("observance") for one in exported(sup, request)["contacts"]} >= {word}
    shown = [sup.get(f"/customers/{person.customer}").text, sup.get(f"/tickets/{person.first['ticket_id']}").text]
    dump = subprocess.run(["pg_dump", env["SEADESK_POSTGRES"]], check=True, capture_output=True).stdout.decode(errors="replace")
    records = [repr(record.value) + repr(record.headers) for topic in topics for record in e.settle(topic)]
    figures = [requests.get(service(name).admin + "/metrics", timeout=30).text for name in ("ingest", "router", "desk")]
    for text in (*shown, dump, *records, *figures, *map(log_text, ("ingest", "router", "desk"))):
        assert word not in text and word.encode().hex() not in text
    key = e.Hasher(env).contact("crm", "crm", "c-" + person.number).hex().encode()
    assert [record.key for record in topics[0].seen].count(key) == 1, "what was refused left no record"


def test_an_export_is_for_supervisors_for_seven_days_and_for_its_own_kind(person, desk, sup, clock, service):
    request = ask(sup, person.customer, "export")
    path = f"/privacy/requests/{request}/export"
    wait_done(sup, request)
    assert sup.get(path).status_code == 200
    assert requests.get(desk.root + "/api/v1" + path, timeout=30).status_code == 401
    assert sup.get(f"/privacy/requests/{uuid.uuid4()}/export").status_code == 404
    clock.advance(7 * 86400_000 + 1000)
    answer = sup.get(path)
    assert answer.status_code == 404 and "seven days" in answer.json()["detail"]


def test_an_export_of_many_messages_comes_in_pages_that_miss_none(person, sup, pg):
    """Rows of the same instant too: 1,100 more are planted, whose texts nobody can open."""
    pg.query("INSERT INTO router.message (message_id, gone, home_key, ticket_id, direction, kind, sealed, sent_at, received_at, routed_at,"
             " event_id, root_id, topic, number) SELECT gen_random_uuid(), gone, home_key, ticket_id, direction, kind, NULL,"
             " sent_at, received_at, routed_at, gen_random_uuid(), gen_random_uuid(), 0, number FROM router.message,"
             " generate_series(1, 1100) WHERE event_id = %s", person.first["event_id"])
    request = ask(sup, person.customer, "export")
    wait_done(sup, request)
    messages = [one["message_id"] for one in exported(sup, request)["messages"]]
    there = [one for one, in pg.query("SELECT message_id::text FROM router.message WHERE home_key = ANY (%s)",
                                      contacts_of(pg, person.customer))]
    assert len(there) >= 1101 and sorted(messages) == sorted(there)


def test_after_an_erasure_an_export_holds_its_certificate_alone(person, sup):
    erased = wait_done(sup, ask(sup, person.customer))
    request = ask(sup, person.customer, "export")
    wait_done(sup, request)
    document = exported(sup, request)
    assert document["certificates"] == [erased["certificate"]]
    assert document["contacts"] == document["messages"] == document["tickets"] == document["orders"] == []


def test_asking_twice_erases_once_and_answers_both(person, sup, pg):
    requests_ = [ask(sup, person.customer) for _ in range(2)]
    assert len(set(requests_)) == 2
    for request in requests_:
        wait_done(sup, request)
    destroyed = pg.query("SELECT contact_count FROM retention_purger.request WHERE request_id = ANY (%s::uuid[])", requests_)
    assert sorted(count for count, in destroyed)[-1] == 1


# ---- crashes (P1, P3) and holds (P4) ----

@pytest.mark.parametrize("point", ["purge.marked", "purge.destroyed", "purge.ordered", "purge.answered"])
def test_a_crash_between_two_steps_is_made_good(person, sup, pg, keys_pg, service, point, tmp_path):
    """P1: whatever was done stays done, what was not done is done after the restart, once."""
    purger = service("retention-purger")
    keys = contacts_of(pg, person.customer)
    crash = purger.crash_at(point)
    request = ask(sup, person.customer)
    done = wait_done(sup, request, 90)
    crash.wait()
    statement = verified(done["certificate"], tmp_path)
    assert statement["keys_destroyed"] == 1
    assert keys_pg.value("SELECT count(*) FROM keys.contact_key WHERE contact = ANY (%s) AND wrapped IS NOT NULL", keys) == 0


def test_a_committed_order_is_published_after_a_crash(person, sup, service, kafka_consumer, proto):
    """P3: the steps are committed, the process dies before anything is on the topic."""
    purger, heard = service("retention-purger"), kafka_consumer("seadesk.privacy")
    crash = purger.crash_at("worker.before_publish", 3)
    request = ask(sup, person.customer)
    wait_done(sup, request, 90)
    crash.wait()
    heard.read(1)
    ordered = proto("privacy").ErasureOrdered
    orders = {header(record, "ce_id") for record in heard.seen if header(record, "ce_type") == "seadesk.v1.ErasureOrdered"
              and ordered.FromString(record.value).request_id == uuid.UUID(request).bytes}
    assert len(orders) == 1


@pytest.fixture
def grace(service):
    purger = service("retention-purger")
    kept = {"SEADESK_ERASURE_WAIT": "2s", "SEADESK_PURGE_HOUSEKEEPING": "1s"}
    purger.settings(SEADESK_PURGE_GRACE="1h", **kept)
    purger.restart()
    yield
    purger.settings(**kept)
    purger.restart()


def test_a_legal_hold_wins_until_it_is_released(person, sup, pg, clock, grace):
    """P4: placed while a request waits, it stops it; too late once the contacts are marked."""
    request = ask(sup, person.customer)
    eventually(lambda: state_of(sup, request)["state"] == "grace")
    place = "SELECT retention_purger.open_hold(%s, 'claim 12', 'legal', current_date + 30)"
    hold = pg.value(place, person.customer)
    eventually(lambda: state_of(sup, request)["state"] == "held")
    clock.advance(2 * 3600_000)
    time.sleep(2)
    assert state_of(sup, request)["state"] == "held"
    assert person.desk.message("whatsapp", person.first["external_id"])["text"] == SECRET_WORDS
    assert pg.value("SELECT retention_purger.release_hold(%s)", hold)
    eventually(lambda: state_of(sup, request)["state"] == "running", 20)
    with pytest.raises(Exception, match="too late"):
        pg.query(place, person.customer)
    wait_done(sup, request)


def test_nothing_is_stored_for_contacts_in_the_instant_of_their_erasure(pg):
    """The guard makes a transaction repeat itself between the marks and the keys' destruction."""
    contact = uuid.uuid4().bytes
    pg.query("INSERT INTO retention_purger.erased (contact_key, at) VALUES (%s, now())", contact)
    try:
        with pytest.raises(Exception) as raised:
            pg.query("SELECT * FROM retention_purger.guard(ARRAY[%s]::bytea[])", contact)
        assert raised.value.pgcode == "40001"
        pg.query("UPDATE retention_purger.erased SET destroyed_at = now() WHERE contact_key = %s", contact)
        assert len(pg.query("SELECT * FROM retention_purger.guard(ARRAY[%s, %s]::bytea[])", contact, uuid.uuid4().bytes)) == 1
    finally:
        pg.query("DELETE FROM retention_purger.erased WHERE contact_key = %s", contact)


# ---- expiry ----

def test_a_month_that_is_over_goes_with_its_messages_and_leaves_a_signed_row(pg, tmp_path):
    """Owners delete, retention-purger verifies; messages of open tickets move on."""
    pg.query("SELECT router.make_months(ARRAY[date '2020-01-01'])")
    eventually(lambda: pg.value("SELECT to_regclass('router.message_202001')") is None, 30)
    assert pg.query("SELECT * FROM retention_purger.overdue(current_date)") == []
    certificate, count = eventually(lambda: pg.query(
        "SELECT certificate, count FROM retention_purger.run WHERE what = 'expired' AND store = 'router' ORDER BY at DESC LIMIT 1"))[0]
    statement = verified(certificate, tmp_path)
    assert statement["statement"] == "expired" and statement["count"] == count >= 1


def test_a_partition_that_stays_too_long_is_noticed(pg, service):
    purger = service("retention-purger")
    pg.query("CREATE TABLE desk.it_old (gone date NOT NULL) PARTITION BY RANGE (gone)")
    pg.query("CREATE TABLE desk.it_old_1 PARTITION OF desk.it_old FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')")
    try:
        assert pg.query("SELECT * FROM retention_purger.overdue(current_date)") == [("desk.it_old_1",)]
        eventually(lambda: purger.metric("seadesk_expiry_overdue") == 1, 20)
    finally:
        pg.query("DROP TABLE desk.it_old")
    eventually(lambda: purger.metric("seadesk_expiry_overdue") == 0, 20)


# ---- keys ----

def test_old_day_keys_are_destroyed_and_younger_ones_kept(keys_pg, pg, service):
    day = int(time.time()) // 86400
    newest = keys_pg.value("SELECT max(id) FROM keys.wrapping_key WHERE destroyed_at IS NULL")
    for purpose, days in (("intake", (9, 8)), ("dead", (16, 15))):
        for age in days:
            # A copy of today's wrapped key: it opens nothing, but can be told from NULL.
            keys_pg.query("INSERT INTO keys.day_key (purpose, day, wrapping_id, wrapped) VALUES (%s, %s, %s, %s)"
                          " ON CONFLICT (purpose, day) DO UPDATE SET wrapped = EXCLUDED.wrapped, destroyed_at = NULL",
                          purpose, day - age, newest, b"\0" * 77)
    service("retention-purger").restart()
    gone = "SELECT day - %s FROM keys.day_key WHERE purpose = %s AND destroyed_at IS NULL AND day < %s ORDER BY 1"
    try:
        eventually(lambda: keys_pg.query(gone, day, "intake", day - 7) == [(-8,)], 30)
        eventually(lambda: keys_pg.query(gone, day, "dead", day - 14) == [(-15,)], 30)
        assert pg.value("SELECT count(*) FROM retention_purger.run WHERE what = 'day_keys'") >= 1
    finally:
        keys_pg.query("DELETE FROM keys.day_key WHERE day < %s", day - 7)


@pytest.mark.ledger("CP-10")
def test_a_week_old_wrapping_key_is_replaced_and_everything_stays_readable(person, keys_pg):
    old = keys_pg.value("SELECT max(id) FROM keys.wrapping_key")
    keys_pg.query("UPDATE keys.wrapping_key SET created_at = now() - interval '8 days' WHERE id = %s", old)
    eventually(lambda: keys_pg.value("SELECT destroyed_at IS NOT NULL FROM keys.wrapping_key WHERE id = %s", old), 30)
    assert keys_pg.value("SELECT count(*) FROM keys.contact_key WHERE wrapping_id = %s AND wrapped IS NOT NULL", old) == 0
    assert person.desk.message("whatsapp", person.first["external_id"])["text"] == SECRET_WORDS
    assert person.write("depois da troca")["text"] == "depois da troca"

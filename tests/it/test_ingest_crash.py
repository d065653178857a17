"""test_ingest_crash.py: ingest dies, Kafka dies, and no acknowledged message is lost: the crash table of the edge, kill -9
under load, back-pressure, draining and reloading."""
import concurrent.futures
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
import requests

import edge as e
from edge import add_to, problem
from stack import CHECKOUT, header

GONE = requests.ConnectionError


@pytest.fixture(scope="module")
def program(service):
    return service("ingest")


@pytest.fixture
def crash_at(program):
    """crash_at(point, n=1): ingest runs on until it passes the point for the n-th time."""
    def arm(point, n=1):
        program.once(SEADESK_CRASH_AT=f"{point}:{n}")
        program.restart()
    yield arm
    program.restart()


def copies(topic, wanted):
    return [record for record in e.settle(topic) if e.of_id(wanted)(record)]


def message(text="hi"):
    return e.traffic.form_message("a@example.com", text)


# ---- the crash table ----

@pytest.mark.ledger("TK-13")
@pytest.mark.parametrize("point,least", [("ingest.verified", 0), ("ingest.produced", 0), ("ingest.acknowledged", 1)])
def test_a_crash_before_the_answer_is_healed_by_the_resend(edge, program, crash_at, kafka_consumer, point, least):
    topic, sent = kafka_consumer("seadesk.messages"), message()
    wanted = e.message_id("form", sent["message_id"])
    crash_at(point)
    with pytest.raises(GONE):
        edge.message(sent)
    program.wait_ready()
    before = len(copies(topic, wanted))
    assert least <= before <= 1
    assert edge.message(sent).json() == {"accepted": 1, "duplicate": 0, "ids": [wanted]}
    assert len(copies(topic, wanted)) == before + 1  # what is there twice has one id, and its consumer drops it


def test_a_crash_after_the_answer_leaves_the_message_on_the_log(edge, program, crash_at, kafka_consumer):
    topic, sent = kafka_consumer("seadesk.messages"), message()
    wanted = e.message_id("form", sent["message_id"])
    crash_at("ingest.answered")
    with pytest.raises(GONE):  # the answer is written at the end of the loop's turn, which never comes
        edge.message(sent)
    program.wait_ready()
    assert len(copies(topic, wanted)) == 1
    assert edge.message(sent).json()["accepted"] == 1
    assert len(copies(topic, wanted)) == 2


def test_a_crash_before_the_commit_reads_the_business_event_again(program, redis, crash_at, kafka_consumer, kafka_producer):
    topic, event = kafka_consumer("seadesk.orders"), e.order_paid(e.new("o"))
    crash_at("ingest.business_acknowledged")
    pid = program.pid()
    kafka_producer.send("seadesk.business", value=e.json.dumps(event).encode(), key=b"o",
                        headers=[("content-type", b"application/cloudevents+json")]).get(timeout=10)
    e.eventually(lambda: program.pid() not in (pid, None), 30)
    program.wait_ready()
    e.eventually(lambda: len(copies(topic, e.event_id(event))) == 2, 40)


# ---- kill -9 under load ----

class Load:
    """Threads that post messages one after another; `acked` are the ids of those that were answered 202."""

    def __init__(self, base, threads=4):
        self.base, self.acked, self.statuses, self.lost = base, [], {}, 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def _run(self):
        edge = e.Edge(self.base)
        while not self.stopping.is_set():
            try:
                answer = edge.message(message())
            except requests.RequestException:
                self.lost += 1
                time.sleep(0.05)
                continue
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            if answer.status_code == 202:
                self.acked += answer.json()["ids"]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def everything_acked_is_there(topic, load):
    on_log = [header(record, "ce_id") for record in e.settle(topic, 2)]
    missing = set(load.acked) - set(on_log)
    assert not missing, f"{len(missing)} of {len(load.acked)} acknowledged messages are not on the log"
    return on_log


@pytest.mark.ledger("TK-13")
def test_kill_9_under_load_loses_no_acknowledged_message(edge, program, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    with Load(edge.base) as load:
        for _ in range(10):
            time.sleep(0.5)
            program.kill()
            program.wait_ready()
        time.sleep(1)
    assert load.lost and len(load.acked) > 100
    on_log = everything_acked_is_there(topic, load)
    assert len(on_log) - len(set(load.acked)) <= 4 * 10  # at most what was in flight at each kill


def test_that_check_would_see_a_message_that_was_lost(kafka_consumer, edge):
    topic, load = kafka_consumer("seadesk.messages"), Load(edge.base)
    load.acked = [edge.message(message()).json()["ids"][0], str(e.uuid.uuid4())]
    with pytest.raises(AssertionError, match="1 of 2"):
        everything_acked_is_there(topic, load)


# ---- Kafka slow, away, and back ----

@pytest.mark.ledger("TK-13")
def test_a_killed_broker_loses_no_acknowledged_message(edge, program, service, kafka_consumer):
    pid, topic = program.pid(), kafka_consumer("seadesk.messages")
    with Load(edge.base) as load:
        time.sleep(2)
        service("kafka").kill()
        e.eventually(lambda: load.statuses.get(503), 20)
        e.eventually(lambda: edge.message(message()).status_code == 202, 150)
        time.sleep(1)
    assert set(load.statuses) == {202, 503} and program.pid() == pid
    everything_acked_is_there(topic, load)


def test_without_kafka_requests_are_answered_503_and_it_recovers_by_itself(edge, program, service):
    pid, sent = program.pid(), message()
    service("kafka").stop()
    try:
        answer = edge.message(sent)
        problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert edge.text("5511900000001").status_code == 503
        e.eventually(lambda: not program.ready(), 10)
        assert "kafka" in requests.get(program.admin + "/readyz", timeout=5).text
        # Nobody waits for the question whether the broker is back.
        for _ in range(20):
            began = time.monotonic()
            assert requests.get(program.admin + "/healthz", timeout=5).ok and edge.text("1", secret="x").status_code == 401
            assert time.monotonic() - began < 0.8
    finally:
        service("kafka").start()
    program.wait_ready()
    assert edge.message(sent).status_code == 202 and program.pid() == pid


def test_what_waits_for_kafka_is_bounded(edge, program, service):
    program.settings(SEADESK_INGEST_QUEUE="1MiB", SEADESK_INGEST_ACK_TIMEOUT="4s")
    program.restart()
    broker = service("kafka")
    broker.signal(signal.SIGSTOP)
    try:
        def send(_):
            began = time.monotonic()
            answer = e.Edge(edge.base).message(message("x" * 50000))
            return answer.status_code, time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(send, range(60)))
    finally:
        broker.signal(signal.SIGCONT)
        program.settings()
    assert {status for status, _ in answers} == {503}
    waited = [took for _, took in answers if took > 3.5]
    assert 2 <= len(waited) <= 20  # as many as a mebibyte holds; the others heard at once
    e.eventually(lambda: edge.message(message()).status_code == 202, 30)
    program.restart()


def resident_bytes(pid):
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def test_memory_is_bounded_while_kafka_is_away(edge, program, service):
    """50 MB knock at the door while the queue is full: nothing of them is kept, and what waits is taken in the end."""
    program.settings(SEADESK_INGEST_QUEUE="1MiB", SEADESK_INGEST_ACK_TIMEOUT="60s",
                     ASAN_OPTIONS="quarantine_size_mb=1")  # what is freed is free
    program.restart()
    broker, pid, text = service("kafka"), program.pid(), "x" * 50000

    def send(_):
        return e.Edge(edge.base).message(message(text), timeout=200).status_code

    def knock(times):
        caller = e.Edge(edge.base)
        answers = [caller.message(message(text), timeout=60) for _ in range(times)]
        return {(answer.status_code, int(answer.headers["Retry-After"]) >= 1) for answer in answers}

    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        broker.signal(signal.SIGSTOP)
        try:
            first = [pool.submit(send, None) for _ in range(40)]
            e.eventually(lambda: sum(one.done() for one in first) >= 15, 60)
            before = resident_bytes(pid)
            heard = set().union(*pool.map(knock, [125] * 8))
            grown = resident_bytes(pid) - before
        finally:
            broker.signal(signal.SIGCONT)
            program.settings()
        statuses = [one.result() for one in first]
    assert heard == {(503, True)}
    assert grown < 16 << 20, f"{grown >> 20} MiB"
    assert 1 <= statuses.count(202) <= 25 and set(statuses) == {202, 503}, statuses
    e.eventually(lambda: edge.message(message()).status_code == 202, 60)
    assert program.pid() == pid
    program.restart()


def test_a_slow_broker_is_waited_for(edge, service):
    broker = service("kafka")
    broker.signal(signal.SIGSTOP)
    timer = threading.Timer(1.5, broker.signal, [signal.SIGCONT])
    timer.start()
    try:
        began = time.monotonic()
        assert edge.message(message()).status_code == 202
        assert 1 < time.monotonic() - began < 5
    finally:
        timer.join()


# ---- draining ----

def ended(program, pid):
    """What the keeper says of how it ended; it starts it again."""
    assert pid
    e.eventually(lambda: program.pid() not in (pid, None), 60)
    return program.log().rsplit("msg=draining", 1)[1].split("msg=started")[0]


@pytest.fixture
def patient(program):
    """ingest waits for the broker longer than any step of a test takes."""
    program.settings(SEADESK_INGEST_ACK_TIMEOUT="60s")
    program.restart()
    yield program
    program.settings()
    program.restart()


def test_sigterm_answers_what_is_in_flight_and_ends_with_0(edge, patient, service, kafka_consumer):
    topic, broker, pid = kafka_consumer("seadesk.messages"), service("kafka"), patient.pid()
    sent = [message() for _ in range(20)]
    broker.signal(signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(len(sent)) as pool:
            answers = [pool.submit(e.Edge(edge.base).message, each, timeout=60) for each in sent]
            e.eventually(lambda: patient.metric("seadesk_ingest_waiting_requests") == len(sent), 40)
            patient.signal(signal.SIGTERM)
            e.eventually(lambda: "msg=draining" in patient.log().rsplit("msg=started", 1)[-1], 40)
            with pytest.raises(GONE):
                edge.message(message())
            broker.signal(signal.SIGCONT)
            assert [answer.result(timeout=60).status_code for answer in answers] == [202] * len(sent)
    finally:
        broker.signal(signal.SIGCONT)
    assert "ended with status 0" in ended(patient, pid)
    patient.wait_ready()
    on_log = {header(record, "ce_id") for record in e.settle(topic)}
    assert {e.message_id("form", each["message_id"]) for each in sent} <= on_log


def test_sigterm_without_kafka_answers_503_and_ends_with_0_in_time(edge, program, service):
    pid = program.pid()
    service("kafka").stop()
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(e.Edge(edge.base).message, message(), timeout=60) for _ in range(4)]
            e.eventually(lambda: program.metric("seadesk_ingest_waiting_requests") == 4, 40)
            program.signal(signal.SIGTERM)
            assert {answer.result(timeout=60).status_code for answer in answers} == {503}
        assert "ended with status 0" in ended(program, pid)  # 75: the watchdog did, after 10 s
    finally:
        service("kafka").start()
    program.wait_ready(60)


def test_who_never_saw_the_broker_ends_well_too(program, service):
    service("kafka").stop()
    try:
        program.kill()
        before = len(program.log())
        pid = e.eventually(program.pid)
        e.eventually(lambda: "facility=FAIL" in program.log()[before:], 60)
        program.signal(signal.SIGTERM)
        assert "ended with status 0" in ended(program, pid)  # 1: a sanitizer says what is left behind
    finally:
        service("kafka").start()
    program.wait_ready(60)


def test_sigterm_gives_up_on_a_broker_that_is_waited_for_longer_than_the_end_may_take(edge, patient, service):
    pid = patient.pid()
    service("kafka").stop()
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(e.Edge(edge.base).message, message(), timeout=60) for _ in range(4)]
            e.eventually(lambda: patient.metric("seadesk_ingest_waiting_requests") == 4, 40)
            patient.signal(signal.SIGTERM)
            assert {answer.result(timeout=60).status_code for answer in answers} == {503}
        assert "ended with status 0" in ended(patient, pid)
    finally:
        service("kafka").start()
    patient.wait_ready(60)


def test_rolling_restarts_under_load_lose_nothing_and_break_no_request(edge, program, kafka_consumer):
    topic = kafka_consumer("seadesk.messages")
    e.eventually(lambda: edge.message(message()).status_code == 202, 60)  # the broker was restarted a moment ago
    with Load(edge.base) as load:
        for _ in range(2):
            time.sleep(1)
            pid = program.pid()
            program.signal(signal.SIGTERM)
            assert "ended with status 0" in ended(program, pid)
            program.wait_ready()
        time.sleep(0.5)
    assert set(load.statuses) == {202}
    everything_acked_is_there(topic, load)


# ---- production ----

def test_in_production_mode_a_cluster_of_one_broker_is_named_by_readyz(program, tmp_path):
    folder = tmp_path / "config"
    shutil.copytree(CHECKOUT / "deploy" / "config", folder)
    channels = folder / "channels.yaml"
    channels.write_text(channels.read_text().replace("demo-", "own-"))  # demo credentials are refused there
    program.settings(SEADESK_CONFIG=folder, SEADESK_MODE="production")
    pid = program.pid()
    program.signal(signal.SIGTERM)
    try:
        e.eventually(lambda: program.pid() not in (pid, None), 60)

        def missing():
            return requests.get(program.admin + "/readyz", timeout=5).json()["missing"]

        e.eventually(lambda: set(missing()) == {"replicas"}, 60)
        assert "min.insync.replicas" in missing()["replicas"] and not program.ready()
    finally:
        program.settings()
        program.restart()


# ---- reloading ----

def test_sighup_takes_a_good_configuration_and_refuses_a_bad_one_whole(edge, program, tmp_path):
    folder = tmp_path / "config"
    shutil.copytree(CHECKOUT / "deploy" / "config", folder)
    program.settings(SEADESK_CONFIG=folder)
    program.restart()
    pid = program.pid()
    try:
        late = {"channel": "form", "account": "late"}
        sent = {**message(), "account": "late"}
        assert edge.message(sent).status_code == 404
        with Load(edge.base, 2) as load:
            add_to(folder / "channels.yaml", {"accounts": [late]})
            program.signal(signal.SIGHUP)
            e.eventually(lambda: edge.message(sent).status_code == 202)
            add_to(folder / "channels.yaml", {"accounts": [{"channel": "pigeon", "account": "x"}]})
            program.signal(signal.SIGHUP)
            e.eventually(lambda: "reload refused" in program.log().rsplit("msg=started", 1)[-1])
            assert edge.message({**sent, "message_id": e.new("f")}).status_code == 202
        assert set(load.statuses) == {202} and not load.lost and program.pid() == pid
        assert "channels.yaml:" in program.log().rsplit("msg=reloaded", 1)[-1]
    finally:
        program.settings()
        program.restart()

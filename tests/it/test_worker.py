"""test_worker.py: the worker (common/worker) on a stack of its own without services: what is acknowledged takes effect
once, in order per key, through crashes, fencing, a lost broker and records that fail."""
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import time
import uuid
from pathlib import Path
from urllib.request import urlopen
from urllib.error import URLError, HTTPError

import pytest
from kafka import KafkaProducer

import stack
from stack import CHECKOUT, eventually, header

def tables_of(schema):
    return f"""
SET ROLE seadesk_{schema};
CREATE TABLE IF NOT EXISTS {schema}.worker_effect (number int, topic text, "offset" bigint, key text, id uuid,
    at timestamptz DEFAULT clock_timestamp(), n bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE IF NOT EXISTS {schema}.worker_switch (is_broken boolean);
RESET ROLE
"""


class Bare:
    """Kafka, PostgreSQL and Redis alone, and probes started by hand."""

    def __init__(self, name):
        self.name = name
        self.dev("clean", "--data")
        self.dev("up", "--infra", "--yes")
        self.env = self.addresses()
        for command in ("migrate", "topics"):
            self.seadesk(command)
        self.pg = stack.Postgres(self.env["SEADESK_POSTGRES"])
        for schema in ("desk", "sla_timer"):
            self.pg.query(tables_of(schema))
        # Not idempotent: a retry may double a record, with the same ce_id; one in flight keeps the order. A record that waits
        # for a broker's start on a busy machine isn't given up.
        self.producer = KafkaProducer(bootstrap_servers=self.env["SEADESK_KAFKA"], acks="all", linger_ms=2, retries=1000,
                                      retry_backoff_ms=200, max_in_flight_requests_per_connection=1, request_timeout_ms=150_000)
        self.bin = Path(self.env["SEADESK_BIN_DIR"])

    def dev(self, *words):
        return subprocess.run([CHECKOUT / "dev", *words], check=True, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, env=self.outer()).stdout

    def outer(self):
        """This process's environment without the other stack's addresses."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SEADESK_") or k == "SEADESK_CACHE"}
        return {**kept, "SEADESK_STACK": self.name, "SEADESK_BUILD": os.environ.get("SEADESK_BUILD", "dev")}

    def addresses(self, *service):
        return dict(word.split("=", 1) for word in shlex.split(self.dev("env", *service)) if "=" in word)

    def seadesk(self, *words, check=True):
        secrets = Path(self.env["SEADESK_STATE_DIR"]) / "secrets"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SEADESK_")}
        return subprocess.run(
            [Path(self.env["SEADESK_BIN_DIR"]) / "seadesk", *words], check=check, capture_output=True, text=True,
            cwd=CHECKOUT,
            env={**kept, "SEADESK_POSTGRES": self.env["SEADESK_POSTGRES"],
                 "SEADESK_KEYS_POSTGRES": self.env["SEADESK_KEYS_POSTGRES"], "SEADESK_KAFKA": self.env["SEADESK_KAFKA"],
                 "SEADESK_SERVICE_PASSWORD_FILE": str(secrets / "postgres-services"),
                 "SEADESK_MASTER_KEY_FILE": str(secrets / "master-key"),
                 "SEADESK_PEPPER_FILE": str(secrets / "pepper"), "SEADESK_REDIS": self.env["SEADESK_REDIS"]}).stdout

    def send(self, key, value=b"x", event=None, topic="seadesk.messages"):
        event = event or uuid.uuid4()
        headers = [("ce_id", str(event).encode()), ("ce_type", b"test"), ("ce_time", b"2026-01-01T00:00:00Z")]
        return event, self.producer.send(topic, key=key.encode(), value=value, headers=headers)

    def send_all(self, count, keys=20, value=b"x"):
        """Sends and waits for the acknowledgements; (id, key) in order."""
        sent = [(*self.send(f"k{i % keys}", value), f"k{i % keys}") for i in range(count)]
        for _, future, _ in sent:
            future.get(60)
        return [(event, key) for event, _, key in sent]

    def effects(self, schema="desk"):
        return self.pg.query(f"SELECT id, key, number, n FROM {schema}.worker_effect ORDER BY n")

    def clean(self):
        self.pg.query("TRUNCATE desk.worker_effect, sla_timer.worker_effect")
        self.pg.query("UPDATE desk.subscription SET version = 0")
        self.pg.query("TRUNCATE desk.worker_switch")
        self.pg.query("DELETE FROM desk.parked")


class Probe:
    """One process of tests/it/it_worker.c."""

    def __init__(self, bare, **extra):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SEADESK_")}
        service = bare.addresses("sla-timer" if extra.get("PROBE") == "reader" else "desk")
        service.pop("SEADESK_LISTEN", None)
        service["SEADESK_ADMIN_LISTEN"] = "127.0.0.1:0"
        self.log = Path(bare.env["SEADESK_LOG_DIR"]) / f"probe-{uuid.uuid4().hex[:8]}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([bare.bin / "it_worker"], env={**env, **service, **extra}, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.admin = eventually(self._admin, 120)

    def _admin(self):
        for line in self.log.read_text().splitlines():
            if "what=admin" in line:
                return "http://" + line.split("address=")[1].split()[0]
        return None

    def ready(self):
        try:
            with urlopen(self.admin + "/readyz", timeout=2) as answer:
                return answer.status == 200
        except HTTPError:
            return False
        except (URLError, OSError):
            return False

    def wait_ready(self, timeout=120):
        eventually(self.ready, timeout)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def bare():
    stack_name = os.environ.get("SEADESK_STACK", "test")
    made = Bare(f"{stack_name}-worker")
    yield made
    made.dev("down")


@pytest.fixture
def start(bare):
    bare.clean()
    running = []

    def one(**extra):
        running.append(Probe(bare, **extra))
        return running[-1]

    yield one
    for probe in running:
        if probe.process.poll() is None:
            probe.kill()
        assert "ERROR: AddressSanitizer" not in probe.log.read_text()
        assert "runtime error:" not in probe.log.read_text()


def check_once_and_in_order(bare, sent, timeout=120):
    """Every sent record has exactly one effect, and those of one key are in the order of sending."""
    eventually(lambda: len(bare.effects()) >= len(sent), timeout)
    time.sleep(0.3)
    effects = bare.effects()
    assert len(effects) == len(sent), "an effect too many"
    assert {str(e[0]) for e in effects} == {str(s[0]) for s in sent}
    for key in {key for _, key in sent}:
        assert [str(e[0]) for e in effects if e[1] == key] == [str(event) for event, k in sent if k == key], key


def emitted(bare, sent, timeout=90):
    """What reached seadesk.tickets for these events, by reading it from the beginning."""
    topic = stack.Topic(bare.env["SEADESK_KAFKA"], "seadesk.tickets", beginning=True)
    wanted = {str(event) for event, _ in sent}
    end = time.monotonic() + timeout
    try:
        while time.monotonic() < end:
            topic.read(0.3)
            roots = [header(record, "sd-root") for record in topic.seen]
            if wanted <= set(roots):
                break
        return [record for record in topic.seen if header(record, "sd-root") in wanted]
    finally:
        topic.close()


def test_records_take_effect_once_in_order_and_are_said_once(bare, start):
    probe = start().wait_ready()
    sent = bare.send_all(500)
    check_once_and_in_order(bare, sent)
    records = emitted(bare, sent)
    assert len(records) == 500
    places = {(header(record, "sd-src"), header(record, "sd-pos")) for record in records}
    assert len(places) == 500
    assert probe.stop() == 0


def test_the_same_event_again_has_no_effect(bare, start):
    """CH-29, the consumer's part: a resend has the same id and is dropped."""
    start().wait_ready()
    sent = bare.send_all(30)
    check_once_and_in_order(bare, sent)
    for event, key in sent:
        bare.send(key, event=event)
    more = bare.send_all(10)
    check_once_and_in_order(bare, sent + more)


@pytest.mark.parametrize("point", ["probe.applied", "worker.before_commit", "worker.after_commit", "worker.before_publish"])
def test_a_crash_loses_nothing_and_doubles_nothing(bare, start, point):
    """R1 to R4: crash at each point of a transaction, start again, drain, check."""
    probe = start(SEADESK_CRASH_AT=f"{point}:2").wait_ready()
    sent = []
    while probe.process.poll() is None and len(sent) < 2000:
        sent += bare.send_all(20)
        time.sleep(0.05)
    assert probe.process.poll() == 137, "the crash point was not passed"
    sent += bare.send_all(50)
    start().wait_ready()
    check_once_and_in_order(bare, sent)
    records = emitted(bare, sent)
    assert {header(record, "sd-root") for record in records} == {str(event) for event, _ in sent}
    # Published again or not: for a reader each place of a sender is one record.
    by_place = {(header(record, "sd-src"), header(record, "sd-pos")): header(record, "sd-root") for record in records}
    assert len(by_place) == len(sent)


def test_kill_9_under_load_many_times(bare, start):
    sent = []
    for _ in range(4):
        probe = start().wait_ready()
        sent += bare.send_all(300)
        probe.kill()
        sent += bare.send_all(100)
    start().wait_ready()
    check_once_and_in_order(bare, sent)


def test_a_stopped_owner_that_wakes_is_fenced(bare, start):
    """R6: SIGSTOP past the session's time-out; another takes over; the first changes nothing when it wakes."""
    first = start().wait_ready()
    sent = bare.send_all(100)
    check_once_and_in_order(bare, sent)
    first.process.send_signal(signal.SIGSTOP)
    second = start()
    sent += bare.send_all(200)
    check_once_and_in_order(bare, sent)
    first.process.send_signal(signal.SIGCONT)
    sent += bare.send_all(200)
    check_once_and_in_order(bare, sent)
    second.kill()


def test_two_share_the_work_and_one_takes_over(bare, start):
    first, second = start().wait_ready(), start()
    eventually(second.ready, 120)
    owned = [eventually(lambda p=p: "numbers taken over" in p.log.read_text(), 20) for p in (first, second)]
    assert all(owned)
    sent = bare.send_all(300)
    check_once_and_in_order(bare, sent)
    second.kill()
    sent += bare.send_all(300)
    check_once_and_in_order(bare, sent)


def test_a_poison_record_goes_to_the_dead_letters_and_the_partition_goes_on(bare, start):
    """OL-04, the reader's part: bad records go to the dead letters with a reason."""
    start().wait_ready()
    letters = stack.Topic(bare.env["SEADESK_KAFKA"], "seadesk.dlq")
    event, future = bare.send("k1", b"poison")
    place = future.get(60)
    sent = bare.send_all(40)
    check_once_and_in_order(bare, sent)
    letter = letters.wait_for(lambda record: header(record, "sd-root") == str(event), 20)
    assert b"undecodable" in letter.value and b"seadesk.messages" in letter.value
    assert header(letter, "ce_type") == "seadesk.v1.DeadLetter"
    assert place.offset >= 0
    letters.close()


def test_a_record_that_fails_parks_its_key_and_no_other(bare, start):
    bare.pg.query("INSERT INTO desk.worker_switch VALUES (true)")
    start().wait_ready()
    before = bare.send_all(5, keys=1)
    stuck, future = bare.send("k0", b"fail")
    future.get(60)
    behind = bare.send_all(5, keys=1)
    others = [(event, "other") for event, future in [bare.send("other") for _ in range(5)] if future.get(60)]
    check_once_and_in_order(bare, before + others)
    rows = bare.pg.query('SELECT is_cause, reason FROM desk.parked ORDER BY "offset"')
    assert rows == [(True, "failed")] + [(False, "behind")] * 5
    # Released while it still fails: it waits again, and nothing overtook it.
    bare.pg.query("UPDATE desk.parked SET is_released = true WHERE is_cause")
    eventually(lambda: bare.pg.value("SELECT attempts FROM desk.parked WHERE is_cause") == 2, 10)
    assert len(bare.effects()) == 10
    bare.pg.query("TRUNCATE desk.worker_switch")
    bare.pg.query("UPDATE desk.parked SET is_released = true WHERE is_cause")
    check_once_and_in_order(bare, before + [(stuck, "k0")] + behind + others)
    assert bare.pg.value("SELECT count(*) FROM desk.parked") == 0
    after = bare.send_all(5, keys=1)
    check_once_and_in_order(bare, before + [(stuck, "k0")] + behind + others + after)


def kill_program(bare, name):
    pid = int((Path(bare.env["SEADESK_STATE_DIR"]) / "run" / f"{name}.pid").read_text())
    os.kill(pid, signal.SIGKILL)


def test_kafka_killed_under_load(bare, start):
    probe = start().wait_ready()
    sent = bare.send_all(200)
    kill_program(bare, "kafka")
    more = [(*bare.send(f"k{i % 20}"), f"k{i % 20}") for i in range(200)]
    for event, future, key in more:
        future.get(180)
        sent.append((event, key))
    check_once_and_in_order(bare, sent)
    assert probe.process.poll() is None
    assert {header(r, "sd-root") for r in emitted(bare, sent)} == {str(event) for event, _ in sent}
    eventually(probe.ready, 120)


def test_postgresql_killed_under_load(bare, start):
    probe = start().wait_ready()
    sent = bare.send_all(200)
    kill_program(bare, "postgres")
    sent += bare.send_all(200)
    eventually(lambda: bare.pg.value("SELECT 1") == 1, 120)
    check_once_and_in_order(bare, sent)
    assert probe.process.poll() is None
    eventually(probe.ready, 120)
    assert {header(r, "sd-root") for r in emitted(bare, sent)} == {str(event) for event, _ in sent}


def test_outbox_rows_go_after_the_acknowledgement(bare, start):
    start().wait_ready()
    sent = bare.send_all(50)
    check_once_and_in_order(bare, sent)
    eventually(lambda: bare.pg.value("SELECT count(*) FROM desk.outbox") == 0, 120)


def test_a_replaced_log_stops_the_partition_and_readiness_says_so(bare, start):
    """Lost logs are noticed: the row says more was read than the broker has."""
    probe = start().wait_ready()
    sent = bare.send_all(60)
    check_once_and_in_order(bare, sent)
    assert probe.stop() == 0
    number, inputs = bare.pg.query("SELECT number, inputs FROM desk.source WHERE inputs LIKE '%messages%' LIMIT 1")[0]
    lines = inputs.splitlines()
    lines = [" ".join([w[0], str(int(w[1]) + 1000), w[2]]) if line.startswith("seadesk.messages") else line
             for line in lines for w in [line.split()]]
    bare.pg.query("UPDATE desk.source SET inputs = %s WHERE number = %s", "\n".join(lines) + "\n", number)
    second = start()
    eventually(lambda: "partition number stopped" in second.log.read_text(), 120)
    assert not second.ready()
    bare.pg.query("UPDATE desk.source SET inputs = %s WHERE number = %s", inputs, number)


def test_a_new_topic_is_read_after_an_upgrade_within_the_session(bare, start):
    """The broker remembers a member that was away for a moment, and what it read; the new release reads its topic all the same."""
    assert start().wait_ready().stop() == 0
    bare.pg.query("UPDATE desk.subscription SET version = 1")
    new = start(PROBE="later").wait_ready()
    sent = [(event, "new") for event, future in [bare.send("new", topic="seadesk.consents") for _ in range(5)] if future.get(60)]
    check_once_and_in_order(bare, sent)
    assert "version=1" in new.log.read_text()


def test_a_new_topic_is_read_only_after_it_was_raised_and_everybody_knows_it(bare, start):
    """Two instances, one of which runs code that knows one topic more: nothing is read twice, skipped, or read early."""
    old, new = start().wait_ready(), start(PROBE="later")
    eventually(lambda: "numbers taken over" in new.log.read_text(), 120)
    bare.pg.query("UPDATE desk.subscription SET version = 1")
    early = [(event, "early") for event, future in [bare.send("early", topic="seadesk.consents") for _ in range(5)] if future.get(60)]
    sent = bare.send_all(100)
    check_once_and_in_order(bare, sent)
    assert "version=1" not in new.log.read_text(), "the old one doesn't know it"
    assert old.stop() == 0
    eventually(lambda: "version=1" in new.log.read_text(), 120)
    check_once_and_in_order(bare, sent + early)
    new.wait_ready()
    # Older code comes back, after a release that was taken back: the topic rests, and goes on later.
    again = start()
    eventually(lambda: "version=0" in new.log.read_text().rsplit("version=1", 1)[-1], 120)
    sent += bare.send_all(100)
    check_once_and_in_order(bare, sent + early)
    again.kill()
    late = [(event, "late") for event, future in [bare.send("late", topic="seadesk.consents") for _ in range(5)] if future.get(60)]
    check_once_and_in_order(bare, sent + early + late)


# ---- the end of a log is lost ----

class Log:
    """One partition's only segment as it lies on the disk of a stopped broker."""

    def __init__(self, bare, topic, number):
        self.folder = Path(bare.env["SEADESK_STATE_DIR"]) / "kafka" / "data" / f"{topic}-{number}"
        self.path = max(self.folder.glob("*.log"))
        self.data = self.path.read_bytes()

    def batches(self):
        """(place, records) of each record batch; v2 of the format: length at 8, last offset delta at 23."""
        found, place = [], 0
        while place + 61 <= len(self.data):
            length, = struct.unpack_from(">i", self.data, place + 8)
            delta, = struct.unpack_from(">i", self.data, place + 23)
            if length <= 0:
                break
            found.append((place, delta + 1))
            place += 12 + length
        return found

    def cut(self, most):
        """Cuts off whole batches, at most so many records; how many went."""
        gone, place = 0, None
        for start, records in reversed(self.batches()):
            if gone + records > most:
                break
            gone, place = gone + records, start
        if gone:
            with open(self.path, "r+b") as log:
                log.truncate(place)
        return gone


def stop_broker(bare):
    """kill -9, and it stays away: what it hadn't written is as a lost machine leaves it."""
    kill_program(bare, "kafka")
    bare.dev("down", "kafka")


def kept(bare):
    """Records per number that the sender still has, to send them again."""
    return dict(bare.pg.query("SELECT number, sum(count)::int FROM desk.outbox GROUP BY number"))


def places(bare):
    """Every place of a sender on the topic: what is there twice counts once."""
    topic, quiet = stack.Topic(bare.env["SEADESK_KAFKA"], "seadesk.tickets", beginning=True), 0
    while quiet < 4:
        quiet = 0 if topic.read(0.3) else quiet + 1
    topic.close()
    return {(header(record, "sd-src"), header(record, "sd-pos")) for record in topic.seen}


def reader_has_all(bare):
    return len(bare.effects("sla_timer")) == len(places(bare))


def lose_the_tail(bare, start):
    """Sends, waits until a reader has read it all, stops the broker and cuts; (sent, reader, records gone by number)."""
    start().wait_ready()
    reader = start(PROBE="reader").wait_ready()
    sent = bare.send_all(150)
    emitted(bare, sent)
    eventually(lambda: reader_has_all(bare), 120)
    for _ in range(5):
        for _ in range(3):  # several batches on the log
            before = len(bare.effects("sla_timer"))
            sent += bare.send_all(40)
            eventually(lambda: len(bare.effects("sla_timer")) == before + 40, 120)
        stop_broker(bare)
        # One record of those kept stays on the log: what is sent again begins before the cut, as it usually will.
        gone = {number: Log(bare, "seadesk.tickets", number).cut(records - 1) for number, records in kept(bare).items()}
        if any(gone.values()):
            return sent, reader, {number: records for number, records in gone.items() if records}
        bare.dev("up", "kafka")  # a slow machine: rows had been acknowledged for longer than they are kept
    raise AssertionError("the sender keeps nothing")


def test_a_cut_tail_of_an_internal_log_is_sent_again_and_noticed_by_who_had_read_it(bare, start):
    """I8: nothing is lost, nothing is skipped in silence, and what the doctor says mends it with each effect once. The reader hears of
    the broker's return only when the log is longer again than what it had read."""
    sent, reader, gone = lose_the_tail(bare, start)
    for sign in (Path(bare.env["SEADESK_STATE_DIR"]) / "kafka" / "data").glob(".kafka_cleanshutdown"):
        sign.unlink()
    reader.process.send_signal(signal.SIGSTOP)
    bare.dev("up", "kafka")
    records = emitted(bare, sent)
    reader.process.send_signal(signal.SIGCONT)
    assert {header(record, "sd-root") for record in records} == {str(event) for event, _ in sent}
    for number in gone:
        eventually(lambda n=number: f"partition={n} " in "".join(line + " " for line in reader.log.read_text().splitlines()
                                                               if "number stopped" in line), 60)
    assert not reader.ready()
    # The others go on.
    more = bare.send_all(60)
    eventually(lambda: len(bare.effects()) == len(sent + more), 120)
    said = eventually(lambda: stopped_logs(bare, gone), 120)
    assert reader.stop() == 0
    for words in said:
        bare.seadesk(*words)
    start(PROBE="reader").wait_ready()
    emitted(bare, sent + more)
    eventually(lambda: len(bare.effects("sla_timer")) >= len(places(bare)), 120)
    assert reader_has_all(bare), "an effect too many"
    assert not stopped_logs(bare, {})


def stopped_logs(bare, wanted):
    """The commands that the doctor advises for sla-timer's lost logs, once they are those of these numbers."""
    found = [one["advice"] for one in json.loads(bare.seadesk("doctor", "--json", check=False))["findings"]
             if one["about"] == "lost log" and "sla-timer" in one["advice"]]
    words = [re.search(r"seadesk (rewind \S+ \d+ [\w.]+)", advice)[1].split() for advice in found]
    return words if {int(each[2]) for each in words} == set(wanted) else []

"""stack.py: a running stack as tests see it: its addresses, programs, logs, clock, HTTP edges and topics."""
import contextlib
import copy
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2
import psycopg2.extras
import requests
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

CHECKOUT = Path(__file__).resolve().parents[2]


def addresses():
    """The exports of `./dev env` as a dict; the caller's own environment wins where it has them already."""
    if "SEADESK_STATE_DIR" in os.environ:
        return {name: value for name, value in os.environ.items() if name.startswith("SEADESK_")}
    env = {**os.environ, "SEADESK_STACK": os.environ.get("SEADESK_STACK", "test")}
    lines = subprocess.run([CHECKOUT / "dev", "env"], env=env, check=True, capture_output=True, text=True).stdout
    return dict(word.split("=", 1) for word in shlex.split(lines) if "=" in word)


def eventually(ask, timeout=60.0, every=0.05):
    """Asks until the answer is true, and returns it; an assertion that fails, or a connection refused, is asked again."""
    end = time.monotonic() + timeout
    while True:
        try:
            answer = ask()
            if answer:
                return answer
            reason = f"still {answer!r}"
        except (AssertionError, requests.RequestException, psycopg2.OperationalError) as error:
            reason = repr(error)
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {reason}")
        time.sleep(every)


def copied_config(tmp_path, name, change):
    """The configuration folder with one file changed."""
    config = tmp_path / "config"
    shutil.copytree(CHECKOUT / "deploy" / "config", config)
    text = (config / name).read_text()
    assert change(text) != text
    (config / name).write_text(change(text))
    return config


class Http(requests.Session):
    """A session whose paths are relative to one base address."""

    def __init__(self, base, headers=None):
        super().__init__()
        self.base = base
        self.headers.update(headers or {})

    def request(self, method, url, **options):
        options.setdefault("timeout", 30)
        return super().request(method, self.base + url if url.startswith("/") else url, **options)


class Desk(Http):
    """Desk's REST API with the demo key; `as_agent` says who acts."""

    def __init__(self, base, agent=None):
        who = {"Seadesk-Agent": agent} if agent else {}
        super().__init__(base + "/api/v1", {"Authorization": "Bearer demo-desk-key", **who})
        self.root = base

    def as_agent(self, name):
        return Desk(self.root, name)

    def message(self, channel, external_id, account="demo"):
        """The message as desk shows it, or None while it isn't routed."""
        answer = self.get(f"/messages/{channel}/{account}/{requests.utils.quote(external_id, safe='')}")
        return answer.json() if answer.status_code == 200 else None


class Stream:
    """A reader of desk's live stream."""

    def __init__(self, url, headers=None, cookies=None):
        self.answer = requests.get(f"{url}/api/v1/stream", headers=headers or {"Authorization": "Bearer demo-desk-key"}, cookies=cookies, stream=True,
                                   timeout=(30, 60))
        assert self.answer.status_code == 200
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        self.last_id = None

    def blocks(self):
        fields = {}
        for line in self.lines:
            if not line:
                if fields:
                    yield fields
                fields = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value

    def until(self, wanted, seconds=60):
        """The first event for which wanted(fields) is true, and those before it."""
        end, seen = time.monotonic() + seconds, []
        for fields in self.blocks():
            self.last_id = fields.get("id", self.last_id)
            if "event" in fields:
                seen.append(fields)
                if wanted(fields):
                    return seen
            assert time.monotonic() < end, seen
        raise AssertionError(f"the stream ended: {seen}")

    def close(self):
        self.answer.close()


class Fake(Http):
    """The fake provider: what it accepted, and its faults."""

    def log(self):
        return [json.loads(line) for line in self.get("/log").text.splitlines() if line]

    def clear(self):
        assert self.delete("/log").ok

    def script(self, faults):
        answer = self.post("/script", json=faults)
        assert answer.ok, answer.text


class Postgres:
    """The administrator's connection, made again when the server went away."""

    def __init__(self, url):
        self.url = url
        self.connection = None

    def query(self, sql, *values):
        """The rows as tuples; each statement is its own transaction."""
        if self.connection is None or self.connection.closed:
            self.connection = psycopg2.connect(self.url, connect_timeout=5)
            self.connection.autocommit = True
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self.connection.close()
            raise

    def value(self, sql, *values):
        rows = self.query(sql, *values)
        return rows[0][0] if rows else None


class Topic:
    """Reads every partition of a topic from now on (or from its beginning), in no group."""

    def __init__(self, kafka, topic, beginning=False):
        self.consumer = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
        partitions = eventually(lambda: self.consumer.partitions_for_topic(topic), 20)
        self.consumer.assign([TopicPartition(topic, number) for number in partitions])
        if beginning:
            self.consumer.seek_to_beginning()
        else:
            self.consumer.seek_to_end()
        for partition in self.consumer.assignment():
            self.consumer.position(partition)
        self.seen = []

    def read(self, timeout=0.2):
        """The records that came since the last call, in order per partition."""
        batches = self.consumer.poll(timeout_ms=int(timeout * 1000))
        records = [record for batch in batches.values() for record in batch]
        self.seen += records
        return records

    def wait_for(self, wanted, timeout=60.0):
        """The first record for which wanted(record) is true, among those seen already too."""
        end = time.monotonic() + timeout
        looked = 0
        while True:
            for record in self.seen[looked:]:
                if wanted(record):
                    return record
            looked = len(self.seen)
            assert time.monotonic() < end, f"none of {looked} records was it within {timeout} s"
            self.read()

    def close(self):
        self.consumer.close()


def header(record, name):
    """A Kafka header's text, or None."""
    return next((value.decode() for key, value in record.headers if key == name), None)


class Crash:
    """One death at a crash point, told by what the keeper wrote since it was armed."""

    def __init__(self, program):
        self.program, self.since = program, len(program.log())

    def happened(self):
        return "ended with status 137" in self.program.log()[self.since:]

    def wait(self, timeout=60):
        """Waits until it died there and is ready again."""
        eventually(self.happened, timeout)
        self.program.wait_ready()


class Program:
    """One program of the stack under its keeper: a service, fake-provider, kafka, postgres or redis."""

    def __init__(self, env, name):
        self.name = name
        self.state = Path(env["SEADESK_STATE_DIR"])
        self.admin = env.get("SEADESK_ADMIN_" + name.upper().replace("-", "_"))
        self.stack = env["SEADESK_STACK"]

    def pid(self):
        """The running program's process id, or None while there is none."""
        try:
            pid = int((self.state / "run" / f"{self.name}.pid").read_text())
            os.kill(pid, 0)
            return pid
        except (FileNotFoundError, ProcessLookupError):
            return None

    def signal(self, number):
        os.kill(eventually(self.pid, 20), number)

    def kill(self):
        """SIGKILL; the keeper starts it again 200 ms later, so wait_ready() comes next."""
        pid = eventually(self.pid, 20)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.pid() != pid, 10)

    def _dev(self, command):
        subprocess.run([CHECKOUT / "dev", command, self.name], check=True, stdin=subprocess.DEVNULL,
                       env={**os.environ, "SEADESK_STACK": self.stack}, stdout=subprocess.DEVNULL)

    def stop(self):
        """Stops it for good, with SIGTERM, until start()."""
        self._dev("down")

    def start(self):
        """Starts it and waits until it is ready."""
        self._dev("up")

    def restart(self):
        self._dev("restart")

    def once(self, **settings):
        """Adds environment variables at the next start only, e.g. once(SEADESK_CRASH_AT="outbox.written")."""
        path = self.state / "override" / f"{self.name}.once"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def crash_at(self, point, passes=1):
        """Restarts it so that it dies when it passes the point for the passes-th time, and returns the Crash. Passes count from
        the moment it is ready: what it does at every start, and what earlier tests left to do, doesn't use them up."""
        crash = Crash(self)
        self.once(SEADESK_CRASH_AT=f"ready:{point}:{passes}")
        self.restart()
        return crash

    def settings(self, **settings):
        """Adds environment variables at every start from the next one; none takes them away again."""
        path = self.state / "override" / f"{self.name}.env"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    @contextlib.contextmanager
    def another(self, **settings):
        """A second instance beside the kept one, with these settings too, until the block ends; SIGTERM must end it well."""
        of, log = Path("/proc") / str(eventually(self.pid)), self.state / "log" / f"{self.name}-2.log"
        given = dict(line.split("=", 1) for line in (of / "environ").read_text().split("\0") if "=" in line)
        begun = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            own = {name: "127.0.0.1:0" for name in given if name.endswith("_LISTEN")}
            child = subprocess.Popen([os.readlink(of / "exe")], env={**given, **own, **settings},
                                     cwd=os.readlink(of / "cwd"), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            one = copy.copy(self)
            listens = re.compile(r"msg=listening what=admin address=(\S+)")
            one.admin = "http://" + eventually(lambda: listens.search(log.read_text(errors="replace")[begun:]))[1]
            one.pid = lambda: child.pid
            one.wait_ready()
            serves = re.compile(r"msg=listening what=(https?) address=(\S+)")
            one.url = next((f"{kind}://{at}" for kind, at in serves.findall(log.read_text(errors="replace")[begun:])), None)
            yield one
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0, f"{self.name} ended badly; see {log}"
        finally:
            child.kill()
            child.wait()

    def ready(self):
        return requests.get(self.admin + "/readyz", timeout=5).status_code == 200

    def wait_ready(self, timeout=60):
        eventually(self.ready, timeout)

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in requests.get(self.admin + "/metrics", timeout=5).text.splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name:
                have = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
                if labels.items() <= have.items():
                    total += float(match[3])
        return total

    def log(self):
        path = self.state / "log" / f"{self.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Clock:
    """The shiftable clock of the stack, in milliseconds; the fake provider, which has no database, is told."""

    def __init__(self, pg, fake_url):
        self.pg = pg
        self.fake_url = fake_url

    def now_ms(self):
        return self.pg.value("select clock.now_ms()")

    def advance(self, milliseconds):
        self.write("offset_ms + %s", milliseconds)

    def reset(self):
        self.write("%s", 0)

    def write(self, sql, value):
        offset = self.pg.value(f"update clock.shift set offset_ms = {sql} returning offset_ms", value)
        try:
            requests.put(self.fake_url + "/clock", json={"offset_ms": offset}, timeout=5)
        except requests.ConnectionError:
            pass  # it isn't part of every stack


def producer(kafka):
    return KafkaProducer(bootstrap_servers=kafka, acks="all")

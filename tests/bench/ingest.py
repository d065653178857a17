"""ingest.py: the rounds of ./dev bench ingest: interleaved, medians, ratios to Benthos, CPU seconds for 10,000 accepted
events per process. An event counts as accepted when it was answered 2xx; the topic's offsets must agree."""
import argparse
import contextlib
import hmac
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

HERE = Path(__file__).resolve().parent
TOPIC, SECRET = "seadesk.messages", b"demo-whatsapp-secret"
TICKS = os.sysconf("SC_CLK_TCK")
HEAD = ("POST /v1/channels/whatsapp/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "X-Hub-Signature-256: sha256={}\r\nContent-Length: {}\r\n\r\n")
TEXT = "Hello, my parcel from last week has not arrived yet. Could you please tell me where it is? Thank you, kind regards."


def webhook(number):
    """One text message of one of 5,000 customers, about 600 bytes, every one as long as every other."""
    sender, now = f"55119{number % 5000:08d}", int(time.time())
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{"value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": "Sheena Nelson"}, "wa_id": sender}],
        "messages": [{"from": sender, "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFF{number:012d}",
                      "timestamp": str(now), "type": "text", "text": {"body": TEXT}}]},
        "field": "messages"}]}]}, separators=(",", ":")).encode()
    return HEAD.format(hmac.digest(SECRET, body, "sha256").hex(), len(body)).encode() + body


def write_corpus(path, first, count):
    """Returns the length of one request."""
    size = len(webhook(first))
    with open(path, "wb") as file:
        for number in range(first, first + count):
            request = webhook(number)
            assert len(request) == size
            file.write(request)
    return size


def cpu_s(pid):
    """User and system time of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name.lower(): int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M)[1]) / 1024 for name in ("Rss", "Pss")}


def wait_until(ask, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ask():
                return
        time.sleep(0.05)
    sys.exit("a contestant did not start")


def is_open(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="seadesk-bench-", dir="/var/tmp"))
        self.offsets = KafkaConsumer(bootstrap_servers=options.kafka, enable_auto_commit=False)
        self.partitions = [TopicPartition(TOPIC, number) for number in self.offsets.partitions_for_topic(TOPIC)]
        self.shared = {name: int((options.state / "run" / f"{name}.pid").read_text()) for name in ("kafka", "redis")}
        self.corpora = {}
        for name, first, count in (("warm", 10**9, 60000), ("real", 0, int(options.seconds * options.most))):
            self.corpora[name] = (self.folder / name, write_corpus(self.folder / name, first, count))

    def command(self, name):
        o = self.options
        if name.startswith("ingest"):
            return [o.bin / "ingest"], dict(word.split("=", 1) for word in [*o.ingest_env.split(), *name.split("+")[1:]])
        if name == "bare":
            return [o.bin / "bench_bare", o.kafka, TOPIC, str(o.port)], {}
        if name == "node":
            return ["node", HERE / "node" / "ingest.cjs", str(o.port), o.kafka, TOPIC], {"NODE_PATH": str(o.node / "node_modules"),
                                                                                          "NODE_ENV": "production"}
        if name == "python":
            return [o.python / "bin" / "uvicorn", "--app-dir", HERE / "python", "--port", str(o.port), "--no-access-log",
                    "--log-level", "warning", "--loop", "uvloop", "--http", "httptools", "ingest_app:app"], {"BROKERS": o.kafka, "TOPIC": TOPIC}
        config = (HERE / "benthos" / "config.yaml").read_text()
        if name == "benthos-keyed":  # one key per customer, as readers need it
            config += "    key: '${! json(\"entry.0.changes.0.value.messages.0.from\") }'\n    partitioner: murmur2_hash\n"
        path = self.folder / f"{name}.yaml"
        path.write_text(config.replace("PORT", str(o.port)).replace("BROKERS", o.kafka).replace("TOPIC", TOPIC))
        return [o.benthos, "-c", path], {}

    @contextlib.contextmanager
    def running(self, name):
        command, env = self.command(name)
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], "HOME": "/root", **env}, stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is None and is_open(self.options.port))
            if name.startswith("ingest"):
                wait_until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.options.admin}/readyz").status == 200)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wrk(self, corpus, connections, seconds):
        path, size = self.corpora[corpus]
        before = os.times()
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "ingest.lua",
                              f"http://127.0.0.1:{self.options.port}"], check=True, capture_output=True, text=True,
                             env={**os.environ, "SEADESK_CORPUS": str(path), "SEADESK_CORPUS_BYTES": str(size)}).stdout
        after = os.times()
        result = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", out[out.index("RESULT"):])}
        result["wrk_s"] = after.children_user + after.children_system - before.children_user - before.children_system
        return result

    def on_log(self):
        return sum(self.offsets.end_offsets(self.partitions).values())

    def run(self, name, connections):
        """One round of one contestant."""
        subprocess.run(["redis-cli", "-p", str(self.options.redis), "flushall"], check=True, capture_output=True)
        with self.running(name) as pid:
            self.wrk("warm", connections, 1)
            pids = {name: pid, **self.shared}
            begun = {each: cpu_s(number) for each, number in pids.items()}
            offset = self.on_log()
            got = self.wrk("real", connections, self.options.seconds)
            spent = {each: cpu_s(number) - begun[each] for each, number in pids.items()}
            memory = memory_mb(pid)
            time.sleep(0.2)
            arrived = self.on_log() - offset
        accepted = got["requests"] - got["refused"]
        if not accepted <= arrived <= accepted + 2 * connections:
            print(f"warning: {name} answered {accepted} events, {arrived} are on the log", file=sys.stderr)
        per = 10000 / accepted
        return {"rate": accepted / (got["duration_us"] / 1e6), "p50_ms": got["p50_us"] / 1000,
                "p99_ms": got["p99_us"] / 1000, "refused": got["refused"] + got["broken"], **memory,
                "wrk_s": got["wrk_s"] * per, "own_s": spent[name] * per,
                "kafka_s": spent["kafka"] * per, "redis_s": spent["redis"] * per}


def set_flush(kafka, is_on):
    """Acknowledged means on disk, or only in the broker's page cache."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    messages = "1" if is_on else str(2**63 - 1)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, configs={"flush.messages": messages})])
    admin.close()


def median(rounds, field):
    return statistics.median(each[field] for each in rounds)


def show(rounds, peer):
    """Lines of a table: medians with [least..most], and the median of the rounds' ratios to the peer."""
    for (flush, connections, name), each in sorted(rounds.items()):
        rates = [one["rate"] for one in each]
        line = [name, flush, connections, f"{median(each, 'rate'):,.0f} [{min(rates):,.0f}..{max(rates):,.0f}]",
                *(f"{median(each, field):.{digits}f}" for field, digits in (
                    ("p50_ms", 2), ("p99_ms", 1), ("own_s", 3), ("kafka_s", 3), ("redis_s", 3), ("wrk_s", 3),
                    ("rss", 0), ("pss", 0)))]
        other = rounds.get((flush, connections, peer), [])
        if other and name != peer:
            line.append(f"{statistics.median(a['rate'] / b['rate'] for a, b in zip(each, other)):.2f}")
            line.append(f"{statistics.median(b['own_s'] / a['own_s'] for a, b in zip(each, other)):.1f}")
        yield "| " + " | ".join(str(word) for word in line) + " |"


def parse():
    parser = argparse.ArgumentParser()
    for name in ("--state", "--bin", "--benthos", "--node", "--python"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--no-benthos", "--no-node", "--no-python", "--kafka", "--ingest-env"):
        parser.add_argument(name, required=True)
    for name in ("--redis", "--port", "--admin"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--most", type=int, default=90000, help="events a second that the corpus suffices for")
    parser.add_argument("--connections", default="64,256")
    parser.add_argument("--contestants", default="ingest,bare,benthos,benthos-keyed,node,python")
    parser.add_argument("--flush", default="on,off")
    parser.add_argument("--short", action="store_true", help="under two minutes: 2 rounds of 3 s, 256 connections, ingest and Benthos")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.short:
        options.rounds, options.seconds, options.connections, options.contestants = 2, 3, "256", "ingest,benthos"
    return options


def main():
    options = parse()
    contestants = options.contestants.split(",")
    for kind, missing in (("benthos", options.no_benthos), ("node", options.no_node), ("python", options.no_python)):
        if missing and any(name.startswith(kind) for name in contestants):
            print(f"{kind} is left out: {missing}")
            contestants = [name for name in contestants if not name.startswith(kind)]
    bench, rounds = Bench(options), {}
    try:
        bench.run("bare", 64)  # the broker's compiler warms up
        for number in range(options.rounds):
            for flush in options.flush.split(","):
                set_flush(options.kafka, flush == "on")
                for connections in map(int, options.connections.split(",")):
                    for name in contestants:
                        got = bench.run(name, connections)
                        rounds.setdefault((flush, connections, name), []).append(got)
                        print(f"round {number + 1}: flush {flush}, {connections} connections, {name}: "
                              f"{got['rate']:,.0f}/s, {got['own_s']:.3f} CPU-s/10k", flush=True)
    finally:
        set_flush(options.kafka, True)
        subprocess.run(["rm", "-rf", bench.folder], check=True)
    print("\n| contestant | flush | connections | accepted/s | p50 ms | p99 ms | CPU-s/10k: own | Kafka | Redis | wrk | RSS MB "
          "| PSS MB | rate / Benthos' | Benthos' CPU / own |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(show(rounds, "benthos")))
    if options.json:
        options.json.write_text(json.dumps([{"of": key, "rounds": each} for key, each in rounds.items()]))


main()

"""road.py: how many customers' messages a second go the whole road on this machine, and how long each takes.

Phase 1, closed loop: as many signed WhatsApp webhooks as ingest accepts, one new ticket in five; at the end the lag of every
reader. Phase 2, open loop at half the rate that was sustained: the time from the record of a message to the record of its
ticket's change, which is written after the commit, by the producers' time stamps. Phase 1's rate counts as sustained only if
the readers kept up: accepted messages that were routed by the end, per second."""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from kafka import KafkaConsumer, TopicPartition

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ["ingest", "router", "order-tracker", "translator-gateway", "sla-timer", "notifier", "retention-purger", "desk", "media-fetcher"]
INFRA = ["kafka", "postgres", "redis"]
TICK = os.sysconf("SC_CLK_TCK")


def addresses():
    text = subprocess.run([ROOT / "dev", "env"], check=True, capture_output=True, text=True).stdout
    return dict(word.split("=", 1) for word in shlex.split(text) if "=" in word)


def pids(env, name):
    """The program's process and, of PostgreSQL, its backends."""
    first = int((Path(env["SEADESK_STATE_DIR"]) / "run" / f"{name}.pid").read_text())
    children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True).stdout.split()
    return [first, *map(int, children)] if name == "postgres" else [first]


def cpu_seconds(env, name):
    total = 0
    for pid in pids(env, name):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICK


def pss_mb(env, name):
    total = 0
    for pid in pids(env, name):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def load(env, seconds, rate, first, run, connections=64):
    to = env["SEADESK_INGEST_URL"].removeprefix("http://")
    words = [ROOT / "build/release/bin/bench_load", "--to", to, "--connections", str(connections), "--seconds", str(seconds),
             "--first", str(first), "--run", run]
    if rate:
        words += ["--rate", str(rate)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


class Database:
    def __init__(self, env):
        self.connection = psycopg2.connect(env["SEADESK_POSTGRES"])
        self.connection.autocommit = True

    def value(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def routed(self):
        return self.value("SELECT count(*) FROM router.message WHERE direction = 1")

    def row_writes(self):
        self.value("SELECT pg_stat_force_next_flush()")
        return self.value("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables")

    def wal_bytes(self):
        return self.value("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")


def wait_routed(db, wanted, timeout):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if db.routed() >= wanted:
            return True
        time.sleep(0.05)
    return False


def latencies(env, partition, since_ms):
    """Milliseconds from message record to ticket record, by root, of one partition."""
    def read(topic):
        consumer = KafkaConsumer(bootstrap_servers=env["SEADESK_KAFKA"], enable_auto_commit=False)
        part = TopicPartition(topic, partition)
        consumer.assign([part])
        at = consumer.offsets_for_times({part: since_ms})[part]
        records = []
        if at:
            consumer.seek(part, at.offset)
            end = consumer.end_offsets([part])[part]
            while consumer.position(part) < end:
                for batch in consumer.poll(timeout_ms=500).values():
                    records += batch
        consumer.close()
        return records

    def root(record):
        return dict(record.headers).get("sd-root")

    sent = {root(record): record.timestamp for record in read("seadesk.messages")}
    # A change of several messages names the last; each of them is visible by the next change of its partition at the latest.
    return sorted(record.timestamp - sent[root(record)] for record in read("seadesk.tickets") if root(record) in sent)


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--half-seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=0, help="open loop in phase 1 instead of a closed one")
    options = parser.parse_args()
    env, names = addresses(), SERVICES + INFRA
    db = Database(env)
    run = f"r{int(time.time())}"

    warm = load(env, 5, 500, 0, run)
    wait_routed(db, warm["accepted"], 30)
    first, done = 1_000_000, db.routed()
    cpu, rows, wal = {name: cpu_seconds(env, name) for name in names}, db.row_writes(), db.wal_bytes()
    began = time.monotonic()
    full = load(env, options.seconds, options.rate, first, run)
    ended = time.monotonic()
    routed = db.routed() - done
    caught_up = wait_routed(db, done + full["accepted"], 300)
    lag_seconds = time.monotonic() - ended
    spent = {name: cpu_seconds(env, name) - cpu[name] for name in names}
    time.sleep(7)  # outbox rows go 5 s after their acknowledgement; they are part of the cost
    rows, wal = db.row_writes() - rows, db.wal_bytes() - wal
    sustained = routed / (ended - began)

    print(f"closed loop, {full['seconds']:.0f} s: accepted {full['accepted']} ({full['per_second']:.0f}/s),"
          f" routed by the end {routed} ({sustained:.0f}/s), caught up after {lag_seconds:.1f} s"
          f"{'' if caught_up else ' (NOT within 300 s)'}")
    print(f"row writes per message {rows / full['accepted']:.2f}, WAL bytes per message {wal / full['accepted']:.0f}")
    for name in names:
        print(f"  {name:20} {spent[name] / full['accepted'] * 10000:7.2f} CPU-s per 10,000   PSS {pss_mb(env, name):6.1f} MB")
    print(f"  all services together: PSS {sum(pss_mb(env, name) for name in SERVICES):.1f} MB")

    half = max(50, int(sustained / 2))
    since_ms = int(time.time() * 1000)
    paced = load(env, options.half_seconds, half, 3_000_000, run)
    time.sleep(2)
    values = latencies(env, 0, since_ms)
    print(f"open loop at {half}/s, {options.half_seconds} s: accepted {paced['accepted']}, ingest p50 {paced['p50_ms']} ms"
          f" p99 {paced['p99_ms']} ms; message to queued ticket ({len(values)} samples) p50 {percentile(values, 0.5)} ms"
          f" p99 {percentile(values, 0.99)} ms, mean {statistics.fmean(values) if values else float('nan'):.1f} ms")
    return 0 if caught_up and values else 1


if __name__ == "__main__":
    sys.exit(main())

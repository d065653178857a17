"""What an inbound message costs in rows and records (design.md section 4, budget): counted by PostgreSQL's statistics and the
topics' ends, overhead included, in batches as they come under load: router is stopped while they gather."""
import time
import uuid

import pytest
from kafka import KafkaConsumer, TopicPartition

from stack import eventually

CONTACTS, MORE = 100, 4  # one new ticket in five messages
OUTBOX_KEPT_S = 5


class Meter:
    """Rows written and records produced since it was read last."""

    def __init__(self, env, pg):
        self.pg = pg
        self.consumer = KafkaConsumer(bootstrap_servers=env["SEADESK_KAFKA"], enable_auto_commit=False)
        self.parts = [TopicPartition(topic, number) for topic in self.consumer.topics() if topic.startswith("seadesk.")
                      for number in self.consumer.partitions_for_topic(topic)]

    def rows_now(self):
        self.pg.query("SELECT pg_stat_force_next_flush()")
        return self.pg.value("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables")

    def records_now(self):
        ends = self.consumer.end_offsets(self.parts)
        return {topic: sum(end for part, end in ends.items() if part.topic == topic) for topic in {p.topic for p in self.parts}}

    def start(self):
        self.at_rest()
        self.rows, self.records = self.rows_now(), self.records_now()

    def at_rest(self):
        """Statistics reach the view when a backend rests, and an outbox row goes 5 s after its acknowledgement."""
        time.sleep(OUTBOX_KEPT_S)
        before = [None]

        def unchanged():
            last, before[0] = before[0], (self.rows_now(), self.records_now())
            return last and last[1] == before[0][1] and before[0][0] - last[0] <= 20

        eventually(unchanged, 120, every=6)

    def read(self, messages):
        """Per message: rows, records, and records by topic."""
        self.at_rest()
        after = self.records_now()
        by_topic = {topic: count - self.records[topic] for topic, count in after.items() if count > self.records[topic]}
        return (self.rows_now() - self.rows) / messages, sum(by_topic.values()) / messages, by_topic


@pytest.fixture
def meter(env, pg):
    meter = Meter(env, pg)
    yield meter
    meter.consumer.close()


def through_router(env, pg, service, traffic, senders, rounds):
    """Posts `rounds` messages of each sender while router is down, and waits until it has routed them all."""
    run = uuid.uuid4().hex[:12]
    wanted = pg.value("SELECT count(*) FROM router.message WHERE direction = 1") + len(senders) * rounds
    router = service("router")
    router.stop()
    try:
        for number in range(rounds):
            for sender in senders:
                status, body = traffic.post_whatsapp(env["SEADESK_INGEST_URL"], traffic.whatsapp_text(
                    sender, f"Good morning, this is what I wanted to say, part {number}.", f"wamid.{run}.{sender}.{number}"))
                assert status == 200, body
    finally:
        router.start()
    eventually(lambda: pg.value("SELECT count(*) FROM router.message WHERE direction = 1") >= wanted, 120)


def test_an_inbound_message_keeps_to_its_rows_and_records(env, pg, service, traffic, meter):
    """First-time contacts: 11 rows a message; continuing a ticket: 6; over one new ticket in five messages: 8, and 3 records."""
    base = int(time.time() * 1000) % 10**8
    senders = [f"4477{base + n:08d}"[:13] for n in range(CONTACTS)]

    meter.start()
    through_router(env, pg, service, traffic, senders, 1)
    first_rows, first_records, first_topics = meter.read(CONTACTS)

    meter.start()
    through_router(env, pg, service, traffic, senders, MORE)
    more_rows, more_records, more_topics = meter.read(CONTACTS * MORE)

    mean_rows = (first_rows + MORE * more_rows) / (1 + MORE)
    mean_records = (first_records + MORE * more_records) / (1 + MORE)
    told = (f"first-time contact {first_rows:.2f} rows, {first_records:.2f} records {first_topics}; continuing {more_rows:.2f} rows,"
            f" {more_records:.2f} records {more_topics}; mean {mean_rows:.2f} rows, {mean_records:.2f} records")
    print(told)
    assert first_rows <= 8 + 3, told
    assert more_rows <= 6, told
    assert mean_rows <= 8, told
    assert mean_records <= 3, told
    assert first_topics["seadesk.messages"] == CONTACTS and first_rows > 3, f"nothing was measured: {told}"


def test_the_meter_sees_every_row(pg, meter):
    """A planted excess: 200 rows, each written three times."""
    pg.query("CREATE TABLE public.budget_probe (n int PRIMARY KEY, m int)")
    try:
        meter.start()
        pg.query("INSERT INTO public.budget_probe SELECT n, 0 FROM generate_series(1, 200) n")
        pg.query("UPDATE public.budget_probe SET m = 1")
        pg.query("DELETE FROM public.budget_probe")
        assert meter.read(50)[0] >= 600 / 50
    finally:
        pg.query("DROP TABLE public.budget_probe")

"""test_stack.py: the stack itself: its private Kafka, PostgreSQL and Redis come back when they are killed."""
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from redis.exceptions import RedisError

PROGRAMS = ("ingest", "router", "translator-gateway", "sla-timer", "notifier", "retention-purger", "desk",
            "order-tracker")


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_service_is_ready(service, name, env):
    if not (Path(env["SEADESK_BIN_DIR"]) / name).exists():
        pytest.skip("not built")
    program = service(name)
    program.wait_ready()
    assert program.pid()


def test_a_killed_postgres_comes_back_by_itself(service, pg, eventually):
    service("postgres").kill()
    assert eventually(lambda: pg.value("select 1") == 1, 30)


def test_a_killed_redis_comes_back_by_itself(service, redis, eventually):
    service("redis").kill()
    assert eventually(lambda: redis_answers(redis), 30)


def redis_answers(redis):
    try:
        return redis.ping()
    except RedisError:
        return False


def test_a_killed_broker_accepts_again_within_twenty_seconds(service, env, eventually):
    service("kafka").kill()
    assert eventually(lambda: broker_answers(env["SEADESK_KAFKA"]), 20)


def broker_answers(address):
    try:
        admin = KafkaAdminClient(bootstrap_servers=address, request_timeout_ms=3000)
        topics = admin.list_topics()
        admin.close()
        return topics is not None
    except KafkaError:
        return False

"""test_stack.py: the stack itself: its private Kafka, PostgreSQL and Redis come back when they are killed, and what a
checkout leaves behind is nobody else's."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from stack import CHECKOUT

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


PREPARE = r"""
set -euo pipefail
for module in common services postgres stack; do . "$ROOT/deploy/dev/$module.sh"; done
stack_prepare
postgres_prepare
echo "folder $PG_FOLDER"
as_postgres env --chdir=/ "$PG_BIN/pg_controldata" -D "$PG_FOLDER/data"
"""


class Checkout:
    """A checkout in a folder of its own, as far as ./dev needs it for a cluster that isn't started."""

    def __init__(self, root):
        self.root, self.folder = root, None
        self.env = {"PATH": os.environ["PATH"], "ROOT": str(root), "SEADESK_STACK": "cluster"}
        root.mkdir()
        shutil.copy(CHECKOUT / "dev", root)
        shutil.copytree(CHECKOUT / "deploy" / "dev", root / "deploy" / "dev")

    def run(self, *command):
        return subprocess.run(command, check=True, env=self.env, capture_output=True, text=True).stdout

    def cluster(self):
        """Prepares the cluster, and returns which one it is."""
        said = self.run("bash", "-c", PREPARE)
        self.folder = Path(re.search(r"^folder (.*)$", said, re.M)[1])
        return re.search(r"system identifier: +(\d+)", said)[1]

    def forget(self):
        """The state goes as it does with a removed checkout; what is in /var/tmp stays."""
        shutil.rmtree(self.root / ".stack")

    def clean(self):
        self.run(self.root / "dev", "clean", "--data")


@pytest.fixture
def checkout(tmp_path):
    one = Checkout(tmp_path / "checkout")
    yield one
    one.clean()


def test_a_stack_keeps_its_cluster_and_takes_none_of_a_checkout_that_is_gone(checkout):
    first = checkout.cluster()
    assert checkout.cluster() == first
    checkout.forget()
    assert checkout.folder.is_dir()
    assert checkout.cluster() != first, "its secrets are gone, so nobody could sign in"


def test_cleaning_removes_the_cluster_of_a_checkout_that_is_gone(checkout):
    checkout.cluster()
    checkout.forget()
    checkout.clean()
    assert not checkout.folder.exists()


@pytest.mark.parametrize("status", [0, 3])
def test_how_a_program_ended_is_told_also_when_it_ends_in_the_instant_of_the_signal(tmp_path, status, eventually):
    """The trap of the keeper takes its time here, so that the program is gone before the keeper asks for it."""
    keeper, program = tmp_path / "keep.sh", tmp_path / "program"
    source = (CHECKOUT / "deploy" / "dev" / "keep.sh").read_text()
    slow = source.replace('    [ -z "$child" ] || kill -s "$signal" "$child" 2>/dev/null\n', '    kill -s "$signal" "$child"; sleep 0.5\n', 1)
    assert slow != source
    keeper.write_text(slow)
    program.write_text(f"trap 'exit {status}' TERM\ntouch {tmp_path}/up\nsleep 5 & wait\n")
    for name in ("run", "override"):
        (tmp_path / name).mkdir()
    kept = subprocess.Popen(["bash", keeper, tmp_path, "it", "TERM", "bash", program], stdout=subprocess.PIPE, text=True)
    eventually(lambda: (tmp_path / "up").exists())
    kept.terminate()
    assert f'stopped with status {status}"' in kept.stdout.readline()
    kept.wait(30)

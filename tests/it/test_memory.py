"""test_memory.py: OP-06: the hardened release serves, and every program stays within the memory that docker-compose.yml gives it."""
import concurrent.futures
import os
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml

from stack import CHECKOUT, eventually

SERVICES = ("ingest", "router", "translator-gateway", "sla-timer", "notifier", "retention-purger", "desk", "order-tracker",
            "media-fetcher")
INFRA = ("kafka", "redis", "postgres")
PEOPLE = 100
ALL_TOGETHER_BYTES = 130_000_000


def swap(env, build):
    """The stack's services as that build made them."""
    own = {**os.environ, "SEADESK_STACK": env["SEADESK_STACK"], "SEADESK_BUILD": build}
    for words in (("down", *SERVICES, "fake-provider"), ("up", "--yes")):
        subprocess.run([CHECKOUT / "dev", *words], check=True, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@pytest.fixture
def release(env):
    """The services as customers run them; other tests have them with sanitizers, which take many times the memory."""
    build = Path(env["SEADESK_BIN_DIR"]).parent.name
    swap(env, "release")
    yield
    swap(env, build)


def tree(pid):
    """The process and its children: PostgreSQL's backends share what they are counted for."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(deeper for child in children for deeper in tree(int(child)))]


def kilobytes(text, name):
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ":")), 0)


def memory_bytes(pid):
    total = 0
    for each in tree(pid):
        try:
            total += kilobytes(Path(f"/proc/{each}/smaps_rollup").read_text(), "Pss") << 10
        except (FileNotFoundError, ProcessLookupError):
            pass  # a backend that ended meanwhile
    return total


def peak_bytes(pid):
    return kilobytes(Path(f"/proc/{pid}/status").read_text(), "VmHWM") << 10


def limit_bytes(name):
    program = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"][name]
    number, unit = program["mem_limit"][:-1], program["mem_limit"][-1]
    return int(number) << {"m": 20, "g": 30}[unit]


def test_the_release_serves_within_the_memory_that_it_is_given_OP_06(release, service, new_person, traffic, ingest, fake):
    """OP-06: a hundred customers write and order at once; all are served, and the peak of each program is below its limit."""
    people = [new_person() for _ in range(PEOPLE)]

    def live(person):
        order = f"o-{uuid.uuid4().hex[:12]}"
        first = person.post("Olá, onde está o meu pedido?")
        for kind in ("order.placed", "order.paid"):
            event = traffic.business_event(kind, {"order_id": order, "market": "BR", "customer": person.as_customer()})
            status, said = traffic.post_event(ingest.base, event)[:2]
            assert status == 202, said
        return person.shown(first)["ticket_id"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(live, people))
    numbers = {person.number for person in people}
    eventually(lambda: numbers <= {send["to"].lstrip("+") for send in fake.log()}, 120)
    used = {name: peak_bytes(service(name).pid()) for name in SERVICES}
    used |= {name: memory_bytes(service(name).pid()) for name in INFRA}
    assert [name for name, most in used.items() if most > limit_bytes(name)] == [], used
    together = {name: memory_bytes(service(name).pid()) for name in SERVICES}
    assert sum(together.values()) < ALL_TOGETHER_BYTES, together

"""conftest.py: the fixtures of tests/it; they speak with a stack that runs already (./dev up, or ./dev test)."""
import subprocess
import sys
from urllib.parse import urlparse

import pytest
import redis as redis_client

import edge as edge_module
import people
import stack
from outbound import Road
from stack import CHECKOUT

HOUR_MS = 3600_000

sys.path.insert(0, str(CHECKOUT / "deploy" / "dev"))
import traffic as traffic_module  # noqa: E402


@pytest.fixture(scope="session")
def env():
    """Every address of the stack, as ./dev env names it."""
    return stack.addresses()


@pytest.fixture(scope="session")
def ingest(env):
    return stack.Http(env["SEADESK_INGEST_URL"])


@pytest.fixture(scope="module")
def edge(env):
    """ingest as it runs; a module that configures it anew has an edge of its own."""
    return edge_module.Edge(env["SEADESK_INGEST_URL"])


@pytest.fixture(scope="module")
def hasher(env):
    return edge_module.Hasher(env)


@pytest.fixture(scope="session")
def desk(env):
    return stack.Desk(env["SEADESK_DESK_URL"])


@pytest.fixture
def fake(env):
    """The fake provider, without faults before and after the test."""
    provider = stack.Fake(env["SEADESK_FAKE_URL"])
    provider.script({})
    yield provider
    provider.script({})


@pytest.fixture(scope="session")
def pg(env):
    return stack.Postgres(env["SEADESK_POSTGRES"])


@pytest.fixture(scope="session")
def keys_pg(env):
    return stack.Postgres(env["SEADESK_KEYS_POSTGRES"])


@pytest.fixture(scope="session")
def redis(env):
    url = urlparse(env["SEADESK_REDIS"])
    return redis_client.Redis(url.hostname, url.port, decode_responses=True)


@pytest.fixture
def kafka_consumer(env):
    """kafka_consumer(topic, beginning=False): reads a topic from now on."""
    opened = []

    def consume(topic, beginning=False):
        opened.append(stack.Topic(env["SEADESK_KAFKA"], topic, beginning))
        return opened[-1]

    yield consume
    for consumer in opened:
        consumer.close()


@pytest.fixture(scope="session")
def kafka_producer(env):
    producer = stack.producer(env["SEADESK_KAFKA"])
    yield producer
    producer.close(timeout=5)


@pytest.fixture
def road(env, proto, kafka_producer, kafka_consumer, clock, fake, service):
    """The road out at noon in London, with no faults."""
    service("translator-gateway").wait_ready()
    service("notifier").wait_ready()
    clock.advance((12 * HOUR_MS - clock.now_ms()) % (24 * HOUR_MS))
    made = Road(env, proto, kafka_producer, kafka_consumer, clock, fake)
    yield made
    made.close()


@pytest.fixture(scope="session")
def traffic():
    """Messages and events in real formats, and posting them signed: deploy/dev/traffic.py."""
    return traffic_module


@pytest.fixture(scope="session")
def sign_whatsapp():
    return traffic_module.sign_whatsapp


@pytest.fixture(scope="session")
def sign_twilio():
    return traffic_module.sign_twilio


@pytest.fixture(scope="session")
def eventually():
    return stack.eventually


@pytest.fixture(scope="session")
def service(env):
    """service(name): kill(), stop(), start(), restart(), wait_ready(), once(…), metric(…), log()."""
    return lambda name: stack.Program(env, name)


@pytest.fixture(scope="session")
def log_text(service):
    return lambda name: service(name).log()


@pytest.fixture
def clock(pg, env):
    """The stack's clock, set back after the test."""
    shifted = stack.Clock(pg, env["SEADESK_FAKE_URL"])
    yield shifted
    shifted.reset()


@pytest.fixture(scope="session")
def proto(tmp_path_factory):
    """proto("router"): the Python module of proto/seadesk/v1/router.proto, compiled for this run."""
    folder = tmp_path_factory.mktemp("proto")
    files = sorted((CHECKOUT / "proto").glob("seadesk/v1/*.proto"))
    subprocess.run(["protoc", f"--proto_path={CHECKOUT / 'proto'}", f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, str(folder))

    def module(name):
        return __import__(f"seadesk.v1.{name}_pb2", fromlist=["_"])

    return module


@pytest.fixture
def new_person(traffic, ingest, desk, service):
    """new_person(): a customer with a WhatsApp number that nobody had before."""
    service("router").wait_ready()
    return lambda country="55": people.Person(traffic, ingest, desk, country)


@pytest.fixture
def person(new_person):
    return new_person()


@pytest.fixture
def nobody_here(desk, pg):
    people.send_home(desk, pg)


@pytest.fixture
def ana(desk, nobody_here):
    """An agent who takes by hand; nothing is offered to anybody until one is online."""
    agent = people.Agent(desk, "ana")
    agent.is_here("away")
    return agent


@pytest.fixture
def wei(desk, nobody_here):
    agent = people.Agent(desk, "wei")
    agent.is_here("away")
    return agent

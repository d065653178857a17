"""test_seadesk.py: the operator's command against a running stack: what it says, what it changes, its exit codes."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from stack import CHECKOUT, copied_config, header

DONE, FAILED, USAGE, AWAY = 0, 1, 2, 75


class Operator:
    """Runs seadesk as the stack's administrator."""

    def __init__(self, env):
        secrets = Path(env["SEADESK_STATE_DIR"]) / "secrets"
        self.binary = Path(env["SEADESK_BIN_DIR"]) / "seadesk"
        self.settings = {
            **{name: env[name] for name in ("SEADESK_KAFKA", "SEADESK_REDIS", "SEADESK_POSTGRES", "SEADESK_KEYS_POSTGRES")},
            "SEADESK_POSTGRES_PASSWORD_FILE": str(secrets / "postgres-admin"),
            "SEADESK_MASTER_KEY_FILE": str(secrets / "master-key"),
            "SEADESK_PEPPER_FILE": str(secrets / "pepper"),
            "SEADESK_CONFIG": str(CHECKOUT / "deploy/config"),
            "SEADESK_SQL": str(CHECKOUT / "deploy/sql"),
        }

    def env(self, settings):
        outer = {name: value for name, value in os.environ.items() if not name.startswith("SEADESK_")}
        return {**outer, **self.settings, **settings}

    def run(self, *words, stdin="", **settings):
        return subprocess.run([self.binary, *words], input=stdin, capture_output=True, text=True, timeout=120,
                              cwd=CHECKOUT, env=self.env(settings))

    def json(self, *words, stdin="", code=None, **settings):
        ran = self.run(*words, "--json", stdin=stdin, **settings)
        assert code is None or ran.returncode == code, ran.stdout + ran.stderr
        return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def seadesk(env):
    return Operator(env)


def found(said, about):
    return [finding for finding in said["findings"] if finding["about"] == about]


# ---- the command itself ----

def test_it_explains_itself_and_refuses_what_it_does_not_know(seadesk):
    assert re.match(r"seadesk \d+\.\d+", seadesk.run("--version").stdout)
    help_text = seadesk.run("--help")
    assert help_text.returncode == DONE
    for command in ("migrate", "topics", "check", "doctor", "story", "replay", "rewind", "user"):
        assert re.search(rf"^  {command} ", help_text.stdout, re.M), command
    assert seadesk.run("frobnicate").returncode == USAGE
    assert seadesk.run("story").returncode == USAGE
    assert seadesk.run("story", "not-an-id").returncode == USAGE
    assert seadesk.run("replay", "router", "seadesk.nothing", "0", "0").returncode == USAGE
    wrong = seadesk.run("doctor", SEADESK_PEPER="x")
    assert wrong.returncode == USAGE and "SEADESK_PEPER" in wrong.stderr


def test_migrating_and_making_topics_again_changes_nothing(seadesk):
    for command in ("migrate", "topics"):
        said = seadesk.json(command, code=DONE)
        assert said["ok"] and said["done"] == [], command


def test_topics_waits_for_a_broker_that_is_not_ready_yet(seadesk, service):
    """It says so, and goes on by itself once the broker answers."""
    broker = service("kafka")
    broker.signal(signal.SIGSTOP)
    try:
        waiting = subprocess.Popen([seadesk.binary, "topics"], cwd=CHECKOUT, env=seadesk.env({}), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        said = waiting.stderr.readline()
    finally:
        broker.signal(signal.SIGCONT)
    out, err = waiting.communicate(timeout=120)
    assert "is not ready" in said and seadesk.settings["SEADESK_KAFKA"] in said, said
    assert waiting.returncode == DONE and "topics are complete" in out, err


def test_compose_upgrades_schema_and_topics_before_any_service():
    programs = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    suite = [name for name, program in programs.items() if "SEADESK_POSTGRES_PASSWORD_FILE" in program.get("environment", {})
             and program.get("restart") == "unless-stopped"]
    assert len(suite) == 9, suite
    for name in suite:
        first = programs[name]["depends_on"]
        assert first["migrate"] == first["topics"] == {"condition": "service_completed_successfully"}, name


def test_a_database_that_is_away_is_told_apart_from_a_failure(seadesk):
    away = {"SEADESK_POSTGRES": "postgresql://postgres@127.0.0.1:1/seadesk"}
    assert seadesk.run("migrate", **away).returncode == AWAY
    assert seadesk.run("story", str(uuid.uuid4()), **away).returncode == AWAY
    assert seadesk.run("user", "list", **away).returncode == AWAY


# ---- check ----

def test_check_lists_what_a_company_must_decide(seadesk):
    said = seadesk.json("check", code=DONE)
    examples = found(said, "example")
    assert len(examples) > 20 and all(one["level"] == "note" for one in examples)
    for one in examples:
        place = re.match(r"(.+):(\d+): (.+) is an example value$", one["text"])
        lines = Path(place[1]).read_text().splitlines()
        assert int(place[2]) <= len(lines), one["text"]


def test_check_refuses_for_production_what_may_not_go_live(seadesk):
    said = seadesk.json("check", code=FAILED, SEADESK_MODE="production")
    assert not said["ok"]
    texts = " ".join(one["text"] for one in said["findings"] if one["level"] == "wrong")
    for problem in ("demo credential", "replica(s)", "without TLS"):
        assert problem in texts, problem
    told = seadesk.json("check", code=DONE)
    assert "demo credential" in " ".join(one["text"] for one in found(told, "production")), "told before going live too"


def test_check_names_file_line_and_column_of_every_mistake(seadesk, tmp_path):
    folder = tmp_path / "config"
    shutil.copytree(CHECKOUT / "deploy/config", folder)
    sla = folder / "routing.yaml"
    sla.write_text(sla.read_text() + "\nno_such_key: 1\n")
    said = seadesk.json("check", code=FAILED, SEADESK_CONFIG=str(folder))
    texts = [one["text"] for one in found(said, "configuration")]
    assert any(re.match(rf"{re.escape(str(sla))}:\d+:\d+: .*no_such_key", text) for text in texts), texts


@pytest.mark.ledger("CH-24")
def test_check_wants_two_channels_by_which_a_market_can_be_answered(seadesk, tmp_path):
    config = copied_config(tmp_path, "markets/JP.yaml", lambda text: text.replace(
        "channels: {", "channels: {closed: [twilio-sms, africastalking-sms, sms, amazon, chat, zendesk, freshdesk, intercom, "
        "messenger, instagram, line, telegram, slack], "))
    said = seadesk.json("check", code=FAILED, SEADESK_CONFIG=str(config))
    assert [one["text"] for one in found(said, "channels")] == [
        "customers of JP can be answered by 1 channel(s), at least two are needed"]
    assert found(seadesk.json("check", code=DONE), "channels") == []


def test_check_misses_a_table_that_the_inventory_does_not_name(seadesk, pg):
    pg.query("CREATE TABLE desk.it_forgotten (customer_name text)")
    try:
        said = seadesk.json("check", code=FAILED)
    finally:
        pg.query("DROP TABLE desk.it_forgotten")
    assert [one["text"] for one in found(said, "inventory")] == ["table desk.it_forgotten is not in retention.yaml"]
    assert found(seadesk.json("check", code=DONE), "inventory") == []


# ---- doctor ----

def test_doctor_finds_nothing_wrong_with_the_stack_itself(seadesk):
    said = seadesk.json("doctor")
    for about in ("postgres", "schema", "keys", "redis", "kafka", "topics", "disk", "source", "lost log"):
        assert [one for one in found(said, about) if one["level"] == "wrong"] == [], about


@pytest.mark.parametrize("setting, value, about", [
    ("SEADESK_POSTGRES", "postgresql://postgres@127.0.0.1:1/seadesk", "postgres"),
    ("SEADESK_KEYS_POSTGRES", "postgresql://postgres@127.0.0.1:1/seadesk_keys", "postgres"),
    ("SEADESK_REDIS", "redis://127.0.0.1:1/0", "redis"),
    ("SEADESK_KAFKA", "127.0.0.1:1", "kafka"),
])
def test_doctor_names_the_dependency_that_is_away(seadesk, setting, value, about):
    said = seadesk.json("doctor", code=FAILED, **{setting: value})
    assert [one["level"] for one in found(said, about)] == ["wrong"]
    assert found(said, about)[0]["advice"]


def test_doctor_sees_another_master_key(seadesk, tmp_path):
    key = tmp_path / "key"
    key.write_text("00" * 31 + "01\n")
    said = seadesk.json("doctor", code=FAILED, SEADESK_MASTER_KEY_FILE=str(key))
    assert "master key" in found(said, "keys")[0]["text"]


def test_doctor_sees_a_migration_that_is_not_applied(seadesk, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(CHECKOUT / "deploy/sql", folder)
    (folder / "0999_later.sql").write_text("SELECT 1;\n")
    said = seadesk.json("doctor", code=FAILED, SEADESK_SQL=str(folder))
    assert [one["text"] for one in found(said, "schema")] == ["0999_later.sql is not applied"]


def test_doctor_sees_a_lost_log_and_rewind_mends_it(seadesk, pg):
    """ingest keeps no positions of its own, so its rows are free for this."""
    before = pg.value("SELECT inputs FROM ingest.source WHERE number = 3")
    pg.query("UPDATE ingest.source SET inputs = %s WHERE number = 3", f"seadesk.messages 99999999 {uuid.uuid4()}\n")
    try:
        lost = found(seadesk.json("doctor", code=FAILED), "lost log")
        assert len(lost) == 1 and "ingest read seadesk.messages/3 up to 99999999" in lost[0]["text"]
        assert "seadesk rewind ingest 3 seadesk.messages" in lost[0]["advice"]
        epoch = pg.value("SELECT epoch FROM ingest.source WHERE number = 3")
        assert seadesk.run("rewind", "ingest", "3", "seadesk.messages").returncode == DONE
        assert pg.value("SELECT epoch FROM ingest.source WHERE number = 3") == epoch + 1, "fences who still runs"
        assert found(seadesk.json("doctor"), "lost log") == []
        assert seadesk.run("rewind", "ingest", "3", "seadesk.messages").returncode == FAILED, "nothing is left to forget"
        assert seadesk.run("rewind", "ingest", "12", "seadesk.messages").returncode == USAGE
    finally:
        pg.query("UPDATE ingest.source SET inputs = %s WHERE number = 3", before)


# ---- replay ----

@pytest.fixture
def parked(pg):
    """A cause and one record behind it, of a service that doesn't take them."""
    pg.query("""INSERT INTO ingest.parked (number, topic, key, "offset", is_cause, reason, attempts, record) VALUES
                (5, 'seadesk.messages', 'it', 100, true, 'failed', 1, ''), (5, 'seadesk.messages', 'it', 101, false, 'behind', 1, '')""")
    yield
    pg.query("DELETE FROM ingest.parked WHERE key = 'it'")


def test_parked_records_are_listed_and_released_with_those_behind(seadesk, pg, parked):
    place = ("ingest", "seadesk.messages", "5", "100")
    listed = [one for one in seadesk.json("replay", "list", code=DONE)["parked"] if one["service"] == "ingest"]
    assert [(one["offset"], one["is_cause"]) for one in listed] == [(100, True), (101, False)]
    assert "2 record(s) of 1 key(s)" in found(seadesk.json("doctor", code=FAILED), "parked")[0]["text"]
    dry = seadesk.json("replay", *place, "--dry-run", code=DONE)
    assert dry["dry_run"] and "would take 2 record(s)" in dry["text"]
    assert pg.value("SELECT count(*) FROM ingest.parked WHERE is_released") == 0
    behind = seadesk.json("replay", "ingest", "seadesk.messages", "5", "101", code=FAILED)
    assert "behind" in behind["text"]
    seadesk.json("replay", *place, code=DONE)
    assert pg.query('SELECT "offset" FROM ingest.parked WHERE is_released') == [(100,)]


def test_the_sixth_attempt_is_refused(seadesk, pg, parked):
    pg.query("UPDATE ingest.parked SET attempts = 5 WHERE is_cause AND key = 'it'")
    said = seadesk.json("replay", "ingest", "seadesk.messages", "5", "100", code=FAILED)
    assert "five times" in said["text"]


def dead_letters(seadesk, service, offset):
    return [one for one in seadesk.json("replay", "list", code=DONE)["dead"]
            if one["service"] == service and one["offset"] == offset]


def produce(kafka_producer, topic, key, event_type, value):
    event_id = str(uuid.uuid4())
    sent = kafka_producer.send(topic, key=key, value=value, headers=[
        ("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"), ("ce_id", event_id.encode()),
        ("ce_type", event_type.encode()), ("ce_source", b"/it"), ("ce_time", b"2026-11-22T08:15:00Z"),
        ("sd-root", event_id.encode())]).get(10)
    return str(sent.partition), sent.offset


def test_a_refused_record_is_given_to_its_service_again(seadesk, kafka_producer, proto, service, eventually, pg):
    """What was refused is refused again as long as its cause isn't mended, and after five times for good."""
    service("retention-purger").wait_ready()
    request = proto("privacy").ErasureRequested(request_id=uuid.uuid4().bytes, customer_id=uuid.uuid4().bytes, kind="sing")
    partition, offset = produce(kafka_producer, "seadesk.privacy", b"it", "seadesk.v1.ErasureRequested",
                                request.SerializeToString())
    place = ("retention-purger", "seadesk.privacy", partition, str(offset))
    letter = eventually(lambda: dead_letters(seadesk, "retention-purger", offset), 20)[0]
    assert (letter["reason"], letter["attempts"]) == ("kind_not_offered", 1)
    assert "would take" in seadesk.json("replay", *place, "--dry-run", code=DONE)["text"]
    for attempt in range(2, 6):
        seadesk.json("replay", *place, code=DONE)
        eventually(lambda: dead_letters(seadesk, "retention-purger", offset)[0]["attempts"] == attempt, 20)
        assert pg.value("SELECT count(*) FROM retention_purger.parked") == 0
    assert "five times" in seadesk.json("replay", *place, code=FAILED)["text"]


def test_an_old_message_never_follows_a_newer_one(seadesk, kafka_producer, service, eventually):
    """Of two records of one key the first was refused and the second read: outbound can't order them."""
    service("notifier").wait_ready()
    key = uuid.uuid4().hex.encode()
    partition, first = produce(kafka_producer, "seadesk.outbound", key, "seadesk.v1.Outbound", b"\xff\xff")
    _, second = produce(kafka_producer, "seadesk.outbound", key, "seadesk.v1.Outbound", b"\xff\xff")
    eventually(lambda: dead_letters(seadesk, "notifier", second), 20)
    refused = seadesk.json("replay", "notifier", "seadesk.outbound", partition, str(first), code=FAILED)
    assert "later messages" in refused["text"]
    seadesk.json("replay", "notifier", "seadesk.outbound", partition, str(second), "--dry-run", code=DONE)


def test_what_no_service_refused_is_not_replayed(seadesk):
    said = seadesk.json("replay", "router", "seadesk.messages", "0", "123456789", code=FAILED)
    assert "neither parked nor refused" in said["text"]


def test_a_range_of_intake_takes_effect_again_where_it_was_lost_and_nothing_twice(
        seadesk, ingest, traffic, service, kafka_consumer, pg, eventually):
    service("order-tracker").wait_ready()
    topic, order_id = kafka_consumer("seadesk.orders"), traffic.new_id("o-")
    for name in ("order.paid", "order.cancelled"):
        event = traffic.business_event(name, {"order_id": order_id, "market": "BR"})
        assert ingest.post("/v1/events", json=event, headers={
            "Authorization": "Bearer demo-source-key", "Content-Type": "application/cloudevents+json"}).status_code == 202
    first = topic.wait_for(lambda record: record.key == order_id.encode())

    def events():
        return pg.value("SELECT count(*) FROM order_tracker.event WHERE order_id = %s", order_id)

    eventually(lambda: events() == 2)
    place = ("order-tracker", "seadesk.orders", str(first.partition), f"{first.offset}..{first.offset + 1}")
    assert "would take 0 of 2" in seadesk.json("replay", *place, "--dry-run", code=DONE)["text"]
    id_ = header(first, "ce_id")
    pg.query("DELETE FROM order_tracker.event WHERE event_id = %s", id_)
    pg.query("DELETE FROM order_tracker.seen WHERE id = %s", id_)
    assert "would take 1 of 2" in seadesk.json("replay", *place, "--dry-run", code=DONE)["text"]
    assert events() == 1
    assert "took 1 of 2" in seadesk.json("replay", *place, code=DONE)["text"]
    assert events() == 2
    assert "took 0 of 2" in seadesk.json("replay", *place, code=DONE)["text"]
    beyond = seadesk.json("replay", *place[:3], f"{first.offset}..{first.offset + 1000000}", code=FAILED)
    assert "will read what follows" in beyond["text"]
    internal = seadesk.json("replay", "router", "seadesk.timelines", "0", "0..1", code=FAILED)
    assert "came from outside" in internal["text"]


# ---- user ----

@pytest.fixture
def newcomer(pg):
    name = "it-" + uuid.uuid4().hex[:8]
    yield name
    pg.query("DELETE FROM desk.account WHERE user_name = %s", name)


def test_a_user_is_added_listed_and_disabled(seadesk, pg, newcomer):
    """Passwords are kept as argon2id hashes only."""
    added = seadesk.run("user", "add", newcomer, "--role", "admin", "--name", "Ana", "--languages", "pt,es",
                        stdin="correct horse battery\n")
    assert added.returncode == DONE, added.stderr
    (mine,) = [user for user in seadesk.json("user", "list", code=DONE)["users"] if user["user"] == newcomer]
    assert (mine["role"], mine["name"], mine["languages"], mine["is_active"]) == ("admin", "Ana", ["pt", "es"], True)
    first = pg.value("SELECT password FROM desk.account WHERE user_name = %s", newcomer)
    assert first.startswith("$argon2id$")
    assert seadesk.run("user", "add", newcomer, stdin="correct horse battery\n").returncode == FAILED
    assert seadesk.run("user", "skills", newcomer, "native-ja,refunds").returncode == DONE
    assert pg.value("SELECT skills FROM desk.account WHERE user_name = %s", newcomer) == ["native-ja", "refunds"]
    assert seadesk.run("user", "skills", newcomer).returncode == DONE
    assert pg.value("SELECT skills FROM desk.agent_v WHERE \"user\" = %s", newcomer) == []
    assert seadesk.run("user", "password", newcomer, stdin="another horse\n").returncode == DONE
    assert pg.value("SELECT password FROM desk.account WHERE user_name = %s", newcomer) != first
    assert seadesk.run("user", "disable", newcomer).returncode == DONE
    assert pg.value("SELECT is_active FROM desk.account WHERE user_name = %s", newcomer) is False
    assert seadesk.run("user", "enable", newcomer).returncode == DONE


def test_bad_users_are_refused_and_say_why(seadesk, newcomer):
    short = seadesk.run("user", "add", newcomer, stdin="short\n")
    assert short.returncode == USAGE and "10 to 1024 bytes" in short.stderr
    assert seadesk.run("user", "add", "Not A Name", stdin="correct horse battery\n").returncode == FAILED
    assert seadesk.run("user", "add", newcomer, "--role", "king", stdin="correct horse battery\n").returncode == FAILED
    assert seadesk.run("user", "password", "nobody-here", stdin="correct horse battery\n").returncode == FAILED
    assert seadesk.run("user", "add", newcomer, "--colour", "red").returncode == USAGE


def test_a_new_user_signs_in_at_the_desk_until_disabled(seadesk, desk, newcomer):
    seadesk.run("user", "add", newcomer, stdin="correct horse battery\n")
    signin = {"user": newcomer, "password": "correct horse battery"}
    assert desk.post("/session", json=signin, headers={"Authorization": None}).status_code == 204
    seadesk.run("user", "disable", newcomer)
    assert desk.post("/session", json=signin, headers={"Authorization": None}).status_code == 401


# ---- story ----

def story_at_rest(seadesk, event_id):
    """The story once nothing is added any more: rows that are still at work name their newest event."""
    for _ in range(20):
        before = seadesk.json("story", event_id, code=DONE)
        time.sleep(1)
        said = seadesk.json("story", event_id, code=DONE)
        if said == before:
            return said
    raise AssertionError("the story does not come to its end")


def test_the_story_of_a_message_is_found_by_any_of_its_events(seadesk, ingest, desk, traffic, eventually):
    external_id = traffic.new_id("wamid.")
    body = traffic.whatsapp_text("5511987650001", "Onde está o meu pedido?", external_id)
    assert traffic.post_whatsapp(ingest.base, body)[0] == 200
    message = eventually(lambda: desk.message("whatsapp", external_id), 20)
    said = story_at_rest(seadesk, message["event_id"])
    assert said["root_id"] == message["event_id"]
    assert {step["service"] for step in said["steps"]} >= {"router"}
    times = [datetime.fromisoformat(step["at"]) for step in said["steps"]]
    assert times == sorted(times)
    read = [step for step in said["steps"] if step["topic"] == "seadesk.messages"]
    assert read and all(step["offset"] is not None for step in read)
    for step in said["steps"]:
        if step["event_id"]:
            assert seadesk.json("story", step["event_id"], code=DONE)["root_id"] == said["root_id"]
    human = seadesk.run("story", message["event_id"])
    assert human.returncode == DONE and "ms" in human.stdout and "seadesk.messages/" in human.stdout


def test_an_unknown_event_has_no_story(seadesk):
    assert seadesk.run("story", str(uuid.uuid4())).returncode == FAILED

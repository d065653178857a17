"""test_chaos.py: kill -9 of every service and of Kafka, Redis and PostgreSQL under load, drawn from a seed; then everything
must hold. A longer run: SEADESK_CHAOS_SEED=… SEADESK_CHAOS_ROUNDS=… ./dev test -k chaos"""
import os
import time

import pytest

import chaos_world as chaos
import stack
from chaos_world import World
from stack import eventually, header

SEED = int(os.environ.get("SEADESK_CHAOS_SEED", "20261122"))
ROUNDS = int(os.environ.get("SEADESK_CHAOS_ROUNDS", "1"))


def wait_quiet(env, pg, world):
    """Until nothing is on its way: no unpublished outbox row older than its keep time, no message pending."""
    end = time.monotonic() + 120
    last = None
    while time.monotonic() < end:
        now = (pg.value("SELECT count(*) FROM router.message"), pg.value("SELECT coalesce(sum(counter), 0)::text FROM ("
               + " UNION ALL ".join(f"SELECT counter FROM {s.replace('-', '_')}.source" for s in chaos.SERVICES) + ") s"))
        if now == last:
            return
        last = now
        time.sleep(3)
    raise AssertionError("the stack does not come to rest")


def unique_deadlines(env, proto):
    topic = stack.Topic(env["SEADESK_KAFKA"], "seadesk.deadlines", beginning=True)
    quiet = 0
    while quiet < 3:
        quiet = 0 if topic.read(0.5) else quiet + 1
    topic.close()
    states = proto("clocks").ClockState
    seen, found = set(), []
    for record in topic.seen:
        place = (header(record, "sd-src"), header(record, "sd-pos"))
        if place in seen or header(record, "ce_type") != "seadesk.v1.DeadlineChanged":
            continue
        seen.add(place)
        change = proto("clocks").DeadlineChanged.FromString(record.value)
        if not change.is_withdrawn:
            found.append((change.clock_id.hex() or change.ticket_id.hex(), change.name,
                          states.Name(change.state).removeprefix("CLOCK_").lower()))
    return found


def queues_in_redis(redis):
    return {(key.removeprefix("sd:q:"), member.split(":")[0])  # ticket:number:channel
            for key in redis.keys("sd:q:*") for member in redis.zrange(key, 0, -1)}


def queues_in_postgres(pg):
    return {(queue, str(ticket)) for queue, ticket in
            pg.query("SELECT queue, ticket_id FROM router.ticket_v WHERE status = 'open'")}


def check_everything(world, env, pg, redis, fake, clock, proto):
    """What must hold once the load is over and everything runs again."""
    world.heal()
    eventually(lambda: pg.value("SELECT 1") == 1, 40)  # this test's own connection may have been killed too
    wait_quiet(env, pg, world)
    api = stack.Desk(env["SEADESK_DESK_URL"], "ana")

    by_contact, texts = world.shown(api, pg)
    assert chaos.check_routed_once(world.history.messages, texts) == [], world.history.faults
    assert chaos.check_order(world.history.messages, by_contact) == [], world.history.faults

    log = fake.log()
    notices = [(order, kind) for entry in log for order in world.history.orders
               for kind in ("paid", "dispatched") if order in str(entry) and kind in str(entry)]
    assert chaos.check_notices(notices) == [], world.history.faults
    tokens = [reply.token for entry in log for reply in world.history.replies if reply.token in str(entry)]
    states = world.deliveries(api)
    # A ticket that another test left may be taken too, of any channel; a visitor's chat has no provider whose log could be read.
    tokens += [token for token, (channel, state) in states.items() if channel == "chat" and state in ("accepted", "delivered", "read")]
    failures = {token for token, (_, state) in states.items() if state in ("uncertain", "failed", "held", "dropped", "blocked")}
    assert chaos.check_replies(world.history.replies, tokens, failures) == [], world.history.faults

    assert eventually(lambda: chaos.check_queues(queues_in_redis(redis), queues_in_postgres(pg)) == [], 60)
    clock.advance(3 * 3600 * 1000)
    eventually(lambda: pg.value("SELECT count(*) FROM sla_timer.clock_v WHERE state IN ('running', 'warned')"
                                " AND due_at < to_timestamp(clock.now_ms() / 1000.0)") == 0, 120)
    time.sleep(2)
    assert chaos.check_timers(unique_deadlines(env, proto)) == [], world.history.faults
    sent = len(world.history.messages)
    print(f"{sent} messages, {len(world.history.orders)} orders, {len(world.history.replies)} replies, {world.history.faults}")
    assert sent > 100


@pytest.mark.parametrize("seed", [SEED + i for i in range(ROUNDS)])
def test_everything_holds_through_kill_9_of_everything(env, pg, redis, fake, clock, proto, seed):
    """CH-29 TK-13 NT-01: acknowledged means exactly one set of effects, in order, one accept per notice, timers end once."""
    world = World(env, seed)
    print(f"seed {seed}")
    fake.clear()
    world.run_load(lambda: world.faults(redis, count=14, every=3.0))
    check_everything(world, env, pg, redis, fake, clock, proto)


def test_a_rolling_restart_under_load_repeats_no_effect(env, pg, redis, fake, clock, proto):
    """Every service ends with status 0 on SIGTERM, one after the other, and nobody notices."""
    world = World(env, SEED)
    fake.clear()
    world.run_load(lambda: world.roll(chaos.SERVICES))
    check_everything(world, env, pg, redis, fake, clock, proto)

"""router's dispatch in the whole stack: what is offered to whom, and that Redis, which proposes it, can be lost."""
import base64
import contextlib
import hmac
import json
import threading
import time

import pytest

import edge as e
from stack import eventually

OTHER_CHANNELS = {name: 0 for name in ("chat", "email", "form", "phone", "post", "twilio-sms")}
ENDS_AN_OFFER = {"offer_expired", "taken", "transferred", "resolved"}


def waiting_in_redis(redis):
    return {member.split(":")[0] for key in redis.keys("sd:q:*") for member in redis.zrange(key, 0, -1)}


def waiting_in_postgres(pg):
    return {str(ticket) for ticket, in pg.query("select ticket_id from router.ticket_v where status = 'open'")}


def offers_in_redis(redis):
    return {key.removeprefix("sd:offer:"): redis.get(key) for key in redis.keys("sd:offer:*")}


def offers_in_postgres(pg):
    return {str(ticket): agent for ticket, agent in
            pg.query("select ticket_id, assignee from router.ticket_v where status = 'offered'")}


def load_of(pg, agent):
    return pg.value("select load from router.agent_state_v where agent = %s", agent.name)


def forget_marks(redis):
    """The queues are compared whole at the next look. A look that is under way may have no mark."""
    for mark in redis.keys("sd:mark:router:*"):
        redis.delete(mark)


def test_an_open_ticket_is_offered_to_who_is_here_and_goes_back_when_not_taken(person, ana, clock, redis):
    with ana.online():
        ticket = person.write()["ticket_id"]
        eventually(lambda: (ana.ticket(ticket)["status"], ana.ticket(ticket)["assignee"]) == ("offered", "ana"))
        assert redis.get(f"sd:offer:{ticket}") == "ana"
    clock.advance(60_000)
    eventually(lambda: ana.ticket(ticket)["status"] == "open")
    what = [d["what"] for d in ana.ticket(ticket)["decisions"]]
    assert what.count("offered") >= 1 and what.count("offer_expired") >= 1
    with ana.online():
        eventually(lambda: ana.ticket(ticket)["status"] == "offered")
        assert ana.done("take", ticket)["status"] == "assigned"


def test_nobody_gets_more_than_they_can_carry(new_person, ana, wei, pg):
    carried, others = load_of(pg, wei), load_of(pg, ana)
    with wei.online(weight=carried + 4, **OTHER_CHANNELS):  # two more conversations on WhatsApp
        for _ in range(3):
            new_person().write()
        eventually(lambda: load_of(pg, wei) == carried + 4)
        with ana.online(weight=others + 2, **OTHER_CHANNELS):  # the next one goes to who comes, not to who is full
            eventually(lambda: load_of(pg, ana) == others + 2)
        assert load_of(pg, wei) == carried + 4


@pytest.mark.ledger("CH-11")
def test_a_line_message_is_offered_only_to_who_has_the_skill_native_ja(new_person, edge, ana, wei, pg, redis, service):
    """CH-11: meanwhile it waits, and a metric says for how many nobody is here; wei has the skill, ana hasn't."""
    message = e.new("4")
    body = json.dumps({"destination": "U0", "events": [
        {"type": "message", "timestamp": e.traffic.now_ms(), "source": {"type": "user", "userId": e.new("U")}, "webhookEventId": e.new("W"),
         "message": {"type": "text", "id": message, "text": "まだ届きません"}}]})
    code = base64.b64encode(hmac.digest(b"demo-line-secret", body.encode(), "sha256")).decode()
    answer = edge.post("/v1/channels/line/demo", data=body, headers={"Content-Type": "application/json", "X-Line-Signature": code})
    assert answer.status_code == 200, answer.text
    ticket = eventually(lambda: ana.http.message("line", message))["ticket_id"]
    new_person().write()
    carried = load_of(pg, ana)
    with ana.online(weight=carried + 2, **OTHER_CHANNELS):
        eventually(lambda: load_of(pg, ana) == carried + 2)
        forget_marks(redis)  # compared, and counted, at the next look
        eventually(lambda: service("router").metric("seadesk_router_unserved_tickets", queue="japan-line") >= 1)
        assert (ana.ticket(ticket)["queue"], ana.ticket(ticket)["status"]) == ("japan-line", "open")
    with wei.online(weight=(load_of(pg, wei) or 0) + 40, **OTHER_CHANNELS):
        eventually(lambda: ana.ticket(ticket)["status"] == "offered")
        assert wei.done("take", ticket)["assignee"] == "wei"
    assert {d["reason"] for d in ana.ticket(ticket)["decisions"] if d["what"] == "offered"} == {"wei"}


def test_an_entry_of_redis_that_postgres_does_not_know_so_is_no_offer(person, ana, redis, service, pg):
    ticket = person.write()["ticket_id"]
    ana.done("take", ticket)
    member = next(f"{t}:{n}:{c}" for t, n, c in pg.query(
        "select ticket_id, number, channel from router.ticket_v where ticket_id = %s", ticket))
    stale = service("router").metric("seadesk_router_offers_total", outcome="stale")

    def is_found_out():
        redis.zadd("sd:q:latam", {member: 1})  # again: the reconciler may have been quicker than the offer
        return service("router").metric("seadesk_router_offers_total", outcome="stale") > stale
    with ana.online():
        eventually(is_found_out)
    assert ana.ticket(ticket)["status"] == "assigned"
    forget_marks(redis)  # compared whole at the next look
    eventually(lambda: member not in redis.zrange("sd:q:latam", 0, -1))


# ---- Redis lost ----

def offered_twice(decisions):
    """Tickets that were offered while an offer of theirs was open. `decisions`: (ticket, what) in their order."""
    is_open, twice = set(), []
    for ticket, what in decisions:
        if what == "offered":
            twice += [ticket] if ticket in is_open else []
            is_open.add(ticket)
        elif what in ENDS_AN_OFFER:
            is_open.discard(ticket)
    return twice


def test_the_checker_sees_a_ticket_that_is_offered_twice():
    assert offered_twice([("a", "offered"), ("b", "offered"), ("a", "offer_expired"), ("a", "offered")]) == []
    assert offered_twice([("a", "offered"), ("a", "priority_raised"), ("a", "offered")]) == ["a"]


@contextlib.contextmanager
def running(*loops):
    """Each loop(stop) on a thread of its own until the block ends; what one of them raised is raised here."""
    stop, raised = threading.Event(), []

    def run(loop):
        try:
            loop(stop)
        except BaseException as error:  # it is raised again in the test
            raised.append(error)
    threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not raised, raised


def writing(person):
    def loop(stop):
        while not stop.is_set():
            with contextlib.suppress(AssertionError):  # 503: a busy broker; a provider sends again
                person.post("Hello, hello, is somebody there? I want to ask something")
            time.sleep(0.1)
    return loop


def working(agent):
    """Takes what is offered to them and ends it, so that there is room for the next offer."""
    def loop(stop):
        while not stop.is_set():
            for ticket in agent.http.get("/tickets?status=offered&assignee=me").json()["items"]:
                if agent.do("take", ticket["id"]).status_code == 200:
                    agent.do("resolve", ticket["id"], tags={})
            time.sleep(0.1)
    return loop


def test_redis_emptied_under_load_is_equal_to_postgres_again_and_no_ticket_is_offered_twice(
        new_person, ana, wei, service, redis, pg, clock):
    """Two routers: each puts its own numbers back. Agents take what they are offered all the while."""
    router = service("router")
    people, agents = [new_person() for _ in range(8)], (ana, wei)
    clock.advance(60_000)
    eventually(lambda: not offers_in_postgres(pg))  # what was offered before is no load of theirs any more
    begun = pg.value("select to_timestamp(clock.now_ms() / 1000.0)")
    offers = "select count(*) from router.decision where what = 'offered' and at >= %s"

    def is_equal():
        assert waiting_in_redis(redis) == waiting_in_postgres(pg) != set()
        assert offers_in_redis(redis) == offers_in_postgres(pg) != {}
        return True
    with router.another() as second, contextlib.ExitStack() as here:
        eventually(lambda: min(one.metric("seadesk_assigned_partitions") for one in (router, second)) >= 6)
        for agent in agents:
            here.enter_context(agent.online(weight=load_of(pg, agent) + 6, **OTHER_CHANNELS))
        with running(*map(writing, people), *(working(agent) for agent in agents)):
            for _ in range(4):
                before = pg.value(offers, begun)
                eventually(lambda: pg.value(offers, begun) >= before + 5)
                redis.flushall()
        for person in [*people, *(new_person() for _ in range(12))]:  # more than both can carry: some wait
            person.write("And now?")
        eventually(is_equal)
        redis.flushall()  # at rest: neither has anything new to tell, each must see that its own is gone
        eventually(is_equal, 50)  # before the minute is over at which they look in any case
    decisions = pg.query("select ticket_id, what from router.decision where at >= %s order by at, ctid", begun)
    assert offered_twice(decisions) == []

"""test_rolling.py: router and desk are restarted in turn under load, as for an update: nothing is lost, nothing done twice."""
import signal
import threading
from collections import Counter

import chaos_world as chaos
import stack
from stack import eventually

ROUNDS = 2


def end_well(program):
    """SIGTERM: it drains and ends with status 0; its keeper starts it again."""
    ends = program.log().count("ended with status 0")
    program.signal(signal.SIGTERM)
    eventually(lambda: program.log().count("ended with status 0") == ends + 1)
    program.wait_ready()


def shown_texts(api, messages):
    """The customers' texts of every ticket that one of these messages went to."""
    tickets = {eventually(lambda: api.message("whatsapp", message.external_id))["ticket_id"] for message in messages}
    return [shown["text"] for ticket in tickets for shown in api.get(f"/tickets/{ticket}").json()["messages"]
            if shown["direction"] == "in"]


def test_a_rolling_restart_of_router_and_desk_under_load_repeats_no_effect(env, service, fake, nobody_here):
    world = chaos.World(env, seed=1)
    contacts = world.contacts[:5]
    threads = [threading.Thread(target=world.customer, args=(contact,), daemon=True) for contact in contacts]
    threads.append(threading.Thread(target=world.agent, daemon=True))

    def done():
        return [reply for reply in world.history.replies if reply.outcome == "ok"]
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROUNDS):
            for name in ("router", "desk"):
                replies = len(done())
                end_well(service(name))
                eventually(lambda: len(done()) > replies, 120)
    finally:
        world.stop.set()
        for thread in threads:
            thread.join(90)
    assert not any(thread.is_alive() for thread in threads)

    api, sent = stack.Desk(env["SEADESK_DESK_URL"], "ana"), world.history.messages
    accepted = [message for message in sent if message.outcome == "ok"]
    texts = shown_texts(api, accepted)
    assert chaos.check_routed_once(sent, [text for text in texts if text.startswith(world.run)]) == []

    def tokens():
        log = [str(entry) for entry in fake.log()]
        return Counter(reply.token for entry in log for reply in world.history.replies if reply.token in entry)
    unsettled = ("drafted", "queued", "released")
    eventually(lambda: all(state not in unsettled for _, state in world.deliveries(api).values()), 120)
    failures = {token for token, (_, state) in world.deliveries(api).items() if state not in ("accepted", "delivered", "read")}
    assert chaos.check_replies(world.history.replies, list(tokens().elements()), failures) == []

"""chaos_world.py: load on a running stack, faults drawn from a seed, the history of both, and the checkers of what must
hold. Checkers are functions of plain records, so that a planted bug proves each of them (test_chaos_checkers.py).

Outcomes in the history are ok, refused or unknown: what got no answer may have happened, but never twice."""
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import requests

import stack
import traffic
from stack import eventually

SERVICES = ["ingest", "order-tracker", "router", "translator-gateway", "sla-timer", "notifier", "retention-purger", "desk", "media-fetcher"]


@dataclass
class Message:
    contact: str
    external_id: str
    text: str
    outcome: str = "unknown"


@dataclass
class Reply:
    ticket: str
    token: str
    key: str
    outcome: str = "unknown"


@dataclass
class History:
    messages: list = field(default_factory=list)  # in order of sending per contact
    orders: dict = field(default_factory=dict)    # order id -> {event kind: outcome}
    replies: list = field(default_factory=list)
    faults: list = field(default_factory=list)


# ---- checkers: each returns a list of what is wrong ----


def check_routed_once(sent, routed):
    """Every acknowledged message is routed exactly once, and nothing that was never sent. `routed`: texts of the rows."""
    counts, wrong = Counter(routed), []
    known = {message.text for message in sent}
    for message in sent:
        n = counts[message.text]
        if message.outcome == "ok" and n != 1:
            wrong.append(f"{message.external_id}: acknowledged and routed {n} times")
        if message.outcome != "ok" and n > 1:
            wrong.append(f"{message.external_id}: not acknowledged and routed {n} times")
    return wrong + [f"routed but never sent: {text}" for text in counts if text not in known]


def check_order(sent, by_contact):
    """Inside a conversation messages stand in the order of sending. `by_contact`: contact -> texts as shown."""
    wrong = []
    for contact, shown in by_contact.items():
        place = {message.text: i for i, message in enumerate(m for m in sent if m.contact == contact)}
        order = [place[text] for text in shown if text in place]
        if order != sorted(order):
            wrong.append(f"{contact}: shown in the order {order}")
    return wrong


def check_notices(accepted):
    """At most one provider accept per notice. `accepted`: (order id, about) of each accepted notice."""
    return [f"notice {notice} accepted {n} times" for notice, n in Counter(accepted).items() if n > 1]


def check_replies(replies, accepted, visible_failures):
    """A reply whose command was done is accepted exactly once, or its failure is to be seen; none twice.
    `accepted`: tokens in what providers accepted; `visible_failures`: tokens whose delivery says uncertain, failed …"""
    counts, wrong = Counter(accepted), []
    for reply in replies:
        n = counts[reply.token]
        if n > 1:
            wrong.append(f"reply {reply.token} accepted {n} times")
        if reply.outcome == "ok" and n == 0 and reply.token not in visible_failures:
            wrong.append(f"reply {reply.token} done, never accepted, and nothing says why")
    return wrong


def check_timers(deadlines):
    """Every timer ends once. `deadlines`: (clock id, name, state) in the order of the topic, duplicates by place removed."""
    wrong, counts = [], Counter()
    ends = defaultdict(list)
    for clock, name, state in deadlines:
        counts[(clock, name, state)] += 1
        if state in ("breached", "met", "cancelled"):
            ends[(clock, name)].append(state)
    for (clock, name, state), n in counts.items():
        if state in ("warned", "breached") and n > 1:
            wrong.append(f"{name} of {clock} {state} {n} times")
    return wrong + [f"{name} of {clock} ended as {states}" for (clock, name), states in ends.items() if len(states) > 1]


def check_queues(in_redis, in_postgres):
    """Hot queues equal the table. Both: set of (queue, ticket id)."""
    return ([f"in Redis alone: {entry}" for entry in in_redis - in_postgres] +
            [f"missing in Redis: {entry}" for entry in in_postgres - in_redis])


# ---- the world ----


class World:
    def __init__(self, env, seed):
        self.env, self.seed, self.random = env, seed, random.Random(seed)
        self.run = f"c{seed}x{uuid.uuid4().hex[:6]}"
        self.history = History()
        self.ingest = env["SEADESK_INGEST_URL"]
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.contacts = [f"1415{self.random.randrange(10**6, 10**7)}" for _ in range(12)]

    # -- load --

    def customer(self, contact):
        """One customer writes; the next message only once the last was acknowledged, so that the order is known."""
        rng, n, session = random.Random(f"{self.seed}/{contact}"), 0, traffic
        while not self.stop.is_set():
            message = Message(contact, f"wamid.{self.run}.{contact}.{n}", f"{self.run} {contact} number {n}: the shoes do not fit")
            with self.lock:
                self.history.messages.append(message)
            payload = session.whatsapp_text(contact, message.text, message.external_id)
            while not self.stop.is_set() and message.outcome != "ok":
                message.outcome = self.post(payload)
                if message.outcome != "ok":
                    time.sleep(0.2)
            if rng.random() < 0.1:
                self.post(payload)  # a provider's resend
            n += 1
            time.sleep(rng.uniform(0.02, 0.25))

    def post(self, payload):
        try:
            status, _ = traffic.post_whatsapp(self.ingest, payload)
        except OSError:
            return "unknown"
        return "ok" if status == 200 else "unknown" if status == 503 else "refused"

    def shop(self):
        """A company's system publishes orders of these customers; each event until it is acknowledged."""
        rng, n = random.Random(f"{self.seed}/shop"), 0
        while not self.stop.is_set():
            contact, order = rng.choice(self.contacts), f"{self.run}-o{n}"
            outcomes = self.history.orders.setdefault(order, {})
            customer = {"customer_ref": f"{self.run}-{contact}", "name": "Customer", "locale": "en-US", "phone": "+" + contact,
                        "channels": [{"channel": "whatsapp", "account": "demo", "id": contact}]}
            for kind in ("order.paid", "parcel.dispatched"):
                data = {"order_id": order, "market": "US", "customer": customer, "parcel": {"parcel_id": "P1"}}
                event = traffic.business_event(kind, data, f"{order}-{kind}")
                while not self.stop.is_set() and outcomes.get(kind) != "ok":
                    try:
                        status, _ = traffic.post_event(self.ingest, event)
                        outcomes[kind] = "ok" if status == 202 else "unknown"
                    except OSError:
                        outcomes[kind] = "unknown"
                    if outcomes[kind] != "ok":
                        time.sleep(0.3)
            n += 1
            time.sleep(rng.uniform(0.3, 0.8))

    def agent(self):
        """An agent takes what is open and answers once; a command without an outcome is repeated with its key."""
        api = stack.Desk(self.env["SEADESK_DESK_URL"], "ana")
        answered = set()
        while not self.stop.is_set():
            try:
                api.put("/agents/me/presence", json={"state": "online", "capacity": {"weight": 1000}})
                tickets = api.get("/tickets", params={"status": "open"}).json().get("items", [])
                tickets += api.get("/tickets", params={"status": "offered"}).json().get("items", [])
                for ticket in tickets[:5]:
                    if ticket["id"] not in answered and not self.stop.is_set():
                        self.answer(api, ticket["id"])
                        answered.add(ticket["id"])
            except (requests.RequestException, ValueError, KeyError, AttributeError):
                pass
            time.sleep(0.3)

    def answer(self, api, ticket):
        if self.command(api, ticket, "take", {}, uuid.uuid4().hex) == "ok":
            token = uuid.uuid4().hex
            reply = Reply(ticket, token, uuid.uuid4().hex)
            with self.lock:
                self.history.replies.append(reply)
            reply.outcome = self.command(api, ticket, "reply", {"text": f"We look into it ({token})", "language": "en"}, reply.key)

    def command(self, api, ticket, verb, body, key):
        """ok, refused or unknown; the same key and body again while nobody said."""
        version, end = None, time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if version is None:
                    version = api.get(f"/tickets/{ticket}").json()["version"]
                answer = api.post(f"/tickets/{ticket}/{verb}", json={"expected_version": version, **body},
                                  headers={"Idempotency-Key": key})
                if answer.status_code == 200:
                    return "ok"
                if answer.status_code == 412:
                    version, key = None, uuid.uuid4().hex  # refused for good: a new command
                elif answer.status_code not in (202, 429, 500, 502, 503):
                    return "refused"
            except (requests.RequestException, ValueError, KeyError):
                pass
            time.sleep(0.3)
        return "unknown"

    # -- faults --

    def kill(self, name):
        pid = stack.Program(self.env, name).pid()
        if pid:
            os.kill(pid, signal.SIGKILL)

    def pause(self, name, seconds):
        pid = stack.Program(self.env, name).pid()
        if pid:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def faults(self, redis, count, every):
        """Each service is killed once, in an order of the seed, and between them the infrastructure."""
        plan = [("kill", name) for name in SERVICES] + [("kill", "kafka"), ("kill", "postgres"), ("kill", "redis"),
                                                        ("flush", "redis"), ("pause", "router"), ("pause", "notifier")]
        self.random.shuffle(plan)
        for what, name in plan[:count]:
            time.sleep(every)
            self.history.faults.append((what, name))
            if what == "kill":
                self.kill(name)
            elif what == "pause":
                self.pause(name, 3)
            else:
                try:
                    redis.flushall()
                except Exception:  # it was killed a moment ago: it is empty or comes back from its file
                    pass

    def roll(self, names):
        """Each is told to end, ends with status 0, and is ready again before the next."""
        for name in names:
            program = stack.Program(self.env, name)
            pid = eventually(program.pid, 60)
            said = len(program.log())
            os.kill(pid, signal.SIGTERM)
            self.history.faults.append(("restart", name))
            eventually(lambda p=program, old=pid: p.pid() not in (old, None), 60)
            assert "ended with status 0" in program.log()[said:], program.log()[said:][-2000:]
            program.wait_ready(120)

    def run_load(self, disturb):
        """Load, `disturb()` in the midst of it, and the end of the load."""
        threads = [threading.Thread(target=self.customer, args=(contact,), daemon=True) for contact in self.contacts]
        threads += [threading.Thread(target=self.shop, daemon=True), threading.Thread(target=self.agent, daemon=True)]
        for thread in threads:
            thread.start()
        time.sleep(3)
        try:
            disturb()
            time.sleep(3)
        finally:
            self.stop.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "a load thread hangs"

    def heal(self):
        for name in SERVICES:
            eventually(lambda n=name: stack.Program(self.env, n).ready(), 90)

    # -- what came of it --

    def shown(self, api, pg):
        """contact -> texts of the customer's messages as desk shows them, and all of them."""
        by_contact, texts = defaultdict(list), []
        mine = {message.text: message.contact for message in self.history.messages}
        cursor = None
        while True:
            page = api.get("/tickets", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
            for ticket in sorted(page["items"], key=lambda t: t["opened_at"]):
                whole = api.get(f"/tickets/{ticket['id']}").json()
                for message in whole.get("messages", []):
                    if message["direction"] == "in" and message["text"] in mine:
                        by_contact[mine[message["text"]]].append((ticket["opened_at"], message["text"]))
                        texts.append(message["text"])
            cursor = page.get("next")
            if not cursor:
                break
        # tickets of one contact follow each other
        return {c: [text for _, text in sorted(shown, key=lambda s: s[0])] for c, shown in by_contact.items()}, texts

    def deliveries(self, api):
        """token -> (channel, state) of the delivery of each reply."""
        states = {}
        for reply in self.history.replies:
            for message in api.get(f"/tickets/{reply.ticket}").json().get("messages", []):
                if message["direction"] == "out" and reply.token in (message["text"] or ""):
                    states[reply.token] = message["delivery"]["channel"], message["delivery"]["state"]
        return states

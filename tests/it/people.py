"""people.py: customers who write and agents who work, the way both do it: over ingest's and desk's HTTP."""
import contextlib
import threading
import time
import uuid

from stack import eventually


class Person:
    """A customer with a WhatsApp number of their own."""

    def __init__(self, traffic, ingest, desk, country="55"):
        self.traffic, self.ingest, self.desk = traffic, ingest, desk
        self.number = country + "119" + str(uuid.uuid4().int)[:8]

    def post(self, text, external_id=None, at_ms=None):
        external_id = external_id or self.traffic.new_id("wamid.")
        payload = self.traffic.whatsapp_text(self.number, text, external_id, at_ms)
        status, body = self.traffic.post_whatsapp(self.ingest.base, payload)
        assert status == 200, body
        return external_id

    def shown(self, external_id):
        return eventually(lambda: self.desk.message("whatsapp", external_id))

    def write(self, text="Hello, I have a question about my dress", **options):
        return self.shown(self.post(text, **options))

    def as_customer(self, **more):
        """Who they are to the shop: the part `customer` of a business event."""
        return {"customer_ref": "c-" + self.number, "name": "João", "locale": "pt-BR", "phone": "+" + self.number,
                "channels": [{"channel": "whatsapp", "account": "demo", "id": self.number}], **more}

    def sends(self, fake):
        """What the provider accepted for them."""
        return [send for send in fake.log() if send["to"].lstrip("+") == self.number]


class Agent:
    """An agent at the desk. 202 (a busy machine's answer after half a second) is asked again with the same key, as the page
    does; a command that meets a change made meanwhile is given again as a new one, unless the version is told."""

    def __init__(self, desk, name):
        self.name = name
        self.http = desk.as_agent(name)

    def ticket(self, ticket_id):
        answer = self.http.get(f"/tickets/{ticket_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def once(self, ask):
        end = time.monotonic() + 60
        while True:
            answer = ask()
            if answer.status_code != 202 or time.monotonic() > end:
                return answer
            time.sleep(0.2)

    def do(self, what, ticket_id, key=None, version=None, **body):
        for _ in range(10):
            headers = {"Idempotency-Key": key or uuid.uuid4().hex}
            command = {**body, "expected_version": version or self.ticket(ticket_id)["version"]}
            answer = self.once(lambda: self.http.post(f"/tickets/{ticket_id}/{what}", json=command, headers=headers))
            if answer.status_code != 412 or version:
                break
        return answer

    def done(self, what, ticket_id, **options):
        answer = self.do(what, ticket_id, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_here(self, state="online", weight=1000, **channels):
        body, key = {"state": state, "capacity": {"weight": weight, "channels": channels}}, uuid.uuid4().hex
        answer = self.once(lambda: self.http.put("/agents/me/presence", json=body, headers={"Idempotency-Key": key}))
        assert answer.status_code == 200, answer.text

    @contextlib.contextmanager
    def online(self, **capacity):
        """Here inside the block, with the page's heartbeat: presence is a lease that a slow machine may outlive."""
        left = threading.Event()

        def beat():
            while not left.wait(15):
                self.is_here(**capacity)
        self.is_here(**capacity)
        heart = threading.Thread(target=beat)
        heart.start()
        try:
            yield self
        finally:
            left.set()
            heart.join()
            self.is_here("away")


def refused(answer, status, reason):
    assert answer.status_code == status, answer.text
    assert answer.json()["reason"] == reason


def send_home(desk, pg):
    """Agents whom other tests left online would be offered the tickets of this one."""
    for name, in pg.query("select agent from router.agent_state_v join desk.account on user_name = agent"
                          " where state = 'online' and is_active"):
        Agent(desk, name).is_here("away")

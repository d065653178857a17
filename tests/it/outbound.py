"""outbound.py: the road out as tests drive it: sealed drafts on seadesk.drafts, and what came of them."""
import itertools
import os
import subprocess
import time
import uuid
from pathlib import Path

from stack import eventually, header

CLASSES = {"reply": 1, "auto": 2, "service": 3, "marketing": 4, "internal": 5, "legal": 6}
STATES = {1: "drafted", 2: "held", 3: "blocked", 4: "queued", 5: "accepted", 6: "delivered", 7: "read", 8: "failed",
          9: "dropped", 10: "returned", 11: "uncertain", 12: "released"}
TERMINAL = {"blocked", "dropped", "returned"}


class Sealer:
    """Contact keys and sealed texts, by tests/it/it_seal.c."""

    def __init__(self, env):
        secrets = Path(env["SEADESK_STATE_DIR"]) / "secrets"
        read = {name: (secrets / name).read_text().strip() for name in ("postgres-services", "master-key", "pepper")}
        url = env["SEADESK_KEYS_POSTGRES"]
        self.process = subprocess.Popen(
            [Path(env["SEADESK_BIN_DIR"]) / "it_seal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SEADESK_KEYS_POSTGRES": "postgresql://" + url.rsplit("@", 1)[-1],
                 "KEYS_PASSWORD": read["postgres-services"], "KEYS_MASTER": read["master-key"], "PEPPER": read["pepper"]})

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def key(self, channel, address, account="demo"):
        return bytes.fromhex(self.ask("key", channel, account, address))

    def seal(self, contact, table, column, row, plain):
        plain = plain.encode() if isinstance(plain, str) else plain
        answer = self.ask("seal", contact.hex(), table, column, row.hex(), plain.hex() or "-")
        assert answer != "bad"
        return bytes.fromhex(answer)

    def open(self, contact, table, column, row, sealed):
        """The text; None when its key is gone."""
        answer = self.ask("open", contact.hex(), table, column, row.hex(), sealed.hex())
        assert answer != "bad"
        return None if answer == "erased" else bytes.fromhex(answer.replace("-", "")).decode()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class Person:
    """A customer with a WhatsApp, an SMS and a web-chat address of their own."""

    numbers = itertools.count(int(time.time() * 10) % 10**8)

    def __init__(self, road, country="44"):
        self.road = road
        self.phone = f"{country}7{next(self.numbers):09d}"
        self.customer_id = uuid.uuid4().bytes
        self.addresses = {"whatsapp": self.phone, "twilio-sms": "+" + self.phone,
                          "chat": "visitor-" + self.phone}
        self.contacts = {channel: road.sealer.key(channel, address) for channel, address in self.addresses.items()}
        self.seq = 0


class Road:
    """Writes drafts and consents, reads deliveries and outbound."""

    def __init__(self, env, proto, producer, consume, clock, fake):
        self.sealer = Sealer(env)
        self.clock, self.fake, self.producer = clock, fake, producer
        self.proto = {name: proto(name) for name in ("drafts", "outbound", "deliveries", "consents", "types",
                                                     "translations", "privacy", "receipts")}
        self.deliveries = consume("seadesk.deliveries")
        self.outbound = consume("seadesk.outbound")
        self.translations = consume("seadesk.translations")

    def person(self, **options):
        return Person(self, **options)

    def send(self, topic, key, message, event_id=None):
        event_id = event_id or str(uuid.uuid4())
        self.producer.send(topic, key=key.encode(), value=message.SerializeToString(), headers=[
            ("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"), ("ce_id", event_id.encode()),
            ("ce_type", message.DESCRIPTOR.full_name.encode()), ("ce_source", b"/it"),
            ("ce_time", b"2026-11-22T08:15:00Z"), ("sd-root", event_id.encode())]).get(10)
        return event_id

    def draft(self, person, text=None, template=None, variables=None, kind="reply", channels=("whatsapp",), language="en",
              wanted="en", inbound_ago=60_000, market="GB", zone="Europe/London", **fields):
        """A draft under the person's first channel; `inbound_ago` None: they never wrote there."""
        draft = self.proto["drafts"].Draft(
            draft_id=uuid.uuid4().bytes, root_id=uuid.uuid4().bytes, message_id=uuid.uuid4().bytes,
            customer_id=person.customer_id, home_key=person.contacts[channels[0]], market=market, zone=zone, language=wanted,
            is_language_sure=True, drafted_at_ms=self.clock.now_ms())
        setattr(draft, "class", CLASSES[kind])
        person.seq += 1
        draft.seq, draft.prev_seq = person.seq, person.seq - 1
        first = person.contacts[channels[0]]
        for channel in channels:
            contact = person.contacts[channel]
            draft.ladder.add(contact_key=contact, channel=channel, account="demo", sealed_address=self.sealer.seal(
                contact, "seadesk.drafts", "address", draft.draft_id, person.addresses[channel]))
        if template:
            draft.template.id = template
            values = self.proto["types"].TemplateVariables()
            for name, value in (variables or {}).items():
                values.entries.add(name=name, value=value)
            draft.template.sealed_variables = self.sealer.seal(first, "seadesk.drafts", "variables", draft.draft_id,
                                                               values.SerializeToString())
        else:
            draft.text.language = language
            draft.text.sealed = self.sealer.seal(first, "seadesk.drafts", "text", draft.draft_id, text)
        if inbound_ago is not None:
            draft.facts.last_inbound_ms = self.clock.now_ms() - inbound_ago
        for name, value in fields.items():
            setattr(draft, name, value)
        return draft

    def say(self, person, *words, **options):
        """Writes a draft; returns it."""
        draft = self.draft(person, *words, **options)
        self.send("seadesk.drafts", draft.home_key.hex(), draft)
        return draft

    def consent(self, person, channel, granted, kind=1, at_ms=None):
        said = self.proto["consents"].ConsentChanged(
            contact_key=person.contacts[channel], channel=channel, account="demo", is_granted=granted,
            at_ms=at_ms or self.clock.now_ms(), source=3)
        setattr(said, "class", kind)
        return self.send("seadesk.consents", person.contacts[channel].hex(), said)

    def events(self, draft):
        """The DeliveryChanged of a draft so far, by version."""
        self.deliveries.read(0.05)
        found = {}
        for record in self.deliveries.seen:
            changed = self.proto["deliveries"].DeliveryChanged.FromString(record.value)
            if changed.draft_id == draft.draft_id:
                assert found.setdefault(changed.version, changed) == changed, "two events of one version"
        return [found[version] for version in sorted(found)]

    def states(self, draft):
        return [STATES[event.state] for event in self.events(draft)]

    def wait(self, draft, *states, timeout=60):
        """Waits until these are all states of the draft, in this order; returns the events."""
        eventually(lambda: self.states(draft) == list(states) or self._fail(draft, states), timeout)
        return self.events(draft)

    def wait_state(self, draft, state, timeout=60):
        """Waits until the draft came to this state; returns its event."""
        def last():
            return next((event for event in self.events(draft) if STATES[event.state] == state), None) \
                or self._fail(draft, [state])
        return eventually(last, timeout)

    def _fail(self, draft, wanted):
        raise AssertionError(f"{self.states(draft)} instead of {list(wanted)}")

    def words(self, event):
        """What was sent, as the delivery tells it."""
        return self.sealer.open(event.contact_key, "seadesk.outbound", "text", event.draft_id, event.text.sealed)

    def log(self, person):
        """What providers accepted for this person, oldest first."""
        return [entry for entry in self.fake.log() if entry["to"].lstrip("+") == person.phone]

    def outbounds(self, draft, least=1):
        """The Outbound records of a draft, once there are at least so many."""
        return eventually(lambda: self._outbounds(draft, least), 20) if least else self._outbounds(draft, 0)

    def _outbounds(self, draft, least):
        self.outbound.read(0.05)
        found = []
        for record in self.outbound.seen:
            if header(record, "ce_type") != "seadesk.v1.Outbound":
                continue
            message = self.proto["outbound"].Outbound.FromString(record.value)
            if message.draft.draft_id == draft.draft_id:
                found.append(message)
        return found if len(found) >= least else None

    def close(self):
        self.sealer.close()

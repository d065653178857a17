"""play.py: plays traffic into a running stack and tells what became of it; ./dev demo and ./dev send call it.

It knows the stack by the exports of `./dev env`, and what happened by desk's REST API alone.
"""
import argparse
import functools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import traffic

ENV = os.environ
INGEST = ENV["SEADESK_INGEST_URL"]
DEV = os.path.join(ENV["SEADESK_CHECKOUT"], "dev")

BR_PHONE = "5511912345678"
US_PHONE = "15552010123"
DE_PHONE = "4915112345678"
ACCEPTED = ("accepted", "delivered", "read")


@functools.cache
def clock_shift_ms():
    now = subprocess.run([DEV, "clock", "now"], check=True, capture_output=True, text=True).stdout
    return int(now) - traffic.now_ms()


def clock_now_ms():
    """The stack's own time: provider times are stamped with it."""
    return traffic.now_ms() + clock_shift_ms()


def desk(path, method="GET", body=None, agent=None, key=None):
    """One call of desk's API: status and JSON. The same `key` asks for the outcome of the same command."""
    headers = {"Authorization": "Bearer demo-desk-key", "Content-Type": "application/json"}
    if agent:
        headers.update({"Seadesk-Agent": agent, "Idempotency-Key": key or uuid.uuid4().hex})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ENV["SEADESK_DESK_URL"] + "/api/v1" + path, data=data, headers=headers,
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as refused:
        text = refused.read()
        return refused.code, json.loads(text) if text else None


def wait_for(ask, seconds=60):
    """The first true answer, or None when the time is over; generous, since a slow machine is no failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    return None


def message_of(channel, external_id):
    status, body = desk(f"/messages/{channel}/demo/{urllib.parse.quote(external_id, safe='')}")
    return body if status == 200 else None


def story(event_id):
    sys.stdout.flush()
    return subprocess.run([DEV, "story", event_id], check=False).returncode


def refused(status, body):
    if status // 100 == 2:
        return False
    print(f"   refused: {status} {body}")
    return True


# --- ./dev send -------------------------------------------------------------------------------------------------

def post_text(channel, sender, text, at_ms):
    """Posts one text as the channel's provider would; returns its id there, status and body."""
    if channel == "whatsapp":
        external_id = traffic.new_id("wamid.")
        payload = traffic.whatsapp_text(sender or BR_PHONE, text, external_id, at_ms)
        return external_id, *traffic.post_whatsapp(INGEST, payload)
    if channel == "twilio-sms":
        external_id = traffic.new_id("SM")
        return external_id, *traffic.post_twilio(INGEST, traffic.twilio_sms(sender or US_PHONE, text, external_id))
    external_id = traffic.new_id("f-")
    message = traffic.form_message(sender or "maria@example.com", text, external_id, at_ms)
    return external_id, *traffic.post_form(INGEST, message)


def send(channel, text, sender):
    external_id, status, body = post_text(channel, sender, text, clock_now_ms())
    print(f"ingest answered {status} for {channel} message {external_id}")
    if refused(status, body):
        return 1
    message = wait_for(lambda: message_of(channel, external_id))
    if message is None:
        print("the message was taken in, but isn't visible at desk yet; ./dev status and ./dev logs router say why")
        return 1
    print(f"event {message['event_id']}, ticket {message['ticket_id']}, market {message['market']}, "
          f"language {message['language']}")
    return story(message["event_id"])


# --- ./dev demo -------------------------------------------------------------------------------------------------

class Demo:
    """The scenes; what didn't come true is kept in `missed`."""

    def __init__(self):
        self.missed = []
        self.order = "demo-" + uuid.uuid4().hex[:6]
        self.number = 0

    def scene(self, title):
        self.number += 1
        print(f"\n{self.number}. {title}")

    def expect(self, what, ask):
        answer = wait_for(ask)
        print(f"   {'yes' if answer else 'NOT YET'}: {what}")
        if not answer:
            self.missed.append(what)
        return answer

    def event(self, kind, order, customer=None, **data):
        payload = {"order_id": order, "parcel": {"parcel_id": "P1", "carrier": "correios"}, **data}
        if customer:
            payload["customer"] = customer
        event = traffic.business_event(kind, payload, at_ms=clock_now_ms())
        status, body = traffic.post_event(INGEST, event)
        if refused(status, body):
            self.missed.append(f"{kind} was taken in")
            return None
        return json.loads(body)["ids"][0]

    def text(self, channel, sender, text):
        print(f"   {channel}: “{text}”")
        external_id, status, body = post_text(channel, sender, text, clock_now_ms())
        if refused(status, body):
            self.missed.append(f"a {channel} message was taken in")
            return None
        return self.expect("the message is routed", lambda: message_of(channel, external_id))

    def notice(self, order, about, states):
        """The notice of an order whose subject has this word, once it is in one of these states."""
        def ask():
            status, body = desk(f"/orders/{order}")
            notices = body.get("notices", []) if status == 200 else []
            return next((n for n in notices if about in n["about"]
                         and (delivery_state(n) in states or n.get("state") in states)), None)
        return ask

    def order_leaves(self, order, customer, market):
        """Pays and dispatches an order; returns the ids of both events."""
        return [self.event(kind, order, customer, market=market) for kind in ("order.paid", "parcel.dispatched")]

    def play(self):
        self.order_travels()
        ticket = self.question_in_portuguese()
        self.agent_answers(ticket)
        self.customs_hold()
        self.sms_and_stop()
        self.quiet_hours()

    def order_travels(self):
        self.scene("A Brazilian customer's order is paid and dispatched (POST /v1/events): she hears of it on WhatsApp")
        customer = {"customer_ref": "c-demo-maria", "name": "Maria Souza", "locale": "pt-BR", "phone": "+" + BR_PHONE,
                    "channels": [{"channel": "whatsapp", "account": "demo", "id": BR_PHONE}]}
        events = self.order_leaves(self.order, customer, "BR")
        self.expect("the provider accepted the notice", self.notice(self.order, "dispatched", ACCEPTED))
        self.tell(*events)

    def question_in_portuguese(self):
        self.scene("She asks something in Portuguese (a signed WhatsApp webhook): a ticket, translated for the desk")
        message = self.text("whatsapp", BR_PHONE, "Olá! A blusa azul que comprei serve para o tamanho M? Obrigada.")
        if not message:
            return None
        self.tell(message["event_id"])
        return message["ticket_id"]

    def agent_answers(self, ticket_id):
        self.scene("The agent ana takes the ticket and answers in English: she reads Portuguese")
        if not ticket_id:
            self.missed.append("a ticket to answer")
            return
        desk("/agents/me/presence", "PUT", {"state": "online", "capacity": {"weight": 10}}, agent="ana")
        if not self.command(ticket_id, "take", {}):
            return
        before = [message["event_id"] for message in answers(ticket_id)]
        self.command(ticket_id, "reply", {"text": "Hello! Yes, the blue blouse fits size M.", "language": "en"})
        out = self.expect("the provider accepted the answer",
                          lambda: next((m for m in answers(ticket_id) if m["event_id"] not in before), None))
        if out:
            print(f"   sent: “{(out.get('translation') or {}).get('text') or out['text']}”")
            self.tell(out["event_id"])

    def command(self, ticket_id, name, body):
        """A command with the ticket's present version, tried again while others change the ticket."""
        def ask():
            status, ticket = desk(f"/tickets/{ticket_id}")
            if status != 200:
                return False
            if name == "take" and ticket["status"] == "assigned" and ticket["assignee"] == "ana":
                return True
            key, asked = uuid.uuid4().hex, {**body, "expected_version": ticket["version"]}
            status, answer = wait_for(lambda: outcome(ticket_id, name, asked, key)) or (202, None)
            if status not in (200, 409, 412):
                print(f"   {name}: {status} {answer}")
            return status == 200
        return self.expect(f"ana's command: {name}", ask)

    def customs_hold(self):
        self.scene("Customs hold the parcel: the notice names the reason and the expected day")
        expected = traffic.rfc3339(clock_now_ms() + 3 * 86400 * 1000)
        event_id = self.event("parcel.customs_held", self.order, reason="missing_tax_id", expected_at=expected)
        self.expect("the provider accepted the notice", self.notice(self.order, "customs", ACCEPTED))
        self.tell(event_id)

    def sms_and_stop(self):
        self.scene("An American customer writes an SMS, and then STOP: confirmed once, no notice after it")
        message = self.text("twilio-sms", US_PHONE, "Hi, my parcel arrived with a broken lid. What now?")
        if message:
            self.tell(message["event_id"])
        message = self.text("twilio-sms", US_PHONE, "STOP")
        if message:
            self.tell(message["event_id"])
        order = self.order + "-us"
        customer = {"customer_ref": "c-demo-amy", "name": "Amy Jones", "locale": "en-US", "phone": "+" + US_PHONE,
                    "channels": [{"channel": "twilio-sms", "account": "demo", "id": "+" + US_PHONE}]}
        events = self.order_leaves(order, customer, "US")
        self.expect("no notice goes to her", self.notice(order, "dispatched", ("refused", "dropped")))
        self.tell(*events)

    def quiet_hours(self):
        self.scene("It is late in Germany: a notice there is held until the morning")
        order = self.order + "-de"
        customer = {"customer_ref": "c-demo-jonas", "name": "Jonas Weber", "locale": "de-DE", "phone": "+" + DE_PHONE,
                    "channels": [{"channel": "whatsapp", "account": "demo", "id": DE_PHONE}]}
        events = self.order_leaves(order, customer, "DE")
        held = self.expect("the notice is held", self.notice(order, "dispatched", ("held",)))
        if held and isinstance(held["delivery"], dict):
            print(f"   held because of {held['delivery'].get('reason')}, released at {held['delivery'].get('release_at')}")
        self.tell(*events)

    def tell(self, *events):
        for event_id in events:
            if event_id and story(event_id) != 0:
                self.missed.append(f"the story of {event_id}")


def delivery_state(notice):
    delivery = notice.get("delivery")
    return delivery.get("state") if isinstance(delivery, dict) else delivery


def outcome(ticket_id, name, body, key):
    """Status and answer of ana's command, None while it is taken in but not decided."""
    status, answer = desk(f"/tickets/{ticket_id}/{name}", "POST", body, agent="ana", key=key)
    return None if status == 202 else (status, answer)


def answers(ticket_id):
    """The outbound messages of a ticket that their provider accepted."""
    status, ticket = desk(f"/tickets/{ticket_id}")
    out = [m for m in ticket["messages"] if m["direction"] == "out"] if status == 200 else []
    return [m for m in out if delivery_state(m) in ACCEPTED]


def demo():
    play = Demo()
    play.play()
    print()
    if play.missed:
        print("The demo did not come to its end; missing: " + "; ".join(play.missed))
        print("./dev doctor says what is wrong with the stack, ./dev logs what the services said.")
        return 1
    print(f"""Everything above happened for real, and the stack goes on running. Try next:
  open {ENV['SEADESK_DESK_URL']}/ and sign in as ana, wei or sup, password demo-demo-demo
  ./dev send whatsapp "Wo ist meine Bestellung {play.order}-de?" {DE_PHONE}    answered by itself
  ./dev clock advance 11h                     it becomes morning in Germany: the held notices go out
  ./dev status, ./dev logs -f router          what runs, and what it says
  ./dev down                                  stops everything; ./dev up goes on from there""")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="play.py")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo")
    one = commands.add_parser("send")
    one.add_argument("channel", choices=("whatsapp", "twilio-sms", "form"))
    one.add_argument("text")
    one.add_argument("sender", nargs="?")
    arguments = parser.parse_args()
    if arguments.command == "demo":
        return demo()
    return send(arguments.channel, arguments.text, arguments.sender)


sys.exit(main())

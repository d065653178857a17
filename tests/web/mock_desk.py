#!/usr/bin/env python3
"""mock_desk.py: the desk's REST API and stream out of memory, for working on the page and for its tests.

Speaks the shapes of the desk's contract and no more. The WhatsApp webhook of ingest is here too, so that a test makes its
tickets in one way wherever it runs. Run it, open the address it prints, sign in as ana with demo-demo-demo.
"""
import hashlib
import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import mock_data
from mock_data import at, new_id

WEB = Path(__file__).resolve().parents[2] / "services/desk/web"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".json": "application/json", ".svg": "image/svg+xml"}
# Stricter than the desk's own: with trusted types, text that would become markup fails the tests.
POLICY = ("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
          "require-trusted-types-for 'script'; trusted-types 'none'")
USERS = {"ana", "wei", "sup"}
PASSWORD = "demo-demo-demo"
API_KEY = "demo-desk-key"
PAGE = 20
STEP_S = 0.3  # between the states of a delivery
OPEN = {"open", "offered", "assigned", "waiting", "snoozed"}
PREFIXES = {"55": ("BR", "pt-BR"), "81": ("JP", "ja"), "966": ("SA", "ar"), "44": ("GB", "en"), "49": ("DE", "de")}
PAST = {"take": "taken", "note": "noted", "resolve": "resolved", "transfer": "transferred", "snooze": "snoozed"}
FULL = {"messages", "decisions", "customer"}


class Refused(Exception):
    def __init__(self, status, code, detail, **more):
        super().__init__(detail)
        self.status = status
        self.problem = {"type": f"urn:seadesk:problem:{code}", "title": code, "status": status, "detail": detail, **more}


class Desk:
    """The state of the desk; every method is called under its lock."""

    def __init__(self):
        self.lock = threading.RLock()
        self.tickets = {ticket["id"]: ticket for ticket in mock_data.tickets()}
        self.orders = mock_data.orders()
        self.presence = {}
        self.sessions = {}
        self.done = {}       # (user, key) → (hash of the request, answer)
        self.listeners = set()
        self.serial = 0

    def tell(self, kind, **data):
        self.serial += 1
        for listener in self.listeners:
            listener.put((self.serial, kind, data))

    def changed(self, ticket):
        ticket["version"] += 1
        self.tell("ticket", id=ticket["id"], version=ticket["version"], status=ticket["status"])

    def ticket(self, ticket_id):
        if ticket_id not in self.tickets:
            raise Refused(404, "not-found", "no such ticket")
        return self.tickets[ticket_id]

    def list(self, query, user):
        wanted = {name: query[name] for name in ("queue", "market", "channel") if name in query}
        items = [t for t in self.tickets.values() if all(t[name] == value for name, value in wanted.items())]
        if "status" in query:
            items = [t for t in items if t["status"] in query["status"].split(",")]
        if "assignee" in query:
            who = user if query["assignee"] == "me" else query["assignee"]
            items = [t for t in items if t["assignee"] == who]
        if "q" in query:
            items = [t for t in items if t["id"].startswith(query["q"]) or query["q"] in t["order_ids"]]
        items.sort(key=lambda t: (-t["priority"], t["opened_at"]))
        start = int(query.get("cursor", "0"))
        rest = len(items) > start + PAGE
        shown = [{name: value for name, value in t.items() if name not in FULL} for t in items[start:start + PAGE]]
        return {"items": shown, "next": str(start + PAGE) if rest else None}

    def command(self, ticket_id, verb, body, key, user):
        if not key:
            raise Refused(428, "precondition-required", "Idempotency-Key is missing", field="Idempotency-Key")
        if "expected_version" not in body:
            raise Refused(428, "precondition-required", "expected_version is missing", field="/expected_version")
        asked = hashlib.sha256(f"{ticket_id} {verb} {json.dumps(body, sort_keys=True)}".encode()).digest()
        if (user, key) in self.done:
            before, answer = self.done[user, key]
            if before != asked:
                raise Refused(422, "key-reused", "the key came with another body before")
            return answer
        ticket = self.ticket(ticket_id)
        if body["expected_version"] != ticket["version"]:
            raise Refused(412, "version", f"the ticket's version is {ticket['version']}")
        getattr(self, f"do_{verb}", self.unknown)(ticket, body, user)
        if verb != "reply":
            ticket["decisions"].append({"at": at(0), "by": user, "what": PAST[verb], "reason": None})
        self.changed(ticket)
        answer = json.loads(json.dumps(ticket))
        self.done[user, key] = (asked, answer)
        return answer

    def unknown(self, ticket, body, user):
        raise Refused(404, "not-found", "no such command")

    def must_be_open(self, ticket):
        if ticket["status"] not in OPEN:
            raise Refused(409, "refused", "the ticket is not open", reason="not_open")

    def must_be_mine(self, ticket, user):
        self.must_be_open(ticket)
        if ticket["assignee"] != user or ticket["status"] == "offered":
            raise Refused(409, "refused", "assigned to another", reason="not_assigned_to_you")

    def must_have(self, body, field):
        if not body.get(field):
            raise Refused(422, "invalid", f"{field} is missing", field=f"/{field}")
        return body[field]

    def do_take(self, ticket, body, user):
        self.must_be_open(ticket)
        if ticket["assignee"] not in (None, user):
            raise Refused(409, "refused", "somebody has it", reason="already_assigned")
        if self.presence.get(user, {}).get("state") != "online":
            raise Refused(409, "refused", "no capacity", reason="no_capacity")
        ticket.update(status="assigned", assignee=user)

    def do_note(self, ticket, body, user):
        ticket["messages"].append(mock_data.message("note", self.must_have(body, "text"), "en", 0))

    def do_resolve(self, ticket, body, user):
        self.must_be_mine(ticket, user)
        ticket.update(status="resolved", tags=body.get("tags", {}))
        for clock in ticket["clocks"]:
            if clock["state"] in ("running", "warned"):
                clock["state"] = "met"

    def do_transfer(self, ticket, body, user):
        self.must_be_mine(ticket, user)
        target = self.must_have(body, "to")
        if target in USERS:
            ticket.update(assignee=target, status="offered")
        elif target.startswith("queue:") and target[6:] in {t["queue"] for t in self.tickets.values()}:
            ticket.update(assignee=None, status="open", queue=target[6:])
        else:
            raise Refused(409, "refused", "no such target", reason="unknown_target")

    def do_snooze(self, ticket, body, user):
        self.must_be_mine(ticket, user)
        self.must_have(body, "until")
        ticket["status"] = "snoozed"

    def do_reply(self, ticket, body, user):
        self.must_be_mine(ticket, user)
        text = self.must_have(body, "text")
        language = self.must_have(body, "language")
        sent = mock_data.message("out", text, language, 0, ticket["channel"], delivery={"state": "drafted", "at": at(0)})
        ticket["messages"].append(sent)
        ticket["status"] = "waiting"
        self.follow(ticket, sent, iter(["queued", "accepted", "delivered"]))

    def follow(self, ticket, sent, states):
        """Lets an outgoing message travel: translated first, then one delivery state after the other."""
        def step():
            with self.lock:
                if sent["translation"]["state"] == "none" and ticket["language"].split("-")[0] != sent["language"].split("-")[0]:
                    sent["translation"] = mock_data.translated(ticket["language"], f"[{ticket['language']}] {sent['text']}")
                    self.tell("translation", event_id=sent["event_id"], ticket_id=ticket["id"])
                    later()
                    return
                state = next(states, None)
                if state is None:
                    return
                sent["delivery"] = {"state": state, "channel": sent["channel"], "at": at(0)}
                self.tell("delivery", event_id=sent["event_id"], ticket_id=ticket["id"], state=state)
                later()

        def later():
            timer = threading.Timer(STEP_S, step)
            timer.daemon = True
            timer.start()
        later()

    def receive(self, sender, text, external_id):
        """A customer's message by WhatsApp: its contact's open ticket, or a new one; its translation follows."""
        market, language = next((known for prefix, known in PREFIXES.items() if sender.startswith(prefix)), ("GLOBAL", "en"))
        ticket = next((t for t in self.tickets.values() if t.get("sender") == sender and t["status"] in OPEN), None)
        is_new = ticket is None
        if is_new:
            ticket = mock_data.ticket(market, "whatsapp", language, None, 0, sender=sender,
                                      clocks=[mock_data.clock("first_response", 30)])
            self.tickets[ticket["id"]] = ticket
        heard = mock_data.message("in", text, language, 0, external_id=external_id, ticket_id=ticket["id"])
        ticket["messages"].append(heard)
        ticket["status"] = "assigned" if ticket["status"] == "waiting" else ticket["status"]
        self.tell("message", event_id=heard["event_id"], ticket_id=ticket["id"])
        self.changed(ticket)
        if language == "en":
            return
        heard["translation"] = {"state": "pending"}

        def translate():
            with self.lock:
                heard["translation"] = mock_data.translated("en", f"[en] {text}")
                self.tell("translation", event_id=heard["event_id"], ticket_id=ticket["id"])
        timer = threading.Timer(STEP_S, translate)
        timer.daemon = True
        timer.start()

    def message(self, external_id):
        found = [m for t in self.tickets.values() for m in t["messages"] if m["external_id"] == external_id]
        if not found:
            raise Refused(404, "not-found", "not routed")
        return found[0]

    def conversation(self, customer_id, query):
        own = [{**m, "ticket_id": t["id"]} for t in self.tickets.values() if t["customer"]["id"] == customer_id for m in t["messages"]]
        own = [{**m, "seq": n + 1} for n, m in enumerate(sorted(own, key=lambda m: m["routed_at"]))]
        end = int(query.get("cursor", len(own)))
        start = max(0, end - int(query.get("limit", PAGE)))
        if not own:
            raise Refused(404, "not-found", "no such customer")
        return {"customer_id": customer_id, "messages": own[start:end], "next": str(start) if start else None}

    def story(self, event_id):
        services = [("ingest", "accepted"), ("router", "routed"), ("translator-gateway", "translated")]
        return {"event_id": event_id, "type": "seadesk.v1.InboundMessage", "steps": [
            {"at": at(n / 6000), "service": service, "what": what, "topic": "seadesk.messages" if n else None,
             "partition": 3 if n else None, "offset": 40 + n if n else None, "event_id": event_id, "caused_by": None}
            for n, (service, what) in enumerate(services)]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk = None

    def log_message(self, format, *values):
        pass

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_PUT(self):
        self.serve("PUT")

    def do_DELETE(self):
        self.serve("DELETE")

    def serve(self, method):
        url = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            if parts[:2] == ["api", "v1"]:
                self.api(method, parts[2:], query)
            elif method == "POST" and parts[:3] == ["v1", "channels", "whatsapp"]:
                self.webhook()
            else:
                self.file(url.path)
        except Refused as refused:
            self.answer(refused.status, refused.problem, "application/problem+json")
        except BrokenPipeError:
            pass

    def answer(self, status, body=None, content_type="application/json", **headers):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if body is not None:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def file(self, path):
        found = (WEB / path.lstrip("/")).resolve() if path != "/" else WEB / "index.html"
        if not found.is_relative_to(WEB) or not found.is_file():
            raise Refused(404, "not-found", "no such page")
        self.answer(200, found.read_bytes(), TYPES[found.suffix], Cache_Control="no-cache")

    def who(self):
        if self.headers.get("Authorization") == f"Bearer {API_KEY}":
            return self.headers.get("Seadesk-Agent") or ""
        for pair in (self.headers.get("Cookie") or "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == "seadesk" and value in self.desk.sessions:
                return self.desk.sessions[value]
        raise Refused(401, "unauthorized", "sign in")

    def api(self, method, parts, query):
        if parts == ["session"]:
            self.session(method)
            return
        user = self.who()
        if parts == ["stream"]:
            self.stream()
            return
        with self.desk.lock:
            answer = self.route(method, parts, query, user)
        self.answer(204 if answer is None else 200, answer)

    def route(self, method, parts, query, user):
        desk = self.desk
        match method, *parts:
            case "GET", "tickets":
                return desk.list(query, user)
            case "GET", "tickets", ticket_id:
                return desk.ticket(ticket_id)
            case "POST", "tickets", ticket_id, verb:
                return desk.command(ticket_id, verb, json.loads(self.body), self.headers.get("Idempotency-Key"), user)
            case "GET", "customers", customer_id, "messages":
                return desk.conversation(customer_id, query)
            case "GET", "orders", order_id:
                if order_id not in desk.orders:
                    raise Refused(404, "not-found", "no such order")
                return desk.orders[order_id]
            case "GET", "events", event_id:
                return desk.story(event_id)
            case "GET", "messages", _, _, external_id:
                return desk.message(external_id)
            case "PUT", "agents", "me", "presence":
                desk.presence[user] = json.loads(self.body)
                desk.tell("presence", agent=user, state=desk.presence[user]["state"])
                return desk.presence[user]
        raise Refused(404, "not-found", "no such call")

    def session(self, method):
        if method == "DELETE":
            self.desk.sessions.clear()
            self.answer(204, Set_Cookie="seadesk=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
            return
        asked = json.loads(self.body)
        if asked.get("user") not in USERS or asked.get("password") != PASSWORD:
            raise Refused(401, "unauthorized", "user or password is wrong")
        token = new_id()
        self.desk.sessions[token] = asked["user"]
        self.answer(204, Set_Cookie=f"seadesk={token}; Path=/; HttpOnly; SameSite=Strict")

    def webhook(self):
        for entry in json.loads(self.body)["entry"]:
            for change in entry["changes"]:
                for message in change["value"].get("messages", []):
                    with self.desk.lock:
                        self.desk.receive(message["from"], message["text"]["body"], message["id"])
        self.answer(200, b"")

    def stream(self):
        events = queue.Queue()
        with self.desk.lock:
            self.desk.listeners.add(events)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self.write_event("reset", {}, 0)
            while True:
                try:
                    serial, kind, data = events.get(timeout=5)
                    self.write_event(kind, data, serial)
                except queue.Empty:
                    self.wfile.write(b":\n\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self.desk.lock:
                self.desk.listeners.discard(events)
            self.close_connection = True

    def write_event(self, kind, data, serial):
        self.wfile.write(f"id: {serial}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def start(port=0):
    """Starts a mock in this process; returns the server, whose address is server_address."""
    handler = type("MockHandler", (Handler,), {"desk": Desk()})
    server = Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    running = start(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{running.server_address[1]}/", flush=True)
    while True:
        time.sleep(3600)

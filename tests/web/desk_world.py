"""desk_world.py: where the page's tests run (the mock, or a stack by SEADESK_DESK_URL) and all they assume about its data."""
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "dev"))
import traffic  # noqa: E402

import mock_desk  # noqa: E402

USER = "ana"
COLLEAGUE = "wei"
PASSWORD = "demo-demo-demo"
API_KEY = "demo-desk-key"
FOREIGN_TEXT = "Olá, recebi o tamanho errado. Vocês podem me ajudar com a troca?"  # nothing that a bot would answer
FOREIGN_MARKET = "BR"
SECOND_TEXT = "Ainda estou esperando a sua resposta, por favor."
REPLY = "Your parcel arrives on Thursday."
SENT_STATES = {"accepted", "delivered", "read"}


class World:
    """One desk: its address, customers who write to it, and colleagues who act by the API."""

    def __init__(self):
        self.is_mock = "SEADESK_DESK_URL" not in os.environ
        if self.is_mock:
            self.server = mock_desk.start()
            self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
            self.ingest_url = self.url
        else:
            self.url = os.environ["SEADESK_DESK_URL"].rstrip("/")
            self.ingest_url = os.environ["SEADESK_INGEST_URL"].rstrip("/")
            self.make_room()

    def close(self):
        if self.is_mock:
            self.server.shutdown()
            self.server.server_close()
        else:
            self.make_room()

    def make_room(self):
        """Tickets that other tests left open are offered to the page's agent too: none may fill the capacity."""
        presence = {"state": "offline", "capacity": {"weight": 1000, "channels": {"phone": 1}}}
        eventually(lambda: self.call("PUT", "/agents/me/presence", presence, agent=USER)[0] == 200)

    def new_customer(self):
        """A phone number in Brazil that nobody had before."""
        return f"55119{random.randrange(10 ** 8):08d}"

    def customer_writes(self, phone, text=FOREIGN_TEXT):
        """Sends a WhatsApp message; returns the id of the ticket it went to."""
        message_id = traffic.new_id("wamid.")
        status, body = traffic.post_whatsapp(self.ingest_url, traffic.whatsapp_text(phone, text, message_id))
        assert status == 200, body
        return eventually(lambda: self.ticket_of(message_id))

    def ticket_of(self, message_id):
        path = f"/messages/whatsapp/demo/{urllib.parse.quote(message_id, safe='')}"
        status, message = self.call("GET", path)
        return message.get("ticket_id") if status == 200 else None

    def wait_at_rest(self, ticket_id):
        """Until nothing has changed the ticket for a second: an offer, say, would meet the page's next command."""
        def rests():
            before = self.ticket(ticket_id)["version"]
            time.sleep(1)
            return self.ticket(ticket_id)["version"] == before
        eventually(rests)

    def ticket(self, ticket_id):
        status, ticket = self.call("GET", f"/tickets/{ticket_id}")
        assert status == 200, ticket
        return ticket

    def call(self, method, path, body=None, agent=COLLEAGUE):
        """An API call as a colleague; returns status and JSON."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Seadesk-Agent": agent, "Content-Type": "application/json",
                   "Idempotency-Key": str(uuid.uuid4())}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")


def eventually(ask, seconds=60):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.05)

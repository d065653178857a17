"""test_senders.py: an agent's reply goes back by the way the customer wrote: chat apps, and e-mail."""
import re
import sys
import time

import pytest

from stack import CHECKOUT, eventually
from test_ingest_channels import newest_of

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
import recorded  # noqa: E402

# What the customer sent, and what in it is theirs or the message's own: replaced by something of this run.
APPS = {
    "line": ("line/messages", {b"U4af4980629c0000000000000000000001": b"U%s",
                               b"Ca56f94637c0000000000000000000001": b"C%s", b"4445738440835727": b"%s"}),
    "messenger": ("messenger/messages", {b"7158217120891234": b"%s", b"7158217120895555": b"%s", b'"m_': b'"m_%s'}),
    "instagram": ("messenger/instagram", {b"1254459154682919": b"%s", b"aWdfZAG1": b"a%s"}),
    "telegram": ("telegram/text", {b"8100000001": b"%s"}),
    "slack": ("slack/message", {b"U2147483697": b"U%s", b"D024BE91L": b"D%s"}),
}


def written(edge, desk, channel):
    """A message of this run by the recorded request; its ticket, and the number that its ids have."""
    name, own = APPS[channel]
    request, number = recorded.Request(CHECKOUT / "tests" / "corpus" / f"{name}.http"), str(time.time_ns() // 1000)
    for known, new in own.items():
        request.body = request.body.replace(known, new % number.encode())
    request.body = re.sub(rb"17953352\d\d", str(int(time.time())).encode(), request.body)
    request.base = edge.base
    request.sign(at_s=int(time.time()))
    answer = edge.post(request.target, data=request.body, headers=dict(request.headers))
    assert answer.status_code == 200, answer.text
    return eventually(lambda: newest_of(desk, channel, number), 120), number


@pytest.mark.parametrize("channel", APPS)
def test_a_reply_goes_back_into_the_app_it_was_asked_in(channel, edge, desk, ana, fake, pg):
    ticket, number = written(edge, desk, channel)
    ana.done("take", ticket)
    words = f"It comes tomorrow {number}"
    ana.done("reply", ticket, text=words, language="en")
    [sent] = eventually(lambda: [send for send in fake.log() if words in send["text"]], 120)
    assert (sent["channel"], sent["accepted"]) == ("messenger" if channel == "instagram" else channel, True)
    assert sent["to"].lstrip("UC") == number
    eventually(lambda: pg.query("SELECT 1 FROM notifier.delivery_v WHERE ticket_id = %s AND state = 'accepted'", ticket))

"""test_chaos_checkers.py: each checker of the chaos run finds the bug planted for it, and nothing in a good history."""
import chaos_world as chaos
from chaos_world import Message, Reply

SENT = [Message("c1", "m0", "t0", "ok"), Message("c1", "m1", "t1", "ok"), Message("c2", "m2", "t2", "unknown")]


def test_a_lost_a_doubled_and_an_invented_message_are_found():
    assert chaos.check_routed_once(SENT, ["t0", "t1"]) == []
    assert chaos.check_routed_once(SENT, ["t0", "t1", "t2"]) == []
    assert chaos.check_routed_once(SENT, ["t0"])
    assert chaos.check_routed_once(SENT, ["t0", "t1", "t1"])
    assert chaos.check_routed_once(SENT, ["t0", "t1", "t2", "t2"])
    assert chaos.check_routed_once(SENT, ["t0", "t1", "tx"])


def test_swapped_messages_are_found():
    assert chaos.check_order(SENT, {"c1": ["t0", "t1"], "c2": ["t2"]}) == []
    assert chaos.check_order(SENT, {"c1": ["t1", "t0"]})


def test_a_notice_accepted_twice_is_found():
    assert chaos.check_notices([("o1", "paid"), ("o1", "dispatched"), ("o2", "paid")]) == []
    assert chaos.check_notices([("o1", "paid"), ("o1", "paid")])


def test_a_reply_lost_or_doubled_is_found():
    replies = [Reply("t", "a", "k", "ok"), Reply("t", "b", "k", "unknown"), Reply("t", "c", "k", "ok")]
    assert chaos.check_replies(replies, ["a", "c"], set()) == []
    assert chaos.check_replies(replies, ["a"], {"c"}) == []
    assert chaos.check_replies(replies, ["a"], set())
    assert chaos.check_replies(replies, ["a", "a", "c"], set())
    assert chaos.check_replies(replies, ["a", "b", "b", "c"], set())


def test_a_timer_that_ends_twice_is_found():
    good = [("x", "first_response", "warned"), ("x", "first_response", "breached"), ("y", "acknowledgement", "met")]
    assert chaos.check_timers(good) == []
    assert chaos.check_timers(good + [("x", "first_response", "breached")])
    assert chaos.check_timers(good + [("y", "acknowledgement", "breached")])
    assert chaos.check_timers(good + [("x", "first_response", "warned")])


def test_a_queue_that_differs_is_found():
    assert chaos.check_queues({("q", "1")}, {("q", "1")}) == []
    assert chaos.check_queues(set(), {("q", "1")})
    assert chaos.check_queues({("q", "1")}, set())

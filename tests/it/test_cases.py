"""test_cases.py: what comes by reviews, clips and calls becomes a case that says so, in the whole stack."""
import pytest

import edge as e
from stack import eventually


@pytest.fixture
def publish(traffic, ingest):
    """publish(kind, **data): an event of the company's systems."""
    def post(kind, **data):
        status, body = traffic.post_event(ingest.base, traffic.business_event(kind, data))
        assert status == 202, body
    return post


@pytest.fixture
def ticket_of_order(desk):
    """The only ticket of an order, in full."""
    def get(order):
        tickets = eventually(lambda: desk.get("/tickets", params={"order_id": order}).json()["items"])
        assert len(tickets) == 1, tickets
        return desk.get(f"/tickets/{tickets[0]['id']}").json()
    return get


@pytest.mark.ledger("CH-19")
def test_a_one_star_review_opens_a_priority_ticket_of_its_order_and_raises_the_alert(publish, ticket_of_order, service):
    """CH-19: a review of five stars opens a ticket like any other."""
    def alerts():
        return service("router").metric("seadesk_router_alerts_total", alert="review_alert")

    def post(rating):
        order = e.new("R-")
        review = {"review_id": e.new("r-"), "platform": "demo", "rating": rating, "text": "Llegó roto a las 3 de la mañana",
                  "author_id": e.new("u-"), "language": "es"}
        publish("review.posted", order_id=order, market="ES", review=review)
        return ticket_of_order(order)

    def decided(ticket):
        return {decision["what"]: decision["reason"] for decision in ticket["decisions"]}
    before = alerts()
    good, bad = post(5), post(1)
    assert bad["priority"] == good["priority"] + 400
    assert "review_alert" not in decided(good)
    assert decided(bad)["review_alert"] == "rating 1" == decided(bad)["priority_raised"]
    assert eventually(lambda: alerts() == before + 1)

"""conftest.py: the fixtures of tests/web: the desk, an agent's page that is signed in, and a ticket of its own."""
import pytest

from browser import Page
from desk_world import World


@pytest.fixture(scope="session")
def world():
    opened = World()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_page(world):
    opened = Page(world.url)
    opened.open()
    opened.sign_in()
    opened.wait("#link-state[data-state='live']")
    opened.go_online()
    yield opened
    opened.close()


@pytest.fixture
def page(shared_page):
    """The signed-in page in English at 1280 px; it must not have complained when the test ends."""
    shared_page.errors()
    yield shared_page
    assert shared_page.errors() == []


@pytest.fixture
def ticket_id(world):
    """A new ticket of a Brazilian customer."""
    made = world.customer_writes(world.new_customer())
    world.wait_at_rest(made)
    return made


@pytest.fixture
def mock_only(world):
    if not world.is_mock:
        pytest.skip("needs the mock's own data")

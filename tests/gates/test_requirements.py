"""The gate of requirements names each promise that isn't kept."""
import pytest

import requirements

C = """/* AA-09: of another test. */
static void another(void **state)
{
    (void)state;
}

/* AA-01: in two
 * lines. */
static void counts(void **state)
{
    (void)state;
    assert_true(1); /* AA-02 */
}

static void last(void **state)
{
}
"""
PYTHON = '''def helper():
    """AA-09"""


class Things:
    @pytest.mark.slow
    def test_one(self):
        """AA-03: one."""

        assert True

    def test_aa_04_two(self):
        assert True


def test_three():
    """AA-05"""
'''


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "core.c").touch()
    (tmp_path / "test_c.c").write_text(C, encoding="utf-8")
    (tmp_path / "test_p.py").write_text(PYTHON, encoding="utf-8")
    return tmp_path


def row(number, place, *tests):
    return f"| AA-0{number} | words | `{place}` | {', '.join(f'`{test}`' for test in tests)} |\n"


KEPT = (row(1, "core.c", "test_c.c::counts") + row(2, "core.c", "test_c.c::counts")
        + row(3, "core.c", "test_p.py::test_one") + row(4, "core.c", "test_p.py::test_aa_04_two")
        + row(5, "core.c", "test_p.py::test_three"))


def test_what_is_kept_passes(tree):
    assert not list(requirements.findings(tree, KEPT))


@pytest.mark.parametrize("page, want", [
    ("| ID | what |\n", "docs/requirements.md has no row"),
    (KEPT + row(1, "core.c", "test_c.c::counts"), "AA-01 has two rows"),
    (row(1, "gone.c", "test_c.c::counts"), "AA-01: there is no gone.c"),
    (row(1, "core.c", "gone.c::counts"), "AA-01: there is no gone.c"),
    (row(1, "core.c"), "AA-01 names no file or no test"),
    (row(1, "core.c", "test_c.c::gone"), "AA-01: test_c.c has no test gone"),
    (row(1, "core.c", "test_c.c::coun"), "AA-01: test_c.c has no test coun"),
    (row(9, "core.c", "test_c.c::counts"), "AA-09: test_c.c::counts does not carry the ID"),
    (row(1, "core.c", "test_c.c::last"), "AA-01: test_c.c::last does not carry the ID"),
    (row(9, "core.c", "test_p.py::test_one"), "AA-09: test_p.py::test_one does not carry the ID"),
    (row(5, "core.c", "test_p.py::test_aa_04_two"), "AA-05: test_p.py::test_aa_04_two does not carry the ID"),
    (row(1, "core.c", "test_p.py::test_four"), "AA-01: test_p.py has no test test_four"),
])
def test_names_a_promise_that_is_not_kept(tree, page, want):
    assert list(requirements.findings(tree, page)) == [want]

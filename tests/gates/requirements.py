#!/usr/bin/python3
"""Fails when docs/requirements.md promises what isn't there: each row names a ledger ID, the files where it lives,
and tests as file::name that carry the ID in their name, docstring, comment or body."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/requirements.md"


def test_text(path, name):
    """A test function with the comment, the decorators or the docstring that belong to it; "" if there is none."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        found = re.search(rf"((?:^ *@.*\n)*)^( *)def {name}\(.*\n(?:(?:\2 +.*| *)\n)*", source, re.MULTILINE)
    else:
        found = re.search(rf"(?:^/\*(?:[^*]|\*(?!/))*\*/\n)?^static void {name}\(void \*\*.*\n(?:(?!^}}).*\n)*", source,
                          re.MULTILINE)
    return found[0] if found else ""


def rows(page):
    """ID, places and tests of each row of the page's tables."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[A-Z]{2}-\d\d", cells[0]):
            yield cells[0], re.findall(r"`([^`]+)`", cells[-2]), re.findall(r"`([^`]+)`", cells[-1])


def findings(root, page):
    seen = set()
    for row, places, tests in rows(page):
        if row in seen:
            yield f"{row} has two rows"
        seen.add(row)
        if not places or not tests:
            yield f"{row} names no file or no test"
        for place in places:
            if not (root / place).exists():
                yield f"{row}: there is no {place}"
        for test in tests:
            path, _, name = test.partition("::")
            if not (root / path).is_file():
                yield f"{row}: there is no {path}"
                continue
            text = test_text(root / path, name)
            if not text:
                yield f"{row}: {path} has no test {name}"
            elif row not in text and row.lower().replace("-", "_") not in name:
                yield f"{row}: {test} does not carry the ID"
    if not seen:
        yield f"{PAGE} has no row"


def main():
    found = list(findings(ROOT, (ROOT / PAGE).read_text(encoding="utf-8")))
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""count_tests.py: adds up the JUnit files of a folder; prints "passed failed skipped unsteady", then a line for each that failed.

*.again.xml hold what ran a second time: a test that failed and passed there is passed, and unsteady."""
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def outcome(case):
    """ctest writes a status, where a test that couldn't be started is a skipped one too; pytest only a child element."""
    if case.get("status") == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    if skipped is not None and (case.get("status") != "notrun" or skipped.get("message", "").startswith("SKIP_")):
        return "skipped"
    broken = case.find("failure") is not None or case.find("error") is not None
    return "failed" if broken or case.get("status") in ("fail", "notrun") else "passed"


def read(paths):
    """name -> outcome; one case may be written twice, its call and its teardown: the failure counts."""
    seen = {}
    for path in paths:
        if path.stat().st_size == 0:
            continue
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname', '')}::{case.get('name', '')}"
            if seen.get(name) != "failed":
                seen[name] = outcome(case)
    return seen


def main(folder):
    again = sorted(Path(folder).glob("*.again.xml"))
    first = read(sorted(each for each in Path(folder).glob("*.xml") if each not in again))
    second = read(again)
    unsteady = [name for name, result in first.items() if result == "failed" and second.get(name) == "passed"]
    results = list({**first, **dict.fromkeys(unsteady, "passed")}.values())
    print(results.count("passed"), results.count("failed"), results.count("skipped"), len(unsteady))
    for name, result in first.items():
        if result == "failed":
            print("unsteady:" if name in unsteady else "failed:", name)


main(sys.argv[1])

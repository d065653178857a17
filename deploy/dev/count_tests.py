"""count_tests.py: adds up JUnit files of ctest and pytest; prints "passed failed skipped", then each failure's name."""
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    """ctest writes a status, where a test that couldn't be started is a skipped one too; pytest only a child element."""
    if case.get("status") == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    if skipped is not None and (case.get("status") != "notrun" or skipped.get("message", "").startswith("SKIP_")):
        return "skipped"
    broken = case.find("failure") is not None or case.find("error") is not None
    return "failed" if broken or case.get("status") in ("fail", "notrun") else "passed"


def main(paths):
    seen = {}
    for path in paths:
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname', '')}::{case.get('name', '')}"
            # One case may be written twice: its call and its teardown.
            if seen.get(name) != "failed":
                seen[name] = outcome(case)
    results = list(seen.values())
    print(results.count("passed"), results.count("failed"), results.count("skipped"))
    for name, result in seen.items():
        if result == "failed":
            print(name)


main(sys.argv[1:])

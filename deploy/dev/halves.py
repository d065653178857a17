"""halves.py: splits a folder of tests into two halves that take about as long; prints the files of each on a line.

FOLDER/seconds.txt says how long a file took; one that isn't in it counts as the median. `halves.py FOLDER RESULTS` writes it
anew from the JUnit files of a whole ./dev test."""
import collections
import statistics
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

BEFORE = 95  # seconds that the first half's stack is needed for tests/web


def split(folder):
    lines = (folder / "seconds.txt").read_text().splitlines()
    seconds = {file: float(text) for file, text in (line.split() for line in lines)}
    files = {path.name: seconds.get(path.name, statistics.median(seconds.values())) for path in folder.glob("test_*.py")}
    halves, sums = ([], []), [BEFORE, 0]
    for file in sorted(files, key=lambda name: (-files[name], name)):
        shorter = sums.index(min(sums))
        halves[shorter].append(file)
        sums[shorter] += files[file]
    return [sorted(half) for half in halves]


def record(folder, results):
    took = collections.Counter()
    for path in results.glob("it*.xml"):
        for case in ElementTree.parse(path).iter("testcase"):
            took[f"{case.get('classname')}.py"] += float(case.get("time"))
    text = "".join(f"{file} {took[file]:.0f}\n" for file in sorted(took) if (folder / file).exists())
    (folder / "seconds.txt").write_text(text)


if len(sys.argv) == 3:
    record(Path(sys.argv[1]), Path(sys.argv[2]))
else:
    for half in split(Path(sys.argv[1])):
        print(*half)

#!/usr/bin/python3
"""Fails when the tree breaks a rule of docs/style.md that a machine can see; each finding is a line of file: what.

style_exceptions.txt lists the findings that are known. It may only shrink: one that no longer holds fails as well.
"""
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = Path(__file__).with_name("style_exceptions.txt")
LEFT_OUT = {".git", ".stack", ".cache", ".pytest_cache", "__pycache__", "build", "corpus", "secrets"}

COLUMNS_MAX = 100  # of C
LINES_MAX, LINES_MAX_TESTS = 60, 80  # of a function
COMPLEXITY_MAX = 20

# What has no bound, keeps hidden state, reads the locale or hides an error; tests may use the second list.
BANNED = "sprintf vsprintf gets strtok alloca tmpnam mktemp setjmp longjmp asctime ctime".split()
BANNED_OUTSIDE_TESTS = "strcpy strcat strncpy strncat atoi atol atof rand srand system popen localtime gmtime".split()
# Functions whose format is no literal would print what somebody sent.
FORMATS = {"printf": 0, "fprintf": 1, "snprintf": 2, "dprintf": 1, "syslog": 1, "sea_buf_printf": 1}
# Fields of a log line that could only hold what customers wrote or who they are, or a secret.
LOGGED = re.compile(r'SEA_F_\w+\(\s*"(\w*(?:text|body|phone|email|external_id|customer_name|password|secret|token|payload|url))"')

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE = re.compile(r"(?<![\w.$}*-])/(work|root|home/\w+)/|\b(pypi|repo1\.maven|registry\.npmjs|proxy\.golang|crates\.io)\b")
STRANGERS = re.compile(r"\b(chatgpt|claude|anthropic|openai|copilot|language model|llm|ai[- ](assistant|agent|generated)|"
                       r"co-authored-by)\b", re.IGNORECASE)
SERVICE_HEADINGS = ("| hears |", "| decides |", "| says |", "| limits |", "## When something fails", "Metrics")


def files():
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not path.is_symlink() and not LEFT_OUT.intersection(parts):
            yield path


def without_comments_and_strings(text):
    """The code alone, with as many lines; strings become "" and comments nothing."""
    def blank(match):
        lines = "\n" * match[0].count("\n")
        return '""' + lines if match[0][0] == '"' else "0" + lines if match[0][0] == "'" else lines
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.DOTALL)


def columns(line):
    """As clang-format counts: marks over letters are no column, East Asian letters are two."""
    return sum((unicodedata.east_asian_width(c) in "WF") + 1 for c in line if unicodedata.category(c) != "Mn")


def calls(code, names):
    return re.finditer(rf"(?<![\w.>])({'|'.join(names)})\(", code)


def argument(code, start, index):
    """The index-th argument of the call whose parenthesis ends at start."""
    depth, at = 0, start
    for end in range(start, len(code)):
        if code[end] in "([{":
            depth += 1
        elif code[end] in ",)" and depth == 0:
            if index == 0 or code[end] == ")":
                return code[at:end].strip()
            index, at = index - 1, end + 1
        elif code[end] in ")]}":
            depth -= 1
    return ""


def c_findings(name, text):
    """What is wrong with a C source or header."""
    is_test = name.startswith("tests/")
    stem = Path(name).name
    first = text.split("*/")[0]
    if not first.startswith("/* " if is_test else f"/* {stem}: "):
        yield f"does not begin with /* {stem}: and its purpose"
    for line in text.split("\n"):
        if columns(line.rstrip("\\ ")) > COLUMNS_MAX:
            yield f"a line of more than {COLUMNS_MAX} columns: {line.strip()[:50]}"
    for match in LOGGED.finditer(text):
        yield f"logs {match[1]}"
    code = without_comments_and_strings(text)
    for match in calls(code, BANNED + ([] if is_test else BANNED_OUTSIDE_TESTS)):
        yield f"calls {match[1]}"
    for match in calls(code, FORMATS):
        form = argument(code, match.end(), FORMATS[match[1]])
        if form and '"' not in form and not form.startswith(("const ", "char ", "FILE ")):
            yield f"{match[1]} with {form} as its format"


def text_findings(name, text):
    """What no file may say."""
    for line in text.split("\n"):
        for pattern, what in ((UNFINISHED, "unfinished"), (MACHINE, "names a machine's path or a registry"),
                              (STRANGERS, "speaks of tools that the project doesn't have")):
            if match := pattern.search(line):
                yield f"{what}: {match[0]}"


def function_findings(output):
    """pmccabe's lines: complexity, …, lines of the function, file(line): name."""
    for line in output.splitlines():
        fields = line.split("\t")
        name, function = re.match(r"(.*)\(\d+\): (.*)", fields[5]).groups()
        lines_max = LINES_MAX_TESTS if name.startswith("tests/") else LINES_MAX
        if int(fields[0]) > COMPLEXITY_MAX:
            yield f"{name}: {function} has a complexity of more than {COMPLEXITY_MAX}"
        if int(fields[4]) > lines_max:
            yield f"{name}: {function} has more than {lines_max} lines"


def readme_findings(folder):
    """A service that has a program has a page, with what one asks about it."""
    if not (folder / "main.c").exists():
        return
    page = folder / "README.md"
    if not page.exists():
        yield "README.md is missing"
        return
    text = page.read_text(encoding="utf-8")
    for heading in SERVICE_HEADINGS:
        if f"\n{heading}" not in text:
            yield f"README.md lacks {heading.strip('| ')}"


def findings():
    sources = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.parent != Path(__file__).parent:
            yield from (f"{name}: {what}" for what in text_findings(name, text))
        if path.suffix in (".c", ".h", ".cc"):
            yield from (f"{name}: {what}" for what in c_findings(name, text))
        if path.suffix in (".c", ".cc"):
            sources.append(name)
    pmccabe = subprocess.run(["pmccabe", *sources], cwd=ROOT, capture_output=True, text=True, check=False)
    if not pmccabe.stdout:
        yield f"pmccabe counted nothing: {pmccabe.stderr.strip()}"
    yield from function_findings(pmccabe.stdout)
    for folder in sorted((ROOT / "services").iterdir()):
        yield from (f"services/{folder.name}: {what}" for what in readme_findings(folder))


def main():
    known = {line for line in EXCEPTIONS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"}
    found = set(findings())
    for finding in sorted(found - known):
        print(finding, file=sys.stderr)
    for finding in sorted(known - found):
        print(f"no longer so, strike it from style_exceptions.txt: {finding}", file=sys.stderr)
    return 1 if found != known else 0


if __name__ == "__main__":
    sys.exit(main())
